// Signpost. Apache-2.0; see LICENSE.
#include "common/options/help.h"

#include <algorithm>

namespace signpost::options {
namespace {

constexpr size_t kHelpColumn = 34;
constexpr size_t kWidth = 110;

std::string Synopsis(const Row& row) {
  const std::string name = "--" + std::string(row.name);
  if (row.type == Type::kBool) return row.defaults.empty() || row.defaults[0] == "false" ? name : name + "=false";
  const std::string value(row.value);
  return row.bare.empty() ? name + " " + value : name + "[=" + value + "]";
}

std::string Default(const Row& row) {
  if (row.defaults.empty()) return std::string(row.default_note);
  std::string text;
  for (const std::string_view value : row.defaults) text += (text.empty() ? "" : ", ") + std::string(value);
  return text;
}

// Breaks `text` at spaces so that no line passes kWidth; continuation lines begin at kHelpColumn.
void AppendWrapped(std::string& out, size_t column, std::string_view text) {
  while (!text.empty()) {
    size_t end = text.find(' ');
    if (end == std::string_view::npos) end = text.size();
    if (column + end > kWidth) {
      out.back() = '\n';
      out.append(kHelpColumn, ' ');
      column = kHelpColumn;
    }
    out += text.substr(0, end);
    out += ' ';
    column += end + 1;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out.back() = '\n';
}

std::string Notes(const Row& row) {
  std::string notes;
  const auto note = [&](const std::string& text) { notes += (notes.empty() ? "" : "; ") + text; };
  if (row.repeatable || IsMap(row.type)) note("repeatable");
  if (const std::string value = Default(row); !value.empty()) note("default: " + value);
  if (!row.environment.empty()) note("environment: " + std::string(row.environment));
  if (row.secret) note("not on the command line");
  if (row.type == Type::kJson) note("only in the config file");
  if (!row.alias.empty()) note("also --" + std::string(row.alias));
  return notes;
}

std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string Code(std::string_view text) { return text.empty() ? "" : "`" + Cell(text) + "`"; }

std::string DefaultCell(const Row& row) {
  if (row.defaults.empty()) return Cell(row.default_note);
  std::string text;
  for (const std::string_view value : row.defaults) text += (text.empty() ? "" : ", ") + Code(value);
  return text;
}

}  // namespace

std::string HelpText(std::string_view usage, std::string_view summary, const Rows& rows) {
  std::string out = "usage: " + std::string(usage) + "\n" + std::string(summary) + "\n\n";
  for (const Row& row : rows) {
    std::string head = "  " + Synopsis(row);
    const bool fits = head.size() + 2 <= kHelpColumn;
    if (fits) {
      head.resize(kHelpColumn, ' ');
    } else {
      head += '\n' + std::string(kHelpColumn, ' ');
    }
    out += head;
    const std::string notes = Notes(row);
    AppendWrapped(out, kHelpColumn, std::string(row.help) + (notes.empty() ? "" : " (" + notes + ")"));
  }
  return out + "\nThe config file is a JSON object whose keys are these names; _ and - are the same in a name.\n";
}

std::string HelpMarkdown(const Rows& rows) {
  std::string out = "| Option | Default | Environment | SIGHUP | Meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const Row& row : rows) {
    std::string meaning = Cell(row.help);
    if (row.repeatable || IsMap(row.type)) meaning += "; repeatable";
    if (row.secret) meaning += "; never on the command line";
    if (row.type == Type::kJson) meaning += "; only in the config file";
    if (!row.alias.empty()) meaning += "; also " + Code("--" + std::string(row.alias));
    out += "| " + Code(Synopsis(row)) + " | " + DefaultCell(row) + " | " + Code(row.environment) + " | " +
           (row.reloadable ? "yes" : "") + " | " + meaning + " |\n";
  }
  return out;
}

}  // namespace signpost::options
