// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/ld_so_cache.hpp"

namespace resole::deb {
namespace {

class Verification {
 public:
  Verification(const rootfs::Tree& tree, const pkg::Inventory& inventory)
      : tree_(tree), inventory_(inventory), system_(InstalledSystem::read(tree)) {}

  std::vector<pkg::VerifyFinding> run() {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < system_.stanzas.size(); ++i) {
      const StatusStanza& stanza = system_.stanzas[i];
      if (!seen.insert(stanza.package.key()).second) report(stanza.file, stanza, "stands in the database twice");
      if (stanza.package.state == pkg::InstallState::removed) continue;
      check_state(stanza);
      if (stanza.file == kStatusPath && !tree_.resolve(info_path(stanza.package, "list"), true).node) {
        report(info_path(stanza.package, "list"), stanza, "is missing: the database does not know the package's files");
      }
      check_list(i, stanza);
      check_sums(i, stanza);
    }
    check_libraries();
    std::ranges::sort(findings_, {},
                      [](const pkg::VerifyFinding& finding) { return std::tie(finding.path, finding.package, finding.problem); });
    return std::move(findings_);
  }

 private:
  void report(std::string path, const StatusStanza& stanza, std::string problem) {
    findings_.push_back({std::move(path), stanza.package.key(), std::move(problem)});
  }

  void check_state(const StatusStanza& stanza) {
    if (stanza.flag != "ok" || stanza.state != "installed")
      report(stanza.file, stanza, fmt::format("is in state \"{} {}\"", printable(stanza.flag), printable(stanza.state)));
  }

  // Deleted itself, or below a directory that was.
  static bool is_deleted(const pkg::InstalledPackage& package, std::string_view path) {
    for (; path.size() > 1; path = path.substr(0, path.rfind('/'))) {
      if (std::ranges::binary_search(package.deleted, path)) return true;
    }
    return false;
  }

  const pkg::InstalledPackage& known(const StatusStanza& stanza) const {
    const pkg::InstalledPackage* package = inventory_.find(stanza.package.name, stanza.package.arch);
    return package ? *package : stanza.package;
  }

  static bool is_conffile(const StatusStanza& stanza, std::string_view path) {
    return std::ranges::find(stanza.conffiles, path, &Conffile::path) != stanza.conffiles.end();
  }

  const rootfs::Node* find(const StatusStanza& stanza, std::string_view path) const {
    return tree_.resolve(system_.diversions.redirect(path, stanza.package.name), false).node;
  }

  void check_list(std::size_t number, const StatusStanza& stanza) {
    for (const std::string_view path : system_.files.of(number)) {
      if (path == "/." || find(stanza, path) || is_conffile(stanza, path)) continue;
      if (system_.filters.excludes(path, tar::Type::file) || is_deleted(known(stanza), path)) continue;
      report(std::string(path), stanza, "is missing");
    }
  }

  void check_sums(std::size_t number, const StatusStanza& stanza) {
    const std::string file = stanza.file == kStatusPath ? info_path(stanza.package, "md5sums") : md5sums_beside(stanza.file);
    for (const std::string_view line : lines(tree_.content(file).value_or(""))) {
      constexpr std::size_t kHex = 32;
      const auto sum = line.size() > kHex + 2 ? md5_from_hex(line.substr(0, kHex)) : std::nullopt;
      if (!sum) continue;
      const std::string path = fmt::format("/{}", line.substr(kHex + 2));
      // A file that another package took over stays in md5sums but not in the list.
      if (is_conffile(stanza, path) || !system_.files.lists(number, path)) continue;
      const rootfs::Node* node = find(stanza, path);
      if (!node) continue;  // told above
      if (node->entry.type != tar::Type::file)
        report(path, stanza, "is not a regular file");
      else if (node->entry.md5 && *node->entry.md5 != *sum)
        report(path, stanza, "does not have the content that the package gave it");
    }
  }

  void check_libraries() {
    constexpr std::string_view kPath = "etc/ld.so.cache";
    const auto cache = tree_.content(kPath);
    if (!cache || !generator_of(*cache)) return;
    std::set<std::string> cached, there;
    for (const Library& library : read_ld_so_cache(*cache)) cached.insert(library.path);
    for (const Library& library : find_libraries(tree_, inventory_.arch)) there.insert(library.path);
    for (const std::string& path : cached) {
      if (!follow(tree_, path).node) findings_.push_back({path, "", "is in ld.so.cache but not in the image"});
    }
    for (const std::string& path : there) {
      if (!cached.contains(path)) findings_.push_back({path, "", "is a library that ld.so.cache does not know"});
    }
  }

  const rootfs::Tree& tree_;
  const pkg::Inventory& inventory_;
  const InstalledSystem system_;
  std::vector<pkg::VerifyFinding> findings_;
};

}  // namespace

std::vector<pkg::VerifyFinding> verify(const rootfs::Tree& tree, const pkg::Inventory& inventory) {
  try {
    return Verification(tree, inventory).run();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return {{std::string(kStatusPath), "", error.what()}};  // a database that cannot be read is the finding
  }
}

}  // namespace resole::deb
