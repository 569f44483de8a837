// Signpost. Apache-2.0; see LICENSE.
#include "common/net/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <utility>

#include "common/net/handle.h"
#include "common/net/poll.h"
#include "common/net/socket.h"

namespace signpost::net {
namespace {

// Pieces read per turn, so that a process that talks without end does not starve the loop.
constexpr int kReadsPerTurn = 4;

}  // namespace

// Lives until the process is reaped, whether its owner is still there or not: a closed handle would leave a zombie.
struct Process::Impl final : Handle {
  Impl(Loop& loop, Handlers callbacks) : Handle(loop), handlers(std::move(callbacks)) {}

  // 0 or libuv's error.
  int Spawn(const std::vector<std::string>& args, int output);
  void ReadFrom(UniqueFd output);
  void OnReadable();
  void OnExit(int64_t code, int signal);
  void StopReading();
  void EndIfOver();
  void KillGroup();
  void Detach();
  void OnClosed() override;

  uv_process_t process{};
  Handlers handlers;
  UniqueFd pipe;
  std::unique_ptr<Poll> readable;
  ProcessEnd end;
  bool exited = false;
  bool killed = false;
  bool ended = false;  // on_end was called, or nobody wants to know
  std::shared_ptr<Impl> until_reaped;
};

int Process::Impl::Spawn(const std::vector<std::string>& args, int output) {
  std::vector<char*> words;
  words.reserve(args.size() + 1);
  for (const std::string& word : args) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::array<uv_stdio_container_t, 3> stdio{};
  stdio[0].flags = UV_IGNORE;  // /dev/null
  stdio[1].flags = stdio[2].flags = UV_INHERIT_FD;
  stdio[1].data.fd = stdio[2].data.fd = output;
  uv_process_options_t options{};
  options.file = words.front();
  options.args = words.data();
  options.stdio = stdio.data();
  options.stdio_count = static_cast<int>(stdio.size());
  options.flags = UV_PROCESS_DETACHED;  // a session, and so a group, of its own
  options.exit_cb = [](uv_process_t* handle, int64_t code, int signal) { OwnerOf<Impl>(handle).OnExit(code, signal); };
  const int result = uv_spawn(uv(), &process, &options);
  Attach(reinterpret_cast<uv_handle_t*>(&process));
  if (result < 0) {
    ended = exited = true;
    Close();
  }
  return result;
}

void Process::Impl::ReadFrom(UniqueFd output) {
  until_reaped = std::static_pointer_cast<Impl>(shared_from_this());
  pipe = std::move(output);
  readable = std::make_unique<Poll>(loop(), pipe.get(), [this](unsigned /*events*/) { OnReadable(); });
  readable->Start(kReadable);
}

void Process::Impl::OnReadable() {
  const auto self = shared_from_this();
  std::array<char, 16 << 10> buffer;
  for (int i = 0; i < kReadsPerTurn && readable; ++i) {
    const ssize_t size = read(pipe.get(), buffer.data(), buffer.size());
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
      StopReading();
      EndIfOver();
    } else if (handlers.on_output) {
      const auto on_output = handlers.on_output;  // the callback may destroy the process and with it itself
      on_output({buffer.data(), static_cast<size_t>(size)});
    }
  }
}

void Process::Impl::OnExit(int64_t code, int signal) {
  const auto self = std::move(until_reaped);
  exited = true;
  end = {.code = static_cast<int>(code), .signal = signal};
  Close();
  if (killed) StopReading();
  EndIfOver();
}

void Process::Impl::StopReading() {
  readable.reset();
  pipe.Reset();
}

void Process::Impl::EndIfOver() {
  if (ended || !exited || readable) return;
  ended = true;
  const auto on_end = std::exchange(handlers, {}).on_end;
  if (on_end) on_end(end);
}

void Process::Impl::KillGroup() {
  killed = true;
  // A group's number is not given away while members live, so this is right also after the leader's end.
  if (process.pid > 0 && (!exited || readable)) kill(-process.pid, SIGKILL);
  if (exited) StopReading();
}

void Process::Impl::Detach() {
  if (!ended) KillGroup();
  ended = true;
  handlers = {};
  StopReading();
}

void Process::Impl::OnClosed() {
  if (exited) return;
  StopReading();  // the loop ends before the process does
  until_reaped.reset();
}

Result<std::unique_ptr<Process>> Process::Start(Loop& loop, const std::vector<std::string>& args, Handlers handlers) {
  if (args.empty()) return Status::Invalid("no program is given");
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Status::System("pipe2", errno);
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  // Ours alone: the other end is a description of its own, which the child wants to be blocking.
  fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  auto impl = std::make_shared<Impl>(loop, std::move(handlers));
  const int result = impl->Spawn(args, theirs.get());
  if (result < 0) return Status(ErrorKind::kSystem, uv_strerror(result));
  impl->ReadFrom(std::move(ours));
  return std::make_unique<Process>(std::move(impl));
}

Process::Process(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Process::~Process() { impl_->Detach(); }

void Process::Kill() {
  const std::shared_ptr<Impl> impl = impl_;  // on_end may destroy this object
  impl->KillGroup();
  impl->EndIfOver();
}

}  // namespace signpost::net
