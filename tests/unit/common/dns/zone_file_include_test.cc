// Signpost. Apache-2.0; see LICENSE.
// Zones of several files.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/dns/zone_file.h"

namespace signpost::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class IncludeTest : public ::testing::Test {
 protected:
  IncludeTest() { std::filesystem::create_directories(folder_ + "/zones"); }
  ~IncludeTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
    std::ofstream(Path(name)) << text;
  }
  Result<ZoneFile> Read(const std::string& text) {
    Write("zones/main", text);
    return ReadZoneFile(Path("zones/main"), "t");
  }
  std::string Failure(const std::string& text) {
    std::string sentence = Read(text).status().text();
    // The folder's own name differs from run to run.
    for (size_t at; (at = sentence.find(folder_)) != std::string::npos;) sentence.replace(at, folder_.size(), "F");
    return sentence;
  }

  const std::string folder_ = std::filesystem::canonical(std::filesystem::temp_directory_path()).string() +
                              "/zone_file_include_test." + std::to_string(getpid()) + "." +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

// Wire form of "LABEL.t" or, with a second word, of "LABEL.SECOND.t".
std::string Owner(const std::string& label, const std::string& second = "") {
  const auto labelled = [](const std::string& text) { return static_cast<char>(text.size()) + text; };
  return labelled(label) + (second.empty() ? "" : labelled(second)) + std::string("\1t\0", 3);
}

TEST_F(IncludeTest, OriginTtlAndOwnerAreTheIncludersAgain) {
  Write("zones/sub/one", "b A 192.0.2.1\n$ORIGIN else.\n$TTL 9\nc A 192.0.2.1\n$INCLUDE two x.t.\n");
  Write("zones/sub/two", "d A 192.0.2.1");
  const auto file = Read("$TTL 5\na A 192.0.2.1\n$INCLUDE \"sub/one\" sub\n  A 192.0.2.2\ne A 192.0.2.1\n");
  ASSERT_TRUE(file.ok()) << file.status().text();
  EXPECT_THAT(file->files, ElementsAre(Path("zones/main"), Path("zones/sub/one"), Path("zones/sub/two")));
  std::vector<std::string> owners;
  std::vector<uint32_t> ttls, lines, files;
  for (const ZoneFileRecord& record : file->records) {
    owners.push_back(record.owner);
    ttls.push_back(record.ttl);
    lines.push_back(record.line);
    files.push_back(record.file);
  }
  EXPECT_THAT(owners, ElementsAre(Owner("a"), Owner("b", "sub"), std::string("\1c\4else\0", 8), Owner("d", "x"),
                                  Owner("a"), Owner("e")));
  EXPECT_THAT(ttls, ElementsAre(5, 5, 9, 9, 5, 5));
  EXPECT_THAT(lines, ElementsAre(2, 1, 4, 1, 4, 5));
  EXPECT_THAT(files, ElementsAre(0, 1, 1, 2, 0, 0));
}

TEST_F(IncludeTest, AnIncludedFileNamesItsOwnLine) {
  Write("zones/one", "b 5 A 192.0.2.1\nb 5 A nothing\n");
  EXPECT_EQ(Failure("\n$INCLUDE one\n"), "F/zones/one:2: \"nothing\" is no IPv4 address; write one like 192.0.2.1");
}

TEST_F(IncludeTest, AnIncludedFileBeginsWithoutOwner) {
  Write("zones/one", " A 192.0.2.1\n");
  EXPECT_EQ(Failure("a 5 A 192.0.2.1\n$INCLUDE one\n"),
            "F/zones/one:1: the line begins with a blank, but no record before it has an owner; write one");
}

