// Signpost. Apache-2.0; see LICENSE.
// The SERVICE_ keys of a container as they count for one port. Pure.
//
// Forms, the most specific first: <port>_<proto>_KEY, <port>_KEY, <a>-<b>_KEY, KEY. A more specific form beats a less
// specific one; of equal ones a label beats the environment, and the later entry an earlier one. Besides SERVICE_NAME,
// dotted labels count as well, as labels of the same form: registrar.name, registrar.80.check.http,
// registrar.80.tcp.name (dots separate what underscores separate there).
// A key TAGS+ adds to the tags of less specific forms instead of replacing them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registrar/container/container.h"

namespace signpost::registrar {

struct MetadataValue {
  std::string value;
  bool port_form = false;  // from a form that names this one port (a range does not)
};

// The keys that count for one port.
class Metadata {
 public:
  // Keys are lower case: "name", "check_http", "meta_region". Null when absent.
  const MetadataValue* Find(std::string_view key) const;
  std::string_view Value(std::string_view key) const;  // "" when absent
  bool Has(std::string_view key) const;                // present and not empty
  const std::map<std::string, MetadataValue, std::less<>>& all() const { return values_; }

  void Set(std::string key, MetadataValue value) { values_[std::move(key)] = std::move(value); }

 private:
  std::map<std::string, MetadataValue, std::less<>> values_;
};

class MetadataSource {
 public:
  // More entries are left out, the environment's first: bounds the work of a container with thousands of ports.
  static constexpr size_t kMaxEntries = 1024;

  // Reads environment and labels once. `prefix`: "SERVICE_". Both arguments may go after the call.
  MetadataSource(const Container& container, std::string_view prefix);

  // Renders the templates in all values but those of tags, which render their own. A value that does not render stays
  // as it is, with a warning.
  void RenderTemplates(const Container& container, Strings& warnings);

  Metadata ForPort(uint16_t port, Protocol protocol) const;
  // Only the general form: of services without a port.
  Metadata General() const;

 private:
  struct Entry {
    int first_port = 0, last_port = 0;  // 0: general form
    std::optional<Protocol> protocol;
    std::string key;
    std::string value;
    int rank = 0;  // later and more specific entries win
  };
  static std::optional<Entry> ReadEntry(std::string_view name, std::string_view value, bool label);
  void Add(std::optional<Entry> entry);
  static void Apply(const Entry& entry, Metadata& metadata);

  std::string prefix_;
  std::vector<Entry> entries_;  // by rank
};

}  // namespace signpost::registrar
