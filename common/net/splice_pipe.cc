// Signpost. Apache-2.0; see LICENSE.
#include "common/net/splice_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/net/reactor_impl.h"

namespace signpost::net {
namespace {

constexpr int kWanted = 256 << 10;
constexpr int kLeast = 64 << 10;

ssize_t Splice(int from, int to, size_t size) {
  ssize_t moved;
  do {
    moved = splice(from, nullptr, to, nullptr, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  } while (moved < 0 && errno == EINTR);
  return moved;
}

}  // namespace

Result<std::unique_ptr<SplicePipe>> SplicePipe::Make() {
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return Status::System("pipe", errno);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  // The kernel gives a user who has many pipes smaller ones, and refuses to make them larger.
  if (fcntl(ends[1], F_SETPIPE_SZ, kWanted) < 0 && fcntl(ends[1], F_GETPIPE_SZ) < kLeast) {
    return Status::System("pipe of 64 KiB", EPERM);
  }
  return std::unique_ptr<SplicePipe>(new SplicePipe(std::move(read_end), std::move(write_end)));
}

SplicePipe::SplicePipe(UniqueFd read_end, UniqueFd write_end)
    : read_end_(std::move(read_end)), write_end_(std::move(write_end)) {}

IoResult SplicePipe::Fill(StreamSocket& from, size_t limit) {
  if (!from.readable() || limit == 0) return {};
  const ssize_t moved = Splice(from.fd(), write_end_.get(), limit);
  if (moved > 0) {
    held_ += static_cast<size_t>(moved);
    // Fewer than asked for may mean a full pipe as well as a drained socket: the next try tells.
    if (static_cast<size_t>(moved) < limit) from.Again();
    return {.kind = Io::kBytes, .size = static_cast<size_t>(moved)};
  }
  if (moved < 0 && errno == EAGAIN && held_ > 0) return {};
  // To a splice an urgent mark looks like that as well. What lies behind it can only be received (case T24).
  if (moved == 0 || (errno == EAGAIN && ReactorAccess::Urgent(from))) {
    const int reason = errno;
    uint8_t byte = 0;
    if (from.Peek({&byte, 1}).kind == Io::kBytes) return {.kind = Io::kError, .error = EINVAL};
    errno = reason;
  }
  return ReactorAccess::Received(from, moved, limit);
}

IoResult SplicePipe::Drain(StreamSocket& to) {
  size_t sent = 0;
  // Until the socket refuses, which alone makes the kernel tell when it takes more.
  while (held_ > 0 && to.writable()) {
    const ssize_t moved = Splice(read_end_.get(), to.fd(), held_);
    if (moved > 0) {
      held_ -= static_cast<size_t>(moved);
      sent += static_cast<size_t>(moved);
    } else if (moved == 0 || errno == EAGAIN) {
      ReactorAccess::SetWritable(to, false);
    } else {
      return ReactorAccess::Fail(to, errno);
    }
  }
  if (sent == 0) return {};
  return {.kind = Io::kBytes, .size = sent};
}

}  // namespace signpost::net
