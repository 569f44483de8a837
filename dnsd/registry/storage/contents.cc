// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/contents.h"

#include <algorithm>
#include <utility>

#include "common/json/utf8.h"
#include "dnsd/registry/storage/data_file.h"
#include "dnsd/registry/storage/row_codec.h"

namespace signpost::registry {
namespace {

Status CheckVersion(Database& database) {
  // The header alone may be older than the log.
  const auto version = database.Number("PRAGMA user_version");
  if (!version.ok()) return version.status();
  return version.value() > kSchemaVersion ? TooNew(database.path(), version.value()) : Status::Ok();
}

Status CheckPages(Database& database) {
  const auto verdict = database.Text("PRAGMA quick_check(1)");
  if (!verdict.ok()) return verdict.status();
  return verdict.value() == "ok" ? Status::Ok() : database.Damaged(verdict.value());
}

// A key for a sentence: the NUL between node and ID becomes a slash.
std::string Shown(std::string_view key) {
  std::string text = json::RepairUtf8(key);
  std::replace(text.begin(), text.end(), '\0', '/');
  return text;
}

Status BadRow(const Database& database, size_t table, std::string_view key, std::string_view why) {
  return database.Damaged("table " + std::string(kTableNames[table]) + ", key " + Shown(key) + ": " + std::string(why));
}

Status ReadTable(Database& database, size_t table, std::vector<Row>& rows) {
  const std::string value = table == kKvTable ? ", value" : "";
  auto statement = database.Prepare("SELECT key, row" + value + " FROM " + std::string(kTableNames[table]));
  if (!statement.ok()) return statement.status();
  while (true) {
    const auto more = statement->Step();
    if (!more.ok() || !more.value()) return more.status();
    auto row = DecodeRow(table, statement->Bytes(1), table == kKvTable ? statement->Bytes(2) : std::string_view());
    const std::string_view key = statement->Bytes(0);
    if (!row.ok()) return BadRow(database, table, key, row.status().text());
    if (KeyOfRow(row.value()) != key) return BadRow(database, table, key, "the row is that of another key");
    rows.push_back(std::move(row).value());
  }
}

Status ReadSettings(Database& database, Settings& settings) {
  auto statement = database.Prepare("SELECT name, value FROM settings");
  if (!statement.ok()) return statement.status();
  while (true) {
    const auto more = statement->Step();
    if (!more.ok() || !more.value()) return more.status();
    settings[std::string(statement->Bytes(0))] = statement->Bytes(1);
  }
}

Status ReadIndex(Database& database, uint64_t& index) {
  const auto ceiling = database.Number("SELECT ceiling FROM index_ceiling");
  if (!ceiling.ok()) return ceiling.status();
  if (ceiling.value() < 1) return database.Damaged("table index_ceiling holds no index");
  index = static_cast<uint64_t>(ceiling.value());
  return Status::Ok();
}

}  // namespace

Status ReadContents(Database& database, Contents& contents) {
  contents = Contents();
  Status status = CheckVersion(database);
  if (status.ok()) status = CheckPages(database);
  if (status.ok()) status = ReadIndex(database, contents.index);
  if (status.ok()) status = ReadSettings(database, contents.settings);
  for (size_t table = 0; table < kTableNames.size() && status.ok(); ++table) {
    status = ReadTable(database, table, contents.rows);
  }
  return status;
}

}  // namespace signpost::registry
