// SPDX-License-Identifier: Apache-2.0
// Which release an advisory is about, in the words of os-release: "ID:VERSION". Vendors write it as a CPE, an OSV ecosystem, or a product's name for people.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/feed/record.hpp"
#include "pkg/package.hpp"

namespace resole::advisory::feed {

struct Scope {
  std::string name;        // "rhel:9"
  Order order = Order::rpm;
  bool source = false;     // the vendor's data names sources (origins)
  std::string needs;       // a subscription that the ordinary repositories do not include: "Ubuntu Pro"
};

std::optional<Scope> scope_of_ecosystem(std::string_view ecosystem);  // OSV: "Ubuntu:Pro:18.04:LTS"
std::optional<Scope> scope_of_cpe(std::string_view cpe);              // "cpe:/a:redhat:rhel_eus:9.4::appstream", 2.2 or 2.3
std::optional<Scope> scope_of_product(std::string_view name);         // "SUSE Linux Enterprise Server 15 SP2", "Photon 3"
std::optional<Scope> scope_of_os(std::string_view os);                // "ID:VERSION", as people give it

// The scopes that hold for an image, the most exact first.
std::vector<std::string> scopes_of_image(const pkg::OsRelease& os);

}  // namespace resole::advisory::feed
