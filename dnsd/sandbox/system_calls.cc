// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/sandbox/system_calls.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <span>

namespace signpost::sandbox {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SIGNPOST_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SIGNPOST_SANITIZED
#endif
#if defined(SIGNPOST_SANITIZED)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Names that an architecture does not have are skipped.
constexpr int kRefused[] = {
    // File systems.
    SCMP_SYS(mount), SCMP_SYS(umount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(move_mount),
    SCMP_SYS(open_tree), SCMP_SYS(fsopen), SCMP_SYS(fsconfig), SCMP_SYS(fsmount), SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr), SCMP_SYS(quotactl), SCMP_SYS(quotactl_fd), SCMP_SYS(swapon), SCMP_SYS(swapoff),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at), SCMP_SYS(nfsservctl), SCMP_SYS(sysfs),
    SCMP_SYS(fanotify_init), SCMP_SYS(fanotify_mark),
    // The kernel itself.
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(create_module),
    SCMP_SYS(query_module), SCMP_SYS(get_kernel_syms), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot), SCMP_SYS(syslog), SCMP_SYS(_sysctl), SCMP_SYS(acct), SCMP_SYS(lookup_dcookie),
    SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(uselib), SCMP_SYS(vhangup),
    // Other processes, and ways around this filter.
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(process_madvise),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(move_pages),
    SCMP_SYS(migrate_pages), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(personality), SCMP_SYS(modify_ldt),
    SCMP_SYS(vm86), SCMP_SYS(vm86old),
    // Keys, clocks, ports.
    SCMP_SYS(add_key), SCMP_SYS(request_key), SCMP_SYS(keyctl), SCMP_SYS(clock_settime), SCMP_SYS(clock_settime64),
    SCMP_SYS(clock_adjtime), SCMP_SYS(clock_adjtime64), SCMP_SYS(adjtimex), SCMP_SYS(settimeofday), SCMP_SYS(stime),
    SCMP_SYS(iopl), SCMP_SYS(ioperm)};

constexpr int kRefusedWithoutPrograms[] = {
    SCMP_SYS(execve),      SCMP_SYS(execveat),    SCMP_SYS(setuid),     SCMP_SYS(setuid32),    SCMP_SYS(setgid),
    SCMP_SYS(setgid32),    SCMP_SYS(setreuid),    SCMP_SYS(setreuid32), SCMP_SYS(setregid),    SCMP_SYS(setregid32),
    SCMP_SYS(setresuid),   SCMP_SYS(setresuid32), SCMP_SYS(setresgid),  SCMP_SYS(setresgid32), SCMP_SYS(setgroups),
    SCMP_SYS(setgroups32), SCMP_SYS(setfsuid),    SCMP_SYS(setfsuid32), SCMP_SYS(setfsgid),    SCMP_SYS(setfsgid32)};

constexpr uint64_t kNamespaces[] = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                    CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

// Collects the first failure; libseccomp returns negative errno values.
class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_ALLOW), &seccomp_release) {
    if (context_ == nullptr) error_ = ENOMEM;
  }

  int error() const { return error_; }

  void Set(scmp_filter_attr attribute, uint32_t value) {
    if (error_ == 0) Note(seccomp_attr_set(context_.get(), attribute, value));
  }

  // Programs of the older instruction set get the same rules, not none.
  void AddArchitecture(uint32_t architecture) {
    if (error_ == 0) Note(seccomp_arch_add(context_.get(), architecture));
  }

  void Refuse(std::span<const int> calls) {
    for (const int call : calls) Refuse(call, EPERM, {});
  }

  void Refuse(int call, int error, std::span<const scmp_arg_cmp> when) {
    if (error_ != 0) return;
    Note(seccomp_rule_add_array(context_.get(), SCMP_ACT_ERRNO(static_cast<uint16_t>(error)), call,
                                static_cast<unsigned>(when.size()), when.data()));
  }

  void Load() {
    if (error_ == 0) Note(seccomp_load(context_.get()));
  }

 private:
  void Note(int result) {
    if (result < 0) error_ = -result;
  }

  std::unique_ptr<void, decltype(&seccomp_release)> context_;
  int error_ = 0;
};

void RefuseNamespaces(Filter& filter) {
  for (const uint64_t name_space : kNamespaces) {
    const scmp_arg_cmp when[] = {{0, SCMP_CMP_MASKED_EQ, name_space, name_space}};
    filter.Refuse(SCMP_SYS(clone), EPERM, when);
  }
  // Its flags are in memory, where no filter sees them. C libraries take ENOSYS for an old kernel and use clone.
  filter.Refuse(SCMP_SYS(clone3), ENOSYS, {});
}

void RefuseDevices(Filter& filter) {
  for (const uint64_t device : {S_IFCHR, S_IFBLK}) {
    const scmp_arg_cmp plain[] = {{1, SCMP_CMP_MASKED_EQ, S_IFMT, device}};
    const scmp_arg_cmp at[] = {{2, SCMP_CMP_MASKED_EQ, S_IFMT, device}};
    filter.Refuse(SCMP_SYS(mknod), EPERM, plain);
    filter.Refuse(SCMP_SYS(mknodat), EPERM, at);
  }
}

}  // namespace

Status RestrictSystemCalls(const Needs& needs) {
  if (kSanitized)
    return Status::Unavailable("system calls are not restricted: this build has a sanitizer, which traces");
  Filter filter;
  filter.Set(SCMP_FLTATR_CTL_TSYNC, 1);
  filter.Set(SCMP_FLTATR_API_SYSRAWRC, 1);
  filter.Set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
#if defined(__x86_64__)
  filter.AddArchitecture(SCMP_ARCH_X86);
#elif defined(__aarch64__)
  filter.AddArchitecture(SCMP_ARCH_ARM);
#endif
  filter.Refuse(kRefused);
  if (!needs.may_execute) filter.Refuse(kRefusedWithoutPrograms);
  RefuseNamespaces(filter);
  RefuseDevices(filter);
  filter.Load();
  switch (filter.error()) {
    case 0:
      return Status::Ok();
    case ENOSYS:
    case EINVAL:
      return Status::Unavailable("system calls are not restricted: the kernel has no seccomp filters");
    default:
      return Status::System("cannot restrict system calls", filter.error());
  }
}

}  // namespace signpost::sandbox
