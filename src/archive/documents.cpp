// SPDX-License-Identifier: Apache-2.0
// libarchive with the filters and formats that feeds use and no others: some of the others run programs.
#include "archive/documents.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::archive {

namespace {

struct CloseReader {
  void operator()(::archive* reader) const { archive_read_free(reader); }
};
using DocumentReader = std::unique_ptr<::archive, CloseReader>;

[[noreturn]] void fail_reading(::archive* reader, std::string_view what) {
  const char* reason = archive_error_string(reader);
  throw Error(ErrorKind::input, fmt::format("{}: {}", what, reason == nullptr ? "cannot be unpacked" : printable(reason)));
}

class MemberSource : public Source {
 public:
  MemberSource(::archive* reader, std::string_view what, std::uint64_t size, std::uint64_t& total, const DocumentLimits& limits)
      : reader_(reader), what_(what), size_(size), total_(total), limits_(limits) {}

  std::size_t read(char* buffer, std::size_t capacity) override {
    const la_ssize_t got = archive_read_data(reader_, buffer, capacity);
    if (got < 0) fail_reading(reader_, what_);
    total_ += static_cast<std::uint64_t>(got);
    if (total_ > limits_.output) throw Error(ErrorKind::input, fmt::format("{} expands to more than {}", what_, human_size(limits_.output)));
    if (total_ > limits_.ratio_from && total_ / std::max<std::uint64_t>(size_, 1) > limits_.ratio)
      throw Error(ErrorKind::input, fmt::format("{} expands to more than {} times its size", what_, limits_.ratio));
    return static_cast<std::size_t>(got);
  }

 private:
  ::archive* reader_;
  std::string_view what_;
  std::uint64_t size_;
  std::uint64_t& total_;
  const DocumentLimits& limits_;
};

}  // namespace

void for_each_document(std::string_view bytes, std::string_view what, const std::function<void(std::string_view name, Source& content)>& use, DocumentLimits limits) {
  const DocumentReader owner(archive_read_new());
  ::archive* reader = owner.get();
  if (reader == nullptr) throw std::bad_alloc();
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_format_tar(reader);
  archive_read_support_format_zip(reader);
  archive_read_support_format_raw(reader);
  if (bytes.empty()) throw Error(ErrorKind::input, fmt::format("{} is empty", what));
  if (archive_read_open_memory(reader, bytes.data(), bytes.size()) != ARCHIVE_OK) fail_reading(reader, what);
  std::uint64_t total = 0, members = 0;
  archive_entry* entry = nullptr;
  for (;;) {
    const int result = archive_read_next_header(reader, &entry);
    if (result == ARCHIVE_EOF) break;
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail_reading(reader, what);
    if (++members > limits.members) throw Error(ErrorKind::input, fmt::format("{} holds more than {} files", what, limits.members));
    const bool raw = archive_format(reader) == ARCHIVE_FORMAT_RAW;
    if (!raw && archive_entry_filetype(entry) != AE_IFREG) continue;
    if (archive_entry_is_encrypted(entry) != 0) throw Error(ErrorKind::input, fmt::format("{} is encrypted", what));
    const char* path = archive_entry_pathname_utf8(entry);
    if (path == nullptr) path = archive_entry_pathname(entry);
    const std::string name = raw || path == nullptr ? std::string(what) : fmt::format("{}/{}", what, printable(path));
    MemberSource content(reader, what, bytes.size(), total, limits);
    use(name, content);
    char rest[1 << 14];  // a bomb in what was not looked at is one, too
    while (content.read(rest, sizeof rest) > 0) {
    }
  }
}

}  // namespace resole::archive
