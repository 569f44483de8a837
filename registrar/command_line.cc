// Signpost. Apache-2.0; see LICENSE.
#include "registrar/command_line.h"

#include <string>
#include <string_view>
#include <utility>

namespace signpost::registrar {
namespace {

// "--name" without "=", of an option that has a value.
bool TakesNext(const options::Rows& rows, std::string_view argument) {
  const size_t dashes = argument.find_first_not_of('-');
  if (dashes != 1 && dashes != 2) return false;
  const options::Row* row = options::FindRow(rows, argument.substr(dashes));
  return row != nullptr && row->bare.empty();
}

}  // namespace

Invocation ReadInvocation(options::Source source) {
  auto& arguments = source.arguments;
  Command command = Command::kRun;
  if (!arguments.empty() && arguments[0] == "plan") command = Command::kPlan;
  if (!arguments.empty() && arguments[0] == "drain") command = Command::kDrain;
  if (command != Command::kRun) arguments.erase(arguments.begin());
  return {command, std::move(source)};
}

void DropBareAddress(const options::Rows& rows, std::vector<std::string>& arguments) {
  std::vector<std::string> kept;
  bool is_value = false;  // of the option before it
  for (std::string& argument : arguments) {
    const bool drop = !is_value && argument == "consul://";
    is_value = !is_value && TakesNext(rows, argument);
    if (!drop) kept.push_back(std::move(argument));
  }
  arguments = std::move(kept);
}

options::Positional PositionalOf(Command command) {
  if (command == Command::kDrain) return {"container", "consul"};
  return {"consul"};
}

}  // namespace signpost::registrar
