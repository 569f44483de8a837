// Signpost. Apache-2.0; see LICENSE.
// TLS and HTTP/2, against servers that are not ours: openssl's and nghttp2's.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "common/http/client.h"
#include "tests/unit/common/http/child_server.h"
#include "tests/unit/common/http/client_fixture.h"

namespace signpost::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ForeignServerTest : public ClientTest {
 protected:
  // Starts `command`, in which "PORT", "KEY" and "CERT" stand for themselves.
  void Start(std::vector<std::string> command) {
    port = FreePort();
    for (std::string& word : command) {
      if (word == "PORT") word = std::to_string(port);
      if (word == "KEY") word = certificate().key();
      if (word == "CERT") word = certificate().file();
    }
    child = std::make_unique<Child>(std::move(command));
    ASSERT_TRUE(ComesUp(*child, port));
  }
  std::string Url(const std::string& scheme, const std::string& host, const std::string& path = "/") const {
    return scheme + "://" + host + ":" + std::to_string(port) + path;
  }
  void Trust() { client = std::make_unique<Client>(loop, ClientOptions{.tls = {.ca_file = certificate().file()}}); }
  // Made once: a key is not for free.
  static const Certificate& certificate() {
    static const Certificate made;
    return made;
  }

  uint16_t port = 0;
  std::unique_ptr<Child> child;
};

// Speaks HTTP/1.0 over TLS, and answers with a page about the connection.
class TlsTest : public ForeignServerTest {
 protected:
  TlsTest() { Start({"openssl", "s_server", "-accept", "PORT", "-key", "KEY", "-cert", "CERT", "-www", "-quiet"}); }
};

TEST_F(TlsTest, UnknownCertificateIsUnavailable) {
  const Status status = Error(Get(Url("https", "127.0.0.1", "/SECRET")));
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(status.text(), StartsWith("127.0.0.1:" + std::to_string(port) + ": "));
  EXPECT_THAT(status.text(), HasSubstr("certificate"));
}

TEST_F(TlsTest, RequestMayAcceptAnyCertificate) {
  Request request = Get(Url("https", "127.0.0.1"));
  request.tls_verify = false;
  EXPECT_THAT(Body(request), HasSubstr("s_server"));
  EXPECT_EQ(Error(Get(Url("https", "127.0.0.1"))).kind(), ErrorKind::kUnavailable)
      << "what one request accepts is nothing to the next";
}

TEST_F(TlsTest, ClientMayAcceptAnyCertificate) {
  client = std::make_unique<Client>(loop, ClientOptions{.tls = {.verify = false}});
  EXPECT_THAT(Body(Get(Url("https", "127.0.0.1"))), HasSubstr("s_server"));
}

TEST_F(TlsTest, CertificateMustBeForTheHost) {
  Trust();
  EXPECT_THAT(Body(Get(Url("https", "localhost"))), HasSubstr("s_server"));
  EXPECT_EQ(Error(Get(Url("https", "127.0.0.1"))).kind(), ErrorKind::kUnavailable);
}

TEST_F(TlsTest, AuthoritiesMayBeAFolder) {
  const std::string folder = certificate().directory() + "/authorities";
  std::filesystem::create_directory(folder);
  const ClientOptions options{.tls = {.ca_path = folder}};
  client = std::make_unique<Client>(loop, options);
  EXPECT_EQ(Error(Get(Url("https", "localhost"))).kind(), ErrorKind::kUnavailable) << "an empty one trusts nobody";
  std::ofstream(folder + "/0-note.txt") << "not a certificate";
  std::filesystem::copy_file(certificate().file(), folder + "/plain-name.crt");
  client = std::make_unique<Client>(loop, options);
  EXPECT_THAT(Body(Get(Url("https", "localhost"))), HasSubstr("s_server"));
  EXPECT_EQ(Error(Get(Url("https", "127.0.0.1"))).kind(), ErrorKind::kUnavailable) << "not for this host";
}

