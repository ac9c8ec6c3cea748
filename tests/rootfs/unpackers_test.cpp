// SPDX-License-Identifier: Apache-2.0
// The merged tree against what umoci unpacks from the same layers: layers that we write, and the cases of the merge table.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iterator>
#include <random>
#include <set>

#include "rootfs/layout_image.hpp"
#include "rootfs/merge_cases.hpp"
#include "rootfs/random_trees.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

bool have_umoci() { return std::system("umoci --version >/dev/null 2>&1") == 0; }

// Cases in which umoci 0.4.7 is known to do something else, each with what.
const std::set<std::string> kUmociDiffers = {
    "AufsBookkeeping",                             // unpacks what lies below aufs' directories
    "FileBecomesImplicitDirectory",                // fails; later versions and overlay stores make the directory
    "HardlinkTakesThePlaceOfItsTargetsDirectory",  // removes the directory, and with it the target, first
    "HardlinkToItself",                            // removes the target first
    "WhiteoutAfterImplicitDirectory",              // keeps the hidden directory's mode, which it has not when the whiteout comes first
};

// Owners cannot be set without root; then both sides are compared without them.
std::string comparable(const std::vector<std::string>& lines) {
  std::string text;
  for (std::string line : lines) {
    const std::size_t colon = geteuid() == 0 ? std::string::npos : line.find(':');
    if (colon != std::string::npos) {
      const std::size_t begin = line.rfind(' ', colon), end = line.find(' ', colon);
      line.erase(begin, end - begin);
    }
    text += line + "\n";
  }
  return text;
}

std::string unpacked_by_umoci(const std::vector<std::string>& tars) {
  const TemporaryDirectory directory;
  write_layout(directory.path() / "layout", tars);
  const std::string log = directory.path() / "log";
  const std::string command = fmt::format("umoci raw unpack {} --image '{}:image' '{}' >'{}' 2>&1", geteuid() == 0 ? "" : "--rootless",
                                          (directory.path() / "layout").string(), (directory.path() / "tree").string(), log);
  if (std::system(command.c_str()) != 0) {
    std::ifstream in(log);
    return "umoci failed: " + std::string(std::istreambuf_iterator<char>(in), {});
  }
  return comparable(lines_of_directory(directory.path() / "tree"));
}

TEST(Umoci, AgreesOnTheMergeTable) {
  if (!have_umoci()) GTEST_SKIP() << "no umoci on this machine";
  for (const MergeCase& item : merge_cases()) {
    if (kUmociDiffers.contains(item.name)) continue;
    std::vector<std::string> tars;
    for (const TarBuilder& layer : item.layers) tars.push_back(layer.bytes());
    EXPECT_EQ(unpacked_by_umoci(tars), comparable(item.expected)) << item.name;
  }
}

TEST(Umoci, AgreesOnLayersWeWrite) {
  if (!have_umoci()) GTEST_SKIP() << "no umoci on this machine";
  std::mt19937 random(20240711);
  for (int round = 0; round < 20; ++round) {
    ModelTree old_model;
    for (int i = 0; i < 20; ++i) old_model.apply(random(), random(), random());
    ModelTree new_model = old_model;
    for (int i = 0; i < 12; ++i) new_model.apply(random(), random(), random());
    std::string tar;
    StringSink sink(tar);
    new_model.draft_over(old_model).write(tree_of({old_model.tar()}), 1'600'000'000, sink);
    EXPECT_EQ(unpacked_by_umoci({old_model.tar().bytes(), tar}), comparable(lines_of(tree_of({new_model.tar()})))) << "round " << round;
  }
}

}  // namespace
}  // namespace resole::test
