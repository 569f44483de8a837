// Signpost. Apache-2.0; see LICENSE.
// For this folder only: libcurl's multi interface on a net::Loop. It moves transfers; what they mean is the
// client's business.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <unordered_map>
#include <utility>

#include "common/net/loop.h"
#include "common/net/poll.h"
#include "common/net/timer.h"

namespace signpost::http {

class CurlMulti {
 public:
  // `on_complete` is called for each finished transfer, after it has been removed; it may add and remove others.
  // `on_idle` is called after each round, when nothing of libcurl is on the stack.
  CurlMulti(net::Loop& loop, int max_connections, std::function<void(CURL*, CURLcode)> on_complete,
            std::function<void()> on_idle);
  ~CurlMulti();  // every transfer must have been removed
  CurlMulti(const CurlMulti&) = delete;
  CurlMulti& operator=(const CurlMulti&) = delete;

  // Makes the sockets of that handle known here. Once per handle.
  void Adopt(CURL* easy);
  // Neither may be called while busy().
  void Add(CURL* easy);
  void Remove(CURL* easy);
  // True inside libcurl's callbacks, where most of its functions must not be called.
  bool busy() const { return busy_; }
  // No callback follows. When the owner goes inside one of them, `owner` keeps this object until the stack is clear.
  void Disable(std::shared_ptr<void> owner) {
    disabled_ = true;
    if (acting_) owner_ = std::move(owner);
  }
  size_t connections() const { return connections_; }

 private:
  // A socket as libcurl wants it watched. Reading stays armed between the requests of one connection, which saves
  // epoll_ctl calls for each; should the idle connection become readable, it is disarmed then.
  struct Watch {
    std::unique_ptr<net::Poll> poll;
    unsigned wanted = 0;
    unsigned armed = 0;
    bool ours = false;  // made by OpenSocket, so that CloseSocket will tell its end
  };

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* self, void* unused);
  static int OnTimer(CURLM* multi, long timeout_ms, void* self);
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int CloseSocket(void* self, curl_socket_t fd);

  void Want(curl_socket_t fd, unsigned events, bool remove);
  void OnReady(curl_socket_t fd, unsigned events);
  void Act(curl_socket_t fd, int events);
  void Call(curl_socket_t fd, int events);
  void Reap();

  net::Loop& loop_;
  std::function<void(CURL*, CURLcode)> on_complete_;
  std::function<void()> on_idle_;
  CURLM* multi_;
  net::Timer timer_;
  std::unordered_map<curl_socket_t, Watch> watches_;
  size_t connections_ = 0;
  bool busy_ = false;
  bool acting_ = false;
  bool due_ = false;  // libcurl asked to be called at once
  bool disabled_ = false;
  std::shared_ptr<void> owner_;
};

}  // namespace signpost::http
