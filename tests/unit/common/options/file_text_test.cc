// Signpost. Apache-2.0; see LICENSE.
#include "common/options/file_text.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace signpost::options {
namespace {

TEST(FileText, ReadsAllOrSaysWhyNot) {
  const std::string path = testing::TempDir() + "file_text_test." + std::to_string(getpid());
  const std::string text(10'000, 'x');
  std::ofstream(path) << text;
  EXPECT_EQ(ReadFileText(path).value(), text);
  unlink(path.c_str());
  EXPECT_EQ(ReadFileText(path).status().text(), "cannot read " + path + ": No such file or directory");
  EXPECT_EQ(ReadFileText("/").status().text(), "cannot read /: Is a directory");
  EXPECT_EQ(ReadFileText("/dev/zero").status().text(), "cannot read /dev/zero: File too large");
}

}  // namespace
}  // namespace signpost::options
