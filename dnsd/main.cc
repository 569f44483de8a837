// Signpost. Apache-2.0; see LICENSE.
#include <cstdio>
#include <string_view>

#include "common/base/log.h"
#include "common/options/help.h"
#include "common/options/options.h"
#include "dnsd/dnsd_options.h"
#include "dnsd/explain_command.h"
#include "dnsd/forwarding.h"
#include "dnsd/server.h"
#include "dnsd/version.h"

namespace {

using namespace signpost;

constexpr int kExitRuntime = 1;
constexpr int kExitUsage = 2;

constexpr const char* kSummary =
    "Answers service names over DNS, drawn by health weight, from its own registry or from Consul's catalog.";

int Fail(const Status& status, int code) {
  std::fprintf(stderr, "dnsd: %s\n", status.text().c_str());
  return code;
}

int PrintHelp(const options::Values& values) {
  const bool markdown = values.String("help") == "markdown";
  const std::string text = markdown ? options::HelpMarkdown(dnsd::DnsdRows())
                                    : options::HelpText("dnsd [options]", kSummary, dnsd::DnsdRows());
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "explain") return dnsd::RunExplain(argc - 1, argv + 1);
  const options::Source source = options::ProcessSource(argc, argv);
  auto values = options::Read(dnsd::DnsdRows(), source);
  if (!values.ok()) return Fail(values.status(), kExitUsage);
  if (values.value().Given("help")) return PrintHelp(values.value());
  if (values.value().Given("version")) {
    std::printf("dnsd %s\n", dnsd::kVersion);
    return 0;
  }
  auto options = dnsd::MakeDnsdOptions(values.value());
  if (!options.ok()) return Fail(options.status(), kExitUsage);

  SetLogging(options.value().live.log.level, options.value().live.log.format);
  auto zones = dnsd::LoadZones(options.value().live.resolver);
  if (!zones.ok()) return Fail(zones.status(), kExitUsage);
  if (values.value().Flag("check")) return 0;

  dnsd::Server server(std::move(options).value(), std::move(zones).value(), source);
  const Status status = server.Run();
  return status.ok() ? 0 : Fail(status, kExitRuntime);
}
