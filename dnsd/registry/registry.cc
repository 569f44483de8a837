// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/registry.h"

#include <utility>

#include "common/base/log.h"
#include "common/options/file_text.h"
#include "dnsd/registry/api/api.h"
#include "dnsd/registry/engine/engine.h"
#include "dnsd/registry/model/uuid.h"
#include "dnsd/registry/own_node.h"
#include "dnsd/registry/service_files.h"
#include "dnsd/registry/storage/store_thread.h"

namespace signpost::registry {
namespace {

// Settings of the database.
constexpr const char* kNodeId = "node-id";
constexpr const char* kNodeName = "node-name";
constexpr const char* kFileOwned = "from-service-files";

std::string SettingOf(const Settings& settings, const char* name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

std::string Trimmed(std::string text) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  return text;
}

Result<AccessRules> ReadAccess(const RegistrySettings& settings) {
  AccessRules access{.token = {}, .reads = settings.read_needs_token};
  if (settings.token_file.empty()) return access;
  auto text = options::ReadFileText(settings.token_file);
  if (!text.ok()) return text.status();
  access.token = Trimmed(std::move(text).value());
  if (access.token.empty()) return Status::Config(settings.token_file + " holds no token; write one into it");
  return access;
}

EngineOptions OptionsOf(const RegistrySettings& settings, std::string node_id) {
  return {.datacenter = settings.datacenter,
          .node = settings.node,
          .node_id = std::move(node_id),
          .address = settings.address,
          .script_checks = settings.script_checks,
          .docker_url = settings.docker_url};
}

// What a start begins with.
struct Loaded {
  std::unique_ptr<Store> store;  // null: nothing is kept
  State state;                   // with the own node
  std::string node_id;
  FileOwned file_owned;
};

Result<Loaded> Load(const RegistrySettings& settings) {
  Contents contents;
  Loaded loaded;
  if (!settings.database.empty()) {
    auto store = Store::Open(settings.database, contents);
    if (!store.ok()) return store.status();
    loaded.store = std::move(store).value();
  }
  loaded.node_id = SettingOf(contents.settings, kNodeId);
  if (loaded.node_id.empty()) loaded.node_id = NewUuid();
  loaded.file_owned = FileOwned::FromText(SettingOf(contents.settings, kFileOwned));
  loaded.state.Load(contents.rows, contents.index);
  PutOwnNode(loaded.state, {settings.node, loaded.node_id, settings.address, settings.datacenter},
             SettingOf(contents.settings, kNodeName));
  const Journal journal = loaded.state.TakeJournal();
  if (!loaded.store) return loaded;
  const Settings own = {{kNodeId, loaded.node_id}, {kNodeName, settings.node}};
  if (Status noted = loaded.store->Commit(journal.changes, loaded.state.index(), own); !noted.ok()) return noted;
  return loaded;
}

}  // namespace

struct Registry::Parts {
  Parts(net::Loop& loop, const Clock& clock, RegistrySettings given, std::unique_ptr<StoreThread> opened,
        EngineOptions options, State state, AccessRules access)
      : settings(std::move(given)),
        store(std::move(opened)),
        engine(loop, clock, std::move(options), std::move(state), StoreFunction()),
        api(engine, std::move(access)) {
    if (store) engine.SetIndexCeiling([this] { return store->index_ceiling(); });
  }

  Engine::Store StoreFunction() {
    if (!store) return {};
    return [this](std::vector<RowChange> changes, uint64_t index, Engine::Done done) {
      store->Submit({.changes = std::move(changes), .index = index, .settings = {}}, std::move(done));
    };
  }
  void LoadFiles(FileDefinitions definitions);
  void NoteOwned();

