// SPDX-License-Identifier: Apache-2.0
// The faults that every way over the network is tried with, at every request in turn.
#pragma once
#include <cstdlib>
#include <ostream>
#include <string_view>
#include <vector>

#include "support/registry_faults.hpp"

namespace resole::test {

struct NamedFault {
  const char* name;
  Fault fault;
  bool passes;  // one such fault must not be noticed: it is worth another try, or harms nothing
};
inline void PrintTo(const NamedFault& fault, std::ostream* out) { *out << fault.name; }

inline std::vector<NamedFault> all_faults() {
  return {{"no_answer", {.silent = true}, true},
          {"reset", {.silent = true, .reset = true}, true},
          {"cut", {.cut = 1}, true},
          {"delayed", {.delay = 0.05}, true},
          {"truncated", {.truncate = 0}, false},
          {"duplicated", {.duplicate = true}, false},
          {"unauthorized", {.status = 401}, false},
          {"forbidden", {.status = 403}, false},
          {"not_found", {.status = 404}, false},
          {"blocked", {.status = 412}, false},
          {"throttled", {.status = 429, .retry_after = "1"}, true},
          {"internal", {.status = 500}, true},
          {"unavailable", {.status = 503, .retry_after = "Sun, 22 Nov 2026 00:00:00 GMT"}, true},
          {"wrong_digest", {.wrong_digest = true}, false},
          {"too_short", {.wrong_length = 1}, false},
          {"too_long", {.wrong_length = -1}, false},
          {"broken_upload", {.reset_mid_upload = 1, .lose_upload = true}, true},
          // It took effect, but the answer was lost.
          {"done_no_answer", {.silent = true, .executed = true}, true},
          {"done_reset", {.silent = true, .executed = true, .reset = true}, true},
          {"done_internal", {.status = 500, .executed = true}, true},
          {"done_unavailable", {.status = 503, .executed = true}, true}};
}

// Every fault at every request is for RESOLE_TEST_FULL; else each fault strikes at every fifth request, and each request by a fifth of the faults.
inline bool is_tried(const NamedFault& fault, std::size_t request) {
  static const bool full = std::getenv("RESOLE_TEST_FULL") != nullptr;
  return full || (std::string_view(fault.name).size() + request) % 5 == 0;
}

}  // namespace resole::test
