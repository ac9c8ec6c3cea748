// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/scripts.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "pkg/deb/maintainer_script.hpp"
#include "pkg/deb_oracle.hpp"
#include "support/deb_builder.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using Kind = pkg::VerdictKind;

// Serves one package by ranges, and counts them.
class OnePackage : public Fetcher {
 public:
  explicit OnePackage(std::string bytes, bool whole_is_here = false) : bytes_(std::move(bytes)), whole_(whole_is_here) {}
  Blob fetch(const Resource&) override { throw Error(ErrorKind::internal, "the whole package was fetched"); }
  std::string fetch_range(const Resource&, std::uint64_t offset, std::uint64_t length) override {
    ++requests;
    return offset < bytes_.size() ? bytes_.substr(offset, length) : std::string();
  }
  void fetch_all(std::span<const Resource>, const std::function<void(std::size_t, Blob)>&) override {
    throw Error(ErrorKind::internal, "not asked for");
  }
  std::optional<Blob> cached(const Digest& sha256) override {
    return whole_ && sha256 == Digest::of(bytes_) ? std::optional(Blob::of(bytes_)) : std::nullopt;
  }
  int requests = 0;

 private:
  std::string bytes_;
  bool whole_;
};

rootfs::Tree tree_with(const std::vector<std::pair<std::string, std::string>>& files) {
  TarBuilder tar;
  for (const auto& [path, content] : files) tar.file(path, content);
  const std::string bytes = tar.bytes();
  const auto source = source_of(bytes);
  return rootfs::Tree::merge({std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest()))});
}

pkg::Inventory with_foo(const std::string& version) {
  pkg::Inventory inventory;
  inventory.os.id = "debian";
  pkg::InstalledPackage package;
  package.name = "foo";
  package.version = version;
  package.arch = "amd64";
  inventory.packages.push_back(package);
  return inventory;
}

pkg::Candidate candidate_of(const std::string& bytes) {
  pkg::Candidate candidate;
  candidate.name = "foo";
  candidate.version = "2";
  candidate.arch = "amd64";
  candidate.entry.uri = "http://mirror.example.org/debian";
  candidate.entry.path = "pool/foo.deb";
  candidate.entry.sha256 = Digest::of(bytes);
  candidate.entry.size = bytes.size();
  return candidate;
}

pkg::Verdict judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const std::string& deb, const std::string& recipes = {}) {
  OnePackage fetcher(deb);
  MemoryCache cache;
  std::vector<std::pair<std::string, std::string>> files;
  if (!recipes.empty()) files.emplace_back("debian.json", recipes);
  return deb::judge(tree, inventory, pkg::RecipeBook::parse(files), candidate_of(deb), nullptr, fetcher, cache);
}

const std::string kPostinst = "#!/bin/sh\n# Automatically added by dh_makeshlibs/13.11.4\necho hello\n# End automatically added section\n";
const std::string kNewer =
    "#!/bin/sh\n# Automatically added by dh_makeshlibs/13.11.5+deb12u1\necho hello\n# End automatically added section\n";

TEST(DebScripts, NoneAtAll) {
  EXPECT_EQ(judge(tree_with({{"var/lib/dpkg/info/foo.list", "/.\n"}}), with_foo("1"), DebBuilder("foo", "2").build()).kind, Kind::none);
  EXPECT_EQ(judge(tree_with({}), with_foo("1"), DebBuilder("foo", "2").build()).kind, Kind::none) << "info/ deleted";
  EXPECT_EQ(judge(tree_with({}), {}, DebBuilder("foo", "2").control("templates", "Template: foo/x\n").build()).kind, Kind::none);
}

TEST(DebScripts, UnchangedButForDebhelpersVersion) {
  const auto tree = tree_with({{"var/lib/dpkg/info/foo.list", "/.\n"}, {"var/lib/dpkg/info/foo.postinst", kPostinst}});
  const auto verdict = judge(tree, with_foo("1"), DebBuilder("foo", "2").control("postinst", kNewer, 0755).build());
  EXPECT_EQ(verdict.kind, Kind::unchanged);
  EXPECT_EQ(verdict.reason, "postinst equal the installed ones");
}

