// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/resolv_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/support/run_loop.h"

namespace signpost::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Texts(const std::vector<net::SocketAddress>& addresses) {
  std::vector<std::string> texts;
  for (const net::SocketAddress& address : addresses) texts.push_back(address.ToString());
  return texts;
}

std::vector<net::SocketAddress> Addresses(const std::vector<const char*>& texts) {
  std::vector<net::SocketAddress> addresses;
  for (const char* text : texts) addresses.push_back(net::SocketAddress::Parse(text, 53).value());
  return addresses;
}

TEST(ReadResolvConf, TakesTheServers) {
  EXPECT_THAT(Texts(ReadResolvConf("# by hand\n"
                                   "search example.com\n"
                                   "nameserver 192.0.2.1\n"
                                   "  nameserver\t192.0.2.2 # comment\r\n"
                                   "nameserver 2001:db8::1\n"
                                   "nameserver 192.0.2.1\n"
                                   "nameserver dns.example.com\n"
                                   "nameserver 192.0.2.9:5353\n"
                                   "nameserver [2001:db8::2]\n"
                                   "nameserver\n"
                                   "#nameserver 192.0.2.7\n"
                                   "nameservers 192.0.2.8\n"
                                   "options ndots:5\n"
                                   "nameserver 127.0.0.53")),
              ElementsAre("192.0.2.1:53", "192.0.2.2:53", "[2001:db8::1]:53", "127.0.0.53:53"));
  EXPECT_THAT(ReadResolvConf(""), IsEmpty());
}

TEST(WithoutOwn, LeavesOthers) {
  struct Case {
    const char* what;
    std::vector<const char*> own, host, expected;
  };
  const std::vector<const char*> servers = {"127.0.0.1", "127.0.0.53", "10.0.0.1", "192.0.2.1", "[::1]"};
  const Case cases[] = {
      {"the same address", {"127.0.0.1"}, {"10.0.0.1"}, {"127.0.0.53", "10.0.0.1", "192.0.2.1", "[::1]"}},
      {"another port", {"127.0.0.1:8600"}, {}, servers},
      {"all IPv4 addresses of the host", {"0.0.0.0"}, {"10.0.0.1"}, {"192.0.2.1", "[::1]"}},
      {"all, another port", {"0.0.0.0:8600"}, {"10.0.0.1"}, servers},
      {"all IPv6 addresses", {"[::]"}, {"10.0.0.1"}, {"127.0.0.1", "127.0.0.53", "10.0.0.1", "192.0.2.1"}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(Texts(WithoutOwn(Addresses(servers), Addresses(c.own), Addresses(c.host))), Texts(Addresses(c.expected)))
        << c.what;
  }
}

class ResolvConfWatchTest : public ::testing::Test {
 protected:
  ResolvConfWatchTest() {
    char pattern[] = "/tmp/resolv_conf_test.XXXXXX";
    folder = mkdtemp(pattern);
    path = folder / "resolv.conf";
  }
  ~ResolvConfWatchTest() override { std::filesystem::remove_all(folder); }
  void Write(const std::filesystem::path& to, const std::string& text) const { std::ofstream(to) << text; }

  std::filesystem::path folder, path;
  net::Loop loop;
  std::vector<std::vector<std::string>> changes;
  ResolvConfWatch::OnChange note = [this](const auto& servers) { changes.push_back(Texts(servers)); };
};

TEST_F(ResolvConfWatchTest, FollowsTheFile) {  // F49
  Write(path, "nameserver 192.0.2.1\n");
  const ResolvConfWatch watch(loop, path, note);
  EXPECT_THAT(Texts(watch.servers()), ElementsAre("192.0.2.1:53"));
  EXPECT_THAT(changes, IsEmpty());

  Write(folder / "new", "nameserver 192.0.2.2\n");
  std::filesystem::rename(folder / "new", path);
  EXPECT_TRUE(test::RunUntil(loop, [&] { return changes.size() == 1; }));
  EXPECT_THAT(changes.at(0), ElementsAre("192.0.2.2:53"));

  std::filesystem::remove(path);
  Write(folder / "third", "nameserver 192.0.2.3\nsearch example.com\n");
  std::filesystem::create_symlink(folder / "third", path);
  EXPECT_TRUE(test::RunUntil(loop, [&] { return changes.size() == 2; }));
  EXPECT_THAT(Texts(watch.servers()), ElementsAre("192.0.2.3:53"));
}

TEST_F(ResolvConfWatchTest, AFileWithoutServersChangesNothing) {
  Write(path, "nameserver 192.0.2.1\n");
  const ResolvConfWatch watch(loop, path, note);
  const auto looked_at_twice = [&, since = std::chrono::steady_clock::now()] {
    return std::chrono::steady_clock::now() - since > std::chrono::milliseconds(2500);
  };
  for (const char* text : {"", "# no network\nsearch example.com\n"}) {
    Write(path, text);
    test::RunUntil(loop, looked_at_twice);
    EXPECT_THAT(Texts(watch.servers()), ElementsAre("192.0.2.1:53")) << text;
    EXPECT_THAT(changes, IsEmpty()) << text;
  }
  Write(path, "nameserver 192.0.2.2\n");
  EXPECT_TRUE(test::RunUntil(loop, [&] { return changes.size() == 1; }));
}

TEST_F(ResolvConfWatchTest, NoFileIsNoServers) {
  const ResolvConfWatch watch(loop, path, note);
  EXPECT_THAT(watch.servers(), IsEmpty());
  Write(path, "nameserver 192.0.2.1\n");
  EXPECT_TRUE(test::RunUntil(loop, [&] { return changes.size() == 1; }));
}

}  // namespace
}  // namespace signpost::resolver
