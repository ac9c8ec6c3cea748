// SPDX-License-Identifier: Apache-2.0
// The real dpkg beside ours: a root directory that dpkg fills, taken as a one-layer image; one upgrade by dpkg in the directory, the same
// by deb::upgrade on the image; two trees to compare path by path.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "pkg/family.hpp"
#include "rootfs/tree.hpp"

namespace resole::test {

// A cache in memory, and a reporter that says nothing.
class MemoryCache : public Cache {
 public:
  std::optional<Blob> get(std::string_view room, std::string_view key) override;
  Blob put(std::string_view room, std::string_view key, std::string_view bytes) override;
  std::unique_ptr<Writer> create(std::string_view room, std::string_view key) override;
  std::size_t size() const { return entries_.size(); }

 private:
  friend class MemoryCacheWriter;
  std::map<std::pair<std::string, std::string>, Blob> entries_;
  mutable std::mutex mutex_;
};

class SilentReporter : public Reporter {
 public:
  int begin(std::string_view, std::uint64_t) override { return 0; }
  void progress(int, std::uint64_t, std::string_view) override {}
  void end(int) override {}
  void note(std::string_view) override {}
  void warn(std::string_view) override {}
  void debug(std::string_view) override {}
};

bool has_program(const std::string& name);
// Runs a shell command; its output. Fails the test when it fails.
std::string run(const std::string& command);

struct OracleOptions {
  bool keep_deleted = false;      // tell ours which files the image deleted (dpkg would bring them back)
  std::vector<std::string> keep;  // modified paths that stay as they are, of every package
  bool judge = false;             // do what the scripts of the packages come to; every verdict has to pass
};

class DpkgOracle {
 public:
  DpkgOracle();
  ~DpkgOracle();
  const std::string& root() const { return root_; }
  void shell(const std::string& script);               // in the root directory
  void install(const std::vector<std::string>& debs);  // by dpkg
  bool accepts(const std::vector<std::string>& debs);  // tries to install them
  void dpkg(const std::string& arguments);
  rootfs::Tree image() const;                          // the directory as it is, one layer

  // Upgrades to `debs` (in the order in which dpkg unpacks them) both ways and compares; what ours said is in `result`. The directory is
  // dpkg's afterwards.
  void upgrade(const std::vector<std::string>& debs, OracleOptions options = {});
  pkg::UpgradeResult result;
  std::string dpkg_options;

 private:
  std::vector<std::string> write(const std::vector<std::string>& debs);
  std::string command(const std::string& arguments) const;
  std::string directory_, root_;
  int written_ = 0;
};

// The verdict on the scripts of one package, without recipes.
pkg::Verdict judge_deb(const rootfs::Tree& tree, const std::string& deb, Cache& cache);

// Ours alone. `debs` as built; installed versions are read from the tree.
pkg::UpgradeResult upgrade_tree(const rootfs::Tree& tree, const std::vector<std::string>& debs, Cache& cache, unsigned jobs = 2,
                                OracleOptions options = {});
rootfs::Tree apply(const rootfs::Tree& tree, const pkg::UpgradeResult& result);  // payload layer, database layer
std::string payload_bytes(const rootfs::Tree& tree,
                          const pkg::UpgradeResult& result);  // the uncompressed tar, from the compressed segments

// One line per difference: type, mode, owner, content, link, xattrs, link sets. Without dpkg's locks, backups and logs, and without mtimes.
std::vector<std::string> differences(const rootfs::Tree& expected, const rootfs::Tree& actual);

#define REQUIRE_DPKG() \
  if (!resole::test::has_program("dpkg") || !resole::test::has_program("tar")) GTEST_SKIP() << "dpkg and tar are needed as oracles"

}  // namespace resole::test
