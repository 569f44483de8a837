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
  Client::OnHead on_head;  // may be empty
  Client::OnBody on_body;  // empty: the body is gathered
  Response response;
  Status failure;  // why we ended it ourselves
  bool cancelled = false;
  bool head_done = false;  // headers that come now are trailers
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
  using List = std::unique_ptr<curl_slist, FreeList>;
  // What a request may ask of its connection.
  struct Manner {
    long version = CURL_HTTP_VERSION_1_1;
    bool fresh_connection = false;
    bool tls_verify = true;
    int max_redirects = 0;
    bool operator==(const Manner&) const = default;
  };

  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);

  void SetConstants();
  void SetTarget(const Request& request);
  void SetMethod(const Request& request);
  void SetHeaders(const Request& request);
  void SetManner(const Manner& manner);
  bool TakeBody(std::string_view piece);
  bool Gather(std::string_view piece);
  void TakeHeader(std::string_view line);
  void TakeStatusLine(std::string_view line);
  void EndHead();
  Status Failure(CURLcode code);

  const ClientOptions& options_;
  CURL* easy_;
  Exchange* exchange_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> reason_{};

  // What the handle is set to now: most requests differ from the one before in their URL only.
  bool plain_get_ = true;
  Millis timeout_{0};
  Manner manner_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string header_host_;
  List header_list_;
  std::string host_;  // of this request: the Host that goes with another name in the URL, or empty
  List connect_to_;
};

}  // namespace signpost::http
