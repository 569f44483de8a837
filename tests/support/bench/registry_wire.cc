// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/bench/registry_wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>

namespace signpost::bench {
namespace {

constexpr size_t kScratch = 256 << 10;
constexpr size_t kEvents = 256;
constexpr int kSilenceMs = 60'000;

int Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) Fail(std::string("no socket: ") + std::strerror(errno));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
    Fail(std::string("connect: ") + std::strerror(errno));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

}  // namespace

int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

Wire::Wire(uint16_t port, size_t count) : epoll_(epoll_create1(EPOLL_CLOEXEC)), scratch_(kScratch) {
  if (epoll_ < 0) Fail("no epoll");
  for (size_t i = 0; i < count; ++i) {
    auto line = std::make_unique<Line>();
    line->fd = Connect(port);
    line->number = i;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = line.get();
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, line->fd, &event) != 0) Fail("epoll_ctl");
    lines_.push_back(std::move(line));
  }
}

Wire::~Wire() {
  for (const auto& line : lines_) close(line->fd);
  close(epoll_);
}

void Wire::Send(Line& line, std::string_view request) {
  line.reply.Reset();
  line.sent_at = Now();
  while (!request.empty()) {
    const ssize_t sent = send(line.fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent < 0) Fail(std::string("send: ") + std::strerror(errno));
    request.remove_prefix(static_cast<size_t>(sent));
  }
}

void Wire::Run(const OnReply& on_reply, const std::function<bool()>& finished) {
  while (!finished()) {
    if (Turn(kSilenceMs, on_reply) == 0) Fail("the server is silent");
  }
}

void Wire::Drain(const OnReply& on_reply) {
  while (Turn(0, on_reply) != 0) {
  }
}

int Wire::Turn(int timeout_ms, const OnReply& on_reply) {
  std::array<epoll_event, kEvents> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count < 0 && errno != EINTR) Fail("epoll_wait");
  for (int i = 0; i < count; ++i) Read(*static_cast<Line*>(events[static_cast<size_t>(i)].data.ptr), on_reply);
  return count;
}

void Wire::Read(Line& line, const OnReply& on_reply) {
  const ssize_t got = recv(line.fd, scratch_.data(), scratch_.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) Fail(got == 0 ? "the server closed a connection" : std::string("recv: ") + std::strerror(errno));
  const auto bytes = std::string_view(scratch_.data(), static_cast<size_t>(got));
  if (line.reply.Feed(bytes) != bytes.size()) Fail("more bytes than one reply");
  if (line.reply.done()) on_reply(line);
}

std::vector<std::string> ReadRequests(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::string> requests;
  size_t length = 0;
  while (in >> length) {
    in.ignore(1);
    requests.emplace_back(length, '\0');
    in.read(requests.back().data(), static_cast<std::streamsize>(length));
    if (!in) Fail("a request cut short in " + path);
  }
  if (requests.empty()) Fail("no requests in " + path);
  return requests;
}

double Percentile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp(rank, size_t{1}, sorted.size()) - 1];
}

}  // namespace signpost::bench
