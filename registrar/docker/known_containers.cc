// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/known_containers.h"

#include <algorithm>

namespace signpost::registrar {

std::vector<std::string> KnownContainers::Apply(const std::vector<ListEntry>& list, Scope scope) {
  std::vector<std::string> inspect;
  std::set<std::string_view> listed;
  for (const ListEntry& entry : list) {
    if (!listed.insert(entry.id).second) continue;
    Known& known = known_[entry.id];
    const bool changed = known.fingerprint != entry.fingerprint;
    const bool matters = entry.running || known.running || (known.inspected && changed);
    if (matters && (changed || scope == Scope::kAll)) inspect.push_back(entry.id);
    known.fingerprint = entry.fingerprint;
    known.running = entry.running;
  }
  for (auto item = known_.begin(); item != known_.end();) {
    const bool lacks = !listed.contains(item->first);
    const bool matters = item->second.running || item->second.inspected;
    if (lacks && matters) inspect.push_back(item->first);
    item = lacks && !matters ? known_.erase(item) : std::next(item);
  }
  return inspect;
}

std::set<std::string> KnownContainers::MissingFrom(const std::vector<ListEntry>& list) const {
  std::set<std::string> missing;
  for (const auto& [id, known] : known_) {
    if (known.running) missing.insert(id);
  }
  for (const ListEntry& entry : list) missing.erase(entry.id);
  return missing;
}

bool KnownContainers::OnEvent(const Event& event) {
  if (event.container_id.empty()) return false;
  const auto found = known_.find(event.container_id);
  const bool running = found != known_.end() && found->second.running;
  switch (event.kind) {
    case EventKind::kStart:
      known_[event.container_id].running = true;
      return true;
    case EventKind::kDie:
    case EventKind::kDestroy:
      if (found != known_.end()) found->second.running = false;
      return true;
    case EventKind::kKill:
      return !running;  // the signal changes nothing by itself
    case EventKind::kNetwork:
      return running;  // before a start and after a death, that event asks
    case EventKind::kOther:
      return false;
    default:
      return true;
  }
}

void KnownContainers::OnInspected(const Container& container) {
  Known& known = known_[container.id];
  known.running = container.running;
  known.inspected = true;
}

bool KnownContainers::WasInspected(const std::string& id) const {
  const auto found = known_.find(id);
  return found != known_.end() && found->second.inspected;
}

size_t KnownContainers::running() const {
  return static_cast<size_t>(std::ranges::count_if(known_, [](const auto& item) { return item.second.running; }));
}

}  // namespace signpost::registrar
