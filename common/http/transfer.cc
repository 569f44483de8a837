// Signpost. Apache-2.0; see LICENSE.
#include "common/http/transfer.h"

#include <algorithm>
#include <system_error>

namespace signpost::http {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  return text;
}

// Scheme, host and port: never user, path or query, which may hold secrets.
std::string Origin(std::string_view url) {
  size_t start = url.find("://");
  start = start == std::string_view::npos ? 0 : start + 3;
  std::string_view authority = url.substr(start, url.find_first_of("/?#", start) - start);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  return std::string(authority);
}

}  // namespace

Transfer::Transfer(const ClientOptions& options) : options_(options), easy_(curl_easy_init()) {
  if (easy_ == nullptr) Abort("curl_easy_init failed");
  SetConstants();
}

Transfer::~Transfer() { curl_easy_cleanup(easy_); }

Transfer& Transfer::Of(CURL* easy) {
  void* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *static_cast<Transfer*>(self);
}

void Transfer::SetConstants() {
  curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, reason_.data());
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");  // http_proxy of the environment is not for a registry
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "signpost");
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  if (!options_.unix_socket.empty()) {
    curl_easy_setopt(easy_, CURLOPT_UNIX_SOCKET_PATH, options_.unix_socket.c_str());
  }
  const TlsFiles& tls = options_.tls;
  if (!tls.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.client_cert.empty()) curl_easy_setopt(easy_, CURLOPT_SSLCERT, tls.client_cert.c_str());
  if (!tls.client_key.empty()) curl_easy_setopt(easy_, CURLOPT_SSLKEY, tls.client_key.c_str());
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
}

void Transfer::Begin(Exchange& exchange) {
  exchange_ = &exchange;
  reason_[0] = '\0';
  const Request& request = exchange.request;
  curl_easy_setopt(easy_, CURLOPT_URL, request.url.c_str());
  SetMethod(request);
  SetHeaders(request);
  if (request.timeout != timeout_) {
    timeout_ = request.timeout;
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
  }
}

void Transfer::SetMethod(const Request& request) {
  const bool plain_get = request.method == "GET" && request.body.empty();
  if (plain_get && plain_get_) return;
  plain_get_ = plain_get;
  curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);  // undoes what an earlier request set
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, nullptr);
  if (plain_get) return;
  if (request.method == "HEAD") {
    curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.data());  // not copied: the exchange outlives the transfer
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Transfer::SetHeaders(const Request& request) {
  if (header_list_ && headers_ == request.headers) return;
  headers_ = request.headers;
  curl_slist* list = nullptr;
  bool typed = false;
  for (const auto& [name, value] : headers_) {
    std::string line = name;
    // "Name;" is libcurl's way to write a header without a value; "Name:" would remove it.
    line.append(value.empty() ? ";" : ": ").append(value);
    list = curl_slist_append(list, line.c_str());
    typed = typed || Lower(name) == "content-type";
  }
  list = curl_slist_append(list, "Expect:");  // waiting for 100 Continue costs a second where it is unknown
  if (!typed) list = curl_slist_append(list, "Content-Type:");  // else libcurl calls every body a form
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, list);
  header_list_.reset(list);
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  return static_cast<Transfer*>(self)->TakeBody({data, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
}

bool Transfer::TakeBody(std::string_view piece) {
  if (exchange_ == nullptr || exchange_->cancelled) return false;
  exchange_->in_body = true;
  if (exchange_->on_body) {
    if (exchange_->on_body(piece)) return !exchange_->cancelled;
    exchange_->failure = Status::Invalid(Origin(exchange_->request.url) + ": stopped by the reader of its body");
    return false;
  }
  std::string& body = exchange_->response.body;
  if (piece.size() > options_.max_body - body.size()) {
    exchange_->failure = Status::Limit(Origin(exchange_->request.url) + ": the body is larger than " +
                                       std::to_string(options_.max_body) + " bytes");
    return false;
  }
  body.append(piece);
  return true;
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  static_cast<Transfer*>(self)->TakeHeader({data, size * count});
  return size * count;
}

void Transfer::TakeHeader(std::string_view line) {
  if (exchange_ == nullptr || exchange_->in_body) return;
  Response& response = exchange_->response;
  if (line.starts_with("HTTP/")) {  // again after an interim response (1xx)
    response.headers.clear();
    return;
  }
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  response.headers.emplace_back(Lower(line.substr(0, colon)), Trim(line.substr(colon + 1)));
}

Result<Response> Transfer::Finish(CURLcode code) {
  Exchange& exchange = *exchange_;
  if (!exchange.failure.ok()) {
    exchange_ = nullptr;
    return exchange.failure;
  }
  if (code != CURLE_OK) {
    Status failure = Failure(code);
    exchange_ = nullptr;
    return failure;
  }
  exchange_ = nullptr;
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

Status Transfer::Failure(CURLcode code) {
  const std::string origin =
      options_.unix_socket.empty() ? Origin(exchange_->request.url) : "unix:" + options_.unix_socket;
  if (code == CURLE_URL_MALFORMAT) return Status::Invalid("'" + origin + "': the URL is malformed");
  long error_number = 0;
  curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &error_number);
  if (code == CURLE_COULDNT_CONNECT && error_number != 0) {
    return Status::Unavailable(origin + ": " + std::generic_category().message(static_cast<int>(error_number)));
  }
  const std::string reason = reason_[0] != '\0' ? reason_.data() : curl_easy_strerror(code);
  return Status::Unavailable(origin + ": " + std::string(Trim(reason)));
}

}  // namespace signpost::http
