// Signpost. Apache-2.0; see LICENSE.
#include "common/options/options.h"

#include <algorithm>
#include <cstdlib>

#include "common/options/config_file.h"
#include "common/options/text.h"

namespace signpost::options {
namespace {

// The value in the words of the file, for messages.
std::string Describe(json::Value value) {
  if (value.IsString()) return Quoted(value.String());
  if (value.IsBool()) return value.Bool() ? "true" : "false";
  if (value.IsArray()) return "a list";
  if (value.IsObject()) return "an object";
  if (value.IsNull()) return "null";
  if (value.Int(INT64_MIN) != INT64_MIN) return std::to_string(value.Int());
  return "a number of another kind";
}

void WriteJson(json::Value value, json::Writer& out) {
  if (value.IsObject()) {
    out.BeginObject();
    value.ForEachMember([&](std::string_view key, json::Value member) { WriteJson(member, out.Key(key)); });
    out.EndObject();
  } else if (value.IsArray()) {
    out.BeginArray();
    value.ForEachElement([&](json::Value element) { WriteJson(element, out); });
    out.EndArray();
  } else if (value.IsString()) {
    out.String(value.String());
  } else if (value.IsBool()) {
    out.Bool(value.Bool());
  } else if (value.IsNull()) {
    out.Null();
  } else if (value.Int(INT64_MIN) != INT64_MIN) {
    out.Int(value.Int());
  } else {
    out.Double(value.Double());
  }
}

std::string JsonText(json::Value value) {
  json::Writer out;
  WriteJson(value, out);
  return out.Take();
}

// The value as it would be typed on the command line; none if its JSON type is not the row's.
std::optional<std::string> ScalarText(Type type, json::Value value) {
  switch (type) {
    case Type::kBool:
      if (value.IsBool()) return value.Bool() ? "true" : "false";
      return std::nullopt;
    case Type::kInteger:
    case Type::kIntegerMap:
      if (value.Int(INT64_MIN) != INT64_MIN) return std::to_string(value.Int());
      return std::nullopt;
    case Type::kDuration:
    case Type::kDurationMap:
      // To be told that the unit is missing, or to get the row's own.
      if (value.Int(INT64_MIN) != INT64_MIN) return std::to_string(value.Int());
      [[fallthrough]];
    case Type::kString:
    case Type::kWord:
    case Type::kFile:
      if (value.IsString()) return std::string(value.String());
      return std::nullopt;
    case Type::kTextMap:
      if (value.IsString()) return std::string(value.String());
      if (value.IsBool()) return value.Bool() ? "true" : "false";
      if (value.Int(INT64_MIN) != INT64_MIN) return std::to_string(value.Int());
      return std::nullopt;
    case Type::kJson:
      return JsonText(value);
  }
  return std::nullopt;
}

std::string FileDemand(const Row& row) {
  if (row.type == Type::kDurationMap) return "must be an object of names and durations, such as {\"web\": \"10s\"}";
  if (row.type == Type::kIntegerMap) return "must be an object of names and integers, such as {\"web\": 3}";
  if (row.type == Type::kTextMap) return "must be an object of names and texts, such as {\"web\": \"text\"}";
  return row.repeatable ? "must be a string or a list of strings" : Demand(row);
}

}  // namespace

Source ProcessSource(int argc, const char* const* argv) {
  Source source;
  for (int i = 1; i < argc; ++i) source.arguments.emplace_back(argv[i]);
  source.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
  };
  return source;
}

const Values::Entry& Values::Of(std::string_view name) const {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) Abort("option '" + std::string(name) + "' has no row");
  return entry->second;
}

bool Values::Given(std::string_view name) const {
  const auto entry = entries_.find(name);
  return entry != entries_.end() && !entry->second.origin.empty();
}

std::string Values::String(std::string_view name) const {
  const auto& texts = Of(name).texts;
  return texts.empty() ? "" : texts.back();
}

bool Values::Flag(std::string_view name) const { return String(name) == "true"; }

int64_t Values::Integer(std::string_view name) const {
  const auto value = ParseInteger(String(name));
  if (!value) Abort("option '" + std::string(name) + "' is not an integer");
  return *value;
}

Millis Values::Duration(std::string_view name) const {
  const auto value = ParseDuration(String(name));
  if (!value) Abort("option '" + std::string(name) + "' is not a duration");
  return *value;
}

const std::vector<std::string>& Values::List(std::string_view name) const { return Of(name).texts; }

namespace {

template <typename T, typename Parse>
std::vector<std::pair<std::string, T>> ToMap(const std::vector<std::string>& texts, Parse parse) {
  std::vector<std::pair<std::string, T>> map;
  for (const std::string& text : texts) {
    const auto parts = SplitAssignment(text);
    const auto value = parts ? parse(parts->second) : std::nullopt;
    if (!value) Abort("option value '" + text + "' is not NAME=VALUE");
    const auto known = std::find_if(map.begin(), map.end(), [&](const auto& e) { return e.first == parts->first; });
    if (known == map.end()) {
      map.emplace_back(parts->first, *value);
    } else {
      known->second = *value;
    }
  }
  return map;
}

}  // namespace

