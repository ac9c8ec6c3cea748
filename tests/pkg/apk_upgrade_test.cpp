// SPDX-License-Identifier: Apache-2.0
// Upgrades over small trees: protected files, replaced files, links, directories, deleted files; and what holds of every upgrade. That all of it is as apk has
// it: integration/alpine.bats, beside the real apk.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/family.hpp"
#include "pkg/apk/installed.hpp"
#include "pkg/apk/scripts.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"
#include "support/apk_builder.hpp"
#include "support/listening_reporter.hpp"

namespace resole::apk {
namespace RESOLE_TEST_FILE {

using test::ApkBuilder;

const ApkFamily kFamily;

struct Upgraded {
  pkg::UpgradeResult result;
  rootfs::Tree tree;
};

// Payload, then database, as build/layers puts them.
rootfs::Tree with_layers(const rootfs::Tree& below, const pkg::UpgradeResult& result) {
  std::string payload, database;
  StringSink payload_sink(payload), database_sink(database);
  result.head.write(below, result.epoch, payload_sink, false);
  for (const pkg::Segment& segment : result.segments) {
    const auto source = archive::decompress(segment.compressed);
    copy_all(*source, payload_sink);
  }
  payload.append(1024, '\0');
  const auto read = [](const std::string& bytes) {
    const auto source = source_of(std::string_view(bytes));
    return std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, {}));
  };
  const rootfs::Tree middle = below.with(read(payload));
  result.database.write(middle, result.epoch, database_sink, true);
  return middle.with(read(database));
}

pkg::Candidate candidate_of(const std::string& bytes) {
  const PackageFile file = PackageFile::open(Blob::of(bytes), "p");
  pkg::Candidate candidate;
  static_cast<pkg::Package&>(candidate) = package_of(file.control().description);
  candidate.entry.sha256 = Digest::of(bytes);
  candidate.entry.checksum = file.control().description.checksum;
  candidate.entry.size = bytes.size();
  return candidate;
}

Upgraded upgraded(const rootfs::Tree& tree, const std::vector<ApkBuilder>& packages, std::vector<std::string> actions = {}) {
  static test::MemoryCache cache;
  test::ListeningReporter reporter;
  const pkg::RecipeBook recipes = pkg::RecipeBook::parse({});
  const pkg::Inventory inventory = kFamily.inventory(tree, {}, {});
  std::vector<pkg::Item> items;
  for (const ApkBuilder& package : packages) {
    const std::string bytes = package.build();
    pkg::Item item{.name = {}, .arch = "x86_64", .from = {}, .to = candidate_of(bytes), .archive = [bytes] { return Blob::of(bytes); }, .overwrite = {}, .keep = {}};
    item.name = item.to.name;
    if (const auto* installed = inventory.find(item.name, "x86_64")) item.from = installed->version;
    item.actions = actions;
    items.push_back(std::move(item));
  }
  const pkg::UpgradeRequest request{.tree = tree, .inventory = inventory, .items = std::move(items), .recipes = recipes, .cache = cache, .spool = memory_spool, .reporter = reporter};
  pkg::UpgradeResult result = kFamily.upgrade(request);
  rootfs::Tree after = with_layers(tree, result);
  return {std::move(result), std::move(after)};
}

rootfs::Tree empty_root(std::map<std::string, std::string> more = {}) {
  more.insert({{"lib/apk/db/installed", ""}, {"lib/apk/db/scripts.tar", std::string(1024, '\0')}, {"lib/apk/db/triggers", ""}, {"etc/apk/world", "a\nb\n"}, {"etc/apk/arch", "x86_64\n"}});
  return test::tree_of(more);
}

rootfs::Tree with_layer(const rootfs::Tree& below, const test::TarBuilder& layer) {
  const std::string bytes = layer.bytes();
  const auto source = source_of(std::string_view(bytes));
  return below.with(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, {})));
}

std::string files_of(const rootfs::Tree& tree, const std::string& package) {
  std::string text;
  const InstalledDatabase database = InstalledDatabase::read(tree);
  const InstalledStanza* stanza = database.find(package);
  for (std::size_t d = 0; stanza && d < stanza->directories.size(); ++d) {
    for (const InstalledFile& file : stanza->directories[d].files) text += stanza->directories[d].path + "/" + file.name + " ";
  }
  return text;
}

bool has_content(const rootfs::Tree& tree, const std::string& path, std::string_view content) {
  const rootfs::Node* node = tree.find(path);
  return node && node->entry.type == tar::Type::file && node->entry.sha256 == sha256_of(content);
}

