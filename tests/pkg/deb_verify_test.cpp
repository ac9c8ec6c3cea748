// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/verify.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "pkg/deb/inventory.hpp"
#include "pkg/deb/ld_so_cache.hpp"
#include "pkg/deb_oracle.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

const std::string kStanza =
    "Package: foo\nStatus: install ok installed\nMaintainer: A <a@example.org>\nArchitecture: amd64\nVersion: 1\nConffiles:\n "
    "/etc/foo.conf 0cc175b9c0f1b6a831c399e269772661\nDescription: d\n\n";
const std::string kSums = "0cc175b9c0f1b6a831c399e269772661  usr/bin/foo\n92eb5ffee6ae2fec3ad71c777531578f  usr/bin/moved\n";

struct Image {
  std::string status = kStanza, program = "a";
  bool list = true;

  std::vector<std::string> findings() const {
    TarBuilder tar;
    tar.file("var/lib/dpkg/status", status).file("var/lib/dpkg/info/foo.md5sums", kSums).dir("etc");
    if (list) tar.file("var/lib/dpkg/info/foo.list", "/.\n/usr\n/usr/bin\n/usr/bin/foo\n/etc/foo.conf\n");
    if (program != "missing") tar.file("usr/bin/foo", program);
    const std::string bytes = tar.bytes();
    const auto source = source_of(bytes);
    const auto tree = rootfs::Tree::merge({std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest()))});
    std::vector<std::string> found;
    for (const auto& finding : deb::verify(tree, {})) found.push_back(finding.path + " " + finding.package + " " + finding.problem);
    return found;
  }
};

TEST(DebVerify, AGoodImage) { EXPECT_EQ(Image{}.findings(), std::vector<std::string>{}); }

TEST(DebVerify, ChangedAndMissingFiles) {
  EXPECT_EQ(Image{.program = "b"}.findings(),
            std::vector<std::string>{"/usr/bin/foo foo:amd64 does not have the content that the package gave it"});
  const auto missing = Image{.program = "missing"}.findings();
  EXPECT_NE(std::ranges::find(missing, "/usr/bin/foo foo:amd64 is missing"), missing.end());
}

rootfs::Tree layered(const std::vector<TarBuilder>& tars) {
  std::vector<std::shared_ptr<const rootfs::LayerIndex>> layers;
  for (const TarBuilder& tar : tars) {
    const std::string bytes = tar.bytes();
    const auto source = source_of(bytes);
    layers.push_back(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest())));
  }
  return rootfs::Tree::merge(std::move(layers));
}

TarBuilder installed(const std::string& program) {
  return TarBuilder()
      .file("var/lib/dpkg/status", kStanza)
      .file("var/lib/dpkg/info/foo.list", "/.\n/usr\n/usr/bin\n/usr/bin/foo\n/usr/share\n/usr/share/doc\n/usr/share/doc/foo\n/usr/share/doc/foo/x\n")
      .file("var/lib/dpkg/info/foo.md5sums", "0cc175b9c0f1b6a831c399e269772661  usr/bin/foo\n")
      .file("usr/share/doc/foo/x")
      .file("usr/bin/foo", program);
}

std::vector<std::pair<std::string, pkg::VerifyKind>> kinds(const rootfs::Tree& tree) {
  std::vector<std::pair<std::string, pkg::VerifyKind>> found;
  for (const auto& finding : deb::verify(tree, {})) found.emplace_back(finding.path, finding.kind);
  return found;
}

using Kinds = std::vector<std::pair<std::string, pkg::VerifyKind>>;
using FoundKind = pkg::VerifyKind;

TEST(DebVerify, DeletedTreesAreNoProblem) {
  const auto tree = layered({installed("a"), TarBuilder().whiteout("usr/share/doc")});
  EXPECT_EQ(kinds(tree),
            (Kinds{{"/usr/share/doc", FoundKind::missing}, {"/usr/share/doc/foo", FoundKind::missing}, {"/usr/share/doc/foo/x", FoundKind::missing}}));
  EXPECT_FALSE(deb::verify(tree, {}).front().is_problem());
}

