// Signpost. Apache-2.0; see LICENSE.
// What lists, events and inspects have told of each container so far: enough to see which ones to inspect. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "registrar/container/container.h"
#include "registrar/container/event.h"
#include "registrar/container/inspect.h"

namespace signpost::registrar {

class KnownContainers {
 public:
  enum class Scope : bool { kChanged, kAll };

  // Takes over a full list and returns whom to inspect: those that run, were believed to, or were inspected before, if
  // they are new or look different, or all of these; and those that the list lacks, since only an inspect tells that a
  // container is gone: the list may be older than its start.
  std::vector<std::string> Apply(const std::vector<ListEntry>& list, Scope scope);
  // Believed to run, and not in this list.
  std::set<std::string> MissingFrom(const std::vector<ListEntry>& list) const;

  // True when only an inspect can tell what became of it.
  bool OnEvent(const Event& event);
  void OnInspected(const Container& container);
  void Forget(const std::string& id) { known_.erase(id); }

  bool Has(const std::string& id) const { return known_.contains(id); }
  bool WasInspected(const std::string& id) const;
  size_t running() const;  // believed to

 private:
  struct Known {
    std::string fingerprint;  // of the last list; "" = not in one yet
    bool running = false;
    bool inspected = false;
  };
  std::map<std::string, Known> known_;
};

}  // namespace signpost::registrar
