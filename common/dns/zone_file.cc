// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/zone_file.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <span>
#include <utility>

#include "common/dns/zone_lexer.h"
#include "common/dns/zone_rdata.h"
#include "common/dns/zone_source.h"

namespace signpost::dns {
namespace {

constexpr uint16_t kTypeSoa = 6, kClassIn = 1;
constexpr uint32_t kMaxTtl = 0x7fffffff;  // RFC 2181 8
constexpr size_t kMaxRecords = 5'000'000;
constexpr size_t kMaxFiles = 1000;
constexpr int kMaxDepth = 8;

// What a directive changes, and what a record leaves for the next. An included file gets and leaves no changes.
struct State {
  std::string origin;  // wire form
  std::string owner;   // of the last record; empty: none yet
  std::optional<uint32_t> default_ttl;
  std::optional<uint32_t> last_ttl;
};

std::string Upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 64)) + "\""; }

bool IsClass(std::string_view upper) {
  return upper == "IN" || upper == "CH" || upper == "CS" || upper == "HS" || upper.starts_with("CLASS");
}

Result<uint32_t> ReadTtl(std::string_view text) {
  const auto seconds = ReadSeconds(text);
  if (!seconds) return Status::Config(Quoted(text) + " is no TTL; write seconds, or a time like 1h30m");
  if (*seconds > kMaxTtl)
    return Status::Config("the TTL " + Quoted(text) + " is above 2147483647 seconds (RFC 2181 8)");
  return static_cast<uint32_t>(*seconds);
}

class Reader {
 public:
  explicit Reader(ZoneSource* source) : source_(source) {}

  Status Read(std::string_view text, const std::string& name, State state, int depth);
  ZoneFile Take() { return std::move(zone_); }

 private:
  Status ReadEntry(const ZoneEntry& entry, State& state, int depth);
  Status ReadDirective(const ZoneEntry& entry, State& state, int depth);
  Status ReadInclude(std::span<const ZoneToken> words, const State& state, int depth);
  Status ReadRecord(const ZoneEntry& entry, State& state);
  Status ReadHead(std::span<const ZoneToken>& words, std::optional<uint32_t>& ttl, uint16_t& type) const;
  Status SetTtl(ZoneFileRecord& record, std::optional<uint32_t> written, State& state) const;

  ZoneSource* source_;  // null: no file may be included
  ZoneFile zone_;
  uint32_t file_ = 0;     // that is being read
  bool is_told_ = false;  // the failure names its place already: it is an included file's
};

Status Reader::Read(std::string_view text, const std::string& name, State state, int depth) {
  file_ = static_cast<uint32_t>(zone_.files.size());
  const uint32_t own = file_;
  zone_.files.push_back(name);
  const auto at = [&](uint32_t line, const Status& status) {
    if (std::exchange(is_told_, true)) return status;
    return Status(status.kind(), name + ":" + std::to_string(line) + ": " + status.text());
  };
  if (text.starts_with("\xef\xbb\xbf")) {
    return at(1, Status::Config("the file begins with a byte-order mark; save it as UTF-8 without one"));
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(nul), '\n');
    return at(static_cast<uint32_t>(line), Status::Config("there is a zero byte; a master file is text"));
  }
  ZoneLexer lexer(text);
  ZoneEntry entry;
  for (;;) {
    const Result<bool> more = lexer.Next(entry);
    if (!more.ok()) return at(lexer.line(), more.status());
    if (!more.value()) return {};
    file_ = own;
    if (Status status = ReadEntry(entry, state, depth); !status.ok()) return at(entry.line, status);
  }
}

Status Reader::ReadEntry(const ZoneEntry& entry, State& state, int depth) {
  const ZoneToken& first = entry.tokens.front();
  if (!entry.starts_blank && !first.quoted && first.text.starts_with('$')) return ReadDirective(entry, state, depth);
  if (zone_.records.size() == kMaxRecords) return Status::Config("the zone has more than 5000000 records");
  return ReadRecord(entry, state);
}

Status Reader::ReadDirective(const ZoneEntry& entry, State& state, int depth) {
  const std::string directive = Upper(entry.tokens.front().text);
  const auto words = std::span(entry.tokens).subspan(1);
  if (directive == "$GENERATE") return Status::Config("$GENERATE is not supported; write out the records");
  if (directive == "$INCLUDE") return ReadInclude(words, state, depth);
  if (directive != "$ORIGIN" && directive != "$TTL") {
    return Status::Config(Quoted(directive) + " is no directive; known are $ORIGIN, $TTL and $INCLUDE");
  }
  if (words.size() != 1) return Status::Config(directive + " takes one value");
  if (directive == "$TTL") {
    const auto ttl = ReadTtl(words[0].text);
    if (!ttl.ok()) return ttl.status();
    state.default_ttl = ttl.value();
    return {};
  }
  auto origin = ReadZoneName(words[0], state.origin);
  if (!origin.ok()) return origin.status();
  state.origin = std::move(origin).value();
  return {};
}

