// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/response_writer.h"

#include <algorithm>
#include <cstring>

namespace signpost::wire {
namespace {

constexpr size_t kOptSize = 11;
constexpr size_t kOptLengthAt = 9;
constexpr size_t kOptionHead = 4;  // code, length
constexpr size_t kKeepaliveSize = kOptionHead + 2;
constexpr size_t kEdeSize = kOptionHead + 2;  // without text
constexpr size_t kAddressHead = 12;           // owner pointer, type, class, TTL, RDLENGTH

// RFC 6891 6.1.3: own size, extended rcode, version 0, DO copied (RFC 3225 3). No options yet.
void WriteOptHead(uint8_t* out, const Edns& edns, uint8_t extended_rcode) {
  out[0] = 0;
  StoreU16(out + 1, type::kOpt);
  StoreU16(out + 3, kOwnUdpSize);
  StoreU32(out + 5, static_cast<uint32_t>(extended_rcode) << 24 | (edns.dnssec_ok ? kFlagDo : 0));
  StoreU16(out + kOptLengthAt, 0);
}

// Head and data; returns what stands behind.
uint8_t* WriteOption(uint8_t* out, uint16_t code, const void* data, size_t size) {
  StoreU16(out, code);
  StoreU16(out + 2, static_cast<uint16_t>(size));
  std::memcpy(out + kOptionHead, data, size);
  return out + kOptionHead + size;
}

void WriteAddressHead(uint8_t* out, uint16_t type, uint32_t ttl, uint16_t rdlength) {
  StoreU16(out, kQuestionPointer);
  StoreU16(out + 2, type);
  StoreU16(out + 4, dns_class::kIn);
  StoreU32(out + 6, ttl);
  StoreU16(out + 10, rdlength);
}

}  // namespace

ResponseWriter::ResponseWriter(std::span<uint8_t> buffer, size_t limit, const Query& query, const OptContent& opt)
    : buffer_(buffer), query_(query), opt_(opt), limit_(std::min(limit, buffer.size())) {
  size_ = kHeaderSize + query.question.size();
  if (query.edns.present) {
    limit_ -= kOptSize + (query.edns.tcp_keepalive ? kKeepaliveSize : 0);
    if (!opt.cookie.empty()) limit_ -= kOptionHead + opt.cookie.size();
    if (!opt.nsid.empty()) {
      if (limit_ >= size_ + kOptionHead + opt.nsid.size()) {
        limit_ -= kOptionHead + opt.nsid.size();
      } else {
        opt_.nsid = {};
      }
    }
  }
  if (query.question.empty()) return;
  std::memcpy(buffer_.data() + kHeaderSize, query.question.data(), query.question.size());
  RememberName(kHeaderSize);
}

bool ResponseWriter::AddRendered(Section section, std::span<const uint8_t> bytes, uint16_t records) {
  if (room() < bytes.size()) return false;
  if (!bytes.empty()) std::memcpy(&buffer_[size_], bytes.data(), bytes.size());
  size_ += bytes.size();
  counts_[static_cast<size_t>(section)] = static_cast<uint16_t>(count(section) + records);
  return true;
}

bool ResponseWriter::AddA(uint32_t ttl, const uint8_t* address) {
  if (room() < kAddressHead + 4) return false;
  uint8_t* out = &buffer_[size_];
  WriteAddressHead(out, type::kA, ttl, 4);
  std::memcpy(out + kAddressHead, address, 4);
  size_ += kAddressHead + 4;
  ++counts_[0];
  return true;
}

bool ResponseWriter::AddAaaa(uint32_t ttl, const uint8_t* address) {
  if (room() < kAddressHead + 16) return false;
  uint8_t* out = &buffer_[size_];
  WriteAddressHead(out, type::kAaaa, ttl, 16);
  std::memcpy(out + kAddressHead, address, 16);
  size_ += kAddressHead + 16;
  ++counts_[0];
  return true;
}

void ResponseWriter::RollBack(const Mark& mark) {
  size_ = mark.size;
  counts_ = mark.counts;
  anchors_ = mark.anchors;
  overflow_ = false;
}

void ResponseWriter::BeginRecord(Section section, std::span<const uint8_t> owner, uint16_t type, uint32_t ttl) {
  record_ = Here();
  PutCompressedName(owner);
  StartRecord(section, type, ttl);
}

void ResponseWriter::BeginRecordAt(Section section, size_t offset, uint16_t type, uint32_t ttl) {
  record_ = Here();
  if (offset <= kMaxPointer) {
    PutU16(offset == 0 ? kQuestionPointer : static_cast<uint16_t>(0xc000 | offset));
  } else {
    // No pointer reaches this far (W139): the name, which stands uncompressed there, is written again.
    size_t end = offset;
    while (buffer_[end] != 0) end += size_t{1} + buffer_[end];
    PutBytes(buffer_.subspan(offset, end + 1 - offset));
  }
  StartRecord(section, type, ttl);
}

void ResponseWriter::StartRecord(Section section, uint16_t type, uint32_t ttl) {
  section_ = section;
  PutU16(type);
  PutU16(dns_class::kIn);
  PutU32(ttl);
  rdlength_at_ = size_;
  PutU16(0);
}

bool ResponseWriter::EndRecord() {
  if (overflow_) {
    RollBack(record_);
    return false;
  }
  StoreU16(&buffer_[rdlength_at_], static_cast<uint16_t>(size_ - rdlength_at_ - 2));
  ++counts_[static_cast<size_t>(section_)];
  return true;
}

bool ResponseWriter::Grow(size_t n) {
  if (overflow_ || n > room()) {
    overflow_ = true;
    return false;
  }
  size_ += n;
  return true;
}

void ResponseWriter::PutU8(uint8_t v) {
  if (Grow(1)) buffer_[size_ - 1] = v;
}

void ResponseWriter::PutU16(uint16_t v) {
  if (Grow(2)) StoreU16(&buffer_[size_ - 2], v);
}

void ResponseWriter::PutU32(uint32_t v) {
  if (Grow(4)) StoreU32(&buffer_[size_ - 4], v);
}

void ResponseWriter::PutBytes(std::span<const uint8_t> bytes) {
  if (Grow(bytes.size()) && !bytes.empty()) std::memcpy(&buffer_[size_ - bytes.size()], bytes.data(), bytes.size());
}

size_t ResponseWriter::PutPlainName(std::span<const uint8_t> name) {
  const size_t at = size_;
  PutBytes(name);
  if (!overflow_) RememberName(at);
  return at;
}

void ResponseWriter::PutCompressedName(std::span<const uint8_t> name) {
  const size_t start = size_;
  size_t at = 0;
  while (at < name.size() && name[at] != 0) {
    if (const size_t known = FindName(name.subspan(at)); known != 0) {
      PutU16(static_cast<uint16_t>(0xc000 | known));
      break;
    }
    const size_t label = size_t{1} + name[at];
    PutBytes(name.subspan(at, label));
    at += label;
  }
  if (at < name.size() && name[at] == 0) PutU8(0);
  if (!overflow_ && size_ - start > 2) RememberName(start);
}

void ResponseWriter::RememberName(size_t offset) {
  if (anchors_ < kAnchors && offset <= kMaxPointer) anchor_[anchors_++] = static_cast<uint16_t>(offset);
}

size_t ResponseWriter::FindName(std::span<const uint8_t> suffix) const {
  for (size_t i = 0; i < anchors_; ++i) {
    // Every label boundary of an earlier name starts a name too.
    for (size_t at = anchor_[i]; buffer_[at] != 0 && buffer_[at] < 0xc0; at += size_t{1} + buffer_[at]) {
      if (at <= kMaxPointer && NameAt(at, suffix)) return at;
    }
  }
  return 0;
}

bool ResponseWriter::NameAt(size_t offset, std::span<const uint8_t> name) const {
  size_t at = offset;
  size_t i = 0;
  for (;;) {
    // Only our own pointers stand here; each points backwards.
    while (buffer_[at] >= 0xc0) at = LoadU16(&buffer_[at]) & kMaxPointer;
    const size_t label = size_t{1} + name[i];
    if (buffer_[at] != name[i] || std::memcmp(&buffer_[at], &name[i], label) != 0) return false;
    if (name[i] == 0) return true;
    at += label;
    i += label;
  }
}

void ResponseWriter::WriteHeader(const FinishOptions& options) {
  uint8_t* out = buffer_.data();
  StoreU16(out, query_.id);
  uint16_t flags = kFlagQr | (static_cast<uint16_t>(options.rcode) & 0xf);
  if (options.authoritative) flags |= kFlagAa;
  if (options.truncated) flags |= kFlagTc;
  if (query_.recursion_desired) flags |= kFlagRd;
  if (options.recursion_available) flags |= kFlagRa;
  if (options.checking_disabled) flags |= kFlagCd;
  StoreU16(out + 2, flags);
  StoreU16(out + 4, query_.question.empty() ? 0 : 1);
  StoreU16(out + 6, counts_[0]);
  StoreU16(out + 8, counts_[1]);
  StoreU16(out + 10, static_cast<uint16_t>(counts_[2] + (query_.edns.present ? 1 : 0)));
}

size_t ResponseWriter::Finish(const FinishOptions& options) {
  WriteHeader(options);
  if (!query_.edns.present) return size_;
  uint8_t* out = &buffer_[size_];
  WriteOptHead(out, query_.edns, static_cast<uint8_t>(static_cast<uint8_t>(options.rcode) >> 4));
  const size_t length = WriteOptions(out + kOptSize, options);
  StoreU16(out + kOptLengthAt, static_cast<uint16_t>(length));
  return size_ + kOptSize + length;
}

// Returns the bytes written. All but the extended error have their place reserved.
size_t ResponseWriter::WriteOptions(uint8_t* out, const FinishOptions& options) const {
  uint8_t* at = out;
  size_t spare = room();
  if (query_.edns.tcp_keepalive) {
    if (options.keepalive_tenths != 0) {
      uint8_t timeout[2];
      StoreU16(timeout, options.keepalive_tenths);
      at = WriteOption(at, edns_option::kTcpKeepalive, timeout, sizeof timeout);
    } else {
      spare += kKeepaliveSize;
    }
  }
  if (!opt_.cookie.empty()) at = WriteOption(at, edns_option::kCookie, opt_.cookie.data(), opt_.cookie.size());
  if (!opt_.nsid.empty()) at = WriteOption(at, edns_option::kNsid, opt_.nsid.data(), opt_.nsid.size());
  if (options.ede && spare >= kEdeSize) {
    const std::string_view text = spare - kEdeSize >= options.ede_text.size() ? options.ede_text : std::string_view();
    StoreU16(at, edns_option::kEde);
    StoreU16(at + 2, static_cast<uint16_t>(2 + text.size()));
    StoreU16(at + kOptionHead, static_cast<uint16_t>(*options.ede));
    if (!text.empty()) std::memcpy(at + kEdeSize, text.data(), text.size());
    at += kEdeSize + text.size();
  }
  return static_cast<size_t>(at - out);
}

size_t ResponseWriter::FinishBadKey(const Tsig& tsig) {
  const size_t end = Finish({.rcode = Rcode::kNotAuth});
  ByteWriter record(buffer_.subspan(end, room()));
  record.Bytes(tsig.key_name);
  record.U16(type::kTsig);
  record.U16(dns_class::kAny);
  record.U32(0);
  record.U16(static_cast<uint16_t>(tsig.algorithm.size() + tsig.time_and_fudge.size() + 8));
  record.Bytes(tsig.algorithm);
  record.Bytes(tsig.time_and_fudge);
  record.U16(0);  // no MAC
  record.U16(query_.id);
  record.U16(kTsigBadKey);
  record.U16(0);
  if (!record.ok()) return end;
  StoreU16(&buffer_[10], static_cast<uint16_t>(LoadU16(&buffer_[10]) + 1));
  return end + record.size();
}

size_t WriteHeaderOnly(std::span<uint8_t> buffer, const Query& query, Rcode rcode) {
  std::memset(buffer.data(), 0, kHeaderSize);
  StoreU16(buffer.data(), query.id);
  uint16_t flags = static_cast<uint16_t>(kFlagQr | query.opcode << 11 | static_cast<uint16_t>(rcode));
  // Only a QUERY's RD means recursion; other opcodes get none of the bits back (W13, W21).
  if (query.recursion_desired && query.opcode == opcode::kQuery) flags |= kFlagRd;
  StoreU16(buffer.data() + 2, flags);
  if (!query.edns.present || rcode != Rcode::kFormErr) return kHeaderSize;
  StoreU16(buffer.data() + 10, 1);
  WriteOptHead(buffer.data() + kHeaderSize, query.edns, 0);
  return kHeaderSize + kOptSize;
}

}  // namespace signpost::wire
