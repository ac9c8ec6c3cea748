// SPDX-License-Identifier: Apache-2.0
// The cache directory, shared by any number of processes without locks:
//
//   DIR/download/ab/abcdef...   raw bytes, named by their sha256 (or "sha512:<hex>")
//   DIR/<room>/<k>/<key>        derived bytes and a seal (cache_seal.hpp)
//   DIR/tmp/                    what is being written; a writer that was killed leaves its file here, and a day later somebody removes it
//
// An entry appears by rename, so it is whole for every reader. Its content is checked when this process opens it for the first time (and
// again when the file is another one than the one checked): a download against its name, a derived entry against its seal. What fails is
// removed and absent.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <tuple>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "io/cache_seal.hpp"
#include "io/descriptor.hpp"
#include "io/fetcher.hpp"
#include "io/files.hpp"

namespace resole::io {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kDownloadRoom = "download";
constexpr auto kTemporaryAge = std::chrono::hours(24);

bool is_lower_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_plain_key(std::string_view key) {
  const auto plain = [](char c) {
    return is_lower_digit(c) || (c >= 'A' && c <= 'Z') || std::string_view("._:+-").find(c) != std::string_view::npos;
  };
  return !key.empty() && key.size() <= 120 && key.front() != '.' && std::all_of(key.begin(), key.end(), plain);
}

// '~' is not a plain character: a hashed key cannot be mistaken for a plain one.
Path entry_name(std::string_view key) {
  if (is_plain_key(key)) return Path(key.substr(0, 2)) / key;
  const std::string hex = sha256_hex_of(key);
  return Path(hex.substr(0, 2)) / ("~" + hex);
}

void check_room(std::string_view room) {
  const bool word = !room.empty() && std::all_of(room.begin(), room.end(), [](char c) { return is_lower_digit(c) || c == '-'; });
  if (!word || room == "tmp") throw Error(ErrorKind::internal, fmt::format("\"{}\" is not the name of a cache room", room));
}

void make_directories(const Path& directory) {
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed) throw_errno(failed.value(), "create the cache directory", directory);
}

Digest download_digest(std::string_view key) {
  if (const auto sha256 = sha256_from_hex(key)) return Digest::sha256(*sha256);
  if (const auto digest = Digest::try_parse(key)) return *digest;
  throw Error(ErrorKind::internal, fmt::format("\"{}\" cannot be a key in the download room of the cache", key));
}

bool matches(std::string_view bytes, const Digest& digest) {
  Hasher hasher(digest.algorithm());
  hasher.update(bytes);
  return to_hex(hasher.finish()) == digest.hex();
}

// Which file it is: a replaced or rewritten file has another identity.
using Identity = std::tuple<dev_t, ino_t, off_t, time_t, long>;

Identity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

// The files whose content this process has checked or written.
class CheckedFiles {
 public:
  bool contains(const Path& path, const Identity& identity) const {
    const std::lock_guard lock(mutex_);
    const auto found = files_.find(path.native());
    return found != files_.end() && found->second == identity;
  }
  void add(const Path& path, const Identity& identity) {
    const std::lock_guard lock(mutex_);
    files_.insert_or_assign(path.native(), identity);
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Identity> files_;
};

class DiskCache : public Cache {
 public:
  explicit DiskCache(Path directory) : directory_(std::move(directory)) {}

  std::optional<Blob> get(std::string_view room, std::string_view key) override;
  Blob put(std::string_view room, std::string_view key, std::string_view bytes) override;
  std::unique_ptr<Writer> create(std::string_view room, std::string_view key) override;

 private:
  class EntryWriter;

  Path entry_path(std::string_view room, std::string_view key) const {
    check_room(room);
    if (room == kDownloadRoom) download_digest(key);
    return directory_ / room / entry_name(key);
  }
  Path prepared_temporary_directory();
  void remove_old_temporaries(const Path& directory) const;
  std::optional<std::string_view> payload(std::string_view room, std::string_view key, std::string_view file, bool check_content) const;

  Path directory_;
  CheckedFiles checked_;
  std::once_flag swept_;
};

// A cache that cannot be written (full, read-only, somebody else's) costs time in the next run, not this one: a derived entry is then held in
// memory, with what of it stands in the file already. (Downloads have a landing of their own for that, which says so.)
class DiskCache::EntryWriter : public Cache::Writer {
 public:
  EntryWriter(Path path, const std::function<Path()>& temporary_directory, bool sealed, CheckedFiles& checked)
      : path_(std::move(path)), sealed_(sealed), hasher_(Algorithm::sha256), checked_(checked) {
    tolerate([&] { file_ = std::make_unique<AtomicFile>(temporary_directory() / "entry"); });
  }

  void write(std::string_view bytes) override {
    if (sealed_) hasher_.update(bytes);
    pending_.append(bytes);
    if (file_ && pending_.size() >= kChunk) tolerate([&] { flush(); });
    if (!file_ && pending_.size() > kMostInMemory) {
      throw Error(ErrorKind::input, fmt::format("cannot write {}, and it is too large for the memory", path_.native()), "make room on the disk of the cache, or name another with --cache-dir");
    }
  }

  Blob commit() override {
    std::optional<Blob> entry;
    if (file_) tolerate([&] { entry = commit_file(); });
    return entry ? *entry : Blob::of(std::move(pending_));
  }

