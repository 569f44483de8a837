// Signpost. Apache-2.0; see LICENSE.
#include "lb/takeover.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/base/log.h"

namespace signpost::lb {
namespace {

constexpr std::string_view kHello = "signpost-lb 1";
constexpr std::string_view kEnd = "end";
constexpr std::string_view kServing = "serving";
constexpr std::string_view kReleased = "released";
constexpr size_t kBatch = 128;
constexpr size_t kMaxText = 16 << 10;
constexpr size_t kMaxSockets = 200'000;
// The new one must have read its options, learnt its routes and begun to accept by then.
constexpr Millis kPeerLimit{120000};

Result<sockaddr_un> UnixName(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return Status::Config("the path " + path + " is too long for a socket");
  std::memcpy(name.sun_path, path.data(), path.size());
  return name;
}

// Nobody but ourselves and root gets, or gives, listening sockets.
bool IsOurs(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

bool SetLimit(int fd, Millis limit) {
  const timeval time{.tv_sec = limit.count() / 1000, .tv_usec = limit.count() % 1000 * 1000};
  return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0 &&
         setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0;
}

using Control = std::array<char, CMSG_SPACE(kBatch * sizeof(int))>;

ssize_t SendPacket(int fd, std::string_view text, const std::vector<int>& descriptors, int flags) {
  iovec part{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
  alignas(cmsghdr) Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
  }
  return sendmsg(fd, &message, flags | MSG_NOSIGNAL);
}

struct Received {
  std::string text;
  std::vector<net::UniqueFd> descriptors;
};

Result<Received> ReceivePacket(int fd) {
  Received received;
  received.text.resize(kMaxText);
  iovec part{.iov_base = received.text.data(), .iov_len = received.text.size()};
  alignas(cmsghdr) Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  do {
    size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return Status::System("the running lb does not answer", errno);
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof number);
      received.descriptors.emplace_back(number);
    }
  }
  if (size == 0) return Status::Unavailable("the running lb broke off");
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return Status::Invalid("the running lb sends too much at once");
  received.text.resize(static_cast<size_t>(size));
  return received;
}

// Whether it is a listening TCP socket of that address.
bool ListensOn(int fd, const net::SocketAddress& address) {
  int accepting = 0;
  socklen_t length = sizeof accepting;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepting, &length) != 0 || accepting == 0) return false;
  sockaddr_storage name{};
  length = sizeof name;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length) != 0) return false;
  return net::SocketAddress::From(reinterpret_cast<const sockaddr*>(&name), length) == address;
}

}  // namespace

// --- the old one -----------------------------------------------------------------------------------------------------

Result<std::unique_ptr<TakeoverServer>> TakeoverServer::Listen(net::Loop& loop, const std::string& path,
                                                               Handlers handlers) {
  const auto name = UnixName(path);
  if (!name.ok()) return name.status();
  net::UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  struct stat there {};
  // Only a socket is replaced: a mistyped path must not cost a file.
  if (lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) unlink(path.c_str());
  // The mode before the name, so that nobody gets in between.
  if (fd.get() < 0 || fchmod(fd.get(), 0600) != 0 ||
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&name.value()), sizeof(sockaddr_un)) != 0 ||
      listen(fd.get(), 4) != 0) {
    return Status::System("cannot listen on " + path + " for a takeover", errno);
  }
  return std::unique_ptr<TakeoverServer>(new TakeoverServer(loop, path, std::move(fd), std::move(handlers)));
}

TakeoverServer::TakeoverServer(net::Loop& loop, std::string path, net::UniqueFd fd, Handlers handlers)
    : loop_(loop),
      path_(std::move(path)),
      handlers_(std::move(handlers)),
      listener_(std::move(fd)),
      limit_(loop, [this] { Forget(); }),
      poll_(std::make_unique<net::Poll>(loop, listener_.get(), [this](unsigned /*events*/) { OnAccept(); })) {
  poll_->Start(net::kReadable);
}

TakeoverServer::~TakeoverServer() {
  if (!taken_) unlink(path_.c_str());
}

