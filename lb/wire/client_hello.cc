// Signpost. Apache-2.0; see LICENSE.
#include "lb/wire/client_hello.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"

namespace signpost::lb {
namespace {

using Kind = ClientHelloResult::Kind;
using Bytes = std::span<const uint8_t>;

constexpr size_t kMaxBytes = 16 << 10;
constexpr size_t kRecordHead = 5;
constexpr size_t kHandshakeHead = 4;
constexpr size_t kMaxRecord = 1 << 14;
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kMajorVersion = 3;
constexpr uint8_t kClientHello = 1;
constexpr uint16_t kServerName = 0;
constexpr uint8_t kHostName = 0;
constexpr size_t kMaxName = 255;

ClientHelloResult Result(Kind kind) { return {.kind = kind}; }

enum class Cut : unsigned char { kMore, kComplete, kBroken };

// Takes the next record's bytes, as many as are there.
Cut TakeRecord(Bytes& rest, Bytes& fragment) {
  if (!rest.empty() && rest[0] != kHandshakeRecord) return Cut::kBroken;
  if (rest.size() > 1 && rest[1] != kMajorVersion) return Cut::kBroken;
  if (rest.size() < kRecordHead) return Cut::kMore;
  const size_t length = LoadU16(&rest[3]);
  if (length == 0 || length > kMaxRecord) return Cut::kBroken;
  const size_t here = std::min(length, rest.size() - kRecordHead);
  fragment = rest.subspan(kRecordHead, here);
  rest = rest.subspan(kRecordHead + here);
  return here == length ? Cut::kComplete : Cut::kMore;
}

// The handshake message's head as far as it is there, and how many bytes of the message are.
struct Seen {
  std::array<uint8_t, kHandshakeHead> head{};
  size_t size = 0;

  void Add(Bytes fragment) {
    for (size_t i = 0; size + i < head.size() && i < fragment.size(); ++i) head[size + i] = fragment[i];
    size += fragment.size();
  }
  bool is_hello() const { return size == 0 || head[0] == kClientHello; }
  bool has_length() const { return size >= kHandshakeHead; }
  size_t length() const { return kHandshakeHead + (LoadU32(head.data()) & 0xffffff); }
};

// The body of the hello: all in one record nearly always, else joined in `joined`.
Bytes Join(Bytes bytes, size_t length, std::vector<uint8_t>& joined) {
  Bytes fragment;
  TakeRecord(bytes, fragment);
  if (fragment.size() < length) {
    joined.reserve(length);
    do {
      joined.insert(joined.end(), fragment.begin(), fragment.end());
    } while (joined.size() < length && TakeRecord(bytes, fragment) != Cut::kBroken);
    fragment = joined;
  }
  return fragment.first(length).subspan(kHandshakeHead);
}

ClientHelloResult FromName(Bytes name) {
  ClientHelloResult result{.kind = Kind::kName};
  for (const uint8_t byte : name) {
    const char c = static_cast<char>(byte);
    const bool upper = c >= 'A' && c <= 'Z';
    const bool other = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    if (!upper && !other) return Result(Kind::kNotTls);
    result.server_name += upper ? static_cast<char>(c | 0x20) : c;
  }
  return result;
}

// server_name's data: a list of typed names, of which at most one is a host name (RFC 6066 3).
ClientHelloResult ReadServerName(Bytes data) {
  ByteReader reader(data);
  const size_t list = reader.U16();
  if (!reader.ok() || list == 0 || list != reader.remaining()) return Result(Kind::kNotTls);
  Bytes host;
  while (reader.remaining() > 0) {
    const uint8_t type = reader.U8();
    const Bytes name = reader.Bytes(reader.U16());
    if (!reader.ok() || name.empty() || name.size() > kMaxName) return Result(Kind::kNotTls);
    if (type != kHostName) continue;
    if (!host.empty()) return Result(Kind::kNotTls);
    host = name;
  }
  return host.empty() ? Result(Kind::kNoName) : FromName(host);
}

ClientHelloResult ReadExtensions(Bytes extensions) {
  ByteReader reader(extensions);
  ClientHelloResult result = Result(Kind::kNoName);
  bool seen = false;
  while (reader.remaining() > 0) {
    const uint16_t type = reader.U16();
    const Bytes data = reader.Bytes(reader.U16());
    if (!reader.ok()) return Result(Kind::kNotTls);
    if (type != kServerName) continue;
    if (seen) return Result(Kind::kNotTls);
    seen = true;
    result = ReadServerName(data);
    if (result.kind == Kind::kNotTls) return result;
  }
  return result;
}

ClientHelloResult ReadHello(Bytes hello) {
  constexpr size_t kRandom = 32;
  constexpr size_t kMaxSessionId = 32;
  ByteReader reader(hello);
  const uint8_t major = reader.U8();
  reader.Skip(1 + kRandom);
  const size_t session_id = reader.U8();
  reader.Skip(session_id);
  const size_t ciphers = reader.U16();
  reader.Skip(ciphers);
  const size_t compressions = reader.U8();
  reader.Skip(compressions);
  if (!reader.ok() || major != kMajorVersion || session_id > kMaxSessionId || ciphers < 2 || ciphers % 2 != 0 ||
      compressions == 0) {
    return Result(Kind::kNotTls);
  }
  if (reader.remaining() == 0) return Result(Kind::kNoName);
  const size_t extensions = reader.U16();
  if (!reader.ok() || extensions != reader.remaining()) return Result(Kind::kNotTls);
  return ReadExtensions(reader.Bytes(extensions));
}

}  // namespace

ClientHelloResult ParseClientHello(Bytes bytes) {
  Bytes rest = bytes.first(std::min(bytes.size(), kMaxBytes));
  Seen seen;
  for (;;) {
    Bytes fragment;
    const Cut cut = TakeRecord(rest, fragment);
    seen.Add(fragment);
    if (cut == Cut::kBroken || !seen.is_hello()) return Result(Kind::kNotTls);
    if (seen.has_length() && seen.length() > kMaxBytes) return Result(Kind::kNotTls);
    if (seen.has_length() && seen.size >= seen.length()) break;
    if (cut == Cut::kMore) return Result(bytes.size() < kMaxBytes ? Kind::kMore : Kind::kNotTls);
  }
  std::vector<uint8_t> joined;
  return ReadHello(Join(bytes, seen.length(), joined));
}

}  // namespace signpost::lb
