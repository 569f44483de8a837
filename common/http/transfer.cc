// Signpost. Apache-2.0; see LICENSE.
#include "common/http/transfer.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "common/http/text.h"

namespace signpost::http {
namespace {

// An absolute URL in three parts: "https://", "user@host:port" and the rest.
struct UrlParts {
  std::string_view scheme;
  std::string_view authority;
  std::string_view rest;
};

UrlParts SplitUrl(std::string_view url) {
  size_t start = url.find("://");
  start = start == std::string_view::npos ? 0 : start + 3;
  const size_t end = std::min(url.find_first_of("/?#", start), url.size());
  return {.scheme = url.substr(0, start), .authority = url.substr(start, end - start), .rest = url.substr(end)};
}

// Host and port: never user, path or query, which may hold secrets.
std::string Origin(std::string_view url) {
  const std::string_view authority = SplitUrl(url).authority;
  const size_t at = authority.rfind('@');
  return std::string(at == std::string_view::npos ? authority : authority.substr(at + 1));
}

// ":8443" of "host:8443" and "[::1]:8443"; HTTPS's own port when there is none.
std::string PortOf(std::string_view host) {
  const size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.ends_with(']') || colon + 1 == host.size()) return ":443";
  return std::string(host.substr(colon));
}

void SetFlag(CURL* easy, CURLoption option, bool on) { curl_easy_setopt(easy, option, on ? 1L : 0L); }

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
  // A name server that does not answer must not hold up the loop when the request is given up.
  curl_easy_setopt(easy_, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");  // http_proxy of the environment is not for a registry
  // With CurlMulti's count of probes, a peer that vanished under a silent stream is noticed within 25 s.
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPIDLE, 10L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPINTVL, 5L);
  curl_easy_setopt(easy_, CURLOPT_MAXAGE_CONN, static_cast<long>(options_.max_idle.count() / 1000));
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, "signpost");
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  if (!options_.unix_socket.empty()) {
    curl_easy_setopt(easy_, CURLOPT_UNIX_SOCKET_PATH, options_.unix_socket.c_str());
  }
  const TlsFiles& tls = options_.tls;
  if (!tls.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, tls.ca_file.c_str());
  if (tls.ca_file.empty() && !tls.ca_pem.empty()) {
    curl_blob pem{.data = const_cast<char*>(tls.ca_pem.data()), .len = tls.ca_pem.size(), .flags = CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy_, CURLOPT_CAINFO_BLOB, &pem);
  }
  if (!tls.client_cert.empty()) curl_easy_setopt(easy_, CURLOPT_SSLCERT, tls.client_cert.c_str());
  if (!tls.client_key.empty()) curl_easy_setopt(easy_, CURLOPT_SSLKEY, tls.client_key.c_str());
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
}

void Transfer::Begin(Exchange& exchange) {
  exchange_ = &exchange;
  reason_[0] = '\0';
  const Request& request = exchange.request;
  SetTarget(request);
  SetMethod(request);
  SetHeaders(request);
  const bool tls = Lower(request.url.substr(0, 8)) == "https://";
  // libcurl 7.88 cannot use a connection of prior knowledge again (its issue 10634).
  SetManner({.version = !request.http2 ? CURL_HTTP_VERSION_1_1
                        : tls          ? CURL_HTTP_VERSION_2TLS
                                       : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
             .fresh_connection = request.fresh_connection || (request.http2 && !tls),
             .tls_verify = request.tls_verify,
             .max_redirects = std::max(0, request.max_redirects)});
  if (request.timeout != timeout_) {
    timeout_ = request.timeout;
    curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count()));
  }
}

// libcurl takes the TLS name from the URL. Where it shall be another, the URL gets that one, and libcurl is told
// where to connect for it and what to say as Host.
void Transfer::SetTarget(const Request& request) {
  const UrlParts url = SplitUrl(request.url);
  const bool renamed = !request.tls_server_name.empty() && Lower(url.scheme) == "https://";
  host_ = renamed ? Origin(request.url) : std::string();
  if (!renamed) {
    curl_easy_setopt(easy_, CURLOPT_URL, request.url.c_str());
    if (connect_to_) curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, nullptr);
    connect_to_.reset();
    return;
  }
  const std::string port = PortOf(host_);
  const std::string address = host_.ends_with(port) ? host_ : host_ + port;
  const std::string user(url.authority.substr(0, url.authority.size() - host_.size()));
  const std::string renamed_url =
      std::string(url.scheme) + user + request.tls_server_name + port + std::string(url.rest);
  curl_easy_setopt(easy_, CURLOPT_URL, renamed_url.c_str());
  List target(curl_slist_append(nullptr, (request.tls_server_name + port + ":" + address).c_str()));
  curl_easy_setopt(easy_, CURLOPT_CONNECT_TO, target.get());
  connect_to_ = std::move(target);
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
  // Unless set by name, libcurl makes a GET of a redirected POST.
  if (request.method != "POST") curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Transfer::SetHeaders(const Request& request) {
  if (header_list_ && headers_ == request.headers && header_host_ == host_) return;
  headers_ = request.headers;
  header_host_ = host_;
  curl_slist* list = nullptr;
  bool typed = false;
  bool hosted = host_.empty();
  for (const auto& [name, value] : headers_) {
    std::string line = name;
    // "Name;" is libcurl's way to write a header without a value; "Name:" would remove it.
    line.append(value.empty() ? ";" : ": ").append(value);
    list = curl_slist_append(list, line.c_str());
    typed = typed || Lower(name) == "content-type";
    hosted = hosted || Lower(name) == "host";
  }
  list = curl_slist_append(list, "Expect:");  // waiting for 100 Continue costs a second where it is unknown
  if (!typed) list = curl_slist_append(list, "Content-Type:");  // else libcurl calls every body a form
  if (!hosted) list = curl_slist_append(list, ("Host: " + host_).c_str());
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, list);
  header_list_.reset(list);
}

