// SPDX-License-Identifier: Apache-2.0
// Tar as it is found (ustar, GNU, PAX) read as a stream, and tar as we publish it (deterministic ustar + PAX) written by our own writer.
// Rules: image-spec layer.md; POSIX pax; field notes "Layer tar, reading / writing".
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace resole::tar {

enum class Type : std::uint8_t { file, hardlink, symlink, character, block, directory, fifo };

struct Header {
  std::string path;        // as written, but without leading "./" and "/" and trailing "/"; "" is the root. ".." segments are kept for the caller to refuse.
  Type type = Type::file;
  std::uint32_t mode = 0;  // 07777
  std::uint32_t uid = 0, gid = 0;
  std::string user, group;  // names; "" when absent
  std::uint64_t size = 0;   // bytes of content that follow (files only)
  std::int64_t mtime = 0;   // whole seconds, truncated
  std::string link;         // target of a symlink as written; path of a hardlink cleaned like `path`
  std::uint32_t major = 0, minor = 0;
  std::map<std::string, std::string> xattrs;  // from SCHILY.xattr.*; name -> raw value
  std::map<std::string, std::string> pax;     // other PAX records of this member (APK-TOOLS.checksum.SHA1, ...)
  std::uint64_t content_offset = 0;           // of the content in the uncompressed stream
};

struct Limits {
  std::uint64_t members = 2'000'000;
  std::uint64_t total = 64ull << 30;     // uncompressed bytes: the bomb bound
  std::uint32_t path = 4096;             // bytes of a path or link
  std::uint32_t pax = 1u << 20;          // bytes of one PAX or GNU long-name record
};

// Reads members in order. next() skips what was not read of the content before it. Sparse members (GNU, PAX) are expanded.
// Understands: v7, ustar prefix, GNU long names, PAX local and global headers, base-256 numbers, missing end blocks at a clean EOF.
// Throws Error(input) naming the offset for bad checksums, truncation, absurd sizes, and whatever passes the limits.
class Reader {
 public:
  explicit Reader(Source& source, Limits limits = {});
  ~Reader();
  bool next(Header& header);                              // false at the end
  std::size_t read(char* buffer, std::size_t capacity);   // content of the current member; 0 at its end
  std::string read_content(std::uint64_t limit);          // all of it
  std::unique_ptr<Source> content();                      // as a Source, valid until next()
  void drain();                                           // reads the stream to its very end (so that a digest above it is checked)
  std::uint64_t offset() const;                           // bytes consumed

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Writes the one form we publish: USTAR unless name > 100/255, size >= 8 GiB, non-ASCII, xattrs need PAX; numeric ids, names empty; mtime seconds;
// no leading "./" or "/"; directories end in "/". Same headers, same bytes. `user`, `group`, `pax` and `content_offset` of the header are not written.
class Writer {
 public:
  explicit Writer(Sink& sink) : sink_(sink) {}
  void begin(const Header& header);             // header.size bytes of content must follow for files
  void write(std::string_view content);
  void end();                                   // pads; Error(internal) when the content was not exactly header.size
  void add(const Header& header, std::string_view content = {});  // begin + write + end
  void add(const Header& header, Source& content);                // the same, streamed
  void finish();                                // the two zero blocks; call once, only in the last segment of an archive

 private:
  Sink& sink_;
  std::uint64_t left_ = 0, size_ = 0;
};

// "a/./b//c/" -> "a/b/c"; leading "/" and "./" dropped. ".." stays. Pure.
std::string clean_path(std::string_view path);
// True when the cleaned path has no ".." segment and no NUL: safe below a root.
bool is_safe_path(std::string_view cleaned);

}  // namespace resole::tar
