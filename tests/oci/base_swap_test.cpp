// SPDX-License-Identifier: Apache-2.0
// Histories of every shape stay in step with the layers; a config follows the base where the application said nothing.
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "oci/base_hints.hpp"
#include "oci/base_swap.hpp"
#include "oci/history.hpp"
#include "support/built_image.hpp"

namespace resole::oci {
namespace RESOLE_TEST_FILE {

OrderedJson json(const std::string& text) { return parse_json_ordered(text, "test"); }

std::size_t entries_for_layers(const OrderedJson& history) {
  std::size_t count = 0;
  for (const OrderedJson& entry : history) count += entry.contains("empty_layer") ? 0 : 1;
  return count;
}

std::string texts(const OrderedJson& history) {
  std::string out;
  for (const OrderedJson& entry : history) out += entry.at("created_by").get<std::string>() + (entry.contains("empty_layer") ? "* " : " ");
  return out;
}

OrderedJson rebased(const std::string& old_base, const std::string& new_base, const std::string& image, std::size_t layers = 3, std::size_t strip = 0) {
  const OrderedJson o = json(old_base), n = json(new_base), a = json(image);
  return rebase_history({.old_base = o, .new_base = n, .image = a, .old_layers = 1, .new_layers = 2, .layers = layers, .strip = strip});
}

constexpr const char* kOld = R"([{"created_by":"o1"},{"created_by":"cmd","empty_layer":true}])";
constexpr const char* kNew = R"([{"created_by":"n1"},{"created_by":"n2"},{"created_by":"cmd","empty_layer":true}])";

TEST(RebaseHistory, WholeOnesKeepTheApplicationsEmptyEntries) {
  const auto out = rebased(kOld, kNew, R"([{"created_by":"o1"},{"created_by":"cmd","empty_layer":true},{"created_by":"env","empty_layer":true},{"created_by":"a1"},{"created_by":"a2"}])");
  EXPECT_EQ(texts(out), "n1 n2 cmd* env* a1 a2 ");
}
TEST(RebaseHistory, AbsentOnesStayAbsent) {
  EXPECT_TRUE(rebased("null", "null", "null").is_null());
  EXPECT_EQ(entries_for_layers(rebased("null", kNew, "null")), 4u);
  EXPECT_EQ(entries_for_layers(rebased("null", "null", R"([{"created_by":"o1"},{"created_by":"a1"},{"created_by":"a2"}])")), 4u);
}
TEST(RebaseHistory, ShortOnesAreFilledUp) {
  EXPECT_EQ(entries_for_layers(rebased(kOld, R"([{"created_by":"n1"}])", R"([{"created_by":"o1"},{"created_by":"cmd","empty_layer":true},{"created_by":"a1"}])")), 4u);
}
TEST(RebaseHistory, LongOnesAreCountedFromTheirEnd) {
  const auto out = rebased(kOld, kNew, R"([{"created_by":"x"},{"created_by":"y"},{"created_by":"o1"},{"created_by":"a1"},{"created_by":"env","empty_layer":true},{"created_by":"a2"}])");
  EXPECT_EQ(texts(out), "n1 n2 cmd* a1 env* a2 ");
}
TEST(RebaseHistory, OnlyEmptyEntries) {
  EXPECT_EQ(entries_for_layers(rebased(R"([{"created_by":"e","empty_layer":true}])", kNew, R"([{"created_by":"e","empty_layer":true},{"created_by":"f","empty_layer":true}])")), 4u);
}
TEST(RebaseHistory, OurOwnLayersGo) {
  const auto out = rebased(kOld, kNew, R"([{"created_by":"o1"},{"created_by":"cmd","empty_layer":true},{"created_by":"a1"},{"created_by":"resole"}])", 3, 1);
  EXPECT_EQ(texts(out), "n1 n2 cmd* a1 ");
}

TEST(MergeConfigs, FollowTheBaseWhereTheApplicationSaidNothing) {
  std::vector<std::string> notes;
  const auto out = merge_configs(
      json(R"({"config":{"Env":["PATH=/usr/bin:/bin","A=1","B=1"],"Cmd":["bash"],"Labels":{"version":"1","base":"x"},"User":""}})"),
      json(R"({"config":{"Env":["PATH=/usr/local/bin:/usr/bin:/bin","A=2","B=2","N=1"],"Cmd":["sh"],"Labels":{"version":"2","base":"x"},"StopSignal":"SIGINT"},"new":1})"),
      json(R"({"config":{"Env":["PATH=/opt/bin:/usr/bin:/bin","A=1","B=9","C=3"],"Cmd":["bash"],"Labels":{"version":"1","base":"x","app":"me"},"User":"app","Entrypoint":["/app"]},"author":"me"})"),
      notes);
  EXPECT_EQ(out, json(R"({"config":{"Env":["PATH=/opt/bin:/usr/local/bin:/usr/bin:/bin","A=2","B=9","C=3","N=1"],"Cmd":["sh"],)"
                      R"("Labels":{"version":"2","base":"x","app":"me"},"User":"app","Entrypoint":["/app"],"StopSignal":"SIGINT"},"author":"me","new":1})"));
  EXPECT_EQ(notes, (std::vector<std::string>{"config.Env B"}));
}
TEST(MergeConfigs, NullIsAbsent) {
  std::vector<std::string> notes;
  const auto out = merge_configs(json(R"({"config":{"Cmd":["bash"],"Labels":null}})"), json(R"({"config":{"Cmd":["bash"],"Labels":{"n":"1"}}})"), json(R"({"config":{"Cmd":null}})"), notes);
  EXPECT_EQ(out, json(R"({"config":{"Labels":{"n":"1"}}})"));
  EXPECT_TRUE(notes.empty());
}

TEST(BaseHints, OfProvenance) {
  const auto hints = provenance_hints(R"({"predicate":{"materials":[{"uri":"pkg:docker/debian@12?platform=linux%2Famd64","digest":{"sha256":")" + std::string(64, 'a') +
                                      R"("}},{"uri":"git+https://example.org/x"}],"buildDefinition":{"resolvedDependencies":[{"uri":"pkg:docker/registry.example.org%3A5000/team/base@1.2","digest":{"sha256":")" +
                                      std::string(64, 'b') + R"("}}]}}})");
  ASSERT_EQ(hints.size(), 2u);
  EXPECT_EQ(hints[0].name, "debian:12");
  EXPECT_EQ(hints[1].name, "registry.example.org:5000/team/base:1.2");
  EXPECT_TRUE(provenance_hints("[1,").empty());
  EXPECT_TRUE(provenance_hints(R"({"predicate":{"materials":{"uri":3}}})").empty());
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::oci
