// SPDX-License-Identifier: Apache-2.0
// Relationship fields of packages (deb-control(5), policy 7.1): "libc6 (>= 2.36), default-mta | mail-transport-agent".
#pragma once
#include <string_view>
#include <vector>

#include "pkg/deb/control.hpp"
#include "pkg/package.hpp"

namespace resole::deb {

// Error(input) names `what`: bad syntax or more than 20,000 atoms. Empty entries between commas are skipped, as dpkg does.
std::vector<pkg::Alternatives> parse_alternatives(std::string_view value, std::string_view what);
std::vector<pkg::Atom> parse_atoms(std::string_view value,
                                   std::string_view what);  // fields without '|': Breaks, Conflicts, Replaces, Provides

// The relations of a stanza, from status or a Packages index alike.
pkg::Relations relations_of(const Paragraph& paragraph, std::string_view what);

// "source (version)" of the Source field, completed from the binary (Debian policy 5.6.1): absent parts are the package's own.
pkg::SourceRef source_of(std::string_view source_field, std::string_view package, std::string_view version);

// Name, version, architecture, source, relations and the rest that installed packages and candidates share.
void fill_package(pkg::Package& package, const Paragraph& paragraph, std::string_view what);

}  // namespace resole::deb
