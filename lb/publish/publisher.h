// Signpost. Apache-2.0; see LICENSE.
// Makes routes of what the sources say and the config file wants, and keeps who owns which name and port steady.
// Control thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "common/net/timer.h"
#include "lb/discovery/source.h"
#include "lb/pool/pool.h"
#include "lb/publish/config.h"
#include "lb/route/routes.h"

namespace signpost::lb {

struct PublishOptions {
  std::string public_domain;  // "" = tag http exposes nothing
  std::vector<net::SocketAddress> http_listen;
  std::vector<net::SocketAddress> http_listen_proxy;  // the same with PROXY headers demanded
  std::vector<net::SocketAddress> tcp_bind;           // ports are set by tags and routes
  std::vector<uint16_t> denied_ports;                 // never opened for a tag: the operations port, DNS, ...
  bool short_names = false;                           // also plain "web"
  bool fabio_tags = true;                             // urlprefix-
  std::string default_service;                        // for HTTP requests that no route fits; "" = 404
  Millis linger{60000};
  Millis dns_after{300000};  // catalog this old: DNS counts for services that both know (case C27)
  ServiceSettings defaults;
};

// Something an operator should see; shown on /status, logged on change.
struct Conflict {
  std::string what;    // "port 7000", "host web.example.com"
  std::string winner;  // service
  std::string loser;
};

class Publisher final : public SourceSink {
 public:
  // Called on the control thread, never from inside a call of this class but at the end of the loop's turn: one
  // publication for all that changed in it.
  using OnPublish = std::function<void(std::shared_ptr<const Routes> routes, bool endpoints_removed)>;

  Publisher(net::Loop& loop, PublishOptions options, FileConfig config, OnPublish on_publish);
  ~Publisher();

  // All or nothing is decided before: both are valid (SIGHUP).
  void Reconfigure(PublishOptions options, FileConfig config);

  void OnService(SourceKind kind, DiscoveredServicePtr service) override;
  void OnGone(SourceKind kind, const std::string& name) override;
  void OnReady(SourceKind kind, const std::set<std::string>& unknown) override;

  // Operator's wishes, kept through catalog updates (cases R10, R11). kNotFound names what is unknown.
  Status SetDrained(const std::string& service, const std::string& endpoint, bool drained);
  Status SetWeight(const std::string& service, const std::string& endpoint, int weight);  // -1 = the source's

  const std::shared_ptr<const Routes>& routes() const;
  const std::vector<Conflict>& conflicts() const;
  const std::vector<std::string>& warnings() const;  // tags that cannot be used, bad meta settings; one line each
  // What is known of a service, for /status; null when unknown.
  const DiscoveredService* Find(const std::string& name) const;
  EndpointBook& endpoints();

  // The last good services of dynamic sources as JSON, for the snapshot file: those that came from there and of which
  // no source has a good word yet included; and taking them over at the start, as kHeld, unless their source is ready.
  std::string SaveSnapshot() const;
  Status LoadSnapshot(std::string_view json);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::lb
