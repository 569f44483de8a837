// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/pattern.h"

#include <re2/re2.h>

#include <string>

namespace signpost::registry::filter {
namespace {

constexpr int64_t kMaxMemory = 1 << 20;  // of one compiled expression, its state tables included

// Go's words for RE2's errors.
const char* Words(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return "expression too large";
  }
}

Status Error(const std::string& what, std::string_view where) {
  return Status::Invalid("error parsing regexp: " + what + ": `" + std::string(where) + "`");
}

// RE2 reads \C as any byte, Go refuses it.
bool HasAnyByte(std::string_view expression) {
  bool quoted = false;  // between \Q and \E
  for (size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] != '\\') continue;
    const char kind = expression[i + 1];
    if (!quoted && kind == 'C') return true;
    if (kind == 'Q' || kind == 'E') quoted = kind == 'Q';
    if (!quoted || kind == 'E') ++i;
  }
  return false;
}

}  // namespace

Result<Pattern> Pattern::Compile(std::string_view expression) { return Compile(expression, false); }

Result<Pattern> Pattern::CompileWithGroups(std::string_view expression) { return Compile(expression, true); }

Result<Pattern> Pattern::Compile(std::string_view expression, bool groups) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  options.set_never_capture(!groups);
  auto compiled = std::make_shared<const re2::RE2>(re2::StringPiece(expression.data(), expression.size()), options);
  if (!compiled->ok()) {
    const auto code = compiled->error_code();
    const bool whole = code == re2::RE2::ErrorUnexpectedParen || code == re2::RE2::ErrorBadUTF8;
    return Error(Words(code), whole ? expression : compiled->error_arg());
  }
  if (HasAnyByte(expression)) return Error("invalid escape sequence", "\\C");
  return Pattern(std::move(compiled));
}

bool Pattern::Matches(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled_);
}

std::vector<std::string> Pattern::Groups(std::string_view text) const {
  if (compiled_->options().never_capture()) return {};
  std::vector<re2::StringPiece> parts(static_cast<size_t>(compiled_->NumberOfCapturingGroups()) + 1);
  const bool fits = compiled_->Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, parts.data(),
                                     static_cast<int>(parts.size()));
  std::vector<std::string> groups;
  for (const re2::StringPiece& part : parts) {
    if (fits) groups.emplace_back(part);
  }
  return groups;
}

}  // namespace signpost::registry::filter
