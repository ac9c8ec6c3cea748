// SPDX-License-Identifier: Apache-2.0
// manifest.json of docker archives, alone and in an archive.
#pragma once
#include "archive/tar.hpp"
#include "fuzz/targets.hpp"
#include "registry/docker/saved_images.hpp"
#include "registry/docker/saved_list.hpp"

namespace resole::fuzz {

inline void saved_list(std::string_view bytes) {
  tolerate([&] {
    const std::vector<registry::SavedEntry> entries = registry::parse_saved_list(bytes, "manifest.json");
    for (std::size_t at = 0; at < entries.size(); ++at) {
      for (const std::string& layer : entries[at].layers) require(!layer.empty() && tar::is_safe_path(layer), "path of a layer");
      require(!entries[at].config.empty() && tar::is_safe_path(entries[at].config), "path of the config");
      for (const std::string& tag : entries[at].tags) {
        const std::vector<std::size_t> found = registry::positions_of(entries, tag);
        require(tag.empty() || tag.starts_with('@') || std::find(found.begin(), found.end(), at) != found.end(),
                "its own name does not find it");
      }
    }
    registry::names_in(entries);
    registry::write_repositories(entries);
    const std::string canonical = registry::write_saved_list(entries);
    require(registry::write_saved_list(registry::parse_saved_list(canonical, "manifest.json")) == canonical,
            "written and read again it differs");
  });
}

// Damaged archives may also be found out by a hash.
inline void docker_archive(std::string_view bytes) {
  try {
    tolerate([&] {
      std::unique_ptr<Spool> spool = memory_spool();
      spool->write(bytes);
      const auto members = std::make_shared<const registry::TarMembers>(std::move(spool), "archive", registry::Repeats::last_counts);
      registry::SavedImages images(members, "archive");
      for (std::size_t at = 0; at < images.entries().size(); ++at) {
        const oci::Descriptor root = images.describe(at);
        require(images.has(root), "a described manifest is missing");
        const oci::Manifest manifest =
            oci::Manifest::parse(read_all(*images.open(root), 8u << 20, "manifest"), root.media_type, "manifest");
        for (const oci::Descriptor& layer : manifest.layers()) {
          if (layer.urls.empty()) images.has(layer);
        }
      }
    });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
  }
}

}  // namespace resole::fuzz
