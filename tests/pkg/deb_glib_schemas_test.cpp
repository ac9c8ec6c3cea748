// SPDX-License-Identifier: Apache-2.0
// gschemas.compiled beside the real glib-compile-schemas, byte for byte.
#include "pkg/deb/glib_schemas.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/gvariant.hpp"
#include "pkg/deb/gvdb.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// What the real program makes of these files.
class GlibOracle : public DpkgOracle {
 public:
  std::string compile(const deb::SchemaFiles& files) {
    for (const auto& [name, content] : files) std::ofstream(root() + "/" + name, std::ios::binary) << content;
    shell("glib-compile-schemas . 2>/dev/null");
    return content_of(root() + "/gschemas.compiled");
  }
};

#define REQUIRE_GLIB() \
  if (!has_program("glib-compile-schemas")) GTEST_SKIP() << "glib-compile-schemas is needed as oracle"

std::string schemas(const std::string& inner, const std::string& domain = " gettext-domain='dom'") {
  return "<?xml version='1.0' encoding='UTF-8'?>\n<schemalist" + domain + ">\n" + inner + "</schemalist>\n";
}

std::string key(const std::string& name, const std::string& type, const std::string& value, const std::string& more = {}) {
  return "<key name='" + name + "' type='" + type + "'><default>" + value + "</default><summary>S</summary><description>D &amp; d</description>" + more + "</key>\n";
}

struct SchemaTest {
  const char* name;
  deb::SchemaFiles files;
};

class DebGlibSchemas : public testing::TestWithParam<SchemaTest> {};

TEST_P(DebGlibSchemas, ByteForByte) {
  REQUIRE_GLIB();
  GlibOracle oracle;
  const std::string real = oracle.compile(GetParam().files);
  ASSERT_FALSE(real.empty());
  EXPECT_TRUE(deb::compile_schemas(GetParam().files) == real);
}

const std::string kEnums = "<enum id='org.x.E'><value nick='first' value='0'/><value nick='second-one' value='1'/><value nick='neg' value='-5'/><value nick='hex' value='0x10'/></enum>\n"
                           "<flags id='org.x.F'><value nick='none' value='0'/><value nick='aa' value='1'/><value nick='bb' value='2'/></flags>\n";

