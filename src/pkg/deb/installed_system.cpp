// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/installed_system.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::size_t kPathLimit = 20'000'000;

}  // namespace

FileLists FileLists::read(const rootfs::Tree& tree, std::span<const StatusStanza> stanzas, const Slices& slices) {
  FileLists result;
  result.lists_.resize(stanzas.size());
  std::size_t total = 0;
  std::vector<std::pair<std::size_t, std::string_view>> md5sums;
  for (std::size_t i = 0; i < stanzas.size(); ++i) {
    if (stanzas[i].is_entry()) {
      md5sums.emplace_back(i, tree.content(md5sums_beside(stanzas[i].file)).value_or(""));
      continue;
    }
    if (stanzas[i].is_sliced()) {
      for (const auto& [path, sliced] : slices.paths) {
        if (!sliced.directory && sliced.packages.contains(stanzas[i].package.name)) result.lists_[i].push_back(path);
      }
      total += result.lists_[i].size();
      continue;
    }
    result.lists_[i] = lines(tree.content(info_path(stanzas[i].package, "list")).value_or(""));
    total += result.lists_[i].size();
  }
  // Composed first and viewed then: the strings must not move any more.
  std::vector<std::size_t> ends;
  for (const auto& [stanza, text] : md5sums) {
    for (const std::string_view line : lines(text)) {
      if (line.size() > 34) result.spelled_.push_back(fmt::format("/{}", line.substr(34)));
    }
    ends.push_back(result.spelled_.size());
  }
  total += result.spelled_.size();
  if (total > kPathLimit) throw Error(ErrorKind::input, fmt::format("the package database lists more than {} paths", kPathLimit));
  std::size_t next = 0;
  for (std::size_t i = 0; i < md5sums.size(); ++i) {
    for (; next < ends[i]; ++next) result.lists_[md5sums[i].first].push_back(result.spelled_[next]);
  }
  result.owners_.reserve(total);
  for (std::size_t i = 0; i < stanzas.size(); ++i) {
    for (const std::string_view path : result.lists_[i]) {
      auto& owners = result.owners_[path];
      if (owners.empty() || owners.back() != i) owners.push_back(static_cast<std::uint32_t>(i));
    }
  }
  return result;
}

std::span<const std::uint32_t> FileLists::owners(std::string_view path) const {
  const auto found = owners_.find(path);
  return found == owners_.end() ? std::span<const std::uint32_t>() : std::span<const std::uint32_t>(found->second);
}

bool FileLists::lists(std::size_t stanza, std::string_view path) const {
  const auto all = owners(path);
  return std::ranges::binary_search(all, stanza);
}

std::shared_ptr<const Slices> read_slices(const rootfs::Tree& tree) {
  const auto compressed = tree.content(kSlicesPath);
  return std::make_shared<const Slices>(compressed ? parse_slices(*compressed, kSlicesPath) : Slices());
}

InstalledSystem InstalledSystem::read(const rootfs::Tree& tree) {
  auto stanzas = read_status(tree);
  auto slices = read_slices(tree);
  auto files = FileLists::read(tree, stanzas, *slices);
  auto owners = pkg::Owners::read(tree);
  auto overrides = StatOverrides::read(tree, owners);
  return {tree,
          std::move(stanzas),
          std::move(slices),
          std::move(files),
          std::move(owners),
          std::move(overrides),
          Diversions::read(tree),
          PathFilters::read(tree),
          FileHistory(tree)};
}

std::size_t InstalledSystem::find(std::string_view name, std::string_view arch) const {
  for (std::size_t i = 0; i < stanzas.size(); ++i) {
    const pkg::InstalledPackage& package = stanzas[i].package;
    if (package.state != pkg::InstallState::removed && package.name == name && (arch.empty() || package.arch == arch)) return i;
  }
  return npos;
}

std::string md5sums_beside(const std::string& file) {
  constexpr std::string_view kControl = "/control";
  if (file.ends_with(kControl)) return file.substr(0, file.size() - kControl.size()) + "/md5sums";
  return file + ".md5sums";
}

std::string info_path(const pkg::Package& package, std::string_view member) {
  return fmt::format("{}/{}.{}", kInfoDirectory, info_name(package), member);
}

}  // namespace resole::deb
