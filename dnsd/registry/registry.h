// Signpost. Apache-2.0; see LICENSE.
// The embedded registry as a whole: database, engine, API, service files. Control thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/http/server.h"
#include "common/net/loop.h"
#include "dnsd/catalog/catalog.h"

namespace signpost::registry {

struct RegistrySettings {
  std::string datacenter;  // lower case
  std::string node;
  std::string address;
  std::string database;  // path; empty = nothing is kept
  std::vector<std::string> service_files;
  std::string token_file;  // empty = none
  bool read_needs_token = false;
  bool script_checks = false;
  std::string docker_url;
};

struct RegistryStatus {
  uint64_t index = 0;
  size_t nodes = 0;
  size_t services = 0;  // names
  size_t instances = 0;
  size_t checks = 0;
  size_t keys = 0;
  size_t sessions = 0;
  size_t blocked = 0;  // requests that wait for a change
  size_t checks_running = 0;
  size_t checks_waiting = 0;  // for their turn
  uint64_t checks_started = 0;
  uint64_t checks_late = 0;
  uint64_t ttls_expired = 0;
  bool disk_fails = false;  // the database refused the last write
};

class Registry {
 public:
  // Opens the database and loads it, the token and the service files. A failure is a sentence that says what to do, and
  // leaves the database as it was.
  static Result<std::unique_ptr<Registry>> Open(net::Loop& loop, const Clock& clock, RegistrySettings settings);
  ~Registry();  // waits until what was changed is on disk
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Started by the caller, before the first request.
  catalog::Source& source();
  // Consul's HTTP API.
  void Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder);
  // SIGHUP: reads token and service files again; all or nothing. The sentence of a failure names the file.
  Status Reload();
  // Tells the sink everything again.
  void Republish();
  RegistryStatus status() const;

 private:
  struct Parts;
  explicit Registry(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

// Metrics signpost_registry_*.
void AppendMetrics(const RegistryStatus& status, MetricsText& text);

}  // namespace signpost::registry
