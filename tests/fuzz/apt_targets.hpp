// SPDX-License-Identifier: Apache-2.0
// What archives sign and serve, and what an image's apt is told: releases, indexes, sources, preferences, configuration, keys.
#pragma once
#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.hpp"
#include "fuzz/targets.hpp"
#include "pkg/deb/apt_config.hpp"
#include "pkg/deb/candidates.hpp"
#include "pkg/deb/policy.hpp"
#include "pkg/deb/release.hpp"
#include "pkg/deb/repository.hpp"
#include "pkg/deb/sources.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/openpgp_packets.hpp"
#include "pkg/signature.hpp"

namespace resole::fuzz {

// An InRelease by its armor alone, or the text of one.
inline void release(std::string_view bytes) {
  std::string text(bytes);
  tolerate(
      [&] {
        text = pkg::text_of_clearsigned(bytes, "InRelease");
        require(text.empty() || text.ends_with('\n'), "the last line is not ended");
        for (const std::string_view line : lines(text)) require(line.empty() || (line.back() != ' ' && line.back() != '\t'), "blanks");
      },
      ErrorKind::verification);
  tolerate(
      [&] {
        const deb::ReleaseFile read = deb::parse_release(text, "InRelease");
        for (const auto& [path, file] : read.files) {
          require(path == tar::clean_path(path) && tar::is_safe_path(path) && !file.sha256.empty(), "a file outside the archive");
        }
        const int priority = read.default_priority();
        require(priority == 500 || priority == 100 || priority == 1, "priority");
        deb::is_release(read, "bookworm");
        deb::Repository repository;
        repository.source = {.uri = "http://a.example.org", .suite = "bookworm", .components = {"main", "updates/main"}};
        repository.release = read;
        pkg::Inventory inventory;
        inventory.arch = "amd64";
        inventory.foreign = {"i386"};
        for (const deb::WantedIndex& one : deb::wanted_indexes(repository, inventory)) {
          require(read.files.contains(one.path) && read.files.at(one.path).sha256 == one.file.sha256, "an index that is not listed");
        }
        deb::require_fresh(read, {.now = 1'795'262'400}, "InRelease");
      },
      ErrorKind::verification);
}

inline void packages(std::string_view text) {
  tolerate([&] {
    const auto compile = [](std::string_view from) {
      std::string kept;
      StringSink sink(kept);
      deb::PackagesIndex::compile(*source_of(from), sink, "index");
      return kept;
    };
    const std::string kept = compile(text);
    const auto index = deb::PackagesIndex::open(Blob::of(kept));
    require(index.has_value(), "what was written is not opened");
    std::uint64_t text_size = 0;  // of the footer: magic, size of the text, rows
    std::memcpy(&text_size, kept.data() + kept.size() - 24, sizeof text_size);
    const bool plain_ends = text.find('\r') == std::string_view::npos;
    require(!plain_ends || compile(std::string_view(kept).substr(0, text_size)) == kept, "compiled again it differs");
    const auto names = index->names();
    require(std::ranges::is_sorted(names) && std::ranges::adjacent_find(names) == names.end(), "names are not sorted");
    std::size_t stanzas = 0;
    for (const std::string_view name : names) {
      for (const std::string_view stanza : index->find(name)) {
        ++stanzas;
        require(stanza.starts_with("Package: " + std::string(name) + "\n"), "another package's stanza");
        tolerate([&] {
          const pkg::Candidate candidate = deb::read_candidate(stanza, {}, "index");
          require(candidate.name == name && !candidate.entry.sha256.empty() && candidate.phased <= 100, "candidate");
          require(!candidate.entry.path.empty() && tar::is_safe_path(candidate.entry.path), "a path outside the archive");
          for (const pkg::Atom& atom : candidate.relations.provides) {
            const auto all = index->providers(atom.name);
            const bool plain = stanza.find_first_of("[]|<>()\r") == std::string_view::npos;
            require(!plain || std::ranges::find(all, stanza) != all.end(), "a provider is not found");
          }
        });
      }
    }
    require(stanzas == index->size(), "stanzas were lost");
  });
}

// The kept form itself, damaged.
inline void packages_kept(std::string_view bytes) {
  const Blob blob = Blob::of(std::string(bytes));
  const auto index = deb::PackagesIndex::open(blob);
  if (!index) return;
  auto names = index->names();
  names.resize(std::min<std::size_t>(names.size(), 20));
  names.push_back("absent");
  for (const std::string_view name : names) {
    require(name == "absent" || lies_in(name, blob.bytes()), "a name outside the form");
    for (const auto& found : {index->find(name), index->providers(name)}) {
      for (const std::string_view stanza : found) require(lies_in(stanza, blob.bytes()), "a stanza outside the form");
    }
  }
}

inline std::string one_line(const deb::SourceEntry& entry) {
  std::string line = "deb ", options;
  if (!entry.architectures.empty()) options += " arch=" + join(entry.architectures, ",");
  if (!entry.signed_by.empty()) options += " signed-by=" + entry.signed_by;
  if (!options.empty()) line += "[" + options + " ] ";
  line += entry.uri + " " + entry.suite;
  for (const std::string& component : entry.components) line += " " + component;
  return line;
}

inline void check_source(const deb::SourceEntry& entry) {
  require(!entry.uri.empty() && !entry.uri.ends_with('/') && !entry.suite.empty(), "uri and suite");
  require(entry.is_flat() == entry.components.empty(), "components");
  // One that is written plainly is read again as the same.
  std::string words = entry.uri + entry.suite + entry.signed_by + join(entry.components, "") + join(entry.architectures, "");
  const bool quoted = words.find_first_of(" \t\r\v\f\n\"[]#,$") != std::string::npos;
  if (const std::string line = one_line(entry); !quoted) {
    const auto again = deb::parse_one_line_sources(line, "again", "amd64");
    require(again.size() == 1 && one_line(again[0]) == line, "written and read again it differs");
  }
  tolerate(
      [&] {
        const std::string url = deb::url_of(entry, {});
        const auto parsed = Url::try_parse(url);
        require(parsed && (parsed->scheme() == "http" || parsed->scheme() == "https") && !parsed->is_private_address(), "a URL to contact");
        require(parsed->text().substr(0, url.find('/', 8)).find('@') == std::string::npos, "credentials are left");
      },
      ErrorKind::refused);
}

inline void sources(std::string_view text) {
  tolerate([&] {
    for (const deb::SourceEntry& entry : deb::parse_one_line_sources(text, "list", "amd64")) check_source(entry);
  });
  tolerate([&] {
    for (const deb::SourceEntry& entry : deb::parse_deb822_sources(text, "x.sources", "amd64")) check_source(entry);
  });
  tolerate([&] { require(deb::parse_operator_source(text, "amd64").by_operator, "whose it is"); }, ErrorKind::usage);
}

inline void preferences(std::string_view text) {
  tolerate([&] {
    const auto read = deb::Preferences::parse({{"preferences", std::string(text)}});
    for (const deb::Pin& pin : read.pins) require(pin.priority != 0 && pin.priority >= -32768 && pin.priority <= 32767, "priority");
    const deb::IndexTraits stable{.archive = "stable", .codename = "bookworm", .version = "12.5", .origin = "Debian", .label = "Debian",
                                  .component = "main", .architecture = "amd64", .site = "mirror.example.org"};
    deb::IndexTraits backports = stable;
    backports.archive = "stable-backports";
    backports.priority = 100;
    const deb::Policy policy(read, {stable, backports}, "amd64");
    std::vector<deb::PolicyVersion> versions = {
        {.version = "2", .source_version = "2", .source_name = "src", .indexes = {0}, .installed = true},
        {.version = "1", .source_version = "1", .source_name = "src", .indexes = {0}},
        {.version = "3~bpo12", .source_version = "3~bpo12", .source_name = "src", .indexes = {1}},
    };
    const auto chosen = policy.choose("libx", "amd64", versions);
    const std::string version = chosen ? versions[*chosen].version : "";
    require(!chosen || policy.priority("libx", "amd64", versions[*chosen]) > 0, "a version of no priority");
    require(version != "1" || policy.priority("libx", "amd64", versions[1]) >= 1000, "it goes back without being told");
    std::ranges::reverse(versions);
    const auto reversed = policy.choose("libx", "amd64", versions);
    require((reversed ? versions[*reversed].version : "") == version, "the order of the versions decides");
  });
}

inline void apt_conf(std::string_view text) {
  const std::string found = deb::default_release_in(text);
  require(text.find(found) != std::string_view::npos, "a value that is not written there");
  if (found.find('"') == std::string::npos)
    require(deb::default_release_in("APT { Default-Release \"" + found + "\"; };") == found, "written and read again it differs");
}

inline void openpgp(std::string_view bytes) {
  if (const auto packets = pkg::read_packets(bytes)) {
    std::string whole;
    for (const pkg::Packet& packet : *packets) {
      require(lies_in(packet.body, packet.whole) && lies_in(packet.whole, bytes) && !packet.whole.empty(), "a packet outside the bytes");
      whole.append(packet.whole);
    }
    require(whole == bytes, "packets are not all the bytes");
    std::set<std::string> ids = {std::string(8, 'x')};
    if (const auto by = pkg::issuers(bytes)) {
      for (const std::string& id : *by) require(id.size() == 8, "a key id");
      ids.insert(by->begin(), by->end());
    }
    if (const auto selected = pkg::certificates_of(bytes, ids)) {
      require(selected->size() <= bytes.size(), "more certificates than there are");
      require(pkg::certificates_of(*selected, ids) == selected, "selected again it differs");
    }
  }
  std::string_view rest = bytes;
  while (const auto block = pkg::dearmor(rest, "PGP PUBLIC KEY BLOCK")) {
    require(block->end > 0 && block->end <= rest.size(), "a block outside the text");
    rest.remove_prefix(block->end);
  }
  const auto again = pkg::dearmor("-----BEGIN T-----\n\n" + base64_encode(bytes) + "\n-----END T-----\n", "T");
  require(again && again->bytes == bytes, "armored and read again it differs");
}

// Everything about a signature that is judged before and by the library, against a keyring that knows nobody.
inline void signed_text(std::string_view bytes) {
  tolerate([&] { pkg::verify_signed_text(bytes, {{"keyring", std::string(bytes)}}, {.now = 1'795'262'400, .fingerprints = {}}, "InRelease"); },
           ErrorKind::verification);
}

}  // namespace resole::fuzz
