// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_source.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "lb/discovery/dns_browse.h"
#include "lb/discovery/dns_service.h"
#include "lb/discovery/dns_srv_reader.h"

namespace signpost::lb {
namespace {

// More names than this are spread over time from their second reading on.
constexpr size_t kManyNames = 32;

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return text;
}

LossRules RulesOf(const DnsOptions& options) {
  return {.hold_empty = options.hold_empty,
          .confirm_loss = options.confirm_loss,
          .subset_hold = options.subset_hold,
          .max_stale = options.max_stale,
          .ask_again = options.min_interval};
}

class DnsSource final : public Source {
 public:
  DnsSource(net::Loop& loop, DnsOptions options, SourceSink& sink);

  void Start() override;
  SourceStatus Status() const override;

 private:
  // One name of the config file with its versions.
  struct Service {
    std::string name;
    std::vector<std::string> tags;
    std::vector<std::unique_ptr<DnsWatch>> parts;  // versions first
  };

  DnsPace Pace() const { return {options_.min_interval, options_.max_interval}; }
  void AddService(const DnsName& name, bool spread);
  void AddPart(Service& service, const DnsName& config, const std::string& name, const std::string& version,
               bool spread);
  void AddBrowse();
  void OnReading(const Service& service);
  void OnBrowsed(const std::string& name, const DnsWatch& watch);
  void Tell(DiscoveredService service);
  void LookReady();
  std::set<std::string> Unknown() const;

