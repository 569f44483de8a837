// Signpost. Apache-2.0; see LICENSE.
// SQLite as values and statuses; the only file that includes sqlite3.h is database.cc. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace signpost::registry {

class Database;

// A prepared statement. Parameters and columns count from 0; what was bound is used up by the next Step or Run.
class Statement {
 public:
  Statement() = default;
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;

  Statement& Bind(int parameter, int64_t value);
  // Not copied: must live until the statement was run.
  Statement& BindText(int parameter, std::string_view text);
  Statement& BindBytes(int parameter, std::string_view bytes);

  // True: there is a row, whose columns are valid until the next call. After the last row the statement starts anew.
  Result<bool> Step();
  // For statements without rows.
  Status Run();

  int64_t Number(int column) const;
  std::string_view Bytes(int column) const;  // of text, too

 private:
  friend class Database;
  Statement(Database& database, sqlite3_stmt* handle) : database_(&database), handle_(handle) {}

  Database* database_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
};

class Database {
 public:
  // The file must exist. Waits for up to a second where another program has it locked. Closing checkpoints the
  // write-ahead log into the file unless KeepLogOnClose was called.
  static Result<std::unique_ptr<Database>> Open(const std::string& path);
  ~Database();  // after its statements
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& path() const { return path_; }

  Status Run(const std::string& sql);  // rows are ignored
  Result<Statement> Prepare(std::string_view sql);
  Result<int64_t> Number(std::string_view sql);    // first column of the first row
  Result<std::string> Text(std::string_view sql);  // same
  bool InTransaction() const;
  void KeepLogOnClose(bool keep);

  // The sentence for what went wrong last: the file, SQLite's words, the system's, and what to do.
  Status Failure() const;
  Status Damaged(std::string_view detail) const;

 private:
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}

  std::string path_;
  sqlite3* handle_;
};

}  // namespace signpost::registry
