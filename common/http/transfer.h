// Signpost. Apache-2.0; see LICENSE.
// For this folder only: one libcurl handle, used for one request after the other.
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/http/client.h"

namespace signpost::http {

// A request with what has come back so far.
struct Exchange {
  Request request;
  Client::OnBody on_body;  // empty: the body is gathered
  Response response;
  Status failure;  // why we ended it ourselves
  bool cancelled = false;
  bool in_body = false;  // headers that come now are trailers
};

class Transfer {
 public:
  // `options` must outlive the transfer.
  explicit Transfer(const ClientOptions& options);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Sets up the handle; `exchange` must stay until Finish or Abandon.
  void Begin(Exchange& exchange);
  // What became of it, given libcurl's verdict. Takes the response out of the exchange.
  Result<Response> Finish(CURLcode code);
  void Abandon() { exchange_ = nullptr; }

  CURL* easy() { return easy_; }
  // The transfer that owns this handle.
  static Transfer& Of(CURL* easy);

 private:
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);

  void SetConstants();
  void SetMethod(const Request& request);
  void SetHeaders(const Request& request);
  bool TakeBody(std::string_view piece);
  void TakeHeader(std::string_view line);
  Status Failure(CURLcode code);

  const ClientOptions& options_;
  CURL* easy_;
  Exchange* exchange_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> reason_{};

  // What the handle is set to now: most requests differ from the one before in their URL only.
  bool plain_get_ = true;
  Millis timeout_{0};
  std::vector<std::pair<std::string, std::string>> headers_;
  std::unique_ptr<curl_slist, FreeList> header_list_;
};

}  // namespace signpost::http