  net::Loop& loop_;
  const DnsOptions options_;
  SourceSink& sink_;
  Random random_;
  DnsClient client_;
  TargetBook targets_;
  std::vector<std::unique_ptr<Service>> services_;
  std::unique_ptr<DnsBrowse> browse_;
  std::map<std::string, DiscoveredServicePtr> told_;
  bool ready_ = false;
  bool told_ready_ = false;
  net::Timer nothing_to_do_;  // ready at once, but not from inside Start
};

DnsSource::DnsSource(net::Loop& loop, DnsOptions options, SourceSink& sink)
    : loop_(loop),
      options_(std::move(options)),
      sink_(sink),
      random_(RandomSeed()),
      client_(loop, {options_.servers, options_.timeout, options_.edns_size, options_.tcp_domain}),
      targets_(loop, client_, Pace(), options_.ipv6),
      nothing_to_do_(loop, [this] { LookReady(); }) {
  const bool spread = options_.names.size() > kManyNames;
  for (const DnsName& name : options_.names) AddService(name, spread);
  if (!options_.browse.empty()) AddBrowse();
}

void DnsSource::AddService(const DnsName& name, bool spread) {
  Service& service = *services_.emplace_back(std::make_unique<Service>());
  service.name = name.service;
  for (const std::string& tag : name.tags) service.tags.push_back(Lower(tag));
  for (const auto& [version, asked] : name.versions) AddPart(service, name, asked, version, spread);
  if (!name.name.empty()) AddPart(service, name, name.name, "", spread);
}

void DnsSource::AddPart(Service& service, const DnsName& config, const std::string& name, const std::string& version,
                        bool spread) {
  DnsNameOptions options{.name = CanonicalName(name),
                         .port = config.port,
                         .version = version,
                         .tags = service.tags,
                         .pace = Pace(),
                         .ipv6 = options_.ipv6};
  auto reader = std::make_unique<SrvReader>(loop_, client_, targets_, std::move(options));
  service.parts.push_back(std::make_unique<DnsWatch>(loop_, random_, std::move(reader), RulesOf(options_), Pace(),
                                                     spread, [this, &service] { OnReading(service); }));
}

void DnsSource::AddBrowse() {
  BrowseOptions options{.domain = CanonicalName(options_.browse),
                        .interval = options_.browse_interval,
                        .pace = Pace(),
                        .rules = RulesOf(options_),
                        .ipv6 = options_.ipv6};
  for (const auto& service : services_) options.ignored.insert(Lower(service->name));
  browse_ = std::make_unique<DnsBrowse>(
      loop_, random_, client_, targets_, std::move(options),
      DnsBrowse::Handlers{
          .on_reading = [this](const std::string& name, const DnsWatch& watch) { OnBrowsed(name, watch); },
          .on_gone =
              [this](const std::string& name) {
                told_.erase(name);
                sink_.OnGone(SourceKind::kDns, name);  // even if never told: it may be known from before
              },
          .on_list = [this] { LookReady(); }});
}

void DnsSource::Start() {
  for (const auto& service : services_) {
    for (const auto& part : service->parts) part->Start();
  }
  if (browse_) browse_->Start();
  if (services_.empty() && !browse_) nothing_to_do_.Start(Millis(0));
}

void DnsSource::OnReading(const Service& service) {
  std::vector<const LossGuard*> parts;
  bool asked = true, known = false, changed = !told_.contains(service.name);
  for (const auto& part : service.parts) {
    parts.push_back(&part->guard());
    asked &= part->asked();
    known |= part->guard().known();
    changed |= part->guard().changed();
  }
  if (asked && known && changed) Tell(ComposeService(service.name, parts, service.tags));
  LookReady();
}

void DnsSource::OnBrowsed(const std::string& name, const DnsWatch& watch) {
  if (watch.guard().known() && watch.guard().changed()) Tell(ComposeService(name, {&watch.guard()}, {}));
  LookReady();
}

void DnsSource::Tell(DiscoveredService service) {
  DiscoveredServicePtr& told = told_[service.name];
  if (told && SameService(*told, service)) return;
  told = std::make_shared<const DiscoveredService>(std::move(service));
  const DiscoveredServicePtr news = told;
  sink_.OnService(SourceKind::kDns, news);
}

void DnsSource::LookReady() {
  if (told_ready_) return;
  const bool asked = std::all_of(services_.begin(), services_.end(), [](const auto& service) {
    return std::all_of(service->parts.begin(), service->parts.end(), [](const auto& part) { return part->asked(); });
  });
  const bool idle = services_.empty() && !browse_;
  if (!asked || (browse_ && !browse_->asked()) || (client_.good() == 0 && !idle)) return;
  ready_ = true;
  if (browse_ && !browse_->listed()) return;  // what a part of the list lacks may be there all the same
  told_ready_ = true;
  sink_.OnReady(SourceKind::kDns, Unknown());
}

std::set<std::string> DnsSource::Unknown() const {
  std::set<std::string> unknown;
  for (const auto& service : services_) unknown.insert(service->name);
  if (browse_) {
    for (const auto& [name, watch] : browse_->watches()) unknown.insert(name);
  }
  for (const auto& [name, service] : told_) unknown.erase(name);
  return unknown;
}

SourceStatus DnsSource::Status() const {
  SourceStatus out{.kind = SourceKind::kDns, .where = "dns", .ready = ready_};
  for (const net::SocketAddress& server : options_.servers) out.where += " " + server.ToString();
  size_t all = 0, failing = 0;
  const auto look = [&](const std::string& name, const DnsWatch& watch) {
    ++all;
    if (watch.trouble().empty()) return;
    if (failing++ == 0) out.reason = name + ": " + watch.trouble();
  };
  for (const auto& service : services_) {
    for (const auto& part : service->parts) look(service->name, *part);
  }
  if (browse_) {
    for (const auto& [name, watch] : browse_->watches()) look(name, *watch);
    ++all;
    if (!browse_->trouble().empty() && failing++ == 0) out.reason = "list of services: " + browse_->trouble();
  }
  out.failing = failing > 0;
  if (failing > 0) out.reason = std::to_string(failing) + " of " + std::to_string(all) + " names fail, " + out.reason;
  out.age = loop_.Now() - client_.last_good();
  out.good = client_.good();
  out.bad.assign(client_.bad().begin(), client_.bad().end());
  return out;
}

}  // namespace

std::unique_ptr<Source> MakeDnsSource(net::Loop& loop, DnsOptions options, SourceSink& sink) {
  return std::make_unique<DnsSource>(loop, std::move(options), sink);
}

}  // namespace signpost::lb