TEST(ApkUpgrade, ProtectedFiles) {
  const ApkBuilder one = ApkBuilder("a", "1-r0").file("etc/a/same", "1").file("etc/a/changed", "1").file("etc/a/both", "1").file("etc/a/gone", "1").file("etc/a/gone-changed", "1").file("usr/a", "1");
  const ApkBuilder two = ApkBuilder("a", "1-r1").file("etc/a/same", "2").file("etc/a/changed", "2").file("etc/a/both", "2").file("etc/a/mine", "2").file("usr/a", "2");
  const rootfs::Tree installed = upgraded(empty_root(), {one}).tree;
  const rootfs::Tree changed = with_layer(installed, test::TarBuilder().dir("etc").dir("etc/a").file("etc/a/changed", "mine").file("etc/a/both", "2").file("etc/a/gone-changed", "mine").file("etc/a/mine", "mine"));
  const Upgraded after = upgraded(changed, {two});
  EXPECT_TRUE(has_content(after.tree, "etc/a/same", "2"));
  EXPECT_TRUE(has_content(after.tree, "etc/a/changed", "mine"));
  EXPECT_TRUE(has_content(after.tree, "etc/a/changed.apk-new", "2"));
  EXPECT_TRUE(has_content(after.tree, "etc/a/both", "2"));
  EXPECT_EQ(after.tree.find("etc/a/both.apk-new"), nullptr);
  EXPECT_TRUE(has_content(after.tree, "etc/a/mine", "mine")) << "a file that the database does not know is somebody's";
  EXPECT_TRUE(has_content(after.tree, "etc/a/mine.apk-new", "2"));
  EXPECT_EQ(after.tree.find("etc/a/gone"), nullptr);
  EXPECT_TRUE(has_content(after.tree, "etc/a/gone-changed", "mine"));
  EXPECT_TRUE(has_content(after.tree, "usr/a", "2"));
  EXPECT_EQ(after.result.notes.size(), 2u);
}

TEST(ApkUpgrade, FilesChangeHands) {
  const rootfs::Tree installed =
      upgraded(empty_root(), {ApkBuilder("a", "1-r0").file("usr/bin/x", "a"), ApkBuilder("b", "1-r0").field("origin", "b-source").file("usr/bin/y", "b").file("usr/lib/z", "b")}).tree;
  EXPECT_EQ(files_of(installed, "b"), "usr/bin/y usr/lib/z ");
  try {
    upgraded(installed, {ApkBuilder("a", "1-r1").file("usr/bin/y", "a")});
    ADD_FAILURE() << "a file of another package was overwritten";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_NE(error.message().find("belongs to b"), std::string::npos);
  }
  const Upgraded taken = upgraded(installed, {ApkBuilder("a", "1-r1").field("replaces", "b<2").file("usr/bin/y", "a")});
  EXPECT_TRUE(has_content(taken.tree, "usr/bin/y", "a"));
  EXPECT_EQ(taken.tree.find("usr/bin/x"), nullptr);
  EXPECT_EQ(files_of(taken.tree, "a"), "usr/bin/y ");
  EXPECT_EQ(files_of(taken.tree, "b"), "usr/lib/z ");
  const Upgraded same_origin = upgraded(installed, {ApkBuilder("c", "1-r1").field("origin", "b-source").file("usr/bin/y", "c")});
  EXPECT_EQ(files_of(same_origin.tree, "c"), "usr/bin/y ");
  // Who has the higher priority keeps it, and the other package is installed without.
  const rootfs::Tree strong = upgraded(empty_root(), {ApkBuilder("s", "1").field("replaces", "w").field("replaces_priority", "5").file("usr/q", "s")}).tree;
  const Upgraded weak = upgraded(strong, {ApkBuilder("w", "1").field("replaces", "s").file("usr/q", "w").file("usr/r", "w")});
  EXPECT_TRUE(has_content(weak.tree, "usr/q", "s"));
  EXPECT_EQ(files_of(weak.tree, "w"), "usr/r ");
}

TEST(ApkUpgrade, LinksDirectoriesAndWhatIsLeft) {
  const rootfs::Tree merged = upgraded(empty_root({{"usr/lib/", ""}, {"opt", "-> usr"}}), {ApkBuilder("a", "1-r0").file("opt/lib/x", "1").dir("var/a", 0700).file("var/a/data", "1").dir("var/b").file("var/b/c/d", "1")}).tree;
  EXPECT_TRUE(has_content(merged, "usr/lib/x", "1")) << "below a link to a directory";
  const rootfs::Tree used = with_layer(merged, test::TarBuilder().dir("var").dir("var/a", 0700).file("var/a/mine", "m").whiteout("usr/lib/x"));
  const Upgraded after = upgraded(used, {ApkBuilder("a", "1-r1").file("opt/lib/x", "2").file("opt/lib/y", "content").hardlink("opt/lib/z", "opt/lib/y", "content")});
  EXPECT_EQ(after.tree.find("usr/lib/x"), nullptr) << "what a layer deleted stays deleted";
  EXPECT_EQ(after.tree.link_set("usr/lib/y"), (std::vector<std::string>{"usr/lib/y", "usr/lib/z"}));
  EXPECT_EQ(after.tree.find("var/a/data"), nullptr);
  EXPECT_TRUE(has_content(after.tree, "var/a/mine", "m"));
  EXPECT_EQ(after.tree.find("var/b"), nullptr) << "a directory that nobody has any more goes when it is empty";
  EXPECT_EQ(after.tree.find("opt")->entry.type, tar::Type::symlink);
  const Upgraded opened = upgraded(used, {ApkBuilder("a", "1-r1").dir("var/a", 0755)});
  EXPECT_EQ(opened.tree.find("var/a")->entry.mode, 0755u) << "a directory that was as the package had it is as it has it now";
}

