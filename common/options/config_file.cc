// Signpost. Apache-2.0; see LICENSE.
#include "common/options/config_file.h"

#include <algorithm>

#include "common/options/file_text.h"

namespace signpost::options {
namespace {

// Finds the lines of the outermost object's keys, in order, in text that is known to be well-formed.
class KeyLines {
 public:
  explicit KeyLines(std::string_view text) : text_(text) {}

  std::vector<size_t> Find() {
    while (at_ < text_.size()) Step();
    return std::move(lines_);
  }

 private:
  void Step() {
    const char c = text_[at_];
    if (c == '/') return SkipComment();
    if (c == '"') return SkipString();
    if (c == '{' || c == '[') ++depth_;
    if (c == '}' || c == ']') --depth_;
    // A string before a colon is a key.
    if (c == ':' && depth_ == 1) lines_.push_back(string_line_);
    Advance(1);
  }

  void SkipComment() {
    const bool block = text_.substr(at_, 2) == "/*";
    const std::string_view close = block ? "*/" : "\n";
    const size_t end = text_.find(close, at_ + 2);
    Advance(end == std::string_view::npos ? text_.size() - at_ : end + close.size() - at_);
  }

  void SkipString() {
    string_line_ = line_;
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    Advance(std::min(end + 1, text_.size()) - at_);
  }

  void Advance(size_t n) {
    line_ += static_cast<size_t>(std::ranges::count(text_.substr(at_, n), '\n'));
    at_ += n;
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t line_ = 1;
  size_t string_line_ = 0;
  int depth_ = 0;
  std::vector<size_t> lines_;
};

}  // namespace

Result<ConfigFile> ReadConfigFile(const std::string& path) {
  const auto text = ReadFileText(path);
  if (!text.ok()) return Status::Config("the config file: " + text.status().text());
  return ParseConfig(path, text.value());
}

Result<ConfigFile> ParseConfig(const std::string& path, std::string_view text) {
  auto document = json::Document::Parse(text, json::Dialect::kComments);
  if (!document.ok()) return Status::Config(path + " " + document.status().text());
  ConfigFile file{std::move(document).value(), {}};
  if (!file.document.root().IsObject())
    return Status::Config(path + " must hold one JSON object: { \"option\": value }");
  const std::vector<size_t> lines = KeyLines(text).Find();
  file.document.root().ForEachMember([&](std::string_view key, json::Value value) {
    file.entries.push_back({std::string(key), lines.at(file.entries.size()), value});
  });
  return file;
}

}  // namespace signpost::options
