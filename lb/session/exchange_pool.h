// Signpost. Apache-2.0; see LICENSE.
// Exchanges that wait for their next request with their memory, and what all of a worker's exchanges parse into.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lb/http/request_head.h"
#include "lb/http/response_head.h"

namespace signpost::lb {

class Exchange;
struct SessionContext;

class ExchangePool {
 public:
  explicit ExchangePool(SessionContext& context);
  ~ExchangePool();
  ExchangePool(const ExchangePool&) = delete;
  ExchangePool& operator=(const ExchangePool&) = delete;

  std::unique_ptr<Exchange> Take();
  // Its request is over. Keeps it for the next unless enough wait.
  void Put(std::unique_ptr<Exchange> exchange);
  size_t size() const { return free_.size(); }

  // Memory for what lasts no longer than one callback.
  RequestHead request;
  ResponseHead response;
  std::string unfolded;
  std::string text;
  std::string fields;
  std::vector<std::string_view> data;
  std::vector<iovec> parts;

 private:
  SessionContext& context_;
  std::vector<std::unique_ptr<Exchange>> free_;
};

}  // namespace signpost::lb
