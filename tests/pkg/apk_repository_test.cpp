// SPDX-License-Identifier: Apache-2.0
// Indexes, signatures, package files: real ones of Alpine, and what must be refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/candidates.hpp"
#include "pkg/apk/index.hpp"
#include "pkg/apk/inventory.hpp"
#include "pkg/apk/package_file.hpp"
#include "pkg/apk/signed_file.hpp"
#include "pkg/apk/sources.hpp"
#include "pkg/apk/version.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/shared_data.hpp"
#include "pkg/small_tree.hpp"
#include "support/apk_builder.hpp"
#include "support/fake_archive.hpp"
#include "support/listening_reporter.hpp"

namespace resole::apk {
namespace RESOLE_TEST_FILE {

using test::ApkBuilder;
using test::ApkKey;

const ApkKey& own_key() {
  static const ApkKey key("test.rsa.pub");
  return key;
}

std::vector<PublicKey> trusting(const ApkKey& key) { return {{key.name(), key.pem()}}; }

template <class Body>
std::string message_of(ErrorKind kind, Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

TEST(ApkIndex, RealIndexIsVerifiedAndEveryStanzaSaidAgain) {
  SHARED_DATA_OR_SKIP(file, "feeds/alpine/APKINDEX-3.16-main-x86_64.tar.gz");
  SHARED_DATA_OR_SKIP(image, "images/alpine-minirootfs-3.16.9-x86_64.tar.gz");
  std::vector<PublicKey> keys;
  for (const auto& [header, content] : test::read_tar(image)) {
    if (header.path.starts_with("etc/apk/keys/") || header.path.starts_with("usr/share/apk/keys/alpine-devel")) keys.push_back({header.path.substr(header.path.rfind('/') + 1), content});
  }
  const SignedFile signed_file = read_signatures(file, "index");
  const std::string_view covered = std::string_view(file).substr(signed_file.begin);
  const Signer signer = verify_signed(signed_file, covered, keys, "index");
  EXPECT_EQ(signer.key, "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub");
  EXPECT_TRUE(signer.weak) << "Alpine signed with SHA-1";
  const Index index = parse_index(covered, "index");
  EXPECT_EQ(index.packages.size(), 4929u);
  EXPECT_EQ(index.unreadable, 0u);
  EXPECT_EQ(branch_of(index.description), "3.16");
  std::string text;
  for (const auto& [header, content] : test::read_tar(std::string(covered))) {
    if (header.path == "APKINDEX") text = content;
  }
  std::set<std::string_view> stanzas;
  for (std::size_t at = 0, end; (end = text.find("\n\n", at)) != std::string::npos; at = end + 2) stanzas.insert(std::string_view(text).substr(at, end + 1 - at));
  for (const Description& package : index.packages) ASSERT_TRUE(stanzas.contains(package.text())) << package.name;
  std::string damaged = file;
  damaged[file.size() / 2] ^= 1;
  EXPECT_NE(message_of(ErrorKind::verification, [&] { verify_signed(read_signatures(damaged, "index"), std::string_view(damaged).substr(signed_file.begin), keys, "index"); }), "");
}

TEST(ApkIndex, Branches) {
  EXPECT_EQ(branch_of("v3.20.3-143-g8b0e1c4"), "3.20");
  EXPECT_EQ(branch_of("main v3.16.3-13-g4d933a1fa3"), "3.16");
  EXPECT_EQ(branch_of("v20240807-1525-gbc8f9c7a8d7"), "edge");
  EXPECT_EQ(branch_of("v3.21.0_alpha20240807-1-gabc"), "edge");
  EXPECT_EQ(branch_of("Wolfi"), "");
  EXPECT_EQ(branch_of("v"), "");
  EXPECT_EQ(branch_of_system(*pkg::OsRelease::parse("ID=alpine\nVERSION_ID=3.20.3\n")), "3.20");
  EXPECT_EQ(branch_of_system(*pkg::OsRelease::parse("ID=alpine\nVERSION_ID=3.21.0_alpha20240807\n")), "edge");
  EXPECT_EQ(branch_of_system(*pkg::OsRelease::parse("ID=wolfi\nVERSION_ID=20230201\n")), "");
}

TEST(ApkIndex, OnePackageThatIsNotUnderstoodIsLeftOut) {
  const std::string good = ApkBuilder("a", "1").stanza();
  std::string future = ApkBuilder("b", "1").stanza() + "Y:what cannot be ignored\n", twice = ApkBuilder("c", "1").stanza() + "P:d\n", later = ApkBuilder("e", "1").stanza() + "z:may be ignored\n";
  const std::string file = test::apk_index({good, future, twice, later}, nullptr);
  const Index index = parse_index(file, "index");
  EXPECT_EQ(index.packages.size(), 2u);
  EXPECT_EQ(index.unreadable, 2u);
}

TEST(ApkSignature, Rules) {
  const std::string index = test::apk_index({}, nullptr);
  const auto verify = [&](const std::string& file, const std::vector<PublicKey>& keys) {
    const SignedFile parts = read_signatures(file, "index");
    return verify_signed(parts, std::string_view(file).substr(parts.begin), keys, "index");
  };
  EXPECT_FALSE(verify(own_key().sign(index) + index, trusting(own_key())).weak);
  EXPECT_FALSE(verify(own_key().sign(index, "RSA512") + index, trusting(own_key())).weak);
  EXPECT_TRUE(verify(own_key().sign(index, "RSA") + index, trusting(own_key())).weak);
  EXPECT_NE(message_of(ErrorKind::verification, [&] { verify(index, trusting(own_key())); }).find("not signed"), std::string::npos);
  const ApkKey other("other.rsa.pub"), same_name("test.rsa.pub");
  EXPECT_NE(message_of(ErrorKind::verification, [&] { verify(other.sign(index) + index, trusting(own_key())); }).find("none of the image's keys"), std::string::npos);
  EXPECT_NE(message_of(ErrorKind::verification, [&] { verify(same_name.sign(index) + index, trusting(own_key())); }).find("does not fit"), std::string::npos);
  EXPECT_NO_THROW(verify(other.sign(index) + own_key().sign(index) + index, trusting(own_key()))) << "one of two";
  EXPECT_NE(message_of(ErrorKind::verification, [&] { verify(other.sign(index) + own_key().sign(index, "RSA") + index, trusting(own_key())); }), "")
      << "a SHA-1 beside something better proves nothing";
  EXPECT_NO_THROW(verify(other.sign(index) + index, {{"", own_key().pem()}, {"", other.pem()}})) << "an operator's keys have no names";
  const ApkKey small("test.rsa.pub", 1024);
  EXPECT_NE(message_of(ErrorKind::verification, [&] { verify(small.sign(index) + index, trusting(small)); }).find("2048"), std::string::npos);
  EXPECT_NE(message_of(ErrorKind::unsupported, [] { read_signatures("ADBd....", "index"); }).find("apk-tools 3"), std::string::npos);
  EXPECT_NE(message_of(ErrorKind::input, [] { read_signatures("plain text", "index"); }), "");
}

TEST(ApkSources, Lines) {
  const auto sources = parse_repositories("# c\nhttps://a.example.org/alpine/v3.20/main/\n\n@edge https://u:p@a.example.org/alpine/edge/main?t=1\n/media/cdrom/apks\n", "f");
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0].uri, "https://a.example.org/alpine/v3.20/main");
  EXPECT_EQ(sources[1].tag, "edge");
  EXPECT_EQ(sources[1].uri, "https://a.example.org/alpine/edge/main");
  EXPECT_EQ(sources[1].where, "f:4");
  message_of(ErrorKind::input, [] { parse_repositories("two words\n", "f"); });
}

TEST(ApkPackage, ReadAndVerified) {
  const std::string bytes = ApkBuilder("curl", "8.1-r0").field("depend", "musl>=1.2").field("depend", "so:libz.so.1").field("provides", "cmd:curl=8.1-r0").field("triggers", "/usr/lib /usr/lib/*")
                                .field("replaces", "wget<2").field("replaces_priority", "3").script("post-upgrade", "#!/bin/sh\n").file("usr/bin/curl", "ELF", 0755)
                                .symlink("usr/bin/c", "curl").hardlink("usr/bin/h", "usr/bin/curl", "ELF").file(".hidden", "no").build(&own_key());
  const PackageFile file = PackageFile::open(Blob::of(bytes), "curl");
  const PackageControl& control = file.control();
  EXPECT_EQ(control.description.name, "curl");
  EXPECT_EQ(text_of(control.description.depends), "musl>=1.2 so:libz.so.1");
  EXPECT_EQ(control.triggers, (std::vector<std::string>{"/usr/lib", "/usr/lib/*"}));
  EXPECT_EQ(control.replaces_priority, 3u);
  EXPECT_EQ(control.scripts.at("post-upgrade"), "#!/bin/sh\n");
  EXPECT_NO_THROW(file.verify(control.description.checksum, trusting(own_key())));
  EXPECT_NO_THROW(file.verify(control.description.checksum, {})) << "the index vouches for a package of an unknown signer";
  const ApkKey same_name("test.rsa.pub");
  EXPECT_NE(message_of(ErrorKind::verification, [&] { file.verify(control.description.checksum, trusting(same_name)); }), "");
  EXPECT_NE(message_of(ErrorKind::verification, [&] { file.verify(ApkBuilder("curl", "8.2-r0").checksum(), {}); }), "");
  const PackageFacts facts = read_data(file);
  std::vector<std::string> paths;
  for (const rootfs::Entry& entry : facts.data.entries) paths.push_back(entry.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"usr", "usr/bin", "usr/bin/curl", "usr/bin/c", "usr/bin/h"}));
  EXPECT_EQ(facts.checksums[4], facts.checksums[2]);
}

