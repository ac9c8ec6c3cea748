// SPDX-License-Identifier: Apache-2.0
#include "rootfs/content_facts.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/capture.hpp"

namespace resole::rootfs {

void ContentFacts::begin(const std::string& path, std::uint64_t size) {
  with_md5_ = has_md5(path);
  with_sha1_ = has_sha1(path);
  capture_ = is_captured(path, size);
  captured_.clear();
  if (capture_) {
    captured_total_ += size;
    if (size > limits_.captured_file || captured_total_ > limits_.captured_total) {
      throw Error(
          ErrorKind::input,
          fmt::format("{}: {} is more than a layer may hold of package databases and configuration", printable(path), human_size(size)),
          "the layer is damaged or made to exhaust memory");
    }
    captured_.reserve(size);
  }
  elf_.begin(size, !is_library_directory(path));
}

void ContentFacts::update(std::string_view bytes) {
  sha256_.update(bytes);
  if (with_md5_) md5_.update(bytes);
  if (with_sha1_) sha1_.update(bytes);
  if (capture_) captured_.append(bytes);
  elf_.update(bytes);
}

void ContentFacts::finish(Entry& entry, LayerIndex& index) {
  entry.sha256 = sha256_.finish_sha256();
  if (with_md5_) entry.md5 = md5_.finish_md5();
  if (with_sha1_) entry.sha1 = sha1_.finish_sha1();
  if (capture_) {
    index.captured.insert_or_assign(entry.path, std::move(captured_));
  } else if (!index.captured.empty()) {
    index.captured.erase(entry.path);  // of an earlier, smaller file of this path
  }
  if (auto facts = elf_.finish()) {
    index.elf.insert_or_assign(entry.path, std::move(*facts));
  } else if (!index.elf.empty()) {
    index.elf.erase(entry.path);
  }
}

}  // namespace resole::rootfs
