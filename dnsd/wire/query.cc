// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/query.h"

#include "common/base/bytes.h"

namespace signpost::wire {
namespace {

// Skips a name that may end in a compression pointer, without following it.
bool SkipName(ByteReader& reader) {
  for (;;) {
    const uint8_t length = reader.U8();
    if (!reader.ok()) return false;
    if (length == 0) return true;
    if (length >= 0xc0) {
      reader.Skip(1);
      return reader.ok();
    }
    if (length > kMaxLabel) return false;
    reader.Skip(length);
  }
}

// RFC 7873 4: the client's part alone, or with a server's.
bool IsCookieSize(size_t size) { return size == kClientCookieSize || (size >= 16 && size <= 40); }

// False when the option makes the query malformed.
bool ReadOption(uint16_t code, std::span<const uint8_t> data, Cookies cookies, Edns& edns) {
  switch (code) {
    case edns_option::kNsid:
      edns.nsid = true;  // what the client put into it means nothing (RFC 5001 2.1, W112)
      return true;
    case edns_option::kCookie:
      if (cookies == Cookies::kIgnored || !edns.cookie.empty())
        return true;  // only the first counts (RFC 7873 5.2, W117)
      if (!IsCookieSize(data.size())) return false;
      edns.cookie = data;
      return true;
    case edns_option::kTcpKeepalive:
      edns.tcp_keepalive = true;
      return true;
    case edns_option::kHop:
      if (edns.hop.empty() && data.size() == kHopSize) edns.hop = data;
      return true;
    default:
      return true;
  }
}

// RFC 6891 6.1.2: options are code, length, data. False when one runs past the RDATA or is malformed itself.
bool ReadOptions(std::span<const uint8_t> rdata, Cookies cookies, Edns& edns) {
  ByteReader reader(rdata);
  while (reader.remaining() > 0) {
    const uint16_t code = reader.U16();
    const auto data = reader.Bytes(reader.U16());
    if (!reader.ok() || !ReadOption(code, data, cookies, edns)) return false;
  }
  return true;
}

// RFC 8945 4.2. Only records whose names are uncompressed can be repeated; others are malformed (RFC 8945 4.2).
bool ReadTsig(std::span<const uint8_t> owner, std::span<const uint8_t> rdata, Tsig& tsig) {
  Name algorithm;
  const size_t used = algorithm.Read(rdata);
  if (used == 0 || rdata.size() < used + 8) return false;
  tsig = {owner, rdata.first(used), rdata.subspan(used, 8)};
  return true;
}

// Reads the records behind the question: finds OPT and TSIG, checks that all others are whole.
class RecordReader {
 public:
  RecordReader(std::span<const uint8_t> packet, size_t offset, Cookies cookies, Query& query)
      : packet_(packet), reader_(packet), cookies_(cookies), query_(query) {
    reader_.Skip(offset);
  }

  Verdict Read(uint32_t answer_and_authority, uint32_t additional) {
    for (uint32_t i = 0; i < answer_and_authority; ++i) {
      if (!ReadRecord(/*in_additional=*/false)) return Verdict::kMalformed;
    }
    for (uint32_t i = 0; i < additional; ++i) {
      if (!ReadRecord(/*in_additional=*/true)) return Verdict::kMalformed;
    }
    if (bad_options_) return Verdict::kMalformedOpt;
    return signed_ ? Verdict::kSigned : Verdict::kQuery;
  }

 private:
  bool ReadRecord(bool in_additional) {
    if (signed_) return false;  // TSIG must be the last record (RFC 8945 5.1)
    const size_t owner = reader_.offset();
    if (!SkipName(reader_)) return false;
    const size_t owner_size = reader_.offset() - owner;
    const uint16_t type = reader_.U16();
    const uint16_t klass = reader_.U16();
    const uint32_t ttl = reader_.U32();
    const auto rdata = reader_.Bytes(reader_.U16());
    if (!reader_.ok()) return false;
    if (type == type::kOpt) {
      // RFC 6891 6.1.1: one OPT, in the additional section, owned by the root.
      if (!in_additional || query_.edns.present || owner_size != 1) return false;
      query_.edns.present = true;
      query_.edns.dnssec_ok = (ttl & kFlagDo) != 0;
      query_.edns.version = static_cast<uint8_t>(ttl >> 16);
      query_.edns.udp_size = klass;
      bad_options_ = !ReadOptions(rdata, cookies_, query_.edns);
    } else if (type == type::kTsig && in_additional) {
      Name key;
      if (key.Read(packet_.subspan(owner, owner_size)) == 0) return false;
      signed_ = ReadTsig(packet_.subspan(owner, owner_size), rdata, query_.tsig);
      return signed_;
    }
    return true;
  }

  std::span<const uint8_t> packet_;
  ByteReader reader_;
  Cookies cookies_;
  Query& query_;
  bool bad_options_ = false;
  bool signed_ = false;
};

}  // namespace

Verdict ParseQuery(std::span<const uint8_t> packet, Query& query, Cookies cookies) {
  if (packet.size() < kHeaderSize) return Verdict::kTooShort;
  const uint8_t* header = packet.data();
  query.id = LoadU16(header);
  const uint16_t flags = LoadU16(header + 2);
  query.opcode = flags >> 11 & 0xf;
  query.recursion_desired = (flags & kFlagRd) != 0;
  query.checking_disabled = (flags & kFlagCd) != 0;
  query.edns = {};
  query.tsig = {};
  query.question = {};
  if ((flags & kFlagQr) != 0) return Verdict::kIsResponse;
  if (query.opcode != opcode::kQuery) return Verdict::kNotQuery;

  const uint16_t questions = LoadU16(header + 4);
  if (questions > 1) return Verdict::kMalformed;  // RFC 9619
  size_t offset = kHeaderSize;
  if (questions == 1) {
    const size_t name_size = query.name.Read(packet.subspan(kHeaderSize));
    if (name_size == 0 || packet.size() < kHeaderSize + name_size + 4) return Verdict::kMalformed;
    offset += name_size + 4;
    query.type = LoadU16(header + offset - 4);
    query.qclass = LoadU16(header + offset - 2);
    query.question = packet.subspan(kHeaderSize, name_size + 4);
  }
  const uint32_t middle = uint32_t{LoadU16(header + 6)} + LoadU16(header + 8);
  const uint32_t additional = LoadU16(header + 10);
  Verdict verdict = Verdict::kQuery;
  if (middle + additional > 0) verdict = RecordReader(packet, offset, cookies, query).Read(middle, additional);
  if (questions == 0 && verdict == Verdict::kQuery && !query.edns.cookie.empty()) return Verdict::kCookieOnly;
  if (questions == 0 && (verdict == Verdict::kQuery || verdict == Verdict::kSigned)) {
    verdict = query.edns.present ? Verdict::kMalformedOpt : Verdict::kMalformed;
  }
  return verdict;
}

}  // namespace signpost::wire