TEST(ApkPackage, Refusals) {
  const auto refused = [](ErrorKind kind, const ApkBuilder& builder) {
    return message_of(kind, [&] {
      const PackageFile file = PackageFile::open(Blob::of(builder.build()), "p");
      file.verify(file.control().description.checksum, {});
      read_data(file);
    });
  };
  const auto header = [](std::string path, tar::Type type = tar::Type::file, std::string link = {}) {
    tar::Header made;
    made.path = std::move(path);
    made.type = type;
    made.mode = 0644;
    made.link = std::move(link);
    return made;
  };
  const std::string sum_of_x = to_hex(sha1_of("x")), sum_of_y = to_hex(sha1_of("y"));
  EXPECT_NE(refused(ErrorKind::input, ApkBuilder("p", "1").member(header("../x"), "x", sum_of_x)).find("leaves the root"), std::string::npos);
  EXPECT_NE(refused(ErrorKind::input, ApkBuilder("p", "1").dir("a").member(header("a/../../x"), "x", sum_of_x)).find("leaves the root"), std::string::npos);
  EXPECT_NE(refused(ErrorKind::verification, ApkBuilder("p", "1").member(header("x"), "x", sum_of_y)).find("checksum"), std::string::npos);
  EXPECT_NE(refused(ErrorKind::input, ApkBuilder("p", "1").member(header("x"), "x", "")).find("no checksum"), std::string::npos);
  EXPECT_NE(refused(ErrorKind::verification, ApkBuilder("p", "1").member(header("x", tar::Type::symlink, "y"), "", sum_of_x)), "");
  EXPECT_NE(refused(ErrorKind::input, ApkBuilder("p", "1").member(header("a/x"), "x", sum_of_x)).find("directory"), std::string::npos);
  EXPECT_NE(refused(ErrorKind::input, ApkBuilder("p", "1").member(header("x", tar::Type::hardlink, "y"), "", sum_of_x)).find("hard link"), std::string::npos);
  EXPECT_NE(refused(ErrorKind::input, ApkBuilder("p", "1").file("x", "x").file("x", "x")).find("twice"), std::string::npos);
  EXPECT_NE(refused(ErrorKind::input, ApkBuilder("p", "1").file("a/.wh.x", "x")).find("deletes"), std::string::npos);
  EXPECT_NE(refused(ErrorKind::verification, ApkBuilder("p", "1").file("x", "x").datahash(std::string(64, '0'))), "");
  EXPECT_NE(refused(ErrorKind::input, ApkBuilder("p", "1").field("pkgname", "q")).find("twice"), std::string::npos);
  const std::string whole = ApkBuilder("p", "1").file("x", "x").build(&own_key());
  const std::size_t begin = read_signatures(whole, "p").begin;
  EXPECT_NE(message_of(ErrorKind::input, [&] { PackageFile::open(Blob::of(whole.substr(0, begin + 20)), "p"); }), "") << "the second member cut off";
  EXPECT_NE(message_of(ErrorKind::verification, [&] {
              const PackageFile file = PackageFile::open(Blob::of(whole.substr(0, whole.size() - 5)), "p");
              file.verify(file.control().description.checksum, {});
            }), "") << "the data cut off";
}

