// SPDX-License-Identifier: Apache-2.0
// Every kind of document: what stands there before and after, byte for byte. {WEB} is the source's repository, {OLD} its digest, {PATCHED} and {NEW} the patched.
#include <gtest/gtest.h>

#include "rollout/sample_rollout.hpp"

namespace resole::rollout {
namespace RESOLE_TEST_FILE {

using namespace test;

std::string filled(std::string text) {
  const std::pair<std::string, std::string> words[] = {{"{WEB}", kWeb}, {"{OLD}", "sha256:" + kOld}, {"{PATCHED}", kPatched}, {"{NEW}", "sha256:" + kNew}};
  for (const auto& [from, to] : words) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  }
  return text;
}

struct Case { const char* path; const char* before; const char* after; Pin pin = Pin::automatic; };

void check(const std::vector<Case>& cases, const document::RolloutImage& image = web_image()) {
  for (const auto& one : cases) {
    EditOptions options = pinned(one.pin);
    options.dockerfiles = true;
    const std::string before = filled(one.before), after = filled(one.after);
    EXPECT_EQ(edited(one.path, before, options, image), after) << one.path;
    EXPECT_EQ(edited(one.path, after, options, image), after) << one.path << ", again";
  }
}

TEST(Places, Kubernetes) {
  check({
      {"cron.yaml", "apiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n          - {name: a, image: {WEB}:1.0}\n",
       "apiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n          - {name: a, image: {PATCHED}:1.0}\n"},
      {"list.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec: {initContainers: [{image: \"{WEB}:1.0\"}]}\n",
       "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec: {initContainers: [{image: \"{PATCHED}:1.0\"}]}\n"},
      {"volume.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  volumes:\n  - name: v\n    image: {reference: {WEB}:1.0}\n", "apiVersion: v1\nkind: Pod\nspec:\n  volumes:\n  - name: v\n    image: {reference: {PATCHED}:1.0}\n"},
      {"knative.yaml", "apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {template: {spec: {containers: [{image: {WEB}:1.0}]}}}\n",
       "apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {template: {spec: {containers: [{image: {PATCHED}:1.0}]}}}\n"},
      {"pod.json", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"image\": \"{WEB}@{OLD}\"}]}}",
       "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"image\": \"{PATCHED}@{NEW}\"}]}}"},
      {"task.yaml", "apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n  - image: {WEB}:1.0\n", "apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  steps:\n  - image: {PATCHED}:1.0\n"},
  });
}

TEST(Places, KustomizeEntries) {
  check({
      {"kustomization.yaml", "images:\n- name: web\n  newName: {WEB}\n  newTag: \"1.0\" # pinned\n", "images:\n- name: web\n  newName: {PATCHED}\n  newTag: \"1.0\" # pinned\n"},
      {"kustomization.yaml", "images:\n- name: {WEB}\n  newTag: \"1.0\"\n", "images:\n- name: {WEB}\n  newTag: \"1.0\"\n  newName: {PATCHED}\n"},
      {"kustomization.yaml", "images:\n- name: {WEB}\n  digest: {OLD}", "images:\n- name: {WEB}\n  digest: {NEW}\n  newName: {PATCHED}"},
      {"kustomization.yaml", "images:\r\n- name: {WEB}\r\n  newTag: '1.0'\r\n", "images:\r\n- name: {WEB}\r\n  newTag: '1.0'\r\n  newName: {PATCHED}\r\n  digest: {NEW}\r\n", Pin::both},
      {"kustomization.yaml", "images: [{name: {WEB}, newTag: 1.0@{OLD}}]\n", "images: [{name: {WEB}, newTag: 1.0@{NEW}, newName: {PATCHED}}]\n"},
  });
}

TEST(Places, HelmValues) {
  check({
      {"values.yaml", "image:\n  registry: registry.example.org\n  repository: team/web\n  tag: 1.0\n  digest: \"\"\n", "image:\n  registry: registry.example.org\n  repository: patched/web\n  tag: 1.0\n  digest: \"{NEW}\"\n"},
      {"values.yaml", "image:\n  registry: registry.example.org\n  repository: team/web\n  tag: 1.0\n  digest: {OLD}\n", "image:\n  registry: registry.example.org\n  repository: patched/web\n  tag: 1.0\n  digest: {NEW}\n", Pin::tag},
      {"values.yaml", "a:\n  repository: {WEB}\n  tag: 1.0@{OLD}\n", "a:\n  repository: {PATCHED}\n  tag: 1.0@{NEW}\n"},
      {"values.yaml", "a:\n  repository: {WEB}\n  tag: \"1.0\"   # x\n  other: 1\n", "a:\n  repository: {PATCHED}\n  tag: \"1.0\"   # x\n  digest: {NEW}\n  other: 1\n", Pin::digest},
      {"values.yaml", "a:\n  repository: {WEB}\n  digest: {OLD}\n  tag:\n", "a:\n  repository: {PATCHED}\n  digest: {NEW}\n  tag:\n"},
      {"my-values.yaml", "webImage: {WEB}:1.0\n", "webImage: {PATCHED}:1.0\n"},
      {"values.yaml", "image: {WEB}\nimageTag: '1.0'\n", "image: {PATCHED}\nimageTag: '1.0'\n"},
      {"values.yaml", "image: {name: {WEB}, tag: v1}\n", "image: {name: {WEB}, tag: v1}\n"},
      {"values.json", "{\"image\": {\"repository\": \"{WEB}\",\n    \"tag\": \"1.0\"}}", "{\"image\": {\"repository\": \"{PATCHED}\",\n    \"tag\": \"1.0\",\n    \"digest\": \"{NEW}\"}}", Pin::both},
  });
}

TEST(Places, AChartWithoutADigestKeyGetsATagThatDoesNotMove) {
  check({{"values.yaml", "image:\n  repository: {WEB}\n  tag: 1.0\n", "image:\n  repository: {PATCHED}\n  tag: 1.0-r01234567\n"},
         {"values.yaml", "image:\n  repository: {WEB}\n  tag: 1.0\n  digest: {OLD}\n", "image:\n  repository: {PATCHED}\n  tag: 1.0\n  digest: {NEW}\n"}},
        web_image_with_immutable_tag());
}

TEST(Places, AWordThatBecomesANumberIsQuoted) {
  check({{"values.yaml", "image: {repository: {WEB}, tag: v1}\n", "image: {repository: {PATCHED}, tag: \"1.5\"}\n"}}, web_image(kWeb + ":v1", kPatched + ":1.5"));
}

TEST(Places, ArgoCd) {
  check({
      {"app.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {kustomize: {images: [\"x={WEB}:1.0\"]}}}\n",
       "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {kustomize: {images: [\"x={PATCHED}:1.0\"]}}}\n"},
      {"app.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {sources: [{kustomize: {images: [{WEB}:1.0]}}]}\n",
       "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {sources: [{kustomize: {images: [{WEB}={PATCHED}:1.0]}}]}\n"},
      {"appset.yaml",
       "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  template:\n    spec:\n      source:\n        helm:\n          parameters:\n          - {name: image.tag, value: '1.0'}\n          - {name: "
       "image.repository, value: {WEB}}\n          valuesObject:\n            web: {repository: {WEB}, tag: 1.0}\n",
       "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  template:\n    spec:\n      source:\n        helm:\n          parameters:\n          - {name: image.tag, value: '1.0'}\n          - {name: "
       "image.repository, value: {PATCHED}}\n          valuesObject:\n            web: {repository: {PATCHED}, tag: 1.0}\n"},
      {".argocd-source-shop.yaml", "kustomize:\n  images:\n  - web={WEB}@{OLD}\n", "kustomize:\n  images:\n  - web={PATCHED}@{NEW}\n"},
  });
}

TEST(Places, Flux) {
  check({
      {"release.yaml", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    image:\n      repository: {WEB}\n      tag: 1.0@{OLD}\n",
       "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    image:\n      repository: {PATCHED}\n      tag: 1.0@{NEW}\n"},
      {"ks.yaml", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  images:\n  - name: web\n    newName: {WEB}\n    newTag: '1.0'\n",
       "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  images:\n  - name: web\n    newName: {PATCHED}\n    newTag: '1.0'\n"},
  });
}

TEST(Places, ComposeAndEcs) {
  check({
      {"compose.yaml", "services:\n  w:\n    image: {WEB}:1.0\n", "services:\n  w:\n    image: {PATCHED}:1.0\n"},
      {"task.json", "{\"containerDefinitions\": [{\"image\": \"{WEB}:1.0\"}], \"family\": \"f\"}", "{\"containerDefinitions\": [{\"image\": \"{PATCHED}:1.0\"}], \"family\": \"f\"}"},
      {"stack.yaml", "Resources:\n  T:\n    Properties:\n      ContainerDefinitions:\n      - Image: {WEB}:1.0\n        Name: !Ref N\n", "Resources:\n  T:\n    Properties:\n      ContainerDefinitions:\n      - Image: {PATCHED}:1.0\n        Name: !Ref N\n"},
  });
}

TEST(Places, Pipelines) {
  check({
      {".github/workflows/a.yml", "on: push\njobs:\n  a:\n    container: {WEB}:1.0\n    services: {x: {image: {WEB}:1.0}}\n    steps:\n    - uses: docker://{WEB}:1.0\n    - uses: 'docker://{WEB}:1.0'\n",
       "on: push\njobs:\n  a:\n    container: {PATCHED}:1.0\n    services: {x: {image: {PATCHED}:1.0}}\n    steps:\n    - uses: docker://{PATCHED}:1.0\n    - uses: 'docker://{PATCHED}:1.0'\n"},
      {".gitlab-ci.yml", "image: {WEB}:1.0\njob:\n  image: {name: \"{WEB}:1.0\"}\n  services: [{WEB}:1.0, {name: {WEB}:1.0}]\n",
       "image: {PATCHED}:1.0\njob:\n  image: {name: \"{PATCHED}:1.0\"}\n  services: [{PATCHED}:1.0, {name: {PATCHED}:1.0}]\n"},
  });
}

TEST(Places, FilesOfLines) {
  check({
      {"web.container", "[Unit]\nDescription={WEB}:1.0\n[Container]\r\nImage={WEB}:1.0\r\n", "[Unit]\nDescription={WEB}:1.0\n[Container]\r\nImage={PATCHED}:1.0\r\n"},
      {"Dockerfile", "# {WEB}:1.0\nFROM --platform=linux/amd64 {WEB}:1.0 AS base\nCOPY --from={WEB}:1.0 /a /b\nCOPY --from=base /c /d\nRUN echo \\\n  FROM {WEB}:1.0\n",
       "# {WEB}:1.0\nFROM --platform=linux/amd64 {PATCHED}:1.0 AS base\nCOPY --from={PATCHED}:1.0 /a /b\nCOPY --from=base /c /d\nRUN echo \\\n  FROM {WEB}:1.0\n"},
  });
}

}  // namespace
}  // namespace resole::rollout
