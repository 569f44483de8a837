// Signpost. Apache-2.0; see LICENSE.
// The floor of the benchmark: what a UDP answer costs when nothing is looked up. Every datagram with a
// question gets that question back with three canned A records: batches of 64, one thread, no checks beyond bounds.
// With a TTL it is the fastest upstream a forwarder can have: it answers as a resolver does.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr size_t kBatch = 64;
constexpr size_t kHeaderSize = 12;
constexpr size_t kMaxQuery = 512;
constexpr size_t kRecordSize = 16;

constexpr size_t kTtlAt = 6;  // in a record

// Owner = pointer to the question, A, IN, TTL 0, 10.0.0.1 to 10.0.0.3.
std::array<uint8_t, 3 * kRecordSize> records = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 0, 0, 1,  //
                                                0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 0, 0, 2,  //
                                                0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 10, 0, 0, 3};

// Second and third byte of the header: QR and AA, and none; of a resolver QR, and RA.
std::array<uint8_t, 2> flags = {0x84, 0};

struct Slot {
  std::array<uint8_t, kMaxQuery + records.size()> bytes;
  sockaddr_in peer;
  iovec part;
};

// Length of header and question, or 0 when the datagram has no whole question.
size_t QuestionEnd(const uint8_t* query, size_t length) {
  size_t at = kHeaderSize;
  while (at < length && query[at] != 0) at += query[at] + size_t{1};
  at += 5;
  return at <= length ? at : 0;
}

// Turns the query in `slot` into its answer; returns the answer's length, 0 for silence.
size_t Answer(Slot& slot, size_t length) {
  uint8_t* bytes = slot.bytes.data();
  const size_t end = QuestionEnd(bytes, length);
  if (end == 0) return 0;
  bytes[2] = static_cast<uint8_t>(flags[0] | (bytes[2] & 0x01));  // RD copied
  bytes[3] = flags[1];
  constexpr std::array<uint8_t, 8> kCounts = {0, 1, 0, 3, 0, 0, 0, 0};
  std::memcpy(bytes + 4, kCounts.data(), kCounts.size());
  std::memcpy(bytes + end, records.data(), records.size());
  return end + records.size();
}

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int Bind(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) Fail("socket");
  const int size = 1 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) Fail("bind");
  return fd;
}

void ActAsResolver(uint32_t ttl) {
  flags = {0x80, 0x80};
  const uint32_t big_endian = htonl(ttl);
  for (size_t at = kTtlAt; at < records.size(); at += kRecordSize) std::memcpy(&records[at], &big_endian, sizeof ttl);
}

void Serve(int fd) {
  static std::array<Slot, kBatch> slots;
  static std::array<mmsghdr, kBatch> received;
  static std::array<mmsghdr, kBatch> sent;
  for (;;) {
    for (size_t i = 0; i < kBatch; ++i) {
      slots[i].part = {slots[i].bytes.data(), kMaxQuery};
      received[i].msg_hdr = {};
      received[i].msg_hdr.msg_name = &slots[i].peer;
      received[i].msg_hdr.msg_namelen = sizeof slots[i].peer;
      received[i].msg_hdr.msg_iov = &slots[i].part;
      received[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(fd, received.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (count < 0 && errno != EINTR) Fail("recvmmsg");
    unsigned answers = 0;
    for (int i = 0; i < count; ++i) {
      slots[i].part.iov_len = Answer(slots[i], received[i].msg_len);
      if (slots[i].part.iov_len > 0) sent[answers++] = received[i];
    }
    for (unsigned done = 0; done < answers;) {
      const int result = sendmmsg(fd, sent.data() + done, answers - done, 0);
      done += result > 0 ? static_cast<unsigned>(result) : 1;  // an answer that cannot be sent is dropped
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: %s PORT [TTL]\n", argv[0]);
    return 2;
  }
  if (argc == 3) ActAsResolver(static_cast<uint32_t>(std::strtoul(argv[2], nullptr, 10)));
  Serve(Bind(static_cast<uint16_t>(std::strtoul(argv[1], nullptr, 10))));
}