// ---- repositories as a whole

constexpr std::string_view kRepository = "https://mirror.example.org/alpine/v3.20/main";

struct World {
  explicit World(std::string repositories = std::string(kRepository) + "\n", std::string world_file = "a\n")
      : tree(test::tree_of({{"etc/apk/repositories", std::move(repositories)},
                            {"etc/apk/world", std::move(world_file)},
                            {"etc/apk/arch", "x86_64\n"},
                            {"etc/apk/keys/test.rsa.pub", own_key().pem()},
                            {"lib/apk/db/installed", "C:" + ApkBuilder("a", "1.0-r0").checksum() + "\nP:a\nV:1.0-r0\nA:x86_64\nS:1\nI:1\nT:\nU:\nL:\n\n"}})),
        inventory(read_inventory(tree, *pkg::OsRelease::parse("ID=alpine\nVERSION_ID=3.20.3\n"), {})) {}

  void serve(const std::string& index, std::string_view repository = kRepository) { fetcher.files[std::string(repository) + "/x86_64/APKINDEX.tar.gz"] = index; }
  std::unique_ptr<pkg::CandidateSource> load() { return load_candidates({tree, inventory, recipes, options, fetcher, cache}, reporter); }

  rootfs::Tree tree;
  pkg::Inventory inventory;
  pkg::RecipeBook recipes = pkg::RecipeBook::parse(
      {{"alpine.json", R"({"schema": "resole/recipe/v1", "id": "alpine", "family": "apk", "keys": {"test.rsa.pub": "the test"}, "archives": {"*": "alpine"},
        "releases": [{"versionId": "3.20", "codename": "v3.20", "suites": ["v3.20/main"]}]})"}});
  pkg::RepositoryOptions options{.now = test::kNow};
  test::MapFetcher fetcher;
  test::MemoryCache cache;
  test::ListeningReporter reporter;
};

TEST(ApkRepository, OffersAndProof) {
  World world;
  const ApkBuilder one("a", "1.0-r1"), two("a", "1.0-r2"), provider("b", "2");
  world.serve(test::apk_index({two.stanza(), one.stanza(), provider.stanza() + "p:cmd:x=1 virtual\nk:5\n"}, &own_key()));
  const auto offers = world.load();
  const pkg::Offers of_a = offers->offers("a", "x86_64");
  ASSERT_EQ(of_a.all.size(), 2u);
  ASSERT_TRUE(of_a.chosen);
  const pkg::Candidate chosen = of_a.all[*of_a.chosen];
  EXPECT_EQ(chosen.version, "1.0-r2");
  EXPECT_EQ(chosen.entry.path, "x86_64/a-1.0-r2.apk");
  EXPECT_EQ(chosen.entry.origin, "alpine");
  EXPECT_EQ(chosen.entry.checksum, two.checksum());
  EXPECT_EQ(offers->providers("virtual").size(), 1u);
  EXPECT_TRUE(offers->notes().empty());
  const pkg::RepositoryOptions& options = world.options;
  const auto prove_one = [&](pkg::Candidate package) {
    return prove({world.tree, world.inventory, world.recipes, options, world.fetcher, world.cache}, {package}).at(0).problem;
  };
  EXPECT_EQ(prove_one(chosen), "");
  pkg::Candidate edited = chosen;
  edited.entry.checksum = one.checksum();
  EXPECT_NE(prove_one(edited), "");
  edited = chosen;
  edited.entry.uri = "https://elsewhere.example.org";
  EXPECT_EQ(prove_one(edited), "") << "the keys prove, not the place";
  world.serve(test::apk_index({one.stanza()}, &own_key()));
  EXPECT_EQ(prove_one(chosen), "") << "the index of the plan is kept";
}

TEST(ApkRepository, Refusals) {
  World world;
  world.serve(test::apk_index({}, nullptr));
  EXPECT_NE(message_of(ErrorKind::verification, [&] { world.load(); }).find("not signed"), std::string::npos);
  world.serve(test::apk_index({}, &own_key(), "RSA256", "v3.21.0-1-gabc"));
  EXPECT_NE(message_of(ErrorKind::refused, [&] { world.load(); }).find("release 3.21"), std::string::npos);
  world.serve(test::apk_index({}, &own_key(), "RSA"));
  EXPECT_NE(world.load()->notes().at(0).find("SHA-1"), std::string::npos);
  world.serve(test::apk_index({}, &own_key(), "RSA256", "v3.20.1-1-gabc", 1700000001));
  EXPECT_NO_THROW(world.load());
  world.serve(test::apk_index({}, &own_key(), "RSA256", "v3.20.1-1-gabc", 1600000000));
  EXPECT_NE(message_of(ErrorKind::verification, [&] { world.load(); }).find("was seen before"), std::string::npos);
  World none("# nothing\n");
  EXPECT_NE(message_of(ErrorKind::refused, [&] { none.load(); }).find("names no package repositories"), std::string::npos);
  none.options.mirrors = {{"*", "https://mirror.example.org"}};
  none.serve(test::apk_index({}, &own_key()));
  EXPECT_NO_THROW(none.load());
  World local("http://127.0.0.1/alpine\n");
  EXPECT_NE(message_of(ErrorKind::refused, [&] { local.load(); }).find("private address"), std::string::npos);
}

TEST(ApkRepository, Tags) {
  World world("https://mirror.example.org/alpine/v3.20/main\n@edge https://mirror.example.org/alpine/edge/main\n", "a\nb@edge\n");
  world.serve(test::apk_index({ApkBuilder("a", "1").stanza()}, &own_key()));
  world.serve(test::apk_index({ApkBuilder("a", "2").stanza(), ApkBuilder("b", "2").stanza()}, &own_key(), "RSA256", "v20240807-1-gabc"), "https://mirror.example.org/alpine/edge/main");
  const auto offers = world.load();
  EXPECT_EQ(offers->offers("a", "").all.at(*offers->offers("a", "").chosen).version, "1");
  EXPECT_EQ(offers->offers("b", "").all.at(*offers->offers("b", "").chosen).version, "2");
}

TEST(ApkRelations, RoundTripAndMeaning) {
  const auto wishes = parse_wishes("!foo musl>=1.2 so:libz.so.1 bar@edge=~1.2 x<~3 y>~3 z><Q1abc w<1", "p");
  EXPECT_EQ(text_of(wishes), "!foo musl>=1.2 so:libz.so.1 bar@edge~1.2 x<~3 y>~3 z><Q1abc w<1");
  EXPECT_TRUE(satisfies("1.2.5-r1", pkg::Operator::near, "1.2"));
  EXPECT_FALSE(satisfies("1.3", pkg::Operator::near, "1.2"));
  EXPECT_TRUE(satisfies("1.1", pkg::Operator::near_or_less, "1.2"));
  EXPECT_TRUE(satisfies("1.2.9", pkg::Operator::near_or_greater, "1.2"));
  for (const char* bad : {"=1", "!", "a=", "@x", "a<"}) message_of(ErrorKind::input, [&] { parse_wishes(bad, "p"); });
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::apk
