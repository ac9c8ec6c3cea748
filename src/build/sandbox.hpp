// SPDX-License-Identifier: Apache-2.0
// A place where maintainer scripts can run: their root is a file tree of ours, and nothing else of the machine is there. docs/sandbox.md says what is kept
// apart and what is not.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "build/ownership.hpp"
#include "io/rooted_directory.hpp"
#include "pkg/script_order.hpp"

namespace resole::build {

// What the scripts of one image may use. Beyond it everything in the sandbox is killed.
struct SandboxLimits {
  double seconds = 600;                        // of one script
  std::uint64_t disk = 2ull << 30;             // bytes that all of them together may add
  std::uint64_t files = 500'000;               // files and directories that they may add
  std::uint64_t memory = 4ull << 30;           // resident in all processes at once
  std::size_t processes = 1024;                // and threads, at once
};

// The tree that scripts work on, and how big it was before the first of them.
struct SandboxTree {
  const io::RootedDirectory& root;
  OwnerRecords& owners;
  std::uint64_t bytes = 0, files = 0;
};

struct ScriptOutcome {
  int exit_code = 0;       // 128 + signal when it was killed by one
  std::string stopped;     // why we ended it: "it used more than 10 min"; "" when it ended by itself
  std::string last_lines;  // of its standard error, or, when that is empty, of its standard output; as they came, at most a few KiB
};

// Why there is no sandbox here, and what helps: "bubblewrap is not installed", "install the package bubblewrap".
struct SandboxObstacle {
  std::string reason, hint;
};

// Contract: run() returns only when no process of the script is alive and nothing is mounted any more. Scripts see `tree` as their root, as user 0, with a
// /proc and a small /dev of their own, and no network; they can change nothing but the tree. Owners are those of `tree.owners`: scripts see them, and those
// that they give to files are recorded there; the files themselves stay ours. A script that fails, or is stopped, is an outcome; Error(input) is for a sandbox that cannot be made. Not to be used for
// one tree by two threads at once.
class Sandbox {
 public:
  virtual ~Sandbox() = default;
  // Found out once, by really running something. nullopt: it can be used.
  virtual std::optional<SandboxObstacle> obstacle() = 0;
  // Whose programs run here, in the words of image platforms ("amd64").
  virtual std::string architecture() const = 0;
  virtual ScriptOutcome run(const pkg::ScriptCall& call, SandboxTree& tree) = 0;
};

// By bubblewrap (bwrap(1)), found in PATH, without privileges: user, pid, mount, network, ipc and host name namespaces, the filters of system_calls.hpp.
std::unique_ptr<Sandbox> bubblewrap_sandbox(const SandboxLimits& limits);

}  // namespace resole::build
