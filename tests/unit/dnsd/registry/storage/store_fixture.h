// Signpost. Apache-2.0; see LICENSE.
// A database in a directory of its own, and the words that its tests are written in.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dnsd/registry/storage/row_codec.h"
#include "dnsd/registry/storage/store.h"

namespace signpost::registry::test {

inline std::string ReadBytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void WriteBytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

template <typename T>
RowChange Put(T row) {
  std::string key = KeyOf(row);
  return {std::move(key), std::shared_ptr<const T>(), std::make_shared<const T>(std::move(row))};
}

template <typename T>
RowChange Erase(const T& row) {
  return {KeyOf(row), std::make_shared<const T>(row), std::shared_ptr<const T>()};
}

inline KvRow Kv(std::string key, std::string value = {}) { return {.key = std::move(key), .value = std::move(value)}; }

inline NodeRow Node(std::string name) {
  NodeRow row;
  row.node.name = std::move(name);
  row.node.address = "192.0.2.1";
  return row;
}

class StoreFixture : public ::testing::Test {
 protected:
  StoreFixture() {
    std::string pattern = std::filesystem::temp_directory_path() / "signpost_store_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    path_ = folder_ / "registry.db";
  }
  ~StoreFixture() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  Status Open() {
    store_.reset();
    auto store = Store::Open(path_, contents_);
    if (!store.ok()) return store.status();
    store_ = std::move(store).value();
    return Status::Ok();
  }
  void MustOpen() {
    const Status status = Open();
    ASSERT_TRUE(status.ok()) << status.text();
  }
  void MustCommit(const std::vector<RowChange>& changes, uint64_t index = 2, const Settings& settings = {}) {
    const Status status = store_->Commit(changes, index, settings);
    ASSERT_TRUE(status.ok()) << status.text();
  }
  // Runs SQL in the closed database, as an operator would, and leaves what it writes in the log.
  void RunSql(const std::string& sql) {
    auto database = Database::Open(path_);
    ASSERT_TRUE(database.ok()) << database.status().text();
    database.value()->KeepLogOnClose(true);
    const Status status = database.value()->Run(sql);
    ASSERT_TRUE(status.ok()) << status.text();
  }

  // Rows by table and key.
  std::map<std::pair<size_t, std::string>, Row> Rows() const {
    std::map<std::pair<size_t, std::string>, Row> rows;
    for (const Row& row : contents_.rows) rows[{row.index(), KeyOfRow(row)}] = row;
    return rows;
  }
  // Key and value of the keys.
  std::map<std::string, std::string> KeyValues() const {
    std::map<std::string, std::string> values;
    for (const Row& row : contents_.rows) {
      if (row.index() == kKvTable) values[KeyOfRow(row)] = std::get<kKvTable>(row)->value;
    }
    return values;
  }
  // Name and bytes of what lies in the directory, SQLite's shared memory aside.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      const std::string name = entry.path().filename();
      if (!name.ends_with("-shm")) files[name] = entry.is_regular_file() ? ReadBytes(entry.path()) : "no file";
    }
    return files;
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
  Contents contents_;
  std::unique_ptr<Store> store_;
};

}  // namespace signpost::registry::test
