// SPDX-License-Identifier: Apache-2.0
// An archive's files over HTTP on loopback, with ETag and Range as mirrors have them, a log, and faults at any request.
//
//   FakeMirror mirror;
//   mirror.serve(files);   // "http://mirror.example.org/debian/dists/..." is mirror.url() + "/debian/dists/..."
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/registry_faults.hpp"

namespace resole::test {

class FakeMirror {
 public:
  FakeMirror();
  ~FakeMirror();
  std::string url() const;   // "http://127.0.0.1:PORT"
  std::string host() const;  // "127.0.0.1:PORT"
  // From now on these files and no others. Keys are URLs of any host; what counts is their path.
  void serve(const std::map<std::string, std::string>& files);

  std::vector<std::string> log() const;  // "GET /debian/dists/bookworm/InRelease 200", since forget()
  void forget();
  void fail(std::size_t nth_request, Fault fault);  // of all, counted from now
  void stop_failing();
  std::size_t faults_struck() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::test
