// Signpost. Apache-2.0; see LICENSE.
// How often this program has called operator new. A program that asks gets counting versions of it.
#pragma once

#include <cstddef>

namespace signpost::test {

// Of the calling thread.
size_t AllocationCount();

}  // namespace signpost::test
