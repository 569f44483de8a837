// Signpost. Apache-2.0; see LICENSE.
// The rows of mapping_options.h.
#include <string>
#include <string_view>

#include "common/options/text.h"
#include "registrar/host_address.h"
#include "registrar/mapping_options.h"

namespace signpost::registrar {
namespace {

using options::Row;
using options::Rows;
using options::Type;

std::string CheckIp(std::string_view text) {
  const auto forms = ParseAddressForms(text);
  return forms.ok() ? "" : forms.status().text();
}

std::string CheckNotEmpty(std::string_view text) { return text.empty() ? "must not be empty" : ""; }

std::string CheckNode(std::string_view text) {
  if (text.empty() || text.size() > 128) return "must have 1 to 128 characters";
  for (const unsigned char c : text) {
    if (c <= ' ' || c == 0x7f) return "must not hold blanks or control characters";
  }
  return "";
}

Row SwitchRow(std::string_view name, std::string_view help) {
  return {.name = name, .type = Type::kBool, .help = help, .defaults = {"false"}, .bare = "true", .reloadable = true};
}

Rows AddressRows() {
  return {
      {.name = "ip",
       .value = "FORM",
       .help = "Address of published ports: an IP address, iface:NAME, cidr:PREFIX, env:VARIABLE or route; with commas "
               "several, of which the first that gives an address counts for each family",
       .default_note = "route, else the first global address",
       .reloadable = true,
       .check = CheckIp},
      SwitchRow("ip-force", "Use --ip even for ports that are published on one address of the host only"),
      {.name = "use-ip-from-label",
       .alias = "useIpFromLabel",
       .value = "LABEL",
       .help = "Take a container's address from this label; a /mask behind it is cut off",
       .default_note = "none",
       .reloadable = true},
      SwitchRow("internal", "Register the container's own address and port instead of the host's"),
      {.name = "network",
       .value = "NAME[,NAME]",
       .help = "Networks whose address --internal takes, in order of preference",
       .default_note = "the container's first",
       .repeatable = true,
       .reloadable = true},
      {.name = "family",
       .type = Type::kWord,
       .value = "any|4|6",
       .help =
           "Which address is registered: any takes IPv4 and adds IPv6 as the tagged address lan_ipv6. The host's own "
           "IPv6 address is added only when this option or --ip is given",
       .defaults = {"any"},
       .words = {"any", "4", "6"},
       .reloadable = true},
      SwitchRow("all-bindings", "One service per host port where a container port is published more than once"),
      SwitchRow("publish-loopback", "Register ports published on loopback only, with that address"),
      {.name = "host-ports",
       .type = Type::kWord,
       .value = "published|exposed",
       .help = "Ports of a container on the host's network: those of -p, or all that the image exposes",
       .defaults = {"published"},
       .words = {"published", "exposed"},
       .reloadable = true},
  };
}

}  // namespace

Rows SelectionRows() {
  Rows rows = {
      SwitchRow("explicit", "Only ports that are given a name by SERVICE_NAME or SERVICE_<port>_NAME"),
      {.name = "filter",
       .value = "KIND=PATTERN",
       .help =
           "Only containers with label=KEY[=VALUE], name=, network= or image=; * stands for any text; filters of one "
           "kind are alternatives",
       .default_note = "all containers",
       .repeatable = true,
       .reloadable = true},
      {.name = "require-label",
       .value = "KEY[=VALUE]",
       .help = "Only containers with this label",
       .default_note = "none",
       .reloadable = true},
  };
  const Rows address = AddressRows();
  rows.insert(rows.end(), address.begin(), address.end());
  return rows;
}

Rows ServiceRows() {
  return {
      {.name = "node-id",
       .value = "NAME",
       .help = "Begins the ID of every service",
       .default_note = "the engine's host name",
       .reloadable = true,
       .check = CheckNode},
      {.name = "prefix",
       .value = "TEXT",
       .help = "Begins the environment variables and labels that are read",
       .defaults = {"SERVICE_"},
       .reloadable = true,
       .check = CheckNotEmpty},
      {.name = "tags",
       .value = "TAG[,TAG]",
       .help = "Tags for every service; a template over the container",
       .default_note = "none",
       .reloadable = true},
      {.name = "meta",
       .value = "KEY=VALUE",
       .help = "Metadata for every service",
       .default_note = "none",
       .repeatable = true,
       .reloadable = true},
      {.name = "port-suffix",
       .type = Type::kWord,
       .value = "auto|always|never",
       .help = "Append -PORT to the name; auto: when several ports of a container are registered",
       .defaults = {"auto"},
       .words = {"auto", "always", "never"},
       .reloadable = true},
      SwitchRow("dns-safe-names", "Rewrite service names to letters, digits and hyphens"),
      {.name = "compat",
       .type = Type::kWord,
       .value = "registrator",
       .help = "Do as Registrator where its behaviour was corrected: names, order of tags, addresses, metadata, keys",
       .defaults = {"none"},
       .words = {"none", "registrator"},
       .reloadable = true},
      {.name = "register-when",
       .type = Type::kWord,
       .value = "started|healthy",
       .help = "Register a container when it has started, or when its HEALTHCHECK first passes",
       .defaults = {"started"},
       .words = {"started", "healthy"},
       .reloadable = true},
      {.name = "drain",
       .type = Type::kDuration,
       .value = "TIME",
       .help = "How long `registrar drain` waits before it stops a container without SERVICE_DRAIN; 0 also means no "
               "maintenance at the stop signal",
       .defaults = {"10s"},
       .max = 24 * 3600 * 1000,
       .bare_unit = "s",
       .reloadable = true},
  };
}

}  // namespace signpost::registrar
