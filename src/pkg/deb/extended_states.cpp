// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/extended_states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "pkg/deb/control.hpp"

namespace resole::deb {

std::string mark_automatic(std::string_view extended_states, std::vector<std::pair<std::string, std::string>> added,
                           std::string_view native) {
  std::set<std::pair<std::string, std::string>> known;
  ParagraphReader reader(extended_states, "var/lib/apt/extended_states");
  Paragraph paragraph;
  while (reader.next(paragraph)) known.emplace(paragraph.get("Package"), paragraph.get("Architecture"));
  std::string text(extended_states);
  if (!text.empty() && !text.ends_with("\n\n")) text += text.ends_with('\n') ? "\n" : "\n\n";
  std::ranges::sort(added);
  for (auto& [name, arch] : added) {
    if (arch == "all") arch = native;
    if (known.emplace(name, arch).second) text += fmt::format("Package: {}\nArchitecture: {}\nAuto-Installed: 1\n\n", name, arch);
  }
  return text;
}

}  // namespace resole::deb