TEST(DebScripts, ItsOwnVersionInAQuestion) {
  const auto with = [](const std::string& version) {
    return "#!/bin/sh\nif [ -n \"$ver\" ] && [ \"$ver\" != \"" + version + "\" ]; then\necho no\nfi\n";
  };
  const auto guard = [](const std::string& version) {
    return "#!/bin/sh\nif dpkg --compare-versions \"$2\" lt \"" + version + "\"; then\nmove\nfi\n";
  };
  const auto kind_of = [](const std::string& before, const std::string& after) {
    return judge(tree_with({{"var/lib/dpkg/info/foo.list", "/.\n"}, {"var/lib/dpkg/info/foo.postinst", before}}), with_foo("1"),
                 DebBuilder("foo", "2").control("postinst", after, 0755).build())
        .kind;
  };
  EXPECT_EQ(kind_of(with("1"), with("2")), Kind::unchanged);
  EXPECT_EQ(kind_of(with("1"), with("3")), Kind::unknown);
  EXPECT_EQ(kind_of(guard("1"), guard("2")), Kind::unknown);
}

// In the image that was installed afresh the step has never been made.
TEST(DebScripts, AStepForUpgradesFromBelowAVersionThatIsNotReachedYet) {
  const auto kind_of = [](const std::string& question) {
    const std::string script = "#!/bin/sh\nset -e\nif dpkg --compare-versions " + question + "; then\nmove\nfi\n";
    return judge(tree_with({{"var/lib/dpkg/info/foo.list", "/.\n"}, {"var/lib/dpkg/info/foo.postinst", script}}), with_foo("1"),
                 DebBuilder("foo", "2").control("postinst", script, 0755).build())
        .kind;
  };
  for (const char* made : {"\"$2\" lt-nl 1", "\"$2\" lt 0.9~", "-- \"$2\" le-nl '0.9'", "\"$2\" gt 5", "\"$1\" lt 5", "\"$2\" lt \"$version\""})
    EXPECT_EQ(kind_of(made), Kind::unchanged) << made;
  for (const char* pending : {"\"$2\" lt-nl 1.1", "\"$2\" lt 2", "-- \"${2:-}\" le-nl '1'", "$2 lt \"1+b1\""}) EXPECT_EQ(kind_of(pending), Kind::unknown) << pending;
}

TEST(DebScripts, WhereInfoWasDeleted) {
  const std::string old = DebBuilder("foo", "1").control("postinst", kPostinst, 0755).build(),
                    fresh = DebBuilder("foo", "2").control("postinst", kNewer, 0755).build();
  class Two : public OnePackage {
   public:
    Two(const std::string& a, const std::string& b) : OnePackage(a), second_(b) {}
    std::optional<Blob> cached(const Digest& sha256) override {
      return sha256 == Digest::of(second_) ? std::optional(Blob::of(second_)) : std::nullopt;
    }

   private:
    std::string second_;
  };
  const auto tree = tree_with({{"var/lib/dpkg/status", ""}});
  pkg::Candidate installed = candidate_of(old);
  installed.version = "1";
  Two fetcher(fresh, old);
  const auto judge_with = [&](const pkg::Candidate* offer) {
    MemoryCache cache;
    return deb::judge(tree, with_foo("1"), {}, candidate_of(fresh), offer, fetcher, cache);
  };
  const auto verdict = judge_with(&installed);
  EXPECT_EQ(verdict.kind, Kind::unchanged) << verdict.reason;
  ASSERT_TRUE(verdict.against.has_value());
  EXPECT_EQ(verdict.against->sha256, Digest::of(old));
  const auto nowhere = judge_with(nullptr);
  EXPECT_EQ(nowhere.kind, Kind::unknown);
  EXPECT_EQ(nowhere.reason,
            "the image has nothing of it below /var/lib/dpkg/info, and no index offers 1 any more: what its scripts were is not known");
  installed.version = "1.1";
  EXPECT_EQ(judge_with(&installed).kind, Kind::unknown) << "another version's scripts prove nothing";
}

