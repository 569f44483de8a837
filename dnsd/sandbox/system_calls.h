// Signpost. Apache-2.0; see LICENSE.
// The system calls that dnsd never makes are refused by the kernel from then on (seccomp): whoever takes the process
// over cannot load modules, mount, trace others, set clocks, reboot, or, without `may_execute`, start programs.
#pragma once

#include "common/base/status.h"

namespace signpost::sandbox {

struct Needs {
  bool may_execute = false;  // script checks start programs
};

// All threads, for good; children inherit it. RefuseNewPrivileges must have been called. Refused with EPERM:
// - mounting, changing the root, swap, quotas, file handles, fanotify, making device nodes;
// - kernel modules, kexec, reboot, the kernel's log, process accounting, host and domain name;
// - tracing and reading other processes, bpf, perf, userfaultfd, io_uring, moving pages, personality;
// - namespaces: setns, unshare, clone with one of their flags (clone3 gives ENOSYS, so that clone is used);
// - the kernel's keys, setting clocks, access to I/O ports;
// - without `may_execute`: execve, and changing user or group (programs such as ping give theirs up).
// kUnavailable: the kernel has no seccomp, or a sanitizer runs (it traces): the caller goes on and says so.
Status RestrictSystemCalls(const Needs& needs);

}  // namespace signpost::sandbox
