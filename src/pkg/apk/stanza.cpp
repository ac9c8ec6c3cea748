// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/stanza.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/version.hpp"

namespace resole::apk {

namespace {

std::uint64_t number_of(std::string_view value, char letter, std::string_view what) {
  const auto number = parse_unsigned(value);
  if (!number) throw Error(ErrorKind::input, fmt::format("{}: {}: \"{}\" is no number", printable(what), letter, printable(value, 40)));
  return *number;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.front() != '.' && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '/'; });
}

}  // namespace

std::string Description::text() const {
  std::string out = fmt::format("C:{}\nP:{}\nV:{}\n", checksum, name, version);
  if (!arch.empty()) out += fmt::format("A:{}\n", arch);
  out += fmt::format("S:{}\nI:{}\nT:{}\nU:{}\nL:{}\n", size, installed_size, summary, url, license);
  if (!origin.empty()) out += fmt::format("o:{}\n", origin);
  if (!maintainer.empty()) out += fmt::format("m:{}\n", maintainer);
  if (build_time != 0) out += fmt::format("t:{}\n", build_time);
  if (!commit.empty()) out += fmt::format("c:{}\n", commit);
  if (provider_priority != 0) out += fmt::format("k:{}\n", provider_priority);
  if (!depends.empty()) out += fmt::format("D:{}\n", text_of(depends));
  if (!provides.empty()) out += fmt::format("p:{}\n", text_of(provides));
  if (!install_if.empty()) out += fmt::format("i:{}\n", text_of(install_if));
  return out;
}

bool read_field(Description& out, char letter, std::string_view value, std::string_view what) {
  const auto once = [&](std::string& field) {
    if (!field.empty()) throw Error(ErrorKind::input, fmt::format("{}: {}: stands there twice", printable(what), letter));
    field = value;
  };
  switch (letter) {
    case 'C':
      raw_checksum(value, what);
      once(out.checksum);
      return true;
    case 'P':
      if (!is_name(value)) throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is no package name", printable(what), printable(value, 80)));
      once(out.name);
      return true;
    case 'V':
      if (!is_readable_version(value)) throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is no version", printable(what), printable(value, 80)));
      once(out.version);
      return true;
    case 'A':
      if (!is_name(value)) throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is no architecture", printable(what), printable(value, 40)));
      once(out.arch);
      return true;
    case 'S':
      out.size = number_of(value, letter, what);
      return true;
    case 'I':
      out.installed_size = number_of(value, letter, what);
      return true;
    case 'T':
      out.summary = value;
      return true;
    case 'U':
      out.url = value;
      return true;
    case 'L':
      out.license = value;
      return true;
    case 'o':
      out.origin = value;
      return true;
    case 'm':
      out.maintainer = value;
      return true;
    case 't':
      out.build_time = number_of(value, letter, what);
      return true;
    case 'c':
      out.commit = value;
      return true;
    case 'k':
      out.provider_priority = number_of(value, letter, what);
      return true;
    case 'D':
      out.depends = parse_wishes(value, what);
      return true;
    case 'p':
      out.provides = parse_wishes(value, what);
      return true;
    case 'i':
      out.install_if = parse_wishes(value, what);
      return true;
    default:
      return false;
  }
}

FieldLine split_field(std::string_view line, std::string_view what) {
  if (line.size() < 2 || line[1] != ':') throw Error(ErrorKind::input, fmt::format("{}: the line \"{}\" is not understood", printable(what), printable(line, 80)));
  return {line.front(), line.substr(2)};
}

void require_complete(const Description& description, std::string_view what) {
  const auto require = [&](const std::string& field, std::string_view name) {
    if (field.empty()) throw Error(ErrorKind::input, fmt::format("{}: a package without {}", printable(what), name));
  };
  require(description.name, "name");
  require(description.version, "version");
  require(description.checksum, "checksum");
}

pkg::Package package_of(const Description& description) {
  pkg::Package package;
  package.name = description.name;
  package.version = description.version;
  package.arch = family_arch(description.arch);
  package.source = {description.origin.empty() ? description.name : description.origin, description.version};
  add_depends(package.relations, description.depends);
  add_provides(package.relations, description.provides);
  for (const Wish& wish : description.install_if) package.relations.install_if.push_back(wish.atom);
  return package;
}

std::string family_arch(std::string_view arch) { return arch == "noarch" ? "all" : std::string(arch); }
std::string apk_arch(std::string_view arch) { return arch == "all" ? "noarch" : std::string(arch); }

std::string raw_checksum(std::string_view checksum, std::string_view what) {
  constexpr std::size_t kSha1 = 20;
  const auto raw = checksum.starts_with("Q1") ? base64_decode(checksum.substr(2)) : std::nullopt;
  if (!raw || raw->size() != kSha1) throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is no checksum (Q1...)", printable(what), printable(checksum, 60)));
  return *raw;
}

std::string checksum_of(std::string_view raw_sha1) { return "Q1" + base64_encode(raw_sha1); }

}  // namespace resole::apk