Status Reader::ReadInclude(std::span<const ZoneToken> words, const State& state, int depth) {
  if (words.empty() || words.size() > 2) return Status::Config("$INCLUDE takes a file and, if wanted, an origin");
  if (source_ == nullptr) return Status::Config("$INCLUDE is not possible here; write the records into this text");
  if (depth == kMaxDepth) return Status::Config("$INCLUDE is nested more than 8 deep; does a file include itself?");
  if (zone_.files.size() == kMaxFiles) return Status::Config("the zone includes more than 1000 files");
  State inner = state;
  inner.owner.clear();
  if (words.size() == 2) {
    auto origin = ReadZoneName(words[1], state.origin);
    if (!origin.ok()) return origin.status();
    inner.origin = std::move(origin).value();
  }
  const std::string path = ZoneSource::Beside(zone_.files[file_], words[0].text);
  const Result<std::string> text = source_->ReadIncluded(path);
  if (!text.ok()) return text.status();
  return Read(text.value(), path, std::move(inner), depth + 1);
}

Status Reader::ReadRecord(const ZoneEntry& entry, State& state) {
  std::span<const ZoneToken> words = entry.tokens;
  if (!entry.starts_blank) {
    auto owner = ReadZoneName(words[0], state.origin);
    if (!owner.ok()) return owner.status();
    state.owner = std::move(owner).value();
    words = words.subspan(1);
  }
  if (state.owner.empty()) {
    return Status::Config("the line begins with a blank, but no record before it has an owner; write one");
  }
  ZoneFileRecord record{.owner = state.owner, .rclass = kClassIn, .line = entry.line, .file = file_};
  std::optional<uint32_t> ttl;
  if (Status status = ReadHead(words, ttl, record.type); !status.ok()) return status;
  auto rdata = ReadRdata(record.type, words, state.origin);
  if (!rdata.ok()) return rdata.status();
  record.rdata = std::move(rdata).value();
  if (Status status = SetTtl(record, ttl, state); !status.ok()) return status;
  zone_.records.push_back(std::move(record));
  return {};
}

// TTL and class, in any order, each or none, then the type.
Status Reader::ReadHead(std::span<const ZoneToken>& words, std::optional<uint32_t>& ttl, uint16_t& type) const {
  bool has_class = false;
  for (; !words.empty(); words = words.subspan(1)) {
    const std::string word = Upper(words[0].text);
    if (!ttl && !word.empty() && word[0] >= '0' && word[0] <= '9') {
      const auto read = ReadTtl(words[0].text);
      if (!read.ok()) return read.status();
      ttl = read.value();
    } else if (!has_class && IsClass(word)) {
      if (word != "IN" && word != "CLASS1") return Status::Config("class " + word + "; only IN is served, remove it");
      has_class = true;
    } else {
      type = words[0].quoted ? 0 : ReadType(word);
      words = words.subspan(1);
      return type != 0 ? Status()
                       : Status::Config(Quoted(word) + " is no record type; check the fields before the data");
    }
  }
  return Status::Config("the record has no type; write owner, TTL, type and data");
}

// Without $TTL the last record's holds on (RFC 1035 5.1); the first, if it is the SOA, has its MINIMUM.
Status Reader::SetTtl(ZoneFileRecord& record, std::optional<uint32_t> written, State& state) const {
  if (!written && !state.default_ttl && !state.last_ttl && record.type == kTypeSoa && record.rdata.size() >= 4) {
    uint32_t minimum = 0;
    for (const char c : std::string_view(record.rdata).substr(record.rdata.size() - 4)) {
      minimum = minimum << 8 | static_cast<uint8_t>(c);
    }
    written = state.default_ttl = std::min(minimum, kMaxTtl);
  }
  const auto ttl = written ? written : state.default_ttl ? state.default_ttl : state.last_ttl;
  if (!ttl) return Status::Config("the record has no TTL, nor has one before it; add $TTL at the top");
  record.ttl = *ttl;
  state.last_ttl = ttl;
  return {};
}

// The wire form of the origin, final dot or none.
Result<State> InitialState(std::string_view origin) {
  auto name = ReadZoneName({.text = origin, .quoted = true}, std::string_view("\0", 1));
  if (!name.ok()) return name.status();
  return State{.origin = std::move(name).value(), .owner = {}, .default_ttl = {}, .last_ttl = {}};
}

}  // namespace

Result<ZoneFile> ReadZoneFile(const std::string& path, std::string_view origin) {
  auto state = InitialState(origin);
  if (!state.ok()) return state.status();
  ZoneSource source(path);
  const Result<std::string> text = source.ReadFirst();
  if (!text.ok()) return Status(text.status().kind(), path + ": " + text.status().text());
  Reader reader(&source);
  if (Status status = reader.Read(text.value(), path, state.value(), 1); !status.ok()) return status;
  return reader.Take();
}

Result<ZoneFile> ReadZoneText(std::string_view text, std::string_view name, std::string_view origin) {
  auto state = InitialState(origin);
  if (!state.ok()) return state.status();
  Reader reader(nullptr);
  if (Status status = reader.Read(text, std::string(name), state.value(), 1); !status.ok()) return status;
  return reader.Take();
}

}  // namespace signpost::dns
