// Signpost. Apache-2.0; see LICENSE.
// What the readers of "services" and "routes" have in common: each value knows its path in the file, and of all that is
// wrong the first counts. Pure.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/json/json.h"

namespace signpost::lb {

// The first mistake of a file.
class ConfigErrors {
 public:
  // "PATH must be ..."; `problem` is the rest of the sentence.
  void Add(const std::string& path, const std::string& problem) {
    if (first_.ok()) first_ = Status::Config(path + " " + problem);
  }
  bool ok() const { return first_.ok(); }
  const Status& first() const { return first_; }

 private:
  Status first_;
};

// A value and where it stands: "routes[3].host". Valid while the document is.
struct ConfigValue {
  json::Value value;
  std::string path;
  ConfigErrors& errors;

  void Wrong(const std::string& problem) const { errors.Add(path, problem); }
  // Absent is fine everywhere: the fallback.
  ConfigValue Get(std::string_view key) const;
  std::string Text(std::string_view fallback = {}) const;
  bool Flag() const;
  // Within [low, high]; absent = `fallback`.
  int64_t Number(int64_t low, int64_t high, int64_t fallback) const;
  // A text, number or boolean as text, for values that another table checks.
  std::string Scalar() const;
  // "unknown key" for the first that is not one of these.
  void OnlyKeys(std::initializer_list<std::string_view> known) const;
};

// A list of texts in lower case.
std::vector<std::string> LowerTexts(const ConfigValue& list);
std::string LowerAscii(std::string_view text);
// A user's text inside a sentence: quoted, on one line, cut when long.
std::string QuotedText(std::string_view text);

}  // namespace signpost::lb