TEST(DebScripts, ChangedAddedAndDropped) {
  const auto tree = tree_with({{"var/lib/dpkg/info/foo.list", "/.\n"},
                               {"var/lib/dpkg/info/foo.postinst", kPostinst},
                               {"var/lib/dpkg/info/foo.prerm", "#!/bin/sh\n"}});
  const auto changed =
      judge(tree, with_foo("1"), DebBuilder("foo", "2").control("postinst", kPostinst + "rm -rf /\n", 0755).control("config", "x").build());
  EXPECT_EQ(changed.kind, Kind::unknown);
  EXPECT_TRUE(changed.reason.starts_with("config is new; postinst differs from the installed one at line 5: \"rm -rf /\" (scripts "))
      << changed.reason;
  EXPECT_FALSE(changed.passes());
}

// The same unknown words elsewhere, twice, or in another order are other words.
TEST(DebScripts, UnknownSnippetsStayWhereTheyStood) {
  const auto snippet = [](const std::string& text) { return "# Automatically added by dh_other/1\n" + text + "\n# End automatically added section\n"; };
  const std::string begin = "#!/bin/sh\nif [ \"$1\" = purge ]; then\n:\n", end = "fi\n", gone = snippet("rm -f /etc/gone"), out = snippet("exit 0");
  const auto kind = [](const std::string& before, const std::string& fresh) {
    const deb::Scripts installed = {{"postinst", before}};
    return deb::compare_scripts("foo", {{"postinst", fresh}}, &installed).kind;
  };
  using enum deb::Comparison::Kind;
  EXPECT_EQ(kind(begin + gone + end, begin + gone + end), unchanged);
  EXPECT_EQ(kind(begin + gone + end, begin + end + gone), unknown);
  EXPECT_EQ(kind(begin + end + gone, begin + end + gone + gone), unknown);
  EXPECT_EQ(kind(begin + end + out + gone, begin + end + gone + out), unknown);
  EXPECT_EQ(kind(begin + end + gone, "#!/bin/sh\nset -e\n" + gone), unknown) << "another frame";
  EXPECT_EQ(kind(begin + end + gone + out, begin + end + gone), recognised);
}

TEST(DebScripts, CertificateListsAreData) {
  const std::string before = "x\nCERTS_LIST=\"mozilla/A.crt, mozilla/B (c).crt\"\ny\n", after = "x\nCERTS_LIST=\"mozilla/A.crt\"\ny\n";
  EXPECT_EQ(deb::normalise_script(before), deb::normalise_script(after));
  EXPECT_NE(deb::normalise_script(before), deb::normalise_script("x\nCERTS_LIST=\"$(rm -rf /)\"\ny\n"));
  EXPECT_NE(deb::normalise_script(before), deb::normalise_script("x\nCERTS_LIST=\"a\"; rm \"b\"\ny\n"));
  pkg::Package package;
  package.name = "ca-certificates";
  const deb::ControlFacts facts{.scripts = {{"config", deb::normalise_script(before)}}, .md5sums = {}, .triggers = {}, .conffiles = {}};
  const auto judge_in = [&](const rootfs::Tree& tree) {
    return deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = facts, .before = &facts}).kind;
  };
  EXPECT_EQ(judge_in(tree_with({})), Kind::recipe);
  EXPECT_EQ(judge_in(tree_with({{"etc/ca-certificates/update.d/jks-keystore", "#!/bin/sh\n"}})), Kind::unknown);
}

TEST(DebScripts, NewPackagesWithScriptsAreUnknown) {
  const auto verdict = judge(tree_with({}), {}, DebBuilder("foo", "2").control("postinst", kPostinst, 0755).build());
  EXPECT_EQ(verdict.kind, Kind::unknown);
  EXPECT_TRUE(verdict.reason.starts_with("a new package with scripts: postinst has a changed part of dh_makeshlibs that is not known"))
      << verdict.reason;
}