void Transfer::SetManner(const Manner& manner) {
  if (manner == manner_) return;
  manner_ = manner;
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, manner.version);
  SetFlag(easy_, CURLOPT_FRESH_CONNECT, manner.fresh_connection);
  SetFlag(easy_, CURLOPT_FORBID_REUSE, manner.fresh_connection);
  SetFlag(easy_, CURLOPT_FOLLOWLOCATION, manner.max_redirects > 0);
  curl_easy_setopt(easy_, CURLOPT_MAXREDIRS, static_cast<long>(manner.max_redirects));
  const bool verify = manner.tls_verify && options_.tls.verify;
  SetFlag(easy_, CURLOPT_SSL_VERIFYPEER, verify);
  curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  return static_cast<Transfer*>(self)->TakeBody({data, size * count}) ? size * count : CURL_WRITEFUNC_ERROR;
}

bool Transfer::TakeBody(std::string_view piece) {
  if (exchange_ == nullptr || exchange_->cancelled) return false;
  exchange_->response.body_size += piece.size();
  if (!exchange_->on_body) return Gather(piece);
  if (exchange_->on_body(piece)) return !exchange_->cancelled;
  exchange_->failure = Status::Invalid(Origin(exchange_->request.url) + ": stopped by the reader of its body");
  return false;
}

bool Transfer::Gather(std::string_view piece) {
  std::string& body = exchange_->response.body;
  if (const std::optional<BodyPart>& keep = exchange_->request.keep_body) {
    if (keep->end == BodyPart::End::kFirst) {
      body.append(piece.substr(0, keep->bytes - body.size()));
    } else {
      body.append(piece.substr(piece.size() - std::min(piece.size(), keep->bytes)));
      // Not for every piece, which may be a byte.
      if (body.size() / 2 >= keep->bytes) body.erase(0, body.size() - keep->bytes);
    }
    return true;
  }
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
  if (exchange_ == nullptr) return;
  Response& response = exchange_->response;
  const bool in_body = response.body_size > 0;
  if (line.starts_with("HTTP/") && !in_body) return TakeStatusLine(line);
  if (Trim(line).empty()) return EndHead();
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return;
  auto& fields = exchange_->head_done ? response.trailers : response.headers;
  fields.emplace_back(Lower(line.substr(0, colon)), Trim(line.substr(colon + 1)));
}

void Transfer::EndHead() {
  if (std::exchange(exchange_->head_done, true) || !exchange_->on_head) return;
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  const bool followed = status / 100 == 3 && exchange_->request.max_redirects > 0;
  if (status < 200 || followed || exchange_->cancelled) return;
  exchange_->response.status = static_cast<int>(status);
  exchange_->on_head(exchange_->response);
}

// Again after an interim response (1xx), and after a redirect that is followed.
void Transfer::TakeStatusLine(std::string_view line) {
  Response& response = exchange_->response;
  exchange_->head_done = false;
  response.headers.clear();
  response.trailers.clear();
  const size_t code = line.find(' ');
  const size_t reason = code == std::string_view::npos ? code : line.find(' ', code + 1);
  response.reason = reason == std::string_view::npos ? std::string_view() : Trim(line.substr(reason));
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
  Response& response = exchange.response;
  if (const std::optional<BodyPart>& keep = exchange.request.keep_body; keep && response.body.size() > keep->bytes) {
    response.body.erase(0, response.body.size() - keep->bytes);
  }
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  response.http2 = version == CURL_HTTP_VERSION_2_0;
  return std::move(response);
}

Status Transfer::Failure(CURLcode code) {
  const std::string origin =
      options_.unix_socket.empty() ? Origin(exchange_->request.url) : "unix:" + options_.unix_socket;
  long redirects = 0;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_COUNT, &redirects);
  if (code == CURLE_URL_MALFORMAT && redirects > 0) {
    return Status::Unavailable(origin + ": redirected to a malformed URL");
  }
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
