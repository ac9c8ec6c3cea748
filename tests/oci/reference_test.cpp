// SPDX-License-Identifier: Apache-2.0
#include "oci/reference.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace resole::oci {
namespace RESOLE_TEST_FILE {

const std::string kManyA(64, 'a');
const std::string kDigest = "sha256:" + kManyA;

struct Completion {
  std::string text, canonical;
};

// The rules of distribution/reference and the two completions of docker.
TEST(Reference, IsCompletedAsDockerDoesIt) {
  const std::vector<Completion> cases = {
      {"debian", "docker.io/library/debian:latest"},
      {"debian:12", "docker.io/library/debian:12"},
      {"docker.io/debian", "docker.io/library/debian:latest"},
      {"index.docker.io/debian", "docker.io/library/debian:latest"},
      {"docker.io/library/debian:12", "docker.io/library/debian:12"},
      {"team/app", "docker.io/team/app:latest"},
      {"team/sub/app", "docker.io/team/sub/app:latest"},
      {"localhost/app:1", "localhost/app:1"},
      {"localhost:5000/app", "localhost:5000/app:latest"},
      {"box:5000/app:v1.2_3-x", "box:5000/app:v1.2_3-x"},
      {"registry.example.org/a/b/c:T", "registry.example.org/a/b/c:T"},
      {"Box/app", "Box/app:latest"},
      {"[::1]:5000/app:1", "[::1]:5000/app:1"},
      {"[fd00::1]/app", "[fd00::1]/app:latest"},
      {"a__b/c-d.e_f--g", "docker.io/a__b/c-d.e_f--g:latest"},
      {"app@" + kDigest, "docker.io/library/app@" + kDigest},
      {"app:1@" + kDigest, "docker.io/library/app:1@" + kDigest},
      {"box:5000/app@" + kDigest, "box:5000/app@" + kDigest},
      {kManyA + "a", "docker.io/library/" + kManyA + "a:latest"},
      {"docker:20", "docker.io/library/docker:20"},
  };
  for (const Completion& item : cases) {
    EXPECT_EQ(Reference::parse(item.text).text(), item.canonical) << item.text;
    EXPECT_EQ(Reference::parse(item.canonical).text(), item.canonical) << item.text;
  }
}

TEST(Reference, KeepsItsParts) {
  const Reference reference = Reference::parse("box:5000/team/app:1.4@" + kDigest);
  EXPECT_EQ(reference.registry, "box:5000");
  EXPECT_EQ(reference.repository, "team/app");
  EXPECT_EQ(reference.tag, "1.4");
  EXPECT_EQ(reference.digest.text(), kDigest);
  EXPECT_EQ(reference.name(), "box:5000/team/app");
  EXPECT_EQ(Reference::parse("app@" + kDigest).tag, "");
}

TEST(Reference, RefusesWhatRegistriesRefuse) {
  const std::vector<std::string> bad = {
      "",
      ":tag",
      "@" + kDigest,
      "App",
      "team/App",
      "app:",
      "app:-x",
      "app:.x",
      "app:" + std::string(129, 'a'),
      "app@sha256:abc",
      "app@md5:" + kManyA,
      "a//b",
      "/a",
      "a/",
      "-app",
      "app-",
      "a___b",
      "a..b",
      "a._b",
      "box:port/app",
      "box:70000/app",
      "bo_x.org/app",
      "-box.org/app",
      "app:1:2",
      "app name",
      "app\n",
      "[::1/app",
      kManyA,
      "localhost/" + std::string(250, 'a'),
      "app:1@",
      "héllo",
  };
  for (const std::string& text : bad) {
    try {
      Reference::parse(text);
      ADD_FAILURE() << "accepted " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

TEST(Location, ReadsEveryTransport) {
  const Location oci = Location::parse("oci:out/dir:1.4");
  EXPECT_EQ(oci.transport, Transport::oci);
  EXPECT_EQ(oci.path, "out/dir");
  EXPECT_EQ(oci.tag, "1.4");
  const Location bare = Location::parse("oci:/abs/dir");
  EXPECT_EQ(bare.path, "/abs/dir");
  EXPECT_EQ(bare.tag, "");
  const Location by_digest = Location::parse("oci:dir@" + kDigest);
  EXPECT_EQ(by_digest.path, "dir");
  EXPECT_EQ(by_digest.digest.text(), kDigest);
  EXPECT_EQ(Location::parse("oci:a@b").path, "a@b");
  EXPECT_EQ(Location::parse("oci-archive:x.tar:a").transport, Transport::oci_archive);
  EXPECT_EQ(Location::parse("docker-archive:x.tar:app:1").tag, "app:1");
  EXPECT_EQ(Location::parse("docker-daemon:app:1").reference->text(), "docker.io/library/app:1");
  EXPECT_EQ(Location::parse("docker://app:1").reference->text(), "docker.io/library/app:1");
  EXPECT_EQ(Location::parse("app:1").transport, Transport::docker);
  EXPECT_EQ(Location::parse("docker:dind").reference->repository, "library/docker");
}

// As skopeo has it, so that whole references can be names (Location.SkopeoCutsAtTheSameColon in tests/registry asks skopeo itself).
TEST(Location, TheFirstColonEndsThePath) {
  const Location location = Location::parse("oci:dir:docker.io/library/app:1.4");
  EXPECT_EQ(location.path, "dir");
  EXPECT_EQ(location.tag, "docker.io/library/app:1.4");
}

TEST(Location, WritesWhatItReads) {
  for (const std::string& text : {std::string("oci:dir"), std::string("oci:dir:t"), "oci:dir@" + kDigest,
                                  std::string("oci-archive:f.tar:a/b:c"), std::string("docker://docker.io/library/app:1"),
                                  std::string("docker-archive:f.tar"), std::string("docker-archive:f.tar:@2"),
                                  std::string("docker-daemon:docker.io/library/app:1"), "docker-daemon:" + kDigest}) {
    EXPECT_EQ(Location::parse(text).text(), text);
  }
  EXPECT_EQ(Location::parse("app").text(), "docker://docker.io/library/app:latest");
}

TEST(Location, DockerImagesMayHaveNumbersAndIds) {
  EXPECT_EQ(Location::parse("docker-archive:x.tar:@0").tag, "@0");
  EXPECT_EQ(Location::parse("docker-archive:x.tar@" + kDigest).digest.text(), kDigest);
  const Location by_id = Location::parse("docker-daemon:" + kDigest);
  EXPECT_EQ(by_id.digest.text(), kDigest);
  EXPECT_FALSE(by_id.reference);
  for (const char* text : {"oci:x:@0", "oci-archive:x.tar:@0", "docker-archive:x.tar:@", "docker-archive:x.tar:@a", "docker-archive:x.tar:@-1"}) {
    EXPECT_THROW(Location::parse(text), Error) << text;
  }
}

TEST(Location, RefusalsSayWhatToWrite) {
  const std::vector<std::string> bad = {
      "oci:",      "oci::tag",       "oci:dir:",   "oci:dir:t@" + kDigest, "oci:dir:-x",           "oci:dir:a b",
      "/abs/dir",  "./dir",          "../dir",     "dir:/tmp/x",           "containers-storage:x", "https://x.org/y",
      "docker://", "docker-daemon:", "docker://A", "oci-archive:f:\n",     "ostree:x@/y"};
  for (const std::string& text : bad) {
    try {
      Location::parse(text);
      ADD_FAILURE() << "accepted " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << text;
      EXPECT_FALSE(error.hint().empty()) << text;
    }
  }
}

}  // namespace
}  // namespace resole::oci
