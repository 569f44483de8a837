// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/message.h"

#include <arpa/inet.h>
#include <ldns/ldns.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "common/base/bytes.h"
#include "common/dns/names.h"

namespace signpost::dns {
namespace {

constexpr size_t kHeader = 12;
constexpr uint16_t kClassIn = 1, kTypeSoa = 6, kTypeOpt = 41;
constexpr uint16_t kRecursionDesired = 0x0100, kTruncated = 0x0200, kAuthoritative = 0x0400, kResponse = 0x8000;
constexpr uint16_t kOpcodeMask = 0x7800, kRcodeMask = 0x000f;

struct Free {
  void operator()(ldns_rdf* p) const { ldns_rdf_deep_free(p); }
  void operator()(ldns_rr* p) const { ldns_rr_free(p); }
};
using Field = std::unique_ptr<ldns_rdf, Free>;
using Row = std::unique_ptr<ldns_rr, Free>;

Field WireName(const std::string& text) {
  ldns_rdf* name = nullptr;
  const bool fits = !text.empty() && text.find('\0') == std::string::npos;
  if (!fits || ldns_str2rdf_dname(&name, text.c_str()) != LDNS_STATUS_OK) return nullptr;
  return Field(name);
}

std::span<const uint8_t> Bytes(const ldns_rdf& field) { return {ldns_rdf_data(&field), ldns_rdf_size(&field)}; }

uint8_t Lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c | 0x20) : c; }

// Length bytes of labels are below 64, so lower-casing does not touch them.
bool SameName(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](uint8_t x, uint8_t y) { return Lower(x) == Lower(y); });
}

// RFC 1035 5.1: what has a meaning of its own gets a backslash, what is not printable its decimal number.
void AppendCharacter(std::string& out, uint8_t c) {
  if (c <= ' ' || c >= 0x7f) {
    out += '\\';
    for (const int place : {100, 10, 1}) out += static_cast<char>('0' + c / place % 10);
    return;
  }
  if (std::string_view(".;()\\\"@$").find(static_cast<char>(c)) != std::string_view::npos) out += '\\';
  out += static_cast<char>(c);
}

// As ldns_rdf2str writes it, which takes microseconds: it prints every character by itself.
std::string NameText(const ldns_rdf* name, bool lower) {
  const std::span<const uint8_t> wire = Bytes(*name);
  std::string out;
  out.reserve(wire.size());
  for (size_t at = 0; at < wire.size() && wire[at] != 0; at += wire[at] + size_t{1}) {
    if (!out.empty()) out += '.';
    for (const uint8_t c : wire.subspan(at + 1, std::min<size_t>(wire[at], wire.size() - at - 1))) {
      AppendCharacter(out, lower ? Lower(c) : c);
    }
  }
  return out;
}

net::SocketAddress Address(std::span<const uint8_t> ip) {
  if (ip.size() == sizeof(in_addr)) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, ip.data(), ip.size());
    return net::SocketAddress::From(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  if (ip.size() != sizeof(in6_addr)) return {};
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  std::memcpy(&v6.sin6_addr, ip.data(), ip.size());
  return net::SocketAddress::From(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

// RFC 2181 8: a TTL with the top bit set is 0.
uint32_t Ttl(const ldns_rr& row) {
  const uint32_t ttl = ldns_rr_ttl(&row);
  return ttl >> 31 != 0 ? 0 : ttl;
}

// How many fields ldns must have made of the row's data; TXT has any number.
size_t Fields(Type type) { return type == Type::kSrv ? 4 : type == Type::kTxt ? 0 : 1; }

bool FillData(const ldns_rr& row, Record& record) {
  const size_t count = ldns_rr_rd_count(&row);
  if (count < Fields(record.type)) return false;
  const auto field = [&](size_t i) { return ldns_rr_rdf(&row, i); };
  switch (record.type) {
    case Type::kA:
    case Type::kAaaa:
      record.address = Address(Bytes(*field(0)));
      return !record.address.empty();
    case Type::kCname:
    case Type::kPtr:
      record.target = NameText(field(0), record.type != Type::kPtr);
      return true;
    case Type::kSrv:
      record.priority = ldns_rdf2native_int16(field(0));
      record.weight = ldns_rdf2native_int16(field(1));
      record.port = ldns_rdf2native_int16(field(2));
      record.target = NameText(field(3), true);
      return true;
    case Type::kTxt:
      for (size_t i = 0; i < count; ++i) {
        const auto text = Bytes(*field(i)).subspan(1);  // behind its length
        record.strings.emplace_back(reinterpret_cast<const char*>(text.data()), text.size());
      }
      return true;
  }
  return false;
}

bool IsKnown(uint16_t type) {
  switch (static_cast<Type>(type)) {
    case Type::kA:
    case Type::kCname:
    case Type::kPtr:
    case Type::kTxt:
    case Type::kAaaa:
    case Type::kSrv:
      return true;
  }
  return false;
}

// The names in data of that type end where the data end. Other types with names are never given to ldns.
bool NamesFit(std::span<const uint8_t> message, uint16_t type, size_t data, size_t end) {
  if (type == kTypeSoa) {
    const size_t second = SkipName(message, data);
    const size_t numbers = second == 0 ? 0 : SkipName(message, second);
    return numbers != 0 && numbers + 20 == end;
  }
  const auto known = static_cast<Type>(type);
  if (known != Type::kCname && known != Type::kPtr && known != Type::kSrv) return true;
  return SkipName(message, data + (known == Type::kSrv ? 6 : 0)) == end;
}

class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes), header_(bytes) {}

  Result<Answer> Read(uint16_t id, const Question& question);

 private:
  bool ReadQuestion(const Question& question, uint16_t count, int rcode);
  bool ReadSection(uint16_t count, ldns_pkt_section section, Answer& answer);
  bool ReadRow(ldns_pkt_section section, Answer& answer);
  bool Keep(const ldns_rr& row, ldns_pkt_section section, Answer& answer);

  std::span<const uint8_t> bytes_;
  ByteReader header_;
  size_t at_ = kHeader;
};

