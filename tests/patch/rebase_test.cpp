// SPDX-License-Identifier: Apache-2.0
// Another base under an application, the whole way through a registry: what is asked and moved, what is merged, what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "base/error.hpp"
#include "base/json.hpp"
#include "patch/verifying.hpp"
#include "patch/way_rig.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using Counts = FakeRegistry::Counts;

class Rebase : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (TestKey::possible()) debian_ = std::make_unique<SmallDebian>();
  }
  static void TearDownTestSuite() { debian_.reset(); }
  void SetUp() override {
    if (!debian_) GTEST_SKIP() << "gpg is not on this machine";
    mirror_.serve(debian_->archives({{"amd64", 2}, {"arm64", 2}}));
    rig_.registry.add_image("team/base", base(1), "12");
  }

  static SampleTree base(int level, const std::string& architecture = "amd64", const std::string& config = R"("Env":["PATH=/usr/bin"])") {
    return built_image({.layers = {debian_->layer(architecture, level)}, .architecture = architecture, .config = config});
  }
  // `layer`: the application's, plain. It names its base, as build tools do.
  SampleTree application(const std::string& layer, const std::string& architecture = "amd64", bool named = true) const {
    const std::string name = named ? R"(,"annotations":{"org.opencontainers.image.base.name":")" + rig_.registry.reference("team/base:12") +
                                         R"(","org.opencontainers.image.base.digest":")" + base(1, architecture).root.digest.text() + "\"}"
                                   : "";
    return built_image({.layers = {debian_->layer(architecture), layer}, .architecture = architecture, .config = R"("Env":["PATH=/usr/bin"],"Cmd":["app"])", .more_manifest = name});
  }
  static std::string program() { return TarBuilder().dir("srv").file("srv/app", "program").bytes(); }
  // An application that called dpkg: its layer has the whole of the status.
  static std::string with_database() {
    const std::string bytes = debian_->layer("amd64");
    const auto source = source_of(std::string_view(bytes));
    const auto index = rootfs::index_layer(*source, Digest::of(bytes));
    return TarBuilder().dir("var").dir("var/lib").dir("var/lib/dpkg").file("var/lib/dpkg/status", index.captured.at("var/lib/dpkg/status")).dir("srv").file("srv/app", "program").bytes();
  }
  static WishForPatch to_new_base(patch::Strategy strategy = patch::Strategy::rebase) { return {.hold = {"*"}, .base = {.strategy = strategy}}; }
  void move_base(int level = 2) { rig_.registry.add_image("team/base", base(level), "12"); }
  std::map<std::string, std::string> versions_at(const std::string& place) {
    WayRig::Process process(rig_);
    const patch::ImageView image = patch::look(oci::Location::parse(rig_.at(place)), {}, process.tools);
    std::map<std::string, std::string> out;
    for (const auto& package : image.platforms[0].given_inventory.packages) out[package.name] = package.version;
    return out;
  }
  std::string refusal(const WishForPatch& wish, ErrorKind kind) {
    try {
      rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), wish);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.message();
      EXPECT_FALSE(rig_.registry.manifest("team/app", "2")) << "nothing is written";
      return error.message();
    }
    ADD_FAILURE() << "not refused";
    return {};
  }

  static inline std::unique_ptr<SmallDebian> debian_;
  FakeMirror mirror_;
  WayRig rig_{mirror_};
};

TEST_F(Rebase, OfAnApplicationWithoutPackagesUploadsNoLayer) {
  rig_.registry.add_image("team/app", application(program()), "1");
  move_base();
  const document::Plan plan = rig_.plan(rig_.at("team/app:1"), to_new_base());
  EXPECT_EQ(plan.platforms[0].strategy, "rebase");
  EXPECT_EQ(plan.platforms[0].base->found_by, "annotation");
  EXPECT_EQ(plan.platforms[0].base->layers, 1u);
  EXPECT_FALSE(plan.platforms[0].base->merged);
  rig_.registry.forget();
  const document::Result result = rig_.build(plan, rig_.at("team/other:2"), to_new_base());
  EXPECT_EQ(rig_.registry.blob_uploads().size(), 1u) << "the config";
  EXPECT_EQ(rig_.registry.mounts().size(), 2u) << "the new base's layer, from its repository, and the application's";
  EXPECT_EQ(rig_.registry.summary().count("GET blob"), 0u);
  EXPECT_EQ(rig_.registry.violations(), std::vector<std::string>());
  EXPECT_TRUE(result.platforms[0].layers.empty());
  EXPECT_EQ(versions_at("team/other:2").at("alpha"), "1.0-2");
}

