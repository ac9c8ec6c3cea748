// SPDX-License-Identifier: Apache-2.0
#include "advisory/finding.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"

namespace resole::advisory {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::unknown:
      return "UNKNOWN";
    case Severity::negligible:
      return "NEGLIGIBLE";
    case Severity::low:
      return "LOW";
    case Severity::medium:
      return "MEDIUM";
    case Severity::high:
      return "HIGH";
    case Severity::critical:
      return "CRITICAL";
  }
  std::unreachable();
}

// Scanners and vendors have their own words for the same five steps.
Severity parse_severity(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, Severity>, 10> kWords = {{{"critical", Severity::critical},
                                                                                    {"high", Severity::high},
                                                                                    {"important", Severity::high},
                                                                                    {"medium", Severity::medium},
                                                                                    {"moderate", Severity::medium},
                                                                                    {"low", Severity::low},
                                                                                    {"minor", Severity::low},
                                                                                    {"negligible", Severity::negligible},
                                                                                    {"unimportant", Severity::negligible},
                                                                                    {"none", Severity::negligible}}};
  const std::string word = lower(trim(text));
  for (const auto& [name, severity] : kWords) {
    if (word == name) return severity;
  }
  return Severity::unknown;
}

std::string_view status_name(Status status) {
  switch (status) {
    case Status::fixed:
      return "fixed";
    case Status::unfixed:
      return "unfixed";
    case Status::will_not_fix:
      return "will not fix";
    case Status::deferred:
      return "deferred";
    case Status::not_affected:
      return "not affected";
    case Status::end_of_life:
      return "end of life";
    case Status::under_investigation:
      return "under investigation";
    case Status::unknown:
      return "unknown";
  }
  std::unreachable();
}

void LeftOut::add(std::string_view reason) {
  if (count++ == 0) first = printable(reason, 300);
}

}  // namespace resole::advisory
