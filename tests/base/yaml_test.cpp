// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"

namespace resole::yaml {
namespace RESOLE_TEST_FILE {

Node root_of(std::string_view text) {
  const auto documents = parse(text, "values.yaml");
  EXPECT_EQ(documents.size(), 1u);
  return documents.at(0).root;
}

std::string failure(std::string_view text, Limits limits = {}) {
  try {
    parse(text, "values.yaml", limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.message();
  }
  return "accepted";
}

// Which bytes a scalar came from, and what they mean, in every style.
TEST(Yaml, SpansOfScalars) {
  const std::string_view text =
      "plain: nginx:1.25  # a comment\n"
      "single: 'it''s'\n"
      "double: \"a\\tb\"\n"
      "empty: \"\"\n"
      "literal: |\n  one\n  two\n"
      "folded: >-\n  one\n  two\n"
      "lines: one\n  two\n"
      "\"quoted key\": \xc3\xa9\xe2\x82\xac x\n";
  const Node root = root_of(text);
  struct Expected {
    std::string_view pointer, value, written;
    Style style;
    std::size_t quotes;
  };
  const Expected all[] = {{"/plain", "nginx:1.25", "nginx:1.25", Style::plain, 0},
                          {"/single", "it's", "it''s", Style::single_quoted, 2},
                          {"/double", "a\tb", "a\\tb", Style::double_quoted, 2},
                          {"/empty", "", "", Style::double_quoted, 2},
                          {"/literal", "one\ntwo\n", "  one\n  two\n", Style::literal, 0},
                          {"/folded", "one two", "  one\n  two\n", Style::folded, 0},
                          {"/lines", "one two", "one\n  two", Style::plain, 0},
                          {"/quoted key", "\xc3\xa9\xe2\x82\xac x", "\xc3\xa9\xe2\x82\xac x", Style::plain, 0}};
  for (const Expected& expected : all) {
    const Node* node = find(root, expected.pointer);
    ASSERT_NE(node, nullptr) << expected.pointer;
    EXPECT_EQ(node->value, expected.value);
    EXPECT_EQ(node->text.of(text), expected.written);
    EXPECT_EQ(node->style, expected.style);
    EXPECT_EQ(node->outer.size(), node->text.size() + expected.quotes);
    if (expected.quotes > 0) {
      EXPECT_EQ(text[node->outer.begin], expected.style == Style::single_quoted ? '\'' : '"');
    }
  }
}

TEST(Yaml, SpansSurviveByteOrderMarkAndCarriageReturns) {
  const std::string_view text = "\xef\xbb\xbfimage: nginx\r\ntag: \"1.25\"\r\nlist:\r\n- x\r\n";
  const Node root = root_of(text);
  EXPECT_EQ(find(root, "/image")->text.of(text), "nginx");
  EXPECT_EQ(find(root, "/tag")->text.of(text), "1.25");
  EXPECT_EQ(find(root, "/list/0")->text.of(text), "x");
}

TEST(Yaml, SpansOfCollections) {
  const std::string_view text = "a: {b: [1, 2], c: x}  # end\nd:\n  - e: 1\n    f: \"2\"\n  # about g\ng: 1\n";
  const Node root = root_of(text);
  EXPECT_EQ(find(root, "/a")->text.of(text), "{b: [1, 2], c: x}");
  EXPECT_EQ(find(root, "/a")->style, Style::flow);
  EXPECT_EQ(find(root, "/a/b")->text.of(text), "[1, 2]");
  EXPECT_EQ(find(root, "/d/0")->text.of(text), "e: 1\n    f: \"2\"");
  EXPECT_EQ(find(root, "/d/0")->style, Style::block);
  EXPECT_EQ(find(root, "/d")->kind, Kind::sequence);
  EXPECT_EQ(root.text.of(text), text.substr(0, text.size() - 1));
}

TEST(Yaml, MissingValuesHaveAPlaceBehindTheColon) {
  const std::string_view text = "image:\n  tag: \"1\"\n  digest:\n  'quoted' :   # none\n  tagged: !!str\nlist:\n  -\n  - x\n";
  const Node root = root_of(text);
  const Node* digest = find(root, "/image/digest");
  EXPECT_TRUE(digest->is_empty());
  ASSERT_TRUE(digest->has_span);
  EXPECT_EQ(digest->text, (Span{text.find("digest:") + 7, text.find("digest:") + 7}));
  const Node* quoted = find(root, "/image/quoted");
  EXPECT_EQ(quoted->text.begin, text.find("' :") + 3);
  EXPECT_FALSE(find(root, "/image/tagged")->has_span);
  EXPECT_FALSE(find(root, "/list/0")->has_span);
}

TEST(Yaml, AnchorsAliasesAndTags) {
  const std::string_view text = "base: &web !Image nginx\ncopy: *web\nmap: &m {a: 1}\nmerged:\n  <<: *m\n";
  const Node root = root_of(text);
  EXPECT_EQ(find(root, "/base")->anchor, "web");
  EXPECT_EQ(find(root, "/base")->tag, "!Image");
  EXPECT_EQ(find(root, "/base")->text.of(text), "nginx");
  const Node* copy = find(root, "/copy");
  EXPECT_EQ(copy->kind, Kind::alias);
  EXPECT_EQ(copy->value, "web");
  EXPECT_EQ(copy->outer.of(text), "*web");
  EXPECT_EQ(find(root, "/map")->anchor, "m");
  EXPECT_EQ(find(root, "/merged/<<")->kind, Kind::alias);
  EXPECT_EQ(find(root, "/copy/x"), nullptr);
}

TEST(Yaml, DocumentsOfAStream) {
  const std::string_view text = "# first\na: 1\n---\nb: 2\n...\n---\n---\n- c\n";
  const auto documents = parse(text, "x");
  ASSERT_EQ(documents.size(), 4u);
  EXPECT_FALSE(documents[0].explicit_start);
  EXPECT_EQ(documents[0].begin, 0u);
  EXPECT_EQ(documents[1].begin, text.find("---"));
  EXPECT_TRUE(documents[1].explicit_start);
  EXPECT_TRUE(documents[2].root.is_empty());
  EXPECT_EQ(find(documents[3].root, "/0")->value, "c");
  EXPECT_TRUE(parse("", "x").empty());
  EXPECT_TRUE(parse("# only a comment\n", "x").empty());
}

TEST(Yaml, Pointers) {
  const Node root = root_of("a/b: {c~d: [x, [y]]}\n\"\": z\n");
  EXPECT_EQ(find(root, "/a~1b/c~0d/1/0")->value, "y");
  EXPECT_EQ(find(root, "/")->value, "z");
  EXPECT_EQ(find(root, ""), &root);
  for (const char* none : {"a", "/a", "/a~1b/c~0d/2", "/a~1b/c~0d/01", "/a~1b/c~0d/-", "/a~1b/c~0d/0/0", "//"})
    EXPECT_EQ(find(root, none), nullptr) << none;
  std::vector<std::string> pointers;
  walk(root, [&](const std::string& pointer, const Node& node) {
    pointers.push_back(pointer);
    EXPECT_EQ(find(root, pointer), &node);
  });
  EXPECT_EQ(pointers, (std::vector<std::string>{"", "/a~1b", "/a~1b/c~0d", "/a~1b/c~0d/0", "/a~1b/c~0d/1", "/a~1b/c~0d/1/0", "/"}));
}

TEST(Yaml, ReplacingASpanChangesNothingElse) {
  std::string text = "# keep\nimage:   'nginx:1.25'   # me\nother: nginx:1.25\n";
  const Span span = find(root_of(text), "/image")->text;
  text.replace(span.begin, span.size(), "nginx:1.26");
  EXPECT_EQ(text, "# keep\nimage:   'nginx:1.26'   # me\nother: nginx:1.25\n");
}

TEST(Yaml, RefusesWhatOthersReadDifferently) {
  EXPECT_EQ(failure("a: 1\nb: 2\n'a': 3\n"), "values.yaml: line 3, column 2: the key \"a\" appears twice");
  EXPECT_NE(failure("x: {a: 1, a: 2}").find("twice"), std::string::npos);
  EXPECT_EQ(failure("a: *none\n"), "values.yaml: line 1, column 4: no anchor \"none\" for this alias");
  EXPECT_NE(failure("a: &x 1\n---\nb: *x\n").find("no anchor"), std::string::npos);
  EXPECT_NE(failure("a: \xff\xfe 1\nb: 2\n").find("UTF-8"), std::string::npos);
  EXPECT_NE(failure(std::string_view("a: b\0c: d", 9)).find("control"), std::string::npos);
  EXPECT_NE(failure("a: \x1b[1m\n").find("control"), std::string::npos);
  EXPECT_NE(failure("a: @x\n").find("line 1, column 4"), std::string::npos) << failure("a: @x\n");
  for (const char* bad : {"a: [1", "a: b: c", "\ta: 1", "a: \"x", "%YAML 9.9\n%YAML 1.1\n---\n", "- a\nb: 1", "a: |x\n"})
    EXPECT_NE(failure(bad), "accepted") << bad;
}

TEST(Yaml, SloppyFlowIndentationIsAccepted) { EXPECT_EQ(failure("a: [\n  1,\n  2\n]\nb: {\n}\n"), "accepted"); }

TEST(Yaml, IsBounded) {
  EXPECT_NE(failure(std::string(10'000, '[')), "accepted");
  EXPECT_NE(failure(std::string(100, '[') + std::string(100, ']')).find("nested"), std::string::npos);
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += std::string(i, ' ') + "a:\n";
  EXPECT_NE(failure(deep).find("nested"), std::string::npos);
  EXPECT_NE(failure("[1, 2, 3]", {.nodes = 3}), "accepted");
  EXPECT_NE(failure("abc", {.bytes = 2}), "accepted");
  // The billion laughs: nine lines that would expand to 10^9 nodes stay nine lines.
  std::string laughs = "a0: &a0 [lol]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string name = "a" + std::to_string(i), below = "*a" + std::to_string(i - 1);
    laughs += name + ": &" + name + " [" + below + "," + below + "," + below + "," + below + "," + below + "]\n";
  }
  std::size_t nodes = 0;
  walk(root_of(laughs), [&](const std::string&, const Node&) { ++nodes; });
  EXPECT_EQ(nodes, 1u + 10 + 1 + 9 * 5);
}

TEST(Yaml, TemplatesAreRecognised) {
  EXPECT_TRUE(looks_templated("image: {{ .Values.image }}\n"));
  EXPECT_TRUE(looks_templated("{{- if .x }}\na: 1\n{{- end }}\n"));
  EXPECT_TRUE(looks_templated("{% if x %}\na: 1\n{% endif %}\n"));
  EXPECT_TRUE(looks_templated("a: {{ x }}\nb: {{ y | quote }}\n"));
  EXPECT_FALSE(looks_templated("run: echo ${{ github.sha }}\n"));
  EXPECT_FALSE(looks_templated("image: \"{{ .Values.image }}\"\n"));
  EXPECT_FALSE(looks_templated("text: |\n  {{ range }}\n  {{ end }}\n"));
  EXPECT_FALSE(looks_templated("a: {b: c}\n"));
  EXPECT_FALSE(looks_templated("a: [broken\n"));
}

TEST(YamlToJson, CoreSchema) {
  const Json value = yaml_to_json(
      "n: [~, null, \"null\"]\nb: [true, FALSE, yes, off]\ni: [0, -12, +7, 0x1F, 0o17, 9223372036854775807]\n"
      "f: [1.5, -1e3, .5, 2., 1.2.3]\ns: [1.2.3, 0x, '12', !!str 12, 12:30, \"\"]\nt: !!float 3\nblock: |\n  text\n",
      "policy.yaml");
  EXPECT_EQ(value["n"], Json::array({nullptr, nullptr, "null"}));
  EXPECT_EQ(value["b"], Json::array({true, false, "yes", "off"}));
  EXPECT_EQ(value["i"], Json::array({0, -12, 7, 31, 15, INT64_MAX}));
  EXPECT_EQ(value["f"], Json::array({1.5, -1000.0, 0.5, 2.0, "1.2.3"}));
  EXPECT_EQ(value["s"], Json::array({"1.2.3", "0x", "12", "12", "12:30", ""}));
  EXPECT_EQ(value["t"], 3);
  EXPECT_EQ(value["block"], "text\n");
  EXPECT_TRUE(yaml_to_json("", "x").is_null());
  EXPECT_EQ(yaml_to_json(R"({"json": [1, "two"]})", "x"), Json({{"json", {1, "two"}}}));
}

TEST(YamlToJson, RefusesWhatIsAmbiguous) {
  for (const char* bad : {"a: 010", "a: &x 1\nb: *x", "a: 1\n---\nb: 2", "a: !Ref x", "a: .inf", "a: .NaN", "a: 99999999999999999999",
                          "? [a]\n: 1", "a: 1\na: 2", "a: !!int x", "a: 1e999", "*x : 1", "a: !!binary aGk="}) {
    EXPECT_THROW(yaml_to_json(bad, "x"), Error) << bad;
  }
}

}  // namespace
}  // namespace resole::yaml
