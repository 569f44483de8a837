// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/service_files.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/options/file_text.h"
#include "dnsd/registry/definition/service_file.h"

namespace signpost::registry {
namespace {

namespace fs = std::filesystem;

Result<std::vector<std::string>> FilesOf(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".json") files.push_back(entry->path().string());
  }
  if (error) return Status::Config("cannot read the directory " + path + ": " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

// False: the ID is taken.
bool Claim(std::set<std::string>& ids, const std::string& id) { return ids.insert(Lower(id)).second; }

Status AddFile(const std::string& path, FileDefinitions& all, FileOwned& taken) {
  auto text = options::ReadFileText(path);
  if (!text.ok()) return Status::Config(text.status().text());
  auto file = ReadServiceFile(text.value());
  if (!file.ok()) return Status::Config(path + ": " + file.status().text());
  for (AgentService& service : file->services) {
    if (!Claim(taken.services, service.service.id)) {
      return Status::Config(path + ": the service ID '" + service.service.id + "' is defined twice");
    }
    all.services.push_back(std::move(service));
  }
  for (CheckRow& check : file->checks) {
    if (!Claim(taken.checks, check.check_id)) {
      return Status::Config(path + ": the check ID '" + check.check_id + "' is defined twice");
    }
    all.checks.push_back(std::move(check));
  }
  return Status::Ok();
}

}  // namespace

Result<FileDefinitions> ReadServiceFiles(const std::vector<std::string>& paths) {
  FileDefinitions all;
  FileOwned taken;
  for (const std::string& path : paths) {
    auto files = FilesOf(path);
    if (!files.ok()) return files.status();
    for (const std::string& file : files.value()) {
      if (Status added = AddFile(file, all, taken); !added.ok()) return added;
    }
  }
  return all;
}

void FileOwned::Add(const FileOwned& more) {
  services.insert(more.services.begin(), more.services.end());
  checks.insert(more.checks.begin(), more.checks.end());
}

std::string FileOwned::ToText() const {
  std::string text;
  for (const std::string& id : services) text += "service " + id + "\n";
  for (const std::string& id : checks) text += "check " + id + "\n";
  return text;
}

FileOwned FileOwned::FromText(std::string_view text) {
  FileOwned owned;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    auto& ids = line.starts_with("service ") ? owned.services : owned.checks;
    ids.emplace(line.substr(space + 1));
  }
  return owned;
}

FileOwned OwnedBy(const FileDefinitions& definitions) {
  FileOwned owned;
  for (const AgentService& service : definitions.services) {
    owned.services.insert(service.service.id);
    for (const CheckRow& check : service.checks) owned.checks.insert(check.check_id);
  }
  for (const CheckRow& check : definitions.checks) owned.checks.insert(check.check_id);
  return owned;
}

void ApplyServiceFiles(State& state, std::string_view node, FileDefinitions definitions, const FileOwned& before) {
  const FileOwned now = OwnedBy(definitions);
  for (const std::string& id : before.services) {
    if (!now.services.contains(id)) DeregisterAgentService(state, node, id);
  }
  for (const std::string& id : before.checks) {
    if (!now.checks.contains(id)) DeregisterAgentCheck(state, node, id);
  }
  for (AgentService& service : definitions.services) RegisterAgentService(state, node, std::move(service), false);
  for (CheckRow& check : definitions.checks) RegisterAgentCheck(state, node, std::move(check));
}

}  // namespace signpost::registry
