// SPDX-License-Identifier: Apache-2.0
// gschemas.compiled, as glib-compile-schemas makes it of the descriptions of settings below /usr/share/glib-2.0/schemas: *.gschema.xml, *.enums.xml,
// *.gschema.override.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "rootfs/tree.hpp"

namespace resole::deb {

inline constexpr std::string_view kSchemasDirectory = "usr/share/glib-2.0/schemas";

using SchemaFiles = std::map<std::string, std::string, std::less<>>;  // name -> content

// Error(input) where glib-compile-schemas would leave a file out with a warning, or for what is not understood.
std::string compile_schemas(const SchemaFiles& files);

// Those of a tree; Error(input) when the bytes of one are not at hand.
SchemaFiles schema_files(const rootfs::Tree& tree);

// Is the image's gschemas.compiled byte for byte what compile_schemas makes of its files? Only then is it made again: what is in use there is understood, by
// this very version of GLib's program. "" or why not.
std::string schemas_obstacle(const rootfs::Tree& tree);

}  // namespace resole::deb
