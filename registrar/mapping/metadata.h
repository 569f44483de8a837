// Signpost. Apache-2.0; see LICENSE.
// The SERVICE_ keys of a container as they count for one port. Pure.
//
// Forms, the most specific first: <port>_<proto>_KEY, <port>_KEY, <a>-<b>_KEY, KEY. A more specific form beats a less
// specific one; of equal ones a label beats the environment, and the later entry an earlier one. Besides SERVICE_NAME,
// dotted labels count as well, as labels of the same form: registrar.name, registrar.80.check.http,
// registrar.80.tcp.name (dots separate what underscores separate there).
// A key TAGS+ adds to the tags of less specific forms instead of replacing them.
// With Compat::kRegistrator a key that Registrator did not know stays what it was there, a plain attribute; its dotted
// label, which Registrator did not read, means the same as without.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registrar/container/container.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

struct MetadataValue {
  std::string value;
  bool port_form = false;  // from a form that names this one port (a range does not)
  bool plain = false;      // an attribute only, whatever the key: Find does not know it
  friend bool operator==(const MetadataValue&, const MetadataValue&) = default;
};

// The keys that count for one port: those of the general form, which all ports of a container share, below its own.
class Metadata {
 public:
  using Values = std::map<std::string, MetadataValue, std::less<>>;

  Metadata() : Metadata(std::make_shared<const Values>()) {}
  explicit Metadata(std::shared_ptr<const Values> general) : general_(std::move(general)) {}

  // Keys are lower case: "name", "check_http", "meta_region". Null when absent.
  const MetadataValue* Find(std::string_view key) const;
  std::string_view Value(std::string_view key) const;  // "" when absent
  bool Has(std::string_view key) const;                // present and not empty
  bool HasAny(std::string_view begin) const;           // a key that begins so, plain ones included

  // visit(key, value) of every key that begins with `begin`, in the order of keys, until it returns false.
  template <typename Visit>
  void ForEach(std::string_view begin, Visit visit) const {
    auto own = own_.lower_bound(begin);
    auto general = general_->lower_bound(begin);
    const auto more = [&](const auto& at, const Values& in) { return at != in.end() && at->first.starts_with(begin); };
    for (bool go_on = true; go_on;) {
      const bool has_own = more(own, own_), has_general = more(general, *general_);
      if (!has_own && !has_general) return;
      const bool take_own = has_own && (!has_general || own->first <= general->first);
      if (take_own && has_general && own->first == general->first) ++general;
      const auto& at = take_own ? *own++ : *general++;
      go_on = visit(at.first, at.second);
    }
  }

  void Set(std::string key, MetadataValue value) { own_[std::move(key)] = std::move(value); }
  Values TakeOwn() && { return std::move(own_); }
  // Of the same source and with the same keys: whatever is made of the keys alone is the same.
  bool IsSame(const Metadata& other) const { return general_ == other.general_ && own_ == other.own_; }

 private:
  std::shared_ptr<const Values> general_;  // never null
  Values own_;
};

class MetadataSource {
 public:
  // More entries are left out, the environment's first: bounds the work of a container with thousands of ports.
  static constexpr size_t kMaxEntries = 1024;

  // Reads environment and labels once. `prefix`: "SERVICE_". Both arguments may go after the call.
  MetadataSource(const Container& container, std::string_view prefix, Compat compat = Compat::kNone);

  // Renders the templates in all values but those of tags, which render their own. A value that does not render stays
  // as it is, with a warning.
  void RenderTemplates(const Container& container, Strings& warnings);

  Metadata ForPort(uint16_t port, Protocol protocol) const;
  // Only the general form: of services without a port.
  Metadata General() const { return Metadata(general_); }

 private:
  struct Entry {
    int first_port = 0, last_port = 0;  // 0: general form
    std::optional<Protocol> protocol;
    std::string key;
    std::string value;
    int rank = 0;  // later and more specific entries win
    bool plain = false;
  };
  static std::optional<Entry> ReadEntry(std::string_view name, std::string_view value, bool label);
  void Add(std::optional<Entry> entry);
  static std::optional<Entry> Inert(std::optional<Entry> entry, Compat compat);
  void ReadGeneral();
  static void Apply(const Entry& entry, Metadata& metadata);

  std::string prefix_;
  std::vector<Entry> entries_;  // by rank, so those of the general form first
  size_t of_ports_ = 0;         // where the others begin
  std::shared_ptr<const Metadata::Values> general_;
};

}  // namespace signpost::registrar