INSTANTIATE_TEST_SUITE_P(
    Cases, DebGlibSchemas,
    testing::Values(
        SchemaTest{"simple", {{"a.gschema.xml", schemas("<schema id='org.x' path='/org/x/'>" + key("one", "b", "true") + key("two", "s", "'text'") + "</schema>")}}},
        SchemaTest{"types",
                   {{"a.gschema.xml",
                     schemas("<schema id='org.x'>" + key("y", "y", "200") + key("n", "n", "-5") + key("q", "q", "0xffff") + key("i", "i", " -2147483648 ") + key("u", "u", "4294967295") +
                             key("x", "x", "-1") + key("t", "t", "18446744073709551615") + key("d", "d", "1.5e3") + key("dd", "d", "-7") + key("o", "o", "'/a/b'") + key("as", "as", "['a', \"b'c\", '']") +
                             key("empty", "as", "[]") + key("typed", "as", "@as []") + key("ai", "ai", "[1, 2, 3]") + key("ii", "(ii)", "(-1, 2)") + key("si", "(siy)", "('long text', 7, 1)") +
                             key("is", "(is)", "(7, 'x')") + key("ss", "(sss)", "('a','bc','def')") + key("one", "(s)", "('a',)") + key("dict", "a{sv}", "{'a': &lt;1>, 'b': &lt;'text'>, 'c': &lt;@as []>}") +
                             key("di", "a{si}", "{'a': 1}") + key("ms", "ms", "nothing") + key("mj", "ms", "'x'") + key("mi", "mi", "just 5") + key("av", "av", "[&lt;true>, &lt;uint32 5>, &lt;(1, 'x')>, &lt;[1.5, 2.0]>]") +
                             key("aas", "aas", "[['a'], [], ['b', 'c']]") + key("asi", "a(si)", "[('a', 1), ('bcd', 2)]") + key("esc", "s", "'a\\tb\\\\c\\'d\\ne'") + key("oct", "i", "010") + "</schema>")}}},
        SchemaTest{"large_container", {{"a.gschema.xml", schemas("<schema id='org.x'>" + key("big", "as", "['" + std::string(200, 'x') + "', '" + std::string(100, 'y') + "']") +
                                                                     key("huge", "s", "'" + std::string(70000, 'z') + "'") + "</schema>")}}},
        SchemaTest{"enums", {{"org.x.enums.xml", schemas(kEnums)},
                             {"a.gschema.xml", schemas("<schema id='org.x'><key name='e' enum='org.x.E'><default>'second-one'</default><aliases><alias value='old' target='neg'/></aliases></key>"
                                                       "<key name='f' flags='org.x.F'><default>['aa', 'bb']</default></key>"
                                                       "<key name='c' type='s'><choices><choice value='ab'/><choice value='cdefg'/></choices><default>'ab'</default></key></schema>")}}},
        SchemaTest{"ranges", {{"a.gschema.xml", schemas("<schema id='org.x'>" + key("i", "i", "5", "<range min='1' max='10'/>") + key("d", "d", "0.5", "<range min='0'/>") + key("u", "u", "0", "<range/>") + "</schema>")}}},
        SchemaTest{"translated", {{"a.gschema.xml", schemas("<schema id='org.x'><key name='m' type='s'><default l10n='messages' context='C'>\n  'text'\n </default></key>"
                                                            "<key name='t' type='s'><default l10n='time'>'24h'</default></key></schema>"
                                                            "<schema id='org.y' gettext-domain='other' path='/y/'><key name='m' type='as'><default l10n='messages'>['a']</default></key></schema>")}}},
        SchemaTest{"children_and_lists", {{"a.gschema.xml", schemas("<schema id='org.base'>" + key("a", "i", "1") + key("b", "s", "'x'") + "</schema><schema id='org.derived' extends='org.base' path='/d/'>"
                                                                                                                                          "<override name='a'>5</override>" +
                                                                    key("c", "i", "2") + "<child name='sub' schema='org.base'/></schema>"
                                                                                         "<schema id='org.list' list-of='org.base' path='/l:/'><child name='x' schema='org.base'/></schema>")}}},
        SchemaTest{"overrides", {{"a.gschema.xml", schemas("<schema id='org.x'>" + key("a", "i", "1") + key("b", "s", "'x'") + key("c", "as", "[]") + "</schema>")},
                                 {"10_first.gschema.override", "# comment\n[org.x]\na=7\nb = 'first' \nmissing=1\nc=wrong\n\n[org.not.here]\nx=1\n"},
                                 {"20_second.gschema.override", "[org.x]\nb='second'\n[org.x:GNOME]\nb='gnome'\nc=['g']\n[org.x:KDE]\nb='kde'\n[org.x:XFCE:more]\nb='xfce'\n"}}},
        SchemaTest{"others_are_not_read", {{"a.gschema.xml", schemas("<schema id='org.x'>" + key("a", "i", "1") + "</schema>")}, {"README", "x"}, {"b.xml", "<x/>"}}}),
    [](const auto& each) { return each.param.name; });

