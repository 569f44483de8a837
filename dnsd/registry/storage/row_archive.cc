// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/row_archive.h"

#include "common/json/utf8.h"

namespace signpost::registry {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string ToHex(std::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kHex[byte >> 4];
    hex += kHex[byte & 15];
  }
  return hex;
}

bool FromHex(std::string_view hex, std::string& bytes) {
  if (hex.size() % 2 != 0) return false;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const size_t high = kHex.find(hex[i]);
    const size_t low = kHex.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes += static_cast<char>(high << 4 | low);
  }
  return true;
}

}  // namespace

bool RowWriter::IsText(const std::string& name) { return json::IsUtf8(name); }

void RowWriter::String(const std::string& value) {
  if (json::IsUtf8(value)) {
    out_.String(value);
  } else {
    out_.BeginObject().Key("Hex").String(ToHex(value)).EndObject();
  }
}

void RowWriter::List(const Strings& value) {
  out_.BeginArray();
  for (const std::string& element : value) String(element);
  out_.EndArray();
}

void RowWriter::operator()(std::string_view name, const std::string& value) {
  if (value.empty()) return;
  out_.Key(name);
  String(value);
}

void RowWriter::operator()(std::string_view name, bool value) {
  if (value) out_.Key(name).Bool(value);
}

void RowWriter::operator()(std::string_view name, uint64_t value) {
  if (value != 0) out_.Key(name).Uint(value);
}

void RowWriter::operator()(std::string_view name, int64_t value) {
  if (value != 0) out_.Key(name).Int(value);
}

void RowWriter::operator()(std::string_view name, const Strings& value) {
  if (value.empty()) return;
  out_.Key(name);
  List(value);
}

void RowReader::Wrong(std::string_view name, std::string_view what) {
  if (error_.empty()) error_ = std::string(name) + " " + std::string(what);
}

void RowReader::String(std::string_view name, json::Value value, std::string& to) {
  to.clear();
  if (value.IsString()) {
    to = value.String();
  } else if (value.present() && !(value["Hex"].IsString() && FromHex(value["Hex"].String(), to))) {
    Wrong(name, "is not a string");
  }
}

void RowReader::List(std::string_view name, json::Value value, Strings& to) {
  to.clear();
  if (value.present() && !value.IsArray()) Wrong(name, "is not a list");
  to.reserve(value.size());
  value.ForEachElement([&](json::Value element) { String(name, element, to.emplace_back()); });
}

void RowReader::operator()(std::string_view name, bool& to) {
  const json::Value value = object_[name];
  if (value.present() && !value.IsBool()) Wrong(name, "is neither true nor false");
  to = value.Bool();
}

// A number in range is the same whatever the fallback.
void RowReader::operator()(std::string_view name, uint64_t& to) {
  const json::Value value = object_[name];
  to = value.Uint();
  if (value.present() && to != value.Uint(1)) Wrong(name, "is not a whole number in range");
}

void RowReader::operator()(std::string_view name, int64_t& to) {
  const json::Value value = object_[name];
  to = value.Int();
  if (value.present() && to != value.Int(1)) Wrong(name, "is not a whole number in range");
}

void RowReader::operator()(std::string_view name, Millis& to) {
  int64_t count = 0;
  (*this)(name, count);
  to = Millis(count);
}

}  // namespace signpost::registry
