// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/json_prefix.h"

#include <string>
#include <utility>
#include <vector>

namespace signpost::registry {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string Quoted(char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\'') return R"('\'')";
  if (c == '"') return R"('"')";
  if (c == '\n') return R"('\n')";
  if (c == '\r') return R"('\r')";
  if (c == '\t') return R"('\t')";
  if (c == '\\') return R"('\\')";
  if (byte >= 0x20 && byte < 0x7f) return std::string("'") + c + "'";
  if (byte >= 0xa0) {  // Go takes the byte for a character of that number
    return {'\'', static_cast<char>(0xc0 | (byte >> 6)), static_cast<char>(0x80 | (byte & 0x3f)), '\''};
  }
  return std::string(byte < 0x80 ? "'\\x" : "'\\u00") + kHex[byte >> 4] + kHex[byte & 15] + "'";
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Result<std::string_view> Run() {
    SkipSpace();
    if (AtEnd()) return Status::Invalid("EOF");
    const size_t begin = at_;
    for (bool done = false; !done;) {
      if (auto status = Token(done); !status.ok()) return status;
    }
    return text_.substr(begin, at_ - begin);
  }

 private:
  // What may come next.
  enum class Want : unsigned char { kValue, kValueOrEnd, kKey, kKeyOrEnd, kColon, kCommaOrEnd };

  bool AtEnd() const { return at_ == text_.size(); }
  char Next() const { return text_[at_]; }
  void SkipSpace() {
    while (!AtEnd() && IsSpace(Next())) ++at_;
  }
  Status Wrong(std::string_view context) const {
    if (AtEnd()) return Status::Invalid("unexpected EOF");
    return Status::Invalid("invalid character " + Quoted(Next()) + " " + std::string(context));
  }

  Status Token(bool& done) {
    SkipSpace();
    if (AtEnd()) return Wrong("");
    switch (want_) {
      case Want::kColon:
        if (Next() != ':') return Wrong("after object key");
        ++at_;
        want_ = Want::kValue;
        return Status::Ok();
      case Want::kKey:
      case Want::kKeyOrEnd:
        return Key(done);
      case Want::kCommaOrEnd:
        return Comma(done);
      case Want::kValue:
      case Want::kValueOrEnd:
        break;
    }
    if (want_ == Want::kValueOrEnd && Next() == ']') return Close(done);
    return Value(done);
  }

  Status Key(bool& done) {
    if (want_ == Want::kKeyOrEnd && Next() == '}') return Close(done);
    if (Next() != '"') return Wrong("looking for beginning of object key string");
    want_ = Want::kColon;
    return String();
  }

  Status Comma(bool& done) {
    const bool object = open_.back() == '{';
    if (Next() == ',') {
      ++at_;
      want_ = object ? Want::kKey : Want::kValue;
      return Status::Ok();
    }
    if (Next() == (object ? '}' : ']')) return Close(done);
    return Wrong(object ? "after object key:value pair" : "after array element");
  }

  Status Close(bool& done) {
    ++at_;
    open_.pop_back();
    return EndValue(done);
  }

  Status EndValue(bool& done) {
    done = open_.empty();
    want_ = Want::kCommaOrEnd;
    return Status::Ok();
  }

  Status Value(bool& done) {
    const char c = Next();
    if (c == '{' || c == '[') {
      ++at_;
      open_.push_back(c);
      want_ = c == '{' ? Want::kKeyOrEnd : Want::kValueOrEnd;
      return Status::Ok();
    }
    Status status;
    if (c == '"') {
      status = String();
    } else if (c == '-' || IsDigit(c)) {
      status = Number();
    } else if (c == 't') {
      status = Literal("true");
    } else if (c == 'f') {
      status = Literal("false");
    } else if (c == 'n') {
      status = Literal("null");
    } else {
      return Wrong("looking for beginning of value");
    }
    return status.ok() ? EndValue(done) : status;
  }

  Status Literal(std::string_view word) {
    for (const char expected : word) {
      if (AtEnd() || Next() != expected) {
        return Wrong("in literal " + std::string(word) + " (expecting '" + expected + "')");
      }
      ++at_;
    }
    return Status::Ok();
  }

  Status String() {
    for (++at_; !AtEnd(); ++at_) {
      const char c = Next();
      if (c == '"') {
        ++at_;
        return Status::Ok();
      }
      if (static_cast<unsigned char>(c) < 0x20) return Wrong("in string literal");
      if (c != '\\') continue;
      if (auto status = Escape(); !status.ok()) return status;
    }
    return Wrong("");
  }

  Status Escape() {
    ++at_;
    if (AtEnd()) return Wrong("");
    if (Next() != 'u') {
      return std::string_view("\"\\/bfnrt").find(Next()) == std::string_view::npos ? Wrong("in string escape code")
                                                                                   : Status::Ok();
    }
    for (int digit = 0; digit < 4; ++digit) {
      ++at_;
      if (AtEnd() || !IsHex(Next())) return Wrong("in \\u hexadecimal character escape");
    }
    return Status::Ok();
  }

  Status Number() {
    if (Next() == '-') {
      ++at_;
      if (AtEnd() || !IsDigit(Next())) return Wrong("in numeric literal");
    }
    if (Next() == '0') {
      ++at_;
    } else {
      Digits();
    }
    if (!AtEnd() && Next() == '.') {
      ++at_;
      if (AtEnd() || !IsDigit(Next())) return Wrong("after decimal point in numeric literal");
      Digits();
    }
    if (AtEnd() || (Next() != 'e' && Next() != 'E')) return Status::Ok();
    ++at_;
    if (!AtEnd() && (Next() == '+' || Next() == '-')) ++at_;
    if (AtEnd() || !IsDigit(Next())) return Wrong("in exponent of numeric literal");
    Digits();
    return Status::Ok();
  }

  void Digits() {
    while (!AtEnd() && IsDigit(Next())) ++at_;
  }

  const std::string_view text_;
  size_t at_ = 0;
  Want want_ = Want::kValue;
  std::vector<char> open_;  // '{' and '['
};

}  // namespace

Result<std::string_view> FirstJsonValue(std::string_view text) { return Scanner(text).Run(); }

}  // namespace signpost::registry
