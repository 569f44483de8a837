// Signpost. Apache-2.0; see LICENSE.
#include <cstdio>

#include "common/base/log.h"
#include "common/options/help.h"
#include "common/options/options.h"
#include "registrar/drain_command.h"
#include "registrar/plan_command.h"
#include "registrar/registrar_options.h"
#include "registrar/server.h"
#include "registrar/version.h"

namespace {

using namespace signpost;

constexpr int kExitRuntime = 1;
constexpr int kExitUsage = 2;

constexpr const char* kUsage =
    "registrar [options] [consul://HOST:PORT]\n"
    "       registrar plan [options] [consul://HOST:PORT]\n"
    "       registrar drain CONTAINER [--wait TIME] [options] [consul://HOST:PORT]";
constexpr const char* kSummary =
    "Keeps a Consul agent's services equal to the containers of a Docker Engine. `plan` prints what would be written "
    "and\nexits with 2 when there are differences. `drain` takes a container out of every answer, waits, and stops it.";

int Fail(const Status& status, int code) {
  std::fprintf(stderr, "registrar: %s\n", status.text().c_str());
  return code;
}

int PrintHelp(const options::Values& values) {
  const bool markdown = values.String("help") == "markdown";
  const options::Rows& rows = registrar::RegistrarRows();
  const std::string text = markdown ? options::HelpMarkdown(rows) : options::HelpText(kUsage, kSummary, rows);
  std::fputs(text.c_str(), stdout);
  return 0;
}

int Serve(registrar::RegistrarOptions options, registrar::Invocation invocation) {
  registrar::Server server(std::move(options), std::move(invocation));
  const Status status = server.Run();
  return status.ok() ? 0 : Fail(status, kExitRuntime);
}

}  // namespace

int main(int argc, char** argv) {
  registrar::Invocation invocation = registrar::ReadInvocation(options::ProcessSource(argc, argv));
  auto values = registrar::ReadValues(invocation);
  if (!values.ok()) return Fail(values.status(), kExitUsage);
  if (values.value().Given("help")) return PrintHelp(values.value());
  if (values.value().Given("version")) {
    std::printf("registrar %s\n", registrar::kVersion);
    return 0;
  }
  auto options = registrar::MakeRegistrarOptions(invocation, values.value());
  if (!options.ok()) {
    return Fail(options.status(), options.status().kind() == ErrorKind::kConfig ? kExitUsage : kExitRuntime);
  }
  if (values.value().Flag("check")) return 0;

  SetLogging(options.value().live.log.level, options.value().live.log.format);
  if (invocation.command == registrar::Command::kPlan) return registrar::RunPlan(options.value());
  if (invocation.command == registrar::Command::kDrain) return registrar::RunDrain(options.value());
  return Serve(std::move(options).value(), std::move(invocation));
}
