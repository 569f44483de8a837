// Signpost. Apache-2.0; see LICENSE.
// Whether processes of a group are still alive.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace signpost::test {

// Zombies do not count: orphans are reaped by the machine's first process when it likes.
inline bool GroupIsAlive(int group) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::ifstream file(entry.path() / "stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    // "PID (NAME) STATE PARENT GROUP ..."; the name may hold anything.
    char state = 0;
    int parent = 0;
    int its_group = 0;
    const size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) continue;
    if (sscanf(line.c_str() + name_end + 1, " %c %d %d", &state, &parent, &its_group) != 3) continue;
    if (its_group == group && state != 'Z' && state != 'X') return true;
  }
  return false;
}

}  // namespace signpost::test
