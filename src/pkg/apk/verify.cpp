// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/verify.hpp"

#include <algorithm>
#include <tuple>

#include "base/error.hpp"
#include "pkg/apk/inventory.hpp"
#include "pkg/apk/protected_paths.hpp"
#include "pkg/apk/script_store.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

void check_stanza(const InstalledStanza& stanza, const FileStates& states, const ProtectedPaths& protection, std::vector<pkg::VerifyFinding>& findings) {
  const std::string key = package_of(stanza.description).key();
  for (const InstalledDirectory& directory : stanza.directories) {
    const bool is_protected = protection.covers(directory.path);
    for (const InstalledFile& file : directory.files) {
      const std::string path = "/" + rootfs::join_path(directory.path, file.name);
      switch (states.of(stanza, directory, file)) {
        case FileState::own:
          break;
        case FileState::modified:
          if (!is_protected) findings.push_back({path, key, "was changed in the image", pkg::VerifyKind::local});
          break;
        case FileState::deleted:
        case FileState::missing:
          findings.push_back({path, key, "is missing", pkg::VerifyKind::missing});
          break;
      }
    }
  }
}

}  // namespace

std::vector<pkg::VerifyFinding> verify(const rootfs::Tree& tree) {
  std::vector<pkg::VerifyFinding> findings;
  try {
    const InstalledDatabase database = InstalledDatabase::read(tree);
    const FileStates states(tree, database);
    const ProtectedPaths protection = ProtectedPaths::read(tree);
    for (const InstalledStanza& stanza : database.stanzas) check_stanza(stanza, states, protection, findings);
    for (const auto& [checksum, scripts] : ScriptStore::read(tree, database.directory).packages) {
      const bool known = std::ranges::any_of(database.stanzas, [&](const InstalledStanza& stanza) { return stanza.description.checksum == checksum; });
      if (!known) findings.push_back({database.directory + "/scripts.tar", checksum, "scripts or triggers of a package that is not installed", pkg::VerifyKind::damage});
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    findings.push_back({database_directory(tree) + "/installed", "", error.what(), pkg::VerifyKind::damage});  // a database that cannot be read is the finding
  }
  std::ranges::sort(findings, {}, [](const pkg::VerifyFinding& finding) { return std::tie(finding.path, finding.package, finding.problem); });
  return findings;
}

}  // namespace resole::apk
