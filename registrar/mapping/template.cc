// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/template.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "registrar/mapping/template_functions.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMaxInput = size_t{16} << 10;
constexpr size_t kMaxOutput = size_t{4} << 10;
constexpr int kMaxDepth = 8;
constexpr size_t kMaxArguments = 16;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// The network that the container was started in, else the first that has an address.
std::string FirstAddress(const Container& container) {
  const std::string_view mode =
      container.network_mode == "default" ? "bridge" : std::string_view(container.network_mode);
  for (const NetworkAttachment& network : container.networks) {
    if ((network.name == mode || network.id == mode) && !network.ipv4.empty()) return network.ipv4;
  }
  for (const NetworkAttachment& network : container.networks) {
    if (!network.ipv4.empty()) return network.ipv4;
  }
  return {};
}

Strings Environment(const Container& container) {
  Strings result;
  for (const auto& [name, value] : container.environment) result.emplace_back(name).append("=").append(value);
  return result;
}

struct Field {
  std::string_view path;
  TemplateValue (*read)(const Container&);
};
constexpr std::array<Field, 11> kFields = {{
    {".ID", [](const Container& c) { return TemplateValue(c.id); }},
    {".Name", [](const Container& c) { return TemplateValue("/" + c.name); }},
    {".Created", [](const Container& c) { return TemplateValue(c.created); }},
    {".Config.Image", [](const Container& c) { return TemplateValue(c.image); }},
    {".Config.Hostname", [](const Container& c) { return TemplateValue(c.hostname); }},
    {".Config.Domainname", [](const Container& c) { return TemplateValue(c.domainname); }},
    {".Config.Env", [](const Container& c) { return TemplateValue(Environment(c)); }},
    {".Config.Labels", [](const Container& c) { return TemplateValue(c.labels); }},
    {".HostConfig.NetworkMode", [](const Container& c) { return TemplateValue(c.network_mode); }},
    {".State.StartedAt", [](const Container& c) { return TemplateValue(c.started_at); }},
    {".NetworkSettings.IPAddress", [](const Container& c) { return TemplateValue(FirstAddress(c)); }},
}};

std::optional<TemplateValue> NetworkField(const Container& container, std::string_view rest) {
  const size_t dot = rest.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view field = rest.substr(dot + 1);
  if (field != "IPAddress" && field != "GlobalIPv6Address") return std::nullopt;
  const auto found = std::ranges::find(container.networks, rest.substr(0, dot), &NetworkAttachment::name);
  if (found == container.networks.end()) return std::string();
  return field == "IPAddress" ? found->ipv4 : found->ipv6;
}

std::optional<TemplateValue> ReadField(const Container& container, std::string_view path) {
  constexpr std::string_view kLabels = ".Config.Labels.";
  constexpr std::string_view kNetworks = ".NetworkSettings.Networks.";
  if (const auto* const field = std::ranges::find(kFields, path, &Field::path); field != kFields.end()) {
    return field->read(container);
  }
  if (path.starts_with(kLabels)) return std::string(Label(container, path.substr(kLabels.size())));
  if (path.starts_with(kNetworks)) return NetworkField(container, path.substr(kNetworks.size()));
  return std::nullopt;
}

// Reads and evaluates in one pass. The first failure sticks; everything after it is ignored.
class Renderer {
 public:
  Renderer(std::string_view text, const Container& container) : text_(text), container_(container) {}

  Result<std::string> Run();

