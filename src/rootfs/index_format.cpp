// SPDX-License-Identifier: Apache-2.0
// The stored form of a layer index. Envelope: magic, version (4 bytes, little-endian), SHA-256 of what follows, zstd frames of the body.
// The body is a plain sequence: diff_id, entries in the tar's order, captured files and ELF facts in the order of their paths. An entry's
// path is stored as what differs from the path before it. An index that is damaged or of another version is no error: it reads as absent
// and is made again.
#include "rootfs/index_format.hpp"

#include <algorithm>
#include <vector>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "rootfs/binary.hpp"

namespace resole::rootfs {
namespace {

constexpr std::string_view kMagic = "resole layer index\n";
constexpr std::uint64_t kMostBody = 4ull << 30;
constexpr std::size_t kTypes = 7;  // of tar::Type

// Bits of the number in front of an entry's attributes.
constexpr std::uint64_t kType = 7, kWhiteout = 8, kOpaque = 16, kMd5 = 32, kXattrs = 64, kSha1 = 128;

bool is_device(const Entry& entry) { return entry.type == tar::Type::character || entry.type == tar::Type::block; }
bool is_link(const Entry& entry) { return entry.type == tar::Type::symlink || entry.type == tar::Type::hardlink; }

void encode_path(BinaryWriter& out, std::string_view previous, std::string_view path) {
  const auto differs = std::mismatch(previous.begin(), previous.end(), path.begin(), path.end());
  const auto shared = static_cast<std::size_t>(differs.first - previous.begin());
  out.number(shared);
  out.text(path.substr(shared));
}

std::string decode_path(BinaryReader& in, std::string_view previous) {
  const std::uint64_t shared = in.number();
  const std::string_view rest = in.text();
  std::string path;
  path.reserve(std::min<std::uint64_t>(shared, previous.size()) + rest.size());
  path.append(previous.substr(0, shared)).append(rest);
  return path;
}

void encode_entry(BinaryWriter& out, const Entry& entry, std::string_view previous) {
  encode_path(out, previous, entry.path);
  out.number(static_cast<std::uint64_t>(entry.type) | (entry.whiteout ? kWhiteout : 0) | (entry.opaque ? kOpaque : 0) |
             (entry.md5 ? kMd5 : 0) | (entry.sha1 ? kSha1 : 0) | (entry.xattrs.empty() ? 0 : kXattrs));
  if (entry.whiteout || entry.opaque) return;
  out.number(entry.mode);
  out.number(entry.uid);
  out.number(entry.gid);
  out.signed_number(entry.mtime);
  if (is_link(entry)) out.text(entry.link);
  if (is_device(entry)) {
    out.number(entry.major);
    out.number(entry.minor);
  }
  if (!entry.xattrs.empty()) {
    out.number(entry.xattrs.size());
    for (const auto& [name, value] : entry.xattrs) {
      out.text(name);
      out.text(value);
    }
  }
  if (entry.type == tar::Type::file) {
    out.number(entry.size);
    out.raw(entry.sha256);
    if (entry.md5) out.raw(*entry.md5);
    if (entry.sha1) out.raw(*entry.sha1);
  }
}

void decode_xattrs(BinaryReader& in, Entry& entry) {
  for (std::size_t left = in.count(); left > 0 && in.good(); --left) {
    const std::string_view name = in.text();
    entry.xattrs.emplace(name, in.text());
  }
}

bool decode_entry(BinaryReader& in, std::string_view previous, Entry& entry) {
  entry.path = decode_path(in, previous);
  const std::uint64_t flags = in.number();
  if ((flags & kType) >= kTypes) return false;
  entry.type = static_cast<tar::Type>(flags & kType);
  entry.whiteout = (flags & kWhiteout) != 0;
  entry.opaque = (flags & kOpaque) != 0;
  if (entry.whiteout || entry.opaque) return in.good();
  entry.mode = in.small_number();
  entry.uid = in.small_number();
  entry.gid = in.small_number();
  entry.mtime = in.signed_number();
  if (is_link(entry)) entry.link = in.text();
  if (is_device(entry)) {
    entry.major = in.small_number();
    entry.minor = in.small_number();
  }
  if ((flags & kXattrs) != 0) decode_xattrs(in, entry);
  if (entry.type == tar::Type::file) {
    entry.size = in.number();
    in.raw(entry.sha256);
    if ((flags & kMd5) != 0) in.raw(entry.md5.emplace());
    if ((flags & kSha1) != 0) in.raw(entry.sha1.emplace());
  }
  return in.good();
}

template <class Map>
std::vector<const typename Map::value_type*> by_path(const Map& map) {
  std::vector<const typename Map::value_type*> sorted;
  sorted.reserve(map.size());
  for (const auto& item : map) sorted.push_back(&item);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return sorted;
}

void encode_elf(BinaryWriter& out, const ElfFacts& facts) {
  out.text(facts.soname);
  out.number(facts.needed.size());
  for (const std::string& name : facts.needed) out.text(name);
  out.number(facts.bits);
  out.number(facts.machine);
  out.number(facts.type);
  out.number(facts.flags);
  out.text(facts.build_id);
  out.number(facts.embedded.size());
  for (const std::string& library : facts.embedded) out.text(library);
}

ElfFacts decode_elf(BinaryReader& in) {
  ElfFacts facts;
  facts.soname = in.text();
  for (std::size_t left = in.count(); left > 0 && in.good(); --left) facts.needed.emplace_back(in.text());
  facts.bits = static_cast<std::uint8_t>(in.small_number());
  facts.machine = static_cast<std::uint16_t>(in.small_number());
  facts.type = static_cast<std::uint16_t>(in.small_number());
  facts.flags = in.small_number();
  facts.build_id = in.text();
  for (std::size_t left = in.count(); left > 0 && in.good(); --left) facts.embedded.emplace_back(in.text());
  return facts;
}

std::string version_bytes() {
  std::string bytes;
  for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(kLayerIndexVersion >> shift & 0xff));
  return bytes;
}

std::string hash_of(std::string_view bytes) {
  const Sha256 hash = sha256_of(bytes);
  return {hash.begin(), hash.end()};
}

}  // namespace

