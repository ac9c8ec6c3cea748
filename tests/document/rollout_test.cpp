// SPDX-License-Identifier: Apache-2.0
#include "document/rollout.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"

namespace resole::document {
namespace RESOLE_TEST_FILE {

Rollout one_edit() {
  Rollout rollout;
  rollout.change_set_id = "c0ffee";
  rollout.tool_version = "0.1.0";
  RolloutImage image;
  image.source_reference = "registry.example.org/app:1.4";
  image.patched_reference = "registry.example.org/app:1.4-patched";
  image.source = Digest::of("old");
  image.patched = Digest::of("new");
  rollout.images = {image};
  rollout.workloads = {{.kind = "Deployment",
                        .ns = "web",
                        .name = "app",
                        .container = "app",
                        .image = 0,
                        .file = "app.yaml",
                        .pointer = "/spec/template/spec/containers/0/image",
                        .document = 1,
                        .current = "registry.example.org/app:1.4"}};
  return rollout;
}

TEST(Rollout, namespace_stands_under_its_own_name) { EXPECT_EQ(to_json(one_edit())["workloads"][0]["namespace"], "web"); }

TEST(Rollout, a_workload_must_speak_of_an_image_that_is_there) {
  Rollout rollout = one_edit();
  rollout.workloads[0].image = 1;
  try {
    read_rollout(write_rollout(rollout), "rollout.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "rollout.json: workloads[0].image: there is no image 1");
  }
}

}  // namespace
}  // namespace resole::document
