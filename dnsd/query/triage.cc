// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/triage.h"

namespace signpost::query {

std::optional<wire::Rcode> Triage(const wire::Query& query) {
  using wire::Rcode;
  if (query.edns.present && query.edns.version > 0) return Rcode::kBadVers;  // RFC 6891 6.1.3, before the name
  switch (query.type) {
    case wire::type::kOpt:
    case wire::type::kTkey:
    case wire::type::kTsig:
      return Rcode::kFormErr;  // never the type of a question
    case wire::type::kIxfr:
    case wire::type::kAxfr:
      return Rcode::kRefused;  // no transfers, over either transport
    case wire::type::kMailb:
    case wire::type::kMaila:
      return Rcode::kNotImp;  // obsolete (RFC 1035 3.2.3)
    default:
      break;
  }
  if (query.qclass != wire::dns_class::kIn && query.qclass != wire::dns_class::kAny) return Rcode::kRefused;
  return std::nullopt;
}

}  // namespace signpost::query
