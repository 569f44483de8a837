// Signpost. Apache-2.0; see LICENSE.
// Where the Docker Engine is, and the requests that a check makes of it. Loop thread only.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/http/client.h"
#include "common/net/loop.h"
#include "dnsd/registry/checks/options.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

struct DockerAddress {
  std::string base;         // "http://docker" or "http://host:port": what paths are appended to
  std::string unix_socket;  // "" = TCP
};
// "unix:///path", "tcp://host:port", "http://host:port", "https://host:port"; kConfig for anything else.
Result<DockerAddress> ParseDockerUrl(std::string_view url);

// The bodies of the requests (Engine API 1.24 and later) and what their replies say; pure.
std::string ExecCreateBody(const Strings& command);
Result<std::string> ExecIdOf(std::string_view create_reply);  // kInvalid: there is none, or it is not hexadecimal
Result<int> ExitCodeOf(std::string_view inspect_reply);       // kInvalid: none, or the command still runs
// What a status other than the wanted one means. `step`: "create", "start", "inspect".
std::string DockerFault(std::string_view step, std::string_view container, const http::Response& response);

class DockerEngine {
 public:
  DockerEngine(net::Loop& loop, const CheckOptions& options);

  // Not ok: the URL in the options was wrong, and nothing can be sent.
  const Status& status() const { return status_; }
  http::Client& client() { return client_; }
  // POST with a JSON body, or GET when it is empty.
  http::Request MakeRequest(const std::string& path, std::string body) const;

 private:
  DockerEngine(net::Loop& loop, const CheckOptions& options, const Result<DockerAddress>& address);

  Status status_;
  std::string base_;
  http::Client client_;
};

}  // namespace signpost::registry
