// Signpost. Apache-2.0; see LICENSE.
#include "lb/source_set.h"

#include <algorithm>
#include <utility>

#include "lb/dns_options.h"

namespace signpost::lb {
namespace {

// Asked for by name, whatever its tags. A service that --dns-name names comes from there: that the catalog lacks it is
// no news.
std::set<std::string> WantedOfCatalog(const LiveOptions& live) {
  std::set<std::string> wanted = WantedServices(live.config);
  if (!live.publish.default_service.empty()) wanted.insert(live.publish.default_service);
  for (const DnsName& name : live.dns.names) wanted.erase(name.service);
  return wanted;
}

bool IsWanted(const DnsOptions& dns) { return !dns.servers.empty() && (!dns.names.empty() || !dns.browse.empty()); }

}  // namespace

void SourceRelay::OnService(SourceKind kind, DiscoveredServicePtr service) {
  before_.erase(service->name);
  told_.insert(service->name);
  sink_.OnService(kind, std::move(service));
}

void SourceRelay::OnGone(SourceKind kind, const std::string& name) {
  before_.erase(name);
  told_.erase(name);
  sink_.OnGone(kind, name);
}

void SourceRelay::OnReady(SourceKind kind, const std::set<std::string>& unknown) {
  for (auto at = before_.begin(); at != before_.end();) {
    if (unknown.contains(*at)) {
      ++at;
      continue;
    }
    sink_.OnGone(kind, *at);
    at = before_.erase(at);
  }
  sink_.OnReady(kind, unknown);
}

std::set<std::string> SourceRelay::Names() const {
  std::set<std::string> all = told_;
  all.insert(before_.begin(), before_.end());
  return all;
}

SourceSet::~SourceSet() { Stop(); }

void SourceSet::Start(const LbOptions& options) {
  if (options.start.consul) {
    ConsulSourceOptions consul;
    consul.agent = *options.start.consul;
    consul.wanted = WantedOfCatalog(options.live);
    consul.use_warning = !options.start.only_passing;
    consul.max_watches = options.start.consul_watches;
    consul.policy_prefix = options.start.policy_prefix;
    consul_ = MakeConsulSource(loop_, std::move(consul), sink_);
    consul_->Start();
  } else {
    sink_.OnReady(SourceKind::kConsul, {});  // whatever a snapshot has from there is nobody's word
  }
  OpenDns(options.live.dns);
}

void SourceSet::OpenDns(const DnsOptions& options) {
  std::set<std::string> before = dns_relay_ ? dns_relay_->Names() : std::set<std::string>();
  dns_.reset();
  dns_options_ = options;
  dns_relay_ = std::make_unique<SourceRelay>(sink_, std::move(before));
  if (!IsWanted(options)) {
    // Nothing comes from DNS any more: whatever did is gone.
    return dns_relay_->OnReady(SourceKind::kDns, {});
  }
  dns_ = MakeDnsSource(loop_, options, *dns_relay_);
  dns_->Start();
}

void SourceSet::Reload(const LiveOptions& live) {
  if (consul_) {
    consul_->ReloadToken();
    consul_->SetWanted(WantedOfCatalog(live));
  }
  if (!SameDns(dns_options_, live.dns)) OpenDns(live.dns);
}

void SourceSet::Stop() {
  consul_.reset();
  dns_.reset();
}

std::vector<SourceStatus> SourceSet::Statuses() const {
  std::vector<SourceStatus> all;
  if (consul_) all.push_back(consul_->Status());
  if (dns_) all.push_back(dns_->Status());
  return all;
}

bool SourceSet::ready() const {
  return std::ranges::all_of(Statuses(), [](const SourceStatus& status) { return status.ready; });
}

}  // namespace signpost::lb
