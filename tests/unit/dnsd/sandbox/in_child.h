// Signpost. Apache-2.0; see LICENSE.
// What cannot be undone is tried in a child.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace signpost::sandbox {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// The exit code of a child that runs `work`; 1000 and the signal if one ended it.
template <typename Work>
int InChild(Work work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace signpost::sandbox
