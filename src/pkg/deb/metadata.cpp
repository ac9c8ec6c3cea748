// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/metadata.hpp"

#include <fmt/format.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <vector>

#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::uint32_t kSpecialBits = 07000, kSetIdBits = 06000;
constexpr std::string_view kCapability = "security.capability";

using Entries = boost::unordered_flat_map<std::string_view, const rootfs::Entry*>;

const std::string* capability_of(const rootfs::Entry& entry) {
  const auto found = entry.xattrs.find(std::string(kCapability));
  return found == entry.xattrs.end() ? nullptr : &found->second;
}

bool same_capability(const rootfs::Entry& a, const rootfs::Entry& b) {
  const std::string *one = capability_of(a), *other = capability_of(b);
  return one && other ? *one == *other : one == other;
}

bool continues_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '+' || c == '/' || c == '.';
}

bool has_word(std::string_view text, std::string_view path) {
  for (std::size_t at = text.find(path); at != std::string_view::npos; at = text.find(path, at + 1)) {
    const std::size_t end = at + path.size();
    const bool begins = at == 0 || !continues_name(text[at - 1]);
    if (begins && (end == text.size() || !continues_name(text[end]))) return true;
  }
  return false;
}

}  // namespace

// ---- history

struct FileHistory::Layers {
  explicit Layers(std::vector<std::shared_ptr<const rootfs::LayerIndex>> all) : indexes(std::move(all)), read(indexes.size()), files(indexes.size()) {}

  // Few files differ from their package: a layer is sorted when it is first asked.
  const Entries& of(std::size_t layer) {
    std::call_once(read[layer], [&] {
      for (const rootfs::Entry& entry : indexes[layer]->entries) {
        if (!entry.whiteout && !entry.opaque) files[layer].emplace(entry.path, &entry);
      }
    });
    return files[layer];
  }

  // Names of one file: their attributes are those of the first.
  const rootfs::Entry* find(std::size_t layer, std::string_view path) {
    constexpr int kMostHops = 8;
    for (int hop = 0; hop < kMostHops; ++hop) {
      const auto found = of(layer).find(path);
      if (found == of(layer).end()) return nullptr;
      if (found->second->type != tar::Type::hardlink) return found->second;
      path = found->second->link;
    }
    return nullptr;
  }

  std::vector<std::shared_ptr<const rootfs::LayerIndex>> indexes;
  std::vector<std::once_flag> read;
  std::vector<Entries> files;
};

FileHistory::FileHistory(const rootfs::Tree& tree) : layers_(std::make_shared<Layers>(tree.layers())) {}

const rootfs::Entry* FileHistory::origin(const rootfs::Node& node) const {
  for (std::size_t layer = 0; layers_ && layer < node.layer; ++layer) {
    const rootfs::Entry* entry = layers_->find(layer, node.entry.path);
    if (entry && entry->type == tar::Type::file && entry->sha256 == node.entry.sha256) return entry;
  }
  return nullptr;
}

// ---- choice

bool names_file(std::string_view scripts, std::string_view absolute_path) {
  constexpr std::string_view kUsr = "/usr";
  if (has_word(scripts, absolute_path)) return true;
  if (absolute_path.starts_with("/usr/")) return has_word(scripts, absolute_path.substr(kUsr.size()));
  return has_word(scripts, fmt::format("{}{}", kUsr, absolute_path));
}

bool sets_special_bits(std::string_view scripts) {
  constexpr std::string_view kOctal = "01234567", kQuotes = "\"'";
  const auto bare = [&](std::string_view word) {
    while (!word.empty() && kQuotes.contains(word.front())) word.remove_prefix(1);
    while (!word.empty() && kQuotes.contains(word.back())) word.remove_suffix(1);
    return word;
  };
  const auto is_special = [&](std::string_view word) {
    return word.size() >= 4 && word.size() <= 5 && word.find_first_not_of(kOctal) == std::string_view::npos && (*parse_octal(word) & kSpecialBits) != 0;
  };
  for (const std::string_view line : lines(scripts)) {
    const auto words = split_words(line);
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view program = bare(words[i]).substr(bare(words[i]).rfind('/') + 1);
      if (program != "chmod" && program != "install" && program != "dpkg-statoverride") continue;
      for (std::size_t k = i + 1; k < words.size(); ++k) {
        if (is_special(bare(words[k]))) return true;
      }
      std::size_t mode = i + 1;
      while (mode < words.size() && words[mode].starts_with("--")) ++mode;
      if (program == "chmod" && mode < words.size() && bare(words[mode]).find_first_of("st$`") != std::string_view::npos) return true;
      if (program == "dpkg-statoverride" && line.find('$') != std::string_view::npos && line.find("--add") != std::string_view::npos) return true;
    }
  }
  return false;
}

std::string settle_metadata(const MetadataFacts& facts, tar::Header& header) {
  const rootfs::Entry &below = facts.below, &origin = facts.origin ? *facts.origin : below;
  std::vector<std::string> told;
  const auto tell = [&](bool local, std::string what) {
    told.push_back(what + (facts.scripted ? " (a postinst of the package names the file)" : local ? " (a later layer changed it)" : ""));
  };

  if (!facts.overridden) {
    const bool local_mode = origin.mode != below.mode, local_owner = origin.uid != below.uid || origin.gid != below.gid;
    std::uint32_t mode = header.mode;
    if (facts.scripted && facts.privileged) {
      mode = below.mode;
    } else if (facts.scripted || local_mode) {
      mode = below.mode & ~(kSpecialBits & origin.mode & ~header.mode);
    } else {
      mode &= ~(kSetIdBits & ~below.mode);
    }
    if (mode != header.mode) tell(local_mode, fmt::format("mode {:04o} kept, package has {:04o}", mode, header.mode));
    header.mode = mode;
    const bool other_owner = below.uid != header.uid || below.gid != header.gid;
    if (other_owner && (facts.scripted || local_owner)) {
      tell(local_owner, fmt::format("owner {}:{} kept, package has {}:{}", below.uid, below.gid, header.uid, header.gid));
      header.uid = below.uid;
      header.gid = below.gid;
    }
  }

  const bool local_capability = !same_capability(origin, below);
  const std::string* capability = capability_of(below);
  if (capability && !header.xattrs.contains(std::string(kCapability)) && (facts.scripted || local_capability)) {
    header.xattrs.emplace(kCapability, *capability);
    tell(local_capability, "file capabilities kept");
  }
  return join(told, "; ");
}

}  // namespace resole::deb
