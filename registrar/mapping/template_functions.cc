// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/template_functions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

// What a call was given, sorted by type; the order within a type is kept.
struct Arguments {
  Strings texts;
  std::vector<int64_t> numbers;
  const Strings* list = nullptr;
  const StringPairs* map = nullptr;
};

using Outcome = Result<TemplateValue>;

struct Function {
  std::string_view name;
  size_t texts;
  size_t min_numbers, max_numbers;
  bool list, map;
  Outcome (*call)(const Arguments&);
};

size_t Position(std::string_view text, int64_t at) {
  const auto size = static_cast<int64_t>(text.size());
  if (at < 0) at += size;
  return CharacterStart(text, static_cast<size_t>(std::clamp<int64_t>(at, 0, size)));
}

Outcome StrSlice(const Arguments& in) {
  const std::string_view text = in.texts[0];
  const size_t start = Position(text, in.numbers[0]);
  const size_t end = in.numbers.size() > 1 ? Position(text, in.numbers[1]) : text.size();
  return TemplateValue(std::string(end < start ? text.substr(start) : text.substr(start, end - start)));
}

const std::string* Element(const Strings& list, int64_t at) {
  const auto size = static_cast<int64_t>(list.size());
  if (at < 0) at += size;
  return at >= 0 && at < size ? &list[static_cast<size_t>(at)] : nullptr;
}

Outcome ElementOrEmpty(const Strings& list, int64_t at) {
  const std::string* found = Element(list, at);
  return TemplateValue(found ? *found : std::string());
}

Outcome SIndex(const Arguments& in) { return ElementOrEmpty(*in.list, in.numbers[0]); }

Outcome MIndex(const Arguments& in) {
  for (const auto& [key, value] : *in.map) {
    if (key == in.texts[0]) return TemplateValue(value);
  }
  return TemplateValue(std::string());
}

std::string Mapped(std::string text, int (*change)(int)) {
  std::ranges::transform(text, text.begin(), [change](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x80 ? static_cast<char>(change(byte)) : c;
  });
  return text;
}

Outcome ToUpper(const Arguments& in) { return TemplateValue(Mapped(in.texts[0], std::toupper)); }
Outcome ToLower(const Arguments& in) { return TemplateValue(Mapped(in.texts[0], std::tolower)); }

Outcome Replace(const Arguments& in) {
  const std::string& from = in.texts[0];
  const std::string& text = in.texts[2];
  if (from.empty()) return Status::Invalid("replace needs a text to look for");
  std::string result;
  size_t at = 0;
  for (int64_t left = in.numbers[0]; left != 0 && result.size() <= kMaxTemplateValue; --left) {
    const size_t found = text.find(from, at);
    if (found == std::string::npos) break;
    result.append(text, at, found - at).append(in.texts[1]);
    at = found + from.size();
  }
  return TemplateValue(result.append(text, at));
}

Outcome Join(const Arguments& in) {
  std::string result;
  for (const std::string& element : *in.list) {
    if (&element != &in.list->front()) result += in.texts[0];
    result += element;
    if (result.size() > kMaxTemplateValue) break;
  }
  return TemplateValue(std::move(result));
}

Strings SplitText(const std::string& separator, const std::string& text) {
  if (separator.empty()) return {text};
  Strings parts;
  size_t at = 0;
  for (size_t found = text.find(separator); found != std::string::npos; found = text.find(separator, at)) {
    parts.push_back(text.substr(at, found - at));
    at = found + separator.size();
  }
  parts.push_back(text.substr(at));
  return parts;
}

Outcome Split(const Arguments& in) { return TemplateValue(SplitText(in.texts[0], in.texts[1])); }
Outcome SplitIndex(const Arguments& in) { return ElementOrEmpty(SplitText(in.texts[0], in.texts[1]), in.numbers[0]); }

Result<Strings> Matches(const Arguments& in) {
  const std::string& pattern = in.texts[0];
  if (pattern.find_first_of("^$[](){}+?\\|") != std::string::npos || pattern.find(".*") != std::string::npos) {
    return Status::Invalid("regular expressions are not understood: write plain text, with * for anything");
  }
  Strings found;
  for (const std::string& element : *in.list) {
    if (MatchesPattern(pattern, element)) found.push_back(element);
  }
  return found;
}

Outcome MatchFirst(const Arguments& in) {
  Result<Strings> found = Matches(in);
  if (!found.ok()) return found.status();
  return ElementOrEmpty(found.value(), 0);
}

Outcome MatchAll(const Arguments& in) {
  Result<Strings> found = Matches(in);
  if (!found.ok()) return found.status();
  return TemplateValue(std::move(found).value());
}

