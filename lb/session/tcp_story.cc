// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/tcp_story.h"

namespace signpost::lb {

void TcpStory::Tell(const Pick& pick, const Pool& pool) {
  service = pool.service;
  endpoint = pick.use.get();
  ++attempts;
  if (pick.member->version < pool.versions.size()) version = pool.versions[pick.member->version];
}

AccessRecord TcpStory::Record() const {
  AccessRecord record;
  record.tcp = true;
  record.wall = SystemClock().Wall();
  record.service = service;
  if (endpoint) record.endpoint = endpoint->name();
  record.version = version;
  record.attempts = attempts;
  record.connect = connect;
  return record;
}

}  // namespace signpost::lb
