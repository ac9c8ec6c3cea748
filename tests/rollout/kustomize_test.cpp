// SPDX-License-Identifier: Apache-2.0
// Which entry decides: the outermost that sees the image (field/rollout.md 1.2). integration/rollout-corpus.bats asks kustomize itself.
#include <gtest/gtest.h>

#include "rollout/kustomize_tree.hpp"
#include "rollout/sample_rollout.hpp"

namespace resole::rollout {
namespace RESOLE_TEST_FILE {

using namespace test;
using Reasons = std::vector<std::string>;

std::string after(const EditPlan& plan, const std::string& path) {
  for (const auto& file : plan.files) {
    if (file.path == path) return file.after;
  }
  return "";
}

const std::string kBase = "resources:\n- pod.yaml\n";

TEST(Kustomize, AWorkloadThatAnEntryRewritesIsEditedThere) {
  const EditPlan plan = plan_of({{"base/pod.yaml", pod(kWeb + ":0.9")},
                                 {"base/kustomization.yaml", kBase},
                                 {"prod/kustomization.yaml", "resources: [../base]\nimages:\n- name: " + kWeb + "\n  newTag: \"1.0\"\n"}});
  EXPECT_EQ(after(plan, "base/pod.yaml"), "");
  EXPECT_EQ(after(plan, "prod/kustomization.yaml"), "resources: [../base]\nimages:\n- name: " + kWeb + "\n  newTag: \"1.0\"\n  newName: " + kPatched + "\n");
  EXPECT_TRUE(plan.rollout.not_applied.empty()) << "0.9 is not the source";
}

TEST(Kustomize, WhatAnOuterEntryPinsIsNotTakenAwayFromIt) {
  const EditPlan plan = plan_of({{"base/pod.yaml", pod(kWeb + ":1.0")},
                                 {"base/kustomization.yaml", kBase},
                                 {"prod/kustomization.yaml", "resources: [../base]\nimages:\n- name: " + kWeb + "\n  newTag: \"2.0\"\n"}});
  EXPECT_TRUE(plan.files.empty()) << "with another name in the base, the entry would find nothing, and 2.0 would become 1.0";
  EXPECT_EQ(reasons(plan), Reasons{"overridden"});
  EXPECT_NE(plan.rollout.not_applied[0].detail.find("prod/kustomization.yaml:3"), std::string::npos) << plan.rollout.not_applied[0].detail;
}

TEST(Kustomize, ARootWithoutTheEntryIsNamed) {
  const std::string entry = "images:\n- name: " + kWeb + "\n  newTag: \"2.0\"\n";
  const EditPlan plan = plan_of({{"base/pod.yaml", pod(kWeb + ":1.0")},
                                 {"base/kustomization.yaml", kBase},
                                 {"prod/kustomization.yaml", "resources: [../base]\n" + entry},
                                 {"middle/kustomization.yaml", "resources: [../base]\n"},
                                 {"test/kustomization.yaml", "resources: [../middle]\n"},
                                 {"pinned/kustomization.yaml", "resources: [../prod]\n"}});
  EXPECT_TRUE(plan.files.empty());
  ASSERT_EQ(reasons(plan), Reasons{"overridden"});
  EXPECT_NE(plan.rollout.not_applied[0].detail.find("; test/kustomization.yaml has none and needs one of its own"), std::string::npos) << plan.rollout.not_applied[0].detail;
}

TEST(Kustomize, FilesThatRenovateWritesAreReported) {
  const std::string config = "{\"extends\": [\"config:recommended\"]}";
  const auto said = [](const EditPlan& plan) {
    for (const auto& warning : plan.rollout.warnings) {
      if (warning.find("Renovate writes") != std::string::npos) return warning;
    }
    return std::string();
  };
  const std::string values = "image:\n  repository: " + kWeb + "\n  tag: \"1.0\"\n";
  EXPECT_EQ(said(plan_of({{"renovate.json", config}, {"values.yaml", values}})), "renovate.json: Renovate writes 1 of the edited files too; it goes on from the patched images, for which it needs to know registry.example.org");
  EXPECT_EQ(said(plan_of({{".github/renovate.json5", "// json5\n{}"}, {"a/values.yaml", values}})).substr(0, 22), ".github/renovate.json5");
  EXPECT_EQ(said(plan_of({{"renovate.json", config}, {"pod.yaml", pod(kWeb + ":1.0")}})), "") << "objects of Kubernetes only where it is told their files";
  EXPECT_NE(said(plan_of({{"renovate.json", "{\"kubernetes\": {\"fileMatch\": [\"yaml$\"]}}"}, {"pod.yaml", pod(kWeb + ":1.0")}})), "");
  EXPECT_EQ(said(plan_of({{"other/renovate.json", config}, {"values.yaml", values}})), "") << "its own folder only";
  EXPECT_EQ(plan_of({{"renovate.json", config}, {"values.yaml", values}}).files.size(), 1u);
}

TEST(Kustomize, OfTwoEntriesTheOuterOneIsEdited) {
  const std::string entry = "images:\n- name: " + kWeb + "\n  newTag: \"1.0\"\n";
  const EditPlan plan = plan_of({{"base/pod.yaml", pod(kWeb + ":0.9")}, {"base/kustomization.yaml", kBase + entry}, {"prod/kustomization.yaml", "components: [../base]\n" + entry}});
  ASSERT_EQ(plan.files.size(), 1u);
  EXPECT_EQ(plan.files[0].path, "prod/kustomization.yaml");
  EXPECT_EQ(reasons(plan), Reasons{"overridden"});
}

TEST(Kustomize, AnEntryWithoutATagTakesItFromItsWorkloads) {
  const std::string overlay = "resources: [../base]\nimages:\n- name: placeholder/web\n  newName: " + kWeb + "\n";
  const EditPlan plan = plan_of({{"base/pod.yaml", pod("placeholder/web:1.0")}, {"base/kustomization.yaml", kBase}, {"prod/kustomization.yaml", overlay}});
  EXPECT_EQ(after(plan, "prod/kustomization.yaml"), "resources: [../base]\nimages:\n- name: placeholder/web\n  newName: " + kPatched + "\n  newTag: \"1.0\"\n");
  const EditPlan two = plan_of({{"base/pod.yaml", pod("placeholder/web:1.0") + "---\n" + pod("placeholder/web:1.1")}, {"base/kustomization.yaml", kBase}, {"prod/kustomization.yaml", overlay}});
  EXPECT_TRUE(two.files.empty());
  EXPECT_EQ(reasons(two), Reasons{"ambiguous"});
}

TEST(Kustomize, NamesAreRegularExpressions) {
  EXPECT_EQ(entry_matches("my.app", "my-app"), NameMatch::yes) << "measured: the dot is any character";
  EXPECT_EQ(entry_matches("my\\.app", "my-app"), NameMatch::no);
  EXPECT_EQ(entry_matches(escape_name("my.app"), "my.app"), NameMatch::yes);
  EXPECT_EQ(entry_matches("my.*", "my-app"), NameMatch::unknown);
  EXPECT_EQ(entry_matches("my", "my-app"), NameMatch::no);
  const EditPlan plan = plan_of({{"pod.yaml", pod(kWeb + ":1.0")}, {"kustomization.yaml", kBase + "images:\n- name: registry.example.org/.*/web\n  newTag: \"2.0\"\n"}});
  EXPECT_EQ(reasons(plan), Reasons{"name-pattern"});
}

TEST(Kustomize, FluxAndArgoCdBuildDirectories) {
  const std::string flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  path: ./apps/web\n  images:\n  - name: " + kWeb + "\n    newTag: \"1.0\"\n";
  const EditPlan plan = plan_of({{"clusters/web.yaml", flux}, {"apps/web/kustomization.yaml", kBase}, {"apps/web/pod.yaml", pod(kWeb + ":1.0")}});
  ASSERT_EQ(plan.files.size(), 1u);
  EXPECT_EQ(plan.files[0].path, "clusters/web.yaml");
  EXPECT_EQ(reasons(plan), Reasons{"overridden"});
}

TEST(Kustomize, WhatTheImageUpdaterFollowsIsLeftToIt) {
  const std::string app = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  annotations:\n    argocd-image-updater.argoproj.io/image-list: web=" + kWeb +
                          ":~1\nspec: {source: {kustomize: {images: [" + kWeb + ":1.0]}}}\n";
  const EditPlan plan = plan_of({{"app.yaml", app}});
  EXPECT_TRUE(plan.files.empty());
  EXPECT_EQ(reasons(plan), Reasons{"image-updater"});
}

TEST(Kustomize, InclusionsInCirclesEnd) {
  const EditPlan plan = plan_of({{"a/kustomization.yaml", "resources: [../b]\nimages:\n- name: " + kWeb + "\n  newTag: \"1.0\"\n"},
                                 {"b/kustomization.yaml", "resources: [../a, ../b, ., ../../../out, pod.yaml]\n"},
                                 {"b/pod.yaml", pod(kWeb + ":1.0")}});
  ASSERT_EQ(plan.files.size(), 1u);
  EXPECT_EQ(plan.files[0].path, "a/kustomization.yaml");
}

}  // namespace
}  // namespace resole::rollout
