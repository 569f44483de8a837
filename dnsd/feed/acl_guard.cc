// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/acl_guard.h"

namespace signpost::feed {

AclGuard::Verdict AclGuard::Note(bool& lost, bool now_lost) {
  if (now_lost && !lost) ++trips_;
  lost = now_lost;
  return now_lost ? Verdict::kLost : Verdict::kNews;
}

AclGuard::Verdict AclGuard::JudgeServices(size_t names, bool has_consul) {
  if (has_consul) consul_seen_ = true;
  return Note(services_lost_, !has_consul && (consul_seen_ || names == 0));
}

AclGuard::Verdict AclGuard::JudgeNodes(size_t nodes) { return Note(nodes_lost_, nodes == 0); }

}  // namespace signpost::feed
