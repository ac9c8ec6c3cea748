// SPDX-License-Identifier: Apache-2.0
// The one exception type. What happened (message), where (context chain, outermost last), what to do next (hint).
// Expected outcomes (no fix, held, needs sandbox) are values in the plan and never thrown.
#pragma once
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resole {

// Each kind maps to one exit code (exit_code below; docs/commands.md; product.md "Exit codes").
enum class ErrorKind {
  internal,      // 1: a bug
  usage,         // 2
  input,         // 3: image, report, plan, manifest; report of another image
  verification,  // 4: digest, signature, plan not met
  network,       // 5: network or registry
  refused,       // 6: policy, unsafe rebase, end of life when asked, unprovable plan
  unsupported,   // 8: no package database, unknown os
  throttled,     // 75: try again
  interrupted,   // 130
};

// Codes that are not errors but outcomes.
inline constexpr int kExitDone = 0;
inline constexpr int kExitPartial = 7;   // something requested and fixable was held
inline constexpr int kExitChanges = 10;  // only with --detailed-exitcode

int exit_code(ErrorKind kind);
std::string_view kind_name(ErrorKind kind);  // "input", "verification", ... as in --log-format json

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = {});
  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  const std::vector<std::string>& context() const { return context_; }  // innermost first
  void add_context(std::string where);
  const char* what() const noexcept override { return rendered_.c_str(); }  // "outer: inner: message"

 private:
  ErrorKind kind_;
  std::string message_, hint_, rendered_;
  std::vector<std::string> context_;
};

// Runs body; an Error that leaves it carries `where` in its chain ("reading layer sha256:... of app:1.4").
// Other exceptions pass unchanged. `where` is a callable returning std::string, evaluated only on failure.
template <class Where, class Body>
decltype(auto) with_context(Where&& where, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (Error& error) {
    error.add_context(where());
    throw;
  }
}

}  // namespace resole
