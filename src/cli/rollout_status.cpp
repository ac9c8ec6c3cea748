// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <iterator>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/manifest_tree.hpp"
#include "cli/outcome.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"
#include "io/terminal.hpp"
#include "rollout/status.hpp"

namespace resole::cli {

namespace {

constexpr std::uint64_t kLargestLive = 256u << 20;

std::string read_standard_input() {
  std::string text;
  char buffer[65536];
  while (std::cin.read(buffer, sizeof buffer) || std::cin.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(std::cin.gcount()));
    if (text.size() > kLargestLive) throw Error(ErrorKind::input, fmt::format("standard input is larger than {}", human_size(kLargestLive)), "ask the cluster for fewer namespaces at once");
  }
  return text;
}

rollout::Live read_all(const std::vector<std::filesystem::path>& files) {
  rollout::Live live;
  if (files.empty()) rollout::read_live(read_standard_input(), "standard input", live);
  for (const auto& file : files) {
    if (file == "-") rollout::read_live(read_standard_input(), "standard input", live);
    else rollout::read_live(io::read_file(file, kLargestLive), file.string(), live);
  }
  return live;
}

// By the whole file's digest; one that changed since in another place is neither, and then nothing is said.
rollout::HasEdit look_into(const std::filesystem::path& manifests, const document::Rollout& rollout) {
  return [&manifests, &rollout](const std::string& path) -> std::optional<bool> {
    if (manifests.empty()) return std::nullopt;
    for (const auto& file : rollout.files) {
      if (file.file != path) continue;
      try {
        const Digest now = Digest::of(read_manifest(manifests, path));
        if (now == file.after) return true;
        if (now == file.before) return false;
      } catch (const Error&) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  };
}

std::string place_of_status(const document::WorkloadStatus& status) {
  std::string place = status.name.empty() ? status.file : fmt::format("{} {}{}{}", status.kind, status.ns, status.ns.empty() ? "" : "/", status.name);
  if (!status.container.empty()) place += " " + status.container;
  return (status.cluster.empty() ? "" : status.cluster + ": ") + place;
}

}  // namespace

int rollout_status(const Options& options, Workplace& workplace) {
  const RolloutOptions& wanted = options.rollout;
  const document::Rollout rollout = document::read_rollout(io::read_file(wanted.rollout, kLargestLive), wanted.rollout.string());
  const document::RolloutStatus status = rollout::status_of(rollout, read_all(wanted.live), look_into(wanted.manifests, rollout));
  put_document(options, document::write_rollout_status(status));
  std::size_t complete = 0;
  for (const auto& workload : status.workloads) {
    complete += workload.complete ? 1 : 0;
    if (options.format != "table") continue;
    std::cout << fmt::format("{:<10} {}{}{}\n", document::word(workload.state), printable(place_of_status(workload), 300),
                             workload.pods == 0 ? "" : fmt::format(" ({} of {})", workload.patched, workload.pods), workload.detail.empty() ? "" : ": " + printable(workload.detail, 400));
  }
  workplace.reporter().note(fmt::format("{} of {} complete", complete, counted(status.workloads.size(), "workload")));
  return status.complete ? kExitDone : kExitPartial;
}

}  // namespace resole::cli
