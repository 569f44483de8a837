// Signpost. Apache-2.0; see LICENSE.
// Where the Docker Engine is and how it is spoken to. Pure, but for looking which socket exists.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "common/http/client.h"

namespace signpost::registrar {

struct EngineAddress {
  std::string base;         // "http://docker" (unix socket), "http://host:port" or "https://host:port"
  std::string unix_socket;  // "" = TCP
  http::TlsFiles tls;
};

struct EngineAddressOptions {
  std::string
      url;  // --docker or DOCKER_HOST; "" = the first socket that exists: /var/run/docker.sock, /tmp/docker.sock
  bool tls_verify = false;  // --docker-tls-verify or a non-empty DOCKER_TLS_VERIFY, even "0"
  std::string cert_path;    // --docker-cert-path or DOCKER_CERT_PATH: folder with ca.pem, cert.pem, key.pem
};

// "unix:///path", "tcp://host:port", "http://host:port", "https://host:port". tcp is https when TLS is configured:
// tls_verify, or cert_path alone (TLS without verification). A missing port is 2375, with TLS 2376. kConfig with a
// sentence for anything else, and for a cert_path whose files cannot be read.
Result<EngineAddress> MakeEngineAddress(const EngineAddressOptions& options);

}  // namespace signpost::registrar
