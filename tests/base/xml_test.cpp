// SPDX-License-Identifier: Apache-2.0
#include "base/xml.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace resole::xml {
namespace RESOLE_TEST_FILE {

std::string failure(std::string_view text, Limits limits = {}) {
  try {
    parse(text, "x.xml", limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.message();
  }
  return "accepted";
}

TEST(Xml, ElementsAttributesAndText) {
  const Element root = parse("<?xml version=\"1.0\"?>\n<a:top xmlns:a=\"urn:x\" a:k=\"1 &amp; 2\" l='&lt;&#65;'>\n one <b>x<c/>y</b><b n=\"2\"><![CDATA[<raw>&]]></b> two\n</a:top>", "x.xml");
  EXPECT_EQ(root.name, "top");
  EXPECT_EQ(root.line, 2u);
  EXPECT_EQ(root.attribute("k"), "1 & 2");
  EXPECT_EQ(root.attribute("l"), "<A");
  EXPECT_EQ(root.attribute("none"), "");
  EXPECT_EQ(root.text, "one  two");
  ASSERT_EQ(root.all("b").size(), 2u);
  EXPECT_EQ(root.all("b")[0]->text, "xy");
  EXPECT_EQ(root.all("b")[1]->text, "<raw>&");
  EXPECT_EQ(root.text_of("b"), "xy");
  EXPECT_NE(root.below("b/c"), nullptr);
  EXPECT_EQ(root.below("b/d"), nullptr);
}

TEST(Xml, ExactlyAsItIsWritten) {
  const Element root = parse_exact("<!DOCTYPE t [<!ELEMENT t ANY><!ATTLIST b n CDATA \"5\" m CDATA #IMPLIED>]><!-- x --><t xmlns=\"urn:x\" xmlns:p=\"urn:y\"> a <b m=\"1\"/><p:c p:k=\"2\" xml:lang=\"de\"/><!-- c --><![CDATA[d]]></t>", "x.xml");
  EXPECT_EQ(root.name, "{urn:x}t");
  EXPECT_EQ(root.text, " a ");
  ASSERT_EQ(root.children.size(), 4u);
  EXPECT_EQ(root.children[0].name, "{urn:x}b");
  EXPECT_EQ(root.children[0].attribute("n"), "5");
  EXPECT_EQ(root.children[0].attribute("m"), "1");
  EXPECT_EQ(root.children[0].given, 1u);
  EXPECT_EQ(root.children[1].name, "{urn:y}p:c");
  EXPECT_EQ(root.children[1].attribute("{urn:y}p:k"), "2");
  EXPECT_EQ(root.children[1].attribute("{http://www.w3.org/XML/1998/namespace}xml:lang"), "de");
  EXPECT_EQ(root.children[2].name, "");
  EXPECT_EQ(root.children[3].name, "");
  EXPECT_THROW(parse_exact("<!DOCTYPE t [<!ENTITY e \"x\">]><t/>", "x.xml"), Error);
}

TEST(Xml, OtherEncodingsBecomeUtf8) {
  EXPECT_EQ(parse("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xe9</a>", "x.xml").text, "\xc3\xa9");
  EXPECT_EQ(parse(std::string_view("\xff\xfe<\0a\0/\0>\0", 10), "x.xml").name, "a");
}

TEST(Xml, LargeOnesElementByElement) {
  std::string text = "<list><head><item>no</item></head>";
  for (int i = 0; i < 1000; ++i) text += "<update id=\"" + std::to_string(i) + "\"><update>inner</update></update>";
  text += "</list>";
  int count = 0;
  for_each(text, "x.xml", {"update"}, [&](Element&& update) {
    EXPECT_EQ(update.attribute("id"), std::to_string(count++));
    EXPECT_EQ(update.text_of("update"), "inner");
  }, {.kept = 10});
  EXPECT_EQ(count, 1000);
}

TEST(Xml, SyntaxNamesThePlace) {
  for (const char* text : {"", "   ", "plain", "<a>", "<a><b></a>", "<a b=1/>", "<a/><b/>", "<a>&none;</a>", "<a b='&none;'/>", "<a b='1' b='2'/>", "<a>\xff</a>", "<a>&#0;</a>",
                           "<?xml version=\"1.0\" encoding=\"no-such\"?><a/>", "<a><![CDATA[", "<a b=\"<\"/>"}) {
    EXPECT_TRUE(failure(text).starts_with("x.xml: line ")) << text << ": " << failure(text);
  }
  EXPECT_TRUE(failure("<a>\n<b>\n</c></a>").starts_with("x.xml: line 3, column ")) << failure("<a>\n<b>\n</c></a>");
  EXPECT_TRUE(failure(std::string_view("<a>\0</a>", 8)).starts_with("x.xml: line 1"));
}

TEST(Xml, NothingIsDeclaredOrLoaded) {
  const std::string bomb = "<!DOCTYPE a [<!ENTITY b \"lol\"><!ENTITY c \"&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;\">]><a>&d;</a>";
  EXPECT_NE(failure(bomb).find("declarations"), std::string::npos) << failure(bomb);
  EXPECT_NE(failure("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>").find("declarations"), std::string::npos);
  EXPECT_NE(failure("<!DOCTYPE a [<!ENTITY % b SYSTEM \"file:///etc/passwd\"> %b;]><a/>").find("declarations"), std::string::npos);
  EXPECT_NE(failure("<!DOCTYPE a [<!ATTLIST a b (c|d) 'c'>]><a/>").find("declarations"), std::string::npos);
  EXPECT_NE(failure("<!DOCTYPE a [<!ELEMENT a (b,c)>]><a/>").find("declarations"), std::string::npos);
  EXPECT_EQ(failure("<!DOCTYPE a SYSTEM \"http://dtd.example.org/a.dtd\"><a/>"), "accepted");
}

TEST(Xml, Bounds) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<a>";
  EXPECT_NE(failure(deep).find("nested more than 100 deep"), std::string::npos) << failure(deep);
  EXPECT_NE(failure("<a>12345</a>", {.bytes = 8}).find("larger than"), std::string::npos);
  EXPECT_NE(failure("<a><b/><b/><b/></a>", {.elements = 3}).find("more than 3 elements"), std::string::npos);
  EXPECT_NE(failure("<a><b/><b/><b x='' y=''/></a>", {.kept = 5}).find("more than 5 elements and attributes"), std::string::npos);
  EXPECT_NE(failure("<a>12345678901</a>", {.kept_bytes = 10}).find("an element of more than"), std::string::npos);
}

TEST(Xml, AnExceptionOfTheCallerComesThrough) {
  EXPECT_THROW(for_each("<a><b/></a>", "x.xml", {"b"}, [](Element&&) { throw Error(ErrorKind::refused, "enough"); }), Error);
}

TEST(Xml, RootName) {
  EXPECT_EQ(root_name("<?xml version='1.0'?><!-- c -->\n<oval:oval_definitions xmlns:oval='urn:x'>"), "oval_definitions");
  EXPECT_EQ(root_name("{\"a\": 1}"), "");
  EXPECT_EQ(root_name(""), "");
  EXPECT_EQ(root_name("<a><b></c>"), "a");
}

}  // namespace
}  // namespace resole::xml