TEST(DebScripts, HugeOnesAreRefusedByName) {
  const std::string bomb =
      DebBuilder("foo", "2").compression(archive::Compression::gzip).control("postinst", std::string(20u << 20, '\n'), 0755).build();
  EXPECT_LT(bomb.size(), 200'000u);
  try {
    judge(tree_with({}), {}, bomb);
    FAIL() << "16 MiB are the most that a control part may hold";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(std::string(error.what()).find("reading the scripts of foo 2"), std::string::npos) << error.what();
  }
}

TEST(DebScripts, RecipesByTextAndByVersion) {
  const std::string deb = DebBuilder("foo", "2").control("postinst", kNewer, 0755).build();
  const std::string sha256 = deb::scripts_sha256({{"postinst", deb::normalise_script(kNewer)}});
  const auto recipe = [](const std::string& rule) {
    return R"({"schema":"resole/recipe/v1","id":"debian","family":"deb","packages":[{"package":"foo",)" + rule +
           R"("actions":["noop"],"reason":"reviewed"}]})";
  };
  const auto tree = tree_with({{"var/lib/dpkg/info/foo.list", "/.\n"}, {"var/lib/dpkg/info/foo.postinst", "#!/bin/sh\nold\n"}});
  const auto pinned = judge(tree, with_foo("1"), deb, recipe("\"scriptSha256\":[\"" + sha256 + "\"],"));
  EXPECT_EQ(pinned.kind, Kind::recipe);
  EXPECT_EQ(pinned.actions, std::vector<std::string>{"noop"});
  EXPECT_EQ(judge(tree, with_foo("1"), deb, recipe("\"scriptSha256\":[\"" + std::string(64, '0') + "\"],")).kind, Kind::unknown);
  EXPECT_EQ(judge(tree, with_foo("1"), deb, recipe("\"versionFrom\":\"2\",\"versionBelow\":\"3\",")).kind, Kind::recipe);
  EXPECT_EQ(judge(tree, with_foo("1"), deb, recipe("\"versionFrom\":\"2.1\",\"versionBelow\":\"9\",")).kind, Kind::unknown);
  EXPECT_EQ(judge(tree, with_foo("1"), deb, recipe("\"versionBelow\":\"2\",")).kind, Kind::unknown);
}

TEST(DebScripts, FetchesTheControlPartOnceAndOnlyIt) {
  const std::string deb = DebBuilder("foo", "2")
                              .control("md5sums", std::string(200'000, 'x'))
                              .control("postinst", kNewer, 0755)
                              .file("usr/big", std::string(3 << 20, 'x'))
                              .build();
  const auto tree = tree_with({{"var/lib/dpkg/info/foo.list", "/.\n"}, {"var/lib/dpkg/info/foo.postinst", kPostinst}});
  OnePackage fetcher(deb), whole(deb, true);
  MemoryCache cache;
  const auto judge_with = [&](Fetcher& which) {
    return deb::judge(tree, with_foo("1"), {}, candidate_of(deb), nullptr, which, cache).kind;
  };
  EXPECT_EQ(judge_with(fetcher), Kind::unchanged);
  EXPECT_EQ(fetcher.requests, 2) << "64 KiB, then the rest of the control part";
  EXPECT_EQ(judge_with(fetcher), Kind::unchanged);
  EXPECT_EQ(fetcher.requests, 2);
  EXPECT_EQ(judge_with(whole), Kind::unchanged);
  EXPECT_EQ(whole.requests, 0);
}

TEST(DebScripts, ProvenBytesWinOverWhatARangeSaid) {
  const std::string deb = DebBuilder("foo", "2").control("postinst", kNewer + "changed\n", 0755).build();
  const auto tree = tree_with({{"var/lib/dpkg/info/foo.list", "/.\n"}, {"var/lib/dpkg/info/foo.postinst", kPostinst}});
  OnePackage liar(DebBuilder("foo", "2").control("postinst", kNewer, 0755).build()), honest(deb, true);
  MemoryCache cache;
  EXPECT_EQ(deb::judge(tree, with_foo("1"), {}, candidate_of(deb), nullptr, liar, cache).kind, Kind::unchanged);
  EXPECT_EQ(deb::judge(tree, with_foo("1"), {}, candidate_of(deb), nullptr, honest, cache).kind, Kind::unknown);
}

}  // namespace
}  // namespace resole::test
