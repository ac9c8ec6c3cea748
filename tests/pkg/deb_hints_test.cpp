// SPDX-License-Identifier: Apache-2.0
// What a person reads when a repository, a key or an image is not as it should be, and that it leads somewhere.
#include "pkg/deb/keyrings.hpp"
#include "pkg/repository_test.hpp"
#include "pkg/resource.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

class DebHints : public RepositoryTest {};

TEST_F(DebHints, SignedByRestrictsTheKeys) {
  const test::TestKey stranger("ed25519");
  set_image("deb [signed-by=/usr/share/keyrings/own.gpg] " + kArchiveUrl + " bookworm main\n", true,
            {{"usr/share/keyrings/own.gpg", stranger.public_key()}});
  contains(failure(ErrorKind::verification), "to which Signed-By of etc/apt/sources.list:1 restricts the keys");
  contains(hint_, "--add-keyring");
  set_image("deb [signed-by=" + stranger.fingerprint() + "] " + kArchiveUrl + " bookworm main\n");
  contains(failure(ErrorKind::verification), stranger.fingerprint() + ", to which Signed-By");
}

TEST_F(DebHints, NoReleaseOfThatName) {
  fetcher_.files.erase(kInReleaseUrl);
  contains(failure(ErrorKind::network), "404");
  EXPECT_EQ(hint_.find("drop old files"), std::string::npos);
  contains(hint_, "the suite of etc/apt/sources.list:1");
}

TEST_F(DebHints, KeyringsOfTheOperatorHoldKeys) {
  options_.keyrings = {key_->public_key(), "root:x:0:0:root:/root:/bin/bash\n"};
  contains(failure(ErrorKind::input), "--add-keyring (2)");
  EXPECT_THROW(prove(context(), {pkg::Candidate{}}), Error);
  options_.keyrings = {key_->public_key(), key_->armored_public_key()};
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebHints, DamagedDatabases) {
  try {
    parse_status("Package: x\nStatus: install ok instaled\nVersion: 1\nArchitecture: all\n", "status");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    contains(error.hint(), "status-old");
  }
}

// dpkg-scanpackages lists the file "e_1%3a2.deb" as it is named; apt asks for "e_1%253a2.deb".
TEST_F(DebHints, NamesAreEscapedAsAptDoes) {
  std::string stanza = package_stanza("a", "2");
  stanza.replace(stanza.find("pool/a_2.deb"), 12, "pool/a+_1%3a2~b.deb");
  publish({}, stanza);
  EXPECT_EQ(pkg::resource_of(candidate()).url, kArchiveUrl + "/pool/a%2b_1%253a2%7eb.deb");
}

TEST(DebArchitecture, OfAnImageThatOnlyHasIndependentPackages) {
  const std::string status = "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n";
  const auto arch = [&](std::map<std::string, std::string> more, const oci::Platform& platform) {
    more["var/lib/dpkg/status"] = status;
    return read_inventory(test::tree_of(more), {}, platform).arch;
  };
  EXPECT_EQ(arch({}, {.architecture = "386"}), "i386");
  EXPECT_EQ(arch({}, {.architecture = "arm", .variant = "v7"}), "armhf");
  EXPECT_EQ(arch({}, {.architecture = "arm", .variant = "v6"}), "armel");
  EXPECT_EQ(arch({}, {.architecture = "ppc64le"}), "ppc64el");
  EXPECT_EQ(arch({}, {.architecture = "wasm"}), "");
  EXPECT_EQ(arch({{"var/lib/dpkg/arch", "arm64\namd64\n"}}, {.architecture = "amd64"}), "arm64");
}

TEST_F(DebHints, AnUnknownArchitectureIsAnError) {
  inventory_.arch.clear();
  contains(failure(ErrorKind::input), "architecture");
}

}  // namespace
}  // namespace resole::deb
