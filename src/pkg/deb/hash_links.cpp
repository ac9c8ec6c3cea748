// SPDX-License-Identifier: Apache-2.0
// After openssl's apps/rehash.c: names in strcmp order; every link that looks like a hash link and every certificate enters the bucket of
// its hash; links whose number is small enough stay, certificates without one get the lowest free number, other links go.
#include "pkg/deb/hash_links.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <vector>

#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::uint64_t kNoNumber = std::numeric_limits<std::uint64_t>::max();

struct Wanted {
  std::string file, fingerprint;
  bool needed = false;
  std::uint64_t number = kNoNumber;  // of the link it has
};

struct Bucket {
  std::vector<Wanted> entries;
  std::uint64_t needed = 0;

  void add(const std::string& file, const std::string& fingerprint, bool needs_link, std::uint64_t number) {
    auto found = entries.end();
    for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
      if (!fingerprint.empty() && entry->fingerprint == fingerprint) return;  // the same certificate under two names: the first counts
      if (found == entries.end() && entry->file == file) found = entry;
    }
    if (found == entries.end()) found = entries.insert(entries.end(), {file, {}, false, kNoNumber});
    found->number = std::min(found->number, number);
    if (!needs_link || found->needed) return;
    found->needed = true;
    found->fingerprint = fingerprint;
    ++needed;
  }
};

struct HashLink {
  std::uint32_t hash = 0;
  std::uint64_t number = 0;
};

std::optional<HashLink> parse_hash_link(std::string_view name) {
  constexpr std::size_t kDigits = 8;
  if (name.size() < kDigits + 2 || name[kDigits] != '.') return std::nullopt;
  HashLink link;
  for (const char c : lower(name.substr(0, kDigits))) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    link.hash = link.hash << 4 | static_cast<std::uint32_t>(digit ? c - '0' : c - 'a' + 10);
  }
  const auto number = parse_unsigned(name.substr(kDigits + 1));
  if (!number) return std::nullopt;
  link.number = *number;
  return link;
}

bool has_certificate_ending(std::string_view name) {
  const std::string ending = lower(name.substr(std::min(name.size(), name.rfind('.'))));
  return ending == ".pem" || ending == ".crt" || ending == ".cer" || ending == ".crl";
}

std::string link_name(std::uint32_t hash, std::uint64_t number) { return fmt::format("{:08x}.{}", hash, number); }

void settle(std::uint32_t hash, const Bucket& bucket, LinkDirectory& directory) {
  std::set<std::uint64_t> used;
  for (const Wanted& wanted : bucket.entries) {
    if (wanted.number < bucket.needed) used.insert(wanted.number);
  }
  std::uint64_t next = 0;
  for (const Wanted& wanted : bucket.entries) {
    if (wanted.number < bucket.needed) continue;
    if (wanted.needed) {
      while (used.contains(next)) ++next;
      directory[link_name(hash, next)] = wanted.file;
      used.insert(next);
    } else if (wanted.number != kNoNumber) {
      directory.erase(link_name(hash, wanted.number));
    }
  }
}

}  // namespace

void rehash(LinkDirectory& directory, const std::function<CertificateFile(const std::string& name)>& read) {
  std::map<std::uint32_t, Bucket> buckets;
  std::set<std::string> unreadable;
  for (const auto& [name, target] : directory) {
    if (const auto link = target ? parse_hash_link(name) : std::nullopt) {
      buckets[link->hash].add(*target, {}, false, link->number);
    } else if (has_certificate_ending(name)) {
      const CertificateFile file = read(name);
      if (file.facts) buckets[file.facts->subject_hash].add(name, file.facts->fingerprint, true, kNoNumber);
      if (!file.readable) unreadable.insert(name);
    }
  }
  for (auto& [hash, bucket] : buckets) {
    for (Wanted& wanted : bucket.entries) {
      if (wanted.needed || !unreadable.contains(wanted.file)) continue;
      wanted.needed = true;
      ++bucket.needed;
    }
  }
  for (const auto& [hash, bucket] : buckets) settle(hash, bucket, directory);
}

}  // namespace resole::deb
