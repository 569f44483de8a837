// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/bench/registry_wake.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <utility>

#include "tests/support/bench/registry_wire.h"

namespace signpost::bench {
namespace {

// As the clients written in Go ask.
constexpr const char* kHead =
    " HTTP/1.1\r\nHost: bench\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n";

class Watchers {
 public:
  // One connection more than watchers: it writes, and reads without blocking.
  Watchers(uint16_t port, const std::string& watch, size_t count) : wire_(port, count + 1), watch_(watch) {
    for (size_t i = 0; i <= count; ++i) wire_.line(i).reply.Keep(true);
    now_ = Ask("GET " + watch_ + kHead);
    if (now_.index == 0) Fail("no index in the answer to " + watch_);
    for (size_t i = 0; i < count; ++i) Block(wire_.line(i), now_.index);
  }

  size_t count() const { return wire_.size() - 1; }

  // Sends `change`; returns when every watcher has its whole reply and is blocked again.
  void Wake(const std::string& change) {
    wire_.Drain([this](Line& line) {
      ++early_;
      Block(line, line.reply.index());
    });
    woken_.clear();
    changed_ = false;
    changed_at_ = Now();
    wire_.Send(writer(), change);
    wire_.Run([this](Line& line) { OnReply(line); }, [this] { return changed_ && woken_.size() == count(); });
    Compare();
    for (size_t i = 0; i < count(); ++i) Block(wire_.line(i), wire_.line(i).reply.index());
  }

  void Print() {
    std::sort(woken_.begin(), woken_.end());
    std::printf(
        "{\"woken\": %zu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"change_ms\": %.3f, "
        "\"bytes\": %zu, \"early\": %zu, \"other\": %zu}\n",
        woken_.size(), Percentile(woken_, 0.5), Percentile(woken_, 0.99), woken_.back(), change_ms_, now_.body.size(),
        early_, other_);
  }

 private:
  struct Answer {
    uint64_t index = 0;
    std::string body;
  };

  Line& writer() { return wire_.line(count()); }

  void Block(Line& line, uint64_t index) {
    wire_.Send(line, "GET " + watch_ + "&wait=5m&index=" + std::to_string(index) + kHead);
  }

  void OnReply(Line& line) {
    const double elapsed_ms = static_cast<double>(Now() - changed_at_) / 1e6;
    if (line.reply.status() != 200) Fail("answered with status " + std::to_string(line.reply.status()));
    if (&line == &writer()) {
      changed_ = true;
      change_ms_ = elapsed_ms;
    } else {
      woken_.push_back(elapsed_ms);
    }
  }

  Answer Ask(const std::string& request) {
    bool answered = false;
    wire_.Send(writer(), request);
    wire_.Run([&answered](Line&) { answered = true; }, [&answered] { return answered; });
    if (writer().reply.status() != 200) Fail("answered with status " + std::to_string(writer().reply.status()));
    return {writer().reply.index(), writer().reply.body()};
  }

  // What every watcher got must be what a read gets now, and not what one got before.
  void Compare() {
    Answer answer = Ask("GET " + watch_ + kHead);
    if (answer.index <= now_.index || answer.body == now_.body) Fail("the change changed nothing");
    now_ = std::move(answer);
    for (size_t i = 0; i < count(); ++i) {
      const ReplyReader& reply = wire_.line(i).reply;
      if (reply.index() != now_.index || reply.body() != now_.body) ++other_;
    }
  }

  Wire wire_;
  const std::string& watch_;
  Answer now_;
  std::vector<double> woken_;  // ms, one for each watcher
  bool changed_ = false;
  int64_t changed_at_ = 0;
  double change_ms_ = 0;
  size_t early_ = 0;  // replies before the change
  size_t other_ = 0;  // replies that are not the new state
};

}  // namespace

void RunWake(uint16_t port, const std::string& watch, const std::vector<std::string>& changes, size_t count) {
  Watchers watchers(port, watch, count);
  std::string word;
  for (size_t round = 0;; ++round) {
    std::printf("{\"blocked\": %zu}\n", count);
    std::fflush(stdout);
    if (!std::getline(std::cin, word)) return;
    watchers.Wake(changes[round % changes.size()]);
    watchers.Print();
  }
}

}  // namespace signpost::bench