TEST_F(IncludeTest, NothingOutsideTheFolderIsRead) {
  const std::string denied = "\" is not in F/zones/ or below; move it there";
  Write("secret", "a 5 A 192.0.2.1\n");
  EXPECT_EQ(Failure("\n$INCLUDE ../secret\n"), "F/zones/main:2: the included file \"F/zones/../secret" + denied);
  EXPECT_EQ(Failure("$INCLUDE " + Path("secret") + "\n"), "F/zones/main:1: the included file \"F/secret" + denied);
  std::filesystem::create_symlink("../secret", Path("zones/link"));
  EXPECT_EQ(Failure("$INCLUDE link\n"), "F/zones/main:1: the included file \"F/zones/link" + denied);
  std::filesystem::create_symlink("..", Path("zones/up"));
  EXPECT_EQ(Failure("$INCLUDE up/secret\n"), "F/zones/main:1: the included file \"F/zones/up/secret" + denied);
  // A folder whose name begins like ours is another.
  Write("zones2/one", "a 5 A 192.0.2.1\n");
  EXPECT_EQ(Failure("$INCLUDE ../zones2/one\n"), "F/zones/main:1: the included file \"F/zones/../zones2/one" + denied);
}

// As mounted configuration maps are laid out.
TEST_F(IncludeTest, LinksWithinTheFolderAreFollowed) {
  Write("zones/..data/one", "a 5 A 192.0.2.1\n");
  std::filesystem::create_symlink("..data/one", Path("zones/one"));
  EXPECT_TRUE(Read("$INCLUDE one\n").ok());
  EXPECT_TRUE(Read("$INCLUDE " + Path("zones/one") + "\n").ok());
}

TEST_F(IncludeTest, NestingIsEightDeep) {
  Write("zones/8", "a 5 A 192.0.2.1\n");
  for (int i = 2; i < 8; ++i) Write("zones/" + std::to_string(i), "$INCLUDE " + std::to_string(i + 1) + "\n");
  EXPECT_TRUE(Read("$INCLUDE 2\n").ok());
  EXPECT_EQ(Failure("$INCLUDE main\n"),
            "F/zones/main:1: $INCLUDE is nested more than 8 deep; does a file include itself?");
}

TEST_F(IncludeTest, FilesAreCounted) {
  Write("zones/one", "a 5 A 192.0.2.1\n");
  std::string text;
  for (int i = 0; i < 999; ++i) text += "$INCLUDE one\n";
  EXPECT_TRUE(Read(text).ok());
  EXPECT_EQ(Failure(text + "$INCLUDE one\n"), "F/zones/main:1000: the zone includes more than 1000 files");
}

TEST_F(IncludeTest, WhatCannotBeReadIsSaid) {
  EXPECT_EQ(Failure("$INCLUDE none\n"),
            "F/zones/main:1: the included file \"F/zones/none\" cannot be opened: No such file or directory");
  std::filesystem::create_directory(Path("zones/folder"));
  EXPECT_EQ(Failure("$INCLUDE folder\n"),
            "F/zones/main:1: included \"F/zones/folder\": this is no regular file; give the path of a master file");
  ASSERT_EQ(mkfifo(Path("zones/pipe").c_str(), 0600), 0);
  EXPECT_THAT(Failure("$INCLUDE pipe\n"), HasSubstr("this is no regular file"));
  EXPECT_EQ(ReadZoneFile("nowhere/z", "t").status().text(),
            "nowhere/z: the file cannot be opened: No such file or directory");
}

TEST_F(IncludeTest, AllFilesTogetherAreBounded) {
  Write("zones/half", ";" + std::string(33 << 20, 'x'));
  EXPECT_TRUE(Read("$INCLUDE half\n").ok());
  EXPECT_THAT(Failure("$INCLUDE half\n$INCLUDE half\n"),
              HasSubstr("F/zones/main:2: included \"F/zones/half\": the zone's files are larger"));
}

TEST(ExampleZonesTest, AreRead) {
  const auto office = ReadZoneFile("zones/example/office.example.zone", "office.example");
  ASSERT_TRUE(office.ok()) << office.status().text();
  EXPECT_THAT(office->files, SizeIs(2));
}

}  // namespace
}  // namespace signpost::dns
