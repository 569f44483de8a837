// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/read_cache.h"

#include <utility>

namespace signpost::registry {
namespace {

constexpr size_t kMaxEntries = 256;
constexpr size_t kMaxBytes = size_t{16} << 20;  // of bodies and requests

}  // namespace

void ReadCache::Follow(uint64_t generation) {
  if (generation == generation_) return;
  entries_.clear();
  bytes_ = 0;
  generation_ = generation;
}

const ReadCache::Entry* ReadCache::Find(uint64_t generation, const std::string& request) {
  Follow(generation);
  const auto found = entries_.find(request);
  return found == entries_.end() ? nullptr : &found->second;
}

const ReadCache::Entry& ReadCache::Put(uint64_t generation, const std::string& request, Answer answer) {
  Follow(generation);
  const size_t size = request.size() + answer.body.size();
  Entry entry{.answer = {}, .body = http::Share(std::exchange(answer.body, {}))};
  entry.answer = std::move(answer);
  if (entries_.size() >= kMaxEntries || bytes_ + size > kMaxBytes) return not_kept_ = std::move(entry);
  bytes_ += size;
  return entries_[request] = std::move(entry);
}

}  // namespace signpost::registry