// As many keys and schemas as make GLib's tables grow again and again, and collide.
TEST(DebGlibSchemasRandom, ManyKeysByteForByte) {
  REQUIRE_GLIB();
  std::mt19937 random(7);
  for (const int count : {7, 8, 9, 15, 16, 30, 61, 100, 130, 250, 700}) {
    std::string inner;
    for (int s = 0; s < count; ++s) {
      inner += "<schema id='org.x" + std::to_string(random() % 1'000'000'000u) + "." + std::to_string(s) + "' path='/p" + std::to_string(s) + "/'>";
      const unsigned keys = s == 0 ? static_cast<unsigned>(count) : 1 + random() % 4;
      for (unsigned k = 0; k < keys; ++k) inner += key("k" + std::to_string(random() % 100'000'000u) + "-" + std::to_string(k), "i", std::to_string(k));
      inner += "</schema>\n";
    }
    const deb::SchemaFiles files = {{"a.gschema.xml", schemas(inner)}};
    GlibOracle oracle;
    EXPECT_TRUE(deb::compile_schemas(files) == oracle.compile(files)) << count;
  }
}

// Those that this machine has.
TEST(DebGlibSchemasReal, ByteForByte) {
  REQUIRE_GLIB();
  const std::filesystem::path place = "/usr/share/glib-2.0/schemas";
  deb::SchemaFiles files;
  std::error_code none;
  for (const auto& each : std::filesystem::directory_iterator(place, none)) {
    const std::string name = each.path().filename();
    if (name.ends_with(".xml") || name.ends_with(".override")) files.emplace(name, content_of(each.path()));
  }
  if (files.size() < 5) GTEST_SKIP() << "this machine has few schemas";
  GlibOracle oracle;
  EXPECT_TRUE(deb::compile_schemas(files) == oracle.compile(files));
}

TEST(DebGlibSchemasErrors, WhatIsNotUnderstoodIsNotCompiled) {
  for (const char* inner : {"<other/>", "<schema/>", "<schema id='a'><key name='x'/></schema>", "<schema id='a'><key name='x' type='i'/></schema>",
                            "<schema id='a'><key name='x' type='i'><default>text</default></key></schema>", "<schema id='a'><key name='x' type='(i'><default>1</default></key></schema>",
                            "<schema id='a'><key name='x' type='ay'><default>b'x'</default></key></schema>", "<schema id='a'><key name='x' enum='none'><default>'a'</default></key></schema>",
                            "<schema id='a'><key name='x' type='i'><default>99999999999</default></key></schema>", "<schema id='a'/><schema id='a'/>", "<schema id='a' extends='b'/>",
                            "<schema id='a'><override name='x'>1</override></schema>", "<schema id='a'><key name='x' type='v'><default>&lt;[]></default></key></schema>"}) {
    EXPECT_THROW(deb::compile_schemas({{"a.gschema.xml", schemas(inner)}}), Error) << inner;
  }
  EXPECT_THROW(deb::compile_schemas({{"a.gschema.xml", "<schemalist>"}}), Error);
  for (const char* type : {"", "a", "(", "{s}x", "z", "()()"}) EXPECT_THROW(deb::gvariant_bytes(type, "1"), Error) << type;
  EXPECT_THROW(deb::gvariant_bytes(std::string(100, 'a') + "i", "[]"), Error) << "too deep";
  EXPECT_THROW(deb::gvariant_bytes("av", std::string(10000, '[')), Error);
  EXPECT_THROW(deb::gvariant_bytes("v", std::string(10000, '<')), Error);
}

TEST(DebGlibSchemasTree, TheImagesOwnFileIsTheProof) {
  const std::string one = schemas("<schema id='org.x'>" + key("a", "i", "1") + "</schema>"), directory = "usr/share/glib-2.0/schemas/";
  const std::string compiled = deb::compile_schemas({{"one.gschema.xml", one}});
  EXPECT_EQ(deb::schemas_obstacle(tree_of({{directory + "one.gschema.xml", one}, {directory + "gschemas.compiled", compiled}})), "");
  EXPECT_NE(deb::schemas_obstacle(tree_of({{directory + "one.gschema.xml", one}, {directory + "gschemas.compiled", compiled + "x"}})), "");
  EXPECT_NE(deb::schemas_obstacle(tree_of({{directory + "one.gschema.xml", "<x/>"}, {directory + "gschemas.compiled", compiled}})), "");
}

}  // namespace
}  // namespace resole::test
