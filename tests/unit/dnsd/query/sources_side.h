// Signpost. Apache-2.0; see LICENSE.
// A handler with all its sources: the catalog, a static zone, routes, and answers of upstreams given by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/zone_file.h"
#include "dnsd/resolver/reply.h"
#include "dnsd/static_zone/zone.h"
#include "tests/support/dns/world.h"
#include "tests/unit/dnsd/resolver/upstream_message.h"

namespace signpost::query {

inline resolver::Route RouteTo(std::string_view zone, uint32_t id = 1) {
  return {test::WireName(zone), {net::SocketAddress::Parse("192.0.2.53", 53).value()}, id};
}

class SourcesSide : public ::testing::Test {
 protected:
  // A local client of a dnsd that forwards everything and serves static.test.
  SourcesSide() {
    world.Add(test::Service("web").On("n1", "10.0.0.1").Port(80)).From({127, 0, 0, 1});
    world.Follow([](Policy& policy) {
      EXPECT_TRUE(policy.recursion.Add("local").ok());
      policy.routes = std::make_shared<const resolver::Routes>(std::vector{RouteTo(".")});
      auto zones = std::make_shared<static_zone::ZoneSet>();
      zones->Add(Zone("static.test", false,
                      "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns\nns A 192.0.2.1\nout CNAME www.example.com.\n"
                      "in CNAME web.service.consul.\nback CNAME turn.service.consul.\ncut CNAME host.sub\nsub NS "
                      "ns.sub\nns.sub A 192.0.2.2\n"));
      zones->Add(Zone("local", true, "@ 60 SOA ns h 1 2 3 4 30\n@ NS ns.invalid.\n"));
      policy.zones = std::move(zones);
    });
  }

  static std::shared_ptr<const static_zone::Zone> Zone(std::string_view origin, bool built_in,
                                                       const std::string& text) {
    const auto file = dns::ReadZoneText("$TTL 60\n" + text, "z", origin);
    return static_zone::Zone::Make(origin, file.value(), built_in, nullptr).value();
  }

  // The resolver has settled this question; it may be kept until `keep_until_ms`.
  void Settle(const resolver::UpstreamMessage& message, uint64_t keep_until_ms = 1'000'000,
              resolver::Age age = resolver::Age::kFresh) {
    const auto packet = message.Packet();
    const resolver::SentQuestion sent{.question = message.question(), .id = resolver::kId};
    const auto reply = resolver::ReadReply(packet, sent, {}, now_ms);
    ASSERT_NE(reply.answer, nullptr);
    reply.answer->route = 1;
    settled = {message.question(), reply.answer, age, keep_until_ms};
    forwarded().Arrive(settled);
    forwarded().Leave();
  }
  Forwarded& forwarded() { return world.handler().sources().forwarded(); }
  // By a client that wants recursion.
  test::Reply Ask(std::string_view name, std::string_view type) {
    return world.At(now_ms).Ask(test::Question(name, type).Flags(0x0100).Edns(1232));
  }
  test::Reply AskPlain(std::string_view name, std::string_view type, uint16_t flags = 0) {
    return world.At(now_ms).Ask(test::Question(name, type).Flags(flags).Edns(1232));
  }

  test::World world{{}, 1, 1 << 20};
  uint64_t now_ms = 1000;
  resolver::Settled settled;
};

}  // namespace signpost::query
