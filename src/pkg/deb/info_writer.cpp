// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/info_writer.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <unordered_map>

#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

// "libc6:amd64.list" -> "libc6:amd64": the last dot ends the name, which may have dots itself.
std::string_view owner_of(std::string_view file) { return file.substr(0, file.rfind('.')); }

std::string lines_text(const auto& all) {
  std::string text;
  for (const auto& line : all) {
    text += line;
    text += '\n';
  }
  return text;
}

class InfoWriter {
 public:
  InfoWriter(const InstalledSystem& system, std::int64_t epoch, rootfs::LayerDraft& draft) : system_(system), epoch_(epoch), draft_(draft) {
    for (const std::string& name : system.tree.children(system.tree.resolve(kInfoDirectory, true).path))
      files_[std::string(owner_of(name))].push_back(name);
  }

  void write(const PreparedPackage& package) {
    if (package.incoming.old != InstalledSystem::npos) remove_old(system_.stanzas[package.incoming.old].package);
    const std::string name = info_name(package.incoming.package);
    for (const ControlMember& member : package.facts.control.members) {
      // "list" is dpkg's own file; it refuses a package's.
      if (member.name != "control" && member.name != "list") put(name, member.name, member.content, member.mode, member.mtime);
    }
    if (const auto md5sums = generated_md5sums(package)) put(name, "md5sums", *md5sums, 0644, epoch_);
    put(name, "list", lines_text(package.list), 0644, epoch_);
  }

  void forget(std::uint32_t stanza) { remove_old(system_.stanzas[stanza].package); }

  // Paths that went over to a package that Replaces this one (dpkg write_filelist_except()).
  void shorten_list(std::size_t stanza, const std::set<std::string, std::less<>>& taken) {
    std::vector<std::string_view> left;
    for (const std::string_view path : system_.files.of(stanza)) {
      if (!taken.contains(path)) left.push_back(path);
    }
    put(info_name(system_.stanzas[stanza].package), "list", lines_text(left), 0644, epoch_);
  }

 private:
  void remove_old(const pkg::Package& old) {
    for (const std::string& file : files_[info_name(old)]) {
      draft_.remove(system_.tree.resolve(fmt::format("{}/{}", kInfoDirectory, file), false).path);
    }
  }

  void put(std::string_view package, std::string_view member, std::string content, std::uint32_t mode, std::int64_t mtime) {
    put_file(draft_, system_.tree, fmt::format("{}/{}.{}", kInfoDirectory, package, member), std::move(content), mode, mtime);
  }

  const InstalledSystem& system_;
  const std::int64_t epoch_;
  rootfs::LayerDraft& draft_;
  std::unordered_map<std::string, std::vector<std::string>> files_;  // below info/, by package
};

}  // namespace

void put_file(rootfs::LayerDraft& draft, const rootfs::Tree& tree, const std::string& path, std::string content, std::uint32_t mode,
              std::int64_t mtime) {
  tar::Header header;
  header.path = tree.resolve(path, false).path;
  header.mode = mode;
  header.mtime = mtime;
  draft.put(std::move(header), Blob::of(std::move(content)));
}

std::optional<std::string> generated_md5sums(const PreparedPackage& package) {
  if (package.facts.control.find("md5sums")) return std::nullopt;
  std::string text;
  std::unordered_map<std::string_view, std::string> sums;  // of the files; their links have the same
  const auto& members = package.facts.data.entries;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const rootfs::Entry& member = members[i];
    if (member.type == tar::Type::file && member.md5) sums[member.path] = to_hex(*member.md5);
    const auto sum = sums.find(member.type == tar::Type::hardlink ? member.link : member.path);
    const Fate fate = package.placements[i].fate;
    if (sum != sums.end() && fate != Fate::filtered && fate != Fate::theirs) text += fmt::format("{}  {}\n", sum->second, member.path);
  }
  return text;
}

void write_info(const InstalledSystem& system, const std::vector<const PreparedPackage*>& packages, const std::vector<std::uint32_t>& gone,
                std::int64_t epoch, rootfs::LayerDraft& draft) {
  InfoWriter writer(system, epoch, draft);
  std::map<std::uint32_t, std::set<std::string, std::less<>>> taken;
  for (const PreparedPackage* each : packages) {
    const PreparedPackage& package = *each;
    writer.write(package);
    for (std::size_t i = 0; i < package.placements.size(); ++i) {
      for (const std::uint32_t other : package.placements[i].taken_from)
        taken[other].insert(fmt::format("/{}", package.facts.data.entries[i].path));
    }
  }
  for (const std::uint32_t stanza : gone) {
    taken.erase(stanza);
    writer.forget(stanza);
  }
  for (const auto& [stanza, paths] : taken) writer.shorten_list(stanza, paths);
}

}  // namespace resole::deb
