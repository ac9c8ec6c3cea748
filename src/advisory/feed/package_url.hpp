// SPDX-License-Identifier: Apache-2.0
// Package URLs (github.com/package-url/purl-spec) as far as feeds use them: "pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src&epoch=1".
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace resole::advisory::feed {

struct PackageUrl {
  std::string type, space, name, version, arch, epoch, module, distro;
  std::string full_version() const { return epoch.empty() || epoch == "0" || version.empty() ? version : epoch + ":" + version; }
};
std::optional<PackageUrl> parse_package_url(std::string_view text);

}  // namespace resole::advisory::feed
