// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/control_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/maintainer_script.hpp"
#include "pkg/resource.hpp"
#include "rootfs/binary.hpp"

namespace resole::deb {
namespace {

std::string serialise_facts(const ControlFacts& facts) {
  std::string out;
  rootfs::BinaryWriter writer(out);
  writer.text(facts.md5sums);
  writer.text(facts.triggers);
  writer.text(facts.conffiles);
  writer.number(facts.scripts.size());
  for (const auto& [name, text] : facts.scripts) {
    writer.text(name);
    writer.text(text);
  }
  return out;
}

std::optional<ControlFacts> parse_facts(std::string_view bytes) {
  rootfs::BinaryReader reader(bytes);
  ControlFacts facts;
  facts.md5sums = reader.text();
  facts.triggers = reader.text();
  facts.conffiles = reader.text();
  for (std::size_t left = reader.count(); left > 0; --left) {
    std::string name(reader.text());
    facts.scripts[std::move(name)] = reader.text();
  }
  return reader.good() && reader.at_end() ? std::optional(std::move(facts)) : std::nullopt;
}

ControlFacts fetch_control(const pkg::Candidate& candidate, Fetcher& fetcher) {
  constexpr std::uint64_t kFirst = 64u << 10;  // nearly every control part ends before (field notes: 6.5 KB on average, 70 KB at most)
  const Resource resource = pkg::resource_of(candidate);
  const std::uint64_t size = candidate.entry.size;
  std::string prefix = fetcher.fetch_range(resource, 0, std::min(kFirst, size));
  for (int attempt = 0; attempt < 4; ++attempt) {
    std::uint64_t needed = 0;
    if (const auto control = read_control(prefix, size, candidate.name, needed)) return facts_of(*control);
    const std::string more = fetcher.fetch_range(resource, prefix.size(), std::min(needed, size) - prefix.size());
    if (more.empty()) break;
    prefix += more;
  }
  throw Error(ErrorKind::network,
              fmt::format("the beginning of package {} {} could not be read", printable(candidate.name), printable(candidate.version)));
}

}  // namespace

ControlFacts facts_of(const ControlArchive& control) {
  ControlFacts facts{.scripts = {}, .md5sums = std::string(control.text("md5sums")), .triggers = std::string(control.text("triggers")), .conffiles = std::string(control.text("conffiles"))};
  for (const std::string_view name : kScriptNames) {
    if (const ControlMember* member = control.find(name)) facts.scripts[std::string(name)] = normalise_script(member->content);
  }
  return facts;
}

ControlFacts installed_facts(const rootfs::Tree& tree, const pkg::Package& package) {
  const auto text = [&](std::string_view name) { return tree.content(info_path(package, name)); };
  ControlFacts facts{
      .scripts = {}, .md5sums = std::string(text("md5sums").value_or("")), .triggers = std::string(text("triggers").value_or("")), .conffiles = {}};
  for (const std::string_view name : kScriptNames) {
    if (const auto script = text(name)) facts.scripts[std::string(name)] = normalise_script(*script);
  }
  return facts;
}

bool has_info(const rootfs::Tree& tree, const pkg::Package& package) {
  return tree.resolve(info_path(package, "list"), true).node || tree.resolve(info_path(package, "md5sums"), true).node;
}

ControlFacts fetch_facts(const pkg::Candidate& candidate, Fetcher& fetcher, Cache& cache) {
  if (const auto whole = fetcher.cached(candidate.entry.sha256)) return facts_of(PackageFile::open(*whole, candidate.name).control());
  const std::string key = fmt::format("control-2-{}", candidate.entry.sha256.hex());
  if (const auto cached = cache.get("verdict", key)) {
    if (auto known = parse_facts(cached->bytes())) return std::move(*known);
  }
  ControlFacts facts = fetch_control(candidate, fetcher);
  cache.put("verdict", key, serialise_facts(facts));
  return facts;
}

}  // namespace resole::deb
