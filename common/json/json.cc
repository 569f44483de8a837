// Signpost. Apache-2.0; see LICENSE.
#include "common/json/json.h"

// RapidJSON adds to a null pointer before its stack's first allocation; clang's UBSan would stop there.
#ifdef __clang__
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#ifdef __clang__
#pragma clang attribute pop
#endif

#include <algorithm>
#include <cmath>
#include <variant>
#include <vector>

#include "common/json/utf8.h"

namespace signpost::json {
namespace {

constexpr int kMaxDepth = 64;

const rapidjson::Value* Node(const void* node) { return static_cast<const rapidjson::Value*>(node); }

std::string_view Text(const rapidjson::Value& string) { return {string.GetString(), string.GetStringLength()}; }

// Passes events on to the document until they nest too deeply; that also bounds the parser's own recursion.
class DepthGuard {
 public:
  using Ch = char;
  using Size = rapidjson::SizeType;

  explicit DepthGuard(rapidjson::Document& out) : out_(out) {}
  bool too_deep() const { return depth_ > kMaxDepth; }

  bool Null() { return out_.Null(); }
  bool Bool(bool v) { return out_.Bool(v); }
  bool Int(int v) { return out_.Int(v); }
  bool Uint(unsigned v) { return out_.Uint(v); }
  bool Int64(int64_t v) { return out_.Int64(v); }
  bool Uint64(uint64_t v) { return out_.Uint64(v); }
  bool Double(double v) { return out_.Double(v); }
  bool RawNumber(const char* s, Size n, bool copy) { return out_.RawNumber(s, n, copy); }
  bool String(const char* s, Size n, bool copy) { return out_.String(s, n, copy); }
  bool Key(const char* s, Size n, bool copy) { return out_.Key(s, n, copy); }
  bool StartObject() { return ++depth_ <= kMaxDepth && out_.StartObject(); }
  bool StartArray() { return ++depth_ <= kMaxDepth && out_.StartArray(); }
  bool EndObject(Size n) { return Left(out_.EndObject(n)); }
  bool EndArray(Size n) { return Left(out_.EndArray(n)); }

 private:
  bool Left(bool ok) {
    --depth_;
    return ok;
  }

  rapidjson::Document& out_;
  int depth_ = 0;
};

Status SyntaxError(std::string_view text, size_t offset, std::string_view what) {
  const std::string_view before = text.substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t newline = before.rfind('\n');
  const size_t column = newline == std::string_view::npos ? offset + 1 : offset - newline;
  return Status::Invalid("line " + std::to_string(line) + ", column " + std::to_string(column) + ": " +
                         std::string(what));
}

}  // namespace

bool Value::IsNull() const { return node_ && Node(node_)->IsNull(); }
bool Value::IsObject() const { return node_ && Node(node_)->IsObject(); }
bool Value::IsArray() const { return node_ && Node(node_)->IsArray(); }
bool Value::IsString() const { return node_ && Node(node_)->IsString(); }
bool Value::IsNumber() const { return node_ && Node(node_)->IsNumber(); }
bool Value::IsBool() const { return node_ && Node(node_)->IsBool(); }

std::string_view Value::String(std::string_view fallback) const { return IsString() ? Text(*Node(node_)) : fallback; }

int64_t Value::Int(int64_t fallback) const {
  return node_ && Node(node_)->IsInt64() ? Node(node_)->GetInt64() : fallback;
}

uint64_t Value::Uint(uint64_t fallback) const {
  return node_ && Node(node_)->IsUint64() ? Node(node_)->GetUint64() : fallback;
}

double Value::Double(double fallback) const { return IsNumber() ? Node(node_)->GetDouble() : fallback; }

bool Value::Bool(bool fallback) const { return IsBool() ? Node(node_)->GetBool() : fallback; }

Value Value::operator[](std::string_view key) const {
  if (!IsObject()) return Value();
  for (const auto& member : Node(node_)->GetObject()) {
    if (Text(member.name) == key) return Value(&member.value);
  }
  return Value();
}

size_t Value::size() const {
  if (IsArray()) return Node(node_)->Size();
  return IsObject() ? Node(node_)->MemberCount() : 0;
}

Value Value::At(size_t index) const {
  if (!IsArray() || index >= Node(node_)->Size()) return Value();
  return Value(&(*Node(node_))[static_cast<rapidjson::SizeType>(index)]);
}

void Value::ForEachElement(const std::function<void(Value)>& visit) const {
  if (!IsArray()) return;
  for (const auto& element : Node(node_)->GetArray()) visit(Value(&element));
}

void Value::ForEachMember(const std::function<void(std::string_view key, Value)>& visit) const {
  if (!IsObject()) return;
  for (const auto& member : Node(node_)->GetObject()) visit(Text(member.name), Value(&member.value));
}

// The strings of the tree lie in `text`, where the parser unescaped them in place.
struct Document::Impl {
  explicit Impl(std::string_view source)
      : text(source.begin(), source.end()), pool(std::clamp<size_t>(source.size(), 1024, 65536)), tree(&pool) {
    text.push_back('\0');
  }

