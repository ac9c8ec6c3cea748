// SPDX-License-Identifier: Apache-2.0
// mime.cache 1.2 (Shared MIME-info Database specification, section 3): what programs ask about types, in big-endian words that point to each other. The order of
// its strings is that of GLib's hash tables.
#pragma once
#include <string>

#include "pkg/deb/mime_types.hpp"

namespace resole::deb {

std::string write_mime_cache(const MimeTypes& types);

}  // namespace resole::deb
