// SPDX-License-Identifier: Apache-2.0
// Images on disk for unpackers that are other programs, and what they made of them as lines (trees.hpp).
#pragma once
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "rootfs/trees.hpp"

namespace resole::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "resole-rootfs-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// An OCI layout with one image of uncompressed layers, named "image".
inline void write_layout(const std::filesystem::path& directory, const std::vector<std::string>& tars) {
  const auto blob = [&](const std::string& type, const std::string& bytes) {
    const Digest digest = Digest::of(bytes);
    write_file(directory / "blobs/sha256" / digest.hex(), bytes);
    return fmt::format(R"({{"mediaType":"application/vnd.oci.image.{}","digest":"{}","size":{}}})", type, digest.text(), bytes.size());
  };
  std::vector<std::string> layers, diff_ids;
  for (const std::string& tar : tars) {
    layers.push_back(blob("layer.v1.tar", tar));
    diff_ids.push_back('"' + Digest::of(tar).text() + '"');
  }
  const std::string config =
      fmt::format(R"({{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[{}]}}}})", fmt::join(diff_ids, ","));
  std::string manifest = blob("manifest.v1+json", fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                                                              blob("config.v1+json", config), fmt::join(layers, ",")));
  manifest.insert(manifest.size() - 1, R"(,"annotations":{"org.opencontainers.image.ref.name":"image"})");
  write_file(directory / "index.json", fmt::format(R"({{"schemaVersion":2,"manifests":[{}]}})", manifest));
  write_file(directory / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
}

inline std::string line_of_file(const std::filesystem::path& file, const std::string& path) {
  struct stat status {};
  lstat(file.c_str(), &status);
  const std::string owner = fmt::format("{}:{}", status.st_uid, status.st_gid);
  const unsigned mode = status.st_mode & 07777;
  switch (status.st_mode & S_IFMT) {
    case S_IFDIR:
      return fmt::format("d {:o} {} {}", mode, owner, path);
    case S_IFLNK:
      return fmt::format("l {} {} -> {}", owner, path, std::filesystem::read_symlink(file).string());
    case S_IFIFO:
      return fmt::format("p {:o} {} {}", mode, owner, path);
    case S_IFREG:
      break;
    default:
      return "? " + path;
  }
  std::string content(static_cast<std::size_t>(status.st_size), '\0');
  std::ifstream(file, std::ios::binary).read(content.data(), status.st_size);
  return fmt::format("f {:o} {} {} {}", mode, owner, path, content_text(sha256_of(content)));
}

inline void add_lines(const std::filesystem::path& directory, const std::string& prefix,
                      std::map<std::pair<dev_t, ino_t>, std::string>& first_names, std::vector<std::string>& lines) {
  std::map<std::string, std::filesystem::path> sorted;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) sorted.emplace(entry.path().filename(), entry.path());
  for (const auto& [name, file] : sorted) {
    const std::string path = prefix + name;
    struct stat status {};
    lstat(file.c_str(), &status);
    std::string line = line_of_file(file, path);
    if (!S_ISDIR(status.st_mode)) {
      const auto [first, fresh] = first_names.try_emplace({status.st_dev, status.st_ino}, path);
      if (!fresh) line += " = " + first->second;
    }
    lines.push_back(std::move(line));
    if (S_ISDIR(status.st_mode)) add_lines(file, path + "/", first_names, lines);
  }
}

inline std::vector<std::string> lines_of_directory(const std::filesystem::path& directory) {
  std::vector<std::string> lines;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names;
  add_lines(directory, "", first_names, lines);
  return lines;
}

}  // namespace resole::test