  template <unsigned kFlags>
  Status Read(std::string_view source);

  std::vector<char> text;
  rapidjson::MemoryPoolAllocator<> pool;
  rapidjson::Document tree;
};

template <unsigned kFlags>
Status Document::Impl::Read(std::string_view source) {
  rapidjson::InsituStringStream stream(text.data());
  rapidjson::Reader reader;
  Status status;
  auto generate = [&](rapidjson::Document& out) {
    DepthGuard guard(out);
    const auto result = reader.Parse<kFlags | rapidjson::kParseInsituFlag>(stream, guard);
    if (guard.too_deep()) {
      status = SyntaxError(source, stream.Tell(), "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    } else if (result.IsError()) {
      status = SyntaxError(source, result.Offset(), rapidjson::GetParseError_En(result.Code()));
    } else if (stream.Tell() != source.size()) {  // a NUL byte looks like the end to the parser
      status = SyntaxError(source, stream.Tell(), "a NUL byte");
    }
    return status.ok();
  };
  tree.Populate(generate);
  return status;
}

Document::Document(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Result<Document> Document::Parse(std::string_view text, Dialect dialect) {
  constexpr unsigned kComments = rapidjson::kParseCommentsFlag | rapidjson::kParseTrailingCommasFlag;
  auto impl = std::make_unique<Impl>(text);
  const Status status = dialect == Dialect::kComments ? impl->Read<kComments>(text) : impl->Read<0>(text);
  if (!status.ok()) return status;
  return Document(std::move(impl));
}

Value Document::root() const { return Value(static_cast<const rapidjson::Value*>(&impl_->tree)); }

struct Writer::Impl {
  using Plain = rapidjson::Writer<rapidjson::StringBuffer>;
  using Pretty = rapidjson::PrettyWriter<rapidjson::StringBuffer>;

  explicit Impl(bool pretty) {
    if (pretty) {
      writer.emplace<Pretty>(buffer).SetIndent(' ', 4);
    } else {
      writer.emplace<Plain>(buffer);
    }
  }

  template <typename Call>
  void Do(Call call) {
    std::visit([&](auto& out) { call(out); }, writer);
  }

  rapidjson::StringBuffer buffer;
  std::variant<Plain, Pretty> writer;
};

namespace {

// Hands `text` to `use` as valid UTF-8; copies only what needs repair.
template <typename Use>
void WithValidUtf8(std::string_view text, Use use) {
  if (IsUtf8(text)) return use(text);
  const std::string repaired = RepairUtf8(text);
  use(std::string_view(repaired));
}

rapidjson::SizeType Length(std::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); }

// RapidJSON insists on a pointer even for no characters.
const char* Chars(std::string_view text) { return text.empty() ? "" : text.data(); }

}  // namespace

Writer::Writer(bool pretty) : impl_(std::make_unique<Impl>(pretty)) {}
Writer::~Writer() = default;

Writer& Writer::BeginObject() {
  impl_->Do([](auto& out) { out.StartObject(); });
  return *this;
}

Writer& Writer::EndObject() {
  impl_->Do([](auto& out) { out.EndObject(); });
  return *this;
}

Writer& Writer::BeginArray() {
  impl_->Do([](auto& out) { out.StartArray(); });
  return *this;
}

Writer& Writer::EndArray() {
  impl_->Do([](auto& out) { out.EndArray(); });
  return *this;
}

Writer& Writer::Key(std::string_view key) {
  WithValidUtf8(key, [&](std::string_view text) { impl_->Do([&](auto& out) { out.Key(Chars(text), Length(text)); }); });
  return *this;
}

Writer& Writer::String(std::string_view value) {
  WithValidUtf8(value,
                [&](std::string_view text) { impl_->Do([&](auto& out) { out.String(Chars(text), Length(text)); }); });
  return *this;
}

Writer& Writer::Int(int64_t value) {
  impl_->Do([&](auto& out) { out.Int64(value); });
  return *this;
}

Writer& Writer::Uint(uint64_t value) {
  impl_->Do([&](auto& out) { out.Uint64(value); });
  return *this;
}

Writer& Writer::Double(double value) {
  if (!std::isfinite(value)) return Null();  // JSON has no infinity
  impl_->Do([&](auto& out) { out.Double(value); });
  return *this;
}

Writer& Writer::Bool(bool value) {
  impl_->Do([&](auto& out) { out.Bool(value); });
  return *this;
}

Writer& Writer::Null() {
  impl_->Do([](auto& out) { out.Null(); });
  return *this;
}

Writer& Writer::Raw(std::string_view json) {
  impl_->Do([&](auto& out) { out.RawValue(json.data(), json.size(), rapidjson::kObjectType); });
  return *this;
}

std::string Writer::Take() {
  std::string text(impl_->buffer.GetString(), impl_->buffer.GetSize());
  impl_->buffer.Clear();
  impl_->Do([&](auto& out) { out.Reset(impl_->buffer); });
  return text;
}

}  // namespace signpost::json
