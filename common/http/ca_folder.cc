// Signpost. Apache-2.0; see LICENSE.
#include "common/http/ca_folder.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

#include "common/base/log.h"

namespace signpost::http {

std::string ReadCaFolder(const std::string& folder) {
  std::error_code error;
  std::set<std::filesystem::path> files;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->is_regular_file(error)) files.insert(entry->path());
  }
  std::string pem = "certificates of a folder\n";
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    pem.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    pem += '\n';
  }
  if (pem.find("-----BEGIN") == std::string::npos) LogError("no certificate in the folder " + folder);
  return pem;
}

}  // namespace signpost::http
