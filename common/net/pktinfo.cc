// Signpost. Apache-2.0; see LICENSE.
#include "common/net/pktinfo.h"

#include <cstring>

#include "common/net/socket.h"

namespace signpost::net {
namespace {

// Finds a control message and copies its value.
template <typename T>
bool Find(const msghdr& header, int level, int type, T& value) {
  auto& h = const_cast<msghdr&>(header);  // CMSG_NXTHDR wants it so, and changes nothing
  for (cmsghdr* c = CMSG_FIRSTHDR(&h); c != nullptr; c = CMSG_NXTHDR(&h, c)) {
    if (c->cmsg_level != level || c->cmsg_type != type || c->cmsg_len < CMSG_LEN(sizeof value)) continue;
    std::memcpy(&value, CMSG_DATA(c), sizeof value);
    return true;
  }
  return false;
}

template <typename T>
size_t Put(uint8_t* out, int level, int type, const T& value) {
  auto* const c = reinterpret_cast<cmsghdr*>(out);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(c), &value, sizeof value);
  return CMSG_SPACE(sizeof value);
}

bool IsLinkLocal(const in_addr& address) { return (ntohl(address.s_addr) & 0xffff0000U) == 0xa9fe0000U; }

}  // namespace

bool AskForPktinfo(int fd, int family) {
  return family == AF_INET ? SetOption(fd, IPPROTO_IP, IP_PKTINFO, 1)
                           : SetOption(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

// An interface index would force the answer out of the interface the query came in by, which is wrong
// where routes are asymmetric. A link-local address means nothing without it.
size_t CopyReturnControl(const msghdr& received, uint8_t* out) {
  in_pktinfo v4{};
  if (Find(received, IPPROTO_IP, IP_PKTINFO, v4)) {
    if (!IsLinkLocal(v4.ipi_spec_dst)) v4.ipi_ifindex = 0;
    return Put(out, IPPROTO_IP, IP_PKTINFO, v4);
  }
  in6_pktinfo v6{};
  if (Find(received, IPPROTO_IPV6, IPV6_PKTINFO, v6)) {
    if (IN6_IS_ADDR_MULTICAST(&v6.ipi6_addr)) return 0;  // no source address for an answer
    if (!IN6_IS_ADDR_LINKLOCAL(&v6.ipi6_addr)) v6.ipi6_ifindex = 0;
    return Put(out, IPPROTO_IPV6, IPV6_PKTINFO, v6);
  }
  return 0;
}

uint32_t DropTotal(const msghdr& received, uint32_t otherwise) {
  uint32_t total = otherwise;
  Find(received, SOL_SOCKET, SO_RXQ_OVFL, total);
  return total;
}

}  // namespace signpost::net