std::vector<std::pair<std::string, Millis>> Values::DurationMap(std::string_view name) const {
  return ToMap<Millis>(Of(name).texts, ParseDuration);
}

std::vector<std::pair<std::string, int64_t>> Values::IntegerMap(std::string_view name) const {
  return ToMap<int64_t>(Of(name).texts, ParseInteger);
}

std::vector<std::pair<std::string, std::string>> Values::TextMap(std::string_view name) const {
  std::vector<std::pair<std::string, std::string>> map;
  for (const std::string& text : Of(name).texts) {
    const size_t equals = text.find('=');
    const std::string key = text.substr(0, equals);
    std::erase_if(map, [&](const auto& entry) { return entry.first == key; });
    map.emplace_back(key, text.substr(equals + 1));
  }
  return map;
}

Status Values::Refuse(std::string_view name, std::string_view what) const {
  const auto entry = entries_.find(name);
  const bool given = entry != entries_.end() && !entry->second.origin.empty();
  return Status::Config((given ? entry->second.origin : "--" + std::string(name)) + " " + std::string(what));
}

class Reader {
 public:
  Reader(const Rows& rows, const Source& source, const Positional& positional)
      : rows_(rows), source_(source), positional_(positional), values_(rows) {}

  Result<Values> Run() {
    if (Status status = ReadCommandLine(); !status.ok()) return status;
    if (alone_) return std::move(values_);
    if (Status status = ReadFile(); !status.ok()) return status;
    if (Status status = ReadEnvironment(); !status.ok()) return status;
    for (const Row& row : rows_) {
      if (values_.Given(row.name)) continue;
      values_.entries_[row.name].texts.assign(row.defaults.begin(), row.defaults.end());
    }
    return std::move(values_);
  }

 private:
  Status ReadCommandLine();
  Status ReadArgument(size_t& at);
  Status ReadWord(const std::string& word);
  Result<std::string> ArgumentValue(const Row& row, const std::string& shown, size_t& at);
  Status ReadFile();
  Status ReadEntry(const ConfigEntry& entry, const std::string& place);
  Status ReadList(const Row& row, json::Value list, const std::string& origin);
  Status ReadObject(const Row& row, json::Value object, const std::string& origin);
  Status ReadScalar(const Row& row, json::Value value, const std::string& origin, const std::string& prefix = "");
  Status ReadEnvironment();
  bool IsOption(const std::string& argument) const;
  Status Add(const Row& row, std::string text, const std::string& origin);

  const Rows& rows_;
  const Source& source_;
  const Positional& positional_;
  size_t words_ = 0;
  Values values_;
  bool alone_ = false;
};

Status Reader::Add(const Row& row, std::string text, const std::string& origin) {
  text = Canonical(row, std::move(text));
  if (const std::string complaint = Complaint(row, text); !complaint.empty()) {
    return Status::Config(origin + " " + complaint);
  }
  Values::Entry& entry = values_.entries_[row.name];
  if (!row.repeatable && !IsMap(row.type)) entry.texts.clear();  // the last one counts
  entry.texts.push_back(std::move(text));
  entry.origin = origin;
  return Status::Ok();
}

Status Reader::ReadCommandLine() {
  for (size_t at = 0; at < source_.arguments.size() && !alone_; ++at) {
    if (Status status = ReadArgument(at); !status.ok()) return status;
  }
  return Status::Ok();
}

bool Reader::IsOption(const std::string& argument) const {
  const size_t dashes = argument.find_first_not_of('-');
  if (dashes == 0 || dashes == std::string::npos || dashes > 2) return false;
  return FindRow(rows_, std::string_view(argument).substr(dashes, argument.find('=') - dashes)) != nullptr;
}

// "--name value", "--name=value", "-name value", "-name=value", "--flag".
Status Reader::ReadArgument(size_t& at) {
  const std::string& argument = source_.arguments[at];
  const size_t dashes = argument.find_first_not_of('-');
  if (dashes == 0 || dashes == std::string::npos || dashes > 2) return ReadWord(argument);
  const std::string name = argument.substr(dashes, argument.find('=') - dashes);
  const std::string shown = argument.substr(0, dashes) + name;
  const Row* row = FindRow(rows_, name);
  if (row == nullptr) {
    return Status::Config("unknown option " + Quoted(shown) + Suggestion(rows_, name, "--") + "; see --help");
  }
  if (row->secret) {
    return Status::Config(shown + " would show in the list of processes; give it in the config file" +
                          (row->environment.empty() ? "" : " or as " + std::string(row->environment)));
  }
  if (row->type == Type::kJson) return Status::Config(shown + " belongs in the config file");
  const auto value = ArgumentValue(*row, shown, at);
  if (!value.ok()) return value.status();
  alone_ = row->alone;
  return Add(*row, value.value(), shown);
}

