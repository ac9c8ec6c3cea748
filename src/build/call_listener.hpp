// SPDX-License-Identifier: Apache-2.0
// Answers the notifications of listening_filter for the processes of one sandbox.
#pragma once
#include <functional>
#include <string>

#include "build/ownership.hpp"
#include "build/system_calls.hpp"
#include "io/rooted_directory.hpp"

namespace resole::build {

// Names that processes pass are looked up in the tree alone: whatever a process writes into its memory meanwhile, nothing outside is touched, recorded or
// told. A chown is recorded, and is never done. A stat of a file that is not root's is answered with its owner; all others the kernel answers. Whether one
// more process may start, `may_start` says.
class CallListener {
 public:
  CallListener(const Machine& machine, const io::RootedDirectory& tree, OwnerRecords& records, std::function<bool()> may_start);
  // Answers what waits at the listener, and not for ever.
  void answer(int listener);

 private:
  struct Call;
  struct Reply;
  void answer_one(int listener);
  Reply reply_to(const Call& call) const;
  Reply chown(const Call& call) const;
  Reply stat(const Call& call) const;
  io::Descriptor target(const Call& call) const;
  std::string path_of(const Call& call) const;

  const Machine machine_;
  const io::RootedDirectory& tree_;
  OwnerRecords& records_;
  const std::function<bool()> may_start_;
  std::uint64_t device_ = 0;
};

}  // namespace resole::build
