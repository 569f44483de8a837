// Signpost. Apache-2.0; see LICENSE.
// How one service is balanced: the knobs that nginx has per upstream, and those it lacks. A plain value; the same keys
// are read from the config file ("services": {"web": {...}}), from an instance's meta ("lb.KEY") and as the defaults of
// all services from the command line (settings_keys.h).
#pragma once

#include <cstdint>
#include <string>

#include "common/base/clock.h"
#include "lb/pool/version_split.h"

namespace signpost::lb {

enum class Algorithm : unsigned char { kRoundRobin, kLeastConn, kRandomTwo, kSourceHash };
// kGap: nginx's max_fails, where N failures each at most fail_timeout apart count, however long they take in all.
// kSliding: N failures within one fail_timeout.
enum class FailWindow : unsigned char { kGap, kSliding };
// What source_hash and a version split hash: the client's address, a request header or a cookie.
enum class KeySource : unsigned char { kClientAddress, kHeader, kCookie };
enum class CheckKind : unsigned char { kNone, kTcp, kHttp };
enum class ProxyHeader : unsigned char { kNone, kV1, kV2 };
// Weight 0 in an SRV record (RFC 2782): only when nothing else of its tier is usable; like 1; or by the letter of the
// RFC.
enum class ZeroWeight : unsigned char { kStandby, kOne };

// What may be tried again on another endpoint before the first byte of the answer went to the client. A failed connect
// always may.
struct RetryOn {
  bool error = true;            // reset or closed before a complete head came
  bool timeout = true;          // no head within read_timeout
  bool invalid_header = false;  // a head that cannot be read
  bool http_500 = false, http_502 = false, http_503 = false, http_504 = false, http_429 = false, http_403 = false,
       http_404 = false;
  // Methods that may be sent twice: GET, HEAD, OPTIONS; with `nginx` also PUT and DELETE; with `non_idempotent` all.
  bool nginx = false;
  bool non_idempotent = false;
  friend bool operator==(const RetryOn&, const RetryOn&) = default;
};

struct ActiveCheck {
  CheckKind kind = CheckKind::kNone;
  std::string path = "/";
  std::string host;       // of the Host field; "" = the endpoint's address
  Millis interval{2000};  // +-10 % jitter
  Millis timeout{1000};
  uint32_t rise = 2;
  uint32_t fall = 3;
  friend bool operator==(const ActiveCheck&, const ActiveCheck&) = default;
};

struct ServiceSettings {
  Algorithm algorithm = Algorithm::kRoundRobin;
  KeySource hash_on = KeySource::kClientAddress;
  std::string hash_name;      // of the header or cookie
  std::string sticky_cookie;  // name; "" = not sticky

  uint32_t max_fails = 1;  // 0 = failures do not disable
  Millis fail_timeout{10000};
  FailWindow fail_window = FailWindow::kGap;
  uint32_t panic_percent = 0;  // with fewer usable endpoints in a tier than this share, unusable ones are used too
  uint32_t min_usable = 1;     // a tier with fewer usable endpoints spills to the next
  Millis slow_start{0};        // 0 = off
  ZeroWeight zero_weight = ZeroWeight::kStandby;

  uint32_t max_conns = 0;      // per endpoint; 0 = any number
  uint32_t queue = 128;        // requests of one service and thread that wait for a free slot
  Millis queue_timeout{1500};  // then 503

  uint32_t attempts = 3;           // endpoints tried per request, the first included
  Millis attempts_timeout{10000};  // no new attempt after this
  uint32_t retry_budget = 20;      // percent of the requests of the last 10 s that may be retries, at least 10 a second
  RetryOn retry_on;

  Millis connect_timeout{2000};
  Millis read_timeout{60000};   // between two reads of an answer; also for its head
  Millis write_timeout{60000};  // between two writes of a request
  Millis tunnel_timeout{3600000};
  Millis tcp_idle{3600000};
  Millis fin_timeout{30000};  // one side finished and the other silent

  uint32_t keepalive = 64;  // idle connections per endpoint and thread
  Millis keepalive_idle{55000};
  uint32_t keepalive_requests = 10000;

  Millis drain_http{60000};  // how long requests to a removed endpoint may go on; 0 = for ever
  Millis drain_tcp{0};

  ProxyHeader send_proxy = ProxyHeader::kNone;
  ActiveCheck check;
  VersionSplit split;

  friend bool operator==(const ServiceSettings&, const ServiceSettings&) = default;
};

}  // namespace signpost::lb
