// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fuzz/mutate.hpp"
#include "fuzz/rollout_targets.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

using namespace rollout::test;

TEST(FuzzReplay, ManifestFile) {
  const std::string pinned = kWeb + ":1.0@sha256:" + kOld;
  replay(
      {
          "pod.yaml\n" + pod(kWeb + ":1.0") + "---\n" + pod("\"" + pinned + "\""),
          "values.yaml\nimage: &i\n  registry: registry.example.org\n  repository: team/web\n  tag: \"1.0\"\n  digest: \"\"\nother:\n  image: *i\nlast: {repository: " + kWeb + ", tag: 1.0}\n",
          "kustomization.yaml\nresources: [pod.yaml]\nimages:\n- name: web\n  newName: " + kWeb + "\n  newTag: '1.0'\n- {name: " + kWeb + ", digest: sha256:" + kOld + "}\n",
          "compose.yaml\nx-web: &w {image: " + pinned + "}\nservices:\n  a:\n    <<: *w\n  b: {image: '" + kWeb + ":1.0'}\r\n",
          "task.json\n{\"containerDefinitions\": [{\"name\": \"a\", \"image\": \"" + pinned + "\"}]}",
          "app.yaml\napiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {kustomize: {images: [" + kWeb + ":1.0, 'x=" + pinned + "']}}}\n",
          "web.container\n[Container]\nImage=" + pinned + "\n",
          ".github/workflows/a.yml\njobs: {a: {steps: [{uses: \"docker://" + kWeb + ":1.0\"}]}}\n",
      },
      3000, manifest_file);
}

}  // namespace
}  // namespace resole::fuzz
