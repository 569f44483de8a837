// Signpost. Apache-2.0; see LICENSE.
// Reading and writing JSON; the only user of RapidJSON. Parsing is bounded in depth (64) and never throws.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace signpost::json {

// A view of one value inside a Document; valid while the Document lives. Copy freely. Every accessor is total: asking a
// value for what it is not gives the fallback, so readers of a neighbour's JSON need no type checks of their own.
class Value {
 public:
  Value() = default;  // absent

  bool present() const { return node_ != nullptr; }
  bool IsNull() const;
  bool IsObject() const;
  bool IsArray() const;
  bool IsString() const;
  bool IsNumber() const;
  bool IsBool() const;

  std::string_view String(std::string_view fallback = {}) const;
  int64_t Int(int64_t fallback = 0) const;  // integers only; out of range gives the fallback
  uint64_t Uint(uint64_t fallback = 0) const;
  double Double(double fallback = 0) const;
  bool Bool(bool fallback = false) const;

  Value operator[](std::string_view key) const;  // absent unless an object with that key (first wins)
  size_t size() const;                           // elements or members; 0 otherwise
  Value At(size_t index) const;                  // array element; absent if out of range
  void ForEachElement(const std::function<void(Value)>& visit) const;
  void ForEachMember(const std::function<void(std::string_view key, Value)>& visit) const;

  // Byte offset is unknown to RapidJSON's tree, so positions are given only for syntax errors.
 private:
  friend class Document;
  explicit Value(const void* node) : node_(node) {}
  const void* node_ = nullptr;
};

enum class Dialect : unsigned char {
  kStrict,    // RFC 8259
  kComments,  // plus // and /* */ comments and trailing commas: configuration files
};

class Document {
 public:
  // Copies nothing that it need not; `text` may go after the call. A syntax error names line and column.
  static Result<Document> Parse(std::string_view text, Dialect dialect = Dialect::kStrict);
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  Value root() const;

 private:
  struct Impl;
  explicit Document(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Appends JSON text to a string it owns. Calls must nest properly (asserted). Invalid UTF-8 in strings becomes U+FFFD.
class Writer {
 public:
  explicit Writer(bool pretty = false);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Writer& BeginObject();
  Writer& EndObject();
  Writer& BeginArray();
  Writer& EndArray();
  Writer& Key(std::string_view key);
  Writer& String(std::string_view value);
  Writer& Int(int64_t value);
  Writer& Uint(uint64_t value);
  Writer& Double(double value);
  Writer& Bool(bool value);
  Writer& Null();
  Writer& Raw(std::string_view json);  // one value that is JSON text already; trusted

  std::string Take();  // the finished text; the writer is empty again

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::json
