// SPDX-License-Identifier: Apache-2.0
// Takes the edits of a rollout back: each file must be what the rollout left (or what it was before, then there is nothing to do), else none is touched.
#include <algorithm>
#include <iostream>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/manifest_tree.hpp"
#include "cli/outcome.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"
#include "rollout/splice.hpp"
#include "rollout/unified_diff.hpp"

namespace resole::cli {

namespace {

constexpr std::uint64_t kLargestRollout = 256u << 20;

std::vector<document::FileEdit> ordered(std::vector<document::FileEdit> edits) {
  std::stable_sort(edits.begin(), edits.end(), [](const auto& a, const auto& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  return edits;
}

}  // namespace

int rollout_revert(const Options& options, Workplace& workplace) {
  const RolloutOptions& wanted = options.rollout;
  const document::Rollout rollout = document::read_rollout(io::read_file(wanted.rollout, kLargestRollout), wanted.rollout.string());
  std::map<std::string, std::vector<document::FileEdit>> edits;
  for (const auto& edit : rollout.edits) edits[edit.file].push_back(edit);

  std::vector<NewBytes> files;
  std::string diff;
  std::size_t before_already = 0;
  for (const auto& file : rollout.files) {
    std::string now = read_manifest(wanted.manifests, file.file);
    const Digest digest = Digest::of(now);
    if (digest == file.before) {
      ++before_already;
      continue;
    }
    if (digest != file.after) {
      throw Error(ErrorKind::input, printable(file.file) + " is neither what the rollout left nor what it was before", "nothing was written; somebody changed it since: take the edits back by hand");
    }
    std::string before = rollout::take_back(now, edits[file.file], file.file);
    if (Digest::of(before) != file.before) throw Error(ErrorKind::input, printable(file.file) + ": the rollout's edits do not lead back to what it was", "nothing was written; is the rollout complete?");
    if (!wanted.write) diff += rollout::unified_diff(file.file, before, ordered(edits[file.file]), true);
    files.push_back({file.file, std::move(now), std::move(before)});
  }
  if (wanted.write) write_manifests(wanted.manifests, files);
  std::cout << diff;
  workplace.reporter().note(fmt::format("{} {} what {} been{}{}", counted(files.size(), "file"), wanted.write ? (files.size() == 1 ? "is" : "are") : "would be", files.size() == 1 ? "it has" : "they have", wanted.write ? "" : " (shown, not written: --write)",
                                        before_already == 0 ? "" : fmt::format(", {} were already", before_already)));
  return kExitDone;
}

}  // namespace resole::cli
