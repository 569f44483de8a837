// Signpost. Apache-2.0; see LICENSE.
// What all pages show of services and listeners, put together once. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lb/endpoint_state.h"
#include "lb/operations.h"

namespace signpost::lb {

struct EndpointRow {
  const Endpoint* endpoint = nullptr;
  std::string_view id;
  std::string_view version;
  uint16_t tier = 0;
  uint32_t weight = 0;
  EndpointVerdict verdict;
};

struct ServiceRow {
  const Pool* pool = nullptr;
  std::string_view state;  // "known", "held", "empty", "declared_absent", "unknown"
  std::string_view reason;
  std::vector<EndpointRow> endpoints;  // the pool's, then those that were removed and are still remembered
};

struct ListenerRow {
  std::string address;
  std::string_view kind;  // "http", "tcp", "sni"
  std::string_view service;
  std::string_view state;  // "bound", "retrying", "waiting", "lingering"
  std::string reason;
};

// Valid as long as what the view refers to. In the order of the slots.
std::vector<ServiceRow> ServiceRows(const OperationsView& view);
// In the order of the plans.
std::vector<ListenerRow> ListenerRows(const OperationsView& view);

std::string_view SourceKindName(SourceKind kind);

}  // namespace signpost::lb
