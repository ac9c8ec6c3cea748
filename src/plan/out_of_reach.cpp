// SPDX-License-Identifier: Apache-2.0
// A fix above everything that is offered has one of four causes, and each shows in the version:
//
//   2.31-0ubuntu9.12+esm1, 1.2~esm2      made for subscribers (Ubuntu Pro): another repository has it
//   3.0.7-18.el9_2                       of another minor release than the image's (Red Hat's EUS)
//   1:10.24.0-1.module+el8.3.0+10166     of a module stream that is not the installed one's
//   7.88.1-10+deb12u9                    of this release: made, and not yet where the image's repositories look
//
// What remains and has another upstream version is another release's package.
#include "plan/out_of_reach.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace resole::plan {

namespace {

using document::HeldReason;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "3.0.7-18.el9_2" -> "2", "" when there is none.
std::string_view minor_release(std::string_view version) {
  const std::size_t el = version.rfind(".el");
  if (el == std::string_view::npos) return {};
  version.remove_prefix(el + 3);
  const std::size_t line = version.find_first_not_of("0123456789");
  if (line == std::string_view::npos || version[line] != '_') return {};
  version.remove_prefix(line + 1);
  return version.substr(0, std::min(version.size(), version.find_first_not_of("0123456789")));
}

bool is_of_another_minor(std::string_view fixed, const pkg::OsRelease& os) {
  const std::string_view minor = minor_release(fixed);
  const std::size_t dot = os.version_id.find('.');
  return !minor.empty() && dot != std::string::npos && minor != std::string_view(os.version_id).substr(dot + 1);
}

// "module+el8.3.0" and what is before it is the build; the stream itself does not stand in the version.
bool is_module(std::string_view version) { return version.find(".module") != std::string_view::npos || version.find("+module") != std::string_view::npos; }

// Without epoch and revision.
std::string_view upstream(std::string_view version) {
  if (const std::size_t colon = version.find(':'); colon != std::string_view::npos) version.remove_prefix(colon + 1);
  return version.substr(0, version.rfind('-'));
}

// "deb12u" of "+deb12u9", "ubuntu" with the release of "0ubuntu0.22.04.1": by these the archives of one release are told from others.
bool is_of_this_release(std::string_view fixed, const pkg::OsRelease& os) {
  if (os.version_id.empty()) return false;
  const std::string debian = "deb" + os.version_id.substr(0, os.version_id.find('.')) + "u";
  return fixed.find(debian) != std::string_view::npos || (fixed.find("ubuntu") != std::string_view::npos && fixed.find(os.version_id) != std::string_view::npos);
}

}  // namespace

HeldReason out_of_reach(std::string_view fixed, const Slot& slot, const pkg::OsRelease& os) {
  const std::string_view installed = slot.installed->source.version;
  const std::size_t esm = fixed.find("esm");
  if (esm != std::string_view::npos && esm > 0 && (fixed[esm - 1] == '~' || fixed[esm - 1] == '+') && esm + 3 < fixed.size() && is_digit(fixed[esm + 3]))
    return HeldReason::needs_repository;
  if (is_module(fixed) || is_module(installed)) return HeldReason::module_stream;
  if (is_of_another_minor(fixed, os)) return HeldReason::needs_repository;
  const bool other_source = slot.candidate && slot.candidate->source.name != slot.installed->source.name;
  if (other_source || (!slot.candidate && !slot.offered)) return HeldReason::fix_not_available;
  if (upstream(fixed) == upstream(installed) || is_of_this_release(fixed, os)) return HeldReason::not_yet_published;
  return HeldReason::upstream_bump;
}

}  // namespace resole::plan
