// SPDX-License-Identifier: Apache-2.0
#include "patch/small_debian.hpp"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "base/digest.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {

namespace {

struct PackagedFile {
  std::string path, content;
  bool conffile = false;
  std::uint32_t mode = 0644;
};

struct Packaged {
  std::string name, version, architecture;
  std::vector<PackagedFile> files;
};

// Does not compress well: a package has more than one block, and a cut in it is one.
std::string noise(int level) {
  std::string bytes(6000, '\0');
  std::uint64_t state = static_cast<std::uint64_t>(level);
  for (char& byte : bytes) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    byte = static_cast<char>('a' + (state >> 59) % 26);
  }
  return bytes;
}

std::vector<Packaged> packages_at(int level, const std::string& architecture) {
  const std::string version = SmallDebian::version(level), text = std::to_string(level) + "\n";
  return {
      {"alpha", version, architecture, {{"usr/bin/alpha", "#!/bin/sh\necho " + text, false, 0755}, {"usr/share/alpha/data", noise(level)}}},
      {"beta", version, architecture, {{"etc/beta.conf", "setting = " + text, true}, {"usr/share/beta/data", text}}},
      {"gamma", SmallDebian::version(1), "all", {{"usr/share/gamma/data", "always the same\n"}}}};
}

DebBuilder deb_of(const Packaged& package) {
  DebBuilder deb(package.name, package.version, package.architecture);
  for (const PackagedFile& file : package.files) {
    file.conffile ? deb.conffile(file.path, file.content, file.mode) : deb.file(file.path, file.content, file.mode);
  }
  deb.md5sums();
  return deb;
}

// As dpkg leaves them: info/NAME.list with every directory, info/NAME.md5sums, info/NAME.conffiles, and the stanza of the status file.
class System {
 public:
  void add(const Packaged& package) {
    std::string list = "/.\n", sums, conffiles, conffile_sums;
    std::set<std::string> listed;
    for (const PackagedFile& file : package.files) {
      for (std::size_t slash = file.path.find('/'); slash != std::string::npos; slash = file.path.find('/', slash + 1)) {
        if (listed.insert(file.path.substr(0, slash)).second) list += "/" + file.path.substr(0, slash) + "\n";
      }
      list += "/" + file.path + "\n";
      const std::string md5 = to_hex(md5_of(file.content));
      if (file.conffile) {
        conffiles += "/" + file.path + "\n";
        conffile_sums += " /" + file.path + " " + md5 + "\n";
      } else {
        sums += md5 + "  " + file.path + "\n";
      }
      files_[file.path] = {file.content, file.mode};
    }
    const std::string info = "var/lib/dpkg/info/" + package.name;
    files_[info + ".list"] = {list, 0644};
    files_[info + ".md5sums"] = {sums, 0644};
    if (!conffiles.empty()) files_[info + ".conffiles"] = {conffiles, 0644};
    std::string stanza = deb_of(package).control_text();
    stanza.insert(stanza.find('\n') + 1, "Status: install ok installed\n");
    if (!conffile_sums.empty()) stanza.insert(stanza.find("Description:"), "Conffiles:\n" + conffile_sums);
    status_ += stanza + "\n";
  }
  void file(const std::string& path, const std::string& content) { files_[path] = {content, 0644}; }

  std::string tar() {
    files_["var/lib/dpkg/status"] = {status_, 0644};
    TarBuilder out;
    std::set<std::string> directories;
    for (const auto& [path, file] : files_) {
      for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        if (directories.insert(path.substr(0, slash)).second) out.dir(path.substr(0, slash));
      }
      out.file(path, file.first, file.second);
    }
    return out.bytes();
  }

 private:
  std::map<std::string, std::pair<std::string, std::uint32_t>> files_;
  std::string status_;
};

}  // namespace

std::string SmallDebian::layer(const std::string& architecture, int level) const {
  System system;
  for (const Packaged& package : packages_at(level, architecture)) system.add(package);
  system.file("usr/lib/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Small Debian\"\n");
  system.file("etc/apt/sources.list", "deb " + kArchiveUrl + " bookworm main\ndeb " + kSecurityUrl + " bookworm-security main\n");
  system.file("etc/apt/trusted.gpg.d/test.gpg", key_.public_key());
  system.file("var/lib/dpkg/arch", architecture + "\n");
  return system.tar();
}

ArchiveFiles SmallDebian::archives(const std::map<std::string, int>& level_of_architecture, const std::string& date) const {
  ArchiveFiles files;
  std::map<std::string, std::string> first, fixed;
  for (const auto& [architecture, level] : level_of_architecture) {
    for (const Packaged& package : packages_at(1, architecture)) first[architecture] += add_package(files, deb_of(package));
    fixed[architecture];
    for (const Packaged& package : packages_at(level, architecture)) {
      if (package.version != version(1)) fixed[architecture] += add_package(files, deb_of(package), kSecurityUrl);
    }
  }
  publish(files, key_, first);
  publish(files, key_, fixed, {.suite = "bookworm-security", .codename = "bookworm-security", .label = "Debian-Security", .date = date}, kSecurityUrl);
  return files;
}

}  // namespace resole::test
