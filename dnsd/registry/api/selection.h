// Signpost. Apache-2.0; see LICENSE.
// Which rows a list of the catalog shows, and in what order: the parameters node-meta, tag, near and filter.
//
// There are no network coordinates but the own node's. So, as in a Consul whose other nodes run no agent, near= moves
// the own node's rows to the front if it names the own node, and changes nothing otherwise.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "common/json/json.h"
#include "dnsd/registry/api/call.h"
#include "dnsd/registry/filter/filter.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

bool HasMeta(const NodeRow& node, const StringPairs& wanted);  // all of them
bool HasTags(const ServiceRow& service, const Strings& tags);  // all of them, in any letter case

// Drops what node-meta= and, unless `tags_count` is false, tag= do not ask for, and orders by near=. The same for the
// checks of nodes.
void Select(const Engine& engine, const Call& call, RowList<ServiceRow>& services, bool tags_count = true);
void Select(const Engine& engine, const Call& call, RowList<CheckRow>& checks);

// Whether near= names the node whose rows come first.
bool IsNear(const Engine& engine, const Call& call);

// Writes the items of one list that filter= lets through. Without an expression no item is read back.
class ItemWriter {
 public:
  // `filter` matches everything if `expression` is empty; a failure is what Consul answers with 500.
  static Result<ItemWriter> Make(const std::string& expression, Schema schema);

  bool filtered() const { return filtered_; }

  // `write(json::Writer&)` writes the item as one value; it may be written with a key before it.
  template <typename Write>
  void Add(json::Writer& out, const Write& write) const {
    if (!filtered_) {
      write(out);
    } else if (const std::string item = Fitting(write); !item.empty()) {
      out.Raw(item);
    }
  }
  template <typename Write>
  void Add(json::Writer& out, std::string_view key, const Write& write) const {
    if (!filtered_) {
      write(out.Key(key));
    } else if (const std::string item = Fitting(write); !item.empty()) {
      out.Key(key).Raw(item);
    }
  }
  // Whether an item that write() would write passes.
  template <typename Write>
  bool Fits(const Write& write) const {
    return !filtered_ || !Fitting(write).empty();
  }

 private:
  explicit ItemWriter(Filter filter, bool filtered) : filter_(std::move(filter)), filtered_(filtered) {}

  // The item's text, or "".
  template <typename Write>
  std::string Fitting(const Write& write) const {
    json::Writer item;
    write(item);
    std::string text = item.Take();
    return Matches(text) ? text : std::string();
  }
  bool Matches(const std::string& text) const;

  Filter filter_;
  bool filtered_ = false;
};

}  // namespace signpost::registry
