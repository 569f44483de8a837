// Signpost. Apache-2.0; see LICENSE.
#include "common/base/random.h"

#include <sys/random.h>

#include "common/base/status.h"

namespace signpost {

uint64_t RandomSeed() {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) Abort("getrandom failed");
  return seed;
}

}  // namespace signpost
