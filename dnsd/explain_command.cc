// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/explain_command.h"

#include <array>
#include <cstdio>
#include <string>

#include "common/http/client.h"
#include "common/http/url.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/options/help.h"
#include "common/options/options.h"
#include "dnsd/wire/name.h"
#include "dnsd/wire/type_name.h"

namespace signpost::dnsd {
namespace {

using options::Rows;
using options::Values;

constexpr int kExitRuntime = 1;
constexpr int kExitUsage = 2;

std::string CheckName(std::string_view text) {
  return !text.empty() && wire::Name::FromText(text).ok() ? "" : "must be a domain name";
}

std::string CheckType(std::string_view text) {
  return wire::TypeFromText(text) ? "" : "must be a record type such as A, SRV or TYPE65";
}

std::string CheckHttp(std::string_view text) {
  const auto address = net::SocketAddress::Parse(text, 0);
  return address.ok() ? "" : "is wrong: " + address.status().text();
}

const Rows& ExplainRows() {
  static const Rows rows = {
      {.name = "name", .value = "NAME", .help = "Name to explain, the first word", .check = CheckName},
      {.name = "type", .value = "TYPE", .help = "Record type, the second word", .defaults = {"A"}, .check = CheckType},
      {.name = "http",
       .value = "ADDR:PORT",
       .help = "Operations listener of the dnsd to ask",
       .default_note = "127.0.0.1:8500, then 127.0.0.1:9153",
       .check = CheckHttp},
      {.name = "help", .type = options::Type::kBool, .help = "Print this and exit", .bare = "true", .alone = true},
  };
  return rows;
}

int Fail(const std::string& text, int code) {
  std::fprintf(stderr, "dnsd explain: %s\n", text.c_str());
  return code;
}

Result<http::Response> Get(const std::string& url) {
  net::Loop loop;
  http::Client client(loop, {});
  Result<http::Response> result = Status::Unavailable("nothing came");
  const auto call = client.Send({.url = url}, [&](Result<http::Response> response) {
    result = std::move(response);
    loop.Stop();
  });
  loop.Run();
  return result;
}

// The first of the places that answers as dnsd does.
Result<http::Response> Ask(const Values& values, const std::string& path) {
  if (values.Given("http")) return Get("http://" + values.String("http") + path);
  auto embedded = Get("http://127.0.0.1:8500" + path);
  if (embedded.ok() && embedded->status != 404) return embedded;  // a Consul agent may hold that port
  return Get("http://127.0.0.1:9153" + path);
}

std::string Refusal(const http::Response& response) {
  if (response.status == 404) return "no dnsd answers there; name its operations listener with --http";
  return response.body.substr(0, response.body.find('\n'));
}

}  // namespace

int RunExplain(int argc, char** argv) {
  static constexpr std::array<std::string_view, 2> kWords = {"name", "type"};
  const auto values = options::Read(ExplainRows(), options::ProcessSource(argc, argv),
                                    options::Positional(kWords.begin(), kWords.end()));
  if (!values.ok()) return Fail(values.status().text(), kExitUsage);
  if (values.value().Given("help")) {
    std::fputs(options::HelpText("dnsd explain NAME [TYPE] [--http ADDR:PORT]",
                                 "Asks a running dnsd where the answer to a question comes from.", ExplainRows())
                   .c_str(),
               stdout);
    return 0;
  }
  if (!values.value().Given("name")) return Fail("which name? dnsd explain web.service.consul SRV", kExitUsage);
  const auto response = Ask(values.value(), "/explain?name=" + http::EncodeQuery(values.value().String("name")) +
                                                "&type=" + http::EncodeQuery(values.value().String("type")));
  if (!response.ok()) {
    return Fail(response.status().text() + "; is dnsd running? Name its operations listener with --http", kExitRuntime);
  }
  if (response->status != 200) return Fail(Refusal(response.value()), kExitRuntime);
  std::fputs(response->body.c_str(), stdout);
  return 0;
}

}  // namespace signpost::dnsd
