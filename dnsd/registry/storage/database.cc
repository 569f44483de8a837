// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/database.h"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace signpost::registry {
namespace {

constexpr int kBusyMs = 1000;

bool NoRoom(int code, int system_error) {
  return code == SQLITE_FULL ||
         (code == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG));
}

std::string_view Advice(int code, int system_error) {
  if (NoRoom(code, system_error)) return "; make room on its file system";
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "; another program has it locked: end that program";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return "; make the file and its directory writable for the user that dnsd runs as";
    default:
      return "";
  }
}

// The error number of the last system call that failed for the log, else for the file itself. SQLite keeps it with the
// file, and for commits nowhere else.
int SystemError(sqlite3* handle) {
  int number = sqlite3_system_errno(handle);
  sqlite3_file* log = nullptr;
  sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (number == 0 && log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
  }
  if (number == 0) sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
  return number;
}

// What a string_view without bytes points to must not be null: SQLite would store NULL.
const char* Chars(std::string_view text) { return text.empty() ? "" : text.data(); }

}  // namespace

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(handle_, other.handle_);
  return *this;
}

Statement& Statement::Bind(int parameter, int64_t value) {
  sqlite3_bind_int64(handle_, parameter + 1, value);
  return *this;
}

Statement& Statement::BindText(int parameter, std::string_view text) {
  sqlite3_bind_text64(handle_, parameter + 1, Chars(text), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBytes(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(handle_, parameter + 1, Chars(bytes), bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  Status status = code == SQLITE_DONE ? Status::Ok() : database_->Failure();
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
  if (!status.ok()) return status;
  return false;
}

Status Statement::Run() {
  const auto row = Step();
  if (row.ok() && row.value()) sqlite3_reset(handle_);
  return row.status();
}

int64_t Statement::Number(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  return bytes == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(bytes), size);
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto database = std::unique_ptr<Database>(new Database(path, handle));
  if (code != SQLITE_OK) return database->Failure();
  sqlite3_extended_result_codes(handle, 0);
  sqlite3_busy_timeout(handle, kBusyMs);
  return database;
}

Database::~Database() { sqlite3_close(handle_); }

Status Database::Run(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status::Ok() : Failure();
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &handle, nullptr);
  if (code != SQLITE_OK) return Failure();
  return Statement(*this, handle);
}

Result<int64_t> Database::Number(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  if (!row.value()) return Damaged("a row is missing");
  return statement->Number(0);
}

Result<std::string> Database::Text(std::string_view sql) {
  auto statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const auto row = statement->Step();
  if (!row.ok()) return row.status();
  if (!row.value()) return Damaged("a row is missing");
  return std::string(statement->Bytes(0));
}

bool Database::InTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }

void Database::KeepLogOnClose(bool keep) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep ? 1 : 0, nullptr);
}

Status Database::Failure() const {
  const int code = sqlite3_errcode(handle_) & 0xff;
  const int system_error = code == SQLITE_IOERR || code == SQLITE_CANTOPEN ? SystemError(handle_) : 0;
  // SQLITE_ERROR is what a table or column that is not there gives; the statements themselves are right.
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR) return Damaged(sqlite3_errmsg(handle_));
  const std::string text = "the registry database " + path_ + ": " + sqlite3_errmsg(handle_);
  const std::string cause = system_error == 0 ? text : Status::System(text, system_error).text();
  return Status(ErrorKind::kSystem, cause + std::string(Advice(code, system_error)));
}

Status Database::Damaged(std::string_view detail) const {
  std::string line(detail);  // SQLite's findings may have several
  std::replace(line.begin(), line.end(), '\n', ' ');
  return Status::Invalid("the registry database " + path_ + " is damaged (" + line +
                         "); put a copy of it back, or move it and " + path_ + "-wal away to start with an empty one");
}

}  // namespace signpost::registry
