// SPDX-License-Identifier: Apache-2.0
#include "advisory/package_type.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"

namespace resole::advisory {

namespace {

// Word -> family; "" for those that only say "of the distribution".
constexpr std::array<std::pair<std::string_view, std::string_view>, 47> kTypes = {
    {{"deb", "deb"},           {"dpkg", "deb"},      {"debian", "deb"},    {"ubuntu", "deb"},       {"rpm", "rpm"},          {"apk", "apk"},
     {"apkg", "apk"},          {"alpine", "apk"},    {"wolfi", "apk"},     {"chainguard", "apk"},   {"minimos", "apk"},      {"redhat", "rpm"},
     {"rhel", "rpm"},          {"centos", "rpm"},    {"rocky", "rpm"},     {"rocky linux", "rpm"},  {"alma", "rpm"},         {"almalinux", "rpm"},
     {"amazon", "rpm"},        {"amzn", "rpm"},      {"oracle", "rpm"},    {"ol", "rpm"},           {"fedora", "rpm"},       {"suse", "rpm"},
     {"sles", "rpm"},          {"slem", "rpm"},      {"opensuse", "rpm"},  {"opensuse-leap", "rpm"},{"opensuse.leap", "rpm"},{"opensuse-tumbleweed", "rpm"},
     {"opensuse.tumbleweed", "rpm"}, {"photon", "rpm"}, {"photon os", "rpm"}, {"mariner", "rpm"},   {"cbl-mariner", "rpm"},  {"azurelinux", "rpm"},
     {"azure linux", "rpm"},   {"red hat", "rpm"},   {"mageia", "rpm"},    {"openeuler", "rpm"},    {"echo", "deb"},         {"bottlerocket", "rpm"},
     {"centos-stream", "rpm"}, {"os", ""},           {"os-pkgs", ""},      {"linux", ""},           {"os package", ""}}};

}  // namespace

std::string full_version(const PackageUrl& url) {
  const std::string_view epoch = url.qualifier("epoch");
  if (epoch.empty() || epoch == "0" || url.version.empty() || url.version.find(':') != std::string::npos) return url.version;
  return std::string(epoch) + ":" + url.version;
}

bool is_distribution_type(std::string_view word) {
  const std::string small = lower(trim(word));
  for (const auto& [name, family] : kTypes) {
    if (small == name) return true;
  }
  return false;
}

std::string_view family_of_type(std::string_view word) {
  const std::string small = lower(trim(word));
  for (const auto& [name, family] : kTypes) {
    if (small == name) return family;
  }
  return {};
}

}  // namespace resole::advisory
