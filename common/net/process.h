// Signpost. Apache-2.0; see LICENSE.
// A child process in a process group of its own, with its output read on the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/net/loop.h"

namespace signpost::net {

// How a process ended: by a signal when `signal` is not 0, else with `code`.
struct ProcessEnd {
  int code = 0;
  int signal = 0;
};

class Process {
 public:
  // Both run on the loop's thread, never from inside Start, and may destroy the process.
  struct Handlers {
    // A piece of standard output or error (they share one pipe, so that their order is kept); valid during the call.
    std::function<void(std::string_view)> on_output;
    // Once: the process is over and its output at its end. A descendant that keeps the output open delays this; after
    // Kill only the process itself is waited for.
    std::function<void(ProcessEnd)> on_end;
  };

  // `args` is the program (looked up in PATH unless it has a slash) and its words; no shell is involved. Standard input
  // is empty; environment and directory are ours; descriptors are inherited only without close-on-exec, which all of
  // ours have. The Status of a failure is the system's reason alone ("no such file or directory").
  static Result<std::unique_ptr<Process>> Start(Loop& loop, const std::vector<std::string>& args, Handlers handlers);
  // Kills what is left of the group, silently; the loop reaps the process by itself.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // SIGKILL to the process and all descendants that stayed in its group. Calls on_end at once if only the end of the
  // output was missing.
  void Kill();

  struct Impl;
  explicit Process(std::shared_ptr<Impl> impl);  // for this file only

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::net
