// Signpost. Apache-2.0; see LICENSE.
// The durable state of the embedded registry: one SQLite file with a write-ahead log, synced at every commit. Readable
// with sqlite3 while dnsd runs; not to be written to by others. Blocking: keep off the event loops (StoreThread). One
// thread at a time but for index_ceiling.
//
// Indexes must never go backwards for a client, not even those that were shown before, or without, being stored. So the
// file holds a ceiling, kIndexBlock ahead. Every index that is given out is at most the ceiling, and after a restart
// counting goes on from there: a restart skips the unused rest of the block. Commit moves the ceiling on when less than
// half a block is left, in the same transaction; an empty Commit is enough for that. Who gives out indexes while
// commits fail (a full disk) has to stop at index_ceiling().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "common/base/status.h"
#include "dnsd/registry/model/rows.h"
#include "dnsd/registry/storage/contents.h"
#include "dnsd/registry/storage/data_file.h"
#include "dnsd/registry/storage/database.h"

namespace signpost::registry {

class Store {
 public:
  static constexpr uint64_t kIndexBlock = 65536;

  // Creates the database at `path` (whose directory exists) or reads it into `contents`, and keeps the directory locked
  // until destroyed. Every failure is a sentence that names the file and what to do, and leaves the file and its log as
  // they were: kUnavailable (another dnsd has it), kConfig (directory or file not usable or not writable), kInvalid
  // (damaged, of a newer version, another program's, no SQLite file), kSystem.
  static Result<std::unique_ptr<Store>> Open(const std::string& path, Contents& contents);
  // Copies the log into the file.
  ~Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // All of `changes` (of each, `key` and `after`; in order) and `settings` (added or replaced), or nothing of it.
  // `index` is the newest index given out. Durable when Ok is returned. On failure the sentence names the file and the
  // reason (a full disk, ...) and the store stays usable.
  Status Commit(std::span<const RowChange> changes, uint64_t index, const Settings& settings = {});

  // No index above this may be given out. Any thread.
  uint64_t index_ceiling() const { return ceiling_.load(std::memory_order_acquire); }
  const std::string& path() const { return database_->path(); }

 private:
  struct TableStatements {
    Statement put;
    Statement erase;
  };

  Store(DirectoryLock lock, std::unique_ptr<Database> database)
      : lock_(std::move(lock)), database_(std::move(database)) {}

  Status Prepare();
  Status PrepareTable(size_t table);
  // What must be inside one transaction.
  Status Write(std::span<const RowChange> changes, const Settings& settings, uint64_t ceiling);
  Status Apply(const RowChange& change);

  DirectoryLock lock_;                  // goes after the database
  std::unique_ptr<Database> database_;  // goes after the statements
  Statement begin_;
  Statement commit_;
  Statement set_ceiling_;
  Statement set_setting_;
  std::array<TableStatements, 6> tables_;
  std::atomic<uint64_t> ceiling_{0};
};

}  // namespace signpost::registry
