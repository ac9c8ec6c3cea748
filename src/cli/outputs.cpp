// SPDX-License-Identifier: Apache-2.0
#include "cli/outputs.hpp"

#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/descriptor.hpp"

namespace resole::cli {

namespace fs = std::filesystem;

namespace {

fs::path directory_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

void require_writable_directory(const fs::path& directory) {
  std::error_code failed;
  const auto status = fs::status(directory, failed);
  if (!fs::exists(status)) {
    throw Error(ErrorKind::input, "no such directory: " + printable(directory.string()), "make it: mkdir -p " + printable(directory.string()));
  }
  if (!fs::is_directory(status)) io::throw_errno(ENOTDIR, "create a file in", directory);
  if (access(directory.c_str(), W_OK | X_OK) != 0) io::throw_errno(errno, "create a file in", directory);
}

// Devices and pipes are written in place (io/files.hpp); everything else is replaced, for which its directory must be writable.
void require_writable_file(const fs::path& path) {
  std::error_code failed;
  const auto status = fs::status(path, failed);
  if (fs::is_directory(status)) io::throw_errno(EISDIR, "write", path);
  if (!fs::exists(status) || fs::is_regular_file(status)) return require_writable_directory(directory_of(path));
  if (access(path.c_str(), W_OK) != 0) io::throw_errno(errno, "write", path);
}

// A directory that is made when it is not there.
void require_writable_tree(fs::path directory) {
  std::error_code failed;
  directory = fs::absolute(directory, failed).lexically_normal();
  while (!fs::exists(fs::symlink_status(directory, failed)) && directory.has_relative_path()) directory = directory.parent_path();
  require_writable_directory(directory);
}

struct Named {
  std::string option;
  fs::path path;
};

bool is_same_file(const fs::path& a, const fs::path& b) {
  std::error_code failed;
  if (fs::equivalent(a, b, failed)) return fs::is_regular_file(a, failed);
  return fs::absolute(a, failed).lexically_normal() == fs::absolute(b, failed).lexically_normal() && !fs::exists(a, failed);
}

}  // namespace

void check_outputs(const Options& options) {
  std::vector<Named> outputs, inputs;
  const auto add = [](std::vector<Named>& to, std::string option, const fs::path& path) {
    if (!path.empty()) to.push_back({std::move(option), path});
  };
  add(outputs, "-o", options.output);
  add(outputs, "--plan", options.plan_output);
  for (const auto& place : options.building.to) {
    if (place.transport == oci::Transport::oci_archive) add(outputs, "--to", place.path);
  }
  add(inputs, "the plan", options.plan_file);
  for (const auto& report : options.planning.reports) add(inputs, "--report", report);
  for (const auto& vex : options.planning.vex) add(inputs, "--vex", vex);
  add(inputs, "--policy", options.planning.policy);
  for (const auto& result : options.rollout.results) add(inputs, "the result", result);
  add(inputs, "the rollout", options.rollout.rollout);
  if (options.image && options.image->transport == oci::Transport::oci_archive && options.building.to.empty()) add(inputs, "the image", options.image->path);

  for (std::size_t i = 0; i < outputs.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const bool both_images = outputs[i].option == "--to" && outputs[k].option == "--to";
      if (!both_images && is_same_file(outputs[i].path, outputs[k].path)) {
        throw Error(ErrorKind::usage, fmt::format("{} and {} both name {}", outputs[k].option, outputs[i].option, printable(outputs[i].path.string())), "name different files");
      }
    }
    for (const Named& input : inputs) {
      if (outputs[i].option != "--to" && is_same_file(outputs[i].path, input.path)) {
        throw Error(ErrorKind::usage, fmt::format("{} would overwrite {}: {}", outputs[i].option, input.option, printable(outputs[i].path.string())), "name another file");
      }
    }
    if (outputs[i].option != "--to") require_writable_file(outputs[i].path);
  }
  if (!options.rollout.renderings.empty()) require_writable_tree(options.rollout.render_dir);
}

}  // namespace resole::cli
