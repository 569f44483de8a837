// Signpost. Apache-2.0; see LICENSE.
// What of a request decides where it goes within its service: sticky cookie, hash key, version. Pure but for the draw
// of new ids.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/random.h"
#include "common/net/address.h"
#include "lb/http/request_head.h"
#include "lb/pool/settings.h"
#include "lb/session/prefix_set.h"

namespace signpost::lb {

// Who asks, as the connection shows it.
struct ClientOrigin {
  std::string_view address;  // AddressText of the peer
  bool trusted = false;      // in `proxies`
  const PrefixSet* proxies = nullptr;
};

struct RequestKeys {
  uint64_t hash = 0;  // source_hash; 0 with other algorithms
  std::optional<uint64_t> sticky;
  std::optional<uint64_t> version_key;
  std::string_view version;     // X-LB-Version of a trusted client, else ""; a view into the head
  uint64_t new_version_id = 0;  // not 0: the split's cookie is to be set to HexText of it
};

RequestKeys ReadKeys(const RequestHead& head, const ServiceSettings& settings, const ClientOrigin& client,
                     Random& random);

// "192.0.2.7" or "2001:db8::7", IPv4 mapped into IPv6 as IPv4. Into `buffer` of at least 46 bytes.
std::string_view AddressText(const net::SocketAddress& address, std::span<char> buffer);

// The client behind trusted proxies: the last address of X-Forwarded-For that is none of them. `client.address` when
// the peer is not trusted or there is no such field. Looks at 32 addresses at most.
std::string ForwardedClient(const Fields& fields, const ClientOrigin& client);

}  // namespace signpost::lb