TEST(ApkUpgrade, ScriptsTriggersAndTheOtherStanzas) {
  const ApkBuilder one = ApkBuilder("a", "1-r0").field("triggers", "/usr/x").script("trigger", "t1").script("post-upgrade", "u1").file("usr/a", "1");
  const ApkBuilder other = ApkBuilder("b", "1-r0").field("triggers", "/usr/y").script("trigger", "b").file("usr/b", "1");
  const rootfs::Tree installed = upgraded(empty_root(), {one, other}).tree;
  const Upgraded after = upgraded(installed, {ApkBuilder("a", "1-r1").field("triggers", "/usr/z /usr/zz").script("trigger", "t2").file("usr/a", "2")});
  const InstalledDatabase before_database = InstalledDatabase::read(installed), database = InstalledDatabase::read(after.tree);
  EXPECT_EQ(database.find("b")->raw, before_database.find("b")->raw);
  const ScriptStore store = ScriptStore::read(after.tree, "lib/apk/db");
  EXPECT_EQ(store.of(database.find("a")->description.checksum).scripts, (ScriptTexts{{"trigger", "t2"}}));
  EXPECT_EQ(store.packages.size(), 2u);
  EXPECT_EQ(after.tree.content("lib/apk/db/triggers").value(), other.checksum() + " /usr/y\n" + database.find("a")->description.checksum + " /usr/z /usr/zz\n");
  EXPECT_EQ(after.tree.content("etc/apk/world").value(), "a\nb\n");
}

TEST(ApkUpgrade, Applets) {
  const ApkBuilder one = ApkBuilder("busybox", "1-r0").file("bin/busybox", "1", 0755).file("etc/busybox-paths.d/busybox", "bin/ls\nbin/wget\nbin/old\n");
  rootfs::Tree tree = upgraded(empty_root(), {one}).tree;
  tree = with_layer(tree, test::TarBuilder().dir("bin").symlink("bin/ls", "/bin/busybox").symlink("bin/old", "/bin/busybox"));
  const ApkBuilder two = ApkBuilder("busybox", "1-r1").file("bin/busybox", "2", 0755).file("etc/busybox-paths.d/busybox", "bin/ls\nbin/wget\nbin/new\n");
  const Upgraded after = upgraded(tree, {two}, {"busybox-applets"});
  EXPECT_NE(after.tree.find("bin/ls"), nullptr);
  ASSERT_NE(after.tree.find("bin/new"), nullptr);
  EXPECT_EQ(after.tree.find("bin/new")->entry.link, "/bin/busybox");
  EXPECT_EQ(after.tree.find("bin/old"), nullptr);
  EXPECT_EQ(after.tree.find("bin/wget"), nullptr) << "the image took it away";
}

TEST(ApkScripts, Verdicts) {
  const pkg::RecipeBook book = pkg::RecipeBook::parse({{"x.json", R"({"schema": "resole/recipe/v1", "id": "alpine", "family": "apk", "packages": [
    {"package": "busybox", "scriptSha256": [")" + sha256_hex_of("reviewed") + R"("], "actions": ["busybox-applets"], "reason": "read"}]})"}});
  const rootfs::Tree tree = upgraded(empty_root(), {ApkBuilder("busybox", "1-r0").field("triggers", "/usr/bin").script("trigger", "reviewed").file("bin/busybox", "1"),
                                                    ApkBuilder("fonts", "1-r0").field("triggers", "/usr/share/fonts/*").script("trigger", "cache").script("post-upgrade", "same").file("usr/f", "1")}).tree;
  const auto verdict = [&](const std::string& name, ScriptTexts scripts, std::vector<std::string> directories) {
    pkg::Package candidate;
    candidate.name = name;
    const ScriptFacts facts{.sha256 = {}, .scripts = std::move(scripts), .triggers = {}, .directories = std::move(directories)};
    return judge_scripts({tree, &book.all()[0], candidate, facts});
  };
  EXPECT_EQ(verdict("new", {}, {"usr", "usr/lib"}).kind, pkg::VerdictKind::none);
  EXPECT_EQ(verdict("new", {{"pre-upgrade", "x"}, {"post-deinstall", "y"}}, {}).kind, pkg::VerdictKind::none) << "these do not run when a package is new";
  EXPECT_EQ(verdict("new", {{"post-install", "x"}}, {}).kind, pkg::VerdictKind::unknown);
  EXPECT_EQ(verdict("fonts", {{"post-upgrade", "same"}}, {}).kind, pkg::VerdictKind::unchanged);
  EXPECT_EQ(verdict("fonts", {{"post-upgrade", "other"}}, {}).kind, pkg::VerdictKind::unknown);
  const pkg::Verdict triggered = verdict("new", {}, {"usr", "usr/bin"});
  EXPECT_EQ(triggered.kind, pkg::VerdictKind::recipe);
  EXPECT_EQ(triggered.actions, (std::vector<std::string>{"busybox-applets"}));
  const pkg::Verdict cache = verdict("new", {}, {"usr/share/fonts", "usr/share/fonts/x"});
  EXPECT_EQ(cache.kind, pkg::VerdictKind::unknown);
  EXPECT_NE(cache.reason.find("trigger of fonts"), std::string::npos);
}

