// Signpost. Apache-2.0; see LICENSE.
#include "registrar/host_address.h"

#include <sys/socket.h>

#include <utility>

#include "common/net/address.h"
#include "common/net/interfaces.h"
#include "common/options/text.h"
#include "registrar/mapping_options.h"

namespace signpost::registrar {
namespace {

bool IsIpv6Text(std::string_view address) { return address.find(':') != std::string_view::npos; }

// An address that others can be told: not 0.0.0.0 and not ::.
bool IsAddress(std::string_view text) {
  if (text.find_first_of("[]%") != std::string_view::npos) return false;
  const std::string bare(text);
  const auto address = net::SocketAddress::Parse(IsIpv6Text(text) ? "[" + bare + "]:1" : bare + ":1", 0);
  return address.ok() && !text.empty() && !address.value().is_wildcard();
}

Status Wrong(std::string_view text) {
  return Status::Config(
      "must be an IP address, iface:NAME, cidr:PREFIX, env:VARIABLE or route (several with commas), not " +
      options::Quoted(text));
}

Result<AddressForm> ParseForm(const std::string& text) {
  using Kind = AddressForm::Kind;
  if (text == "route") return AddressForm{Kind::kRoute, ""};
  if (text.starts_with("iface:") && text.size() > 6) return AddressForm{Kind::kInterface, text.substr(6)};
  if (text.starts_with("env:") && text.size() > 4) return AddressForm{Kind::kVariable, text.substr(4)};
  if (text.starts_with("cidr:") && net::IsPrefix(std::string_view(text).substr(5)))
    return AddressForm{Kind::kPrefix, text.substr(5)};
  if (IsAddress(text)) return AddressForm{Kind::kLiteral, text};
  return Wrong(text);
}

// The address of that family, "" when the form gives none.
std::string AddressOf(const AddressForm& form, int family, const AddressSource& source) {
  std::string address;
  switch (form.kind) {
    case AddressForm::Kind::kLiteral:
      address = form.text;
      break;
    case AddressForm::Kind::kInterface:
      return source.of_interface(form.text, family);
    case AddressForm::Kind::kPrefix:
      address = source.in_prefix(form.text);
      break;
    case AddressForm::Kind::kRoute:
      return source.by_route(family);
    case AddressForm::Kind::kVariable:  // replaced before
      break;
  }
  return IsIpv6Text(address) == (family == AF_INET6) ? address : "";
}

std::string FirstOf(const AddressForms& forms, int family, const AddressSource& source) {
  for (const AddressForm& form : forms) {
    if (std::string address = AddressOf(form, family, source); !address.empty()) return address;
  }
  return "";
}

}  // namespace

Result<AddressForms> ParseAddressForms(std::string_view text) {
  AddressForms forms;
  for (const std::string& each : SplitNames({std::string(text)})) {
    auto form = ParseForm(each);
    if (!form.ok()) return form.status();
    forms.push_back(std::move(form).value());
  }
  if (forms.empty()) return Wrong(text);
  return forms;
}

Result<AddressForms> WithVariables(const AddressForms& forms,
                                   const std::function<std::optional<std::string>(const std::string&)>& environment) {
  AddressForms replaced;
  for (const AddressForm& form : forms) {
    if (form.kind != AddressForm::Kind::kVariable) {
      replaced.push_back(form);
      continue;
    }
    const auto held = environment(form.text);
    if (!held) return Status::Config("names the variable " + form.text + ", which is not set");
    const auto inner = ParseAddressForms(*held);
    bool usable = inner.ok();
    if (usable) {
      for (const AddressForm& each : inner.value()) usable = usable && each.kind != AddressForm::Kind::kVariable;
    }
    if (!usable) {
      return Status::Config("names the variable " + form.text + ", which holds no address but " +
                            options::Quoted(*held));
    }
    replaced.insert(replaced.end(), inner.value().begin(), inner.value().end());
  }
  return replaced;
}

AddressSource MachineAddresses() {
  return {.of_interface = net::AddressOfInterface,
          .in_prefix = net::AddressInPrefix,
          .by_route = net::RouteAddress,
          .first_global = net::FirstGlobalAddress};
}

HostAddresses FindHostAddresses(const AddressForms& forms, const AddressSource& source) {
  const AddressForms& used = forms.empty() ? AddressForms{{AddressForm::Kind::kRoute, ""}} : forms;
  HostAddresses found{FirstOf(used, AF_INET, source), FirstOf(used, AF_INET6, source)};
  if (!forms.empty() || found != HostAddresses{}) return found;
  std::string global = source.first_global();
  (IsIpv6Text(global) ? found.ipv6 : found.ipv4) = std::move(global);
  return found;
}

HostAddresses WithLast(HostAddresses now, const HostAddresses& last) {
  if (now.ipv4.empty()) now.ipv4 = last.ipv4;
  if (now.ipv6.empty()) now.ipv6 = last.ipv6;
  return now;
}

std::string Describe(const HostAddresses& addresses) {
  if (addresses.ipv4.empty() && addresses.ipv6.empty()) return "no address";
  const bool both = !addresses.ipv4.empty() && !addresses.ipv6.empty();
  return addresses.ipv4 + (both ? " and " : "") + addresses.ipv6;
}

}  // namespace signpost::registrar
