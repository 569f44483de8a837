// Signpost. Apache-2.0; see LICENSE.
// A packet from anywhere into the query handler, over a zone with every kind of object in it. Whatever comes: the reply
// is well formed, no larger than allowed, and exactly one counter says what became of the query. Input: one byte of
// switches (1 TCP, 2 last try, 4 stale data, 8 a second later), then the packet.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/fuzz/check.h"
#include "tests/support/dns/world.h"

namespace signpost::fuzz {
namespace {

using catalog::Kind;
using test::Node;
using test::Service;
using test::World;

void AddNodes(World& world) {
  world.Add(Node("foo", "10.0.0.1").Meta("key", "value").Meta("rfc1035-x", "plain"));
  world.Add(Node("a.b", "10.0.0.9").Id("22000000-1111-2222-3333-444444444444"));
  world.Add(Node("dual", "10.0.4.1").Tagged("lan_ipv4", "10.0.4.2").Tagged("lan_ipv6", "2001:db8:4::2"));
  world.Add(Node("ext", "www.example.com"))
      .Add(Node("loop", "loop.node.consul"))
      .Add(Node(std::string(64, 'n'), "10.0.7.2"));
  Node texts("texts", "10.0.7.1");
  for (int i = 0; i < 20; ++i) texts.Meta("k" + std::to_string(i), std::string(200, 'x'));
  world.Add(texts).Add(Node("w1", "203.0.113.1", "dc2").Tagged("wan", "203.0.113.1"));
}

// Three names that fill a packet each, one an alias of the next.
void AddLongAliases(World& world) {
  const auto tag = [](char c) { return std::string(60, c) + "." + std::string(60, c) + "." + std::string(60, c); };
  Service service("long");
  for (const char c : {'a', 'b', 'c'}) {
    service.On(std::string("long-") + c, "10.0.6.1").Tag(tag(c)).Port(static_cast<uint16_t>(c));
    service.Address(c == 'c' ? tag('z') + "." + tag('y').substr(0, 60)
                             : tag(static_cast<char>(c + 1)) + ".long.service.consul");
  }
  world.Add(service);
}

void AddServices(World& world) {
  world.Add(Service("web")
                .On("n1", "10.0.1.1")
                .Port(80)
                .Tag("v1")
                .Tag("a.b")
                .Weights(10, 1)
                .On("n2", "10.0.1.2")
                .Port(81)
                .Warning()
                .On("n3", "2001:db8::3")
                .Port(82)
                .On("n4", "10.0.1.4")
                .Critical()
                .Tag("dead")
                .On("n5", "10.0.1.5")
                .Port(83)
                .Address("10.0.9.9")
                .Tag("v1"));
  world.Add(test::ManyInstances("many", 300)).Add(test::ManyInstances("consul", 5, "srv"));
  world.Add(
      Service("zero").On("z1", "10.0.10.1").Warning().Weights(1, 0).On("z2", "10.0.10.2").Warning().Weights(1, 0));
  world.Add(Service("host").On("e1", "10.0.5.1").Port(1).Address("www.example.org"))
      .Add(Service("int").On("e2", "10.0.5.2").Port(1).Address("web.service.consul"));
  world.Add(Service("chain")
                .On("e3", "10.0.5.3")
                .Port(1)
                .Address("int.service.consul")
                .On("e4", "10.0.5.4")
                .Port(2)
                .Address("web.service.consul"));
  world.Add(Service("ring").On("e5", "10.0.5.5").Port(1).Address("gnir.service.consul"))
      .Add(Service("gnir").On("e5", "10.0.5.5").Port(1).Address("ring.service.consul"));
  world.Add(Service("far").On("e6", "10.0.5.6").Port(1).Address("web.service.dc2.consul"))
      .Add(Service("dead").On("n1", "10.0.1.1").Critical());
  world.Add(Service("web", Kind::kConnect).On("px", "10.0.0.55").Port(21000))
      .Add(Service("web", Kind::kIngress).On("gw", "10.0.0.56").Port(8080));
  world.Add(Service("q", Kind::kQuery)
                .OwnTtl(11)
                .AnsweredBy("dc2")
                .On(Node("w1", "203.0.113.1", "dc2"))
                .Port(80)
                .Address("203.0.113.9"));
  world.Add(Service("near", Kind::kQuery).KeepOrder().On("n2", "10.0.1.2").Port(81).On("n1", "10.0.1.1").Port(80));
  world.NameOnly(Service("named")).Absent({Kind::kQuery, "dc1", "none"}).Unavailable({Kind::kService, "dc2", "lost"});
}

World& TheWorld() {
  static World* const world = [] {
    auto* made = new World([](service_zone::Settings& s) {
      s.alt_domain = test::WireName("alt.test");
      s.answer_limit.Set("limited*", 2);
      s.service_ttl.Set("*", 30);
    });
    made->Datacenters({"dc1", "dc2"});
    AddNodes(*made);
    AddServices(*made);
    AddLongAliases(*made);
    return made;
  }();
  return *world;
}

// The size that the client's OPT record allows, found without dnsd's parser: the largest that any byte could mean.
constexpr size_t kLargestUdp = 1232;

uint64_t Sum(const auto& counters) {
  uint64_t sum = 0;
  for (const auto& counter : counters) sum += counter.value();
  return sum;
}

void Run(std::span<const uint8_t> input) {
  World& world = TheWorld();
  const uint8_t switches = input[0];
  const auto packet = input.subspan(1);
  const bool tcp = (switches & 1) != 0;
  world.LastTry((switches & 2) != 0).At((switches & 8) != 0 ? 2000 : 1000);
  world.Freshness((switches & 4) != 0 ? catalog::Freshness::kStale : catalog::Freshness::kFresh);
  if (world.handler().answerer().has_used()) world.handler().answerer().TakeUsed();

  const query::Counters& counters = world.counters();
  const auto outcomes = [&] { return Sum(counters.answered) + Sum(counters.dropped[0]) + Sum(counters.dropped[1]); };
  const uint64_t before = outcomes();
  const test::Reply reply = world.AskBytes(packet, tcp, tcp ? 65535 : kLargestUdp);
  const bool waits = reply.rcode.starts_with("wait");
  Demand(reply.problem.empty(), reply.problem);
  Demand(outcomes() - before == (waits ? 0 : 1), "one outcome for each query");
  Demand(Sum(counters.answered) == Sum(counters.rcodes) && Sum(counters.answered) == Sum(counters.types), "sums");
  if (reply.bytes.empty())
    return Demand(waits || packet.size() < 12 || (packet[2] & 0x80) != 0, "silence only for what is no query");
  Demand(packet[0] == reply.bytes[0] && packet[1] == reply.bytes[1], "the id comes back");
  Demand(tcp || reply.has_opt || reply.bytes.size() <= 512, "at most 512 bytes without EDNS");
  Demand(!tcp || !reply.truncated(), "TC over TCP");
  if (reply.question_end > 12) {
    Demand(std::equal(packet.begin() + 12, packet.begin() + static_cast<ptrdiff_t>(reply.question_end),
                      reply.bytes.begin() + 12),
           "the question comes back as it was sent");
  }
  const bool negative =
      reply.rcode == "NXDOMAIN" || (reply.rcode == "NOERROR" && reply.answer.empty() && !reply.truncated());
  Demand(!negative || reply.authority.size() == 1, "negative answers carry an SOA");
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) signpost::fuzz::Run({data, size});
  return 0;
}
