// Signpost. Apache-2.0; see LICENSE.
// The host's own addresses by the form of --ip: what a port published on every address is reached by.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::registrar {

struct AddressForm {
  enum class Kind : unsigned char { kLiteral, kInterface, kPrefix, kVariable, kRoute };
  Kind kind = Kind::kRoute;
  std::string text;  // the address, interface, prefix or variable
  friend bool operator==(const AddressForm&, const AddressForm&) = default;
};
using AddressForms = std::vector<AddressForm>;

// "192.0.2.10", "2001:db8::10", "iface:eth0", "cidr:192.0.2.0/24", "env:NAME", "route"; several with commas. A failure
// (kConfig) is the rest of a sentence: "must be ...".
Result<AddressForms> ParseAddressForms(std::string_view text);

// Replaces every env:NAME by what the variable holds, which may be any form but another env:. A failure as above.
Result<AddressForms> WithVariables(const AddressForms& forms,
                                   const std::function<std::optional<std::string>(const std::string&)>& environment);

struct HostAddresses {
  std::string ipv4, ipv6;  // "" = none of that family
  friend bool operator==(const HostAddresses&, const HostAddresses&) = default;
};

// Where addresses come from: the machine, or a test.
struct AddressSource {
  std::function<std::string(const std::string& name, int family)> of_interface;
  std::function<std::string(std::string_view prefix)> in_prefix;
  std::function<std::string(int family)> by_route;
  std::function<std::string()> first_global;
};
AddressSource MachineAddresses();

// For each family the first form that gives an address. Without forms: that of the default route, and when there is no
// route of either family, the first global address.
HostAddresses FindHostAddresses(const AddressForms& forms, const AddressSource& source);

// A family that has gone keeps its last address: an interface that lost one is about to get one again, and better a
// late address than none.
HostAddresses WithLast(HostAddresses now, const HostAddresses& last);

// "192.0.2.10", "192.0.2.10 and 2001:db8::10", "no address"; for messages.
std::string Describe(const HostAddresses& addresses);

}  // namespace signpost::registrar
