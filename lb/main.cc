// Signpost. Apache-2.0; see LICENSE.
#include <cstdio>

#include "common/base/log.h"
#include "common/options/help.h"
#include "common/options/options.h"
#include "lb/lb_options.h"
#include "lb/server.h"
#include "lb/version.h"

namespace {

using namespace signpost;

constexpr int kExitRuntime = 1;
constexpr int kExitUsage = 2;

constexpr const char* kSummary =
    "Balances HTTP and TCP over the endpoints that DNS SRV records, Consul's catalog or its config file name.";

int Fail(const Status& status, int code) {
  std::fprintf(stderr, "lb: %s\n", status.text().c_str());
  return code;
}

int PrintHelp(const options::Values& values) {
  const bool markdown = values.String("help") == "markdown";
  const std::string text =
      markdown ? options::HelpMarkdown(lb::LbRows()) : options::HelpText("lb [options]", kSummary, lb::LbRows());
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const options::Source source = options::ProcessSource(argc, argv);
  auto values = options::Read(lb::LbRows(), source);
  if (!values.ok()) return Fail(values.status(), kExitUsage);
  if (values.value().Given("help")) return PrintHelp(values.value());
  if (values.value().Given("version")) {
    std::printf("lb %s\n", lb::kVersion);
    return 0;
  }
  auto options = lb::MakeLbOptions(values.value());
  if (!options.ok()) return Fail(options.status(), kExitUsage);
  if (values.value().Flag("check")) return 0;

  SetLogging(options.value().live.log.level, options.value().live.log.format);
  lb::Server server(std::move(options).value(), source);
  const Status status = server.Run();
  return status.ok() ? 0 : Fail(status, kExitRuntime);
}
