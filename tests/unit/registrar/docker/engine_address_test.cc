// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_address.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace signpost::registrar {
namespace {

TEST(EngineAddressTest, Forms) {
  struct Case {
    const char* url;
    bool tls_verify;
    const char *base, *socket;
  };
  for (const Case& c : {
           Case{"unix:///run/docker.sock", false, "http://docker", "/run/docker.sock"},
           Case{"unix:///run/docker.sock", true, "http://docker", "/run/docker.sock"},
           Case{"tcp://192.0.2.1:2375", false, "http://192.0.2.1:2375", ""},
           Case{"tcp://192.0.2.1:2375", true, "https://192.0.2.1:2375", ""},
           Case{"tcp://engine", false, "http://engine:2375", ""},
           Case{"tcp://engine/", true, "https://engine:2376", ""},
           Case{"tcp://[2001:db8::1]", false, "http://[2001:db8::1]:2375", ""},
           Case{"tcp://[2001:db8::1]:99", false, "http://[2001:db8::1]:99", ""},
           Case{"http://engine:1", true, "http://engine:1", ""},
           Case{"https://engine", false, "https://engine:2376", ""},
           Case{"tcp://engine:1/prefix/", false, "http://engine:1/prefix", ""},
       }) {
    const auto address = MakeEngineAddress({.url = c.url, .tls_verify = c.tls_verify, .cert_path = ""});
    ASSERT_TRUE(address.ok()) << address.status().text();
    EXPECT_EQ(address->base, c.base) << c.url;
    EXPECT_EQ(address->unix_socket, c.socket) << c.url;
    EXPECT_TRUE(address->tls.verify) << c.url;
  }
}

TEST(EngineAddressTest, AnythingElseIsExplained) {
  const std::string long_path = "unix:///" + std::string(120, 'x');
  for (const std::string& url :
       {std::string("unix://"), std::string("unix://docker.sock"), std::string("/var/run/docker.sock"),
        std::string("engine:2375"), std::string("tcp://"), std::string("tcp://:2375"), std::string("tcp://engine:"),
        std::string("tcp://engine:0"), std::string("tcp://engine:65536"), std::string("tcp://engine:x"),
        std::string("tcp://2001:db8::1"), std::string("tcp://[2001:db8::1"), std::string("tcp://u:p@engine"),
        std::string("tcp://engine?x"), std::string("npipe:////./pipe/docker_engine"), std::string("tcp://a b"),
        std::string("ssh://engine"), long_path}) {
    const auto address = MakeEngineAddress({.url = url, .tls_verify = false, .cert_path = ""});
    EXPECT_EQ(address.status().kind(), ErrorKind::kConfig) << url;
  }
}

TEST(EngineAddressTest, WithoutAUrlAUsualSocket) {
  const auto address = MakeEngineAddress({});
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->base, "http://docker");
  const bool only_old = access("/var/run/docker.sock", F_OK) != 0 && access("/tmp/docker.sock", F_OK) == 0;
  EXPECT_EQ(address->unix_socket, only_old ? "/tmp/docker.sock" : "/var/run/docker.sock");
}

TEST(EngineAddressTest, NoRefusalShowsAPassword) {
  for (const char* url : {"tcp://user:s3cret@engine:2375", "ssh://user:s3cret@engine", "user:s3cret@engine"}) {
    const std::string text = MakeEngineAddress({.url = url, .tls_verify = false, .cert_path = ""}).status().text();
    EXPECT_EQ(text.find("s3cret"), std::string::npos) << text;
    EXPECT_NE(text.find("write unix:///PATH"), std::string::npos) << text;
  }
}

class CertPathTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const char* name) const { std::ofstream(folder_ + "/" + name) << "PEM"; }

  std::string folder_ = ::testing::TempDir() + "certs-" + std::to_string(getpid());
};

TEST_F(CertPathTest, TheFolderAloneIsTlsWithoutVerification) {
  Write("cert.pem");
  Write("key.pem");
  const auto address = MakeEngineAddress({.url = "tcp://engine:9", .tls_verify = false, .cert_path = folder_});
  ASSERT_TRUE(address.ok()) << address.status().text();
  EXPECT_EQ(address->base, "https://engine:9");
  EXPECT_FALSE(address->tls.verify);
  EXPECT_EQ(address->tls.client_cert, folder_ + "/cert.pem");
  EXPECT_EQ(address->tls.client_key, folder_ + "/key.pem");
}

TEST_F(CertPathTest, VerificationNeedsAllThreeFiles) {
  const EngineAddressOptions options{.url = "tcp://engine", .tls_verify = true, .cert_path = folder_};
  for (const char* name : {"ca.pem", "cert.pem", "key.pem"}) {
    const auto address = MakeEngineAddress(options);
    EXPECT_EQ(address.status().kind(), ErrorKind::kConfig);
    EXPECT_NE(address.status().text().find(name), std::string::npos) << address.status().text();
    Write(name);
  }
  const auto address = MakeEngineAddress(options);
  ASSERT_TRUE(address.ok()) << address.status().text();
  EXPECT_EQ(address->tls.ca_file, folder_ + "/ca.pem");
  EXPECT_TRUE(address->tls.verify);
}

TEST_F(CertPathTest, ASocketNeedsNone) {
  EXPECT_TRUE(MakeEngineAddress({.url = "unix:///x", .tls_verify = true, .cert_path = folder_}).ok());
}

}  // namespace
}  // namespace signpost::registrar
