// Signpost. Apache-2.0; see LICENSE.
// The load generator of `tools/bench registry`. One thread, kept connections, every reply checked for 200. Prints JSON.
//   bench_registry_load rate PORT REQUESTS CONNECTIONS COUNT SECONDS
//     sends the requests of a file in turn, each connection the next one as soon as it has its reply; stops at COUNT
//     requests (0: never) or after SECONDS
//   bench_registry_load wake PORT WATCH CHANGES WATCHERS
//     see registry_wake.cc
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/bench/registry_wake.h"
#include "tests/support/bench/registry_wire.h"

namespace signpost::bench {
namespace {

class Rate {
 public:
  Rate(uint16_t port, std::vector<std::string> requests, size_t connections, size_t count, double seconds)
      : wire_(port, connections), requests_(std::move(requests)), count_(count), seconds_(seconds) {}

  void Run() {
    begin_ = end_ = Now();
    stop_at_ = begin_ + static_cast<int64_t>(seconds_ * 1e9);
    for (size_t i = 0; i < wire_.size(); ++i) SendNext(wire_.line(i));
    wire_.Run([this](Line& line) { OnReply(line); }, [this] { return open_ == 0; });
  }

  void Print() {
    std::sort(micros_.begin(), micros_.end());
    std::printf(
        "{\"replies\": %zu, \"seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"gzip\": %zu, "
        "\"least_bytes\": %zu, \"most_bytes\": %zu}\n",
        micros_.size(), static_cast<double>(end_ - begin_) / 1e9, Percentile(micros_, 0.5), Percentile(micros_, 0.99),
        gzip_, least_bytes_, most_bytes_);
  }

 private:
  void SendNext(Line& line) {
    if ((count_ != 0 && sent_ == count_) || Now() >= stop_at_) return;
    ++open_;
    wire_.Send(line, requests_[sent_++ % requests_.size()]);
  }

  void OnReply(Line& line) {
    const ReplyReader& reply = line.reply;
    if (reply.status() != 200) Fail("answered with status " + std::to_string(reply.status()));
    end_ = Now();
    micros_.push_back(static_cast<double>(end_ - line.sent_at) / 1e3);
    gzip_ += reply.gzip() ? 1 : 0;
    least_bytes_ = std::min(least_bytes_, reply.body_bytes());
    most_bytes_ = std::max(most_bytes_, reply.body_bytes());
    --open_;
    SendNext(line);
  }

  Wire wire_;
  std::vector<std::string> requests_;
  size_t count_;
  double seconds_;
  int64_t begin_ = 0;
  int64_t end_ = 0;  // of the last reply
  int64_t stop_at_ = 0;
  size_t sent_ = 0;
  size_t open_ = 0;
  size_t gzip_ = 0;
  size_t least_bytes_ = SIZE_MAX;
  size_t most_bytes_ = 0;
  std::vector<double> micros_;
};

int Main(const std::vector<std::string>& words) {
  const auto number = [&words](size_t at) { return std::strtoul(words[at].c_str(), nullptr, 10); };
  if (words.size() == 6 && words[0] == "rate") {
    Rate rate(static_cast<uint16_t>(number(1)), ReadRequests(words[2]), number(3), number(4),
              std::atof(words[5].c_str()));
    rate.Run();
    rate.Print();
    return 0;
  }
  if (words.size() == 5 && words[0] == "wake") {
    RunWake(static_cast<uint16_t>(number(1)), words[2], ReadRequests(words[3]), number(4));
    return 0;
  }
  Fail("usage: rate PORT REQUESTS CONNECTIONS COUNT SECONDS | wake PORT WATCH CHANGES WATCHERS");
}

}  // namespace
}  // namespace signpost::bench

int main(int count, char** words) { return signpost::bench::Main({words + 1, words + count}); }
