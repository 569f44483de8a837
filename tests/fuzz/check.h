// Signpost. Apache-2.0; see LICENSE.
// What a fuzz target demands of the code under test.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace signpost::fuzz {

// Ends the process, which libFuzzer reports with the input.
inline void Demand(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "demanded: %s\n", what.c_str());
  std::abort();
}

}  // namespace signpost::fuzz
