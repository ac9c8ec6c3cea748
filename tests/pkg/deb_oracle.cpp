// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb_oracle.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/control.hpp"
#include "pkg/deb/inventory.hpp"
#include "pkg/deb/package_file.hpp"
#include "pkg/deb/relations.hpp"
#include "pkg/deb/scripts.hpp"
#include "pkg/deb/upgrade.hpp"

namespace resole::test {

// ---- cache

class MemoryCacheWriter : public Cache::Writer {
 public:
  MemoryCacheWriter(MemoryCache& cache, std::string room, std::string key) : cache_(cache), room_(std::move(room)), key_(std::move(key)) {}
  void write(std::string_view bytes) override { bytes_.append(bytes); }
  Blob commit() override { return cache_.put(room_, key_, bytes_); }

 private:
  MemoryCache& cache_;
  std::string room_, key_, bytes_;
};

std::optional<Blob> MemoryCache::get(std::string_view room, std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({std::string(room), std::string(key)});
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

Blob MemoryCache::put(std::string_view room, std::string_view key, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  return entries_[{std::string(room), std::string(key)}] = Blob::of(std::string(bytes));
}

std::unique_ptr<Cache::Writer> MemoryCache::create(std::string_view room, std::string_view key) {
  return std::make_unique<MemoryCacheWriter>(*this, std::string(room), std::string(key));
}

// ---- processes

bool has_program(const std::string& name) { return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0; }

std::string run(const std::string& command) {
  std::string out;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("popen failed");
  char buffer[65536];
  while (const std::size_t got = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, got);
  const int status = pclose(pipe);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command << "\n" << out;
  return out;
}

// ---- ours

// Has the one package whole, and no network.
class NoFetcher : public Fetcher {
 public:
  explicit NoFetcher(std::string bytes) : bytes_(std::move(bytes)) {}
  Blob fetch(const Resource&) override { throw Error(ErrorKind::internal, "not asked for"); }
  std::string fetch_range(const Resource&, std::uint64_t, std::uint64_t) override { throw Error(ErrorKind::internal, "not asked for"); }
  void fetch_all(std::span<const Resource>, const std::function<void(std::size_t, Blob)>&) override {
    throw Error(ErrorKind::internal, "not asked for");
  }
  std::optional<Blob> cached(const Digest&) override { return Blob::of(bytes_); }

 private:
  std::string bytes_;
};

pkg::Verdict judge_deb(const rootfs::Tree& tree, const std::string& bytes, Cache& cache) {
  pkg::Candidate candidate;
  deb::fill_package(candidate, deb::read_single_paragraph(deb::PackageFile::open(Blob::of(bytes), "test package").control().text("control"), "control"), "control");
  candidate.entry.sha256 = Digest::of(bytes);
  candidate.entry.size = bytes.size();
  NoFetcher fetcher(bytes);
  return deb::judge(tree, deb::read_inventory(tree, {}), {}, candidate, nullptr, fetcher, cache);
}

pkg::UpgradeResult upgrade_tree(const rootfs::Tree& tree, const std::vector<std::string>& debs, Cache& cache, unsigned jobs,
                                OracleOptions options) {
  pkg::Inventory inventory = deb::read_inventory(tree, {});
  inventory.arch = "amd64";
  if (!options.keep_deleted) {
    for (auto& package : inventory.packages) package.deleted.clear();
  }
  std::vector<pkg::Item> items;
  for (const std::string& bytes : debs) {
    pkg::Item item;
    item.archive = [bytes] { return Blob::of(bytes); };
    const auto control = deb::PackageFile::open(item.archive(), "test package").control();
    deb::fill_package(item.to, deb::read_single_paragraph(control.text("control"), "control"), "control");
    item.to.entry.sha256 = Digest::of(bytes);
    item.to.entry.size = bytes.size();
    item.name = item.to.name;
    item.arch = item.to.arch;
    item.keep = options.keep;
    for (const auto& package : inventory.packages) {
      const bool same_instance = package.multi_arch != "same" || package.arch == item.arch;
      if (package.name == item.name && same_instance && package.state != pkg::InstallState::removed) item.from = package.version;
    }
    if (options.judge) {
      const pkg::Verdict verdict = judge_deb(tree, bytes, cache);
      EXPECT_TRUE(verdict.passes()) << item.name << ": " << verdict.reason;
      item.actions = verdict.actions;
    }
    items.push_back(std::move(item));
  }
  const pkg::RecipeBook recipes;
  SilentReporter reporter;
  return deb::upgrade({.tree = tree,
                       .inventory = inventory,
                       .items = std::move(items),
                       .recipes = recipes,
                       .epoch = 1700000000,
                       .compression = archive::Compression::gzip,
                       .jobs = jobs,
                       .cache = cache,
                       .spool = memory_spool,
                       .reporter = reporter});
}

std::string payload_bytes(const rootfs::Tree& tree, const pkg::UpgradeResult& result) {
  std::string bytes;
  StringSink sink(bytes);
  result.head.write(tree, 1700000000, sink, false);
  for (const pkg::Segment& segment : result.segments) {
    const auto source = archive::decompress(segment.compressed);
    copy_all(*source, sink);
  }
  return bytes + std::string(1024, '\0');
}

rootfs::Tree apply(const rootfs::Tree& tree, const pkg::UpgradeResult& result) {
  const std::string payload = payload_bytes(tree, result);
  const auto source = source_of(payload);
  const rootfs::Tree between = tree.with(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest())));
  std::string database;
  StringSink sink(database);
  return between.with(std::make_shared<const rootfs::LayerIndex>(result.database.write(between, 1700000000, sink)));
}

