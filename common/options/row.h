// Signpost. Apache-2.0; see LICENSE.
// The table from which the command line, the config file, --help and the manual come: one row per option.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::options {

enum class Type : unsigned char {
  kString,
  kBool,         // true, false; also 1, 0, t, f, T, F, TRUE, FALSE, True, False as Go's flags
  kInteger,      // within min and max
  kDuration,     // "10s", "500ms", "1m30s", "168h"; within min and max
  kWord,         // one of words
  kFile,         // a file that can be read
  kDurationMap,  // NAME=DURATION, repeatable; an object in the config file
  kIntegerMap,   // NAME=INTEGER, repeatable; an object in the config file
  kTextMap,      // NAME=TEXT, repeatable; an object of strings, integers and booleans in the config file
  kJson,         // any JSON value; in the config file only, never on the command line
};

// Rows live as long as the program; everything else refers to them.
struct Row {
  // As typed after "--". "_" and "-" are the same wherever a user writes the name.
  std::string_view name;
  std::string_view alias = {};  // a second spelling, letter by letter: "useIpFromLabel"
  Type type = Type::kString;
  std::string_view value = "TEXT";           // stands for the value in --help
  std::string_view help = {};                // one sentence without its full stop
  std::vector<std::string_view> defaults{};  // one element unless repeatable; none = empty
  std::string_view default_note = {};        // shown instead of an empty default: "the host name"
  int64_t min = 0;                           // kInteger, kIntegerMap; milliseconds for kDuration, kDurationMap
  int64_t max = std::numeric_limits<int64_t>::max();
  std::vector<std::string_view> words{};  // kWord
  std::string_view bare = {};             // the value of "--name" alone; such an option never takes the next argument
  std::string_view bare_unit = {};        // kDuration: the unit of a number without one; none = it is refused
  std::string_view environment = {};      // read when neither command line nor file has the option
  bool variable_is_flag = false;          // kBool: any text of the variable, even "0", means true
  bool repeatable = false;                // a list in the config file
  bool reloadable = false;                // SIGHUP may change it
  bool secret = false;                    // refused on the command line, never shown
  bool command_line_only = false;         // refused in the config file
  bool alone = false;                     // when given, nothing else is read or checked: --help, --version
  // A further check of one value: empty, or what is wrong as the rest of a sentence ("must be ..., not 'x'").
  std::string (*check)(std::string_view text) = nullptr;
};

using Rows = std::vector<Row>;

bool IsMap(Type type);
// "node_ttl" names the row "node-ttl"; an alias names its row. Null if there is none.
const Row* FindRow(const Rows& rows, std::string_view name);
// " (did you mean X?)" for the row whose name is nearest to a mistyped one; empty if none is near.
std::string Suggestion(const Rows& rows, std::string_view name, std::string_view prefix);
// The one spelling of `text` as a value of `row`: booleans as true and false, durations with their unit.
std::string Canonical(const Row& row, std::string text);
// What is wrong with canonical `text` as a value of `row`, as the rest of a sentence; empty if nothing is.
std::string Complaint(const Row& row, std::string_view text);
// "must be an integer from 0 to 10"
std::string Demand(const Row& row);

}  // namespace signpost::options
