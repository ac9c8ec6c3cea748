// SPDX-License-Identifier: Apache-2.0
#include "base/error.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace resole {
namespace RESOLE_TEST_FILE {

TEST(Error, EachKindHasItsExitCodeAndName) {
  const std::vector<std::tuple<ErrorKind, int, std::string_view>> expected = {
      {ErrorKind::internal, 1, "internal"},         {ErrorKind::usage, 2, "usage"},          {ErrorKind::input, 3, "input"},
      {ErrorKind::verification, 4, "verification"}, {ErrorKind::network, 5, "network"},      {ErrorKind::refused, 6, "refused"},
      {ErrorKind::unsupported, 8, "unsupported"},   {ErrorKind::throttled, 75, "throttled"}, {ErrorKind::interrupted, 130, "interrupted"}};
  for (const auto& [kind, code, name] : expected) {
    EXPECT_EQ(exit_code(kind), code);
    EXPECT_EQ(kind_name(kind), name);
  }
}

TEST(Error, ContextIsRenderedOutermostFirst) {
  try {
    with_context([] { return std::string("patching app:1.4"); },
                 [] {
                   with_context([] { return std::string("reading layer 2"); },
                                [] { throw Error(ErrorKind::input, "bad header", "get it again"); });
                 });
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "patching app:1.4: reading layer 2: bad header");
    EXPECT_EQ(error.message(), "bad header");
    EXPECT_EQ(error.hint(), "get it again");
    EXPECT_EQ(error.context(), (std::vector<std::string>{"reading layer 2", "patching app:1.4"}));
  }
}

TEST(Error, ContextIsNotEvaluatedWithoutFailureAndLeavesOthersAlone) {
  bool evaluated = false;
  const auto where = [&] {
    evaluated = true;
    return std::string("never");
  };
  EXPECT_EQ(with_context(where, [] { return 42; }), 42);
  EXPECT_THROW(with_context(where, []() -> int { throw std::runtime_error("other"); }), std::runtime_error);
  EXPECT_FALSE(evaluated);
}

}  // namespace
}  // namespace resole
