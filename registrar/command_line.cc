// Signpost. Apache-2.0; see LICENSE.
#include "registrar/command_line.h"

#include <string>
#include <utility>

namespace signpost::registrar {

Invocation ReadInvocation(options::Source source) {
  auto& arguments = source.arguments;
  std::erase(arguments, "consul://");
  Command command = Command::kRun;
  if (!arguments.empty() && arguments[0] == "plan") command = Command::kPlan;
  if (!arguments.empty() && arguments[0] == "drain") command = Command::kDrain;
  if (command != Command::kRun) arguments.erase(arguments.begin());
  return {command, std::move(source)};
}

options::Positional PositionalOf(Command command) {
  if (command == Command::kDrain) return {"container", "consul"};
  return {"consul"};
}

}  // namespace signpost::registrar