 private:
  static constexpr std::size_t kChunk = 256u << 10;  // more than AtomicFile keeps back
  static constexpr std::size_t kMostInMemory = 256u << 20;

  template <class Step>
  void tolerate(const Step& step) {
    try {
      step();
    } catch (const Error& error) {
      if (!sealed_ || error.kind() != ErrorKind::input) throw;
      if (file_) pending_.insert(0, written());
      file_.reset();
    }
  }

  void flush() {
    file_->write(pending_);
    flushed_ += pending_.size();
    pending_.clear();
  }

  std::string written() const {
    std::string bytes(flushed_, '\0');
    for (std::size_t have = 0; have < bytes.size();) {
      const ssize_t got = pread(file_->descriptor(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw_errno(got < 0 ? errno : EIO, "read", path_);
      have += static_cast<std::size_t>(got);
    }
    return bytes;
  }

  Blob commit_file() {
    const std::string rest = pending_;
    const std::size_t length = flushed_ + pending_.size();
    if (sealed_) pending_ += make_seal(length, hasher_.finish_sha256());
    try {
      file_->write(pending_);
      make_directories(path_.parent_path());
      // Mapped by a descriptor of its own before the rename: another process may replace or remove the entry at any moment.
      const Descriptor descriptor(fcntl(file_->descriptor(), F_DUPFD_CLOEXEC, 0));
      if (!descriptor) throw_errno(errno, "write", path_);
      file_->commit_as(path_, false);
      const Blob whole = map_descriptor(descriptor.get(), path_);
      if (!sealed_) return whole;
      checked_.add(path_, identity_of(status_of(descriptor.get(), path_)));
      return Blob(std::make_shared<const Blob>(whole), whole.bytes().substr(0, length));
    } catch (...) {
      pending_ = rest;
      throw;
    }
  }

  Path path_;
  std::unique_ptr<AtomicFile> file_;  // nullptr: in memory
  std::string pending_;
  std::size_t flushed_ = 0;
  bool sealed_;
  Hasher hasher_;
  CheckedFiles& checked_;
};

std::optional<std::string_view> DiskCache::payload(std::string_view room, std::string_view key, std::string_view file,
                                                   bool check_content) const {
  if (room != kDownloadRoom) return sealed_payload(file, check_content);
  if (check_content && !matches(file, download_digest(key))) return std::nullopt;
  return file;
}

std::optional<Blob> DiskCache::get(std::string_view room, std::string_view key) {
  const Path path = entry_path(room, key);
  const Descriptor descriptor = open_descriptor(path, O_RDONLY | O_NOFOLLOW);
  if (!descriptor) return std::nullopt;
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  const Blob file = map_descriptor(descriptor.get(), path);
  const bool checked = checked_.contains(path, identity_of(status));
  const auto bytes = payload(room, key, file.bytes(), !checked);
  if (!bytes) {
    unlink(path.c_str());
    return std::nullopt;
  }
  if (!checked) checked_.add(path, identity_of(status));
  return Blob(std::make_shared<const Blob>(file), *bytes);
}

// The caller has the bytes, so what cannot be kept is handed back as it is.
Blob DiskCache::put(std::string_view room, std::string_view key, std::string_view bytes) {
  try {
    const auto writer = create(room, key);
    writer->write(bytes);
    return writer->commit();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return Blob::of(std::string(bytes));
  }
}

std::unique_ptr<Cache::Writer> DiskCache::create(std::string_view room, std::string_view key) {
  return std::make_unique<EntryWriter>(entry_path(room, key), [this] { return prepared_temporary_directory(); }, room != kDownloadRoom, checked_);
}

Path DiskCache::prepared_temporary_directory() {
  const Path directory = directory_ / "tmp";
  make_directories(directory);
  std::call_once(swept_, [&] { remove_old_temporaries(directory); });
  return directory;
}

void DiskCache::remove_old_temporaries(const Path& directory) const {
  const auto oldest = fs::file_time_type::clock::now() - kTemporaryAge;
  std::error_code ignored;
  for (fs::directory_iterator at(directory, ignored), end; !ignored && at != end; at.increment(ignored)) {
    std::error_code failed;
    const auto written = at->last_write_time(failed);
    if (!failed && written < oldest) fs::remove(at->path(), failed);
  }
}

}  // namespace

std::unique_ptr<Cache> disk_cache(const Path& directory) { return std::make_unique<DiskCache>(directory); }

Path default_cache_directory() {
  const auto named = [](const char* variable) -> Path {
    const char* value = std::getenv(variable);
    return value != nullptr ? Path(value) : Path();
  };
  if (const Path chosen = named("RESOLE_CACHE_DIR"); !chosen.empty()) return chosen;
  // The XDG base directory specification: a relative path is to be ignored.
  if (const Path base = named("XDG_CACHE_HOME"); base.is_absolute()) return base / "resole";
  if (const Path home = named("HOME"); home.is_absolute()) return home / ".cache" / "resole";
  throw Error(ErrorKind::usage, "no place for the cache: neither RESOLE_CACHE_DIR nor XDG_CACHE_HOME nor HOME is set",
              "name a directory with --cache-dir");
}

}  // namespace resole::io
