// SPDX-License-Identifier: Apache-2.0
// What the two forms of sources.list(5) share.
#pragma once
#include <string>
#include <string_view>

namespace resole::deb {

// "$(ARCH)" replaced, as apt does in URIs and suites.
std::string with_architecture(std::string_view text, std::string_view arch);
// The same for a URI, without trailing '/' and without credentials: those of an image are not ours to send, those of the operator travel
// beside the URL (pkg/operator_access.hpp). "" when it has no scheme.
std::string normalised_uri(std::string_view uri, std::string_view arch);

// After the message about a source that cannot be read.
inline constexpr const char* kSourceHint =
    "apt would refuse this file too: correct it in the image, or take it out and name the repository with --package-repo";

}  // namespace resole::deb
