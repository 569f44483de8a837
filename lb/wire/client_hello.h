// Signpost. Apache-2.0; see LICENSE.
// The server name in a TLS ClientHello (RFC 8446 4.1.2, RFC 6066 3), read without decrypting anything. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace signpost::lb {

struct ClientHelloResult {
  enum class Kind : unsigned char {
    kMore,    // the hello is not complete
    kName,    // server_name holds it, in lower case
    kNoName,  // TLS without a server name
    kNotTls,  // something else, or a broken hello
  };
  Kind kind = Kind::kMore;
  std::string server_name;
};

// A hello may span several records; more than 16 KiB is kNotTls.
ClientHelloResult ParseClientHello(std::span<const uint8_t> bytes);

}  // namespace signpost::lb
