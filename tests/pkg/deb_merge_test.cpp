// SPDX-License-Identifier: Apache-2.0
// Databases merged three ways: over random small ones the result is one side's where only that side changed, and always true of the files; else it is refused.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <string>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "pkg/deb/merge.hpp"
#include "pkg/deb/merge_lines.hpp"
#include "pkg/deb/status.hpp"
#include "rootfs/tree.hpp"
#include "support/tar_builder.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

using test::TarBuilder;

// Packages "p0".."p4" at versions 1 to 3: of each a file of one name with another content, and one whose name has the version in it.
using Installed = std::map<std::string, int>;
using Files = std::map<std::string, std::string>;

Files files_of(const std::string& name, int version) {
  const std::string v = std::to_string(version);
  return {{"usr/bin/" + name, name + " " + v}, {"usr/lib/" + name + ".so." + v, "library " + v}};
}

std::string list_of(const std::string& name, int version) {
  std::string list = "/.\n/usr\n/usr/bin\n/usr/lib\n";
  for (const auto& [path, content] : files_of(name, version)) list += "/" + path + "\n";
  return list;
}

std::string sums_of(const std::string& name, int version) {
  std::string sums;
  for (const auto& [path, content] : files_of(name, version)) sums += to_hex(md5_of(content)) + "  " + path + "\n";
  return sums;
}

std::string status_of(const Installed& installed) {
  std::string status;
  for (const auto& [name, version] : installed) {
    status += "Package: " + name + "\nStatus: install ok installed\nMaintainer: a\nArchitecture: amd64\nVersion: " + std::to_string(version) + "\nDescription: d\n\n";
  }
  return status;
}

Files tree_files(const Installed& installed) {
  Files out = {{"var/lib/dpkg/status", status_of(installed)}};
  for (const auto& [name, version] : installed) {
    for (const auto& file : files_of(name, version)) out.insert(file);
    out["var/lib/dpkg/info/" + name + ".list"] = list_of(name, version);
    out["var/lib/dpkg/info/" + name + ".md5sums"] = sums_of(name, version);
  }
  return out;
}

using Index = std::shared_ptr<const rootfs::LayerIndex>;

Index indexed(const TarBuilder& tar) {
  const std::string bytes = tar.bytes();
  const auto source = resole::source_of(std::string_view(bytes));
  return std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest::of(bytes)));
}

void add_files(TarBuilder& tar, const Files& files) {
  std::set<std::string> directories;
  for (const auto& [path, content] : files) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (directories.insert(path.substr(0, slash)).second) tar.dir(path.substr(0, slash));
    }
  }
  for (const auto& [path, content] : files) tar.file(path, content);
}

Index base_layer(const Installed& installed) {
  TarBuilder tar;
  for (const char* directory : {"usr", "usr/bin", "usr/lib"}) tar.dir(directory);
  Files files = tree_files(installed);
  for (const auto& [path, content] : files) {
    if (path.starts_with("usr/")) tar.file(path, content);
  }
  std::erase_if(files, [](const auto& file) { return file.first.starts_with("usr/"); });
  add_files(tar, files);
  return indexed(tar);
}

// What dpkg leaves in a layer: whiteouts of what went, every file of what it unpacked, the whole of its status. Nothing when nothing changed.
std::vector<Index> application_layers(const Installed& before, const Installed& after, const Files& own = {}) {
  if (before == after && own.empty()) return {};
  TarBuilder tar;
  const Files old_files = tree_files(before), new_files = tree_files(after);
  for (const auto& [path, content] : old_files) {
    if (!new_files.contains(path)) tar.whiteout(path);
  }
  Files written = own;
  for (const auto& [name, version] : after) {
    const auto was = before.find(name);
    if (was != before.end() && was->second == version) continue;
    for (const auto& [path, content] : tree_files({{name, version}})) written[path] = content;
  }
  if (before != after) written["var/lib/dpkg/status"] = status_of(after);
  add_files(tar, written);
  return {indexed(tar)};
}

rootfs::Tree tree_over(const Index& base, const std::vector<Index>& above) {
  std::vector<Index> layers = {base};
  layers.insert(layers.end(), above.begin(), above.end());
  return rootfs::Tree::merge(std::move(layers));
}

