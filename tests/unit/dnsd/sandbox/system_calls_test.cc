// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/sandbox/system_calls.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sched.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <thread>

#include "dnsd/sandbox/privileges.h"
#include "tests/unit/dnsd/sandbox/in_child.h"

namespace signpost::sandbox {
namespace {

// The codes of a child: what it found, or that it got no filter.
constexpr int kUnavailable = 200;
constexpr int kFailed = 201;

int Restrict(bool may_execute) {
  if (!RefuseNewPrivileges().ok()) return kFailed;
  const Status status = RestrictSystemCalls({.may_execute = may_execute});
  if (status.ok()) return 0;
  return status.kind() == ErrorKind::kUnavailable ? kUnavailable : kFailed;
}

// The code of `work` in a child under the filter. With a sanitizer there is no filter: that is demanded, and 0
// returned.
template <typename Work>
int Restricted(bool may_execute, Work work) {
  const int code = InChild([&] {
    const int restricted = Restrict(may_execute);
    return restricted != 0 ? restricted : work();
  });
  if (!kSanitized) return code;
  EXPECT_EQ(code, kUnavailable);
  return 0;
}

// What the call fails with. The arguments do no harm where the call is allowed: none of them is a valid address, file
// or command.
int ErrorOf(long call, long first = -1, long second = -1, long third = -1) {
  errno = 0;
  return syscall(call, first, second, third, -1L, -1L) == -1 ? errno : 0;
}

struct Call {
  const char* name;
  long number;
};
#define CALL(name) \
  { #name, SYS_##name }

// Tried with arguments that make a kernel which looks at them refuse with something else.
constexpr Call kNeverMade[] = {
    CALL(mount),
    CALL(umount2),
    CALL(pivot_root),
    CALL(chroot),
    CALL(init_module),
    CALL(finit_module),
    CALL(delete_module),
    CALL(kexec_load),
    CALL(reboot),
    CALL(swapon),
    CALL(swapoff),
    CALL(ptrace),
    CALL(bpf),
    CALL(process_vm_readv),
    CALL(process_vm_writev),
    CALL(perf_event_open),
    CALL(userfaultfd),
    CALL(keyctl),
    CALL(add_key),
    CALL(request_key),
    CALL(settimeofday),
    CALL(clock_settime),
    CALL(clock_adjtime),
    CALL(adjtimex),
    CALL(acct),
    CALL(quotactl),
    CALL(setns),
    CALL(unshare),
    CALL(personality),
    CALL(open_by_handle_at),
    CALL(name_to_handle_at),
    CALL(lookup_dcookie),
    CALL(syslog),
    CALL(sethostname),
    CALL(setdomainname),
    CALL(move_mount),
    CALL(fsopen),
    CALL(open_tree),
    CALL(io_uring_setup),
    CALL(pidfd_getfd),
    CALL(kcmp),
    CALL(fanotify_init),
};
constexpr Call kMadeByPrograms[] = {
    CALL(execve),    CALL(execveat),  CALL(setuid),    CALL(setgid),   CALL(setreuid), CALL(setregid),
    CALL(setresuid), CALL(setresgid), CALL(setgroups), CALL(setfsuid), CALL(setfsgid),
};
#undef CALL

TEST(SystemCallsTest, RefusesWhatDnsdNeverDoes) {
  for (const Call& call : kNeverMade) {
    for (const bool may_execute : {false, true}) {
      EXPECT_EQ(Restricted(may_execute, [&] { return ErrorOf(call.number) == EPERM ? 0 : 1; }), 0)
          << call.name << " " << may_execute;
    }
  }
}

TEST(SystemCallsTest, TheRefusalIsTheFilters) {
  // Allowed to everybody without it.
  EXPECT_EQ(InChild([] { return ErrorOf(SYS_unshare, 0); }), 0);
  EXPECT_EQ(InChild([] { return ErrorOf(SYS_personality, 0xffffffff); }), 0);
  EXPECT_EQ(InChild([] { return ErrorOf(SYS_name_to_handle_at); }), EINVAL);
  EXPECT_EQ(Restricted(true, [] { return ErrorOf(SYS_unshare, 0) == EPERM ? 0 : 1; }), 0);
  EXPECT_EQ(Restricted(true, [] { return ErrorOf(SYS_personality, 0xffffffff) == EPERM ? 0 : 1; }), 0);
  EXPECT_EQ(Restricted(true, [] { return ErrorOf(SYS_name_to_handle_at) == EPERM ? 0 : 1; }), 0);
}

TEST(SystemCallsTest, RefusesProgramsUnlessTheyAreNeeded) {
  for (const Call& call : kMadeByPrograms) {
    EXPECT_EQ(Restricted(false, [&] { return ErrorOf(call.number) == EPERM ? 0 : 1; }), 0) << call.name;
  }
  EXPECT_EQ(Restricted(false, [] { return std::system("exit 0") == 0 ? 1 : 0; }), 0);  // NOLINT: our own command
}

TEST(SystemCallsTest, RefusesNamespacesAndDevices) {
  for (const long flag : {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWUSER | CLONE_NEWNET}) {
    EXPECT_EQ(Restricted(true,
                         [&] {
                           const int error = ErrorOf(SYS_clone, flag | SIGCHLD, 0, 0);
                           if (error == 0) _exit(1);
                           return error == EPERM ? 0 : 2;
                         }),
              0)
        << flag;
  }
  EXPECT_EQ(Restricted(true, [] { return ErrorOf(SYS_clone3) == ENOSYS ? 0 : 1; }), 0);
  for (const mode_t kind : {S_IFCHR, S_IFBLK}) {
    EXPECT_EQ(Restricted(true, [&] { return ErrorOf(SYS_mknodat, -1, -1, kind | 0600) == EPERM ? 0 : 1; }), 0);
  }
  EXPECT_EQ(Restricted(true, [] { return ErrorOf(SYS_mknodat, -1, -1, S_IFIFO | 0600) == EFAULT ? 0 : 1; }), 0);
}

TEST(SystemCallsTest, HoldsForThreadsThatRanBefore) {
  std::atomic<bool> restricted = false;
  const int code = InChild([&] {
    int error = 0;
    std::thread thread([&] {
      restricted.wait(false);
      error = ErrorOf(SYS_unshare, 0);
    });
    const int got = Restrict(true);
    restricted = true;
    restricted.notify_one();
    thread.join();
    if (got != 0) return got;
    return error == EPERM ? 0 : 1;
  });
  EXPECT_EQ(code, kSanitized ? kUnavailable : 0);
}

// A loop's, a storage's and a resolver's daily work.
int OrdinaryWork() {
  int started = 0;
  std::thread([&] { started = 1; }).join();
  if (started != 1) return 1;
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  epoll_event event{.events = EPOLLOUT, .data = {}};
  if (poll < 0 || udp < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, udp, &event) != 0) return 2;
  if (epoll_wait(poll, &event, 1, 1000) != 1) return 3;
  addrinfo* found = nullptr;
  if (getaddrinfo("localhost", "53", nullptr, &found) != 0) return 4;
  freeaddrinfo(found);
  std::FILE* const file = std::tmpfile();
  struct flock lock {};
  lock.l_type = F_WRLCK;
  if (file == nullptr || fcntl(fileno(file), F_SETLK, &lock) != 0 || ftruncate(fileno(file), 4096) != 0) return 5;
  if (fsync(fileno(file)) != 0 || fchmod(fileno(file), 0600) != 0 || std::fclose(file) != 0) return 6;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0) return 7;
  return InChild([] { return 0; }) == 0 ? 0 : 8;
}

TEST(SystemCallsTest, AllowsOrdinaryWork) {
  EXPECT_EQ(OrdinaryWork(), 0);
  for (const bool may_execute : {false, true}) EXPECT_EQ(Restricted(may_execute, OrdinaryWork), 0);
}

TEST(SystemCallsTest, AllowsScripts) {
  EXPECT_EQ(Restricted(true,
                       [] {
                         std::FILE* const pipe = popen("echo up", "r");  // NOLINT: our own command
                         char line[8] = {};
                         const bool read = pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr;
                         if (!read || std::string(line) != "up\n" || pclose(pipe) != 0) return 1;
                         const char* const arguments[] = {"/bin/sh", "-c", "exit 7", nullptr};
                         pid_t child = 0;
                         if (posix_spawn(&child, arguments[0], nullptr, nullptr, const_cast<char* const*>(arguments),
                                         environ) != 0) {
                           return 2;
                         }
                         int status = 0;
                         waitpid(child, &status, 0);
                         return WEXITSTATUS(status) == 7 ? 0 : 3;
                       }),
            0);
  // Programs may give up what they were given.
  EXPECT_EQ(Restricted(true, [] { return ErrorOf(SYS_setuid, getuid()); }), 0);
}

TEST(SystemCallsTest, PassesOnToPrograms) {
  const auto change_root = [] { return WEXITSTATUS(std::system("chroot / true 2>/dev/null")); };  // NOLINT: our command
  if (geteuid() == 0) {
    EXPECT_EQ(InChild(change_root), 0);
  }
  EXPECT_EQ(Restricted(true, [&] { return change_root() != 0 ? 0 : 1; }), 0);
}

TEST(SystemCallsTest, SaysWhetherItCould) {
  EXPECT_EQ(InChild([] { return Restrict(false); }), kSanitized ? kUnavailable : 0);
}

}  // namespace
}  // namespace signpost::sandbox
