// Signpost. Apache-2.0; see LICENSE.
// A Docker Engine that does what a test says: containers as data, an event stream that stays open, faults.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/net/tcp.h"
#include "registrar/docker/engine_client.h"

namespace signpost::registrar {

// A full container ID.
inline std::string IdOf(int number) {
  const std::string text = std::to_string(number);
  return std::string(64 - text.size(), 'a') + text;
}

inline std::string Reply(int status, std::string_view body, std::string_view headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nApi-Version: 1.41\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

inline constexpr char kClose[] = "<close>";

class FakeEngine {
 public:
  explicit FakeEngine(net::Loop& loop) : loop_(loop) { Start(); }

  void Start() {
    auto listener = net::TcpListener::Listen(loop_, net::SocketAddress::Parse(address_, 0).value(), {},
                                             [this](std::unique_ptr<net::TcpStream> s) { Accept(std::move(s)); });
    ASSERT_TRUE(listener.ok()) << listener.status().text();
    listener_ = std::move(listener).value();
    address_ = listener_->local().ToString();
  }
  void Stop() {
    listener_.reset();
    connections_.clear();
  }

  EngineOptions Options() const {
    EngineOptions options;
    options.address.base = "http://" + address_;
    options.timeout = Millis(2000);
    return options;
  }

  void Put(int number, std::string_view state = "running") { containers[IdOf(number)] = state; }
  void Remove(int number) { containers.erase(IdOf(number)); }

  // To every open stream.
  void Say(std::string_view bytes) {
    char size[20];
    std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
    for (auto& [key, connection] : connections_) {
      if (connection.streaming) Write(connection, size + std::string(bytes) + "\r\n");
    }
  }
  void Emit(int number, std::string_view action, int64_t time_nano, std::string_view attributes = "") {
    Say(R"({"Type":"container","Action":")" + std::string(action) + R"(","Actor":{"ID":")" + IdOf(number) +
        R"(","Attributes":{)" + std::string(attributes) + R"(}},"timeNano":)" + std::to_string(time_nano) + "}\n");
  }
  void CutStreams() {
    std::erase_if(connections_, [](const auto& item) { return item.second.streaming; });
  }
  size_t streams() const {
    return static_cast<size_t>(std::count_if(connections_.begin(), connections_.end(),
                                             [](const auto& item) { return item.second.streaming; }));
  }
  // How many requests begin with this (method and target).
  int Count(std::string_view begin) const {
    return static_cast<int>(
        std::count_if(requests.begin(), requests.end(), [&](const std::string& r) { return r.starts_with(begin); }));
  }
  int Inspects(int number) const { return Count("GET /v1.41/containers/" + IdOf(number) + "/json"); }
  int Lists() const { return Count("GET /v1.41/containers/json"); }
  // Answers those that `hold` has kept.
  void Release() {
    hold = "-";
    for (auto& [key, connection] : connections_) {
      if (!connection.held.empty()) Answer(connection, std::exchange(connection.held, ""));
    }
  }

  std::map<std::string, std::string> containers;  // ID to state
  std::string system_time = "2026-11-22T10:00:00.000000005Z";
  std::string version = R"({"ApiVersion":"1.41","MinAPIVersion":"1.12"})";
  std::string ping_headers;
  std::vector<std::string> requests;  // "GET /v1.41/info"
  std::string hold = "-";             // requests that begin with this are not answered (yet)
  // A reply for this request instead of the usual one; ending in kClose it is the connection's last.
  std::function<std::optional<std::string>(const std::string&)> override;

 private:
  struct Connection {
    std::unique_ptr<net::TcpStream> stream;
    std::string received;
    std::string held;
    bool streaming = false;
  };

  void Accept(std::unique_ptr<net::TcpStream> stream) {
    const int key = next_key_++;
    stream->SetHandlers({.on_data =
                             [this, key](std::span<const uint8_t> data) {
                               connections_[key].received.append(data.begin(), data.end());
                               Read(connections_[key]);
                             },
                         .on_end = [this, key](const Status&) { connections_.erase(key); },
                         .on_drained = nullptr});
    stream->StartReading();
    connections_[key].stream = std::move(stream);
  }

  void Read(Connection& connection) {
    const size_t end = connection.received.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string request = connection.received.substr(0, connection.received.find(" HTTP/"));
    connection.received.erase(0, end + 4);
    requests.push_back(request);
    if (request.starts_with(hold)) {
      connection.held = request;
    } else {
      Answer(connection, request);
    }
  }

  void Answer(Connection& connection, const std::string& request) {
    if (override) {
      if (auto reply = override(request)) {
        const bool last = reply->ends_with(kClose);
        if (last) reply->resize(reply->size() - std::string_view(kClose).size());
        Write(connection, *reply);
        if (last) net::TcpStream::CloseAfterDrain(std::move(connection.stream));
        return;
      }
    }
    const std::string target = request.substr(request.find(' ') + 1);
    const std::string path = target.starts_with("/v1.41") ? target.substr(6) : target;
    if (path == "/_ping") return Write(connection, Reply(200, "OK", ping_headers));
    if (path == "/version") return Write(connection, Reply(200, version));
    if (path == "/info") {
      return Write(connection, Reply(200, R"({"ID":"E1","Name":"node1","SystemTime":")" + system_time + "\"}"));
    }
    if (path == "/containers/json?all=1") return Write(connection, Reply(200, List()));
    if (path.starts_with("/events?")) {
      connection.streaming = true;
      return Write(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    }
    const auto found = containers.find(path.substr(std::min(path.size(), std::string_view("/containers/").size()), 64));
    if (found == containers.end()) return Write(connection, Reply(404, R"({"message":"No such container: x"})"));
    Write(connection, Reply(200, Inspect(found->first, found->second)));
  }

  std::string List() const {
    std::string json;
    for (const auto& [id, state] : containers) {
      json += (json.empty() ? "" : ",") + (R"({"Id":")" + id) + R"(","Names":["/c"],"State":")" + state + "\"}";
    }
    return "[" + json + "]";
  }
  static std::string Inspect(const std::string& id, const std::string& state) {
    return R"({"Id":")" + id + R"(","Name":"/c","State":{"Running":)" + (state == "exited" ? "false" : "true") +
           R"(,"Restarting":)" + (state == "restarting" ? "true" : "false") + R"(},"Config":{"Image":"i"}})";
  }
  static void Write(Connection& connection, std::string_view text) {
    connection.stream->Write({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  }

  net::Loop& loop_;
  std::string address_ = "127.0.0.1:0";
  std::unique_ptr<net::TcpListener> listener_;
  std::map<int, Connection> connections_;
  int next_key_ = 0;
};

}  // namespace signpost::registrar
