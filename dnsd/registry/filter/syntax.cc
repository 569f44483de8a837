// Signpost. Apache-2.0; see LICENSE.
// The grammar, one function per rule:
//
//   or         = and { space "or" space and }
//   and        = not { space "and" space not }
//   not        = "not" space not | "(" [space] or [space] ")" | match
//   match      = selector operator value | selector "is" ["not"] "empty" | value ["not"] "in" selector
//   selector   = identifier { "." identifier | "[" [space] string [space] "]" }
//   value      = selector (its names joined with dots) | number | string
//
// Words are no keywords: `not in Meta` looks for the key "not". So every rule is an attempt, and where two could fit,
// the first of the list above is taken. No attempt reads a nested rule twice, hence the time is linear.
#include "dnsd/registry/filter/syntax.h"

#include <optional>
#include <utility>
#include <vector>

#include "common/json/utf8.h"
#include "dnsd/registry/filter/filter.h"
#include "dnsd/registry/filter/go_text.h"
#include "dnsd/registry/filter/scanner.h"

namespace signpost::registry::filter {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

constexpr CharClass kSpace{[](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }, "[ \\t\\r\\n]"};
constexpr CharClass kFirst{IsLetter, "[a-zA-Z]"};
constexpr CharClass kNext{[](char c) { return IsLetter(c) || IsDigit(c) || c == '_'; }, "[a-zA-Z0-9_]"};
constexpr CharClass kNonZero{[](char c) { return c != '0' && IsDigit(c); }, "[1-9]"};
constexpr CharClass kDigit{IsDigit, "[0-9]"};

constexpr Literal kOpen{"(", R"("(")"};
constexpr Literal kClose{")", "\")\""};
constexpr Literal kOpenIndex{"[", R"("[")"};
constexpr Literal kCloseIndex{"]", R"("]")"};
constexpr Literal kDot{".", R"(".")"};
constexpr Literal kMinus{"-", R"("-")"};
constexpr Literal kZero{"0", R"("0")"};
constexpr Literal kRawQuote{"`", R"("`")"};
constexpr Literal kQuote{"\"", R"("\"")"};
constexpr Literal kEqual{"==", R"("==")"};
constexpr Literal kNotEqual{"!=", R"("!=")"};
constexpr Literal kAnd{"and", R"("and")"};
constexpr Literal kOr{"or", R"("or")"};
constexpr Literal kNot{"not", R"("not")"};
constexpr Literal kIs{"is", R"("is")"};
constexpr Literal kEmpty{"empty", R"("empty")"};
constexpr Literal kIn{"in", R"("in")"};
constexpr Literal kContains{"contains", R"("contains")"};
constexpr Literal kMatches{"matches", R"("matches")"};

class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text) {}

  Result<Syntax> Run();

 private:
  bool Space() { return in_.TakeSome(kSpace); }
  void MaybeSpace() { (void)in_.TakeSome(kSpace); }
  // Space, `word`, space; or nothing.
  bool Between(const Literal& word);

  bool Chain(Expression::Kind kind, Expression& out);
  bool Not(Expression& out);
  bool Group(Expression& out);

  bool Match(Expression& out);
  bool MatchAfterSelector(const Path& selector);
  bool MatchIn(std::string value);
  std::optional<Operator> OperatorWithValue();
  bool Symbol(const Literal& symbol);
  bool Word(const Literal& word, bool negative);
  bool IsEmpty(bool negative);
  void Add(Path selector, Operator op, std::string value);

  bool Selector(Path& path);
  bool Identifier(Path& path);
  bool Index(Path& path);
  bool Value(std::string& value);
  bool Number(std::string& value);
  bool Digits();
  bool String(std::string& value);

  bool Deeper();  // false if that is too deep
  void Exceed(const char* what, size_t limit);

  Scanner in_;
  Syntax out_;
  size_t depth_ = 0;
  Status limit_;
};

Result<Syntax> Parser::Run() {
  MaybeSpace();
  bool whole = Chain(Expression::Kind::kOr, out_.root);
  if (whole) {
    MaybeSpace();
    whole = in_.AtEnd();
  }
  if (!limit_.ok()) return limit_;
  if (!whole || in_.has_errors()) return Status::Invalid(in_.ErrorText());
  return std::move(out_);
}

void Parser::Exceed(const char* what, size_t limit) {
  if (limit_.ok()) limit_ = Status::Limit(std::string(what) + " exceed the limit of " + std::to_string(limit));
}

bool Parser::Deeper() {
  if (++depth_ <= kMaxFilterDepth) return true;
  Exceed("Nested parentheses and negations", kMaxFilterDepth);
  return false;
}

bool Parser::Between(const Literal& word) {
  const size_t start = in_.at();
  if (Space() && in_.Take(word) && Space()) return true;
  in_.Back(start);
  return false;
}

// kOr: a chain of kAnd chains; kAnd: a chain of Not.
bool Parser::Chain(Expression::Kind kind, Expression& out) {
  const bool is_or = kind == Expression::Kind::kOr;
  const auto operand = [&](Expression& one) { return is_or ? Chain(Expression::Kind::kAnd, one) : Not(one); };
  std::vector<Expression> operands(1);
  if (!operand(operands.front())) return false;
  size_t end = in_.at();
  while (Between(is_or ? kOr : kAnd)) {
    Expression next;
    if (!operand(next)) break;
    end = in_.at();
    operands.push_back(std::move(next));
  }
  in_.Back(end);
  if (operands.size() == 1) {
    out = std::move(operands.front());
  } else {
    out.kind = kind;
    out.operands = std::move(operands);
  }
  return true;
}

bool Parser::Not(Expression& out) {
  if (!Deeper()) return false;
  const size_t start = in_.at();
  if (in_.Take(kNot) && Space()) {
    Expression operand;
    if (Not(operand)) {
      out.kind = Expression::Kind::kNot;
      out.operands.push_back(std::move(operand));
      --depth_;
      return true;
    }
  }
  in_.Back(start);
  const bool found = Group(out) || (in_.at() == start && Match(out));
  --depth_;
  return found;
}

// On failure the place is kept, if a parenthesis was opened: then nothing else can fit.
bool Parser::Group(Expression& out) {
  if (!in_.Take(kOpen)) return false;
  MaybeSpace();
  if (!Chain(Expression::Kind::kOr, out)) return false;
  MaybeSpace();
  if (in_.Take(kClose)) return true;
  if (limit_.ok()) in_.Report("grouping", "Unmatched parentheses", in_.at());
  return false;
}

bool Parser::Match(Expression& out) {
  const size_t start = in_.at();
  Path selector;
  std::string value;
  bool found = false;
  if (Selector(selector)) {
    found = MatchAfterSelector(selector) || MatchIn(Join(selector));
  } else {
    found = Value(value) && MatchIn(std::move(value));
  }
  if (!found) {
    in_.Back(start);
    return false;
  }
  out.kind = Expression::Kind::kComparison;
  out.comparison = out_.comparisons.size() - 1;
  return true;
}

void Parser::Add(Path selector, Operator op, std::string value) {
  out_.comparisons.push_back({std::move(selector), op, std::move(value)});
  if (out_.comparisons.size() > kMaxFilterTerms) Exceed("Comparisons", kMaxFilterTerms);
}

bool Parser::MatchAfterSelector(const Path& selector) {
  const size_t start = in_.at();
  std::string value;
  if (const auto op = OperatorWithValue(); op && Value(value)) {
    Add(selector, *op, std::move(value));
    return true;
  }
  in_.Back(start);
  if (IsEmpty(false)) {
    Add(selector, Operator::kIsEmpty, {});
    return true;
  }
  if (IsEmpty(true)) {
    Add(selector, Operator::kIsNotEmpty, {});
    return true;
  }
  return false;
}

bool Parser::MatchIn(std::string value) {
  const bool positive = Word(kIn, false);
  if (!positive && !Word(kIn, true)) return false;
  Path selector;
  if (!Selector(selector)) {
    in_.Report("match", "Invalid selector", in_.at());
    return false;
  }
  Add(std::move(selector), positive ? Operator::kIn : Operator::kNotIn, std::move(value));
  return true;
}

std::optional<Operator> Parser::OperatorWithValue() {
  if (Symbol(kEqual)) return Operator::kEqual;
  if (Symbol(kNotEqual)) return Operator::kNotEqual;
  if (Word(kContains, false)) return Operator::kIn;
  if (Word(kContains, true)) return Operator::kNotIn;
  if (Word(kMatches, false)) return Operator::kMatches;
  if (Word(kMatches, true)) return Operator::kNotMatches;
  return std::nullopt;
}

bool Parser::Symbol(const Literal& symbol) {
  const size_t start = in_.at();
  MaybeSpace();
  if (in_.Take(symbol)) {
    MaybeSpace();
    return true;
  }
  in_.Back(start);
  return false;
}

bool Parser::Word(const Literal& word, bool negative) {
  if (!negative) return Between(word);
  const size_t start = in_.at();
  if (Space() && in_.Take(kNot) && Between(word)) return true;
  in_.Back(start);
  return false;
}

bool Parser::IsEmpty(bool negative) {
  const size_t start = in_.at();
  if (Space() && in_.Take(kIs) && Space() && (!negative || (in_.Take(kNot) && Space())) && in_.Take(kEmpty))
    return true;
  in_.Back(start);
  return false;
}

bool Parser::Selector(Path& path) {
  if (!Identifier(path)) return false;
  for (;;) {
    const size_t start = in_.at();
    if (in_.Take(kDot) && Identifier(path)) continue;
    in_.Back(start);
    if (!Index(path)) return true;
  }
}

bool Parser::Identifier(Path& path) {
  const size_t start = in_.at();
  if (!in_.Take(kFirst)) return false;
  (void)in_.TakeSome(kNext);
  path.emplace_back(in_.From(start));
  return true;
}

bool Parser::Index(Path& path) {
  const size_t start = in_.at();
  if (!in_.Take(kOpenIndex)) return false;
  MaybeSpace();
  std::string key;
  const size_t inside = in_.at();
  if (!String(key)) {
    in_.Report("index", "Invalid index", inside);
    in_.Back(start);
    return false;
  }
  MaybeSpace();
  if (!in_.Take(kCloseIndex)) {
    in_.Report("index", "Unclosed index expression", in_.at());
    in_.Back(start);
    return false;
  }
  path.push_back(std::move(key));
  return true;
}

bool Parser::Value(std::string& value) {
  Path path;
  if (Selector(path)) {
    value = Join(path);
    return true;
  }
  return Number(value) || String(value);
}

bool Parser::Number(std::string& value) {
  const size_t start = in_.at();
  (void)in_.Take(kMinus);
  if (!Digits()) {
    in_.Back(start);
    return false;
  }
  const size_t end = in_.at();
  value = in_.From(start);
  const bool ends = Space() || in_.AtEnd() || in_.Take(kClose);
  if (!ends) in_.Report("number", "Invalid number literal", end);
  in_.Back(ends ? end : start);
  return ends;
}

bool Parser::Digits() {
  if (!in_.Take(kZero)) {
    if (!in_.Take(kNonZero)) return false;
    (void)in_.TakeSome(kDigit);
  }
  const size_t end = in_.at();
  if (!in_.Take(kDot) || !in_.TakeSome(kDigit)) in_.Back(end);
  return true;
}

bool Parser::String(std::string& value) {
  const size_t start = in_.at();
  const bool raw = in_.Take(kRawQuote);
  if (!raw && !in_.Take(kQuote)) return false;
  in_.SkipTo(raw ? '`' : '"');
  if (in_.ended()) {
    in_.Report("string", "Unterminated string literal", in_.at());
    in_.Back(start);
    return false;
  }
  (void)in_.Take(raw ? kRawQuote : kQuote);
  auto inside = Unquote(in_.From(start));
  if (!inside) in_.Report("string", "invalid syntax", start);
  value = std::move(inside).value_or("");
  return true;
}

}  // namespace

std::string Join(const Path& path) {
  std::string text;
  for (const std::string& name : path) text.append(&name == path.data() ? "" : ".").append(name);
  return text;
}

Result<Syntax> Parse(std::string_view text) {
  if (text.size() > kMaxFilterBytes)
    return Status::Limit("Bytes of the expression exceed the limit of " + std::to_string(kMaxFilterBytes));
  if (!json::IsUtf8(text)) return Status::Invalid("invalid encoding");
  return Parser(text).Run();
}

}  // namespace signpost::registry::filter
