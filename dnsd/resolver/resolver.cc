// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/resolver.h"

#include <array>
#include <thread>
#include <utility>

#include "common/base/secure_random.h"
#include "common/net/loop.h"
#include "dnsd/resolver/forwarder.h"

namespace signpost::resolver {

struct Resolver::Impl {
  Impl(const Clock& clock, ResolverSettings settings, size_t cache_bytes, Deliver deliver)
      : hop(RandomHop()), forwarder(loop, clock, std::move(settings), cache_bytes, hop, counters, std::move(deliver)) {}

  static std::array<uint8_t, 8> RandomHop() {
    std::array<uint8_t, 8> bytes{};
    SecureBytes(bytes);
    return bytes;
  }

  // What is due comes first, so that a task finds things as they are by the clock.
  template <typename Task>
  void Post(Task task) {
    loop.Post([this, task = std::move(task)]() mutable {
      forwarder.deadlines().Expire();
      task(forwarder);
    });
  }

  net::Loop loop;
  const std::array<uint8_t, 8> hop;
  ResolverCounters counters;
  Forwarder forwarder;
  std::thread thread;
};

Resolver::Resolver(const Clock& clock, ResolverSettings settings, size_t cache_bytes, Deliver deliver)
    : impl_(std::make_unique<Impl>(clock, std::move(settings), cache_bytes, std::move(deliver))) {}

Resolver::~Resolver() { Stop(); }

void Resolver::Start() {
  impl_->Post([](Forwarder& forwarder) { forwarder.Begin(); });
  impl_->thread = std::thread([this] { impl_->loop.Run(); });
}

void Resolver::Stop() {
  if (!impl_->thread.joinable()) return;
  impl_->loop.Stop();
  impl_->thread.join();
}

void Resolver::Ask(size_t worker, Question question) {
  impl_->Post([worker, question = std::move(question)](Forwarder& forwarder) { forwarder.Ask(worker, question); });
}

void Resolver::Prefetch(Question question) {
  impl_->Post([question = std::move(question)](Forwarder& forwarder) { forwarder.Prefetch(question); });
}

void Resolver::OnProbeSeen(std::string_view label) {
  impl_->Post([label = std::string(label)](Forwarder& forwarder) { forwarder.upstreams().OnProbeSeen(label); });
}

void Resolver::SetSettings(ResolverSettings settings) {
  impl_->Post(
      [settings = std::move(settings)](Forwarder& forwarder) mutable { forwarder.SetSettings(std::move(settings)); });
}

void Resolver::Flush(std::string name, bool tree, std::function<void()> done) {
  impl_->Post([name = std::move(name), tree, done = std::move(done)](Forwarder& forwarder) {
    forwarder.Flush(name, tree);
    done();
  });
}

void Resolver::Explain(Question question, std::function<void(Explanation)> done) {
  impl_->Post([question = std::move(question), done = std::move(done)](Forwarder& forwarder) {
    done(forwarder.Explain(question));
  });
}

const ResolverCounters& Resolver::counters() const { return impl_->counters; }
std::vector<UpstreamStatus> Resolver::Upstreams() const { return impl_->forwarder.upstreams().Status(); }
size_t Resolver::cache_entries() const { return impl_->forwarder.cache_entries(); }
size_t Resolver::cache_bytes() const { return impl_->forwarder.cache_bytes(); }
size_t Resolver::in_flight() const { return impl_->forwarder.in_flight(); }
std::span<const uint8_t> Resolver::hop() const { return impl_->hop; }

}  // namespace signpost::resolver