TEST_F(Rebase, MergesTheDatabaseThatTheApplicationWrote) {
  rig_.registry.add_image("team/app", application(with_database()), "1");
  move_base();
  const Patched patched = rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), to_new_base());
  ASSERT_EQ(patched.result.platforms[0].layers.size(), 1u);
  EXPECT_EQ(patched.result.platforms[0].layers[0].role, "merge");
  EXPECT_TRUE(patched.plan.platforms[0].base->merged);
  EXPECT_EQ(versions_at("team/app:2").at("alpha"), "1.0-2");
  // It stands on a base that is current; patched again, nothing is left to do, and the merge stays.
  const Patched again = rig_.patch(rig_.at("team/app:2"), rig_.at("team/app:3"), to_new_base());
  EXPECT_EQ(again.result.patched.digest, patched.result.patched.digest);
}

TEST_F(Rebase, OfARebasedImageReplacesTheMerge) {
  rig_.registry.add_image("team/app", application(with_database()), "1");
  move_base(2);
  rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), to_new_base());
  mirror_.serve(debian_->archives({{"amd64", 3}}));
  move_base(3);
  const Patched patched = rig_.patch(rig_.at("team/app:2"), rig_.at("team/app:3"), to_new_base());
  EXPECT_EQ(patched.plan.platforms[0].own_layers, 1u);
  const SampleTree tree = tree_at(rig_.registry, "team/app", "3");
  const auto root = oci::Manifest::parse(tree.blobs.at(tree.root.digest), tree.root.media_type, "test");
  EXPECT_EQ(root.layers().size(), 3u) << "base, application, merge";
  EXPECT_EQ(versions_at("team/app:3").at("alpha"), "1.0-3");
}

TEST_F(Rebase, WhatIsStillOpenIsPatchedInTheSameBuild) {
  rig_.registry.add_image("team/app", application(with_database()), "1");
  rig_.registry.add_image("team/base", base(2), "next");
  mirror_.serve(debian_->archives({{"amd64", 3}}));
  WishForPatch wish{.base = {.strategy = patch::Strategy::rebase, .new_base = oci::Location::parse(rig_.at("team/base:next"))}};
  const Patched patched = rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), wish);
  std::vector<std::string> roles;
  for (const auto& layer : patched.result.platforms[0].layers) roles.push_back(layer.role);
  EXPECT_EQ(roles, (std::vector<std::string>{"merge", "payload", "database"}));
  EXPECT_EQ(versions_at("team/app:2").at("alpha"), "1.0-3");
  // Appending to it takes off payload and database, and leaves base and merge.
  mirror_.serve(debian_->archives({{"amd64", 4}}));
  const Patched again = rig_.patch(rig_.at("team/app:2"), rig_.at("team/app:3"));
  EXPECT_EQ(again.plan.platforms[0].own_layers, 2u);
  EXPECT_EQ(versions_at("team/app:3").at("alpha"), "1.0-4");
}

TEST_F(Rebase, ABaseThatIsNoneIsRefused) {
  rig_.registry.add_image("team/app", application(program()), "1");
  rig_.registry.add_image("team/base", base(2), "other");
  WishForPatch wish = to_new_base();
  wish.base.old_base = oci::Location::parse(rig_.at("team/base:other"));
  EXPECT_NE(refusal(wish, ErrorKind::input).find("its layer 1 is"), std::string::npos);
}

TEST_F(Rebase, ABaseOfAnotherArchitectureIsRefused) {
  rig_.registry.add_image("team/app", application(program()), "1");
  rig_.registry.add_image("team/base", base(2, "arm64"), "other");
  WishForPatch wish = to_new_base();
  wish.base.new_base = oci::Location::parse(rig_.at("team/base:other"));
  EXPECT_NE(refusal(wish, ErrorKind::input).find("is not for linux/amd64"), std::string::npos);
}

