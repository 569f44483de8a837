// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/query_text.h"

#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>

namespace signpost::registry {
namespace {

constexpr int kMaxNesting = 16;  // of strings in expressions in strings

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c) || c == '.' || c == '-'; }

// Reads and works out in one pass.
class Renderer {
 public:
  Renderer(std::string_view text, const QueryTextValues& values) : text_(text), values_(values) {}

  // Nothing: it cannot be read. What cannot be worked out is told by `fault`.
  std::optional<std::string> Whole() {
    std::string out;
    if (!Text(false, out)) return std::nullopt;
    return out;
  }
  const std::string& fault() const { return fault_; }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpace() {
    while (!AtEnd() && std::isspace(static_cast<unsigned char>(Peek())) != 0) ++at_;
  }
  // What cannot be worked out is read on: what cannot be read is the greater fault.
  bool Fault(size_t at, const std::string& what) {
    if (fault_.empty()) fault_ = "1:" + std::to_string(at + 1) + ": " + what;
    return true;
  }

  // Up to the end, or to the quote that ends a string.
  bool Text(bool quoted, std::string& out) {
    while (!AtEnd()) {
      if (quoted && Peek() == '"') return true;
      if (Take("$$")) {
        out += '$';
      } else if (Take("${")) {
        if (!Expression(out)) return false;
      } else if (quoted && Take("\\")) {
        if (!Escape(out)) return false;
      } else {
        out += text_[at_++];
      }
    }
    return !quoted;
  }

  bool Escape(std::string& out) {
    if (Take("n")) {
      out += '\n';
      return true;
    }
    const char c = Peek();
    if (c != '"' && c != '\\') return false;
    out += text_[at_++];
    return true;
  }

  // The rest of "${ ... }".
  bool Expression(std::string& out) {
    SkipSpace();
    if (!Operand(out)) return false;
    SkipSpace();
    return Take("}");
  }

  bool Operand(std::string& out) {
    if (Peek() == '"') return String(out);
    if (IsDigit(Peek()) || Peek() == '-') return Number(out);
    return IsNameStart(Peek()) && Named(out);
  }

  bool String(std::string& out) {
    if (++nesting_ > kMaxNesting) return false;
    ++at_;
    const bool done = Text(true, out) && Take("\"");
    --nesting_;
    return done;
  }

  bool Number(std::string& out) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
    if (error != std::errc()) return false;
    at_ = static_cast<size_t>(end - text_.data());
    out += std::to_string(number);
    return true;
  }

  bool Named(std::string& out) {
    const size_t begin = at_;
    while (IsNamePart(Peek())) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    SkipSpace();
    if (Take("(")) return Called(begin, name, out);
    const auto value = Value(name);
    if (!value) return Fault(begin, "unknown variable accessed: " + std::string(name));
    out += *value;
    return true;
  }

  std::optional<std::string_view> Value(std::string_view name) const {
    if (name == "name.full") return values_.full;
    if (name == "name.prefix") return values_.prefix;
    if (name == "name.suffix") return values_.suffix;
    if (name == "agent.segment") return "";
    return std::nullopt;
  }

  bool Called(size_t begin, std::string_view name, std::string& out) {
    SkipSpace();
    if (Take(")")) return Fault(begin, "match: expected 1 arguments, got 0");
    std::string argument;
    if (!Number(argument)) return false;
    SkipSpace();
    if (!Take(")")) return false;
    if (name != "match") return Fault(begin, "unknown function called: " + std::string(name));
    const bool negative = argument.starts_with('-');
    size_t index = 0;
    std::from_chars(argument.data(), argument.data() + argument.size(), index);
    if (!negative && index < values_.matches.size()) out += values_.matches[index];
    return true;
  }

  const std::string_view text_;
  const QueryTextValues& values_;
  size_t at_ = 0;
  int nesting_ = 0;
  std::string fault_;
};

}  // namespace

Result<std::string> RenderQueryText(std::string_view text, std::string_view where, const QueryTextValues& values) {
  Renderer renderer(text, values);
  auto rendered = renderer.Whole();
  const std::string place = " '" + std::string(text) + "' in Service." + std::string(where) + ": ";
  if (!rendered) return Status::Invalid("Bad format" + place + "parse error: syntax error");
  if (!renderer.fault().empty()) return Status::Invalid("Bad evaluation for" + place + renderer.fault());
  return std::move(*rendered);
}

}  // namespace signpost::registry