// ---- of every upgrade

struct Dice {
  std::uint64_t state;
  std::size_t below(std::size_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state >> 33) % bound;
  }
};

ApkBuilder random_package(const std::string& name, int version, Dice& dice) {
  ApkBuilder package(name, fmt::format("1-r{}", version));
  for (const char* directory : {"etc/", "usr/share/", "usr/bin/", "opt/"}) {
    for (const char* file : {"one", "two", "three"}) {
      if (dice.below(3) == 0) continue;
      const std::string path = fmt::format("{}{}/{}", directory, name, file);
      if (dice.below(5) == 0)
        package.symlink(path, fmt::format("target{}", dice.below(3)));
      else
        package.file(path, fmt::format("content {}", dice.below(4)), dice.below(3) == 0 ? 0755 : 0644);
    }
  }
  if (dice.below(2) == 0) package.script("post-upgrade", fmt::format("script {}", dice.below(2)));
  if (dice.below(3) == 0) package.field("triggers", "/usr/" + name).script("trigger", "t");
  return package;
}

std::map<std::string, std::string> facts_of_tree(const rootfs::Tree& tree) {
  std::map<std::string, std::string> facts;
  tree.walk("", [&](const rootfs::Node& node) {
    facts[node.entry.path] = fmt::format("{} {:o} {}:{} {} {}", static_cast<int>(node.entry.type), node.entry.mode, node.entry.uid, node.entry.gid, node.entry.link,
                                         to_hex(node.entry.sha256));
  });
  return facts;
}

TEST(ApkUpgrade, Properties) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Dice dice{seed * 7919u};
    std::vector<ApkBuilder> first, second;
    for (const char* name : {"a", "b", "c", "bystander"}) first.push_back(random_package(name, 1, dice));
    for (const char* name : {"a", "b", "c"}) {
      if (dice.below(4) != 0) second.push_back(random_package(name, 2, dice));
    }
    if (second.empty()) continue;
    const rootfs::Tree installed = upgraded(empty_root({{"usr/share/", ""}}), first).tree;
    test::TarBuilder layer;
    layer.dir("srv").file("srv/mine", "mine").dir("etc").dir("etc/a");
    if (installed.find("etc/a/one")) layer.file("etc/a/one", "changed by hand");
    const rootfs::Tree image = with_layer(installed, layer);
    const Upgraded once = upgraded(image, second);
    std::vector<ApkBuilder> reversed(second.rbegin(), second.rend());
    const Upgraded other_order = upgraded(image, reversed);
    EXPECT_EQ(facts_of_tree(once.tree), facts_of_tree(other_order.tree)) << "the order of the items does not matter, seed " << seed;
    EXPECT_TRUE(has_content(once.tree, "srv/mine", "mine"));
    const auto before = facts_of_tree(image), after = facts_of_tree(once.tree);
    for (const auto& [path, facts] : before) {
      if (path.find("/bystander/") != std::string::npos) {
        EXPECT_EQ(after.at(path), facts) << path;
      }
    }
    const InstalledDatabase database = InstalledDatabase::read(once.tree);
    EXPECT_EQ(database.stanzas.size(), 4u);
    for (const InstalledStanza& stanza : database.stanzas) {  // every file that the database has is there, but for those of our own that stayed in etc
      for (const InstalledDirectory& directory : stanza.directories) {
        for (const InstalledFile& file : directory.files) EXPECT_NE(once.tree.find(directory.path + "/" + file.name), nullptr) << directory.path << "/" << file.name << " seed " << seed;
      }
    }
  }
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::apk
