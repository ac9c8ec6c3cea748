// SPDX-License-Identifier: Apache-2.0
// git as a child process: the operator's configuration counts (proxies, ssh, signing keys, logins), what could run programs of the repository does not
// (hooks, other transports), and nothing asks at a terminal. A token never stands in an argument or a URL: git asks a helper for it, which takes it from the
// environment of that one process.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "forge/remote.hpp"
#include "io/process.hpp"

namespace resole::forge {

struct GitAccess {
  Remote remote;
  std::string user, password;         // for http and https; both empty: git's own ways (credential helpers, ssh)
  std::filesystem::path authorities;  // PEM file for the remote's host; empty: the system's
  double timeout = 600;               // seconds, for one command
};

class Git {
 public:
  Git(GitAccess access, std::filesystem::path directory);

  // Standard output. Error says what was wanted and what git said, without the password. `input` is git's standard input.
  std::string run(const std::vector<std::string>& words, std::string_view wanted, const std::string& input = {}) const;
  io::ProcessResult attempt(const std::vector<std::string>& words, const std::string& input = {}) const;
  Error refusal(const io::ProcessResult& result, std::string_view wanted) const;

  const GitAccess& access() const { return access_; }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  GitAccess access_;
  std::filesystem::path directory_;
};

// What a local repository says: the URL of its remote "origin" ("" when it has none), and where `directory` stands in it ("apps/web", "" at the top).
// Error(input) when the directory is in no repository.
struct LocalRepository { std::string origin, prefix; };
LocalRepository local_repository(const std::filesystem::path& directory);

}  // namespace resole::forge
