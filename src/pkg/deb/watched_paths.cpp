// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/watched_paths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/glib_schemas.hpp"
#include "pkg/deb/mime_database.hpp"
#include "pkg/deb/triggers.hpp"

namespace resole::deb {
namespace {

enum class Treatment : std::uint8_t {
  made,   // by derived_files
  left,   // a stale one does no harm: `why`
  names,  // depends on which files there are, not on what is in them: has to be made again when one comes or goes
  run,    // has to be made again
  proven, // made by derived_files where it can be shown that the one of the image would be made alike (`obstacle`); else it has to run
};

struct Watch {
  std::string_view paths;  // glob; '*' matches '/' too
  std::string_view cache;  // the file that is made; when the image has none, nothing is watched. "" = not looked for
  Treatment treatment;
  std::string_view what, why;
  bool copy = false;  // only where `cache` is a file itself and no link
  std::string (*obstacle)(const rootfs::Tree&) = nullptr;  // of what is `proven`: why it cannot be made, or ""
};

// docs/recipes.md has the same list for people.
constexpr std::array kWatches = std::to_array<Watch>({
    {"/usr/share/ca-certificates/*", "", Treatment::made, "the certificate bundle", "update-ca-certificates in pure code"},
    {"/usr/share/glib-2.0/schemas/*", "usr/share/glib-2.0/schemas/gschemas.compiled", Treatment::proven,
     "gschemas.compiled (glib-compile-schemas)", "in pure code", false, schemas_obstacle},
    {"/usr/share/mime/packages/*", "usr/share/mime/mime.cache", Treatment::proven, "the MIME database (update-mime-database)", "in pure code", false,
     mime_obstacle},
    {"/usr/bin/update-mime-database", "usr/share/mime/mime.cache", Treatment::run, "the MIME database (update-mime-database)", ""},
    {"/usr/share/pam-configs/*", "etc/pam.d/common-auth", Treatment::run, "/etc/pam.d/common-* (pam-auth-update)", ""},
    {"/usr/share/debianutils/shells.d/*", "var/lib/shells.state", Treatment::run, "/etc/shells (update-shells)", ""},
    {"*/sysusers.d/*", "bin/systemd-sysusers", Treatment::made, "users and groups (systemd-sysusers)", "scripts.cpp reads whom they would make"},
    {"/usr/share/i18n/*", "usr/lib/locale/locale-archive", Treatment::run, "locale-archive (locale-gen)", ""},
    {"/usr/share/zoneinfo/*", "etc/localtime", Treatment::run, "/etc/localtime, a copy,", "", true},
    {"/usr/lib/*/gdk-pixbuf-2.0/*/loaders/*", "", Treatment::names, "loaders.cache (gdk-pixbuf-query-loaders)",
     "lists the modules and what they read, which the same modules of a fixed version do not change"},
    {"/usr/lib/*/gtk-?.0/*/immodules/*", "", Treatment::names, "immodules.cache (gtk-query-immodules)", "lists the modules that are there"},
    {"/usr/lib/*/gio/modules/*", "", Treatment::left, "giomodule.cache (gio-querymodules)",
     "GIO does not believe it about modules that are newer than the cache"},
    {"/usr/share/fonts/*", "", Treatment::left, "the font cache (fc-cache)", "fontconfig compares times and reads the directories again"},
    {"/usr/share/icons/*", "", Treatment::left, "icon caches (gtk-update-icon-cache)",
     "GTK compares times and reads the directories again"},
    {"/usr/share/applications/*", "", Treatment::left, "mimeinfo.cache (update-desktop-database)",
     "says which program opens a file in a desktop session"},
    {"/usr/lib/mime/packages/*", "etc/mailcap", Treatment::names, "/etc/mailcap (update-mime)", "the same programs stay in it"},
    {"*/udev/hwdb.d/*", "", Treatment::left, "hwdb.bin (systemd-hwdb)", "only a running udev reads it"},
    {"*/systemd/catalog/*", "", Treatment::left, "the journal's catalog", "explains messages of a running journal"},
    {"*/binfmt.d/*", "", Treatment::left, "binary formats", "are registered with a running kernel"},
    {"*/dbus-1/*", "", Treatment::left, "D-Bus configuration", "a running bus reads it again"},
    {"/usr/share/man/*", "", Treatment::left, "man-db's index", "man reads the directories when it has none or an old one"},
    {"/usr/local/*man/*", "", Treatment::left, "man-db's index", "man reads the directories when it has none or an old one"},
    {"/usr/share/info/*", "", Treatment::left, "/usr/share/info/dir (install-info)", "a table of contents for people"},
    {"/usr/share/app-info/*", "", Treatment::left, "AppStream's cache", "is made again when it is older than its sources"},
    {"/usr/share/menu/*", "", Treatment::left, "window managers' menus", "exist in a desktop session"},
    {"/usr/lib/menu/*", "", Treatment::left, "window managers' menus", "exist in a desktop session"},
    {"/usr/share/sgml/*", "var/lib/sgml-base/supercatalog", Treatment::names, "the SGML catalog (update-catalog)",
     "lists catalogs by name"},
    {"/usr/share/xml/*", "var/lib/sgml-base/supercatalog", Treatment::names, "the SGML catalog (update-catalog)", "lists catalogs by name"},
    {"/usr/share/postgresql/*", "", Treatment::left, "apt's list of PostgreSQL versions", "an update stays within its major version"},
    {"/etc/mysql/*", "", Treatment::left, "the server's configuration", "a running server is restarted"},
    {"/etc/php/*", "", Treatment::left, "PHP's configuration", "a running server is restarted"},
    {"/usr/lib/php/*", "", Treatment::left, "PHP's modules", "a running server is restarted"},
    {"/usr/lib/*/vlc/plugins/*", "", Treatment::left, "VLC's plugins.dat", "VLC compares times and sizes"},
    {"/usr/lib/gcc/*", "", Treatment::names, "compilers' links (ccache)", "lists the compilers that are there"},
    {"/usr/lib/gcc-cross/*", "", Treatment::names, "compilers' links (ccache)", "lists the compilers that are there"},
    {"/usr/lib/libreoffice/share/extensions/*", "", Treatment::names, "LibreOffice's list of bundled extensions (unopkg)",
     "lists them by name"},
    {"/usr/lib/libreoffice/*", "", Treatment::left, "the template of LibreOffice Online", "a server that is set up copies it"},
    {"/usr/share/cups/ppd-updaters/*", "", Treatment::left, "printers' PPD files", "an image has no print queues"},
    {"/usr/lib/postfix/*", "", Treatment::left, "a running postfix", "is restarted"},
    {"/var/spool/postfix/*", "", Treatment::left, "a running postfix", "is restarted"},
    {"/usr/lib/dovecot/modules/*", "", Treatment::left, "a running dovecot", "is restarted"},
    {"/etc/rsyslog.d/*", "", Treatment::left, "a running rsyslog", "is restarted"},
    {"/usr/share/zoneinfo/leap-seconds.list", "", Treatment::left, "a running ntpd", "is restarted"},
    {"/usr/share/dns/root.key", "", Treatment::left, "a running resolver", "is restarted"},
    {"/etc/ufw/applications.d/*", "", Treatment::left, "the firewall's profiles", "a running firewall reads them"},
});

struct NamedTrigger {
  std::string_view name;
  Treatment treatment;
  std::string_view why;
};
constexpr std::array kTriggers = std::to_array<NamedTrigger>({
    {"ldconfig", Treatment::made, "ld.so.cache in pure code"},
    {"update-ca-certificates", Treatment::made, "update-ca-certificates in pure code"},
    {"update-ca-certificates-fresh", Treatment::made, "update-ca-certificates in pure code"},
    {"libc-upgrade", Treatment::left, "a running systemd executes itself again"},
    {"register-dovecot-plugin", Treatment::left, "a running server is restarted"},
    {"orthanc-restart-trigger", Treatment::left, "a running server is restarted"},
    {"pdns-server", Treatment::left, "a running server is restarted"},
    {"nginx-reload", Treatment::left, "a running server reads its configuration again"},
    {"dbus-reload", Treatment::left, "a running bus reads its configuration again"},
    {"systemd-reload", Treatment::left, "a running systemd reads its units again"},
    {"update-initramfs", Treatment::left, "an image starts no kernel"},
    {"update-grub", Treatment::left, "an image starts no kernel"},
});

using Sums = std::map<std::string_view, std::string_view>;  // path without the first '/', md5

Sums parse_md5sums(std::string_view text) {
  Sums sums;
  for (const std::string_view line : lines(text)) {
    const std::size_t gap = line.find(' ');
    if (gap == std::string_view::npos) continue;
    std::string_view path = trim(line.substr(gap + 1));
    if (path.starts_with("./")) path.remove_prefix(2);
    sums[path] = line.substr(0, gap);
  }
  return sums;
}

class Watcher {
 public:
  Watcher(const rootfs::Tree& tree, WatchFinding& out)
      : tree_(tree), out_(out), interests_(std::string(tree.content("var/lib/dpkg/triggers/File").value_or(""))) {
    for (const std::string_view line : lines(interests_)) {
      const auto words = split_words(line);
      if (words.size() == 2) watchers_.emplace_back(words[0], words[1].substr(0, words[1].find('/')));
    }
  }

