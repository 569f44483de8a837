// Signpost. Apache-2.0; see LICENSE.
#include "common/http/curl_multi.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "common/base/status.h"

namespace signpost::http {
namespace {

void InitCurlOnce() {
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) Abort("libcurl cannot be initialised");
}

CURLM* NewMulti() {
  InitCurlOnce();
  CURLM* const multi = curl_multi_init();
  if (multi == nullptr) Abort("curl_multi_init failed");
  return multi;
}

}  // namespace

CurlMulti::CurlMulti(net::Loop& loop, int max_connections, std::function<void(CURL*, CURLcode)> on_complete,
                     std::function<void()> on_idle)
    : loop_(loop),
      on_complete_(std::move(on_complete)),
      on_idle_(std::move(on_idle)),
      multi_(NewMulti()),
      timer_(loop, [this] { Act(CURL_SOCKET_TIMEOUT, 0); }) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlMulti::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlMulti::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  const long limit = max_connections;
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, limit);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, limit);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, limit);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

CurlMulti::~CurlMulti() { curl_multi_cleanup(multi_); }

void CurlMulti::Adopt(CURL* easy) {
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &CurlMulti::OpenSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlMulti::CloseSocket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
}

void CurlMulti::Add(CURL* easy) {
  if (curl_multi_add_handle(multi_, easy) != CURLM_OK) Abort("curl_multi_add_handle failed");
}

void CurlMulti::Remove(CURL* easy) {
  if (curl_multi_remove_handle(multi_, easy) != CURLM_OK) Abort("curl_multi_remove_handle failed");
}

int CurlMulti::OnSocket(CURL* /*easy*/, curl_socket_t fd, int what, void* self, void* /*unused*/) {
  unsigned events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= net::kReadable;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= net::kWritable;
  static_cast<CurlMulti*>(self)->Want(fd, events, what == CURL_POLL_REMOVE);
  return 0;
}

void CurlMulti::Want(curl_socket_t fd, unsigned events, bool remove) {
  Watch& watch = watches_[fd];
  watch.wanted = events;
  if (remove && !watch.ours) {  // libcurl closes its own helpers' sockets without telling
    watches_.erase(fd);
    return;
  }
  const unsigned armed = events | (watch.armed & net::kReadable);
  if (!watch.poll) {
    watch.poll = std::make_unique<net::Poll>(loop_, fd, [this, fd](unsigned ready) { OnReady(fd, ready); });
  }
  if (armed == watch.armed) return;
  watch.armed = armed;
  watch.poll->Start(armed);
}

void CurlMulti::OnReady(curl_socket_t fd, unsigned events) {
  const auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  Watch& watch = found->second;
  if ((events & watch.wanted) == 0) {
    watch.armed = watch.wanted;
    watch.poll->Start(watch.wanted);
    return;
  }
  int mask = 0;
  if ((events & watch.wanted & net::kReadable) != 0) mask |= CURL_CSELECT_IN;
  if ((events & watch.wanted & net::kWritable) != 0) mask |= CURL_CSELECT_OUT;
  Act(fd, mask);
}

int CurlMulti::OnTimer(CURLM* /*multi*/, long timeout_ms, void* self) {
  auto& multi = *static_cast<CurlMulti*>(self);
  if (timeout_ms == 0 && multi.acting_) {
    multi.due_ = true;  // done before Act returns, without a turn of the loop
  } else if (timeout_ms < 0) {
    multi.timer_.Stop();
  } else {
    multi.timer_.Start(Millis(timeout_ms));
  }
  return 0;
}

curl_socket_t CurlMulti::OpenSocket(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& multi = *static_cast<CurlMulti*>(self);
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  if (address->family != AF_UNIX) {
    const int probes = 3;
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));  // UDP has no such option, which does no harm
  }
  multi.watches_[fd] = Watch{.poll = nullptr, .wanted = 0, .armed = 0, .ours = true};
  ++multi.connections_;
  return fd;
}

int CurlMulti::CloseSocket(void* self, curl_socket_t fd) {
  auto& multi = *static_cast<CurlMulti*>(self);
  multi.watches_.erase(fd);
  --multi.connections_;
  return close(fd);
}

void CurlMulti::Act(curl_socket_t fd, int events) {
  acting_ = true;
  Call(fd, events);
  Reap();
  // Bounded: a server that always answers before we look must not starve the loop.
  for (int round = 0; due_ && round < 16 && !disabled_; ++round) {
    due_ = false;
    Call(CURL_SOCKET_TIMEOUT, 0);
    Reap();
  }
  acting_ = false;
  if (due_ && !disabled_) timer_.Start(Millis(0));
  due_ = false;
  const std::shared_ptr<void> last = std::move(owner_);  // may destroy this object
}

void CurlMulti::Call(curl_socket_t fd, int events) {
  int running = 0;
  busy_ = true;
  curl_multi_socket_action(multi_, fd, events, &running);
  busy_ = false;
}

void CurlMulti::Reap() {
  int left = 0;
  while (!disabled_) {
    const CURLMsg* const message = curl_multi_info_read(multi_, &left);
    if (message == nullptr) break;
    if (message->msg != CURLMSG_DONE) continue;
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;  // the message goes with the removal
    Remove(easy);
    on_complete_(easy, code);
  }
  if (!disabled_) on_idle_();
}

}  // namespace signpost::http