std::string encode_index(const LayerIndex& index) {
  std::string bytes;
  BinaryWriter out(bytes);
  out.text(index.diff_id.text());
  out.number(index.entries.size());
  std::string_view previous;
  for (const Entry& entry : index.entries) {
    encode_entry(out, entry, previous);
    previous = entry.path;
  }
  out.number(index.captured.size());
  for (const auto* file : by_path(index.captured)) {
    out.text(file->first);
    out.text(file->second);
  }
  out.number(index.elf.size());
  for (const auto* file : by_path(index.elf)) {
    out.text(file->first);
    encode_elf(out, file->second);
  }
  return bytes;
}

std::optional<LayerIndex> decode_index(std::string_view bytes) {
  BinaryReader in(bytes);
  LayerIndex index;
  if (const std::string_view diff_id = in.text(); !diff_id.empty()) {
    const auto digest = Digest::try_parse(diff_id);
    if (!digest) return std::nullopt;
    index.diff_id = *digest;
  }
  const std::size_t entries = in.count();
  index.entries.reserve(std::min<std::size_t>(entries, 1u << 20));
  while (index.entries.size() < entries) {
    Entry entry;
    if (!decode_entry(in, index.entries.empty() ? std::string_view() : index.entries.back().path, entry)) return std::nullopt;
    index.entries.push_back(std::move(entry));
  }
  for (std::size_t left = in.count(); left > 0 && in.good(); --left) {
    const std::string_view path = in.text();
    index.captured.emplace(path, in.text());
  }
  for (std::size_t left = in.count(); left > 0 && in.good(); --left) {
    const std::string_view path = in.text();
    index.elf.emplace(path, decode_elf(in));
  }
  if (!in.good() || !in.at_end()) return std::nullopt;
  return index;
}

std::string serialise(const LayerIndex& index) {
  std::string body;
  StringSink sink(body);
  archive::Compressor compressor(archive::Compression::zstd, sink, 1);
  compressor.write(encode_index(index));
  compressor.finish();
  return std::string(kMagic) + version_bytes() + hash_of(body) + body;
}

std::optional<LayerIndex> parse_layer_index(std::string_view bytes) {
  const std::string head = std::string(kMagic) + version_bytes();
  if (!bytes.starts_with(head)) return std::nullopt;
  bytes.remove_prefix(head.size());
  const std::string_view hash = bytes.substr(0, sizeof(Sha256));
  const std::string_view body = bytes.substr(hash.size());
  if (hash != hash_of(body)) return std::nullopt;
  try {
    const auto expanded = archive::decompress(source_of(body), {.output = kMostBody});
    return decode_index(read_all(*expanded, kMostBody, "a stored layer index"));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace resole::rootfs