  const RegistrySettings settings;
  std::unique_ptr<StoreThread> store;  // null: nothing is kept
  Engine engine;
  Api api;
  FileOwned file_owned;
  int loads = 0;
};

void Registry::Parts::NoteOwned() {
  if (!store) return;
  store->Submit({.changes = {}, .index = engine.state().index(), .settings = {{kFileOwned, file_owned.ToText()}}},
                [](const Status& /*status*/) {});
}

// Until the load has settled, what the files defined before counts as theirs, too: if it fails, or the program ends in
// between, the next load takes away what this one should have.
void Registry::Parts::LoadFiles(FileDefinitions definitions) {
  const FileOwned before = file_owned;
  const FileOwned now = OwnedBy(definitions);
  file_owned.Add(now);
  NoteOwned();
  engine.state().BeginWrite();
  ApplyServiceFiles(engine.state(), settings.node, std::move(definitions), before);
  engine.Commit([this, now, load = ++loads](const Status& status) {
    if (!status.ok()) return LogError("the service files are not loaded: " + status.text());
    if (load != loads) return;
    file_owned = now;
    NoteOwned();
  });
}

Result<std::unique_ptr<Registry>> Registry::Open(net::Loop& loop, const Clock& clock, RegistrySettings settings) {
  auto access = ReadAccess(settings);
  if (!access.ok()) return access.status();
  auto definitions = ReadServiceFiles(settings.service_files);
  if (!definitions.ok()) return definitions.status();
  auto loaded = Load(settings);
  if (!loaded.ok()) return loaded.status();
  std::unique_ptr<StoreThread> store_thread;
  if (loaded->store) store_thread = std::make_unique<StoreThread>(loop, std::move(loaded->store));
  EngineOptions options = OptionsOf(settings, loaded->node_id);
  auto parts = std::make_unique<Parts>(loop, clock, std::move(settings), std::move(store_thread), std::move(options),
                                       std::move(loaded->state), std::move(access).value());
  parts->file_owned = std::move(loaded->file_owned);
  parts->LoadFiles(std::move(definitions).value());
  return std::unique_ptr<Registry>(new Registry(std::move(parts)));
}

Registry::Registry(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {
  parts_->engine.SetReload([this] { return Reload(); });
}

Registry::~Registry() = default;

catalog::Source& Registry::source() { return parts_->engine; }

void Registry::Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
  parts_->api.Handle(std::move(request), std::move(responder));
}

Status Registry::Reload() {
  auto access = ReadAccess(parts_->settings);
  if (!access.ok()) return access.status();
  auto definitions = ReadServiceFiles(parts_->settings.service_files);
  if (!definitions.ok()) return definitions.status();
  parts_->api.SetAccess(std::move(access).value());
  parts_->LoadFiles(std::move(definitions).value());
  return Status::Ok();
}

void Registry::Republish() { parts_->engine.Republish(); }

RegistryStatus Registry::status() const {
  const Engine& engine = parts_->engine;
  const State& state = engine.state();
  const CheckLoad load = engine.check_load();
  return {.index = state.index(),
          .nodes = state.nodes().size(),
          .services = state.service_names().size(),
          .instances = state.services().size(),
          .checks = state.checks().size(),
          .keys = state.kv().size(),
          .sessions = state.sessions().size(),
          .blocked = parts_->api.blocked(),
          .checks_running = load.running,
          .checks_waiting = load.waiting,
          .checks_started = load.started,
          .checks_late = load.late,
          .ttls_expired = load.ttl_expired,
          .disk_fails = engine.disk_fails()};
}

void AppendMetrics(const RegistryStatus& status, MetricsText& text) {
  const auto gauge = [&text](const char* name, const char* help, uint64_t value) {
    text.AddGauge(name, help, static_cast<double>(value));
  };
  gauge("signpost_registry_index", "Newest index of the registry.", status.index);
  gauge("signpost_registry_nodes", "Nodes registered.", status.nodes);
  gauge("signpost_registry_services", "Service names registered.", status.services);
  gauge("signpost_registry_instances", "Service instances registered.", status.instances);
  gauge("signpost_registry_checks", "Checks registered.", status.checks);
  gauge("signpost_registry_keys", "Keys of the key/value store.", status.keys);
  gauge("signpost_registry_sessions", "Sessions.", status.sessions);
  gauge("signpost_registry_blocked", "Requests that wait for a change.", status.blocked);
  gauge("signpost_registry_checks_running", "Health checks under way.", status.checks_running);
  gauge("signpost_registry_checks_waiting", "Health checks that are due and wait for their turn.",
        status.checks_waiting);
  const auto counter = [&text](const char* name, const char* help, uint64_t value) {
    text.AddCounter(name, help, static_cast<double>(value));
  };
  counter("signpost_registry_checks_started_total", "Runs of health checks.", status.checks_started);
  counter("signpost_registry_checks_late_total", "Runs begun more than a second late.", status.checks_late);
  counter("signpost_registry_ttls_expired_total", "TTL checks that nobody refreshed in time.", status.ttls_expired);
  gauge("signpost_registry_disk_fails", "1 while the database refuses writes.", status.disk_fails ? 1 : 0);
}

}  // namespace signpost::registry