 private:
  using Value = TemplateValue;

  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool At(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  // At the end of a pipeline: "}}" or " -}}".
  bool AtClose() const { return At("}}") || At("-}}"); }
  void SkipBlanks() {
    while (IsBlank(Peek())) ++at_;
  }
  Value Fail(std::string what) {
    if (error_.ok()) error_ = Status::Invalid(std::move(what) + " (at character " + std::to_string(at_ + 1) + ")");
    at_ = text_.size();
    return std::string();
  }

  void Literal();
  void Action();
  void Remark();
  void Close();
  Value Pipeline();
  Value Command(std::optional<Value> piped);
  Value Call(std::string_view name, std::optional<Value> piped);
  Value Operand();
  Value Parenthesis();
  Value FieldOperand();
  Value QuotedText();
  Value Number();

  std::string_view text_;
  const Container& container_;
  size_t at_ = 0;
  int depth_ = 0;
  bool trim_next_ = false;  // the action before ended in " -}}"
  std::string out_;
  Status error_;
};

Result<std::string> Renderer::Run() {
  while (at_ < text_.size()) {
    Literal();
    if (at_ < text_.size()) Action();
    if (out_.size() > kMaxOutput) Fail("the rendered text is above 4096 bytes");
  }
  if (!error_.ok()) return error_;
  return std::move(out_);
}

void Renderer::Literal() {
  const size_t open = std::min(text_.find("{{", at_), text_.size());
  std::string_view piece = text_.substr(at_, open - at_);
  while (trim_next_ && !piece.empty() && IsBlank(piece.front())) piece.remove_prefix(1);
  trim_next_ = false;
  out_ += piece;
  at_ = open;
}

void Renderer::Action() {
  at_ += 2;
  if (Peek() == '-' && IsBlank(Peek(1))) {
    ++at_;
    while (!out_.empty() && IsBlank(out_.back())) out_.pop_back();
  }
  SkipBlanks();
  if (At("/*")) {
    Remark();
  } else {
    const Value value = Pipeline();
    const Result<std::string> text = TemplateText(value);
    if (text.ok()) {
      out_ += text.value();
    } else {
      Fail(text.status().text());
    }
  }
  Close();
}

void Renderer::Remark() {
  const size_t end = text_.find("*/", at_);
  if (end == std::string_view::npos) {
    Fail("a remark without end");
  } else {
    at_ = end + 2;
  }
}

void Renderer::Close() {
  if (!error_.ok()) return;
  SkipBlanks();
  trim_next_ = Peek() == '-';
  if (trim_next_) ++at_;
  if (At("}}")) {
    at_ += 2;
  } else {
    Fail("\"}}\" is missing");
  }
}

Renderer::Value Renderer::Pipeline() {
  Value value = Command(std::nullopt);
  for (SkipBlanks(); Peek() == '|'; SkipBlanks()) {
    ++at_;
    value = Command(std::move(value));
  }
  return value;
}

Renderer::Value Renderer::Command(std::optional<Value> piped) {
  SkipBlanks();
  if (IsNameStart(Peek())) {
    const size_t start = at_;
    while (IsNameStart(Peek()) || IsDigit(Peek())) ++at_;
    return Call(text_.substr(start, at_ - start), std::move(piped));
  }
  Value value = Operand();
  if (piped) return Fail("only a function can follow \"|\"");
  return value;
}

Renderer::Value Renderer::Call(std::string_view name, std::optional<Value> piped) {
  constexpr std::array<std::string_view, 12> kRefused = {
      "if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "httpGet", "jsonParse"};
  if (std::ranges::find(kRefused, name) != kRefused.end()) {
    return Fail("\"" + std::string(name) + "\" is not supported: templates have no conditions, loops or requests");
  }
  std::vector<Value> arguments;
  for (SkipBlanks(); at_ < text_.size() && Peek() != '|' && Peek() != ')' && !AtClose(); SkipBlanks()) {
    if (arguments.size() == kMaxArguments) return Fail("too many arguments");
    arguments.push_back(Operand());
  }
  if (piped) arguments.push_back(*std::move(piped));
  if (!error_.ok()) return std::string();
  Result<Value> result = CallTemplateFunction(name, arguments);
  return result.ok() ? std::move(result).value() : Fail(result.status().text());
}

Renderer::Value Renderer::Operand() {
  SkipBlanks();
  const char c = Peek();
  if (c == '(') return Parenthesis();
  if (c == '.') return FieldOperand();
  if (c == '"' || c == '`') return QuotedText();
  if (IsDigit(c) || ((c == '-' || c == '+') && IsDigit(Peek(1)))) return Number();
  if (c == '$') return Fail("variables are not supported");
  if (AtClose() || c == '\0') return Fail("a value is missing");
  return Fail("a value is expected: a field, a number, a text in quotes or a call in parentheses");
}

Renderer::Value Renderer::Parenthesis() {
  if (depth_ == kMaxDepth) return Fail("too many parentheses");
  ++at_;
  ++depth_;
  Value value = Pipeline();
  --depth_;
  if (Peek() != ')') return Fail("\")\" is missing");
  ++at_;
  if (Peek() == '.') return Fail("a call has no fields");
  return value;
}

Renderer::Value Renderer::FieldOperand() {
  const size_t start = at_;
  while (at_ < text_.size() && !IsBlank(Peek()) && Peek() != '|' && Peek() != ')' && !At("}}")) ++at_;
  const std::string_view path = text_.substr(start, at_ - start);
  std::optional<Value> value = ReadField(container_, path);
  if (!value) at_ = start;
  return value ? *std::move(value) : Fail("there is no field " + std::string(path));
}

Renderer::Value Renderer::QuotedText() {
  const char quote = Peek();
  std::string text;
  for (++at_; at_ < text_.size() && Peek() != quote; ++at_) {
    if (Peek() != '\\' || quote == '`') {
      text += Peek();
      continue;
    }
    ++at_;
    const char c = Peek();
    if (c != 'n' && c != 't' && c != '"' && c != '\\') return Fail("an unknown escape in a text");
    text += c == 'n' ? '\n' : c == 't' ? '\t' : c;
  }
  if (at_ >= text_.size()) return Fail("a text without end");
  ++at_;
  return text;
}

Renderer::Value Renderer::Number() {
  const size_t start = Peek() == '+' ? at_ + 1 : at_;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text_.data() + start, text_.data() + text_.size(), number);
  if (error != std::errc()) return Fail("too large a number");
  at_ = static_cast<size_t>(end - text_.data());
  if (IsNameStart(Peek()) || Peek() == '.') return Fail("not a whole number");
  return number;
}

}  // namespace

Result<std::string> RenderTemplate(std::string_view text, const Container& container) {
  if (text.find("{{") == std::string_view::npos) return std::string(text);
  if (text.size() > kMaxInput) return Status::Invalid("a template above 16384 bytes");
  return Renderer(text, container).Run();
}

}  // namespace signpost::registrar