TEST_F(TlsTest, ServerNameStandsForTheHost) {
  Trust();
  Request request = Get(Url("https", "127.0.0.1"));
  request.tls_server_name = "service.test";
  EXPECT_THAT(Body(request), HasSubstr("s_server"));
  request.tls_server_name = "other.test";
  EXPECT_THAT(Error(request).text(), HasSubstr("other.test"));
  EXPECT_EQ(Error(Get(Url("https", "127.0.0.1"))).kind(), ErrorKind::kUnavailable) << "the name is that request's";
}

TEST_F(TlsTest, ServerWithoutHttp2IsServedInHttp1) {
  Request request = Get(Url("https", "127.0.0.1"));
  request.tls_verify = false;
  request.http2 = true;
  const Result<Response> result = Fetch(request);
  ASSERT_TRUE(result.ok()) << result.status().text();
  EXPECT_FALSE(result.value().http2);
  EXPECT_THAT(result.value().body, HasSubstr("s_server"));
}

TEST_F(ClientTest, ServerNameIsAHostName) {
  for (const char* name : {"a/b", "a:1", "user@a", "a b", "a\r\nX: y", "a?b"}) {
    Request request = Get("https://127.0.0.1:1/");
    request.tls_server_name = name;
    EXPECT_EQ(Error(request).kind(), ErrorKind::kInvalid) << name;
  }
}

class Http2Test : public ForeignServerTest {
 protected:
  Http2Test() { std::ofstream(certificate().directory() + "/page") << "a page"; }
  void Serve(const std::vector<std::string>& more) {
    std::vector<std::string> command = {"nghttpd", "--address=127.0.0.1", "--htdocs=" + certificate().directory()};
    command.insert(command.end(), more.begin(), more.end());
    Start(command);
  }
  static Request Http2(std::string url) {
    Request request = Get(std::move(url));
    request.http2 = true;
    return request;
  }
};

TEST_F(Http2Test, PriorKnowledgeOnPlainTcp) {
  Serve({"--no-tls", "PORT"});
  const Result<Response> result = Fetch(Http2(Url("http", "127.0.0.1", "/page")));
  ASSERT_TRUE(result.ok()) << result.status().text();
  const Response& response = result.value();
  EXPECT_TRUE(response.http2);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.reason, "");
  EXPECT_EQ(response.body, "a page");
  EXPECT_THAT(std::string(response.Header("server")), StartsWith("nghttpd"));
}

TEST_F(Http2Test, PostsOneAfterTheOther) {
  Serve({"--no-tls", "--echo-upload", "PORT"});
  for (int i = 0; i < 3; ++i) {
    Request request = Http2(Url("http", "127.0.0.1", "/service/Method"));
    request.method = "POST";
    request.headers = {{"content-type", "application/grpc"}, {"te", "trailers"}};
    request.body = std::string("\0\0\0\0\3abc", 8);
    EXPECT_EQ(Body(request), request.body);
  }
  EXPECT_EQ(client->connections(), 0U);
}

TEST_F(Http2Test, ByAlpnOverTls) {
  Serve({"PORT", "KEY", "CERT"});
  Trust();
  Request request = Http2(Url("https", "127.0.0.1", "/page"));
  request.tls_server_name = "service.test";
  const Result<Response> result = Fetch(request);
  ASSERT_TRUE(result.ok()) << result.status().text();
  EXPECT_TRUE(result.value().http2);
  EXPECT_EQ(result.value().body, "a page");
  EXPECT_EQ(client->connections(), 1U);
  EXPECT_EQ(Body(request), "a page") << "on the same connection";
  EXPECT_EQ(client->connections(), 1U);
}

TEST_F(Http2Test, PriorKnowledgeOfAnHttp1ServerIsUnavailable) {
  ScriptedServer script(loop, kOk, true);
  const Status status = Error(Http2(script.Url()));
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(status.text(), StartsWith("127.0.0.1:"));
}

}  // namespace
}  // namespace signpost::http