Status Reader::ReadWord(const std::string& word) {
  if (word.empty() || word.starts_with('-') || words_ == positional_.size()) {
    return Status::Config("unexpected argument " + Quoted(word) + "; options begin with --, see --help");
  }
  const Row* row = FindRow(rows_, positional_[words_++]);
  if (row == nullptr) Abort("a positional argument has no row");
  return Add(*row, word, "the argument " + std::string(row->value));
}

Result<std::string> Reader::ArgumentValue(const Row& row, const std::string& shown, size_t& at) {
  const std::string& argument = source_.arguments[at];
  const size_t equals = argument.find('=');
  if (equals != std::string::npos) return argument.substr(equals + 1);
  if (!row.bare.empty()) return std::string(row.bare);
  if (at + 1 == source_.arguments.size() || IsOption(source_.arguments[at + 1])) {
    return Status::Config(shown + " needs a value: " + shown + " " + std::string(row.value));
  }
  return source_.arguments[++at];
}

Status Reader::ReadFile() {
  if (!values_.Given("config")) return Status::Ok();
  const std::string path = values_.String("config");
  auto file = ReadConfigFile(path);
  if (!file.ok()) return file.status();
  std::vector<std::pair<std::string_view, size_t>> seen;
  for (const ConfigEntry& entry : file->entries) {
    const std::string place = path + " line " + std::to_string(entry.line) + ": ";
    const Row* row = FindRow(rows_, entry.key);
    if (row == nullptr) {
      return Status::Config(place + "unknown key " + Quoted(entry.key) + Suggestion(rows_, entry.key, ""));
    }
    const auto twin = std::find_if(seen.begin(), seen.end(), [&](const auto& s) { return s.first == row->name; });
    if (twin != seen.end()) {
      return Status::Config(place + entry.key + " was given before, on line " + std::to_string(twin->second));
    }
    seen.emplace_back(row->name, entry.line);
    if (Status status = ReadEntry(entry, place); !status.ok()) return status;
  }
  return Status::Ok();
}

Status Reader::ReadEntry(const ConfigEntry& entry, const std::string& place) {
  const Row& row = *FindRow(rows_, entry.key);
  const std::string origin = place + entry.key;
  if (row.command_line_only) return Status::Config(origin + " belongs on the command line");
  if (values_.Given(row.name)) {  // the command line has it: check the file's value all the same, but do not use it
    Values::Entry kept = values_.entries_[row.name];
    Status status = IsMap(row.type) ? ReadObject(row, entry.value, origin) : ReadList(row, entry.value, origin);
    values_.entries_[row.name] = std::move(kept);
    return status;
  }
  return IsMap(row.type) ? ReadObject(row, entry.value, origin) : ReadList(row, entry.value, origin);
}

Status Reader::ReadList(const Row& row, json::Value list, const std::string& origin) {
  if (!row.repeatable || !list.IsArray()) return ReadScalar(row, list, origin);
  values_.entries_[row.name].origin = origin;  // an empty list is a value
  for (size_t i = 0; i < list.size(); ++i) {
    if (Status status = ReadScalar(row, list.At(i), origin); !status.ok()) return status;
  }
  return Status::Ok();
}

Status Reader::ReadObject(const Row& row, json::Value object, const std::string& origin) {
  if (!object.IsObject()) return Status::Config(origin + " " + FileDemand(row) + ", not " + Describe(object));
  values_.entries_[row.name].origin = origin;
  Status status;
  object.ForEachMember([&](std::string_view key, json::Value value) {
    if (status.ok()) status = ReadScalar(row, value, origin, std::string(key) + "=");
  });
  return status;
}

Status Reader::ReadScalar(const Row& row, json::Value value, const std::string& origin, const std::string& prefix) {
  const auto text = ScalarText(row.type, value);
  if (text) return Add(row, prefix + *text, origin);
  return Status::Config(origin + " " + FileDemand(row) + (row.secret ? "" : ", not " + Describe(value)));
}

Status Reader::ReadEnvironment() {
  for (const Row& row : rows_) {
    if (row.environment.empty() || values_.Given(row.name)) continue;
    const std::string variable(row.environment);
    const auto text = source_.environment(variable);
    if (!text || text->empty()) continue;
    if (Status status = Add(row, row.variable_is_flag ? "true" : *text, variable); !status.ok()) return status;
  }
  return Status::Ok();
}

Result<Values> Read(const Rows& rows, const Source& source, const Positional& positional) {
  return Reader(rows, source, positional).Run();
}

std::vector<std::string_view> SealedChanges(const Values& before, const Values& after) {
  std::vector<std::string_view> changed;
  for (const Row& row : *after.rows_) {
    if (row.reloadable || row.command_line_only) continue;
    if (before.Of(row.name).texts != after.Of(row.name).texts) changed.push_back(row.name);
  }
  return changed;
}

}  // namespace signpost::options