TEST(DebVerify, ChangesOfTheImageAreToldApart) {
  const auto upgraded = TarBuilder().file("var/lib/dpkg/info/foo.md5sums", "92eb5ffee6ae2fec3ad71c777531578f  usr/bin/foo\n");
  const TarBuilder edited = TarBuilder().file("usr/bin/foo", "mine");
  EXPECT_EQ(kinds(layered({installed("a")})), Kinds{});
  EXPECT_EQ(kinds(layered({installed("x")})), (Kinds{{"/usr/bin/foo", FoundKind::changed}})) << "in the layer that installed it: nobody knows";
  EXPECT_EQ(kinds(layered({installed("a"), edited})), (Kinds{{"/usr/bin/foo", FoundKind::local}})) << "in a later layer";
  EXPECT_EQ(kinds(layered({installed("a"), upgraded, TarBuilder().file("usr/bin/foo", "b")})), Kinds{});
  EXPECT_EQ(kinds(layered({installed("a"), upgraded})), (Kinds{{"/usr/bin/foo", FoundKind::changed}})) << "the upgrade has not reached it";
  EXPECT_EQ(kinds(layered({installed("a"), edited, upgraded})), (Kinds{{"/usr/bin/foo", FoundKind::local}})) << "--on-modified keep";
  EXPECT_EQ(kinds(layered({installed("x"), upgraded})), (Kinds{{"/usr/bin/foo", FoundKind::local}})) << "the same, in one layer";
}

// Layers that were moved onto another base bring the old one's status along; lists and files are the new one's, and agree.
TEST(DebVerify, ARecordOfWhatWasNeverInstalledIsDamage) {
  std::string newer = kStanza;
  newer.replace(newer.find("Version: 1"), 10, "Version: 2");
  const TarBuilder status = TarBuilder().file("var/lib/dpkg/status", newer);
  const TarBuilder upgraded = TarBuilder().file("var/lib/dpkg/status", newer).file("var/lib/dpkg/info/foo.md5sums", "92eb5ffee6ae2fec3ad71c777531578f  usr/bin/foo\n").file("usr/bin/foo", "b");
  const auto findings = deb::verify(layered({installed("a"), TarBuilder().file("srv/x"), status}), {});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].problem, "is recorded as 2, but 1 is what was installed (layer 1)");
  EXPECT_TRUE(findings[0].is_problem());
  EXPECT_EQ(kinds(layered({installed("a"), upgraded})), Kinds{});
  EXPECT_EQ(kinds(layered({installed("a"), upgraded, status})), Kinds{});
  EXPECT_EQ(kinds(layered({installed("a"), TarBuilder().file("var/lib/dpkg/status", kStanza)})), Kinds{}) << "another package's record changed";
  EXPECT_EQ(kinds(layered({installed("a"), TarBuilder().file("usr/bin/foo", "a"), status})).size(), 1u) << "files in a layer below the record, as it was there";
  EXPECT_EQ(kinds(layered({installed("a"), TarBuilder().file("usr/bin/foo", "a").file("var/lib/dpkg/status", newer)})), Kinds{}) << "the lists have not changed, the files have come";
}

TEST(DebVerify, BrokenDatabases) {
  std::string half = kStanza;
  half.replace(half.find("ok installed"), 12, "ok half-installed");
  EXPECT_EQ(Image{.status = half}.findings(), std::vector<std::string>{"var/lib/dpkg/status foo:amd64 is in state \"ok half-installed\""});
  EXPECT_EQ(Image{.status = kStanza + kStanza}.findings(),
            std::vector<std::string>{"var/lib/dpkg/status  var/lib/dpkg/status, line 10: package foo:amd64 stands in the database a second time (first in line 1)"});
  EXPECT_EQ(Image{.list = false}.findings().at(0),
            "var/lib/dpkg/info/foo.list foo:amd64 is missing: the database does not know the package's files");
  EXPECT_EQ(Image{.status = "no field\n"}.findings().size(), 1u);
}

}  // namespace
}  // namespace resole::test
