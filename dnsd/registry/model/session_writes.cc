// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/session_writes.h"

#include <algorithm>
#include <utility>

#include "dnsd/registry/model/rows.h"

namespace signpost::registry {
namespace {

bool Needs(const SessionRow& session, std::string_view node, std::string_view check_id) {
  if (Lower(session.node) != Lower(node)) return false;
  const std::string wanted = Lower(check_id);
  const auto is_wanted = [&wanted](const std::string& id) { return Lower(id) == wanted; };
  return std::any_of(session.node_checks.begin(), session.node_checks.end(), is_wanted) ||
         std::any_of(session.checks.begin(), session.checks.end(), is_wanted) ||
         std::any_of(session.service_checks.begin(), session.service_checks.end(),
                     [&](const auto& check) { return is_wanted(check.first); });
}

template <typename Predicate>
void EndSessions(State& state, const Predicate& ends) {
  Strings ended;
  for (const auto& [id, session] : state.sessions()) {
    if (ends(*session)) ended.push_back(id);
  }
  for (const std::string& id : ended) DestroySession(state, id);
}

void EndQueriesOf(State& state, const std::string& session) {
  Strings ended;
  for (const auto& [id, query] : state.queries()) {
    if (query->session == session) ended.push_back(id);
  }
  for (const std::string& id : ended) state.EraseQuery(id);
}

}  // namespace

bool DestroySession(State& state, const std::string& id) {
  const auto session = state.FindSession(id);
  if (!session) return false;
  for (const std::string& key : state.KeysHeldBy(id)) {
    if (session->lock_delay > Millis(0)) state.NoteLockDelay(key, session->lock_delay);
    if (session->behavior == SessionRow::Behavior::kDelete) {
      state.EraseKv(key);
      continue;
    }
    KvRow released = *state.FindKv(key);
    released.session.clear();
    state.Put(std::move(released));
  }
  EndQueriesOf(state, id);
  return state.EraseSession(id);
}

void EndSessionsOfCheck(State& state, std::string_view node, std::string_view check_id) {
  EndSessions(state, [&](const SessionRow& session) { return Needs(session, node, check_id); });
}

void EndSessionsOfNode(State& state, std::string_view node) {
  const std::string name = Lower(node);
  EndSessions(state, [&name](const SessionRow& session) { return Lower(session.node) == name; });
}

}  // namespace signpost::registry
