// Signpost. Apache-2.0; see LICENSE.
// Any bytes as the beginning of TLS. The verdict comes once and stays; names are names.
#include <algorithm>
#include <cstdint>
#include <span>

#include "lb/wire/client_hello.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using lb::ClientHelloResult;
using Kind = ClientHelloResult::Kind;

void Check(std::span<const uint8_t> bytes) {
  bool decided = false;
  ClientHelloResult first;
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const ClientHelloResult result = lb::ParseClientHello(bytes.first(size));
    if (decided) {
      Demand(result.kind == first.kind && result.server_name == first.server_name, "the first verdict stays");
    } else if (result.kind != Kind::kMore) {
      decided = true;
      first = result;
    }
  }
  Demand(decided || bytes.size() < 16384, "it does not wait for ever");
  Demand((first.kind == Kind::kName) == !first.server_name.empty(), "a name is not empty");
  Demand(first.server_name.size() <= 255, "names are bounded");
  Demand(std::ranges::none_of(first.server_name, [](char c) { return c >= 'A' && c <= 'Z'; }), "in lower case");
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  signpost::fuzz::Check({data, std::min<size_t>(size, 1 << 15)});
  return 0;
}
