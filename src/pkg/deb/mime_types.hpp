// SPDX-License-Identifier: Apache-2.0
// The descriptions of MIME types below /usr/share/mime/packages (freedesktop.org's Shared MIME-info Database specification, section 2), as
// update-mime-database understands and keeps them: in its order, on which the order in its files depends.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/deb/glib_table.hpp"

namespace resole::deb {

using MimeSources = std::map<std::string, std::string, std::less<>>;  // file name -> content

struct MimeGlob {
  unsigned weight = 50;
  std::string pattern, type;
  bool deletes_all = false, case_sensitive = false;
};

struct MimeMatch {
  std::uint32_t start = 0, length = 1;  // offsets at which it is looked for
  unsigned word_size = 1;               // numbers in the machine's order
  std::string data, mask;               // mask: "" or as long as data
  std::vector<MimeMatch> matches;       // one of them has to fit too
};

struct MimeMagic {
  unsigned priority = 50;
  std::string type;
  bool deletes_all = false;
  std::vector<MimeMatch> matches;
};

struct MimeTreeMatch {
  std::string path, conditions;  // "file,executable"
  std::vector<MimeTreeMatch> matches;
};

struct MimeTreeMagic {
  unsigned priority = 50;
  std::string type;
  std::vector<MimeTreeMatch> matches;
};

// An element that is kept in the type's own file.
struct MimeField {
  std::string text;  // as XML
  bool comment = false;
  std::optional<std::string> language;
};

struct MimeTypes {
  GlibTable<std::vector<MimeField>> types;    // "text/plain"
  GlibTable<std::vector<MimeGlob>> globs;     // by pattern
  GlibTable<std::vector<std::string>> parents;
  GlibTable<std::string> aliases, icons, generic_icons, namespaces;  // alias -> type; type -> icon; "URI NAME" -> type
  std::vector<MimeMagic> magic;               // as they are tried
  std::vector<MimeTreeMagic> tree_magic;
};

// Error(input) where update-mime-database would warn and leave something out, and for what is not understood.
MimeTypes read_mime_types(const MimeSources& files);

}  // namespace resole::deb
