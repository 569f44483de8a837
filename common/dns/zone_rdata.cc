// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/zone_rdata.h"

#include <ldns/ldns.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace signpost::dns {
namespace {

constexpr size_t kMaxName = 255;
constexpr size_t kMaxRdata = 65535;
constexpr uint64_t kTooManySeconds = uint64_t{1} << 40;

struct Free {
  void operator()(ldns_rdf* p) const { ldns_rdf_deep_free(p); }
};
using Field = std::unique_ptr<ldns_rdf, Free>;

std::string Bytes(const ldns_rdf& field) {
  return {reinterpret_cast<const char*>(ldns_rdf_data(&field)), ldns_rdf_size(&field)};
}

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 64;
  return "\"" + std::string(text.substr(0, kShown)) + (text.size() > kShown ? "...\"" : "\"");
}

template <typename Number>
std::optional<Number> ReadNumber(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

uint64_t SecondsPer(char unit) {
  switch (unit | 0x20) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 60 * 60;
    case 'd':
      return 24 * 60 * 60;
    case 'w':
      return 7 * 24 * 60 * 60;
    default:
      return 0;
  }
}

void AppendBigEndian(std::string& out, uint64_t value, size_t bytes) {
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
}

// How many bytes a field of that type takes that is a plain number; 0 for all others. ldns cuts what is too large.
size_t NumberSize(ldns_rdf_type type) {
  switch (type) {
    case LDNS_RDF_TYPE_INT8:
      return 1;
    case LDNS_RDF_TYPE_INT16:
      return 2;
    case LDNS_RDF_TYPE_INT32:
      return 4;
    default:
      return 0;
  }
}

// Fields that take all words that are left.
bool TakesRest(ldns_rdf_type type) {
  switch (type) {
    case LDNS_RDF_TYPE_B64:
    case LDNS_RDF_TYPE_HEX:
    case LDNS_RDF_TYPE_NSEC:
    case LDNS_RDF_TYPE_LOC:
    case LDNS_RDF_TYPE_SVCPARAMS:
      return true;
    default:
      return false;
  }
}

// Rare fields whose readers in ldns lose memory or ask the host's databases: their records are written as "\\#".
bool IsReadBadly(ldns_rdf_type type) {
  switch (type) {
    case LDNS_RDF_TYPE_WKS:
    case LDNS_RDF_TYPE_IPSECKEY:
    case LDNS_RDF_TYPE_HIP:
    case LDNS_RDF_TYPE_AMTRELAY:
      return true;
    default:
      return false;
  }
}

bool IsReadBadly(const ldns_rr_descriptor* shape) {
  for (size_t i = 0; i < ldns_rr_descriptor_minimum(shape); ++i) {
    if (IsReadBadly(ldns_rr_descriptor_field_type(shape, i))) return true;
  }
  return false;
}

// Base 64 and hexadecimal digits may be written in groups; of all else the words stay words.
std::string Join(std::span<const ZoneToken> tokens, ldns_rdf_type type) {
  const bool is_digits = type == LDNS_RDF_TYPE_B64 || type == LDNS_RDF_TYPE_HEX;
  std::string out;
  for (const ZoneToken& token : tokens) {
    if (!out.empty() && !is_digits) out += ' ';
    out += token.text;
  }
  return out;
}

Status WrongField(ldns_rdf_type type, std::string_view text) {
  const std::string word = Quoted(text);
  switch (type) {
    case LDNS_RDF_TYPE_A:
      return Status::Config(word + " is no IPv4 address; write one like 192.0.2.1");
    case LDNS_RDF_TYPE_AAAA:
      return Status::Config(word + " is no IPv6 address; write one like 2001:db8::1");
    case LDNS_RDF_TYPE_INT8:
      return Status::Config(word + " is no number from 0 to 255");
    case LDNS_RDF_TYPE_INT16:
      return Status::Config(word + " is no number from 0 to 65535");
    case LDNS_RDF_TYPE_INT32:
      return Status::Config(word + " is no number from 0 to 4294967295");
    case LDNS_RDF_TYPE_PERIOD:
      return Status::Config(word + " is no time in seconds, or like 1h30m");
    case LDNS_RDF_TYPE_STR:
      return Status::Config(word + " is no string of at most 255 bytes; split it into several");
    default:
      return Status::Config(word + " is not what stands at this place of such a record");
  }
}

