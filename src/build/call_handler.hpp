// SPDX-License-Identifier: Apache-2.0
// Answers to the calls that tracing_filter names, for the processes of one sandbox.
#pragma once
#include <string>

#include "build/ownership.hpp"
#include "build/system_calls.hpp"
#include "build/traced_process.hpp"
#include "io/rooted_directory.hpp"

namespace resole::build {

// Names that processes pass are looked up in the tree alone: whatever a process writes into its memory meanwhile, nothing outside is touched, recorded or
// told. A chown is recorded, and is never done. A stat of a file that is not root's is answered with its owner; all others the kernel answers.
class CallHandler {
 public:
  CallHandler(const Machine& machine, const io::RootedDirectory& tree, OwnerRecords& records);
  TracedAnswer answer(const TracedCall& call);

 private:
  struct Call;
  int chown(const Call& call) const;
  TracedAnswer stat(const Call& call) const;
  static TracedAnswer told(const Call& call, void* bytes, std::size_t size);
  io::Descriptor target(const Call& call) const;
  std::string path_of(const Call& call) const;

  const Machine machine_;
  const io::RootedDirectory& tree_;
  OwnerRecords& records_;
  std::uint64_t device_ = 0;
};

}  // namespace resole::build
