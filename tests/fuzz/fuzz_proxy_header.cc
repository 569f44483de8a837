// Signpost. Apache-2.0; see LICENSE.
// Any bytes as a PROXY header. What is a beginning stays one for every shorter beginning, what is decided stays
// decided, and addresses that were read are written and read as the same.
#include <cstdint>
#include <span>
#include <string>

#include "lb/wire/proxy_header.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using lb::ProxyHeaderResult;
using Kind = ProxyHeaderResult::Kind;

void CheckWritten(const ProxyHeaderResult& read, const std::string& text) {
  const ProxyHeaderResult again = lb::ParseProxyHeader({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  Demand(again.kind == Kind::kDone && again.size == text.size() && again.has_addresses, "a written header is good");
  Demand(again.source == read.source && again.destination == read.destination, "a written header says the same");
}

void Check(std::span<const uint8_t> bytes) {
  const ProxyHeaderResult whole = lb::ParseProxyHeader(bytes);
  Demand(whole.size <= bytes.size() && whole.size <= 16 + 4096, "headers are bounded");
  bool bad = false;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const ProxyHeaderResult part = lb::ParseProxyHeader(bytes.first(size));
    const bool before_end = whole.kind != Kind::kDone || size < whole.size;
    bad = bad || part.kind == Kind::kBad;
    Demand(!bad || part.kind == Kind::kBad, "bad stays bad");
    if (whole.kind != Kind::kBad && before_end) Demand(part.kind == Kind::kMore, "beginnings of headers want more");
    if (!before_end) Demand(part.kind == Kind::kDone && part.size == whole.size, "what follows does not matter");
  }
  Demand(!bad || whole.kind == Kind::kBad, "bad stays bad to the end");
  if (whole.kind == Kind::kDone && whole.has_addresses) {
    CheckWritten(whole, lb::ProxyHeaderV1(whole.source, whole.destination));
    CheckWritten(whole, lb::ProxyHeaderV2(whole.source, whole.destination));
  }
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  signpost::fuzz::Check({data, size});
  return 0;
}
