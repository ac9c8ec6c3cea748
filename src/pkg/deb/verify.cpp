// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/ld_so_cache.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

class Verification {
 public:
  using Kind = pkg::VerifyKind;

  Verification(const rootfs::Tree& tree, const pkg::Inventory& inventory)
      : tree_(tree), inventory_(inventory), system_(InstalledSystem::read(tree)) {}

  std::vector<pkg::VerifyFinding> run() {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < system_.stanzas.size(); ++i) {
      const StatusStanza& stanza = system_.stanzas[i];
      if (!seen.insert(stanza.package.key()).second) report(stanza.file, stanza, "stands in the database twice");
      if (stanza.package.state == pkg::InstallState::removed) continue;
      check_state(stanza);
      if (stanza.is_ordinary() && !tree_.resolve(info_path(stanza.package, "list"), true).node) {
        report(info_path(stanza.package, "list"), stanza, "is missing: the database does not know the package's files", Kind::missing);
      }
      check_list(i, stanza);
      check_sums(i, stanza);
      check_record(i, stanza);
    }
    check_libraries();
    std::ranges::sort(findings_, {},
                      [](const pkg::VerifyFinding& finding) { return std::tie(finding.path, finding.package, finding.problem); });
    return std::move(findings_);
  }

 private:
  void report(std::string path, const StatusStanza& stanza, std::string problem, Kind kind = Kind::damage) {
    findings_.push_back({std::move(path), stanza.package.key(), std::move(problem), kind});
  }

  void check_state(const StatusStanza& stanza) {
    if (stanza.flag != "ok" || stanza.state != "installed")
      report(stanza.file, stanza, fmt::format("is in state \"{} {}\"", printable(stanza.flag), printable(stanza.state)));
  }

  static bool is_conffile(const StatusStanza& stanza, std::string_view path) {
    return std::ranges::find(stanza.conffiles, path, &Conffile::path) != stanza.conffiles.end();
  }

  const rootfs::Node* find(const StatusStanza& stanza, std::string_view path) const {
    return tree_.resolve(system_.diversions.redirect(path, stanza.package.name), false).node;
  }

  void check_list(std::size_t number, const StatusStanza& stanza) {
    for (const std::string_view path : system_.files.of(number)) {
      if (path == "/." || find(stanza, path) || is_conffile(stanza, path) || system_.filters.excludes(path, tar::Type::file)) continue;
      report(std::string(path), stanza, "is missing", Kind::missing);
    }
  }

  // The manifest says what each file was when the image was cut, or patched.
  void check_slices(const StatusStanza& stanza) {
    for (const auto& [path, sliced] : system_.slices->paths) {
      const auto& sha256 = sliced.final_sha256 ? sliced.final_sha256 : sliced.sha256;
      const rootfs::Node* node = sha256 && sliced.packages.contains(stanza.package.name) ? find(stanza, path) : nullptr;
      if (!node || (node->entry.type == tar::Type::file && to_hex(node->entry.sha256) == *sha256)) continue;
      const bool local = node->layer > tree_.resolve(stanza.file, true).node->layer;
      report(path, stanza, problem_of(*node, local), local ? Kind::local : Kind::changed);
    }
  }

  void check_sums(std::size_t number, const StatusStanza& stanza) {
    if (stanza.is_sliced()) return check_slices(stanza);
    const std::string file = stanza.is_ordinary() ? info_path(stanza.package, "md5sums") : md5sums_beside(stanza.file);
    for (const std::string_view line : lines(tree_.content(file).value_or(""))) {
      const auto [path, sum] = read_sum(line);
      // A file that another package took over stays in md5sums but not in the list.
      if (!sum || is_conffile(stanza, path) || !system_.files.lists(number, path)) continue;
      const rootfs::Node* node = find(stanza, path);
      if (!node || has_content(*node, *sum)) continue;  // what is not there is told above
      const bool local = is_local(*node, stanza, file, path);
      report(path, stanza, problem_of(*node, local), local ? Kind::local : Kind::changed);
    }
  }

  static std::pair<std::string, std::optional<Md5>> read_sum(std::string_view line) {
    constexpr std::size_t kHex = 32;
    if (line.size() <= kHex + 2) return {};
    return {fmt::format("/{}", line.substr(kHex + 2)), md5_from_hex(line.substr(0, kHex))};
  }

  static bool has_content(const rootfs::Node& node, const Md5& sum) {
    return node.entry.type == tar::Type::file && (!node.entry.md5 || *node.entry.md5 == sum);
  }

  static std::string problem_of(const rootfs::Node& node, bool local) {
    if (local) return "was changed in the image";
    return node.entry.type == tar::Type::file ? "does not have the content that the package gave it" : "is not a regular file";
  }

  // The layers tell who came first. A file above the layer that installed its package was changed there. Below it (our database layer stands
  // above the files that it speaks of), it was changed if the package's sums of that time, too, are others; if they are its own, then the
  // upgrade has not reached it.
  bool is_local(const rootfs::Node& node, const StatusStanza& stanza, const std::string& sums_file, const std::string& path) const {
    const rootfs::Resolved sums = tree_.resolve(sums_file, true);
    if (node.layer > sums.node->layer) return true;
    for (std::size_t layer = sums.node->layer; layer-- > 0;) {
      if (const auto earlier = earlier_sum(layer, sums.path, stanza, path)) return !has_content(node, *earlier);
    }
    return false;
  }

  // dpkg writes a package's record, lists and files together. Where the record is younger than all the others and has another version than the record that
  // was in force when they came, nobody installed what it says: layers were moved onto another base, whose lists then agree with its files.
  void check_record(std::size_t number, const StatusStanza& stanza) {
    if (!stanza.is_ordinary()) return;
    const std::uint32_t record = tree_.resolve(stanza.file, true).node->layer;
    std::optional<std::uint32_t> installed;
    const auto count = [&](const rootfs::Node* node) {
      if (node && node->entry.type != tar::Type::directory) installed = std::max(installed.value_or(0), node->layer);
    };
    for (const char* member : {"list", "md5sums"}) count(tree_.resolve(info_path(stanza.package, member), true).node);
    if (!installed || *installed >= record || !other_version(stanza, *installed)) return;
    for (const std::string_view path : system_.files.of(number)) {
      if (!is_conffile(stanza, path)) count(find(stanza, path));
    }
    if (*installed >= record) return;
    if (const auto then = other_version(stanza, *installed)) {
      report(stanza.file, stanza, fmt::format("is recorded as {}, but {} is what was installed (layer {})", printable(stanza.package.version), printable(*then), *installed + 1));
    }
  }

  // The version in the record that was in force with this layer on top, when that is another one.
  std::optional<std::string> other_version(const StatusStanza& stanza, std::size_t layer) {
    for (std::size_t at = layer + 1; at-- > 0;) {
      const auto& captured = tree_.layers()[at]->captured;
      const auto status = captured.find(stanza.file);
      if (status == captured.end()) continue;
      const auto& versions = versions_in(at, status->second);
      const auto then = versions.find(stanza.package.key());
      if (then == versions.end() || then->second == stanza.package.version) return std::nullopt;
      return then->second;
    }
    return std::nullopt;
  }

  const std::map<std::string, std::string>& versions_in(std::size_t layer, const std::string& status) {
    const auto [known, fresh] = versions_.try_emplace(layer);
    if (!fresh) return known->second;
    try {
      for (const StatusStanza& stanza : parse_status(status, kStatusPath)) known->second[stanza.package.key()] = stanza.package.version;
    } catch (const Error&) {
      known->second.clear();  // a layer above has mended it
    }
    return known->second;
  }

  // The names of a package's files changed when it became Multi-Arch: same.
  std::optional<Md5> earlier_sum(std::size_t layer, const std::string& sums_file, const StatusStanza& stanza, const std::string& path) const {
    const auto& captured = tree_.layers()[layer]->captured;
    const std::string directory(rootfs::parent_of(sums_file));
    for (const std::string& file : {sums_file, fmt::format("{}/{}.md5sums", directory, stanza.package.name),
                                    fmt::format("{}/{}:{}.md5sums", directory, stanza.package.name, stanza.package.arch)}) {
      const auto found = captured.find(file);
      if (found == captured.end()) continue;
      for (const std::string_view line : lines(found->second)) {
        if (auto [listed, sum] = read_sum(line); sum && listed == path) return sum;
      }
    }
    return std::nullopt;
  }

  void check_libraries() {
    constexpr std::string_view kPath = "etc/ld.so.cache";
    const auto cache = tree_.content(kPath);
    if (!cache || !generator_of(*cache)) return;
    std::set<std::string> cached, there;
    for (const Library& library : read_ld_so_cache(*cache)) cached.insert(library.path);
    for (const Library& library : find_libraries(tree_, inventory_.arch)) there.insert(library.path);
    for (const std::string& path : cached) {
      if (!follow(tree_, path).node) findings_.push_back({path, "", "is in ld.so.cache but not in the image", Kind::missing});
    }
    const std::uint32_t written = tree_.resolve(kPath, true).node->layer;
    for (const std::string& path : there) {
      if (cached.contains(path)) continue;
      const rootfs::Node* library = follow(tree_, path).node;
      const bool later = library && library->layer > written;  // copied in without ldconfig
      findings_.push_back({path, "", "is a library that ld.so.cache does not know", later ? Kind::local : Kind::changed});
    }
  }

  const rootfs::Tree& tree_;
  const pkg::Inventory& inventory_;
  const InstalledSystem system_;
  std::map<std::size_t, std::map<std::string, std::string>> versions_;  // of the status files of lower layers
  std::vector<pkg::VerifyFinding> findings_;
};

}  // namespace

std::vector<pkg::VerifyFinding> verify(const rootfs::Tree& tree, const pkg::Inventory& inventory) {
  try {
    return Verification(tree, inventory).run();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return {{std::string(kStatusPath), "", error.what(), pkg::VerifyKind::damage}};  // a database that cannot be read is the finding
  }
}

}  // namespace resole::deb
