// SPDX-License-Identifier: Apache-2.0
// After ca-certificates' postinst, config and update-ca-certificates (version 20230311), line by line: the names of the links, the order of
// the bundle and what is left alone are what people's checksums depend on.
#include "pkg/deb/ca_certificates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/hash_links.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kConf = "etc/ca-certificates.conf";
constexpr std::string_view kShared = "/usr/share/ca-certificates", kLocal = "/usr/local/share/ca-certificates";
constexpr std::string_view kCerts = "etc/ssl/certs", kBundle = "ca-certificates.crt";

std::string_view base_name(std::string_view path) {
  path = rootfs::name_of(path);
  if (path.ends_with(".crt")) path.remove_suffix(4);
  return path;
}

// "Foo (Bar),CA.crt" -> "Foo_=Bar=_CA.pem"
std::string link_name(std::string_view certificate) {
  std::string name(base_name(certificate));
  for (char& c : name) {
    if (c == ' ' || c == ',') c = '_';
    if (c == '(' || c == ')') c = '=';
  }
  return name + ".pem";
}

// Files named *.crt below a directory; with links followed as find -L does, or only regular ones as find -type f.
std::vector<std::string> find_certificates(const rootfs::Tree& tree, std::string_view directory, bool follow_links) {
  std::vector<std::string> found;
  const std::string top = follow(tree, directory).path;
  tree.walk(top, [&](const rootfs::Node& node) {
    const std::string& path = node.entry.path;
    if (!path.ends_with(".crt") || path.size() <= top.size()) return;
    const rootfs::Resolved at = follow_links ? follow(tree, path) : rootfs::Resolved{path, &node, true};
    if (at.node && at.node->entry.type == tar::Type::file) found.push_back(path.substr(top.size() + 1));
  });
  std::ranges::sort(found);
  return found;
}

bool is_file(const rootfs::Tree& tree, std::string_view path) {
  const rootfs::Resolved at = follow(tree, path);
  return at.node && at.node->entry.type == tar::Type::file;
}

class Updater {
 public:
  Updater(const rootfs::Tree& tree, const CertificateRun& run, rootfs::LayerDraft& draft)
      : tree_(tree), run_(run), draft_(draft), directory_(follow(tree, kCerts).path) {
    for (const std::string& name : tree.children(directory_)) {
      const rootfs::Entry& entry = tree.find(rootfs::join_path(directory_, name))->entry;
      if (entry.type == tar::Type::symlink) before_[name] = entry.link;
      if (entry.type == tar::Type::file) before_[name] = std::nullopt;
    }
    links_ = before_;
  }

  std::vector<std::string> update(std::string_view conf) {
    for (const std::string_view line : lines(conf)) {
      if (line.starts_with('!')) remove(line.substr(1));
    }
    for (const std::string_view line : lines(conf)) {
      if (line.empty() || line.front() == '#' || line.front() == '!') continue;
      const std::string path = fmt::format("{}/{}", kShared, line);
      if (is_file(tree_, path)) add(path);
    }
    for (const std::string& name : find_certificates(tree_, kLocal, true)) add(fmt::format("{}/{}", kLocal, name));
    if (changed_) {
      drop_orphans();
      rehash(links_, [this](const std::string& name) { return read(name); });
    }
    write_links();
    write_bundle();
    return std::move(notes_);
  }

  // distroless: a bundle and no list.
  std::vector<std::string> update_bundle() {
    for (const std::string& name : find_certificates(tree_, kShared, true)) append(fmt::format("{}/{}", kShared, name));
    if (bundle_.empty() && !unreadable_) {
      for (const auto& [name, content] : run_.shipped) append_content(content);
    }
    if (bundle_.empty()) {
      notes_.push_back(fmt::format("no certificate is at hand: /{}/{} is left as it was", kCerts, kBundle));
    } else {
      write_bundle();
    }
    return std::move(notes_);
  }

