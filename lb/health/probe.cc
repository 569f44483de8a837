// Signpost. Apache-2.0; see LICENSE.
#include "lb/health/probe.h"

#include <utility>

namespace signpost::lb {
namespace {

// "2001:db8::1" of "[2001:db8::1]:80".
std::string HostOf(const net::SocketAddress& address) {
  std::string text = address.ToString();
  text.erase(text.rfind(':'));
  if (text.starts_with('[')) text = text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

http::Request CheckRequest(const net::SocketAddress& address, const ActiveCheck& check) {
  http::Request request;
  request.url = "http://" + address.ToString() + (check.path.starts_with('/') ? "" : "/") + check.path;
  if (!check.host.empty()) request.headers.emplace_back("Host", check.host);
  request.headers.emplace_back("User-Agent", "signpost-lb-check");
  request.timeout = check.timeout;
  request.fresh_connection = true;
  request.keep_body = http::BodyPart{};
  return request;
}

Status CheckVerdict(const Result<http::Response>& reply) {
  if (!reply.ok()) return reply.status();
  const int status = reply.value().status;
  if (status >= 200 && status <= 399) return Status::Ok();
  return Status::Unavailable("status " + std::to_string(status));
}

Probe::Probe(net::Loop& loop, http::Client& client, const net::SocketAddress& address, const ActiveCheck& check,
             OnDone on_done) {
  if (check.kind == CheckKind::kHttp) {
    call_ = client.Send(CheckRequest(address, check), [done = std::move(on_done)](const Result<http::Response>& reply) {
      done(CheckVerdict(reply));
    });
    return;
  }
  connection_ = net::Connection::Start(
      loop, HostOf(address), address.port(), check.timeout,
      [done = std::move(on_done)](const Result<std::unique_ptr<net::TcpStream>>& stream) { done(stream.status()); });
}

}  // namespace signpost::lb
