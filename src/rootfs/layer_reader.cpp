// SPDX-License-Identifier: Apache-2.0
// A layer tar becomes a list of entries. Names mean more than themselves here (image-spec layer.md, "Whiteouts"):
//   etc/.wh.motd          removes etc/motd of the layers below
//   etc/.wh..wh..opq      hides everything that the layers below have in etc/
//   .wh..wh.plnk/12.34    bookkeeping of aufs, no part of the image
// A tar can also say things on which unpackers disagree or which one of them refuses; those that matter are refused here, by name, and not
// guessed at.
#include <fmt/format.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <vector>

#include "base/error.hpp"
#include "base/read_ahead.hpp"
#include "base/text.hpp"
#include "rootfs/content_facts.hpp"
#include "rootfs/entry.hpp"
#include "rootfs/layer_index.hpp"
#include "rootfs/path.hpp"

namespace resole::rootfs {
namespace {

[[noreturn]] void refuse(std::string_view path, std::string_view why) {
  throw Error(ErrorKind::input, fmt::format("{}: {}", printable(path), why),
              "build the image again with a current tool; no unpacker agrees with another on such a layer");
}

enum class Meaning { object, whiteout, opaque, bookkeeping };

// What the name says; `path` becomes the path of the object that is meant.
Meaning meaning_of(std::string& path) {
  if (path.find(kWhiteoutPrefix) == std::string::npos) return Meaning::object;
  std::string_view rest = path;
  for (std::size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    const std::string_view part = rest.substr(0, slash);
    if (part.starts_with(kBookkeepingPrefix)) return Meaning::bookkeeping;
    if (part.starts_with(kWhiteoutPrefix)) refuse(path, "lies below a whiteout marker");
    rest.remove_prefix(slash + 1);
  }
  const std::string parent(parent_of(path));
  if (rest == kOpaqueMarker) {
    path = parent;
    return Meaning::opaque;
  }
  if (rest.starts_with(kBookkeepingPrefix)) return Meaning::bookkeeping;
  if (!rest.starts_with(kWhiteoutPrefix)) return Meaning::object;
  const std::string name(rest.substr(kWhiteoutPrefix.size()));
  if (name.empty() || name == "." || name == "..") refuse(path, "is a whiteout of no name");
  path = join_path(parent, name);
  return Meaning::whiteout;
}

void check_paths(const tar::Header& header) {
  if (!tar::is_safe_path(header.path)) refuse(header.path, "leads out of the image's root");
  if (header.type == tar::Type::hardlink && !tar::is_safe_path(header.link)) {
    refuse(header.path, fmt::format("is a hardlink to {}, which leads out of the image's root", printable(header.link)));
  }
  if (header.link.find('\0') != std::string::npos) refuse(header.path, "is a link to a name with a NUL byte");
}

// Bytes that the index will hold of this member's own words.
std::uint64_t words_of(const tar::Header& header) {
  std::uint64_t bytes = header.path.size() + header.link.size();
  for (const auto& [name, value] : header.xattrs) bytes += name.size() + value.size();
  return bytes;
}

std::uint64_t words_of(const ElfFacts& facts) {
  std::uint64_t bytes = facts.soname.size();
  for (const std::string& name : facts.needed) bytes += name.size();
  return bytes;
}

void read_file(tar::Reader& reader, ContentFacts& facts, std::vector<char>& buffer, Entry& entry, LayerIndex& index) {
  facts.begin(entry.path, entry.size);
  while (const std::size_t count = reader.read(buffer.data(), buffer.size())) facts.update({buffer.data(), count});
  facts.finish(entry, index);
}

void read_entries(Source& tar, const IndexLimits& limits, LayerIndex& index) {
  tar::Reader reader(tar, {.members = limits.entries});
  ContentFacts facts(limits);
  std::vector<char> buffer(256u << 10);
  tar::Header header;
  std::uint64_t described = 0;
  const auto count = [&](std::uint64_t bytes) {
    if ((described += bytes) <= limits.described) return;
    throw Error(ErrorKind::input, fmt::format("the names in this layer take more than {}", human_size(limits.described)),
                "the layer is damaged or made to exhaust memory");
  };
  while (reader.next(header)) {
    check_paths(header);
    count(words_of(header));
    const Meaning meaning = meaning_of(header.path);
    if (meaning == Meaning::bookkeeping) continue;
    if (meaning != Meaning::object) {
      index.entries.push_back(marker_entry(std::move(header.path), meaning == Meaning::opaque));
      continue;
    }
    if (header.path.empty() && header.type != tar::Type::directory) refuse("/", "is not a directory");  // CVE-2021-29136
    Entry& entry = index.entries.emplace_back(object_entry(std::move(header)));
    if (entry.type != tar::Type::file) continue;
    read_file(reader, facts, buffer, entry, index);
    if (const auto elf = index.elf.find(entry.path); elf != index.elf.end()) count(words_of(elf->second));
  }
  reader.drain();
}

using LastByPath = boost::unordered_flat_map<std::string_view, std::size_t>;

bool is_object(const Entry& entry) { return !entry.whiteout && !entry.opaque; }

// Where `path` or one of its parents is a file of this layer, there is no telling what the layer means: some unpackers fail, others drop
// the file.
void check_parents(const std::vector<Entry>& entries, const LastByPath& last) {
  boost::unordered_flat_set<std::string_view> checked;
  for (const Entry& entry : entries) {
    if (!is_object(entry)) continue;
    for (std::string_view parent = parent_of(entry.path); !parent.empty() && checked.insert(parent).second; parent = parent_of(parent)) {
      const auto found = last.find(parent);
      if (found == last.end()) continue;
      const tar::Type type = entries[found->second].type;
      if (type != tar::Type::directory && type != tar::Type::symlink && type != tar::Type::hardlink) {
        refuse(entry.path, fmt::format("lies below {}, which the same layer makes a file", printable(parent)));
      }
    }
  }
}

// A path that is written twice keeps its last form, as umoci does; the store of podman refuses it. With a hardlink between the two forms
// the link would mean the first.
void check_links(const std::vector<Entry>& entries, const std::vector<bool>& superseded) {
  boost::unordered_flat_set<std::string_view> rewritten;  // paths whose first form has been seen, and whose last has not
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (superseded[i]) {
      rewritten.insert(entries[i].path);
    } else if (is_object(entries[i])) {
      rewritten.erase(entries[i].path);
    }
    if (entries[i].type == tar::Type::hardlink && rewritten.contains(entries[i].link)) {
      refuse(entries[i].path, fmt::format("is a hardlink to {}, which the same layer writes again later", printable(entries[i].link)));
    }
  }
}

void keep_last_forms(LayerIndex& index) {
  std::vector<Entry>& entries = index.entries;
  LastByPath last;
  last.reserve(entries.size());
  std::vector<bool> superseded(entries.size());
  bool any = false;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!is_object(entries[i])) continue;
    const auto [found, fresh] = last.try_emplace(entries[i].path, i);
    if (fresh) continue;
    superseded[found->second] = any = true;
    found->second = i;
  }
  check_parents(entries, last);
  if (!any) return;
  check_links(entries, superseded);
  std::vector<Entry> kept;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (superseded[i]) continue;
    if (is_object(entries[i]) && entries[i].type != tar::Type::file) {
      index.captured.erase(entries[i].path);
      index.elf.erase(entries[i].path);
    }
    kept.push_back(std::move(entries[i]));
  }
  entries = std::move(kept);
}

void check_diff_id(const std::string& hex, const Digest& diff_id) {
  if (hex == diff_id.hex()) return;
  throw Error(ErrorKind::verification,
              fmt::format("the layer's content has the digest {}, its image's configuration says {}", hex, diff_id.text()),
              "the layer or the configuration was exchanged or damaged; get the image again from a source you trust");
}

}  // namespace

LayerIndex index_layer(Source& tar, const Digest& diff_id, const IndexLimits& limits) {
  return with_context([&] { return diff_id.empty() ? std::string("reading a layer") : "reading layer " + diff_id.text(); },
                      [&] {
                        LayerIndex index;
                        Hasher hasher(diff_id.empty() ? Algorithm::sha256 : diff_id.algorithm());
                        {
                          ReadAhead source(tar, [&](std::string_view bytes) { hasher.update(bytes); });
                          read_entries(source, limits, index);
                        }
                        const std::string hex = to_hex(hasher.finish());
                        if (!diff_id.empty()) check_diff_id(hex, diff_id);
                        index.diff_id = diff_id.empty() ? Digest::sha256_hex(hex) : diff_id;
                        keep_last_forms(index);
                        return index;
                      });
}

}  // namespace resole::rootfs