 private:
  // Does the name lead anywhere? Links among themselves are looked up in the directory as it is becoming.
  bool exists(const std::string& name, unsigned depth = 0) const {
    const auto found = links_.find(name);
    if (found == links_.end()) return tree_.find(rootfs::join_path(directory_, name)) != nullptr && !before_.contains(name);
    if (!found->second) return true;
    const std::string& target = *found->second;
    constexpr unsigned kMostLinks = 40;
    if (target.find('/') == std::string::npos) return depth < kMostLinks && exists(target, depth + 1);
    return follow(tree_, target.starts_with('/') ? target : rootfs::join_path(directory_, target)).node != nullptr;
  }

  void remove(std::string_view name) {
    const auto link = links_.find(fmt::format("{}.pem", base_name(name)));
    if (link == links_.end() || !link->second) return;
    links_.erase(link);
    changed_ = true;
  }

  void add(const std::string& path) {
    const std::string name = link_name(path);
    const auto link = links_.find(name);
    if (link == links_.end() || !link->second || *link->second != path || !exists(name)) {
      links_[name] = path;
      changed_ = true;
    }
    append(path);
  }

  void append(const std::string& path) {
    const auto content = tree_.content(path);
    if (!content) {
      unreadable_ = true;
      notes_.push_back(fmt::format("{} cannot be read: {} is left as it was", path, kBundle));
      return;
    }
    append_content(*content);
  }

  void append_content(std::string_view content) {
    bundle_ += content;
    if (!content.empty() && !content.ends_with('\n')) bundle_ += '\n';
  }

  void drop_orphans() {
    for (auto link = links_.begin(); link != links_.end();) {
      const bool orphan = link->second && !exists(link->first);
      link = orphan ? links_.erase(link) : std::next(link);
    }
  }

  CertificateFile read(const std::string& name) const {
    const auto found = links_.find(name);
    const bool link = found != links_.end() && found->second;
    const std::string path =
        link && found->second->starts_with('/') ? *found->second : rootfs::join_path(directory_, link ? *found->second : name);
    const auto content = tree_.content(path);
    if (content) return {true, read_certificate(*content)};
    return {name == kBundle, std::nullopt};  // the bundle holds many and has no link of its own
  }

  void write_links() {
    for (const auto& [name, target] : before_) {
      if (!links_.contains(name)) draft_.remove(rootfs::join_path(directory_, name));
    }
    for (const auto& [name, target] : links_) {
      const auto old = before_.find(name);
      if (!target || (old != before_.end() && old->second == target)) continue;
      tar::Header header;
      header.path = rootfs::join_path(directory_, name);
      header.type = tar::Type::symlink;
      header.mode = 0777;
      header.mtime = run_.epoch;
      header.link = *target;
      draft_.put(std::move(header));
    }
  }

  void write_bundle() {
    if (unreadable_) return;
    tar::Header header;
    header.path = rootfs::join_path(directory_, kBundle);
    header.mode = 0644;
    header.mtime = run_.epoch;
    draft_.put(std::move(header), Blob::of(std::move(bundle_)));
  }

  const rootfs::Tree& tree_;
  const CertificateRun& run_;
  rootfs::LayerDraft& draft_;
  const std::string directory_;
  LinkDirectory before_, links_;
  std::string bundle_;
  bool changed_ = false, unreadable_ = false;
  std::vector<std::string> notes_;
};

// postinst moves the old list away and writes the new one afresh.
std::string configure(const rootfs::Tree& tree, std::string_view conf, const CertificateRun& run, rootfs::LayerDraft& draft) {
  const auto exists = [&](std::string_view name) {
    return is_file(tree, fmt::format("{}/{}", kShared, name)) || is_file(tree, fmt::format("{}/{}", kLocal, name));
  };
  std::string list = rewrite_certificate_list(conf, find_certificates(tree, kShared, false), trusts_new_certificates(tree), exists);
  const rootfs::Resolved at = tree.resolve(kConf, false);
  if (list == conf || !at.node || at.node->entry.type != tar::Type::file) return std::string(conf);
  tar::Header old = rootfs::header_of(*at.node);
  old.path += ".dpkg-old";
  draft.put(std::move(old), Blob::of(std::string(conf)));
  tar::Header header;
  header.path = at.path;
  header.mode = 0644;
  header.mtime = run.epoch;
  draft.put(std::move(header), Blob::of(list));
  return list;
}

