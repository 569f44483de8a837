// Signpost. Apache-2.0; see LICENSE.
// The sources of discovery that the options ask for, and their exchange while the program runs. Control thread.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/net/loop.h"
#include "lb/discovery/consul_source.h"
#include "lb/discovery/dns_source.h"
#include "lb/discovery/source.h"
#include "lb/lb_options.h"

namespace signpost::lb {

// Between a source and the sink: remembers what the source told, so that its successor's silence about a name means
// that it is gone.
class SourceRelay final : public SourceSink {
 public:
  // `before`: the names that the predecessor had told.
  SourceRelay(SourceSink& sink, std::set<std::string> before) : sink_(sink), before_(std::move(before)) {}

  void OnService(SourceKind kind, DiscoveredServicePtr service) override;
  void OnGone(SourceKind kind, const std::string& name) override;
  void OnReady(SourceKind kind, const std::set<std::string>& unknown) override;
  // Told and not gone, the predecessor's included.
  std::set<std::string> Names() const;

 private:
  SourceSink& sink_;
  std::set<std::string> before_;  // not yet told anew
  std::set<std::string> told_;
};

class SourceSet {
 public:
  // `sink` outlives it.
  SourceSet(net::Loop& loop, SourceSink& sink) : loop_(loop), sink_(sink) {}
  ~SourceSet();

  // Sources that are not wanted are told to be ready at once.
  void Start(const LbOptions& options);
  // The new options' live part; the token file is read again.
  void Reload(const LiveOptions& live);
  void Stop();

  std::vector<SourceStatus> Statuses() const;
  // Every source has told what it knew at the start.
  bool ready() const;
  bool empty() const { return !consul_ && !dns_; }

 private:
  void OpenDns(const DnsOptions& options);

  net::Loop& loop_;
  SourceSink& sink_;
  std::unique_ptr<ConsulSource> consul_;
  DnsOptions dns_options_;
  std::unique_ptr<SourceRelay> dns_relay_;
  std::unique_ptr<Source> dns_;
};

}  // namespace signpost::lb
