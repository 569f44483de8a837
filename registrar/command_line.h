// Signpost. Apache-2.0; see LICENSE.
// Which of registrar's commands is meant: the first word of the command line may name one.
#pragma once

#include <string>
#include <vector>

#include "common/options/options.h"
#include "common/options/row.h"

namespace signpost::registrar {

enum class Command : unsigned char { kRun, kPlan, kDrain };

struct Invocation {
  Command command = Command::kRun;
  options::Source source;  // without the command's word
};

Invocation ReadInvocation(options::Source source);

// Takes out a bare "consul://", which leaves the agent's address to the environment, as in Registrator; not where it is
// an option's value.
void DropBareAddress(const options::Rows& rows, std::vector<std::string>& arguments);

// The rows that the words fill which are no options: the agent's address; with drain the container before it.
options::Positional PositionalOf(Command command);

}  // namespace signpost::registrar
