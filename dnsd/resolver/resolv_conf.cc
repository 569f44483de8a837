// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/resolv_conf.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

#include "common/net/timer.h"
#include "common/net/unique_fd.h"

namespace signpost::resolver {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr size_t kMaxFile = 64 << 10;
constexpr Millis kLook{1000};
constexpr std::string_view kBlanks = " \t\r\v\f";

// The next word of `line`, which loses it.
std::string_view TakeWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

// An address without a port, IPv6 without brackets.
std::optional<net::SocketAddress> ServerOf(std::string_view word) {
  const bool v6 = word.find(':') != std::string_view::npos;
  if (word.empty() || word.front() == '[') return std::nullopt;
  const std::string text = v6 ? "[" + std::string(word) + "]" : std::string(word);
  auto address = net::SocketAddress::Parse(text, kDnsPort);
  if (!address.ok() || address->port() != kDnsPort) return std::nullopt;
  return address.value();
}

bool SameIp(const net::SocketAddress& a, const net::SocketAddress& b) { return std::ranges::equal(a.ip(), b.ip()); }

// device, inode, size, and the time of the last change
using Stamp = std::tuple<dev_t, ino_t, off_t, int64_t, int64_t>;

std::optional<Stamp> StampOf(int fd) {
  struct stat found {};
  if (fstat(fd, &found) != 0) return std::nullopt;
  return Stamp(found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

std::optional<std::string> ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() < kMaxFile) {
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size < 0) return std::nullopt;
    if (size == 0) break;
    text.append(buffer.data(), static_cast<size_t>(size));
  }
  return text;
}

}  // namespace

std::vector<net::SocketAddress> ReadResolvConf(std::string_view text) {
  std::vector<net::SocketAddress> servers;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (TakeWord(line) != "nameserver") continue;
    const std::optional<net::SocketAddress> server = ServerOf(TakeWord(line));
    if (server && std::ranges::find(servers, *server) == servers.end()) servers.push_back(*server);
  }
  return servers;
}

std::vector<net::SocketAddress> WithoutOwn(std::vector<net::SocketAddress> servers,
                                           const std::vector<net::SocketAddress>& own,
                                           const std::vector<net::SocketAddress>& host_addresses) {
  const auto is_own = [&](const net::SocketAddress& server) {
    return std::ranges::any_of(own, [&](const net::SocketAddress& mine) {
      if (mine == server) return true;
      if (mine.port() != server.port() || mine.family() != server.family()) return false;
      if (server.is_wildcard()) return true;  // asking "any address" asks this host
      if (!mine.is_wildcard()) return false;
      const auto same = [&](const net::SocketAddress& address) { return SameIp(address, server); };
      return server.is_loopback() || std::ranges::any_of(host_addresses, same);
    });
  };
  std::erase_if(servers, is_own);
  return servers;
}

struct ResolvConfWatch::Impl {
  Impl(net::Loop& loop, std::string file, OnChange changed)
      : path(std::move(file)), on_change(std::move(changed)), timer(loop, [this] { Look(); }) {
    (void)Update();
    timer.StartPeriodic(kLook);
  }

  void Look() {
    if (Update()) on_change(servers);
  }

  // True when the servers are others than before.
  bool Update() {
    // Non-blocking: somebody may have put a pipe there.
    const net::UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) return false;
    const std::optional<Stamp> found = StampOf(fd.get());
    if (!found || found == stamp) return false;
    const std::optional<std::string> text = ReadAll(fd.get());
    if (!text) return false;
    std::vector<net::SocketAddress> named = ReadResolvConf(*text);
    // Somebody may be writing it at this moment; without a stamp it is looked at again.
    if (named.empty() && !servers.empty()) return false;
    stamp = found;
    return std::exchange(servers, std::move(named)) != servers;
  }

  const std::string path;
  const OnChange on_change;
  std::optional<Stamp> stamp;
  std::vector<net::SocketAddress> servers;
  net::Timer timer;
};

ResolvConfWatch::ResolvConfWatch(net::Loop& loop, std::string path, OnChange on_change)
    : impl_(std::make_unique<Impl>(loop, std::move(path), std::move(on_change))) {}

ResolvConfWatch::~ResolvConfWatch() = default;

const std::vector<net::SocketAddress>& ResolvConfWatch::servers() const { return impl_->servers; }

}  // namespace signpost::resolver
