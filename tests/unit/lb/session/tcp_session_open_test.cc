// Signpost. Apache-2.0; see LICENSE.
// What clients send before an endpoint is chosen: PROXY headers and server names; and what the endpoint is sent of it.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "lb/session/tcp_session.h"
#include "lb/wire/proxy_header.h"
#include "tests/unit/lb/session/tcp_session_world.h"

namespace signpost::lb {
namespace {

std::string Sized(size_t bytes, const std::string& text) {
  std::string size;
  for (size_t i = bytes; i > 0; --i) size += static_cast<char>(text.size() >> (8 * (i - 1)) & 0xff);
  return size + text;
}

// A TLS record with a ClientHello; without a server name when that is empty.
std::string Hello(const std::string& server_name) {
  std::string extensions;
  if (!server_name.empty()) {
    extensions = std::string(2, '\0') + Sized(2, Sized(2, std::string(1, '\0') + Sized(2, server_name)));
  }
  extensions += std::string("\x00\x2b", 2) + Sized(2, "\x02\x03\x04");
  const std::string body = "\x03\x03" + std::string(32, 'r') + Sized(1, "") + Sized(2, "\x13\x01") +
                           Sized(1, std::string(1, '\0')) + Sized(2, extensions);
  return "\x16\x03\x01" + Sized(2, "\x01" + Sized(3, body));
}

// Sends it byte by byte, each in a segment of its own.
void Drip(net::Loop& loop, TcpPeer& client, std::string_view text) {
  for (const char& byte : text) {
    client.Send({&byte, 1});
    RunTurns(loop, 1);
  }
}

class TcpSniTest : public TcpSessionTest {
 protected:
  TcpSniTest() {
    plan_.kind = ListenerKind::kSni;
    plan_.service.clear();
    plan_.sni = {{"one.example", 1}, {"*.two.example", 2}};
    Serve({{&one_}}, 1);
    Serve({{&two_}}, 2);
  }
  void DefaultIs(uint32_t slot) {
    plan_.sni.push_back({"*", slot});
    Publish(false);
  }
};

TEST_F(TcpSniTest, T15ByServerName) {
  TcpPeer client = Connect();
  client.Send(Hello("one.example") + "early data");
  ASSERT_TRUE(Accepts(one_));
  EXPECT_TRUE(Gets(one_.peer(), Hello("one.example") + "early data"));
  TcpPeer other = Connect();
  other.Send(Hello("a.b.two.example"));
  ASSERT_TRUE(Accepts(two_));
  EXPECT_TRUE(Gets(two_.peer(), Hello("a.b.two.example")));
  two_.peer().Reset();
  ASSERT_TRUE(Ends(Termination::kUpstreamReset));
  EXPECT_EQ(records_.back().service, "service-2");
}

TEST_F(TcpSniTest, T15HelloInSegmentsOfOneByte) {
  auto patient = std::make_shared<SessionRules>(*context_.rules);
  patient->sni_timeout = Millis(30000);
  context_.rules = patient;
  const std::string hello = Hello("one.example");
  TcpPeer client = Connect();
  Drip(loop_, client, hello);
  ASSERT_TRUE(Accepts(one_));
  EXPECT_TRUE(Gets(one_.peer(), hello));
}

TEST_F(TcpSniTest, T15HelloThatIsTooLong) {
  DefaultIs(2);
  TcpPeer client = Connect();
  const std::string endless =
      "\x16\x03\x01" + Sized(2, "\x01" + Sized(3, std::string(20000, 'x'))).substr(0, 16000) + std::string(4000, 'x');
  client.Send(endless);
  ASSERT_TRUE(Accepts(two_));
  EXPECT_TRUE(Gets(two_.peer(), endless));
}

TEST_F(TcpSniTest, T15HelloThatDoesNotEnd) {
  DefaultIs(2);
  TcpPeer client = Connect();
  client.Send(Hello("one.example").substr(0, 40));
  EXPECT_TRUE(Ends(Termination::kClientTimeout));
  EXPECT_TRUE(IsClosed(client));
}

TEST_F(TcpSniTest, T16NotTlsGoesToTheDefault) {
  DefaultIs(2);
  TcpPeer client = Connect();
  client.Send("SSH-2.0-OpenSSH");
  ASSERT_TRUE(Accepts(two_));
  EXPECT_TRUE(Gets(two_.peer(), "SSH-2.0-OpenSSH"));
}

TEST_F(TcpSniTest, T16NoNameGoesToTheDefault) {
  DefaultIs(1);
  TcpPeer client = Connect();
  client.Send(Hello(""));
  ASSERT_TRUE(Accepts(one_));
  EXPECT_TRUE(Gets(one_.peer(), Hello("")));
}

TEST_F(TcpSniTest, T16WithoutDefaultItIsClosed) {
  for (const std::string& text : {std::string("SSH-2.0-OpenSSH"), Hello(""), Hello("three.example")}) {
    records_.clear();
    TcpPeer client = Connect();
    client.Send(text);
    EXPECT_TRUE(Ends(Termination::kNoRoute));
    EXPECT_TRUE(IsClosed(client));
  }
  EXPECT_EQ(context_.counters.no_route.value(), 3U);
}

TEST_F(TcpSniTest, NamesAreThoseOfTheNewestRoutes) {
  TcpPeer client = Connect();
  RunTurns(loop_);
  plan_.sni = {{"one.example", 2}};
  Publish(false);
  client.Send(Hello("one.example"));
  EXPECT_TRUE(Accepts(two_));
}

TEST_F(TcpSniTest, T17T15ProxyHeaderBeforeTheHello) {
  plan_.accept_proxy = true;
  TcpPeer client = Connect();
  client.Send("PROXY TCP4 198.51.100.7 198.51.100.8 999 443\r\n" + Hello("one.example"));
  ASSERT_TRUE(Accepts(one_));
  EXPECT_TRUE(Gets(one_.peer(), Hello("one.example")));
  client.Reset();
  ASSERT_TRUE(Ends(Termination::kClientAbort));
  EXPECT_EQ(records_.back().client, "198.51.100.7:999");
}

class TcpProxyTest : public TcpSessionTest {
 protected:
  TcpProxyTest() {
    plan_.accept_proxy = true;
    Serve({{&one_}});
  }
  // What the log calls the client that sends this first; "" when it is closed.
  std::string ClientOf(const std::string& header) {
    records_.clear();
    TcpPeer client = Connect();
    client.Send(header + "payload");
    EXPECT_TRUE(RunUntil(loop_, [&] { return one_.Accept() || !records_.empty(); }));
    if (!records_.empty()) {
      EXPECT_TRUE(IsClosed(client));
      EXPECT_TRUE(Ends(Termination::kBadRequest));
      return "";
    }
    EXPECT_TRUE(Gets(one_.peer(), "payload"));
    client.Reset();
    EXPECT_TRUE(Ends(Termination::kClientAbort));
    return records_.back().client;
  }
};

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

TEST_F(TcpProxyTest, T17VersionOneInThreeSegments) {
  TcpPeer client = Connect();
  for (const char* part : {"PROXY TCP", "4 198.51.100.7 198.51.100.8 9", "99 80\r\nafter"}) {
    client.Send(part);
    RunTurns(loop_);
  }
  ASSERT_TRUE(Accepts(one_));
  EXPECT_TRUE(Gets(one_.peer(), "after"));
  client.Reset();
  ASSERT_TRUE(Ends(Termination::kClientAbort));
  EXPECT_EQ(records_.back().client, "198.51.100.7:999");
  EXPECT_EQ(records_.back().received, 5U);
}

TEST_F(TcpProxyTest, T18VersionTwo) {
  EXPECT_EQ(
      ClientOf(kSignature + "\x21\x11" + Sized(2, std::string("\xc6\x33\x64\x07\xc6\x33\x64\x08\x03\xe7\x00\x50", 12))),
      "198.51.100.7:999");
  EXPECT_EQ(ClientOf(kSignature + "\x20" + std::string(1, '\0') + Sized(2, "")), "192.0.2.9:4321");  // LOCAL
  EXPECT_EQ(ClientOf("PROXY UNKNOWN\r\n"), "192.0.2.9:4321");
}

TEST_F(TcpProxyTest, T17T18T19Bad) {
  EXPECT_EQ(ClientOf("PROXY TCP4 " + std::string(120, '1')), "");
  EXPECT_EQ(ClientOf(kSignature + "\x21\x11" + Sized(2, "\x7f")), "");
  EXPECT_EQ(ClientOf("GET / HTTP/1.1\r\n"), "");
  EXPECT_EQ(context_.counters.proxy_header_errors.value(), 3U);
}

TEST_F(TcpProxyTest, T19NothingComes) {
  TcpPeer client = Connect();
  EXPECT_TRUE(Ends(Termination::kClientTimeout));
  EXPECT_TRUE(IsClosed(client));
  EXPECT_FALSE(one_.Accept());
  EXPECT_EQ(context_.counters.proxy_header_errors.value(), 1U);
}

TEST_F(TcpProxyTest, T19FinComesInstead) {
  TcpPeer client = Connect();
  client.Send("PROXY TCP4 ");
  client.Finish();
  EXPECT_TRUE(Ends(Termination::kBadRequest));
}

TEST_F(TcpSessionTest, T20VersionOneOnceAlsoAfterARetry) {
  settings_.send_proxy = ProxyHeader::kV1;
  one_.Close();
  Serve({{&one_, 1}, {&two_, 2}});
  TcpPeer client = Connect();
  client.Send("payload");
  ASSERT_TRUE(Accepts(two_));
  const std::string port = std::to_string(front_.address().port());
  EXPECT_TRUE(Gets(two_.peer(), "PROXY TCP4 192.0.2.9 127.0.0.1 4321 " + port + "\r\npayload"));
  client.Send(" and more");
  EXPECT_TRUE(RunUntil(loop_, [&] { return two_.peer().got().ends_with("\r\npayload and more"); }));
}

TEST_F(TcpSessionTest, T20VersionTwoBeforeTheServersBanner) {
  settings_.send_proxy = ProxyHeader::kV2;
  Serve({{&one_}});
  TcpPeer client = Connect();
  ASSERT_TRUE(Accepts(one_));
  const std::string header = ProxyHeaderV2(net::SocketAddress::Parse("192.0.2.9:4321", 0).value(), front_.address());
  EXPECT_TRUE(Gets(one_.peer(), header));
}

TEST_F(TcpProxyTest, T20HandsOnWhatItWasTold) {
  settings_.send_proxy = ProxyHeader::kV1;
  Serve({{&one_}});
  TcpPeer client = Connect();
  client.Send("PROXY TCP4 198.51.100.7 198.51.100.8 999 443\r\nx");
  ASSERT_TRUE(Accepts(one_));
  EXPECT_TRUE(Gets(one_.peer(), "PROXY TCP4 198.51.100.7 198.51.100.8 999 443\r\nx"));
}

TEST_F(TcpProxyTest, SlotOfAnotherServiceIsRefused) {
  Serve({{&one_}});
  TcpPeer client = Connect();
  states_[0] = std::make_shared<PoolState>();
  Serve({{&two_}});
  client.Send("PROXY UNKNOWN\r\n");
  EXPECT_TRUE(Ends(Termination::kNoEndpoint));
  EXPECT_TRUE(IsReset(client));
}

TEST_F(TcpSessionTest, SlotOfAnotherServiceIsNotWaitedFor) {
  settings_.max_conns = 1;
  Serve({{&one_}});
  TcpPeer first = Connect();
  ASSERT_TRUE(Accepts(one_));
  TcpPeer second = Connect();
  states_[0] = std::make_shared<PoolState>();
  Serve({{&two_}});
  EXPECT_TRUE(Ends(Termination::kNoEndpoint));
  EXPECT_TRUE(IsReset(second));
  EXPECT_FALSE(two_.Accept());
}

// By turns: the first and the third go to one version, the second and the fourth to the other one.
TEST_F(TcpSessionTest, F15AFullVersionHoldsUpNoOther) {
  settings_.max_conns = 1;
  settings_.split = ParseShares("v1:50,v2:50").value();
  settings_.split.key = SplitKey::kNone;
  Serve({{&one_, 0, "v1"}, {&two_, 0, "v2"}});
  TcpPeer first = Connect();
  ASSERT_TRUE(RunUntil(loop_, [&] { return endpoint(0).in_use() + endpoint(1).in_use() == 1; }));
  TcpHost& odd = endpoint(0).in_use() == 1 ? one_ : two_;
  TcpHost& even = endpoint(0).in_use() == 1 ? two_ : one_;
  TcpPeer second = Connect();
  ASSERT_TRUE(Accepts(odd));
  ASSERT_TRUE(Accepts(even));
  TcpPeer third = Connect();
  ASSERT_TRUE(RunUntil(loop_, [&] { return states_[0]->waiting == 1; }));
  second.Reset();
  RunTurns(loop_, 30);
  EXPECT_EQ(states_[0]->waiting, 1U) << "a full version is waited for";
  TcpPeer fourth = Connect();
  ASSERT_TRUE(Accepts(even));
  first.Reset();
  ASSERT_TRUE(Accepts(odd));
  third.Send("I am third");
  EXPECT_TRUE(Gets(odd.peer(), "I am third"));
}

}  // namespace
}  // namespace signpost::lb
