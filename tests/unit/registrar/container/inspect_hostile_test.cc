// Signpost. Apache-2.0; see LICENSE.
// Inspect documents that a broken engine, or somebody else, would send: cut, with wrong types in every place, without
// measure. Case 98.
#include <gtest/gtest.h>

#include <vector>

#include "common/json/json.h"
#include "tests/unit/registrar/container/cases.h"

namespace signpost::registrar {
namespace {

using test::ReadCase;

TEST(InspectHostileTest, ADocumentCutAnywhereIsRefused) {
  const std::string whole = ReadCase("inspect/health_unhealthy.json");
  ASSERT_TRUE(ParseInspect(whole).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    const auto container = ParseInspect(std::string_view(whole).substr(0, length));
    ASSERT_FALSE(container.ok()) << length;
    ASSERT_EQ(container.status().kind(), ErrorKind::kInvalid) << length;
  }
}

// Writes a document again, with the value at one place replaced. Places are counted in the order of the text.
class Replacer {
 public:
  Replacer(size_t place, std::string_view value) : place_(place), value_(value) {}

  std::string Rewrite(json::Value root) {
    Write(root);
    return writer_.Take();
  }
  bool replaced() const { return next_ > place_; }

 private:
  void Write(json::Value value) {
    if (next_++ == place_) {
      writer_.Raw(value_);
    } else if (value.IsObject()) {
      writer_.BeginObject();
      value.ForEachMember([&](std::string_view key, json::Value member) {
        writer_.Key(key);
        Write(member);
      });
      writer_.EndObject();
    } else if (value.IsArray()) {
      writer_.BeginArray();
      value.ForEachElement([&](json::Value element) { Write(element); });
      writer_.EndArray();
    } else {
      WriteScalar(value);
    }
  }

  void WriteScalar(json::Value value) {
    if (value.IsString()) {
      writer_.String(value.String());
    } else if (value.IsNumber()) {
      writer_.Int(value.Int());
    } else if (value.IsBool()) {
      writer_.Bool(value.Bool());
    } else {
      writer_.Null();
    }
  }

  json::Writer writer_;
  size_t place_;
  std::string_view value_;
  size_t next_ = 0;
};

bool Sound(const Container& container) {
  for (size_t i = 1; i < container.ports.size(); ++i) {
    const auto &a = container.ports[i - 1], &b = container.ports[i];
    if (std::pair(a.number, a.protocol) >= std::pair(b.number, b.protocol)) return false;
  }
  for (const ContainerPort& port : container.ports) {
    if (port.number == 0) return false;
    for (const HostBinding& binding : port.bindings) {
      if (binding.port == 0) return false;
    }
  }
  return container.stop_signal >= 1 && container.stop_signal <= 64 && container.stop_timeout >= Millis(0);
}

TEST(InspectHostileTest, AWrongTypeInAnyPlaceLeavesTheRest) {
  for (const char* file : {"inspect/health_unhealthy.json", "inspect/two_networks.json"}) {
    const auto document = json::Document::Parse(ReadCase(file));
    ASSERT_TRUE(document.ok());
    const std::string id = test::Inspected(ReadCase(file)).id;
    for (const char* value : {"null", "true", "-7", "1e300", "18446744073709551615", R"("x")", "[]", "{}", "[[{}]]"}) {
      size_t refused = 0;
      for (size_t place = 0;; ++place) {
        Replacer replacer(place, value);
        const std::string json = replacer.Rewrite(document->root());
        if (!replacer.replaced()) break;
        const auto container = ParseInspect(json);
        if (!container.ok()) {
          ++refused;
          continue;
        }
        ASSERT_TRUE(Sound(container.value())) << json;
        ASSERT_TRUE(container->id == id || container->id == "x") << json;
      }
      EXPECT_EQ(refused, value == std::string_view(R"("x")") ? 1U : 2U) << value << ": only the root and the Id matter";
    }
  }
}

// As many as engines never have, then the bound.
TEST(InspectHostileTest, CountsAreBounded) {
  std::string environment, labels, ports, networks;
  for (int i = 1; i <= 5000; ++i) {
    const std::string n = std::to_string(i);
    const char* comma = i > 1 ? "," : "";
    environment.append(comma).append("\"E" + n + "=1\"");
    labels.append(comma).append("\"L" + n + "\":\"1\"");
    ports.append(comma).append("\"" + n + "/udp\":{}");
    networks.append(comma).append("\"N" + n + "\":{}");
  }
  const Container container = test::Inspected(
      R"({"Id":"c1","Config":{"Env":[)" + environment + R"(],"Labels":{)" + labels + R"(},"ExposedPorts":{)" + ports +
      R"(}},"NetworkSettings":{"Networks":{)" + networks + R"(},"Ports":{"6000/udp":[{"HostPort":"6000"}]}}})");
  EXPECT_EQ(container.environment.size(), 4096U);
  EXPECT_EQ(container.labels.size(), 4096U);
  EXPECT_EQ(container.ports.size(), 4096U);
  EXPECT_EQ(container.networks.size(), 4096U);
  EXPECT_EQ(container.ports.back().number, 6000) << "published ports are never the ones left out";
}

TEST(InspectHostileTest, DeepNestingIsRefused) {
  EXPECT_FALSE(ParseInspect(std::string(100000, '[')).ok());
  EXPECT_FALSE(ParseInspect(R"({"Id":"c1","x":)" + std::string(100, '[') + std::string(100, ']') + "}").ok());
}

TEST(InspectHostileTest, BytesThatAreNoTextAreNoCrash) {
  std::string json = R"({"Id":"c1","Config":{"Labels":{"x":"@"}}})";
  json[json.find('@')] = '\xff';
  const auto container = ParseInspect(json);
  ASSERT_TRUE(container.ok());
  EXPECT_EQ(Label(container.value(), "x"), "\xff");
  EXPECT_FALSE(ParseInspect(std::string("{\"Id\":\"c1\"\0}", 12)).ok());
}

}  // namespace
}  // namespace signpost::registrar
