// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/slices.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::uint64_t kManifestText = 256ull << 20;
constexpr std::size_t kManifestLines = 2'000'000;
constexpr JsonLimits kLineLimits{.bytes = 1u << 20, .depth = 4};

class WallReader {
 public:
  WallReader(std::string_view what, Slices& slices) : what_(what), slices_(slices) {}

  void read(std::string_view text) {
    std::size_t number = 0;
    std::uint64_t count = 0;
    for (const std::string_view line : resole::lines(text)) {
      if (++number > kManifestLines) throw Error(ErrorKind::input, fmt::format("{}: more than {} lines", what_, kManifestLines));
      where_ = fmt::format("{}, line {}", what_, number);
      const Json value = parse_json(line, where_, kLineLimits);
      if (number == 1) {
        count = read_header(value);
        slices_.header = line;
      } else {
        slices_.lines.emplace_back(line);
        read_line(value);
      }
    }
    if (number == 0 || count != number)
      throw Error(ErrorKind::input, fmt::format("{}: {} lines, and its header says {}: it is not whole", what_, number, count),
                  "the manifest of the image is damaged: cut the image again");
  }

 private:
  std::uint64_t read_header(const Json& value) const {
    const std::string format = string_member(value, "jsonwall", where_), schema = string_or(value, "schema", "");
    if (!format.starts_with("1.") || !schema.starts_with("1.")) {
      throw Error(ErrorKind::unsupported, fmt::format("{}: jsonwall {}, schema {}; known is 1.x", where_, printable(format, 20), printable(schema, 20)));
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer_or(value, "count", 0)));
  }

  void read_line(const Json& value) {
    const std::string kind = string_member(value, "kind", where_);
    if (kind == "package") {
      slices_.packages.push_back({string_member(value, "name", where_), string_member(value, "version", where_),
                                  string_member(value, "arch", where_), string_member(value, "sha256", where_)});
    } else if (kind == "path") {
      read_path(value);
    }
  }

  void read_path(const Json& value) {
    SlicedPath path;
    path.path = string_member(value, "path", where_);
    path.directory = path.path.ends_with('/');
    while (path.path.size() > 1 && path.path.ends_with('/')) path.path.pop_back();
    const std::string cleaned = tar::clean_path(path.path);
    if (!path.path.starts_with('/') || !tar::is_safe_path(cleaned) || fmt::format("/{}", cleaned) != path.path)
      throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is no absolute path", where_, printable(path.path)));
    const auto mode = parse_octal(string_member(value, "mode", where_));
    if (!mode || *mode > 07777) throw Error(ErrorKind::input, fmt::format("{}: no mode of {}", where_, printable(path.path)));
    path.mode = static_cast<std::uint32_t>(*mode);
    for (const std::string& slice : strings_or_empty(value, "slices")) path.packages.insert(slice.substr(0, slice.rfind('_')));
    for (const auto& [name, field] : {std::pair("link", &path.link), {"sha256", &path.sha256}, {"final_sha256", &path.final_sha256}}) {
      if (const std::string text = string_or(value, name, ""); !text.empty()) *field = text;
    }
    const std::string key = path.path;
    if (!slices_.paths.emplace(key, std::move(path)).second)
      throw Error(ErrorKind::input, fmt::format("{}: {} stands there twice", where_, printable(key)));
  }

  const std::string what_;
  Slices& slices_;
  std::string where_;
};

// The line with some of its fields changed, in the order that they have.
std::string with_fields(const std::string& line, const std::map<std::string, OrderedJson>& fields) {
  OrderedJson value = parse_json_ordered(line, "manifest", kLineLimits);
  for (const auto& [name, field] : fields) {
    if (value.contains(name)) value[name] = field;
  }
  return dump_compact(value);
}

std::string edited_line(const std::string& line, const SliceEdit& edit) {
  const Json value = parse_json(line, "manifest", kLineLimits);
  const std::string kind = string_or(value, "kind", "");
  if (kind == "package") {
    const std::string name = string_or(value, "name", ""), arch = string_or(value, "arch", "");
    const auto changed = std::ranges::find_if(edit.packages, [&](const SlicedPackage& each) { return each.name == name && each.arch == arch; });
    if (changed == edit.packages.end()) return line;
    return with_fields(line, {{"version", changed->version}, {"sha256", changed->sha256}});
  }
  if (kind != "path") return line;
  const auto changed = edit.files.find(string_or(value, "path", ""));
  if (changed == edit.files.end()) return line;
  const SliceEdit::File& file = changed->second;
  std::map<std::string, OrderedJson> fields = {{"mode", fmt::format("0{:o}", file.mode)}};
  if (file.link) {
    fields = {{"link", *file.link}};
  } else {
    fields.insert({{"sha256", file.sha256}, {"size", file.size}});
  }
  return with_fields(line, fields);
}

}  // namespace

Slices parse_slices(std::string_view compressed, std::string_view what) {
  Slices slices;
  const std::string name = printable(what);
  with_context([&] { return fmt::format("reading {}", name); },
               [&] {
                 const auto source = archive::decompress(resole::source_of(compressed), {.output = kManifestText});
                 const std::string text = read_all(*source, kManifestText, name);
                 WallReader(name, slices).read(text);
               });
  return slices;
}

std::string edit_slices(const Slices& slices, const SliceEdit& edit) {
  std::vector<std::string> lines;
  lines.reserve(slices.lines.size());
  for (const std::string& line : slices.lines) lines.push_back(edited_line(line, edit));
  std::ranges::sort(lines);
  std::string compressed;
  StringSink sink(compressed);
  archive::Compressor compressor(archive::Compression::zstd, sink, 1);
  compressor.write(slices.header + "\n");
  for (const std::string& line : lines) compressor.write(line + "\n");
  compressor.finish();
  return compressed;
}

}  // namespace resole::deb