// ---- theirs

DpkgOracle::DpkgOracle() {
  // dpkg waits for the disk after every step: memory is ten times faster.
  const bool memory = access("/dev/shm", W_OK) == 0;
  std::string pattern = (memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "resole-dpkg-XXXXXX";
  if (!mkdtemp(pattern.data())) throw std::runtime_error("mkdtemp failed");
  directory_ = pattern;
  root_ = directory_ + "/root";
  shell(
      "mkdir -p var/lib/dpkg/info var/lib/dpkg/updates var/lib/dpkg/triggers etc usr/bin && : > var/lib/dpkg/status && echo 1 > "
      "var/lib/dpkg/info/format");
}

DpkgOracle::~DpkgOracle() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void DpkgOracle::shell(const std::string& script) { run(fmt::format("mkdir -p {0} && cd {0} && ( {1} )", root_, script)); }

std::vector<std::string> DpkgOracle::write(const std::vector<std::string>& debs) {
  std::vector<std::string> files;
  for (const std::string& deb : debs) {
    files.push_back(fmt::format("{}/{}.deb", directory_, ++written_));
    std::ofstream(files.back(), std::ios::binary) << deb;
  }
  return files;
}

std::string DpkgOracle::command(const std::string& arguments) const {
  return fmt::format("dpkg --root={} --force-not-root --force-confold --force-unsafe-io --log=/dev/null {} {}", root_, dpkg_options, arguments);
}

void DpkgOracle::dpkg(const std::string& arguments) { run(command(arguments)); }
void DpkgOracle::install(const std::vector<std::string>& debs) { dpkg("-i " + join(write(debs), " ")); }
bool DpkgOracle::accepts(const std::vector<std::string>& debs) {
  return std::system((command("-i " + join(write(debs), " ")) + " >/dev/null 2>&1").c_str()) == 0;
}

rootfs::Tree DpkgOracle::image() const {
  const std::string file = directory_ + "/image.tar";
  run(fmt::format(
      "tar --format=posix --pax-option=delete=atime,delete=ctime --xattrs --xattrs-include='*' --numeric-owner --sort=name -C {} -cf {} .",
      root_, file));
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  const auto source = source_of(bytes);
  std::vector<std::shared_ptr<const rootfs::LayerIndex>> layers;
  layers.push_back(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest())));
  return rootfs::Tree::merge(std::move(layers));
}

void DpkgOracle::upgrade(const std::vector<std::string>& debs, OracleOptions options) {
  const rootfs::Tree before = image();
  MemoryCache cache;
  result = upgrade_tree(before, debs, cache, 2, options);
  const rootfs::Tree ours = apply(before, result);
  install(debs);
  const rootfs::Tree theirs = image();
  for (const std::string& difference : differences(theirs, ours)) ADD_FAILURE() << difference;
}

// ---- comparing

namespace {

bool is_noise(const std::string& path) {
  static const std::set<std::string> noise = {"var/lib/dpkg/status-old",        "var/lib/dpkg/lock",
                                              "var/lib/dpkg/lock-frontend",     "var/lib/dpkg/triggers/Lock",
                                              "var/lib/dpkg/triggers/Unincorp", "var/lib/dpkg/available"};
  return noise.contains(path);
}

std::string describe(const rootfs::Tree& tree, const rootfs::Node& node) {
  const rootfs::Entry& entry = node.entry;
  std::string text = fmt::format("type {}", static_cast<int>(entry.type));
  if (entry.type != tar::Type::symlink) text += fmt::format(" mode {:04o}", entry.mode);
  if (geteuid() == 0) text += fmt::format(" owner {}:{}", entry.uid, entry.gid);
  if (entry.type == tar::Type::file) text += fmt::format(" sha256 {}", to_hex(entry.sha256).substr(0, 12));
  if (entry.type == tar::Type::symlink) text += fmt::format(" -> {}", entry.link);
  if (entry.type == tar::Type::character || entry.type == tar::Type::block) text += fmt::format(" device {}:{}", entry.major, entry.minor);
  for (const auto& [name, value] : entry.xattrs) text += fmt::format(" {}={}", name, to_hex(value));
  const auto links = tree.link_set(entry.path);
  if (links.size() > 1) text += " linked " + join(links, ",");
  const auto content = entry.type == tar::Type::file ? tree.content(entry.path) : std::nullopt;
  if (content && content->size() < 4000) text += fmt::format("\n{}", *content);
  return text;
}

std::map<std::string, std::string> describe(const rootfs::Tree& tree) {
  std::map<std::string, std::string> all;
  tree.walk("", [&](const rootfs::Node& node) {
    if (!is_noise(node.entry.path)) all[node.entry.path] = describe(tree, node);
  });
  return all;
}

}  // namespace

std::vector<std::string> differences(const rootfs::Tree& expected, const rootfs::Tree& actual) {
  const auto theirs = describe(expected), ours = describe(actual);
  std::vector<std::string> found;
  for (const auto& [path, text] : theirs) {
    const auto mine = ours.find(path);
    if (mine == ours.end())
      found.push_back(fmt::format("/{} is missing: {}", path, text));
    else if (mine->second != text)
      found.push_back(fmt::format("/{} should be {}\n but is {}", path, text, mine->second));
  }
  for (const auto& [path, text] : ours) {
    if (!theirs.contains(path)) found.push_back(fmt::format("/{} should not be there: {}", path, text));
  }
  return found;
}

}  // namespace resole::test
