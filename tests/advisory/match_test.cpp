// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "advisory/finding.hpp"

namespace resole::advisory {
namespace RESOLE_TEST_FILE {

Report report() {
  Report report;
  report.subject = {.name = "app:1.4",
                    .image_id = "sha256:config",
                    .os_family = "debian",
                    .os_name = "12.11",
                    .architecture = "amd64",
                    .diff_ids = {"sha256:01", "sha256:02"},
                    .digests = {"sha256:root"}};
  return report;
}

ImageFacts same_image() {
  return {.config_digest = "sha256:config",
          .manifest_digest = "sha256:manifest",
          .root_digest = "sha256:root",
          .os_id = "debian",
          .os_version = "12",
          .architecture = "amd64",
          .diff_ids = {"sha256:01", "sha256:02"},
          .original_diff_ids = {}};
}

ImageFacts other_image() {
  ImageFacts image = same_image();
  image.config_digest = image.manifest_digest = image.root_digest = "sha256:other";
  image.diff_ids = {"sha256:01", "sha256:03"};
  return image;
}

std::pair<Match, std::string> judged(const Report& given, const ImageFacts& image) {
  std::string why;
  const Match verdict = match(given, image, why);
  EXPECT_NE(why, "");
  return {verdict, why};
}

TEST(Match, layers_prove) {
  ImageFacts image = other_image();
  image.diff_ids = {"sha256:01", "sha256:02"};
  EXPECT_EQ(judged(report(), image).first, Match::proven);
  image.diff_ids.push_back("sha256:patched");
  EXPECT_EQ(judged(report(), image).first, Match::mismatch);
  image.original_diff_ids = {"sha256:01", "sha256:02"};
  EXPECT_EQ(judged(report(), image).first, Match::proven) << "a report on the image before it was patched";
}

TEST(Match, image_id_and_digests_prove) {
  ImageFacts image = other_image();
  image.config_digest = "sha256:config";
  EXPECT_EQ(judged(report(), image).first, Match::proven);
  image = other_image();
  image.manifest_digest = "sha256:root";
  EXPECT_EQ(judged(report(), image).first, Match::proven);
  image = other_image();
  image.root_digest = "sha256:root";
  EXPECT_EQ(judged(report(), image).first, Match::proven);
}

TEST(Match, digest_of_an_index_does_not_prove_another_platform) {
  ImageFacts image = other_image();
  image.root_digest = "sha256:root";
  image.architecture = "arm64";
  EXPECT_EQ(judged(report(), image), std::pair(Match::other_platform, std::string("the report is about amd64, the image is for arm64")));
  image.root_digest = "sha256:other";
  EXPECT_EQ(judged(report(), image).first, Match::mismatch) << "of another index nothing is known";
}

TEST(Match, other_layers_are_another_image_in_words) {
  const auto [verdict, why] = judged(report(), other_image());
  EXPECT_EQ(verdict, Match::mismatch);
  EXPECT_EQ(why, "the report is about app:1.4 with 2 layers, the last sha256:02; the image has 2 layers, the last sha256:03");
}

TEST(Match, without_identity_the_distribution_decides) {
  Report bare = report();
  bare.subject.image_id.clear();
  bare.subject.diff_ids.clear();
  bare.subject.digests.clear();
  EXPECT_EQ(judged(bare, other_image()).first, Match::plausible);
  bare.subject.os_name = "11.7";
  EXPECT_EQ(judged(bare, other_image()),
            std::pair(Match::mismatch, std::string("the report is about debian 11.7 amd64, the image is debian 12 amd64")));
  bare.subject.os_name = "1";
  EXPECT_EQ(judged(bare, other_image()).first, Match::mismatch) << "1 is not a prefix of 12 as releases go";
  bare.subject.os_family.clear();
  EXPECT_EQ(judged(bare, other_image()).first, Match::plausible) << "which asks for nothing";
}

// However few it names: a report about another image must not pass for one that only says little.
TEST(Match, few_packages_tell_as_well) {
  Report bare;
  bare.subject = {.os_family = "debian", .os_name = "12"};
  Finding finding;
  finding.id = "CVE-1";
  finding.package = "a";
  finding.installed = "1-1";
  bare.findings = {finding};
  ImageFacts image = other_image();
  image.packages = {{"a", "1-1"}, {"b", "1-1"}};
  EXPECT_EQ(judged(bare, image).first, Match::plausible);
  image.packages = {{"a", "1-2"}};
  EXPECT_EQ(judged(bare, image), std::pair(Match::mismatch, std::string("the one package that it names is not in the image at that version")));
  image.packages = {{"b", "1-1"}};
  EXPECT_EQ(judged(bare, image).first, Match::mismatch);
}

TEST(Match, without_a_release_the_packages_have_to_tell) {
  ImageFacts image = other_image();
  image.packages = {{"a", "1-1"}};
  Finding finding;
  finding.id = "CVE-1";
  finding.package = "a";
  for (const char* family : {"debian", ""}) {
    Report bare;
    bare.subject.os_family = family;
    finding.installed = "1-1";
    bare.findings = {finding};
    EXPECT_EQ(judged(bare, image).first, Match::plausible) << family;
    finding.installed = "";
    bare.findings = {finding};
    const auto [verdict, why] = judged(bare, image);
    EXPECT_EQ(verdict, Match::mismatch) << family;
    EXPECT_NE(why.find("does not say which"), std::string::npos) << why;
    bare.findings[0].selector = true;  // whose versions come from elsewhere
    EXPECT_EQ(judged(bare, image).first, Match::plausible);
  }
}

TEST(Match, packages_tell_images_of_one_release_apart) {
  Report bare;
  bare.subject = {.os_family = "debian", .os_name = "12.11"};
  ImageFacts image = other_image();
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
    Finding finding;
    finding.id = "CVE-1";
    finding.package = name;
    finding.installed = "1:2.0-1";
    bare.findings.push_back(finding);
    image.packages.emplace_back(name, "2.0-1");
  }
  EXPECT_EQ(judged(bare, image).first, Match::plausible) << "an epoch may be missing";
  EXPECT_NE(judged(bare, image).second.find("6 of the 6 packages that it names are in the image at that version"), std::string::npos);
  for (auto& [name, version] : image.packages) version = name < "c" ? version : "2.0-2";
  EXPECT_EQ(judged(bare, image), std::pair(Match::mismatch, std::string("only 2 of the 6 packages that it names are in the image at that version")));
}

TEST(Match, families_have_several_names) {
  Report bare;
  bare.subject = {.os_family = "redhat", .os_name = "9.4", .architecture = "x86_64"};
  ImageFacts image = other_image();
  image.os_id = "rhel";
  image.os_version = "9.4";
  EXPECT_EQ(judged(bare, image).first, Match::plausible);
}

}  // namespace
}  // namespace resole::advisory
