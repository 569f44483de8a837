// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/scanner.h"

#include <algorithm>

namespace signpost::registry::filter {
namespace {

constexpr std::string_view kEnd = "EOF";

}  // namespace

bool Scanner::Take(const Literal& literal) {
  if (!text_.substr(at_).starts_with(literal.text)) {
    Missed(literal.shown);
    return false;
  }
  at_ += literal.text.size();
  return true;
}

bool Scanner::Take(const CharClass& one) {
  if (at_ == text_.size() || !one.has(text_[at_])) {
    Missed(one.shown);
    return false;
  }
  ++at_;
  return true;
}

bool Scanner::TakeSome(const CharClass& some) {
  if (!Take(some)) return false;
  while (Take(some)) {
  }
  return true;
}

bool Scanner::AtEnd() {
  if (ended()) return true;
  Missed(kEnd);
  return false;
}

void Scanner::SkipTo(char stop) { at_ = std::min(text_.find(stop, at_), text_.size()); }

void Scanner::Missed(std::string_view shown) {
  if (at_ < farthest_) return;
  if (at_ > farthest_) expected_.clear();
  farthest_ = at_;
  if (std::find(expected_.begin(), expected_.end(), shown) == expected_.end()) expected_.push_back(shown);
}

// Columns count characters. A line feed stands in column 0 of the line it opens.
std::string Scanner::Place(size_t at) const {
  size_t line = 1;
  size_t column = 1;
  for (size_t i = 0; i <= at; ++i) {
    const char c = i < text_.size() ? text_[i] : ' ';
    if (c == '\n') {
      ++line;
      column = 0;
    } else if (i > 0 && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
      ++column;
    }
  }
  return std::to_string(line) + ":" + std::to_string(column) + " (" + std::to_string(at) + ")";
}

void Scanner::Report(std::string_view rule, std::string_view what, size_t at) {
  std::string error = Place(at) + ": ";
  if (!rule.empty()) error.append("rule \"").append(rule).append("\": ");
  error.append(what);
  if (std::find(errors_.begin(), errors_.end(), error) == errors_.end()) errors_.push_back(std::move(error));
}

std::string Scanner::ErrorText() const {
  std::string text;
  for (const std::string& error : errors_) text.append(text.empty() ? "" : "\n").append(error);
  if (!errors_.empty()) return text;

  std::vector<std::string_view> words = expected_;
  std::sort(words.begin(), words.end(), [](auto a, auto b) { return (a == kEnd) != (b == kEnd) ? b == kEnd : a < b; });
  text = Place(farthest_) + ": no match found, expected: ";
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text.append(i + 1 == words.size() ? " or " : ", ");
    text.append(words[i]);
  }
  return text;
}

}  // namespace signpost::registry::filter