struct Outcome {
  pkg::MergeResult result;
  rootfs::Tree tree;
};

Outcome merged(const Installed& o, const Installed& n, const std::vector<Index>& application) {
  const rootfs::Tree old_base = tree_over(base_layer(o), {}), new_base = tree_over(base_layer(n), {}), image = tree_over(base_layer(o), application);
  rootfs::Tree stacked = tree_over(base_layer(n), application);
  pkg::MergeResult result = merge({.old_base = old_base, .new_base = new_base, .application = image, .stacked = stacked, .arch = "amd64", .epoch = 1});
  std::string bytes;
  StringSink sink(bytes);
  auto layer = std::make_shared<const rootfs::LayerIndex>(result.draft.write(stacked, 1, sink));
  return {std::move(result), stacked.with(layer)};
}

Installed database_of(const rootfs::Tree& tree) {
  Installed out;
  for (const StatusStanza& stanza : read_status(tree)) out[stanza.package.name] = std::stoi(stanza.package.version);
  return out;
}

bool is_true(const rootfs::Tree& tree) {
  const Installed installed = database_of(tree);
  std::set<std::string> known;
  for (const auto& [name, version] : installed) {
    if (tree.content("var/lib/dpkg/info/" + name + ".list") != list_of(name, version)) return false;
    for (const auto& [path, content] : files_of(name, version)) {
      const rootfs::Node* node = tree.find(path);
      if (!node || node->entry.sha256 != sha256_of(content)) return false;
      known.insert(path);
    }
  }
  for (const char* directory : {"usr/bin", "usr/lib"}) {
    for (const std::string& name : tree.children(directory)) {
      if (!known.contains(std::string(directory) + "/" + name)) return false;  // of no package: left over
    }
  }
  for (const std::string& file : tree.children("var/lib/dpkg/info")) {
    if (!installed.contains(file.substr(0, file.find('.')))) return false;
  }
  return true;
}

Installed some_packages() {
  Installed out;
  for (int i = 0; i < 5; ++i) {
    const int version = *rc::gen::inRange(0, 4);
    if (version > 0) out["p" + std::to_string(i)] = version;
  }
  return out;
}

RC_GTEST_PROP(DebMerge, where_the_base_stays_the_image_stays, ()) {
  const Installed o = some_packages(), a = some_packages();
  const Outcome outcome = merged(o, o, application_layers(o, a));
  RC_ASSERT(outcome.result.conflicts.empty());
  RC_ASSERT(outcome.result.draft.empty());
  RC_ASSERT(database_of(outcome.tree) == a);
}

RC_GTEST_PROP(DebMerge, where_the_application_changed_no_package_the_new_base_stands, ()) {
  const Installed o = some_packages(), n = some_packages();
  const Files own = *rc::gen::arbitrary<bool>() ? Files{{"srv/app", "x"}} : Files();
  const Outcome outcome = merged(o, n, application_layers(o, o, own));
  RC_ASSERT(outcome.result.conflicts.empty());
  RC_ASSERT(outcome.result.draft.empty());
  RC_ASSERT(database_of(outcome.tree) == n);
}

RC_GTEST_PROP(DebMerge, the_result_is_true_or_refused, ()) {
  const Installed o = some_packages(), n = some_packages(), a = some_packages();
  const Outcome outcome = merged(o, n, application_layers(o, a));
  RC_CLASSIFY(!outcome.result.conflicts.empty(), "refused");
  if (!outcome.result.conflicts.empty()) return;
  RC_ASSERT(is_true(outcome.tree));
  const Installed got = database_of(outcome.tree);
  const auto at = [](const Installed& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? 0 : found->second;
  };
  for (int i = 0; i < 5; ++i) {
    const std::string name = "p" + std::to_string(i);
    const int was = at(o, name), theirs = at(n, name), own = at(a, name), now = at(got, name);
    if (own == was) RC_ASSERT(now == theirs);
    else if (theirs == was || own == theirs) RC_ASSERT(now == own);
    else RC_ASSERT(now == theirs || now == own);
  }
}