  void file(const std::string& path, bool named) {
    bool known = false;
    for (const Watch& watch : kWatches) {
      if (!glob_match(watch.paths, path)) continue;
      known = true;
      if (!watch.cache.empty() && !is_there(watch)) continue;
      if (watch.treatment == Treatment::proven) {
        const auto [obstacle, fresh] = obstacles_.try_emplace(watch.what);
        if (fresh) obstacle->second = watch.obstacle(tree_);
        if (!obstacle->second.empty())
          complain(fmt::format("{} {}, from which {} is made: {}", printable(path), named ? "comes or goes" : "changes", watch.what, obstacle->second));
      }
      if (watch.treatment == Treatment::run || (watch.treatment == Treatment::names && named)) {
        complain(fmt::format("{} {}, from which {} is made", printable(path), named ? "comes or goes" : "changes", watch.what));
      } else if (watch.treatment == Treatment::left && told_.insert(watch.what).second) {
        out_.notes.push_back(fmt::format("{} is left as it is: {}", watch.what, watch.why));
      }
    }
    if (known) return;
    for (const auto& [directory, package] : watchers_) {
      if (path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/')
        complain(fmt::format("{} {}, of which {} is told by a trigger", printable(path), named ? "comes or goes" : "changes",
                             printable(package)));
    }
  }

  void activate(std::string_view name) {
    if (name.starts_with('/')) return file(fmt::format("{}/", name), false);
    if (name.empty() || name.find('/') != std::string_view::npos) return;
    if (std::ranges::find(kTriggers, name, &NamedTrigger::name) != kTriggers.end()) return;
    const auto interested = tree_.content(fmt::format("{}/{}", kTriggersDirectory, name));
    if (interested && !trim(*interested).empty())
      complain(fmt::format("it activates the trigger {} of {}", printable(name), printable(split_words(*interested).front())));
  }

 private:
  bool is_there(const Watch& watch) const {
    const rootfs::Node* node = watch.copy ? tree_.resolve(watch.cache, false).node : follow(tree_, watch.cache).node;
    return node && (!watch.copy || node->entry.type == tar::Type::file);
  }

  void complain(std::string problem) {
    if (out_.problem.empty()) out_.problem = std::move(problem);
  }

  const rootfs::Tree& tree_;
  WatchFinding& out_;
  const std::string interests_;
  std::vector<std::pair<std::string_view, std::string_view>> watchers_;  // directory, package
  std::set<std::string_view> told_;
  std::map<std::string_view, std::string> obstacles_;  // by `what`: those that were asked for
};

}  // namespace

PayloadChange compare_payload(std::string_view installed_md5sums, std::string_view fresh_md5sums) {
  const Sums before = parse_md5sums(installed_md5sums), after = parse_md5sums(fresh_md5sums);
  PayloadChange change;
  const auto absolute = [](std::string_view path) { return fmt::format("/{}", path); };
  for (const auto& [path, sum] : after) {
    const auto old = before.find(path);
    if (old == before.end())
      change.named.push_back(absolute(path));
    else if (old->second != sum)
      change.changed.push_back(absolute(path));
  }
  for (const auto& [path, sum] : before) {
    if (!after.contains(path)) change.named.push_back(absolute(path));
  }
  std::ranges::sort(change.named);
  return change;
}

std::vector<std::string> watched_caches() {
  std::set<std::string> caches;
  for (const Watch& watch : kWatches) {
    if (!watch.cache.empty()) caches.emplace(watch.cache);
  }
  return {caches.begin(), caches.end()};
}

WatchFinding judge_payload(const rootfs::Tree& tree, const PayloadChange& change, std::string_view triggers) {
  WatchFinding finding;
  Watcher watcher(tree, finding);
  for (const std::string& path : change.changed) watcher.file(path, false);
  for (const std::string& path : change.named) watcher.file(path, true);
  for (const std::string_view line : lines(triggers)) {
    const auto words = split_words(line);
    if (words.size() == 2 && words[0].starts_with("activate")) watcher.activate(words[1]);
  }
  return finding;
}

}  // namespace resole::deb
