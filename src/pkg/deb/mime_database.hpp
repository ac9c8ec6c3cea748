// SPDX-License-Identifier: Apache-2.0
// The MIME database below /usr/share/mime, as update-mime-database makes it of the descriptions in packages/*.xml: mime.cache for programs, the same as lists
// (globs2, magic, aliases, ...), and a file for each type.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "pkg/deb/mime_types.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

inline constexpr std::string_view kMimeDirectory = "usr/share/mime";

using MimeFiles = std::map<std::string, std::string>;  // path below the directory -> content

// All but `version`. Error(input) where update-mime-database would leave something out with a warning, or for what is not understood.
MimeFiles make_mime_database(const MimeSources& files);

// Those of a tree; Error(input) when the bytes of one are not at hand.
MimeSources mime_sources(const rootfs::Tree& tree);

// Files of types that no description has any more: update-mime-database removes them, in the directories that its version knows. Paths below the directory.
std::set<std::string> stale_mime_files(const rootfs::Tree& tree, const MimeFiles& made);

// Is every file of the image's database byte for byte what make_mime_database makes of its descriptions? Only then is it made again: the program in use there
// is understood (2.0 to 2.5 write the same; another one would show here). Files that the image has deleted do not count. "" or why not.
std::string mime_obstacle(const rootfs::Tree& tree);

}  // namespace resole::deb
