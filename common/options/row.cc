// Signpost. Apache-2.0; see LICENSE.
#include "common/options/row.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "common/options/text.h"

namespace signpost::options {
namespace {

std::string WithHyphens(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

std::string Bound(const Row& row, int64_t value) {
  const bool duration = row.type == Type::kDuration || row.type == Type::kDurationMap;
  return duration ? FormatDuration(Millis(value)) : std::to_string(value);
}

std::string Bounds(const Row& row) {
  if (row.max == std::numeric_limits<int64_t>::max()) return row.min == 0 ? "" : " of at least " + Bound(row, row.min);
  return " from " + Bound(row, row.min) + " to " + Bound(row, row.max);
}

std::string Words(const Row& row) {
  std::string text;
  for (const std::string_view word : row.words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

bool InBounds(const Row& row, int64_t value) { return value >= row.min && value <= row.max; }

bool IsInteger(const Row& row, std::string_view text) {
  const auto value = ParseInteger(text);
  return value && InBounds(row, *value);
}

bool IsDuration(const Row& row, std::string_view text) {
  const auto value = ParseDuration(text);
  return value && InBounds(row, value->count());
}

bool IsRegularValue(const Row& row, std::string_view text) {
  switch (row.type) {
    case Type::kString:
      return true;
    case Type::kBool:
      return text == "true" || text == "false";
    case Type::kInteger:
      return IsInteger(row, text);
    case Type::kDuration:
      return IsDuration(row, text);
    case Type::kWord:
      return std::find(row.words.begin(), row.words.end(), text) != row.words.end();
    case Type::kFile:
      return access(std::string(text).c_str(), R_OK) == 0;
    case Type::kDurationMap: {
      const auto parts = SplitAssignment(text);
      return parts && IsDuration(row, parts->second);
    }
    case Type::kIntegerMap: {
      const auto parts = SplitAssignment(text);
      return parts && IsInteger(row, parts->second);
    }
    case Type::kTextMap:
      return text.find('=') != std::string_view::npos && !text.starts_with('=');
    case Type::kJson:
      return true;
  }
  return false;
}

// "10" is the commonest way to get a duration wrong.
bool IsDurationWithoutUnit(const Row& row, std::string_view text) {
  if (row.type == Type::kDuration) return ParseInteger(text).has_value();
  if (row.type != Type::kDurationMap) return false;
  const auto parts = SplitAssignment(text);
  return parts && ParseInteger(parts->second);
}

}  // namespace

bool IsMap(Type type) { return type == Type::kDurationMap || type == Type::kIntegerMap || type == Type::kTextMap; }

const Row* FindRow(const Rows& rows, std::string_view name) {
  const std::string wanted = WithHyphens(name);
  const auto is_meant = [&](const Row& r) { return r.name == wanted || (!r.alias.empty() && r.alias == name); };
  const auto row = std::find_if(rows.begin(), rows.end(), is_meant);
  return row == rows.end() ? nullptr : &*row;
}

std::string Suggestion(const Rows& rows, std::string_view name, std::string_view prefix) {
  const std::string wanted = WithHyphens(name.substr(0, 64));
  const Row* nearest = nullptr;
  size_t least = 1 + std::min<size_t>(2, wanted.size() / 3);
  for (const Row& row : rows) {
    const size_t distance = EditDistance(wanted, row.name);
    if (distance < least) {
      least = distance;
      nearest = &row;
    }
  }
  if (nearest == nullptr) return "";
  return " (did you mean " + std::string(prefix) + std::string(nearest->name) + "?)";
}

std::string Demand(const Row& row) {
  switch (row.type) {
    case Type::kString:
      return "must be a string";
    case Type::kBool:
      return "must be true or false";
    case Type::kInteger:
      return "must be an integer" + Bounds(row);
    case Type::kDuration:
      return "must be a duration" + Bounds(row) + ", such as 10s, 500ms or 1m30s";
    case Type::kWord:
      return "must be one of " + Words(row);
    case Type::kFile:
      return "must name a file that can be read";
    case Type::kDurationMap:
      return "must be NAME=DURATION with a duration" + Bounds(row) + ", such as web=10s";
    case Type::kIntegerMap:
      return "must be NAME=INTEGER with an integer" + Bounds(row) + ", such as web=3";
    case Type::kTextMap:
      return "must be NAME=TEXT";
    case Type::kJson:
      return "must be JSON";
  }
  return "";
}

std::string Canonical(const Row& row, std::string text) {
  if (row.type == Type::kDuration && !row.bare_unit.empty() && ParseInteger(text)) return text.append(row.bare_unit);
  if (row.type != Type::kBool) return text;
  constexpr std::string_view kTrue[] = {"1", "t", "T", "TRUE", "True"};
  constexpr std::string_view kFalse[] = {"0", "f", "F", "FALSE", "False"};
  if (std::find(std::begin(kTrue), std::end(kTrue), text) != std::end(kTrue)) return "true";
  if (std::find(std::begin(kFalse), std::end(kFalse), text) != std::end(kFalse)) return "false";
  return text;
}

std::string Complaint(const Row& row, std::string_view text) {
  const std::string shown = row.secret ? "" : ", not " + Quoted(text);
  if (IsDurationWithoutUnit(row, text))
    return "needs a unit: write " + std::string(text) + "s, not " + std::string(text);
  if (!IsRegularValue(row, text)) return Demand(row) + shown;
  return row.check == nullptr ? "" : row.check(text);
}

}  // namespace signpost::options