constexpr std::array<Function, 11> kFunctions = {{
    {"strSlice", 1, 1, 2, false, false, StrSlice},
    {"sIndex", 0, 1, 1, true, false, SIndex},
    {"mIndex", 1, 0, 0, false, true, MIndex},
    {"toUpper", 1, 0, 0, false, false, ToUpper},
    {"toLower", 1, 0, 0, false, false, ToLower},
    {"replace", 3, 1, 1, false, false, Replace},
    {"join", 1, 0, 0, true, false, Join},
    {"split", 2, 0, 0, false, false, Split},
    {"splitIndex", 2, 1, 1, false, false, SplitIndex},
    {"matchFirstElement", 1, 0, 0, true, false, MatchFirst},
    {"matchAllElements", 1, 0, 0, true, false, MatchAll},
}};

Outcome Index(const std::vector<TemplateValue>& arguments) {
  if (arguments.size() != 2) return Status::Invalid("index needs a list and a number, or a map and a key");
  const auto* list = std::get_if<Strings>(&arguments[0]);
  const auto* number = std::get_if<int64_t>(&arguments[1]);
  if (list && number) {
    const std::string* found = *number >= 0 ? Element(*list, *number) : nullptr;
    if (!found) return Status::Invalid("index " + std::to_string(*number) + " is out of range");
    return TemplateValue(*found);
  }
  const auto* map = std::get_if<StringPairs>(&arguments[0]);
  const auto* key = std::get_if<std::string>(&arguments[1]);
  if (!map || !key) return Status::Invalid("index needs a list and a number, or a map and a key");
  return MIndex({.texts = {*key}, .map = map});
}

Outcome Printf(const std::vector<TemplateValue>& arguments) {
  const auto* format = arguments.empty() ? nullptr : std::get_if<std::string>(&arguments[0]);
  if (!format) return Status::Invalid("printf needs a format");
  std::string result;
  size_t next = 1;
  for (size_t i = 0; i < format->size() && result.size() <= kMaxTemplateValue; ++i) {
    const char kind = (*format)[i] != '%' ? '\0' : i + 1 < format->size() ? (*format)[i + 1] : '?';
    if (kind == '\0') {
      result += (*format)[i];
      continue;
    }
    ++i;
    if (kind == '%') {
      result += '%';
      continue;
    }
    if (kind != 's' && kind != 'd' && kind != 'v') return Status::Invalid("printf understands %s, %d, %v and %% only");
    if (next == arguments.size()) return Status::Invalid("printf has more % than values");
    const Result<std::string> text = TemplateText(arguments[next++]);
    if (!text.ok()) return text.status();
    result += text.value();
  }
  if (next != arguments.size()) return Status::Invalid("printf has more values than %");
  return TemplateValue(std::move(result));
}

bool Fits(const Function& function, const Arguments& in) {
  return in.texts.size() == function.texts && in.numbers.size() >= function.min_numbers &&
         in.numbers.size() <= function.max_numbers && (in.list != nullptr) == function.list &&
         (in.map != nullptr) == function.map;
}

Outcome CallTyped(std::string_view name, const std::vector<TemplateValue>& arguments) {
  const auto* const function = std::ranges::find(kFunctions, name, &Function::name);
  if (function == kFunctions.end()) return Status::Invalid("there is no function " + std::string(name));
  Arguments in;
  size_t collections = 0;
  for (const TemplateValue& argument : arguments) {
    if (const auto* text = std::get_if<std::string>(&argument)) in.texts.push_back(*text);
    if (const auto* number = std::get_if<int64_t>(&argument)) in.numbers.push_back(*number);
    if (const auto* list = std::get_if<Strings>(&argument)) in.list = list, ++collections;
    if (const auto* map = std::get_if<StringPairs>(&argument)) in.map = map, ++collections;
  }
  if (collections > 1 || !Fits(*function, in)) {
    return Status::Invalid("the arguments of " + std::string(name) + " do not fit");
  }
  return function->call(in);
}

}  // namespace

Result<TemplateValue> CallTemplateFunction(std::string_view name, const std::vector<TemplateValue>& arguments) {
  Outcome outcome = name == "index"    ? Index(arguments)
                    : name == "printf" ? Printf(arguments)
                                       : CallTyped(name, arguments);
  if (!outcome.ok()) return outcome;
  const auto* text = std::get_if<std::string>(&outcome.value());
  if (text && text->size() > kMaxTemplateValue) return Status::Invalid("too long a text");
  return outcome;
}

Result<std::string> TemplateText(const TemplateValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  return Status::Invalid(std::holds_alternative<Strings>(value) ? "a list is no text: use join or index"
                                                                : "a map is no text: use index or mIndex");
}

}  // namespace signpost::registrar
