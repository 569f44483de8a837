// Signpost. Apache-2.0; see LICENSE.
// What a name server gives up once its sockets are bound: the superuser, and the means to become one again.
#pragma once

#include <string>
#include <vector>

#include "common/base/status.h"

namespace signpost::sandbox {

// Changes to the user and its groups, with all ids; `owned` (files and folders, not what lies below) are given to it
// first, except those that do not exist. Nothing happens if the process is that user already. Main thread, before any
// other starts. kConfig: no such user, the superuser, a link among `owned`, or a folder that is not the user's and is
// sticky, writable by group or others, or holds more than dnsd's own files; kSystem: not allowed to.
Status BecomeUser(const std::string& name, const std::vector<std::string>& owned);

// No program that this process or its children execute gains privileges (PR_SET_NO_NEW_PRIVS).
Status RefuseNewPrivileges();

}  // namespace signpost::sandbox
