// SPDX-License-Identifier: Apache-2.0
#include "support/tar_builder.hpp"

#include <fmt/format.h>

namespace resole::test {

namespace {

tar::Header header_of(std::string path, tar::Type type, std::uint32_t mode, std::int64_t mtime) {
  tar::Header header;
  header.path = std::move(path);
  header.type = type;
  header.mode = mode;
  header.mtime = mtime;
  return header;
}

void place(std::string& block, std::size_t at, std::size_t most, std::string_view text) {
  block.replace(at, std::min(most, text.size()), text.substr(0, most));
}

}  // namespace

TarBuilder& TarBuilder::file(std::string path, std::string_view content, std::uint32_t mode) {
  tar::Header header = header_of(std::move(path), tar::Type::file, mode, mtime_);
  header.size = content.size();
  return add(header, content);
}

TarBuilder& TarBuilder::dir(std::string path, std::uint32_t mode) {
  return add(header_of(std::move(path), tar::Type::directory, mode, mtime_));
}

TarBuilder& TarBuilder::symlink(std::string path, std::string target) {
  tar::Header header = header_of(std::move(path), tar::Type::symlink, 0777, mtime_);
  header.link = std::move(target);
  return add(header);
}

TarBuilder& TarBuilder::hardlink(std::string path, std::string target) {
  tar::Header header = header_of(std::move(path), tar::Type::hardlink, 0644, mtime_);
  header.link = std::move(target);
  return add(header);
}

TarBuilder& TarBuilder::whiteout(std::string path) {
  const std::size_t name = path.rfind('/') + 1;  // npos + 1 is 0
  return file(path.insert(name, ".wh."), {}, 0);
}

TarBuilder& TarBuilder::opaque(std::string directory) {
  return file(directory.empty() ? ".wh..wh..opq" : directory + "/.wh..wh..opq", {}, 0);
}

TarBuilder& TarBuilder::add(const tar::Header& header, std::string_view content) {
  StringSink sink(body_);
  tar::Writer(sink).add(header, content);
  return *this;
}

TarBuilder& TarBuilder::raw(std::string_view bytes) {
  body_ += bytes;
  return *this;
}

TarBuilder& TarBuilder::at(std::int64_t mtime) {
  mtime_ = mtime;
  return *this;
}

std::string TarBuilder::bytes() const { return body_ + std::string(1024, '\0'); }

std::string TarBuilder::gzip() const { return compressed(archive::Compression::gzip); }

std::string TarBuilder::compressed(archive::Compression compression) const { return compress(compression, bytes()); }

std::string RawBlock::bytes() const {
  std::string block(512, '\0');
  place(block, 0, 100, name);
  place(block, 100, 8, mode);
  place(block, 108, 8, uid);
  place(block, 116, 8, gid);
  place(block, 124, 12, size);
  place(block, 136, 12, mtime);
  place(block, 148, 8, "        ");
  block[156] = type;
  place(block, 157, 100, link);
  place(block, 257, 8, magic);
  place(block, 345, 155, prefix);
  unsigned sum = 0;
  for (char c : block) sum += static_cast<unsigned char>(c);
  place(block, 148, 8, octal(sum, 6) + std::string("\0 ", 2));
  return block;
}

std::string octal(std::uint64_t value, std::size_t digits) { return fmt::format("{:0{}o}", value, digits); }

std::string padded(std::string_view content) {
  std::string out(content);
  out.resize((content.size() + 511) / 512 * 512, '\0');
  return out;
}

std::string pax_member(const std::vector<std::pair<std::string, std::string>>& records, char type) {
  std::string content;
  for (const auto& [key, value] : records) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest;
    while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
    content += fmt::format("{} {}={}\n", length, key, value);
  }
  RawBlock header;
  header.name = "PaxHeader";
  header.type = type;
  header.size = octal(content.size(), 11);
  return header.bytes() + padded(content);
}

std::string gzip(std::string_view bytes) { return compress(archive::Compression::gzip, bytes); }

std::string compress(archive::Compression compression, std::string_view bytes) {
  std::string out;
  StringSink sink(out);
  archive::Compressor compressor(compression, sink, 1);
  compressor.write(bytes);
  compressor.finish();
  return out;
}

std::vector<std::pair<tar::Header, std::string>> read_tar(std::string_view bytes) {
  const auto source = archive::decompress(source_of(bytes));
  tar::Reader reader(*source);
  std::vector<std::pair<tar::Header, std::string>> members;
  for (tar::Header header; reader.next(header);) {
    std::string content = reader.read_content(1ull << 30);
    members.emplace_back(header, std::move(content));
  }
  reader.drain();
  return members;
}

}  // namespace resole::test
