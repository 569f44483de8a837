// Signpost. Apache-2.0; see LICENSE.
// The generator's connections: each has one request on its way at most, all wait in one epoll.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/bench/registry_reply.h"

namespace signpost::bench {

// Nanoseconds of the monotonic clock.
int64_t Now();

// One kept connection to the server on loopback.
struct Line {
  int fd = -1;
  size_t number = 0;
  int64_t sent_at = 0;  // just before the first byte went out
  ReplyReader reply;
};

class Wire {
 public:
  // What to do when a reply is whole. It may Send again on that line.
  using OnReply = std::function<void(Line&)>;

  // Opens `count` connections to 127.0.0.1:`port`.
  Wire(uint16_t port, size_t count);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  size_t size() const { return lines_.size(); }
  Line& line(size_t number) { return *lines_[number]; }

  // Sends a whole request; the line must have none on its way.
  void Send(Line& line, std::string_view request);

  // Hands out replies until `finished` says so. A server silent for 60 s, and every broken connection, end the program.
  void Run(const OnReply& on_reply, const std::function<bool()>& finished);
  // Hands out what has come already, without waiting.
  void Drain(const OnReply& on_reply);

 private:
  int Turn(int timeout_ms, const OnReply& on_reply);
  void Read(Line& line, const OnReply& on_reply);

  int epoll_;
  std::vector<std::unique_ptr<Line>> lines_;
  std::vector<char> scratch_;
};

// Whole requests from a file: each a line with its length in bytes, then the bytes.
std::vector<std::string> ReadRequests(const std::string& path);

// `sorted` must be sorted and not empty; `share` is from 0 to 1 (nearest rank).
double Percentile(const std::vector<double>& sorted, double share);

}  // namespace signpost::bench
