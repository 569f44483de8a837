// Signpost. Apache-2.0; see LICENSE.
// The names of fields that mean something to lb.
#include <array>
#include <cstring>

#include "lb/http/syntax.h"

namespace signpost::lb {
namespace {

using enum KnownField;

struct Row {
  std::string_view name;  // lower case
  FieldTraits traits;
};

constexpr FieldTraits kKept{kOther, true, true};
constexpr FieldTraits kNoTrailer{kOther, false, true};
constexpr FieldTraits kOneHop{kHopByHop, false, true};

constexpr FieldTraits Kept(KnownField known) { return {known, true, true}; }

// By length.
constexpr std::array kRows = {
    Row{"te", {kTe, false, true}},
    Row{"age", kKept},
    Row{"via", Kept(kVia)},
    Row{"date", kKept},
    Row{"host", Kept(kHost)},
    Row{"vary", kKept},
    Row{"proxy", {kProxy, false, true}},
    Row{"range", kKept},
    Row{"cookie", kKept},
    Row{"expect", Kept(kExpect)},
    Row{"pragma", kNoTrailer},
    Row{"expires", kKept},
    Row{"trailer", Kept(kTrailer)},
    Row{"upgrade", {kUpgrade, false, true}},
    Row{"warning", kNoTrailer},
    Row{"if-match", kKept},
    Row{"if-range", kKept},
    Row{"location", kKept},
    Row{"forwarded", Kept(kForwarded)},
    Row{"x-real-ip", Kept(kXRealIp)},
    Row{"connection", {kConnection, false, true}},
    Row{"keep-alive", kOneHop},
    Row{"set-cookie", kKept},
    Row{"retry-after", kNoTrailer},
    Row{"content-type", kKept},
    Row{"max-forwards", Kept(kMaxForwards)},
    Row{"x-request-id", Kept(kXRequestId)},
    Row{"authorization", kKept},
    Row{"cache-control", kKept},
    Row{"content-range", kKept},
    Row{"if-none-match", kKept},
    Row{"content-length", Kept(kContentLength)},
    Row{"http2-settings", kOneHop},
    Row{"x-forwarded-for", Kept(kXForwardedFor)},
    Row{"content-encoding", kKept},
    Row{"proxy-connection", kOneHop},
    Row{"www-authenticate", kKept},
    Row{"x-forwarded-host", Kept(kXForwardedHost)},
    Row{"x-forwarded-port", Kept(kXForwardedPort)},
    Row{"if-modified-since", kKept},
    Row{"transfer-encoding", Kept(kTransferEncoding)},
    Row{"x-forwarded-proto", Kept(kXForwardedProto)},
    Row{"proxy-authenticate", kOneHop},
    Row{"if-unmodified-since", kKept},
    Row{"proxy-authorization", kOneHop},
    Row{"proxy-authentication-info", kOneHop},
};

constexpr size_t kLongest = kRows.back().name.size();

// kFirst[n]..kFirst[n + 1]: the rows whose names are n long.
constexpr std::array<unsigned char, kLongest + 2> MakeIndex() {
  std::array<unsigned char, kLongest + 2> first{};
  size_t row = 0;
  for (size_t length = 0; length < first.size(); ++length) {
    while (row < kRows.size() && kRows[row].name.size() < length) ++row;
    first[length] = static_cast<unsigned char>(row);
  }
  return first;
}
constexpr std::array<unsigned char, kLongest + 2> kFirst = MakeIndex();

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool EqualBytes(const char* a, const char* b, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

}  // namespace

bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && EqualBytes(a.data(), b.data(), a.size());
}

const Field* FindField(const Fields& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (SameName(field.name, name)) return &field;
  }
  return nullptr;
}

FieldTraits TraitsOf(std::string_view name) {
  if (name.empty() || name.size() > kLongest) return {};
  const char first = Lower(name.front());
  for (size_t row = kFirst[name.size()]; row < kFirst[name.size() + 1]; ++row) {
    if (kRows[row].name.front() == first && EqualBytes(name.data(), kRows[row].name.data(), name.size())) {
      return kRows[row].traits;
    }
  }
  return {};
}

}  // namespace signpost::lb
