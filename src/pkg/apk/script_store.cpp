// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/script_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr std::uint64_t kScriptText = 1u << 20;
constexpr std::size_t kBlock = 512;

// As apk-tools writes numbers (src/io_archive.c, put_octal()): zeros before, no room for a blank.
void put_octal(std::span<char> field, std::uint64_t value, bool ends_in_zero) {
  std::size_t at = field.size();
  if (ends_in_zero) field[--at] = '\0';
  while (at > 0) {
    field[--at] = static_cast<char>('0' + value % 8);
    value /= 8;
  }
}

// One member as apk writes it: GNU magic, owner by name, no format that our own writer has.
void append_member(std::string& out, std::string_view name, std::uint64_t mtime, std::string_view content) {
  std::array<char, kBlock> block{};
  const auto field = [&](std::size_t offset, std::size_t size) { return std::span(block).subspan(offset, size); };
  const auto text = [&](std::size_t offset, std::size_t size, std::string_view value) {
    std::memcpy(block.data() + offset, value.data(), std::min(value.size(), size));
  };
  text(0, 99, name);
  put_octal(field(100, 8), 0755, true);
  put_octal(field(108, 8), 0, true);
  put_octal(field(116, 8), 0, true);
  put_octal(field(124, 12), content.size(), false);
  put_octal(field(136, 12), mtime, false);
  text(148, 8, "        ");
  block[156] = '0';
  text(257, 8, "ustar  ");
  text(265, 31, "root");
  text(297, 31, "root");
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put_octal(field(148, 7), sum, true);
  out.append(block.data(), block.size());
  out.append(content);
  out.append((kBlock - content.size() % kBlock) % kBlock, '\0');
}

void add_script(ScriptStore& store, std::string_view name, std::string text) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return;
  const std::size_t before = name.rfind('.', dot - 1);
  if (before == std::string_view::npos) return;
  const std::string_view kind = name.substr(dot + 1);
  if (std::ranges::find(kScriptKinds, kind) == kScriptKinds.end()) return;
  store.packages[std::string(name.substr(before + 1, dot - before - 1))].scripts[std::string(kind)] = std::move(text);
}

}  // namespace

ScriptStore ScriptStore::read(const rootfs::Tree& tree, std::string_view database_directory) {
  ScriptStore store;
  const std::string path = rootfs::join_path(database_directory, "scripts.tar");
  if (const auto bytes = tree.content(path)) {
    with_context([&] { return "reading " + path; }, [&] {
      const auto source = source_of(*bytes);
      tar::Reader reader(*source);
      tar::Header header;
      while (reader.next(header)) {
        if (header.type == tar::Type::file) add_script(store, header.path, reader.read_content(kScriptText));
      }
    });
  }
  for (const std::string_view line : lines(tree.content(rootfs::join_path(database_directory, "triggers")).value_or(""))) {
    const auto words = split_words(line);
    if (words.size() < 2) continue;
    PackageScripts& package = store.packages[std::string(words.front())];
    if (package.triggers.empty()) store.trigger_order.emplace_back(words.front());
    package.triggers.assign(words.begin() + 1, words.end());
  }
  return store;
}

const PackageScripts& ScriptStore::of(std::string_view checksum) const {
  static const PackageScripts none;
  const auto found = packages.find(checksum);
  return found == packages.end() ? none : found->second;
}

std::string write_scripts(const std::vector<const Description*>& packages, const ScriptStore& store) {
  std::string out;
  for (const Description* package : packages) {
    const ScriptTexts& scripts = store.of(package->checksum).scripts;
    for (const std::string_view kind : kScriptKinds) {
      const auto script = scripts.find(kind);
      if (script == scripts.end()) continue;
      append_member(out, fmt::format("{}-{}.{}.{}", package->name, package->version, package->checksum, kind), package->build_time, script->second);
    }
  }
  out.append(2 * kBlock, '\0');
  return out;
}

std::string write_triggers(const ScriptStore& store) {
  std::string out;
  for (const std::string& checksum : store.trigger_order) {
    const PackageScripts& package = store.of(checksum);
    if (!package.triggers.empty()) out += fmt::format("{} {}\n", checksum, join(package.triggers, " "));
  }
  return out;
}

}  // namespace resole::apk