TEST_F(Rebase, AnUnknownBaseIsRefusedAndAutomaticallyAppended) {
  rig_.registry.add_image("team/app", application(program(), "amd64", false), "1");
  EXPECT_NE(refusal(to_new_base(), ErrorKind::refused).find("is not known"), std::string::npos);
  WishForPatch wish{.base = {.strategy = patch::Strategy::automatic}};
  const Patched patched = rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), wish);
  EXPECT_EQ(patched.plan.platforms[0].strategy, "append");
  EXPECT_TRUE(std::any_of(patched.plan.platforms[0].notes.begin(), patched.plan.platforms[0].notes.end(), [](const std::string& note) { return note.starts_with("appended, not rebased"); }));
}

TEST_F(Rebase, ABaseThatMovesAfterThePlanIsRefused) {
  rig_.registry.add_image("team/app", application(program()), "1");
  move_base(2);
  const document::Plan plan = rig_.plan(rig_.at("team/app:1"), to_new_base());
  move_base(3);
  try {
    rig_.build(plan, rig_.at("team/app:2"), to_new_base());
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(error.message().find("now"), std::string::npos) << error.message();
  }
  EXPECT_FALSE(rig_.registry.manifest("team/app", "2"));
}

TEST_F(Rebase, ABaseThatMovesWhileThePlanIsMadeIsPlannedAsItWasAndRefusedByTheBuild) {
  rig_.registry.add_image("team/app", application(program()), "1");
  move_base(2);
  document::Plan plan;
  {
    WayRig::Process process(rig_);
    patch::ImageView image = patch::open_image(oci::Location::parse(rig_.at("team/app:1")), {}, process.tools);
    patch::PlanRequest request;
    request.repositories = rig_.repositories();
    request.as_of = kNow;
    request.base.strategy = patch::Strategy::rebase;
    patch::find_bases_of(image, request, process.tools);
    move_base(3);
    plan = patch::plan_or_recall(image, request, process.tools);
  }
  EXPECT_EQ(plan.platforms[0].base->root, base(2).root.digest) << "one answer for the whole plan";
  EXPECT_THROW(rig_.build(plan, rig_.at("team/app:2"), to_new_base()), Error);
  EXPECT_FALSE(rig_.registry.manifest("team/app", "2"));
}

TEST_F(Rebase, ABaseOfAnotherOperatingSystemIsRefused) {
  rig_.registry.add_image("team/app", application(program()), "1");
  rig_.registry.add_image("team/base", built_image({.layers = {debian_->layer("amd64", 2)}, .os = "freebsd"}), "12");
  WishForPatch wish = to_new_base();
  wish.base.old_base = oci::Location::parse(rig_.at("team/base@" + base(1).root.digest.text()));
  wish.base.new_base = oci::Location::parse(rig_.at("team/base:12"));
  EXPECT_NE(refusal(wish, ErrorKind::input).find("is not for linux/amd64"), std::string::npos);
}

TEST_F(Rebase, ABaseOfAnotherSystemIsRefused) {
  rig_.registry.add_image("team/app", application(program()), "1");
  const std::string other = TarBuilder().dir("usr").dir("usr/lib").file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n").bytes();
  rig_.registry.add_image("team/base", built_image({.layers = {debian_->layer("amd64", 2), other}}), "12");
  const std::string message = refusal(to_new_base(), ErrorKind::refused);
  EXPECT_NE(message.find("13"), std::string::npos) << message;
}

TEST_F(Rebase, ABaseWithAnEnormousConfigIsRefused) {
  rig_.registry.add_image("team/app", application(program()), "1");
  rig_.registry.add_image("team/base", base(2, "amd64", R"("Labels":{"a":")" + std::string(10u << 20, 'x') + "\"}"), "big");
  WishForPatch wish = to_new_base();
  wish.base.new_base = oci::Location::parse(rig_.at("team/base:big"));
  const std::string message = refusal(wish, ErrorKind::input);
  EXPECT_NE(message.find("is too large"), std::string::npos) << message;
}

