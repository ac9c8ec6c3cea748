// SPDX-License-Identifier: Apache-2.0
// VEX documents and ignore lists, each as its own target, and policies.
#pragma once
#include <string>
#include <string_view>

#include "advisory/vex/screen.hpp"
#include "fuzz/targets.hpp"

namespace resole::fuzz {

inline void vex(std::string_view bytes) {
  tolerate([&] {
    namespace vex = advisory::vex;
    const vex::Document document = vex::read_document(bytes, "vex");
    require(!document.format.empty() && document.sha256 == Digest::of(bytes), "format and digest");
    for (const vex::Statement& statement : document.statements) {
      require(!statement.place.empty(), "a statement without a place");
      require(statement.says == vex::Says::ignored || !statement.about.empty(), "a statement about everything");
    }
    pkg::Inventory inventory;
    inventory.family = "deb";
    inventory.os = {.id = "debian", .version_id = "12", .codename = "bookworm"};
    pkg::InstalledPackage bash;
    bash.name = "bash";
    bash.version = "5.2.15-2+b7";
    bash.arch = "amd64";
    bash.source = {"bash", "5.2.15-2"};
    inventory.packages = {bash};
    advisory::Finding finding;
    finding.id = "CVE-1";
    finding.aliases = {"GHSA-1"};
    finding.package = "bash";
    finding.installed = bash.version;
    finding.target = "srv/app/package.json";
    std::vector<advisory::Finding> findings(2, finding);
    findings[1].operating_system = false;
    findings[1].purl = "pkg:npm/bash@1.0";
    const auto out = vex::suppress(findings, {document}, {.digests = {"sha256:aa"}, .names = {{"registry.example.org/app", "1"}}, .architecture = "amd64", .inventory = inventory}, 1'700'000'000);
    require(out.size() + findings.size() == 2, "a finding was lost");
    for (const auto& each : out) require(!each.by.empty() && !each.says.empty(), "a suppression without a name");
  });
}

inline void package_url(std::string_view bytes) {
  const auto url = advisory::PackageUrl::parse(bytes);
  require(!url || (!url->type.empty() && !url->name.empty()), "a package URL without type or name");
  advisory::vex::path_matches(bytes.substr(0, bytes.size() / 2), bytes.substr(bytes.size() / 2));
}

}  // namespace resole::fuzz
