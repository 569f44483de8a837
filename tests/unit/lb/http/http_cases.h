// Signpost. Apache-2.0; see LICENSE.
// Reads tests/cases/lb_http_*.cases; their heads explain the format. Tests run in the project's root.
#pragma once

#include <algorithm>
#include <cctype>
#include <fstream>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::lb::test {

struct HttpCase {
  std::string id;
  std::string title;
  std::set<std::string> options;
  std::string bytes;
  std::string want;   // "400", "400 body", "none", "length 3", "chunked", "chunked cut"
  std::string head;   // "up" or "down" lines, each with CR LF
  std::string added;  // "add" lines
  std::string body;
  std::string trailers;
  std::string rest;
  bool flagged = false;  // "close" or "discard"
  bool fin = false;

  bool Has(const std::string& option) const { return options.contains(option); }
};

inline void PrintTo(const HttpCase& http_case, std::ostream* out) { *out << http_case.id << " " << http_case.title; }

inline std::string Unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (text.at(++i)) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case '0':
        out += '\0';
        break;
      case 's':
        out += ' ';
        break;
      case 'x':
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

inline std::string TakeWord(std::string& text) {
  const size_t space = std::min(text.find(' '), text.size());
  const std::string word = text.substr(0, space);
  text.erase(0, space + 1);
  return word;
}

// One line of a case, without its indentation. False when its first word is unknown.
inline bool AddLine(HttpCase& to, std::string text) {
  const std::string word = TakeWord(text);
  if (word == "with") {
    while (!text.empty()) to.options.insert(TakeWord(text));
  } else if (word == "line") {
    to.bytes += Unescaped(text) + "\r\n";
  } else if (word == "send") {
    to.bytes += Unescaped(text);
  } else if (word == "repeat") {
    const int times = std::stoi(TakeWord(text));
    for (int i = 0; i < times; ++i) to.bytes += Unescaped(text);
  } else if (word == "want") {
    to.want = text;
  } else if (word == "up" || word == "down") {
    to.head += Unescaped(text) + "\r\n";
  } else if (word == "add") {
    to.added += Unescaped(text) + "\r\n";
  } else if (word == "body") {
    to.body += Unescaped(text);
  } else if (word == "trailer") {
    to.trailers += Unescaped(text) + "\r\n";
  } else if (word == "rest") {
    to.rest += Unescaped(text);
  } else if (word == "close" || word == "discard") {
    to.flagged = true;
  } else if (word == "fin") {
    to.fin = true;
  } else {
    return false;
  }
  return true;
}

// Ends the process when the file is missing or a line is not understood.
inline std::vector<HttpCase> ReadHttpCases(const std::string& path) {
  std::ifstream file(path);
  std::vector<HttpCase> cases;
  std::string line;
  while (std::getline(file, line)) {
    if (line.empty() || line.front() == '#') continue;
    if (line.front() != ' ') {
      cases.emplace_back();
      cases.back().id = TakeWord(line);
      cases.back().title = line;
    } else if (cases.empty() || !AddLine(cases.back(), line.substr(2))) {
      Abort(path + ": " + line);
    }
  }
  if (cases.empty()) Abort(path + " has no cases");
  return cases;
}

inline std::string CaseName(const std::string& id) {
  std::string name = id;
  std::ranges::replace(name, '.', '_');
  return name;
}

}  // namespace signpost::lb::test