TEST_F(Rebase, ABaseWhoseConfigHasOtherLayersThanItsManifestIsRefused) {
  rig_.registry.add_image("team/app", application(program()), "1");
  SampleTree bad = base(2);
  const auto manifest = oci::Manifest::parse(bad.blobs.at(bad.root.digest), bad.root.media_type, "test");
  Json config = parse_json(bad.blobs.at(manifest.config().digest), "config");
  config["rootfs"]["diff_ids"].push_back(Digest::of("no layer").text());
  const std::string bytes = dump_compact(config);
  OrderedJson edited = parse_json_ordered(bad.blobs.at(bad.root.digest), "manifest");
  edited["config"] = manifest.config().with_content(bytes).to_json();
  const std::string whole = dump_compact(edited);
  bad.blobs[Digest::of(bytes)] = bytes;
  bad.blobs[Digest::of(whole)] = whole;
  bad.root = bad.root.with_content(whole);
  rig_.registry.add_image("team/base", bad, "bad");
  WishForPatch wish = to_new_base();
  wish.base.new_base = oci::Location::parse(rig_.at("team/base:bad"));
  EXPECT_NE(refusal(wish, ErrorKind::input).find("diff_ids"), std::string::npos);
}

// History is no proof of anything: none, or one that is too short, is filled up (oci/history.hpp).
TEST_F(Rebase, AHistoryThatDoesNotFitTheLayersIsNoObstacle) {
  const std::string name = R"(,"annotations":{"org.opencontainers.image.base.name":")" + rig_.registry.reference("team/base:12") +
                           R"(","org.opencontainers.image.base.digest":")" + base(1).root.digest.text() + "\"}";
  rig_.registry.add_image("team/app",
                          built_image({.layers = {debian_->layer("amd64"), program(), TarBuilder().file("srv/b").bytes()}, .more_config = R"(,"history":[{"created_by":"ADD"}])", .more_manifest = name}), "1");
  move_base();
  rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), to_new_base());
  WayRig::Process process(rig_);
  const patch::ImageView image = patch::look(oci::Location::parse(rig_.at("team/app:2")), {}, process.tools);
  EXPECT_EQ(image.platforms[0].image.config.diff_ids().size(), 3u);
  EXPECT_EQ(image.platforms[0].image.config.history().size(), 3u);
}

TEST_F(Rebase, LayersThatWereSwappedWithoutAMergeAreFoundByVerify) {
  const auto findings_of = [&](const std::vector<std::string>& layers, const std::string& tag) {
    rig_.registry.add_image("team/swapped", built_image({.layers = layers}), tag);
    WayRig::Process process(rig_);
    std::vector<std::string> found;
    for (const auto& finding : patch::verify_image(patch::look(oci::Location::parse(rig_.at("team/swapped:" + tag)), {}, process.tools), std::nullopt, process.tools).findings) {
      found.push_back(finding.subject + " " + finding.problem);
    }
    return found;
  };
  EXPECT_EQ(findings_of({debian_->layer("amd64", 1), with_database()}, "whole"), std::vector<std::string>());
  const auto found = findings_of({debian_->layer("amd64", 2), with_database()}, "swapped");
  ASSERT_EQ(found.size(), 2u) << "alpha and beta";
  EXPECT_NE(found[0].find("is recorded as 1.0-1, but 1.0-2 is what was installed"), std::string::npos) << found[0];
}

TEST_F(Rebase, ASecondNightWithNothingNewReadsAndWritesNothing) {
  for (const std::string& layer : {program(), with_database()}) {
    rig_.registry.add_image("team/app", application(layer), "1");
    move_base();
    const Patched first = rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), to_new_base());
    rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), to_new_base());  // learns what the name means now
    std::filesystem::remove_all(rig_.cache_folder() / "layer-index");  // who looks at a layer now has to read it
    rig_.registry.forget();
    mirror_.forget();
    const Patched second = rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), to_new_base());
    EXPECT_EQ(second.result.patched.digest, first.result.patched.digest);
    EXPECT_EQ(rig_.registry.bytes_down(), 0u);
    EXPECT_EQ(rig_.registry.bytes_up(), 0u);
    for (const std::string& line : mirror_.log()) EXPECT_TRUE(line.ends_with("InRelease 304")) << line;
  }
}

