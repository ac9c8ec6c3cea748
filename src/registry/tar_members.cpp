// SPDX-License-Identifier: Apache-2.0
// tar::Reader reads a stream, and a stream would mean reading an 80 MB layer to learn what follows it. So each header is read by a Reader
// of its own, started where the member begins; the next one begins behind the content, at a multiple of 512.
#include "registry/tar_members.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::registry {

namespace {

constexpr std::size_t kMostMembers = 200'000;
constexpr std::uint64_t kMostExpanded = 32ull << 30;
constexpr std::uint64_t kBlock = 512;
constexpr int kMostLinks = 16;

class Limited : public Source {
 public:
  Limited(std::unique_ptr<Source> source, std::uint64_t length) : source_(std::move(source)), left_(length) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = source_->read(buffer, static_cast<std::size_t>(std::min<std::uint64_t>(capacity, left_)));
    left_ -= count;
    return count;
  }

 private:
  std::unique_ptr<Source> source_;
  std::uint64_t left_;
};

// Where a link leads, as the path of a member; "" when it leaves the archive.
std::string target_of(const tar::Header& header) {
  if (header.type == tar::Type::hardlink) return header.link;
  if (header.link.starts_with('/')) return {};
  const io::Path target = (io::Path(header.path).parent_path() / header.link).lexically_normal();
  return *target.begin() == ".." ? std::string() : tar::clean_path(target.native());
}

}  // namespace

TarMembers::TarMembers(const io::Path& path, Repeats repeats)
    : name_(printable(path.native(), 1000)), file_(RegularFile::open(path)), total_(file_->size()) {
  with_context([&] { return fmt::format("reading archive {}", name_); },
               [&] {
                 expand();
                 scan(repeats);
               });
}

TarMembers::TarMembers(std::unique_ptr<Spool> bytes, std::string name, Repeats repeats)
    : name_(std::move(name)), expanded_(std::move(bytes)), total_(expanded_->size()) {
  with_context([&] { return fmt::format("reading {}", name_); }, [&] { scan(repeats); });
}

TarMembers::~TarMembers() = default;

void TarMembers::expand() {
  char head[8];
  const std::size_t count = file_->read_at(0, head, sizeof head);
  if (archive::detect({head, count}) == archive::Compression::none) return;
  expanded_ = io::temporary_spool(std::filesystem::temp_directory_path());
  const std::unique_ptr<Source> plain = archive::decompress(window(file_, 0, file_->size()), {.output = kMostExpanded});
  total_ = copy_all(*plain, *expanded_);
}

std::unique_ptr<Source> TarMembers::range(std::uint64_t offset, std::uint64_t length) const {
  if (!expanded_) return window(file_, offset, length);
  return std::make_unique<Limited>(expanded_->open(offset), length);
}

void TarMembers::scan(Repeats repeats) {
  for (std::uint64_t at = 0; at < total_;) {
    const std::unique_ptr<Source> rest = range(at, total_ - at);
    tar::Reader reader(*rest);
    tar::Header header;
    if (!reader.next(header)) return;
    const std::uint64_t size = header.type == tar::Type::file ? header.size : 0;
    const std::uint64_t content = at + header.content_offset;
    if (content > total_ || size > total_ - content)
      throw Error(ErrorKind::input, fmt::format("member \"{}\" is cut off", printable(header.path)));
    enter(header, {content, size}, repeats);
    if (members_.size() + links_.size() > kMostMembers) throw Error(ErrorKind::input, fmt::format("more than {} members", kMostMembers));
    at = content + (size + kBlock - 1) / kBlock * kBlock;
  }
}

void TarMembers::enter(const tar::Header& header, Extent extent, Repeats repeats) {
  const bool is_file = header.type == tar::Type::file, is_link = header.type == tar::Type::symlink || header.type == tar::Type::hardlink;
  if (!is_file && !is_link) return;
  if (members_.contains(header.path) || (repeats == Repeats::last_counts && links_.contains(header.path))) {
    if (repeats == Repeats::refused && is_file)
      throw Error(ErrorKind::input, fmt::format("member \"{}\" is there twice", printable(header.path)));
    repeated_.insert(header.path);
  }
  if (is_file) {
    links_.erase(header.path);
    members_[header.path] = extent;
  } else if (repeats == Repeats::last_counts) {
    members_.erase(header.path);
    links_[header.path] = target_of(header);
  }
}

std::optional<std::string> TarMembers::file_behind(const std::string& path) const {
  std::string at = path;
  for (int step = 0; step < kMostLinks; ++step) {
    if (members_.contains(at)) return at;
    const auto link = links_.find(at);
    if (link == links_.end()) return std::nullopt;
    at = link->second;
  }
  return std::nullopt;
}

std::unique_ptr<Source> TarMembers::open(const std::string& path) const {
  const auto at = members_.find(path);
  if (at != members_.end()) return range(at->second.offset, at->second.size);
  throw Error(ErrorKind::input, fmt::format("{} has no member {}", name_, printable(path)),
              "the archive is incomplete or no OCI archive (skopeo copy ... oci-archive:FILE writes one)");
}

}  // namespace resole::registry
