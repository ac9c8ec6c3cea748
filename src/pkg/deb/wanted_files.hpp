// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <set>
#include <string>

#include "pkg/deb/package_file.hpp"

namespace resole::deb {

// Some files of a package, by its own spelling of their paths (without "./"). What is no file, or bigger than 1 MiB, is not among them.
std::map<std::string, std::string> read_files(const PackageFile& package, const std::set<std::string>& paths);

}  // namespace resole::deb
