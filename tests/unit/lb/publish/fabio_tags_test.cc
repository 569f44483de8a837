// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/fabio_tags.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

// "host path strip prepend send_host redirect redirect_to", "tcp address port", or what is wrong with it.
std::string Read(const std::string& tag) {
  const auto route = ParseFabioTag("urlprefix-" + tag);
  if (!route.ok()) return route.status().text();
  const HttpRoute& http = route.value().http;
  std::string text = route.value().is_tcp ? "tcp " + route.value().address + " " + std::to_string(route.value().port)
                                          : http.host + " " + http.path;
  if (!http.strip.empty()) text += " strip=" + http.strip;
  if (!http.prepend.empty()) text += " prepend=" + http.prepend;
  if (!http.send_host.empty()) text += " host=" + http.send_host;
  if (http.redirect != 0) text += " " + std::to_string(http.redirect) + " " + http.redirect_to;
  if (!route.value().ignored.empty()) text += " ignored: " + route.value().ignored;
  return text;
}

TEST(ParseFabioTagTest, ReadsWhatFabioReads) {
  const struct {
    const char* tag;
    const char* read;
  } cases[] = {
      {"www.example.com/", "www.example.com /"},
      {"WWW.Example.com./Path", "www.example.com /Path"},
      {"www.example.com:8080/", "www.example.com /"},
      {"/path", "* /path"},
      {"*.example.com/", "*.example.com /"},
      {"a/x strip=/x", "a /x strip=/x"},
      {"a/x   strip=/x \t prepend=/y", "a /x strip=/x prepend=/y"},
      {"a/ host=b.example", "a / host=b.example"},
      {"a/ redirect=301,https://b.example$path", "a / 301 https://b.example$path"},
      {"a/ proto=http", "a /"},
      {"a/ weight=0.05 register=x", "a / ignored: weight, register"},
      {":1234 proto=tcp", "tcp  1234"},
      {"192.0.2.1:1234 proto=tcp", "tcp 192.0.2.1:1234 1234"},
  };
  for (const auto& c : cases) EXPECT_EQ(Read(c.tag), c.read) << c.tag;
}

TEST(ParseFabioTagTest, RefusesWhatWouldMislead) {
  const struct {
    const char* tag;
    const char* problem;
  } cases[] = {
      {"", "names no host or path"},
      {"www.example.com", "needs a slash after the host"},
      {"a b/", "needs a slash after the host"},
      {"$DC.example.com/", "has a variable, which does not exist here"},
      {"${X}/", "has a variable, which does not exist here"},
      {"a,b/", "has a host that is not a host name"},
      {"a/\x01", "has a path that no request can have"},
      {"a/ proto=https", "asks for proto=https, which does not exist here"},
      {"a/ proto=grpc", "asks for proto=grpc, which does not exist here"},
      {"a/ allow=ip:192.0.2.0/24", "asks for allow=, which does not exist here"},
      {"a/ deny=ip:192.0.2.0/24", "asks for deny=, which does not exist here"},
      {"a/ auth=x", "asks for auth=, which does not exist here"},
      {":1 proto=tcp pxyproto=true", "asks for pxyproto=, which does not exist here"},
      {"a/ host=dst", "asks for host=dst, which does not exist here"},
      {"a/ strip=x", "has a path that does not begin with a slash"},
      {"a/ redirect=301", "needs a redirect like redirect=301,URL"},
      {"a/ redirect=999,/", "needs a redirect like redirect=301,URL"},
      {"a/ redirect=301,", "redirects to something that is no address"},
      {":0 proto=tcp", "needs a port like :1234"},
      {":70000 proto=tcp", "needs a port like :1234"},
      {"a proto=tcp", "needs a port like :1234"},
      {"x:1 proto=tcp", "has an address that is not one"},
  };
  for (const auto& c : cases) EXPECT_EQ(Read(c.tag), c.problem) << c.tag;
  EXPECT_EQ(Read(std::string(5000, 'a')), "is too long");
}

}  // namespace
}  // namespace signpost::lb
