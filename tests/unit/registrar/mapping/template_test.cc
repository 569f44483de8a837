// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signpost::registrar {
namespace {

using testing::HasSubstr;

Container Web() {
  return {.id = "0123456789abcdef",
          .name = "web.1",
          .image = "reg:5000/team/api:1.2",
          .hostname = "h1",
          .environment = {{"VERSION", "7"}, {"COLOR", "blue"}},
          .labels = {{"com.docker.compose.service", "orders"}, {"zone", "eu,west"}},
          .network_mode = "back",
          .networks = {{"aside", "1", "192.0.2.9", ""}, {"back", "2", "192.0.2.5", "2001:db8::5"}}};
}

struct Rendering {
  const char* text;
  const char* result;
};

class Renders : public testing::TestWithParam<Rendering> {};

TEST_P(Renders, AsGoDoes) {
  const Result<std::string> rendered = RenderTemplate(GetParam().text, Web());
  ASSERT_TRUE(rendered.ok()) << GetParam().text << ": " << rendered.status().text();
  EXPECT_EQ(rendered.value(), GetParam().result) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Fields, Renders,
    testing::Values(Rendering{"plain, } } text", "plain, } } text"}, Rendering{"a-{{.Config.Hostname}}-b", "a-h1-b"},
                    Rendering{"{{ .ID }}", "0123456789abcdef"}, Rendering{"{{.Name}}", "/web.1"},
                    Rendering{"{{.Created}}", ""}, Rendering{"{{.Config.Labels.zone}}", "eu,west"},
                    Rendering{"{{.Config.Labels.com.docker.compose.service}}", "orders"},
                    Rendering{"{{.Config.Labels.absent}}", ""}, Rendering{"{{.HostConfig.NetworkMode}}", "back"},
                    Rendering{"{{.NetworkSettings.IPAddress}}", "192.0.2.5"},
                    Rendering{"{{.NetworkSettings.Networks.aside.IPAddress}}", "192.0.2.9"},
                    Rendering{"{{.NetworkSettings.Networks.back.GlobalIPv6Address}}", "2001:db8::5"},
                    Rendering{"{{.NetworkSettings.Networks.none.IPAddress}}", ""}));

INSTANTIATE_TEST_SUITE_P(
    Functions, Renders,
    testing::Values(
        Rendering{"{{toUpper .Config.Hostname}}", "H1"}, Rendering{"{{ .ID | toUpper | toLower }}", "0123456789abcdef"},
        Rendering{"{{strSlice .ID 0 12}}", "0123456789ab"}, Rendering{"{{strSlice .ID 10}}", "abcdef"},
        Rendering{"{{strSlice .ID -3}}", "def"}, Rendering{"{{strSlice .ID 0 99}}", "0123456789abcdef"},
        Rendering{"{{strSlice \"\xC3\xA9\" 0 1}}", ""},  // never half a character
        Rendering{"{{.Name | replace -1 \"/\" \"\"}}", "web.1"},
        Rendering{"{{.Name | replace \"/\" \"\" -1}}", "web.1"}, Rendering{"{{replace 1 \"a\" \"b\" \"aaa\"}}", "baa"},
        Rendering{"{{index .Config.Labels \"zone\"}}", "eu,west"}, Rendering{"{{index .Config.Labels \"absent\"}}", ""},
        Rendering{"{{index .Config.Env 1}}", "COLOR=blue"}, Rendering{"{{mIndex \"zone\" .Config.Labels}}", "eu,west"},
        Rendering{"{{sIndex -1 .Config.Env}}", "COLOR=blue"}, Rendering{"{{sIndex 9 .Config.Env}}", ""},
        Rendering{"{{join \"|\" (split \",\" .Config.Labels.zone)}}", "eu|west"},
        Rendering{"{{splitIndex -1 \":\" .Config.Image}}", "1.2"},
        Rendering{"{{.Config.Image | splitIndex 0 \"/\"}}", "reg:5000"},
        Rendering{"{{matchFirstElement \"COLOR=*\" .Config.Env | splitIndex 1 \"=\"}}", "blue"},
        Rendering{"{{matchAllElements \"*O*\" .Config.Env | join \" \"}}", "VERSION=7 COLOR=blue"},
        Rendering{"{{matchFirstElement \"NONE=*\" .Config.Env}}", ""},
        Rendering{"{{printf \"%s-%d%%\" .Config.Hostname 7}}", "h1-7%"}));

INSTANTIATE_TEST_SUITE_P(Syntax, Renders,
                         testing::Values(Rendering{"a {{- \"b\" -}} c", "abc"},
                                         Rendering{"x{{/* remark }} */}}y", "xy"}, Rendering{"{{\"}}\"}}", "}}"},
                                         Rendering{"{{`a\\b`}}", "a\\b"}, Rendering{"{{\"q\\\"\\n\"}}", "q\"\n"},
                                         Rendering{"{{-3}}|{{+4}}", "-3|4"},
                                         Rendering{"{{(toUpper (\"a\"))|printf \"%v\"}}", "A"}));

class Refuses : public testing::TestWithParam<Rendering> {};

TEST_P(Refuses, WithTheCause) {
  const Result<std::string> rendered = RenderTemplate(GetParam().text, Web());
  ASSERT_FALSE(rendered.ok()) << GetParam().text << " gave " << rendered.value();
  EXPECT_EQ(rendered.status().kind(), ErrorKind::kInvalid);
  EXPECT_THAT(rendered.status().text(), HasSubstr(GetParam().result)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Unknown, Refuses,
    testing::Values(Rendering{"{{if .Name}}x{{end}}", "\"if\" is not supported"},
                    Rendering{"{{range .Config.Env}}", "\"range\""},
                    Rendering{"{{httpGet \"http://192.0.2.1/\"}}", "\"httpGet\" is not supported"},
                    Rendering{"{{jsonParse \"{}\"}}", "\"jsonParse\""},
                    Rendering{"ab{{.Nope}}", "there is no field .Nope (at character 5)"},
                    Rendering{"{{.Image}}", "no field .Image"}, Rendering{"{{nope 1}}", "there is no function nope"},
                    Rendering{"{{$x}}", "variables"}, Rendering{"{{.Config.Env}}", "a list is no text"},
                    Rendering{"{{.Config.Labels}}", "a map is no text"},
                    Rendering{"{{matchFirstElement \"^C.*\" .Config.Env}}", "regular expressions are not understood"}));

INSTANTIATE_TEST_SUITE_P(
    Broken, Refuses,
    testing::Values(Rendering{"{{", "a value is missing"}, Rendering{"{{}}", "a value is missing"},
                    Rendering{"{{.Name", "\"}}\" is missing"}, Rendering{"{{.Name .ID}}", "\"}}\" is missing"},
                    Rendering{"{{\"abc}}", "a text without end"}, Rendering{"{{\"\\", "an unknown escape"},
                    Rendering{"{{/* x", "a remark without end"}, Rendering{"{{(toUpper .Name}}", "\")\" is missing"},
                    Rendering{"{{((((((((((1))))))))))}}", "too many parentheses"},
                    Rendering{"{{.Name | \"x\"}}", "only a function"},
                    Rendering{"{{99999999999999999999}}", "too large a number"},
                    Rendering{"{{toUpper 1}}", "arguments of toUpper"},
                    Rendering{"{{index .Config.Env 2}}", "out of range"},
                    Rendering{"{{printf \"%s\"}}", "more % than values"},
                    Rendering{"{{replace -1 \"\" \"x\" .Name}}", "replace needs"},
                    Rendering{"{{sIndex 0 (.Config.Env).x}}", "a call has no fields"}));

TEST(Template, StaysSmallWhateverIsAsked) {
  EXPECT_FALSE(RenderTemplate(std::string(17000, 'x') + "{{.ID}}", Web()).ok());
  EXPECT_FALSE(RenderTemplate(std::string(5000, 'x') + "{{.ID}}", Web()).ok());
  std::string doubling = "{{\"aaaaaaaaaa\"";
  for (int i = 0; i < 30; ++i) doubling += " | replace -1 \"a\" \"aaaaaaaaaa\"";
  EXPECT_FALSE(RenderTemplate(doubling + "}}", Web()).ok());
}

TEST(Template, EveryPrefixOfATemplateEndsInATextOrARefusal) {
  const std::string whole =
      "a{{- .Config.Labels.zone | split \",\" | join (`+`) -}} {{printf \"%s\" (index .Config.Env 0)}}";
  for (size_t size = 0; size < whole.size(); ++size) {
    const Result<std::string> rendered = RenderTemplate(whole.substr(0, size), Web());
    EXPECT_TRUE(rendered.ok() || rendered.status().kind() == ErrorKind::kInvalid) << size;
  }
  EXPECT_EQ(RenderTemplate(whole, Web()).value(), "aeu+westVERSION=7");
}

}  // namespace
}  // namespace signpost::registrar
