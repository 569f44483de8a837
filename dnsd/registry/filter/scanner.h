// Signpost. Apache-2.0; see LICENSE.
// The text of a filter expression, read by ordered attempts that go back when they fail. The scanner keeps what was
// expected at the farthest place any attempt came to: if the whole fails, that is the error.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::registry::filter {

// A literal or class of characters, and how error texts show it.
struct Literal {
  std::string_view text;
  std::string_view shown;
};
struct CharClass {
  bool (*has)(char);
  std::string_view shown;
};

class Scanner {
 public:
  // `text` is UTF-8 and outlives the scanner.
  explicit Scanner(std::string_view text) : text_(text) {}

  size_t at() const { return at_; }
  void Back(size_t at) { at_ = at; }
  std::string_view From(size_t start) const { return text_.substr(start, at_ - start); }
  bool ended() const { return at_ == text_.size(); }

  // Each consumes what fits, or consumes nothing and remembers that it was expected here.
  bool Take(const Literal& literal);
  bool Take(const CharClass& one);
  bool TakeSome(const CharClass& some);  // one or more
  bool AtEnd();

  // Goes on to the next `stop`, or to the end; never expects anything.
  void SkipTo(char stop);

  // Notes an error at a place; equal ones count once. With an error the whole has failed, whatever else can be read.
  void Report(std::string_view rule, std::string_view what, size_t at);

  bool has_errors() const { return !errors_.empty(); }
  // The reported errors, a line each; if there are none, what was expected at the farthest place.
  std::string ErrorText() const;

 private:
  void Missed(std::string_view shown);
  std::string Place(size_t at) const;  // "line:column (offset)"

  std::string_view text_;
  size_t at_ = 0;
  size_t farthest_ = 0;
  std::vector<std::string_view> expected_;  // at farthest_, each once
  std::vector<std::string> errors_;
};

}  // namespace signpost::registry::filter
