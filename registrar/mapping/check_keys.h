// Signpost. Apache-2.0; see LICENSE.
// The keys of one declared check: CHECK_<KEY>, or CHECK_<n>_<KEY> of further ones. What Consul would refuse is
// corrected or dropped here, with a warning that names the key. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"
#include "registrar/mapping/service.h"

namespace signpost::registrar {

class CheckKeys {
 public:
  // `number` 1 is the check without a number. All arguments outlive it.
  CheckKeys(const Metadata& metadata, const MappingOptions& options, int number, Strings& warnings);

  // "http" is CHECK_HTTP. Blanks around a value are cut.
  std::string_view Value(std::string_view key) const;
  bool IsAnyGiven() const { return metadata_.HasAny(begin_); }
  bool Has(std::string_view key) const { return !Value(key).empty(); }
  // Not empty, and not 0, false, no or off; those count as on with Compat::kRegistrator.
  bool IsOn(std::string_view key) const;

  // A Go duration above zero. A bare number counts as seconds, with a warning. "" when absent or unusable.
  std::string Duration(std::string_view key) const;
  // Raises a duration below `least`, with a warning. `text` is what Duration(key) returned.
  std::string AtLeast(std::string_view key, std::string text, std::chrono::seconds least) const;
  // 0 when absent or unusable.
  int Count(std::string_view key) const;
  std::optional<uint16_t> Port(std::string_view key) const;
  // passing, warning, critical or "".
  std::string Status(std::string_view key) const;
  // HTTP_HEADER_<NAME>: names as HTTP writes them ("X-Request-Id"), sorted; at most 64.
  std::vector<HeaderLine> Headers() const;

  std::string KeyText(std::string_view key) const;  // as people write it: "SERVICE_CHECK_2_HTTP"
  void Warn(std::string text) const { warnings_.push_back(std::move(text)); }

 private:
  std::string WithValue(std::string_view key) const;  // "SERVICE_CHECK_TTL=10x", cut when long

  const Metadata& metadata_;
  const MappingOptions& options_;
  std::string begin_;
  Strings& warnings_;
};

}  // namespace signpost::registrar