void TakeoverServer::OnAccept() {
  net::UniqueFd peer(accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (peer.get() < 0 || peer_.get() >= 0 || taken_ || !IsOurs(peer.get())) return;
  peer_ = std::move(peer);
  queue_.push_back({std::string(kHello), {}});
  Packet packet;
  const auto flush = [&] {
    if (!packet.descriptors.empty()) queue_.push_back(std::exchange(packet, {}));
  };
  for (const auto& [address, fd] : handlers_.sockets()) {
    packet.text += address.ToString() + "\n";
    packet.descriptors.push_back(fd);
    if (packet.descriptors.size() == kBatch) flush();
  }
  flush();
  queue_.push_back({std::string(kEnd), {}});
  std::ranges::reverse(queue_);
  limit_.Start(kPeerLimit);
  peer_poll_ = std::make_unique<net::Poll>(loop_, peer_.get(), [this](unsigned events) { OnPeer(events); });
  peer_poll_->Start(net::kReadable | net::kWritable);
}

// False when the peer is lost.
bool TakeoverServer::SendMore() {
  while (!queue_.empty()) {
    const Packet& packet = queue_.back();
    if (SendPacket(peer_.get(), packet.text, packet.descriptors, MSG_DONTWAIT) < 0) return errno == EAGAIN;
    queue_.pop_back();
  }
  peer_poll_->Start(net::kReadable);
  return true;
}

void TakeoverServer::OnPeer(unsigned events) {
  if ((events & net::kWritable) != 0 && !queue_.empty() && !SendMore()) return Forget();
  if ((events & net::kReadable) == 0) return;
  std::array<char, 64> text{};
  const ssize_t size = recv(peer_.get(), text.data(), text.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (size <= 0 || std::string_view(text.data(), static_cast<size_t>(size)) != kServing || !queue_.empty()) {
    return Forget();
  }
  taken_ = true;
  limit_.Stop();
  poll_.reset();
  listener_.Reset();
  handlers_.on_taken();
  SendPacket(peer_.get(), kReleased, {}, MSG_DONTWAIT);
  Forget();
}

void TakeoverServer::Forget() {
  limit_.Stop();
  peer_poll_.reset();
  peer_.Reset();
  queue_.clear();
}

// --- the new one -----------------------------------------------------------------------------------------------------

Result<TakeoverClient> TakeoverClient::Connect(const std::string& path, Millis limit) {
  const auto name = UnixName(path);
  if (!name.ok()) return name.status();
  net::UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (fd.get() < 0 || !SetLimit(fd.get(), limit)) return Status::System("cannot make a socket", errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&name.value()), sizeof(sockaddr_un)) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return Status::NotFound("no lb runs at " + path);
    return Status::System("cannot connect to " + path, errno);
  }
  if (!IsOurs(fd.get())) return Status::Denied(path + " belongs to another user's process");
  TakeoverClient client(std::move(fd));
  if (Status received = client.ReceiveAll(); !received.ok()) return received;
  return client;
}

Status TakeoverClient::ReceiveAll() {
  auto packet = ReceivePacket(fd_.get());
  if (!packet.ok()) return packet.status();
  if (packet->text != kHello) return Status::Invalid("the running program speaks another language");
  for (;;) {
    packet = ReceivePacket(fd_.get());
    if (!packet.ok()) return packet.status();
    if (packet->text == kEnd) return Status::Ok();
    std::string_view rest = packet->text;
    for (net::UniqueFd& fd : packet->descriptors) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), line.size() + 1));
      auto address = net::SocketAddress::Parse(line, 0);
      if (!address.ok() || !ListensOn(fd.get(), address.value())) {
        return Status::Invalid("the running lb passes what is no listening socket");
      }
      sockets_.push_back({address.value(), std::move(fd)});
    }
    if (packet->descriptors.empty() || sockets_.size() > kMaxSockets) {
      return Status::Invalid("the running lb passes nonsense");
    }
  }
}

bool TakeoverClient::Abandoned() const {
  char byte = 0;
  const ssize_t size = recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
}

Status TakeoverClient::Serving(Millis limit) {
  SetLimit(fd_.get(), limit);
  if (SendPacket(fd_.get(), kServing, {}, 0) < 0) return Status::System("the running lb is gone", errno);
  const auto packet = ReceivePacket(fd_.get());
  if (!packet.ok()) return packet.status();
  return packet.value().text == kReleased ? Status::Ok() : Status::Invalid("the running lb says something else");
}

}  // namespace signpost::lb
