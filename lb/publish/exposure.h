// Signpost. Apache-2.0; see LICENSE.
// What a service's tags ask for: host names and ports. Pure.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lb/route/routes.h"

namespace signpost::lb {

struct ExposureRules {
  std::string public_domain;  // lower case; "" = tag http exposes nothing
  bool short_names = false;
  bool fabio_tags = true;
  std::set<uint16_t> denied_ports;  // those of HTTP and operations included
};

// One thing that only one service can have.
struct Claim {
  std::string resource;  // "host web.example.com", "host web.example.com/api", "port 6379"
  std::string tag;       // served by the instances that carry it
  bool is_tcp = false;
  HttpRoute http;       // its service set, its slot not
  std::string address;  // of TCP: with port; "" = `port` at all addresses for tags. Either way the port is claimed
  uint16_t port = 0;

  friend bool operator==(const Claim& a, const Claim& b);
};

struct Exposure {
  std::vector<Claim> claims;          // each resource once
  std::vector<std::string> warnings;  // tags that cannot be used, a sentence without full stop each
};

// Of tag "http": label.public_domain. Of tag "tcp": the number after the last dash of the name (cases C11, C12). Of
// "urlprefix-..." what it says.
Exposure ExposureOf(const std::string& service, const std::vector<std::string>& tags, const ExposureRules& rules);

// Lower case, "_" as "-"; "" when that is no DNS label.
std::string HostLabel(std::string_view service);

std::string HttpResource(std::string_view host, std::string_view path);
std::string PortResource(uint16_t port);

}  // namespace signpost::lb
