// Signpost. Apache-2.0; see LICENSE.
// Answers to reads, for as long as the state does not change: thousands of queries that one change wakes ask the same
// and get one body, made and compressed once. Control thread only.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "common/http/shared_body.h"
#include "dnsd/registry/api/call.h"

namespace signpost::registry {

class ReadCache {
 public:
  struct Entry {
    Answer answer;  // without its body
    http::SharedBodyPtr body;
  };

  // What was put under `request` since the state's generation is this one, or null.
  const Entry* Find(uint64_t generation, const std::string& request);
  // Keeps the answer unless the cache is full, and returns it as an entry. Valid until the next call.
  const Entry& Put(uint64_t generation, const std::string& request, Answer answer);

 private:
  void Follow(uint64_t generation);

  uint64_t generation_ = 0;
  size_t bytes_ = 0;
  std::unordered_map<std::string, Entry> entries_;
  Entry not_kept_;
};

}  // namespace signpost::registry