Result<Answer> Reader::Read(uint16_t id, const Question& question) {
  Answer answer;
  answer.id = header_.U16();
  const uint16_t flags = header_.U16();
  const uint16_t questions = header_.U16(), answers = header_.U16(), authority = header_.U16(),
                 additional = header_.U16();
  if (!header_.ok() || bytes_.size() > 65535) return Status::Invalid("no DNS message");
  if ((flags & kResponse) == 0 || (flags & kOpcodeMask) != 0) return Status::Invalid("no response");
  if (answer.id != id) return Status::Invalid("another id");
  answer.rcode = flags & kRcodeMask;
  answer.authoritative = (flags & kAuthoritative) != 0;
  answer.truncated = (flags & kTruncated) != 0;
  if (!ReadQuestion(question, questions, answer.rcode)) return Status::Invalid("another question");
  const bool whole = ReadSection(answers, LDNS_SECTION_ANSWER, answer) &&
                     ReadSection(authority, LDNS_SECTION_AUTHORITY, answer) &&
                     ReadSection(additional, LDNS_SECTION_ADDITIONAL, answer) && at_ == bytes_.size();
  if (!whole) return Status::Invalid("malformed records");
  return answer;
}

// A server that did not understand the question need not repeat it.
bool Reader::ReadQuestion(const Question& question, uint16_t count, int rcode) {
  if (count == 0) return rcode == kFormErr || rcode == kServFail || rcode == kNotImp;
  const Field name = WireName(question.name);
  const size_t end = SkipName(bytes_, at_);
  if (count != 1 || !name || end == 0 || end + 4 > bytes_.size()) return false;
  const uint8_t* const behind = &bytes_[end];
  const bool same = SameName(bytes_.subspan(at_, end - at_), Bytes(*name)) &&
                    LoadU16(behind) == static_cast<uint16_t>(question.type) && LoadU16(behind + 2) == kClassIn;
  at_ = end + 4;
  return same;
}

bool Reader::ReadSection(uint16_t count, ldns_pkt_section section, Answer& answer) {
  for (uint16_t i = 0; i < count; ++i) {
    if (!ReadRow(section, answer)) return false;
  }
  return true;
}

bool Reader::ReadRow(ldns_pkt_section section, Answer& answer) {
  const size_t fixed = SkipName(bytes_, at_);
  if (fixed == 0 || fixed + 10 > bytes_.size()) return false;
  const uint16_t type = LoadU16(&bytes_[fixed]);
  const size_t end = fixed + 10 + LoadU16(&bytes_[fixed + 8]);
  if (end > bytes_.size()) return false;
  const size_t start = std::exchange(at_, end);
  const bool wanted = section == LDNS_SECTION_AUTHORITY ? type == kTypeSoa : IsKnown(type);
  if (!wanted || LoadU16(&bytes_[fixed + 2]) != kClassIn) return true;
  if (!NamesFit(bytes_, type, fixed + 10, end)) return false;
  ldns_rr* parsed = nullptr;
  size_t position = start;
  const ldns_status status = ldns_wire2rr(&parsed, bytes_.data(), end, &position, section);
  const Row row(status == LDNS_STATUS_OK ? parsed : nullptr);
  return row && position == end && Keep(*row, section, answer);
}

bool Reader::Keep(const ldns_rr& row, ldns_pkt_section section, Answer& answer) {
  if (section == LDNS_SECTION_AUTHORITY) {
    if (ldns_rr_rd_count(&row) != 7) return false;
    answer.negative_ttl = std::min(Ttl(row), ldns_rdf2native_int32(ldns_rr_rdf(&row, 6)));
    return true;
  }
  Record record;
  record.owner = NameText(ldns_rr_owner(&row), true);
  record.type = static_cast<Type>(ldns_rr_get_type(&row));
  record.ttl = Ttl(row);
  if (!FillData(row, record)) return false;
  (section == LDNS_SECTION_ANSWER ? answer.answers : answer.additional).push_back(std::move(record));
  return true;
}

}  // namespace

Result<std::vector<uint8_t>> BuildQuery(uint16_t id, const Question& question, uint16_t edns_size) {
  const Field name = WireName(question.name);
  if (!name) return Status::Invalid("no DNS name: " + question.name);
  std::vector<uint8_t> out(512);
  ByteWriter writer(out);
  writer.U16(id);
  writer.U16(kRecursionDesired);
  writer.U16(1);  // question
  writer.U16(0);
  writer.U16(0);
  writer.U16(edns_size > 0 ? 1 : 0);
  writer.Bytes(Bytes(*name));
  writer.U16(static_cast<uint16_t>(question.type));
  writer.U16(kClassIn);
  if (edns_size > 0) {
    writer.U8(0);  // the root
    writer.U16(kTypeOpt);
    writer.U16(edns_size);
    writer.U32(0);
    writer.U16(0);
  }
  out.resize(writer.size());
  return out;
}

Result<Answer> ReadAnswer(std::span<const uint8_t> bytes, uint16_t id, const Question& question) {
  return Reader(bytes).Read(id, question);
}

}  // namespace signpost::dns
