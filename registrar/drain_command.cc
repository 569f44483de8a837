// Signpost. Apache-2.0; see LICENSE.
#include "registrar/drain_command.h"

#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "common/net/loop.h"
#include "common/net/signals.h"
#include "registrar/drain_run.h"

namespace signpost::registrar {

int RunDrain(const RegistrarOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  net::Loop loop;
  Status result;
  const auto say = [](const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  };
  {
    DrainRun run(loop, options, say, [&](Status status) {
      result = std::move(status);
      loop.Stop();
    });
    bool asked = false;
    const auto give_up = [&] {
      if (!std::exchange(asked, true)) return run.GiveUp(Status::Unavailable("given up by a signal"));
      result = Status::Unavailable("ended by a second signal before everything was done");
      loop.Stop();
    };
    const net::SignalWatcher on_term(loop, SIGTERM, give_up);
    const net::SignalWatcher on_int(loop, SIGINT, give_up);
    loop.Run();
  }
  if (result.ok()) return 0;
  std::fprintf(stderr, "registrar: %s\n", result.text().c_str());
  return 1;
}

}  // namespace signpost::registrar
