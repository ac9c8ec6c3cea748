// SPDX-License-Identifier: Apache-2.0
// Faults that strike one request of many: the answer replaced, broken, late, twice or wrong, the request's body cut.
#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/http_server.hpp"
#include "support/registry_request.hpp"

namespace resole::test {

struct Fault {
  int status = 0;                                      // answered instead; 401 comes with the registry's challenge
  std::string retry_after = {};                        // with it: seconds or a date
  bool early = false;                                  // with it: before the request's body is read
  bool silent = false;                                 // the connection is closed without an answer
  bool executed = false;                               // with status or silent: the request takes effect all the same
  std::optional<std::size_t> cut = {};                 // the answer's body breaks off after so many bytes
  std::optional<std::size_t> truncate = {};            // it has only so many bytes, and Content-Length agrees
  bool duplicate = false;                              // the answer comes twice
  bool reset = false;                                  // with cut or silent: by a reset
  double delay = 0;                                    // seconds before the answer
  bool wrong_digest = false;                           // one byte of the body is another; without a body Docker-Content-Digest is
  int wrong_length = 0;                                // added to Content-Length
  std::optional<std::uint64_t> reset_mid_upload = {};  // the connection is reset after so many bytes of the request's body
  bool lose_upload = false;                            // and the upload is gone
  std::function<void()> action = {};                   // called when the fault strikes, before anything else
  std::function<void(HttpAnswer&)> change = {};        // last word on the answer
  unsigned times = 1;                                  // so many requests in a row; 0: all from then on
};

// All that are given must fit.
struct FaultMatch {
  std::string kind = {};        // "GET blob"
  std::string repository = {};  //
  std::string path = {};        // glob over path and query
  std::size_t nth = 1;          // the nth that fits, counted from when the fault was added
};

class FaultList {
 public:
  void add(FaultMatch match, Fault fault);
  void clear();
  std::optional<Fault> strike(const RegistryRequest& request);  // the first that fits; every fault counts every request that fits
  std::size_t struck() const;

 private:
  struct Entry {
    FaultMatch match;
    Fault fault;
    std::size_t seen = 0;
  };
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::size_t struck_ = 0;
};

HttpPlan with_fault(const Fault& fault, HttpPlan plan);

}  // namespace resole::test
