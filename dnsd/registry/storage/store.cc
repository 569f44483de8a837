// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/store.h"

#include <utility>

#include "dnsd/registry/storage/row_codec.h"

namespace signpost::registry {
namespace {

// As SQLite's own defaults, said aloud: the log is copied into the file whenever it has 4 MB, and cut back if one large
// write made it longer.
constexpr std::string_view kSetUp =
    "PRAGMA synchronous = FULL;"
    "PRAGMA wal_autocheckpoint = 1000;"
    "PRAGMA journal_size_limit = 8388608;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA trusted_schema = OFF;";

std::string CreateTables() {
  std::string sql = "BEGIN EXCLUSIVE;";
  sql += "PRAGMA application_id = " + std::to_string(kApplicationId) + ";";
  sql += "PRAGMA user_version = " + std::to_string(kSchemaVersion) + ";";
  for (size_t table = 0; table < kTableNames.size(); ++table) {
    sql += "CREATE TABLE " + std::string(kTableNames[table]) + " (key BLOB PRIMARY KEY NOT NULL, row TEXT NOT NULL";
    sql += table == kKvTable ? ", value BLOB NOT NULL);" : ");";
  }
  sql += "CREATE TABLE settings (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);";
  sql += "CREATE TABLE index_ceiling (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), ceiling INTEGER NOT NULL);";
  sql += "INSERT INTO index_ceiling VALUES (1, 1);";
  return sql + "COMMIT;";
}

// A crash in between leaves an empty file or one whose creation SQLite undoes: new both times.
Status Create(Database& database) {
  Status status = database.Run(CreateTables());
  if (!status.ok() && database.InTransaction()) (void)database.Run("ROLLBACK");
  return status;
}

Status UseLog(Database& database) {
  const auto mode = database.Text("PRAGMA journal_mode = WAL");
  if (!mode.ok()) return mode.status();
  if (mode.value() == "wal") return Status::Ok();
  return Status::Config("the registry database " + database.path() +
                        " is on a file system that cannot carry its log; give another --data-dir");
}

// Keeps what a refused database's log holds where it is: closing would copy it into the file. An empty log is better
// removed by closing.
class RefusalGuard {
 public:
  explicit RefusalGuard(Database& database) : database_(database), had_log_(HasLog(database.path())) {
    database_.KeepLogOnClose(had_log_);
  }
  void Accept() { database_.KeepLogOnClose(false); }

 private:
  Database& database_;
  bool had_log_;
};

Result<std::unique_ptr<Database>> OpenDatabase(const std::string& path, Contents& contents) {
  const auto found = Inspect(path);
  if (!found.ok()) return found.status();
  if (found.value() == DataFile::kNew) {
    if (Status status = CreateFile(path); !status.ok()) return status;
  }
  auto database = Database::Open(path);
  if (!database.ok()) return database;
  RefusalGuard guard(*database.value());
  Status status = database.value()->Run(std::string(kSetUp));
  if (status.ok() && found.value() == DataFile::kNew) status = Create(*database.value());
  if (status.ok()) status = ReadContents(*database.value(), contents);
  if (!status.ok()) return status;
  guard.Accept();
  status = UseLog(*database.value());
  if (!status.ok()) return status;
  return database;
}

Status PrepareInto(Statement& to, Database& database, std::string_view sql) {
  auto statement = database.Prepare(sql);
  if (!statement.ok()) return statement.status();
  to = std::move(statement).value();
  return Status::Ok();
}

}  // namespace

Result<std::unique_ptr<Store>> Store::Open(const std::string& path, Contents& contents) {
  auto lock = DirectoryLock::Take(path);
  if (!lock.ok()) return lock.status();
  auto database = OpenDatabase(path, contents);
  if (!database.ok()) return database.status();
  auto store = std::unique_ptr<Store>(new Store(std::move(lock).value(), std::move(database).value()));
  Status status = store->Prepare();
  // Takes the first block: indexes may be shown before the first write is stored.
  if (status.ok()) status = store->Commit({}, contents.index);
  if (!status.ok()) return status;
  return store;
}

Status Store::Prepare() {
  Status status = PrepareInto(begin_, *database_, "BEGIN IMMEDIATE");
  if (status.ok()) status = PrepareInto(commit_, *database_, "COMMIT");
  if (status.ok()) status = PrepareInto(set_ceiling_, *database_, "UPDATE index_ceiling SET ceiling = ?");
  if (status.ok()) {
    status = PrepareInto(set_setting_, *database_, "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)");
  }
  for (size_t table = 0; table < kTableNames.size() && status.ok(); ++table) status = PrepareTable(table);
  return status;
}

Status Store::PrepareTable(size_t table) {
  std::string put = "INSERT OR REPLACE INTO ";
  put += kTableNames[table];
  put += table == kKvTable ? " (key, row, value) VALUES (?, ?, ?)" : " (key, row) VALUES (?, ?)";
  std::string erase = "DELETE FROM ";
  erase += kTableNames[table];
  erase += " WHERE key = ?";
  Status status = PrepareInto(tables_[table].put, *database_, put);
  return status.ok() ? PrepareInto(tables_[table].erase, *database_, erase) : status;
}

Status Store::Commit(std::span<const RowChange> changes, uint64_t index, const Settings& settings) {
  const uint64_t before = index_ceiling();
  const uint64_t ceiling = index + kIndexBlock / 2 > before ? index + kIndexBlock : before;
  if (changes.empty() && settings.empty() && ceiling == before) return Status::Ok();
  Status status = begin_.Run();
  if (status.ok()) status = Write(changes, settings, ceiling);
  if (status.ok()) status = commit_.Run();
  if (status.ok()) {
    ceiling_.store(ceiling, std::memory_order_release);
  } else if (database_->InTransaction()) {
    (void)database_->Run("ROLLBACK");  // some failures have done that already
  }
  return status;
}

Status Store::Write(std::span<const RowChange> changes, const Settings& settings, uint64_t ceiling) {
  for (const RowChange& change : changes) {
    if (Status status = Apply(change); !status.ok()) return status;
  }
  for (const auto& [name, value] : settings) {
    if (Status status = set_setting_.BindText(0, name).BindText(1, value).Run(); !status.ok()) return status;
  }
  if (ceiling == index_ceiling()) return Status::Ok();
  return set_ceiling_.Bind(0, static_cast<int64_t>(ceiling)).Run();
}

Status Store::Apply(const RowChange& change) {
  const size_t table = change.after.index();
  if (IsNull(change.after)) return tables_[table].erase.BindBytes(0, change.key).Run();
  const std::string text = EncodeRow(change.after);
  Statement& put = tables_[table].put.BindBytes(0, change.key).BindText(1, text);
  if (table == kKvTable) put.BindBytes(2, std::get<kKvTable>(change.after)->value);
  return put.Run();
}

}  // namespace signpost::registry
