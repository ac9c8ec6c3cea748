// SPDX-License-Identifier: Apache-2.0
// lib/apk/db/scripts.tar and lib/apk/db/triggers. The first has every script of every installed package, named "busybox-1.36.1-r29.Q1yY8l...=.post-upgrade",
// the second a line per package with triggers: "Q1yY8l...= /bin /usr/bin /lib/modules/*". apk writes both in the order in which packages stand in its list:
// those that stay as the database has them, then those of the upgrade as they were committed.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/apk/package_file.hpp"
#include "rootfs/tree.hpp"

namespace resole::apk {

struct PackageScripts {
  ScriptTexts scripts;
  std::vector<std::string> triggers;
};

struct ScriptStore {
  std::map<std::string, PackageScripts, std::less<>> packages;  // by checksum
  std::vector<std::string> trigger_order;                       // checksums

  // Error(input): what is no tar. Names that are none are passed over, as apk does.
  static ScriptStore read(const rootfs::Tree& tree, std::string_view database_directory);
  const PackageScripts& of(std::string_view checksum) const;
};

// `packages` in the order in which they are to stand.
std::string write_scripts(const std::vector<const Description*>& packages, const ScriptStore& store);
std::string write_triggers(const ScriptStore& store);

}  // namespace resole::apk