// postinst gives the directory for local certificates the mode and owner of /usr/local, unless an administrator overrode them.
void make_local_directory(const rootfs::Tree& tree, const CertificateRun& run, rootfs::LayerDraft& draft) {
  const rootfs::Resolved parent = follow(tree, "usr/local"), at = follow(tree, kLocal);
  if (!parent.node || !at.parent_exists || (at.node && at.node->entry.type != tar::Type::directory)) return;
  if (at.node && tree.content("var/lib/dpkg/statoverride").value_or("").find(kLocal) != std::string_view::npos) return;
  tar::Header header;
  if (at.node)
    header = rootfs::header_of(*at.node);
  else
    header.mtime = run.epoch;
  header.path = at.path;
  header.type = tar::Type::directory;
  header.mode = parent.node->entry.mode;
  header.gid = parent.node->entry.gid;
  if (at.node) header.uid = parent.node->entry.uid;
  draft.put(std::move(header));
}

}  // namespace

std::string rewrite_certificate_list(std::string_view conf, const std::vector<std::string>& available, bool trust_new,
                                     const std::function<bool(std::string_view name)>& exists) {
  std::set<std::string, std::less<>> listed, disabled;
  for (const std::string_view line : lines(conf)) {
    if (line.starts_with('!'))
      disabled.emplace(line.substr(1));
    else if (!line.starts_with('#'))
      listed.emplace(line);
  }
  std::set<std::string_view> enabled;
  for (const std::string& name : available) {
    if (!disabled.contains(name) && (trust_new || listed.contains(name))) enabled.insert(name);
  }
  std::string text;
  std::set<std::string, std::less<>> written;
  const auto write = [&](std::string line) {
    text += line + "\n";
    written.insert(std::move(line));
  };
  for (std::string_view line : lines(conf)) {
    line = trim(line);  // the shell's `read` drops blanks at both ends
    if (line.starts_with('#')) {
      text += fmt::format("{}\n", line);
      continue;
    }
    const bool off = line.starts_with('!');
    const std::string_view name = off ? line.substr(1) : line;
    const bool stays = enabled.contains(name) || (!off && !std::ranges::binary_search(available, name) && exists(name));
    write(stays ? std::string(name) : fmt::format("!{}", name));
  }
  for (const std::string_view name : enabled) {
    if (!written.contains(name)) write(std::string(name));
  }
  for (const std::string& name : available) {
    if (!enabled.contains(name) && !written.contains("!" + name)) write("!" + name);
  }
  return text;
}

bool trusts_new_certificates(const rootfs::Tree& tree) {
  const std::string text(tree.content("var/cache/debconf/config.dat").value_or(""));
  std::size_t at = text.find("Name: ca-certificates/trust_new_crts\n");
  if (at == std::string::npos) return true;
  const std::string_view stanza = std::string_view(text).substr(at, text.find("\n\n", at) - at);
  at = stanza.find("\nValue: ");
  if (at == std::string_view::npos) return true;
  return trim(stanza.substr(at + 8, stanza.find('\n', at + 8) - at - 8)) == "yes";
}

std::vector<std::string> update_ca_certificates(const rootfs::Tree& after, const CertificateRun& run, rootfs::LayerDraft& draft) {
  const rootfs::Node* place = follow(after, kCerts).node;
  if (place ? place->entry.type != tar::Type::directory : after.resolve(kCerts, false).node != nullptr) {
    return {fmt::format("/{} is {} in the image: bundle and links of the certificates are not made again", kCerts,
                        place ? "not a directory" : "a link to nowhere")};
  }
  const auto conf = after.content(kConf);
  if (!conf) {
    if (!follow(after, fmt::format("{}/{}", kCerts, kBundle)).node) return {};
    return Updater(after, run, draft).update_bundle();
  }
  std::string list(*conf);
  if (run.configure) {
    make_local_directory(after, run, draft);
    list = configure(after, *conf, run, draft);
  }
  return Updater(after, run, draft).update(list);
}

std::vector<std::string> certificate_hooks(const rootfs::Tree& tree) {
  return tree.children(follow(tree, "etc/ca-certificates/update.d").path);
}

}  // namespace resole::deb
