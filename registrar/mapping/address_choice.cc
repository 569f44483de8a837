// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/address_choice.h"

#include <algorithm>

#include "registrar/mapping/address.h"
#include "registrar/mapping/network_choice.h"
#include "registrar/mapping/tags.h"
#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

std::string GivenAddress(const Container& container, const Metadata& metadata, const MappingOptions& options,
                         Strings& warnings) {
  if (metadata.Has("ip")) {
    const std::string_view address = WithoutMask(Trimmed(metadata.Value("ip")));
    if (IsUsableAddress(address)) return std::string(address);
    warnings.push_back(KeyName(options.prefix, "ip") + "=" + std::string(metadata.Value("ip")) +
                       " is no address that others can reach and is left out; write an IP address or a host name");
  }
  if (options.ip_label.empty()) return {};
  const std::string_view address = WithoutMask(Trimmed(Label(container, options.ip_label)));
  if (IsUsableAddress(address)) return std::string(address);
  warnings.push_back("the label " + Quoted(options.ip_label) + " of --useIpFromLabel is missing or holds no address; " +
                     "the usual address is registered until the container is given one");
  return {};
}

Family GivenFamily(const Metadata& metadata, const MappingOptions& options, Strings& warnings) {
  if (!metadata.Has("family")) return options.family;
  const std::string text = LowerCase(Trimmed(metadata.Value("family")));
  if (text == "4" || text == "ipv4") return Family::kIpv4;
  if (text == "6" || text == "ipv6") return Family::kIpv6;
  if (text == "any") return Family::kAny;
  warnings.push_back(KeyName(options.prefix, "family") + "=" + text + " is left out; write 4, 6 or any");
  return options.family;
}

std::optional<uint16_t> GivenPort(const Metadata& metadata, const MappingOptions& options, Strings& warnings) {
  if (!metadata.Has("port")) return std::nullopt;
  const auto port = ParseWhole(Trimmed(metadata.Value("port")), UINT16_MAX);
  if (port) return static_cast<uint16_t>(*port);
  warnings.push_back(KeyName(options.prefix, "port") + "=" + std::string(metadata.Value("port")) +
                     " is no port and is left out; write a number from 0 to 65535");
  return std::nullopt;
}

Strings GivenNetworks(const Container& container, const Metadata& metadata, const MappingOptions& options,
                      Strings& warnings) {
  Strings wanted = SplitTags(metadata.Value("network"));
  const auto attached = [&](const std::string& name) { return FindNetwork(container, name) != nullptr; };
  if (!wanted.empty() && std::none_of(wanted.begin(), wanted.end(), attached)) {
    warnings.push_back("the container is not attached to any network of " + KeyName(options.prefix, "network") + "=" +
                       std::string(metadata.Value("network")) +
                       "; another of its networks is used until it is connected (docker network connect)");
  }
  return wanted;
}

}  // namespace signpost::registrar
