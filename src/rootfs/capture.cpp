// SPDX-License-Identifier: Apache-2.0
// The one table of files whose bytes the layer index keeps: what planning reads (package databases, repository configuration, keys) and
// what database edits and recipes rewrite (ld.so.cache, ca-certificates, ucf). A changed table means a new kLayerIndexVersion.
#include "rootfs/capture.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>

#include "rootfs/layer_index.hpp"

namespace resole::rootfs {
namespace {

// Databases are captured whatever their size (the reader's limits then refuse absurd ones); of configuration only what a person could have
// written.
constexpr std::uint64_t kAnySize = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kConfiguration = 1u << 20;
constexpr std::uint64_t kData = 16u << 20;

struct Row {
  std::string_view pattern;  // a path, or "directory/**" for all below it
  std::uint64_t most;        // bytes; bigger files are not captured
};

constexpr Row kCaptured[] = {
    // dpkg's database
    {"var/lib/dpkg/status", kAnySize},
    {"var/lib/dpkg/status.d/**", kAnySize},  // distroless
    {"var/lib/dpkg/info/**", kAnySize},
    {"var/lib/dpkg/arch", kConfiguration},
    {"var/lib/dpkg/diversions", kAnySize},
    {"var/lib/dpkg/statoverride", kAnySize},
    {"var/lib/dpkg/triggers/**", kData},
    {"var/lib/dpkg/alternatives/**", kConfiguration},
    {"etc/dpkg/**", kConfiguration},
    {"var/lib/chisel/manifest.wall", kAnySize},  // chiselled Ubuntu
    // apt
    {"var/lib/apt/extended_states", kData},
    {"etc/apt/apt.conf", kConfiguration},
    {"etc/apt/apt.conf.d/**", kConfiguration},
    {"etc/apt/sources.list", kConfiguration},
    {"etc/apt/sources.list.d/**", kConfiguration},
    {"etc/apt/mirrors/**", kConfiguration},
    {"etc/apt/preferences", kConfiguration},
    {"etc/apt/preferences.d/**", kConfiguration},
    {"etc/apt/trusted.gpg", kData},
    {"etc/apt/trusted.gpg.d/**", kData},
    {"etc/apt/keyrings/**", kData},
    {"usr/share/keyrings/**", kData},
    // apk
    {"lib/apk/db/**", kAnySize},
    {"usr/lib/apk/db/**", kAnySize},
    {"etc/apk/**", kConfiguration},
    {"usr/lib/apk/**", kConfiguration},
    {"usr/share/apk/keys/**", kConfiguration},
    {"etc/busybox-paths.d/**", kConfiguration},  // which applets a busybox has, and where
    // what the system is, and who lives there
    {"etc/os-release", kConfiguration},
    {"usr/lib/os-release", kConfiguration},
    {"etc/debian_version", kConfiguration},
    {"etc/lsb-release", kConfiguration},
    {"etc/passwd", kData},
    {"etc/group", kData},
    {"etc/subuid", kConfiguration},
    {"etc/subgid", kConfiguration},
    {"etc/shells", kConfiguration},
    // the dynamic linker
    {"etc/ld.so.conf", kConfiguration},
    {"etc/ld.so.conf.d/**", kConfiguration},
    {"etc/ld.so.cache", kData},
    // ca-certificates
    {"etc/ca-certificates.conf", kConfiguration},
    {"etc/ca-certificates/**", kConfiguration},
    {"usr/share/ca-certificates/**", kConfiguration},
    {"usr/local/share/ca-certificates/**", kConfiguration},
    {"etc/ssl/certs/ca-certificates.crt", kData},
    // what glib-compile-schemas reads and writes
    {"usr/share/glib-2.0/schemas/**", kData},
    // what update-mime-database reads, and which version of it there is
    {"usr/share/mime/packages/**", kData},
    {"usr/share/mime/version", kConfiguration},
    // a file whose owner a postinst changes (recipes/debian.json, mariadb-server)
    {"var/lib/mysql/mysql_upgrade_info", kConfiguration},
    // states of configuration files beside dpkg's; debconf for ca-certificates/trust_new_crts
    {"var/lib/ucf/hashfile", kConfiguration},
    {"var/lib/ucf/registry", kConfiguration},
    {"var/cache/debconf/config.dat", kData},
};

bool matches(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with("/**")) return path == pattern;
  pattern.remove_suffix(2);
  return path.size() > pattern.size() && path.starts_with(pattern);
}

// Most files of an image lie elsewhere: decided by a glance at the first letters, before the table is searched.
bool may_be_captured(std::string_view path) {
  return path.starts_with("etc/") || path.starts_with("var/") || path.starts_with("lib/apk/") || path.starts_with("usr/lib/apk/") ||
         path == "usr/lib/os-release" || path.starts_with("usr/share/ca-") || path.starts_with("usr/share/apk/") || path.starts_with("usr/share/key") ||
         path.starts_with("usr/share/glib-2.0/schemas/") ||
         path.starts_with("usr/share/mime/packages/") || path == "usr/share/mime/version" ||
         path.starts_with("usr/local/share/ca-");
}

// Lists of an image's parts that somebody put into the image (SPDX, CycloneDX, Syft), wherever they lie: after an upgrade they may be wrong.
constexpr std::uint64_t kPartsList = 2u << 20;
constexpr std::string_view kPartsLists[] = {".spdx", ".spdx.json", ".cdx.json", ".cyclonedx.json", ".syft.json"};

constexpr std::string_view kWithMd5[] = {"usr/", "etc/", "bin/", "sbin/", "lib", "opt/", "boot/", "var/"};
constexpr std::string_view kWithoutMd5[] = {"var/cache/", "var/log/", "var/tmp/", "var/lib/dpkg/", "var/lib/apt/"};

template <std::size_t N>
bool starts_with_one_of(std::string_view path, const std::string_view (&prefixes)[N]) {
  for (const std::string_view prefix : prefixes) {
    if (path.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

bool is_parts_list(std::string_view path) {
  return std::any_of(std::begin(kPartsLists), std::end(kPartsLists), [&](std::string_view ending) { return path.ends_with(ending); });
}

bool is_captured(std::string_view path, std::uint64_t size) {
  if (is_parts_list(path)) return size <= kPartsList;
  if (!may_be_captured(path)) return false;
  for (const Row& row : kCaptured) {
    if (matches(row.pattern, path)) return size <= row.most;
  }
  return false;
}

bool is_library_directory(std::string_view path) {
  if (path.starts_with("usr/")) path.remove_prefix(4);
  if (!path.starts_with("lib/")) return false;
  path.remove_prefix(4);
  return path.substr(0, path.find('/')).find("-linux-gnu") != std::string_view::npos;
}

bool has_md5(std::string_view path) { return starts_with_one_of(path, kWithMd5) && !starts_with_one_of(path, kWithoutMd5); }

bool has_sha1(std::string_view path) { return path.starts_with("etc/"); }

bool is_foreign_xattr(std::string_view name) {
  return name == "security.selinux" || name == "system.nfs4_acl" || name.starts_with("trusted.overlay.");
}

}  // namespace resole::rootfs
