// SPDX-License-Identifier: Apache-2.0
#include "base/json_fields.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"

namespace resole {
namespace RESOLE_TEST_FILE {

JsonFields fields(std::initializer_list<std::string_view> pointers) {
  JsonFields out;
  for (const std::string_view each : pointers) out.add(each);
  return out;
}

std::string kept(std::string_view text, std::initializer_list<std::string_view> pointers) {
  return dump_compact(parse_json_fields(text, "x.json", fields(pointers)));
}

std::string failure(std::string_view text, JsonFieldLimits limits = {}) {
  try {
    parse_json_fields(text, "x.json", fields({"/a"}), limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "";
}

// One byte at a time, as a slow pipe gives them.
class Drip : public Source {
 public:
  explicit Drip(std::string_view text) : text_(text) {}
  std::size_t read(char* buffer, std::size_t) override {
    if (text_.empty()) return 0;
    *buffer = text_.front();
    text_.remove_prefix(1);
    return 1;
  }

 private:
  std::string_view text_;
};

constexpr std::string_view kText = R"({"a": {"b": [{"c": 1, "d": "x"}, {"c": 2}, {"d": "y"}], "b/c": 3}, "e": {"f": {"g": 5, "h": 6}, "i": 7}, "j": [[1], [2, [3]]], "k": null})";

TEST(JsonFields, OnlyWhatIsNamedIsBuilt) {
  EXPECT_EQ(kept(kText, {"/a/b/*/c"}), R"({"a":{"b":[{"c":1},{"c":2},{}]}})") << "elements keep their places";
  EXPECT_EQ(kept(kText, {"/a/b/*/d", "/e/*/g"}), R"({"a":{"b":[{"d":"x"},{},{"d":"y"}]},"e":{"f":{"g":5},"i":7}})") << "a value where more was expected is kept, so that it can be refused";
  EXPECT_EQ(kept(kText, {"/e"}), R"({"e":{"f":{"g":5,"h":6},"i":7}})");
  EXPECT_EQ(kept(kText, {"/a/b~1c", "/j/*/*"}), R"({"a":{"b/c":3},"j":[[1],[2,[3]]]})");
  EXPECT_EQ(kept(kText, {""}), dump_compact(parse_json(kText, "x")));
  EXPECT_EQ(kept(kText, {"/nothing"}), "{}");
  EXPECT_EQ(kept("[{\"x\": 1, \"y\": 2}]", {"/*/x"}), R"([{"x":1}])");
  EXPECT_EQ(kept("7", {"/a"}), "7");
}

TEST(JsonFields, NamedAndAnyTogether) {
  EXPECT_EQ(kept(R"({"p": {"x": {"u": 1, "v": 2}, "y": {"u": 3, "v": 4}}})", {"/p/*/u", "/p/x/v"}), R"({"p":{"x":{"u":1,"v":2},"y":{"u":3}}})");
}

TEST(JsonFields, PiecesOfAnySize) {
  Drip drip(kText);
  EXPECT_EQ(dump_compact(parse_json_fields(drip, "x.json", fields({"/a/b/*/c"}))), R"({"a":{"b":[{"c":1},{"c":2},{}]}})");
}

TEST(JsonFields, WhatIsNotKeptIsCheckedAllTheSame) {
  EXPECT_EQ(failure(R"({"z": {"y": 1, "y": 2}})"), "x.json: byte 18: the key \"y\" appears twice");
  EXPECT_NE(failure(R"({"z": [1, 2})").find("x.json: byte 12: "), std::string::npos) << failure(R"({"z": [1, 2})");
  EXPECT_NE(failure("{\"z\": \"\xff\"}").find("UTF-8"), std::string::npos);
  EXPECT_NE(failure(R"({"a": 1} x)").find("byte 10"), std::string::npos);
  EXPECT_NE(failure(std::string("{\"a\": 1}\0{}", 11)), "");
  EXPECT_NE(failure(""), "");
  std::string many = "{";
  for (int i = 0; i < 500; ++i) many += "\"k" + std::to_string(i) + "\": 0, ";
  EXPECT_NE(failure(many + "\"k250\": 0}").find("\"k250\" appears twice"), std::string::npos);
  EXPECT_EQ(failure(many + "\"k\": 0}"), "");
}

TEST(JsonFields, Limits) {
  EXPECT_NE(failure(std::string(200, '[')).find("nested deeper than 100 levels"), std::string::npos);
  EXPECT_NE(failure(R"({"a": [1, 2, 3, 4]})", {.values = 4}).find("more than 4 values"), std::string::npos);
  EXPECT_EQ(failure(R"({"b": [1, 2, 3, 4, 5, 6, 7], "a": 1})", {.values = 4}), "") << "only what is kept counts";
  EXPECT_NE(failure(R"({"a": ["0123456789", "0123456789"]})", {.text = 15}).find("more text"), std::string::npos);
  EXPECT_NE(failure(R"({"a": "0123456789", "b": 1, "c": 2})", {.bytes = 12}).find("byte 12: larger than"), std::string::npos);
}

}  // namespace
}  // namespace resole
