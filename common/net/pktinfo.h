// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the ancillary data of UDP datagrams (which local address was asked, drop counts).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace signpost::net {

// Room for one packet-info message of either family, to send.
constexpr size_t kReturnControl = CMSG_SPACE(sizeof(in6_pktinfo));
// Room for that and a drop count (SO_RXQ_OVFL), to receive.
constexpr size_t kReceiveControl = kReturnControl + CMSG_SPACE(sizeof(uint32_t));

// Makes the kernel tell with each datagram the local address it was sent to. False with errno on failure.
bool AskForPktinfo(int fd, int family);

// Writes to `out` (kReturnControl bytes, aligned for cmsghdr) the message that makes an answer leave from
// the address that `received` was sent to. Returns its size, 0 when the kernel did not tell.
size_t CopyReturnControl(const msghdr& received, uint8_t* out);

// The socket's total of dropped datagrams as attached to `received`, or `otherwise`.
uint32_t DropTotal(const msghdr& received, uint32_t otherwise);

}  // namespace signpost::net
