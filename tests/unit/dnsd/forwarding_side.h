// Signpost. Apache-2.0; see LICENSE.
// Two workers with everything that forwards for them, on real sockets.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "dnsd/forwarding.h"
#include "tests/support/bind_to_loopback.h"
#include "tests/support/dns/asker.h"
#include "tests/support/dns/world.h"
#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/resolver/fake_upstream.h"

namespace signpost::dnsd {

// The options as a command line gives them.
inline Result<ResolverOptions> TryResolverOptions(std::vector<std::string> arguments) {
  const auto values =
      options::Read(ResolverRows(), {std::move(arguments), [](const std::string&) { return std::nullopt; }});
  if (!values.ok()) return values.status();
  return ReadResolverOptions(values.value());
}

inline ResolverOptions MustResolverOptions(std::vector<std::string> arguments) {
  auto read = TryResolverOptions(std::move(arguments));
  if (!read.ok()) Abort(read.status().text());
  return std::move(read).value();
}

class ForwardingSide : public ::testing::Test {
 protected:
  ForwardingSide() {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    for (size_t i = 0; i < 2; ++i) {
      workers.push_back(std::make_unique<Worker>(settings, transport::TcpOptions{}, budget, 1 << 20, HooksOf(i)));
      workers.back()->Post(
          [](service_zone::ZoneData& data, uint64_t) { data.SetFreshness(catalog::Freshness::kFresh); });
      addresses.push_back(test::BindToLoopback(*workers.back()));
      askers.push_back(std::make_unique<test::Asker>(addresses.back()));
    }
  }
  ~ForwardingSide() override {
    for (const auto& worker : workers) worker->Drain(Millis(50));
    for (const auto& worker : workers) worker->Join();
    forwarding.Stop();
    std::filesystem::remove_all(folder);
  }

  void Start(std::vector<std::string> arguments) {
    ResolverOptions read = MustResolverOptions(std::move(arguments));
    auto zones = LoadZones(read).value();
    forwarding.Start(std::move(read), std::move(zones), addresses);
    for (const auto& worker : workers) worker->Start();
  }
  void Reload(std::vector<std::string> arguments) {
    ResolverOptions read = MustResolverOptions(std::move(arguments));
    auto zones = LoadZones(read).value();
    forwarding.Apply(std::move(read), std::move(zones));
    // What a worker has been told counts once its turn has come.
    for (const auto& worker : workers) {
      std::promise<void> told;
      worker->Inspect([&](auto&, auto&, uint64_t) { told.set_value(); });
      told.get_future().wait();
    }
  }
  std::string File(const std::string& name, const std::string& text) {
    std::ofstream(folder + name) << text;
    return folder + name;
  }
  static std::string At(const resolver::FakeUpstream& upstream) { return upstream.address().ToString(); }

  // Rcode and first record of what a worker says to a client that wants recursion.
  std::string Ask(const char* name, size_t worker = 0, const char* type = "A") {
    return Said(askers[worker]->Ask(test::Question(name, type).Flags(0x0100).Edns(1232)));
  }
  static std::string Said(const test::Reply& reply) {
    return reply.rcode + (reply.answer.empty() ? "" : " " + reply.answer[0]);
  }

  Worker::Hooks HooksOf(size_t worker) {
    return {.ask = [this, worker](resolver::Question question) { forwarding.Ask(worker, std::move(question)); },
            .refresh = [this](resolver::Question question) { forwarding.Refresh(std::move(question)); },
            .probe_seen = [this](std::string_view label) { forwarding.OnProbe(label); }};
  }

  const std::string folder = ::testing::TempDir() + "forwarding_" + std::to_string(getpid()) + "/";
  net::Loop loop;
  std::shared_ptr<const service_zone::Settings> settings = test::MakeSettings();
  transport::TcpBudget budget{10, 0};
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<net::SocketAddress> addresses;
  std::vector<std::unique_ptr<test::Asker>> askers;
  Forwarding forwarding{
      loop, workers, {.resolv_conf = folder + "resolv.conf", .cache_size = 4 << 20}, {test::WireName("consul")}};
};

}  // namespace signpost::dnsd
