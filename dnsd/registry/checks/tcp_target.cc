// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/tcp_target.h"

#include <charconv>

namespace signpost::registry {
namespace {

Status AddressFault(std::string_view address, std::string_view fault) {
  return Status::Invalid("address " + std::string(address) + ": " + std::string(fault));
}

}  // namespace

Result<TcpTarget> ParseTcpTarget(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']')) return AddressFault(text, "missing port in address");
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return AddressFault(text, "too many colons in address");
  }
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return AddressFault(digits, "invalid port");
  return TcpTarget{.host = std::string(host), .port = port};
}

Outcome JudgeTcp(const Status& status, std::string_view target) {
  if (status.ok()) return {CheckStatus::kPassing, "TCP connect " + std::string(target) + ": Success"};
  // Go names an address it got as far as dialling before the colon, and everything else after it.
  const bool dialled = !status.text().starts_with("lookup ") && !status.text().starts_with("address ");
  return {CheckStatus::kCritical, (dialled ? "dial tcp " : "dial tcp: ") + status.text()};
}

}  // namespace signpost::registry
