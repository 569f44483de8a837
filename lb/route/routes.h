// Signpost. Apache-2.0; see LICENSE.
// Where requests and connections go: one immutable snapshot, published as a whole. Whoever serves a request keeps the
// pools it took from it, whatever is published meanwhile.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/address.h"
#include "lb/pool/pool.h"

namespace signpost::lb {

struct HttpRoute {
  std::string host;        // lower case, without port and final dot; "*" = any host; "*.example.com"
  std::string path = "/";  // prefix, byte for byte; "/" = all. "/a" matches "/a", "/a/x" and "/ab" (as nginx and Fabio)
  uint32_t slot = 0;       // into Routes::pools
  std::string service;
  std::string strip;        // prefix to remove from the path; "" = none
  std::string prepend;      // put before the path
  std::string send_host;    // instead of the client's Host; "" = the client's
  int redirect = 0;         // 301, 302, 303, 307, 308: answered here, with `redirect_to`
  std::string redirect_to;  // "$path" stands for the request's path and query
};

// Finds by host, then the longest path prefix. Immutable. Any thread.
class HttpRouteTable {
 public:
  HttpRouteTable() = default;
  // Of routes with equal host and path the first wins; the others are dropped.
  explicit HttpRouteTable(std::vector<HttpRoute> routes);

  // `host` as it came in a request: any case, with or without port or final dot; "" = none came. Exact host, then
  // "*.parent" (any number of labels, the longest parent first), then "*"; where no path fits, the next of these. Null
  // when none fits. Does not allocate. A host longer than 255 bytes fits "*" only.
  const HttpRoute* Find(std::string_view host, std::string_view path) const;
  // By host, then the longest path first.
  const std::vector<HttpRoute>& routes() const { return routes_; }

 private:
  const HttpRoute* FindPath(std::string_view host, std::string_view path) const;

  // Open addressing by the host's hash, at most half full: ten thousand hosts cost the cache misses of one.
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Place {
    uint32_t tag = 0;        // further bits of the hash
    uint32_t first = kNone;  // of the host's routes
  };
  std::vector<HttpRoute> routes_;  // by host, then the longest path first
  std::vector<Place> places_;
  bool has_wildcards_ = false;
};

// What a listener does with its connections.
enum class ListenerKind : unsigned char { kHttp, kTcp, kSni };

struct SniRoute {
  std::string host;  // lower case; "*.example.com"; "*" = default and non-TLS
  uint32_t slot = 0;
};

// One listening address. Equal `address` in the next snapshot is the same listener: it is not touched.
struct ListenerPlan {
  net::SocketAddress address;
  ListenerKind kind = ListenerKind::kHttp;
  std::string service;        // kTcp
  uint32_t slot = 0;          // kTcp: into Routes::pools
  std::vector<SniRoute> sni;  // kSni
  bool accept_proxy = false;  // a PROXY header is demanded of every client
  bool lingering = false;     // its service is gone: connections are accepted and closed at once
};

struct Routes {
  std::shared_ptr<const HttpRouteTable> http;  // never null
  std::vector<ListenerPlan> listeners;
  std::vector<std::shared_ptr<const Pool>> pools;  // by slot; null = not known any more
  uint64_t generation = 0;
};

// The port of a host text is dropped, letters are lowered, a final dot is removed: "WEB.Example.:80" -> "web.example".
// Into `buffer` (255 bytes); "" when it does not fit.
std::string_view FoldHost(std::string_view host, std::span<char> buffer);

}  // namespace signpost::lb
