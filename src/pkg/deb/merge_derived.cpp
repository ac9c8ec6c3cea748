// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/merge_derived.hpp"

#include <algorithm>
#include <map>

#include "pkg/deb/ca_certificates.hpp"
#include "pkg/deb/ld_so_cache.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kLinkerCache = "etc/ld.so.cache", kCertificateConf = "etc/ca-certificates.conf", kCertificates = "etc/ssl/certs";

// The side whose file lies on top.
const InstalledSystem& side_of(const ThreeSystems& systems, const rootfs::Node& node) {
  return systems.is_applications(node) ? systems.application : systems.new_base;
}

// What a bundle is made from.
std::map<std::string, Sha256> certificate_sources(const rootfs::Tree& tree) {
  std::map<std::string, Sha256> out;
  for (const char* directory : {"usr/share/ca-certificates", "usr/local/share/ca-certificates"}) {
    if (!tree.find(directory)) continue;
    tree.walk(directory, [&](const rootfs::Node& node) {
      if (node.entry.type == tar::Type::file) out[node.entry.path] = node.entry.sha256;
    });
  }
  if (const rootfs::Node* list = tree.resolve(kCertificateConf, true).node) out[std::string(kCertificateConf)] = list->entry.sha256;
  return out;
}

}  // namespace

void merge_ld_so_cache(const ThreeSystems& systems, std::string_view arch, MergeDraft& draft) {
  const rootfs::Node* there = draft.stacked().resolve(kLinkerCache, true).node;
  if (!there) return;
  const auto libraries = find_libraries(draft.stacked(), arch);
  if (libraries == find_libraries(side_of(systems, *there).tree, arch)) return;
  // Whose ldconfig it would be: libc-bin's, which is the base's unless the application has none of the base's.
  const auto of_base = systems.new_base.tree.content(kLinkerCache), of_application = systems.application.tree.content(kLinkerCache);
  auto generator = of_base ? generator_of(*of_base) : std::nullopt;
  if (!generator && of_application) generator = generator_of(*of_application);
  if (generator) draft.write(kLinkerCache, write_ld_so_cache(libraries, *generator, byte_order(arch)), there);
}

std::vector<std::string> merge_certificates(const ThreeSystems& systems, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts) {
  const rootfs::Resolved bundle = draft.stacked().resolve(std::string(kCertificates) + "/ca-certificates.crt", true);
  merge_table(systems, kCertificateConf, certificate_lines(), draft, conflicts);
  if (!bundle.node) return {};
  // Made from the list as it is now.
  rootfs::LayerIndex listed;
  rootfs::LayerDraft& written = draft.draft();
  std::optional<rootfs::Tree> after;
  if (written.contains(draft.stacked().resolve(kCertificateConf, true).path)) {
    std::string ignored;
    StringSink sink(ignored);
    listed = written.write(draft.stacked(), draft.epoch(), sink);
    after = draft.stacked().with(std::make_shared<const rootfs::LayerIndex>(std::move(listed)));
  }
  const rootfs::Tree& tree = after ? *after : draft.stacked();
  if (certificate_sources(tree) == certificate_sources(side_of(systems, *bundle.node).tree)) return {};
  return update_ca_certificates(tree, {.configure = false, .epoch = draft.epoch(), .shipped = {}}, written);
}

}  // namespace resole::deb
