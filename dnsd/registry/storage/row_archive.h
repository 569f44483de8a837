// Signpost. Apache-2.0; see LICENSE.
// One list of fields serves writing and reading: a function template Fields(archive, object) calls archive(name, field)
// for each. With a RowWriter the fields are const and become JSON, with a RowReader they are filled.
#pragma once

#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/json/json.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

template <size_t kSize>
using Words = std::array<std::string_view, kSize>;

class RowWriter {
 public:
  explicit RowWriter(json::Writer& out) : out_(out) {}

  // Writes {...} with the fields of `object`.
  template <typename T>
  void Object(const T& object) {
    out_.BeginObject();
    Fields(*this, object);
    out_.EndObject();
  }

  void operator()(std::string_view name, const std::string& value);
  void operator()(std::string_view name, bool value);
  void operator()(std::string_view name, uint64_t value);
  void operator()(std::string_view name, int64_t value);
  void operator()(std::string_view name, int value) { (*this)(name, int64_t{value}); }
  void operator()(std::string_view name, uint16_t value) { (*this)(name, uint64_t{value}); }
  void operator()(std::string_view name, Millis value) { (*this)(name, int64_t{value.count()}); }
  void operator()(std::string_view name, const Strings& value);

  // Anything with Fields of its own.
  template <typename T>
  requires std::is_class_v<T>
  void operator()(std::string_view name, const T& object) {
    out_.Key(name);
    Object(object);
  }

  template <typename T>
  void operator()(std::string_view name, const std::shared_ptr<const T>& object) {
    if (object) (*this)(name, *object);
  }

  // A map in Consul's words: `write_value` writes what belongs to one element, whose name `name_of` tells.
  template <typename Container, typename NameOf, typename WriteValue>
  void Map(std::string_view name, const Container& list, NameOf name_of, WriteValue write_value);

  template <typename Enum, size_t kSize>
  void Word(std::string_view name, Enum value, const Words<kSize>& words) {
    out_.Key(name).String(words[static_cast<size_t>(value)]);
  }

  void String(const std::string& value);
  void List(const Strings& value);

 private:
  static bool IsText(const std::string& name);

  json::Writer& out_;
};

// Reads what a RowWriter wrote. Absent fields become zero; the first field of a wrong type is kept in `error`.
class RowReader {
 public:
  RowReader(json::Value object, std::string& error) : object_(object), error_(error) {}

  void operator()(std::string_view name, std::string& to) { String(name, object_[name], to); }
  void operator()(std::string_view name, bool& to);
  void operator()(std::string_view name, uint64_t& to);
  void operator()(std::string_view name, int64_t& to);
  void operator()(std::string_view name, int& to) { Narrow(name, to); }
  void operator()(std::string_view name, uint16_t& to) { Narrow(name, to); }
  void operator()(std::string_view name, Millis& to);
  void operator()(std::string_view name, Strings& to) { List(name, object_[name], to); }

  template <typename T>
  requires std::is_class_v<T>
  void operator()(std::string_view name, T& to) { Object(name, object_[name], to); }

  template <typename T>
  void operator()(std::string_view name, std::shared_ptr<const T>& to) {
    to.reset();
    if (!object_[name].present()) return;
    auto object = std::make_shared<T>();
    Object(name, object_[name], *object);
    to = std::move(object);
  }

  // Calls read_element(element name, its value, a new element of `to`) for each.
  template <typename Container, typename ReadElement>
  void Map(std::string_view name, Container& to, ReadElement read_element);

  template <typename Enum, size_t kSize>
  void Word(std::string_view name, Enum& to, const Words<kSize>& words) {
    const std::string_view word = object_[name].String();
    for (size_t i = 0; i < kSize; ++i) {
      if (words[i] == word) to = static_cast<Enum>(i);
    }
    if (words[static_cast<size_t>(to)] != word) Wrong(name, "is not a known word");
  }

  template <typename T>
  void Object(std::string_view name, json::Value value, T& to) {
    if (value.present() && !value.IsObject()) Wrong(name, "is not an object");
    RowReader reader(value, error_);
    Fields(reader, to);
  }

  void String(std::string_view name, json::Value value, std::string& to);
  void List(std::string_view name, json::Value value, Strings& to);

 private:
  template <typename T>
  void Narrow(std::string_view name, T& to) {
    int64_t number = 0;
    (*this)(name, number);
    if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max()) Wrong(name, "is too large");
    to = static_cast<T>(number);
  }
  void Wrong(std::string_view name, std::string_view what);

  json::Value object_;
  std::string& error_;
};

template <typename Container, typename NameOf, typename WriteValue>
void RowWriter::Map(std::string_view name, const Container& list, NameOf name_of, WriteValue write_value) {
  if (list.empty()) return;
  bool text = true;
  for (const auto& element : list) text = text && IsText(std::invoke(name_of, element));
  out_.Key(name);
  if (text) {
    out_.BeginObject();
  } else {
    out_.BeginArray();
  }
  for (const auto& element : list) {
    if (text) {
      out_.Key(std::invoke(name_of, element));
      write_value(element);
    } else {
      out_.BeginArray();
      String(std::invoke(name_of, element));
      write_value(element);
      out_.EndArray();
    }
  }
  if (text) {
    out_.EndObject();
  } else {
    out_.EndArray();
  }
}

template <typename Container, typename ReadElement>
void RowReader::Map(std::string_view name, Container& to, ReadElement read_element) {
  to.clear();
  const json::Value map = object_[name];
  if (map.present() && !map.IsObject() && !map.IsArray()) Wrong(name, "is not a map");
  to.reserve(map.size());
  map.ForEachMember(
      [&](std::string_view element, json::Value value) { read_element(element, value, to.emplace_back()); });
  map.ForEachElement([&](json::Value pair) {
    std::string element;
    if (pair.size() != 2) Wrong(name, "is not a list of pairs");
    String(name, pair.At(0), element);
    read_element(element, pair.At(1), to.emplace_back());
  });
}

}  // namespace signpost::registry