Status AppendField(ldns_rdf_type type, const ZoneToken& token, std::string_view origin, std::string& out) {
  if (type == LDNS_RDF_TYPE_DNAME) {
    auto name = ReadZoneName(token, origin);
    if (!name.ok()) return name.status();
    out += name.value();
    return {};
  }
  if (const size_t size = NumberSize(type); size != 0) {
    const auto number = ReadNumber<uint64_t>(token.text);
    if (!number || *number >> (8 * size) != 0) return WrongField(type, token.text);
    AppendBigEndian(out, *number, size);
    return {};
  }
  if (type == LDNS_RDF_TYPE_PERIOD) {
    const auto seconds = ReadSeconds(token.text);
    if (!seconds || *seconds >> 32 != 0) return WrongField(type, token.text);
    AppendBigEndian(out, *seconds, 4);
    return {};
  }
  const Field field(ldns_rdf_new_frm_str(type, std::string(token.text).c_str()));
  if (!field) return WrongField(type, token.text);
  out += Bytes(*field);
  return {};
}

// RFC 3597 5: \# LENGTH HEX..., for types of any kind.
Result<std::string> ReadGeneric(std::span<const ZoneToken> tokens) {
  const auto size = tokens.size() < 2 ? std::nullopt : ReadNumber<uint16_t>(tokens[1].text);
  const std::string digits = size ? Join(tokens.subspan(2), LDNS_RDF_TYPE_HEX) : std::string();
  if (!size || digits.size() != size_t{2} * *size) {
    return Status::Config("data after \"\\#\" are their length and two hexadecimal digits for each byte");
  }
  std::string out;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const auto byte = ReadNumber<uint8_t>(std::string_view(digits).substr(i, 2), 16);
    if (!byte) return Status::Config(Quoted(digits.substr(i, 2)) + " is no byte in hexadecimal");
    out += static_cast<char>(*byte);
  }
  return out;
}

}  // namespace

Result<std::string> ReadZoneName(const ZoneToken& token, std::string_view origin) {
  if (token.text == "@" && !token.quoted) return std::string(origin);
  const std::string text(token.text);
  ldns_rdf* parsed = nullptr;
  const bool is_name = !text.empty() && ldns_str2rdf_dname(&parsed, text.c_str()) == LDNS_STATUS_OK;
  const Field name(is_name ? parsed : nullptr);
  if (!name) {
    return Status::Config(Quoted(text) + " is no domain name; its labels have 1 to 63 characters, 255 in all");
  }
  std::string out = Bytes(*name);
  if (!ldns_dname_str_absolute(text.c_str())) {
    out.pop_back();
    out += origin;
  }
  if (out.size() > kMaxName) {
    return Status::Config(Quoted(text) + " is too long with $ORIGIN behind it; names have at most 255 bytes");
  }
  return out;
}

std::optional<uint64_t> ReadSeconds(std::string_view text) {
  uint64_t sum = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return std::nullopt;
    const auto number = ReadNumber<uint64_t>(text.substr(0, digits));
    const uint64_t unit = digits == text.size() ? 1 : SecondsPer(text[digits]);
    if (unit == 0) return std::nullopt;
    const bool is_large = !number || *number > kTooManySeconds || sum > kTooManySeconds;
    sum = is_large ? kTooManySeconds + 1 : sum + *number * unit;
    text.remove_prefix(std::min(digits + 1, text.size()));
  }
  return std::min(sum, kTooManySeconds);
}

uint16_t ReadType(std::string_view upper) {
  constexpr std::string_view kPrefix = "TYPE";
  if (upper.starts_with(kPrefix)) return ReadNumber<uint16_t>(upper.substr(kPrefix.size())).value_or(0);
  return static_cast<uint16_t>(ldns_get_rr_type_by_name(std::string(upper).c_str()));
}

Result<std::string> ReadRdata(uint16_t type, std::span<const ZoneToken> tokens, std::string_view origin) {
  if (!tokens.empty() && tokens[0].text == "\\#" && !tokens[0].quoted) return ReadGeneric(tokens);
  const ldns_rr_descriptor* const shape = ldns_rr_descript(type);
  if (shape == nullptr || shape->_type != type || IsReadBadly(shape)) {
    return Status::Config("data of this type can only be written as \"\\# LENGTH HEX\" (RFC 3597)");
  }
  std::string out;
  size_t fields = 0;
  const size_t most = ldns_rr_descriptor_maximum(shape);
  while (!tokens.empty() && fields < most) {
    const ldns_rdf_type field = ldns_rr_descriptor_field_type(shape, fields++);
    const size_t taken = TakesRest(field) ? tokens.size() : 1;
    const std::string joined = taken == 1 ? std::string() : Join(tokens, field);
    const ZoneToken token = taken == 1 ? tokens.front() : ZoneToken{.text = joined};
    if (Status status = AppendField(field, token, origin, out); !status.ok()) return status;
    tokens = tokens.subspan(taken);
  }
  if (!tokens.empty()) {
    return Status::Config(Quoted(tokens.front().text) + " is more than such a record has; remove it, or check quotes");
  }
  if (fields < ldns_rr_descriptor_minimum(shape)) return Status::Config("the data of the record are not complete");
  if (out.size() > kMaxRdata) return Status::Config("the data are longer than 65535 bytes; split the record");
  return out;
}

}  // namespace signpost::dns
