// SPDX-License-Identifier: Apache-2.0
// A home directory, a system root and an environment of the test's own.
#pragma once
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>

#include "base/error.hpp"
#include "io/files.hpp"
#include "io/process.hpp"
#include "io/proxy.hpp"

namespace resole::test {

class Home {
 public:
  Home() { environment["HOME"] = at("home"); }

  // Below the folder: "home/.docker/config.json", "root/etc/containers/registries.conf".
  std::string at(const std::string& path) const { return (folder_.path() / path).native(); }
  std::string write(const std::string& path, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    io::write_file_atomic(at(path), text, false);
    return at(path);
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(at(path)); }
  std::string read(const std::string& path) const { return io::read_file(at(path), 1 << 20); }
  bool has(const std::string& path) const { return std::filesystem::exists(at(path)); }

  // A program in the first folder of PATH.
  void program(const std::string& name, const std::string& script) {
    write("bin/" + name, "#!/bin/sh\n" + script + "\n");
    chmod(at("bin/" + name).c_str(), 0700);
    environment["PATH"] = at("bin") + ":/usr/bin:/bin";
  }
  io::Environment lookup() const {
    return [variables = environment](const char* name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::string() : found->second;
    };
  }
  // A tool that sees this home and nothing of the machine's settings.
  io::ProcessResult run(std::vector<std::string> arguments) const {
    std::vector<std::string> variables{"LC_ALL=C", "TMPDIR=" + folder_.path().native()};
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    if (!environment.contains("PATH")) variables.emplace_back("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    return io::run_process(
        {.arguments = std::move(arguments), .environment = variables, .directory = folder_.path().native(), .input = {}});
  }

  std::map<std::string, std::string> environment;

 private:
  io::TemporaryDirectory folder_;  // not in memory: nothing can be run from there on many machines
};

inline bool has_tool(const std::string& tool) {
  try {
    return io::run_process({.arguments = {tool, "--version"}, .environment = {}, .directory = {}, .input = {}}).exit_code == 0;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace resole::test
