// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/list_guard.h"

#include <algorithm>

namespace signpost::registrar {
namespace {

constexpr size_t kFew = 3;

}  // namespace

bool ListGuard::Believe(const std::set<std::string>& missing, size_t running) {
  const bool many = missing.size() > kFew && missing.size() * 2 > running;
  if (!many || std::ranges::includes(doubted_, missing)) {
    doubted_.clear();
    return true;
  }
  doubted_ = missing;
  return false;
}

}  // namespace signpost::registrar
