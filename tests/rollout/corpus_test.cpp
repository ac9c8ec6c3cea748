// SPDX-License-Identifier: Apache-2.0
// Real manifests: every image that any of them names is patched, in each file alone and in the whole tree. What must hold is field/rollout.md section 6.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "advisory/shared_data.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "oci/reference.hpp"
#include "rollout/decide.hpp"
#include "rollout/sample_rollout.hpp"
#include "rollout/splice.hpp"
#include "rollout/targets.hpp"
#include "rollout/unified_diff.hpp"

namespace resole::rollout {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

std::vector<ManifestFile> corpus() {
  std::vector<ManifestFile> files;
  const fs::path folder = resole::test::shared_data("manifests");
  if (folder.empty() || !fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !EditPlanner::is_manifest(entry.path().string())) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    files.push_back({fs::relative(entry.path(), folder).generic_string(), text.str()});
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

// References that the sites of the files name, put together.
std::set<std::string> references_in(const std::vector<ManifestFile>& files) {
  const Images none({});
  std::set<std::string> all;
  for (const auto& file : files) {
    try {
      const auto documents = yaml::parse(file.text, file.path);
      for (std::size_t i = 0; i < documents.size(); ++i) {
        for (const Site& site : find_sites(file.path, file.text, documents[i].root, i)) all.insert(decide(site, none, Pin::automatic, file.text).current);
      }
    } catch (const Error&) {
      continue;  // templates
    }
  }
  return all;
}

std::vector<document::RolloutImage> images_for(const std::set<std::string>& references) {
  std::map<std::string, document::RolloutImage> images;  // by what they mean: some are spelled in several ways
  for (const auto& text : references) {
    try {
      const auto reference = oci::Reference::parse(text);
      document::RolloutImage image;
      image.source_reference = text;
      image.source = reference.digest.empty() ? Digest::of(reference.text()) : reference.digest;
      image.patched = Digest::of("patched " + reference.text());
      image.patched_reference = "registry.example.org/patched/" + reference.repository + (reference.tag.empty() ? "" : ":" + reference.tag);
      if (!reference.tag.empty()) image.immutable_reference = image.patched_reference + "-r01234567";
      images.emplace(reference.text(), std::move(image));
    } catch (const Error&) {
      continue;  // variables, names of wildcards
    }
  }
  std::vector<document::RolloutImage> list;
  for (auto& [name, image] : images) list.push_back(std::move(image));
  return list;
}

// The bytes outside of the edits, with a mark where each was.
std::string outside(std::string_view text, const std::vector<document::FileEdit>& edits, bool after) {
  std::string out;
  std::size_t at = 0, shift = 0;
  for (const auto& edit : edits) {
    const std::size_t begin = edit.begin + (after ? shift : 0);
    out += text.substr(at, begin - at);
    out += '\0';
    at = begin + (after ? edit.new_value.size() : edit.end - edit.begin);
    shift += edit.new_value.size() - (edit.end - edit.begin);
  }
  return out + std::string(text.substr(at));
}

void properties_hold(const std::vector<ManifestFile>& files, const EditPlan& plan, const std::vector<document::RolloutImage>& images, const EditOptions& options) {
  std::map<std::string, std::string> texts;
  for (const auto& file : files) texts[file.path] = file.text;
  for (const auto& file : plan.files) {
    SCOPED_TRACE(file.path);
    EXPECT_EQ(file.before, texts[file.path]);
    EXPECT_EQ(outside(file.before, file.edits, false), outside(file.after, file.edits, true)) << "bytes outside of the edits";
    EXPECT_EQ(take_back(file.after, file.edits, file.path), file.before);
    EXPECT_FALSE(unified_diff(file.path, file.before, file.edits).empty());
    texts[file.path] = file.after;
  }
  std::vector<ManifestFile> after;
  for (const auto& [path, text] : texts) after.push_back({path, text});
  const EditPlan again = plan_edits(after, images, options);
  for (const auto& file : again.files) ADD_FAILURE() << file.path << " is edited a second time:\n" << unified_diff(file.path, file.before, file.edits);
}

TEST(Corpus, EveryImageOfEachFileIsEditedOnceAndCanBeTakenBack) {
  const auto files = corpus();
  if (files.empty()) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  std::size_t edits = 0, edited_files = 0;
  for (const Pin pin : {Pin::automatic, Pin::both}) {
    const EditOptions options = test::pinned(pin);
    for (const auto& file : files) {
      const auto images = images_for(references_in({file}));
      const EditPlan plan = plan_edits({file}, images, options);
      for (const auto& place : plan.rollout.not_applied) EXPECT_NE(place.reason, document::LeftReason::not_isolated) << file.path << ":" << place.line;
      properties_hold({file}, plan, images, options);
      edits += plan.rollout.edits.size();
      edited_files += plan.files.size();
    }
  }
  std::printf("%zu edits in %zu files of %zu, two pins\n", edits, edited_files, files.size());
  EXPECT_GT(edits, 800u);
  EXPECT_GT(edited_files, 250u);
}

TEST(Corpus, TheWholeTreeAtOnce) {
  const auto files = corpus();
  if (files.empty()) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  const auto images = images_for(references_in(files));
  const EditPlan plan = plan_edits(files, images, {});
  properties_hold(files, plan, images, {});
  std::map<std::string, std::size_t> reasons;
  for (const auto& place : plan.rollout.not_applied) ++reasons[std::string(word(place.reason))];
  std::printf("%zu images, %zu edits in %zu files, %zu workloads; not changed:", images.size(), plan.rollout.edits.size(), plan.files.size(), plan.rollout.workloads.size());
  for (const auto& [reason, count] : reasons) std::printf(" %s %zu", reason.c_str(), count);
  std::printf("\n");
  EXPECT_EQ(reasons["not-isolated"], 0u);
  EXPECT_GT(reasons["overridden"], 0u) << "bases that overlays pin";
  EXPECT_GT(reasons["image-policy"], 0u) << "Flux markers";
  EXPECT_EQ(document::write_rollout(plan.rollout), document::write_rollout(plan_edits(files, images, {}).rollout)) << "the same each time";
  document::read_rollout(document::write_rollout(plan.rollout), "rollout.json");
}

// Files that are templates and not YAML are named, never edited.
TEST(Corpus, TemplatesAreRefused) {
  const auto files = corpus();
  if (files.empty()) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  std::size_t templates = 0;
  for (const auto& file : files) {
    if (file.path.find("/templates/") == std::string::npos || !yaml::looks_templated(file.text)) continue;
    ++templates;
    const EditPlan plan = plan_edits({{file.path, file.text + "\n# end\nimage: registry.example.org/team/web:1.0\n"}}, {test::web_image()}, {});
    EXPECT_TRUE(plan.files.empty()) << file.path;
    EXPECT_EQ(test::reasons(plan), std::vector<std::string>{"templated"}) << file.path;
  }
  EXPECT_GT(templates, 2u);
}

}  // namespace
}  // namespace resole::rollout