TEST_F(Rebase, WhatWasBuiltIsTakenAgainAsLongAsTheBaseIsTheSame) {
  rig_.registry.add_image("team/app", application(with_database()), "1");
  move_base(2);
  const document::Plan plan = rig_.plan(rig_.at("team/app:1"), to_new_base());
  const document::Result first = rig_.build(plan, rig_.at("team/app:2"), to_new_base());
  std::filesystem::remove_all(rig_.cache_folder() / "layer-index");
  rig_.registry.forget();
  EXPECT_EQ(rig_.build(plan, rig_.at("elsewhere/app:2"), to_new_base()).patched.digest, first.patched.digest);
  EXPECT_EQ(rig_.registry.summary().count("GET blob"), 0u);
  EXPECT_EQ(tree_at(rig_.registry, "elsewhere/app", "2").blobs, tree_at(rig_.registry, "team/app", "2").blobs);
  EXPECT_EQ(rig_.registry.violations(), std::vector<std::string>());
  move_base(3);
  EXPECT_THROW(rig_.build(plan, rig_.at("elsewhere/app:3"), to_new_base()), Error);
  EXPECT_FALSE(rig_.registry.manifest("elsewhere/app", "3"));
}

TEST_F(Rebase, AnImageThatCopaPatchedIsToldInThePlan) {
  const auto notes_of = [&](const ImageParts& parts) {
    rig_.registry.add_image("team/copa", built_image(parts), "1");
    return rig_.plan(rig_.at("team/copa:1")).platforms[0].notes;
  };
  const std::string mark = R"(,"annotations":{"sh.copa.image.patched":"2026-01-01T00:00:00Z"})";
  const auto says = [](const std::vector<std::string>& notes, const std::string& text) {
    return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) { return note.find(text) != std::string::npos; });
  };
  EXPECT_FALSE(says(notes_of({.layers = {debian_->layer("amd64")}}), "Copa"));
  EXPECT_TRUE(says(notes_of({.layers = {debian_->layer("amd64")}, .more_manifest = mark}), "before by Copa:"));
  EXPECT_TRUE(says(notes_of({.layers = {debian_->layer("amd64")}, .config = R"("labels":{"BaseImage":"example.org/app:1"})", .more_manifest = mark}), "Copa, from example.org/app:1"));
  EXPECT_TRUE(says(notes_of({.layers = {debian_->layer("amd64")}, .config = R"("Labels":{"BaseImage":"example.org/app:1","sh.copa.image.patched":"x"})"}), "Copa, from example.org/app:1"));
}

TEST_F(Rebase, UnderAppendNobodyIsAskedUnlessABaseIsNamed) {
  rig_.registry.add_image("team/app", application(program()), "1");
  move_base();
  rig_.registry.forget();
  EXPECT_FALSE(rig_.plan(rig_.at("team/app:1")).platforms[0].base);
  WishForPatch wish{.base = {.new_base = oci::Location::parse(rig_.at("team/base:12"))}};
  const document::Plan plan = rig_.plan(rig_.at("team/app:1"), wish);
  ASSERT_TRUE(plan.platforms[0].base && plan.platforms[0].base->gain);
  EXPECT_EQ(plan.platforms[0].base->gain->fixed, 2u);
  EXPECT_EQ(plan.platforms[0].base->gain->of, 2u);
  EXPECT_EQ(plan.platforms[0].strategy, "append");
}

TEST_F(Rebase, AWholeIndex) {
  const SampleTree bases = built_index({{base(2), platform_member("linux/amd64")}, {base(2, "arm64"), platform_member("linux/arm64/v8")}});
  const SampleTree old_bases = built_index({{base(1), platform_member("linux/amd64")}, {base(1, "arm64"), platform_member("linux/arm64/v8")}});
  rig_.registry.add_image("team/base", old_bases, "1");
  rig_.registry.add_image("team/base", bases, "2");
  rig_.registry.add_image("team/app", built_index({{application(program(), "amd64", false), platform_member("linux/amd64")}, {application(program(), "arm64", false), platform_member("linux/arm64/v8")}}),
                          "1");
  WishForPatch wish = to_new_base();
  wish.base.old_base = oci::Location::parse(rig_.at("team/base:1"));
  wish.base.new_base = oci::Location::parse(rig_.at("team/base:2"));
  const Patched patched = rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"), wish);
  for (const auto& platform : patched.plan.platforms) EXPECT_EQ(platform.strategy, "rebase") << platform.platform.text();
  EXPECT_EQ(rig_.registry.violations(), std::vector<std::string>());
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::test
