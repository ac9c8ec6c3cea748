// SPDX-License-Identifier: Apache-2.0
// What the two forms of sources.list(5) share.
#pragma once
#include <string>
#include <string_view>

namespace resole::deb {

// "$(ARCH)" replaced, as apt does in URIs and suites.
std::string with_architecture(std::string_view text, std::string_view arch);
// The same for a URI, without trailing '/'; "" when it has no scheme.
std::string normalised_uri(std::string_view uri, std::string_view arch);

}  // namespace resole::deb
