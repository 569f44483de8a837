// Signpost. Apache-2.0; see LICENSE.
// Reads the values of a table's options: command line before config file before environment before default.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/options/row.h"

namespace signpost::options {

// Where values come from besides the config file, which the option "config" names. Kept for reloads.
struct Source {
  std::vector<std::string> arguments;  // without the program's name
  // An empty variable counts as absent.
  std::function<std::optional<std::string>(const std::string& name)> environment;
};

// The arguments of main and the process environment.
Source ProcessSource(int argc, const char* const* argv);

// The checked value of every row. Asking for a name that the table does not have, or for the wrong type, aborts.
class Values {
 public:
  explicit Values(const Rows& rows) : rows_(&rows) {}

  // False when the value is the row's default.
  bool Given(std::string_view name) const;

  // kString, kWord, kFile; kJson gives the value as compact JSON text. Empty without a value.
  std::string String(std::string_view name) const;
  bool Flag(std::string_view name) const;
  int64_t Integer(std::string_view name) const;
  Millis Duration(std::string_view name) const;
  const std::vector<std::string>& List(std::string_view name) const;
  // A name given twice keeps its last value and its first place.
  std::vector<std::pair<std::string, Millis>> DurationMap(std::string_view name) const;
  std::vector<std::pair<std::string, int64_t>> IntegerMap(std::string_view name) const;
  // Split at the first '='; a name given twice keeps its last value and its last place.
  std::vector<std::pair<std::string, std::string>> TextMap(std::string_view name) const;

  // kConfig: "--NAME WHAT", or with the file, line and key, or with the environment variable, whichever gave the value.
  Status Refuse(std::string_view name, std::string_view what) const;

 private:
  friend class Reader;
  friend std::vector<std::string_view> SealedChanges(const Values& before, const Values& after);

  struct Entry {
    std::vector<std::string> texts;
    std::string origin;  // how an error message calls the option; empty for the default
  };

  const Entry& Of(std::string_view name) const;

  const Rows* rows_;
  std::map<std::string_view, Entry> entries_;
};

// Names of rows: the words of a command line that are no options are their values, in this order.
using Positional = std::vector<std::string_view>;

// `rows` must outlive the result. The first thing that is wrong gives kConfig with one sentence. After an option whose
// row is `alone`, nothing else is read: the result then answers Given() for what was read so far.
Result<Values> Read(const Rows& rows, const Source& source, const Positional& positional = {});

// The options that differ although a reload cannot change them, in the table's order.
std::vector<std::string_view> SealedChanges(const Values& before, const Values& after);

}  // namespace signpost::options
