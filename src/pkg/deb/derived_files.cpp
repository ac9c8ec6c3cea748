// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/derived_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "pkg/deb/ca_certificates.hpp"
#include "pkg/deb/ld_so_cache.hpp"

namespace resole::deb {
namespace {

// Caches that triggers and scripts build from whole directories and that are not built here. A security fix of code does not touch their
// inputs; when one does, the image keeps the old cache, and a person should know.
struct WatchedDirectory {
  std::string_view directory, cache;
};
constexpr std::array<WatchedDirectory, 10> kWatched = {{
    {"usr/share/glib-2.0/schemas/", "gschemas.compiled (glib-compile-schemas)"},
    {"usr/lib/udev/hwdb.d/", "hwdb.bin (systemd-hwdb)"},
    {"usr/share/mime/packages/", "the MIME database (update-mime-database)"},
    {"usr/share/fonts/", "the font cache (fc-cache)"},
    {"usr/share/icons/", "icon caches (gtk-update-icon-cache)"},
    {"usr/share/applications/", "mimeinfo.cache (update-desktop-database)"},
    {"etc/php/", "PHP module links (phpenmod)"},
    {"usr/share/pam-configs/", "/etc/pam.d/common-* (pam-auth-update)"},
    {"usr/share/i18n/", "locale-archive (locale-gen)"},
    {"usr/share/dictionaries-common/", "dictionary lists (update-dictcommon-hunspell)"},
}};
// The same for modules below a multiarch directory.
constexpr std::array<WatchedDirectory, 2> kWatchedModules = {{
    {"/gio/modules/", "giomodule.cache (gio-querymodules)"},
    {"/gdk-pixbuf-2.0/", "loaders.cache (gdk-pixbuf-query-loaders)"},
}};

void derive_ld_so_cache(const DerivedInput& input, rootfs::LayerDraft& draft) {
  constexpr std::string_view kPath = "etc/ld.so.cache";
  const auto cache = input.system.tree.content(kPath);
  const auto old_generator = cache ? generator_of(*cache) : std::nullopt;
  if (!old_generator) return;  // no cache (distroless, musl), or one from before glibc 2.33: left as it is
  std::string generator = *old_generator;
  for (const PreparedPackage& package : input.packages) {
    if (!package.facts.ldconfig.empty()) generator = package.facts.ldconfig;
  }
  const std::string& arch = input.request.inventory.arch;
  const auto libraries = find_libraries(input.after, arch);
  if (generator == *old_generator && libraries == find_libraries(input.system.tree, arch)) return;
  tar::Header header;
  header.path = input.system.tree.resolve(kPath, true).path;
  header.mode = 0644;
  header.mtime = input.request.epoch;
  draft.put(std::move(header), Blob::of(write_ld_so_cache(libraries, generator)));
}

std::vector<std::string> derive_certificates(const DerivedInput& input, rootfs::LayerDraft& draft) {
  if (std::ranges::any_of(input.packages, [](const PreparedPackage& each) { return each.incoming.sliced; })) return {};  // Chisel made it
  const auto package =
      std::ranges::find_if(input.packages, [](const PreparedPackage& each) { return each.incoming.package.name == "ca-certificates"; });
  const bool configure = package != input.packages.end();
  if (configure && package->incoming.item->run_scripts) return {};  // its postinst does it, and tells its hooks what is new
  const bool changed = std::ranges::any_of(input.touched, [](const std::string& path) {
    return path.starts_with("usr/share/ca-certificates/") || path.starts_with("usr/local/share/ca-certificates/");
  });
  if (!configure && !changed) return {};
  CertificateRun run{.configure = configure, .epoch = input.request.epoch, .shipped = {}};
  constexpr std::string_view kShared = "usr/share/ca-certificates/";
  if (configure) {
    for (const auto& [path, content] : package->facts.data.captured) {
      if (path.starts_with(kShared) && path.ends_with(".crt")) run.shipped.emplace(path.substr(kShared.size()), content);
    }
  }
  return update_ca_certificates(input.after, run, draft);
}

std::vector<std::string> tell_watched(const std::vector<std::string>& touched) {
  std::vector<std::string> notes;
  const auto tell = [&](const WatchedDirectory& watched, const auto& matches) {
    const auto path = std::ranges::find_if(touched, matches);
    if (path != touched.end()) notes.push_back(fmt::format("/{} changed; {} is not made again", printable(*path), watched.cache));
  };
  for (const WatchedDirectory& watched : kWatched)
    tell(watched, [&](const std::string& path) { return path.starts_with(watched.directory); });
  for (const WatchedDirectory& watched : kWatchedModules) {
    tell(watched,
         [&](const std::string& path) { return path.starts_with("usr/lib/") && path.find(watched.directory) != std::string::npos; });
  }
  return notes;
}

}  // namespace

std::vector<std::string> derive_files(const DerivedInput& input, rootfs::LayerDraft& draft) {
  derive_ld_so_cache(input, draft);
  std::vector<std::string> notes = derive_certificates(input, draft);
  for (std::string& note : tell_watched(input.touched)) notes.push_back(std::move(note));
  return notes;
}

}  // namespace resole::deb
