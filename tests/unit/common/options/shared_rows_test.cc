// Signpost. Apache-2.0; see LICENSE.
#include "common/options/shared_rows.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

namespace signpost::options {
namespace {

class SharedRows : public testing::Test {
 protected:
  SharedRows() : rows_(ProgramRows()) {
    const Rows more = ConsulRows();
    rows_.insert(rows_.end(), more.begin(), more.end());
  }
  void TearDown() override { unlink(path_.c_str()); }

  Values Must(std::vector<std::string> arguments) {
    auto values = Read(rows_, {std::move(arguments), [this](const std::string& name) -> std::optional<std::string> {
                                 const auto found = environment_.find(name);
                                 if (found == environment_.end()) return std::nullopt;
                                 return found->second;
                               }});
    EXPECT_TRUE(values.ok()) << values.status().text();
    return values.ok() ? values.value() : Values(rows_);
  }
  std::string File(std::string_view text) {
    std::ofstream(path_) << text;
    return path_;
  }

  Rows rows_;
  std::map<std::string, std::string> environment_;
  std::string path_ = testing::TempDir() + "shared_rows_test." + std::to_string(getpid());
};

TEST_F(SharedRows, WithoutConsulThereIsNone) { EXPECT_FALSE(ReadConsulOptions(Must({})).value().has_value()); }

TEST_F(SharedRows, FormsOfTheAddress) {
  struct Case {
    std::string_view text, url, unix_socket;
  };
  const Case cases[] = {
      {"127.0.0.1:8500", "http://127.0.0.1:8500", ""},
      {"[::1]:8500", "http://[::1]:8500", ""},
      {"http://c:8500/", "http://c:8500", ""},
      {"https://c:8501", "https://c:8501", ""},
      {"consul://c:8500", "http://c:8500", ""},
      {"consul://c", "http://c:8500", ""},  // case 121
      {"c", "http://c:8500", ""},
      {"[::1]", "http://[::1]:8500", ""},
      {"c/prefix", "http://c:8500/prefix", ""},
      {"http://c", "http://c", ""},
      {"consul-tls://c", "https://c:8501", ""},
      {"consul-tls://c:8443", "https://c:8443", ""},
      {"consul-unix:///run/consul.sock", "http://localhost", "/run/consul.sock"},
      {"unix:///run/consul.sock", "http://localhost", "/run/consul.sock"},
  };
  for (const auto& [text, url, unix_socket] : cases) {
    environment_ = {{"CONSUL_HTTP_ADDR", std::string(text)}};
    const auto consul = ReadConsulOptions(Must({})).value().value();
    EXPECT_EQ(consul.url, url);
    EXPECT_EQ(consul.unix_socket, unix_socket);
  }
}

TEST_F(SharedRows, AddressesThatCannotWork) {
  for (const std::string text : {"", "ftp://x", "http://", "unix://run", "http:///x", "a b", "http://user:pw@host",
                                 "http://:8500", "unix:///", "http://h?x", "http://h#x", "h\"x", "etcd://h:2379",
                                 "consulkv://h:8500/prefix", "consul://", "consul-tls://", "consul-unix://run"}) {
    const auto values = Read(rows_, {{"--consul=" + text}, [](const std::string&) { return std::nullopt; }});
    EXPECT_FALSE(values.ok()) << text;
  }
}

TEST_F(SharedRows, TokenFromEnvironmentOrFile) {
  const std::string file = File("  secret-in-file\n");
  environment_ = {{"CONSUL_HTTP_ADDR", "c:1"}, {"CONSUL_HTTP_TOKEN_FILE", file}};
  EXPECT_EQ(ReadConsulOptions(Must({})).value()->token, "");
  EXPECT_EQ(ReadConsulOptions(Must({})).value()->token_file, file);
  environment_["CONSUL_HTTP_TOKEN"] = "secret-in-environment";
  EXPECT_EQ(ReadConsulOptions(Must({})).value()->token, "secret-in-environment");
  EXPECT_EQ(ReadConsulOptions(Must({})).value()->token_file, "");
}

TEST_F(SharedRows, UselessTokenFiles) {
  const std::vector<std::string> arguments = {"--consul", "c:1", "--consul-token-file", path_};
  File(" \n");
  EXPECT_EQ(ReadConsulOptions(Must(arguments)).status().text(), "--consul-token-file names an empty file");
  File("two words");
  EXPECT_EQ(ReadConsulOptions(Must(arguments)).status().text(), "--consul-token-file does not hold a token");
}

TEST_F(SharedRows, CertificateAndKeyComeTogether) {
  const std::string file = File("x");
  EXPECT_EQ(ReadConsulOptions(Must({"--consul=c:1", "--consul-client-key", file})).status().text(),
            "--consul-client-key needs --consul-client-cert as well");
  EXPECT_EQ(ReadConsulOptions(Must({"--consul=c:1", "--consul-client-cert", file})).status().text(),
            "--consul-client-cert needs --consul-client-key as well");
  const auto both =
      ReadConsulOptions(Must({"--consul=c:1", "--consul-client-cert", file, "--consul-client-key", file})).value();
  EXPECT_EQ(both->client_cert, file);
  EXPECT_EQ(both->client_key, file);
}

TEST_F(SharedRows, LogOptions) {
  EXPECT_EQ(ReadLogOptions(Must({})).level, LogLevel::kInfo);
  EXPECT_EQ(ReadLogOptions(Must({})).format, LogFormat::kText);
  EXPECT_EQ(ReadLogOptions(Must({"--log-level=debug"})).level, LogLevel::kDebug);
  EXPECT_EQ(ReadLogOptions(Must({"--log-level=warn"})).level, LogLevel::kWarn);
  EXPECT_EQ(ReadLogOptions(Must({"--log-level=error"})).level, LogLevel::kError);
  EXPECT_EQ(ReadLogOptions(Must({"--log-format=json"})).format, LogFormat::kJson);
}

}  // namespace
}  // namespace signpost::options
