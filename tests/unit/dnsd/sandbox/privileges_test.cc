// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/sandbox/privileges.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/unit/dnsd/sandbox/in_child.h"

namespace signpost::sandbox {
namespace {

using ::testing::HasSubstr;

// A user that every system has.
constexpr char kUser[] = "nobody";

class PrivilegesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
    file_ = folder_ + "/registry.db";
    Put("registry.db");
    user_ = getpwnam(kUser)->pw_uid;
  }
  void TearDown() override {
    for (const std::string& file : files_) unlink(file.c_str());
    rmdir(folder_.c_str());
  }

  std::string Put(const std::string& name) {
    const std::string path = folder_ + "/" + name;
    close(open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    files_.push_back(path);
    return path;
  }

  static uid_t OwnerOf(const std::string& path) {
    struct stat now {};
    return lstat(path.c_str(), &now) == 0 ? now.st_uid : static_cast<uid_t>(-1);
  }

  std::string folder_ = "/tmp/signpost-privileges-XXXXXX";
  std::string file_;
  std::vector<std::string> files_;  // to be removed
  uid_t user_ = 0;
  const uid_t me_ = geteuid();
};

class SuperuserTest : public PrivilegesTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(me_, 0U) << "run this as root: only the superuser has something to give up";
    PrivilegesTest::SetUp();
  }
};

TEST_F(SuperuserTest, BecomesTheUserForGood) {
  EXPECT_EQ(InChild([&] {
              if (!BecomeUser(kUser, {}).ok()) return 1;
              if (getuid() != user_ || geteuid() != user_) return 2;
              if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0) return 3;
              gid_t groups[64];
              const int count = getgroups(64, groups);
              for (int i = 0; i < count; ++i) {
                if (groups[i] == 0) return 4;
              }
              if (open(file_.c_str(), O_RDONLY | O_CLOEXEC) >= 0) return 5;  // the superuser's
              return 0;
            }),
            0);
  EXPECT_EQ(geteuid(), 0U);
}

TEST_F(SuperuserTest, GivesTheUserItsFiles) {
  EXPECT_EQ(InChild([&] {
              if (!BecomeUser(kUser, {folder_, file_, folder_ + "/not-there"}).ok()) return 1;
              if (open(file_.c_str(), O_RDWR | O_CLOEXEC) < 0) return 2;
              return unlink(file_.c_str()) == 0 ? 0 : 3;
            }),
            0);
  EXPECT_EQ(OwnerOf(folder_), user_);
}

TEST_F(SuperuserTest, ToBeTheUserAlreadyIsEnough) {
  EXPECT_EQ(InChild([&] {
              if (!BecomeUser(kUser, {}).ok()) return 1;
              return BecomeUser(kUser, {file_}).ok() ? 0 : 2;
            }),
            0);
  EXPECT_EQ(OwnerOf(file_), 0U);
}

TEST_F(PrivilegesTest, LinksAreNotGivenAway) {
  const std::string symbolic = folder_ + "/link";
  const std::string twin = folder_ + "/twin";
  files_.insert(files_.end(), {symbolic, twin});
  ASSERT_EQ(symlink(file_.c_str(), symbolic.c_str()), 0);
  Status refused = BecomeUser(kUser, {symbolic});
  EXPECT_EQ(refused.kind(), ErrorKind::kConfig);
  EXPECT_THAT(refused.text(), HasSubstr(symbolic));
  ASSERT_EQ(link(file_.c_str(), twin.c_str()), 0);
  refused = BecomeUser(kUser, {twin});
  EXPECT_EQ(refused.kind(), ErrorKind::kConfig);
  EXPECT_EQ(OwnerOf(file_), me_);
  EXPECT_EQ(OwnerOf(symbolic), me_);
  EXPECT_EQ(geteuid(), me_);
}

// As `--data-dir /tmp` would be.
TEST_F(PrivilegesTest, AFolderThatOthersWriteToIsNotGivenAway) {
  for (const mode_t mode : {01777, 01755, 0775, 0757, 0777}) {
    ASSERT_EQ(chmod(folder_.c_str(), mode), 0);
    const Status refused = BecomeUser(kUser, {folder_, file_});
    EXPECT_EQ(refused.kind(), ErrorKind::kConfig);
    EXPECT_EQ(refused.text(), "will not give " + folder_ +
                                  " to nobody: others may write to it; name a folder for dnsd alone, or chown it "
                                  "yourself");
    EXPECT_EQ(OwnerOf(folder_), me_) << std::oct << mode;
    EXPECT_EQ(OwnerOf(file_), me_);
  }
  EXPECT_EQ(geteuid(), me_);
}

TEST_F(PrivilegesTest, AFolderWithOtherFilesIsNotGivenAway) {
  for (const char* name : {"passwd", ".profile", "registry.database", "old.catalog.snapshot", "unusable"}) {
    const std::string other = Put(name);
    const Status refused = BecomeUser(kUser, {folder_, file_});
    EXPECT_EQ(refused.kind(), ErrorKind::kConfig);
    EXPECT_EQ(refused.text(), "will not give " + folder_ + " to nobody: it holds " + name +
                                  ", which is not dnsd's; name a folder for dnsd alone, or chown it yourself");
    EXPECT_EQ(OwnerOf(folder_), me_);
    unlink(other.c_str());
  }
}

TEST_F(SuperuserTest, AFolderWithDnsdsFilesIsGiven) {
  for (const char* name : {"registry.db-wal", "registry.db-shm", "registry.db-journal", "catalog.snapshot",
                           "catalog.snapshot.new", "catalog.snapshot.unusable", "registry.db.unusable"}) {
    Put(name);
  }
  EXPECT_EQ(InChild([&] { return BecomeUser(kUser, {folder_}).ok() ? 0 : 1; }), 0);
  EXPECT_EQ(OwnerOf(folder_), user_);
}

TEST_F(SuperuserTest, AFolderOfTheUserMayBeAnything) {
  Put("notes");
  ASSERT_EQ(chown(folder_.c_str(), user_, 0), 0);
  ASSERT_EQ(chmod(folder_.c_str(), 01777), 0);
  EXPECT_EQ(InChild([&] { return BecomeUser(kUser, {folder_, file_}).ok() ? 0 : 1; }), 0);
  EXPECT_EQ(OwnerOf(file_), user_);
}

TEST_F(PrivilegesTest, DemandsAUserWithoutTheRights) {
  const Status missing = BecomeUser("no-such-user-here", {});
  EXPECT_EQ(missing.kind(), ErrorKind::kConfig);
  EXPECT_THAT(missing.text(), HasSubstr("no-such-user-here"));
  const Status superuser = BecomeUser("root", {});
  EXPECT_EQ(superuser.kind(), ErrorKind::kConfig);
  EXPECT_THAT(superuser.text(), HasSubstr("superuser"));
}

TEST_F(PrivilegesTest, OnlyTheSuperuserBecomesAnother) {
  EXPECT_EQ(InChild([&] {
              if (me_ == 0 && !BecomeUser(kUser, {}).ok()) return 1;
              return BecomeUser("daemon", {}).kind() == ErrorKind::kSystem ? 0 : 2;
            }),
            0);
}

TEST(NewPrivilegesTest, AreRefused) {
  EXPECT_EQ(InChild([] {
              if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 0) return 0;  // refused before we came
              if (!RefuseNewPrivileges().ok()) return 1;
              return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace signpost::sandbox
