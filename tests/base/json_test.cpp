// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>

#include "base/error.hpp"

namespace resole {
namespace RESOLE_TEST_FILE {

std::string failure(std::string_view text, JsonLimits limits = {}) {
  try {
    parse_json(text, "plan.json", limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.message();
  }
  return "accepted";
}

TEST(Json, ParsesEveryKind) {
  const Json value = parse_json(R"( {"a": [1, -2, 2.5, true, false, null, "\u00e9\n"], "b": {}} )", "x");
  EXPECT_EQ(value["a"], Json::array({1, -2, 2.5, true, false, nullptr, "\xc3\xa9\n"}));
  EXPECT_TRUE(value["a"][0].is_number_unsigned());
  EXPECT_TRUE(value["b"].is_object());
  EXPECT_EQ(parse_json("7", "x"), 7);
}

TEST(Json, FailuresNameDocumentOffsetAndReason) {
  EXPECT_TRUE(failure(R"({"a": 1, "b": {"c": 1, "c": 2}})").starts_with("plan.json: byte 26: the key \"c\" appears twice"));
  EXPECT_TRUE(failure("{\"a\": }").starts_with("plan.json: byte 7: ")) << failure("{\"a\": }");
  EXPECT_NE(failure("[1] x").find("byte 5"), std::string::npos) << failure("[1] x");
  for (const char* bad : {"", " ", "{", "[1,]", "{\"a\":1,}", "nul", "'a'", "01", "1.", "\"\\x\"", "\"\t\"", "[1][2]", "1e999",
                          "\"\\ud800\"", "// x\n1", "NaN", "\"abc"}) {
    EXPECT_NE(failure(bad), "accepted") << bad;
  }
  EXPECT_NE(failure("\"\xff\""), "accepted");
  EXPECT_NE(failure(std::string_view("\"a\0\"", 4)), "accepted");
}

TEST(Json, DuplicatesAreRefusedAtAnyDepthAndInEscapes) {
  EXPECT_NE(failure(R"({"a":{},"\u0061":1})"), "accepted");
  EXPECT_NE(failure(R"([{"x":[{"digest":1,"digest":1}]}])"), "accepted");
  EXPECT_EQ(failure(R"([{"a":1},{"a":1}])"), "accepted");
  EXPECT_THROW(parse_json_ordered(R"({"b":1,"a":1,"b":2})", "x"), Error);
}

TEST(Json, DepthAndSizeAreBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(failure(nested(200)), "accepted");
  EXPECT_NE(failure(nested(201)).find("byte 201"), std::string::npos);
  EXPECT_NE(failure(std::string(1'000'000, '[')), "accepted");
  EXPECT_NE(failure("[1,2,3]", {.bytes = 6}), "accepted");
}

TEST(Json, OrderedKeepsTheOrder) {
  EXPECT_EQ(dump_compact(parse_json_ordered(R"({"z": 1, "a": {"y": [], "b": null}})", "x")), R"({"z":1,"a":{"y":[],"b":null}})");
  EXPECT_EQ(dump_compact(parse_json(R"({"z": 1, "a": {"y": [], "b": null}})", "x")), R"({"a":{"b":null,"y":[]},"z":1})");
}

TEST(Json, OrderedTakesManyMembersInLinearTime) {
  std::string text = "{";
  for (int i = 0; i < 30'000; ++i) text += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
  text += "}";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(parse_json_ordered(text, "x").size(), 30'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Json, DocumentForm) {
  EXPECT_EQ(dump_document(Json{{"b", {1}}, {"a", "x"}}), "{\n  \"a\": \"x\",\n  \"b\": [\n    1\n  ]\n}\n");
  EXPECT_EQ(dump_compact(Json("\xff")), "\"\xef\xbf\xbd\"");  // never throws
}

TEST(Json, Members) {
  const Json value =
      parse_json(R"({"s": "x", "n": 5, "neg": -5, "b": true, "l": ["a", "b"], "null": null, "f": 1.5, "big": 18446744073709551615})", "x");
  EXPECT_EQ(member(value, "n", "x"), 5);
  EXPECT_EQ(string_member(value, "s", "x"), "x");
  EXPECT_EQ(string_or(value, "none", "d"), "d");
  EXPECT_EQ(string_or(value, "null", "d"), "d");
  EXPECT_EQ(integer_or(value, "neg", 0), -5);
  EXPECT_EQ(integer_or(value, "none", 9), 9);
  EXPECT_TRUE(bool_or(value, "b", false));
  EXPECT_EQ(strings_or_empty(value, "l"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(strings_or_empty(value, "none").empty());
  EXPECT_THROW(member(value, "none", "x"), Error);
  EXPECT_THROW(member(Json::array(), "none", "x"), Error);
  EXPECT_THROW(string_member(value, "n", "x"), Error);
  EXPECT_THROW(string_or(value, "n", ""), Error);
  EXPECT_THROW(string_or(Json("x"), "n", ""), Error);
  EXPECT_THROW(integer_or(value, "f", 0), Error);
  EXPECT_THROW(integer_or(value, "big", 0), Error);
  EXPECT_THROW(bool_or(value, "n", false), Error);
  EXPECT_THROW(strings_or_empty(value, "s"), Error);
  EXPECT_THROW(strings_or_empty(Json{{"l", {1}}}, "l"), Error);
}

RC_GTEST_PROP(Json, WhatIsDumpedIsReadBack, ()) {
  const auto values = *rc::gen::resize(20, rc::gen::arbitrary<std::map<std::string, std::vector<int>>>());
  Json value = Json::object();
  for (const auto& [key, list] : values) value[dump_compact(Json(key))] = list;
  RC_ASSERT(parse_json(dump_document(value), "x") == value);
  RC_ASSERT(parse_json(dump_compact(value), "x") == value);
}

}  // namespace
}  // namespace resole
