// SPDX-License-Identifier: Apache-2.0
// The last step where the place itself is in the way.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "patch/way_rig.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

// Harbor and others answer 412 for an image with known holes, also when it is the one that is to be replaced.
TEST(Publishing, ATagThatTheRegistryBlocksIsWrittenWithForce) {
  if (!TestKey::possible()) GTEST_SKIP() << "gpg is not on this machine";
  const SmallDebian debian;
  FakeMirror mirror;
  mirror.serve(debian.archives({{"amd64", 2}}));
  WayRig rig(mirror, {.quirks = {.blocked = {"2"}}});
  const SampleTree source = built_image({.layers = {debian.layer("amd64")}, .architecture = "amd64"});
  rig.registry.add_image("team/app", source, "1");
  rig.registry.add_image("team/app", source, "2");
  EXPECT_THROW(rig.patch(rig.at("team/app:1"), rig.at("team/app:2")), Error);
  EXPECT_EQ(tree_at(rig.registry, "team/app", "2").root.digest, source.root.digest);
  const auto patched = rig.patch(rig.at("team/app:1"), rig.at("team/app:2"), {.force = true});
  EXPECT_EQ(tree_at(rig.registry, "team/app", "2").root.digest, patched.result.patched.digest);
}

}  // namespace
}  // namespace resole::test