TEST(DebMerge, a_file_of_the_old_version_over_the_new_one_is_refused) {
  const Installed o = {{"p0", 1}}, n = {{"p0", 2}};
  const Outcome outcome = merged(o, n, application_layers(o, o, {{"usr/bin/p0", "patched by hand"}}));
  ASSERT_EQ(outcome.result.conflicts.size(), 1u);
  EXPECT_EQ(outcome.result.conflicts[0].subject, "p0:amd64");
  EXPECT_NE(outcome.result.conflicts[0].problem.find("/usr/bin/p0"), std::string::npos) << outcome.result.conflicts[0].problem;
}

TEST(DebMerge, a_hold_is_the_applications_and_the_version_the_bases) {
  const Installed o = {{"p0", 1}}, n = {{"p0", 2}};
  std::string held = status_of(o);
  held.replace(held.find("Status: install"), 15, "Status: hold");
  const Outcome outcome = merged(o, n, application_layers(o, o, {{"var/lib/dpkg/status", held}}));
  EXPECT_TRUE(outcome.result.conflicts.empty());
  const auto stanzas = read_status(outcome.tree);
  ASSERT_EQ(stanzas.size(), 1u);
  EXPECT_EQ(stanzas[0].want, "hold");
  EXPECT_EQ(stanzas[0].package.version, "2");
}

TEST(DebMerge, what_both_sides_changed_is_named) {
  const Installed o = {{"p0", 1}};
  std::vector<Index> application;
  TarBuilder own, base, next;
  own.dir("etc").file("etc/setting", "of the application").file("etc/passwd", "root:x:0:0::/:\napp:x:100:100::/:\n");
  base.dir("etc").file("etc/setting", "first").file("etc/passwd", "root:x:0:0::/:\n");
  next.dir("etc").file("etc/setting", "second").file("etc/passwd", "root:x:0:0::/:\nsys:x:100:100::/:\n");
  const auto over = [&](const std::vector<Index>& more) { return tree_over(base_layer(o), more); };
  const rootfs::Tree old_base = over({indexed(base)}), new_base = over({indexed(next)}), image = over({indexed(base), indexed(own)}), stacked = over({indexed(next), indexed(own)});
  const auto result = merge({.old_base = old_base, .new_base = new_base, .application = image, .stacked = stacked, .arch = "amd64", .epoch = 1});
  std::string all;
  for (const auto& conflict : result.conflicts) all += conflict.subject + ": " + conflict.problem + "\n";
  EXPECT_NE(all.find("/etc/setting"), std::string::npos) << all;
  EXPECT_NE(all.find("number 100"), std::string::npos) << all;
}

TEST(MergeLines, records_of_both_sides_stand_in_the_new_bases_order) {
  const auto passwd = merge_text({"a:1\nb:2\n", "a:1\nc:3\nb:2\n", "a:1\nb:2\nz:9\n"}, lines_by_first_field());
  EXPECT_EQ(passwd.text, "a:1\nc:3\nb:2\nz:9\n");
  EXPECT_TRUE(passwd.conflicts.empty());
  const auto gone = merge_text({"a\nb\nc\n", "a\nc\n", "a\nb\n"}, set_of_lines());
  EXPECT_EQ(gone.text, "a\n");
  const auto group = merge_text({"g:x:1:a\nh:x:2:\n", "g:x:1:a,b\nh:x:2:\n", "g:x:1:c,a\nh:x:2:\ni:x:3:\n"}, groups());
  EXPECT_EQ(group.text, "g:x:1:a,b,c\nh:x:2:\ni:x:3:\n");
  const auto clash = merge_text({"a:1\n", "a:2\n", "a:3\n"}, lines_by_first_field());
  EXPECT_EQ(clash.conflicts, (std::vector<std::string>{"a"}));
  const auto marks = merge_text({"Package: a\nArchitecture: x\n\n", "Package: a\nArchitecture: x\nAuto-Installed: 1\n\n", "Package: a\nArchitecture: x\n\nPackage: b\nArchitecture: x\n\n"},
                                paragraphs({"Package", "Architecture"}));
  EXPECT_EQ(marks.text, "Package: a\nArchitecture: x\nAuto-Installed: 1\n\nPackage: b\nArchitecture: x\n\n");
  EXPECT_EQ(merge_text({std::nullopt, "x\n", std::nullopt}, set_of_lines()).text, "x\n");
  EXPECT_EQ(merge_text({"x\n", "x\n", std::nullopt}, set_of_lines()).text, std::nullopt);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::deb
