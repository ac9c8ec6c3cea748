// SPDX-License-Identifier: Apache-2.0
// A remote repository on disk, and somebody else who commits to it: real git over file://.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "forge/working_copy.hpp"
#include "io/files.hpp"
#include "io/process.hpp"

namespace resole::forge::test {

namespace fs = std::filesystem;

class GitPlace {
 public:
  GitPlace() {
    git({"init", "--quiet", "--bare", "--initial-branch=main", remote().string()}, scratch_.path());
    git({"init", "--quiet", "--initial-branch=main", other().string()}, scratch_.path());
    git({"remote", "add", "origin", remote().string()}, other());
    write("apps/web.yaml", "image: web:1\n");
    write("apps/db.yaml", "image: db:1\n");
    write("README", "what this is\n");
    commit("first");
    push("main");
  }

  fs::path remote() const { return scratch_.path() / "remote.git"; }
  fs::path other() const { return scratch_.path() / "other"; }
  fs::path scratch() {
    const fs::path place = scratch_.path() / fmt::format("run{}", ++runs_);
    fs::create_directories(place);
    return place;
  }
  GitAccess access() const { return {.remote = parse_remote(remote().string()), .user = "", .password = "", .authorities = {}, .timeout = 60}; }

  // ---- what somebody else does
  void write(const std::string& path, const std::string& text) {
    fs::create_directories((other() / path).parent_path());
    std::ofstream(other() / path, std::ios::binary) << text;
  }
  void commit(const std::string& message) {
    git({"add", "-A"}, other());
    git({"-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "commit", "--quiet", "-m", message}, other());
  }
  void push(const std::string& branch) { git({"push", "--quiet", "--force", "origin", "HEAD:refs/heads/" + branch}, other()); }
  void take(const std::string& branch) {
    git({"fetch", "--quiet", "origin"}, other());
    git({"checkout", "--quiet", "--detach", "origin/" + branch}, other());
  }
  void hook(const std::string& name, const std::string& script) {
    const fs::path file = remote() / "hooks" / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "#!/bin/sh\n" << script;
    fs::permissions(file, fs::perms::owner_all);
  }

  // ---- what is there
  std::string show(const std::string& what) const { return git_out({"show", what}, remote()); }
  std::string id(const std::string& revision) const { return std::string(trim(git_out({"rev-parse", "--verify", "--quiet", revision}, remote()))); }
  bool has(const std::string& branch) const { return !id("refs/heads/" + branch).empty(); }
  std::string git_out(std::vector<std::string> words, const fs::path& where) const { return run(std::move(words), where).out; }

 private:
  static io::ProcessResult run(std::vector<std::string> words, const fs::path& where) {
    words.insert(words.begin(), "git");
    return io::run_process({.arguments = std::move(words),
                            .environment = {"PATH=" + std::string(std::getenv("PATH")), "LC_ALL=C", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "HOME=/nonexistent"},
                            .directory = where.string(),
                            .input = {}});
  }
  static void git(std::vector<std::string> words, const fs::path& where) {
    const std::string shown = join(words, " ");
    const auto result = run(std::move(words), where);
    EXPECT_EQ(result.exit_code, 0) << "git " << shown << "\n" << result.err;
  }

  io::TemporaryDirectory scratch_;
  unsigned runs_ = 0;
};

}  // namespace resole::forge::test
