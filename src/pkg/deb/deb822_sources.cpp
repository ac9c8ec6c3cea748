// SPDX-License-Identifier: Apache-2.0
// The deb822 form of sources.list(5): stanzas of Types, URIs, Suites, Components, each with one or more words.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/control.hpp"
#include "pkg/deb/source_fields.hpp"
#include "pkg/deb/sources.hpp"

namespace resole::deb {
namespace {

std::vector<std::string> words_of(const Paragraph& stanza, std::string_view field) {
  std::vector<std::string> words;
  for (std::string_view word : split_words(stanza.get(field))) words.emplace_back(word);
  return words;
}

// apt's StringToBool.
bool is_no(std::string_view value) {
  const std::string word = lower(value);
  return word == "no" || word == "false" || word == "without" || word == "off" || word == "disable" || word == "0";
}

bool has_binary_packages(const Paragraph& stanza, const std::string& where) {
  const auto types = words_of(stanza, "Types");
  if (types.empty()) throw Error(ErrorKind::input, fmt::format("{}: no Types field", printable(where)), kSourceHint);
  for (const std::string& type : types) {
    if (type != "deb" && type != "deb-src")
      throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not a type of source", printable(where), printable(type.substr(0, type.find(':')), 40)), kSourceHint);
  }
  return std::ranges::find(types, "deb") != types.end();
}

// An embedded key: continuation lines lose their leading blank, and a line of " ." is an empty one (sources.list(5)).
std::string embedded_key(std::string_view value) {
  std::string key;
  for (std::string_view line : lines(value)) {
    line = trim(line);
    if (line != ".") key.append(line);
    key.push_back('\n');
  }
  return std::string(trim(key)) + "\n";
}

std::string signed_by_of(const Paragraph& stanza) {
  const std::string_view value = stanza.get("Signed-By");
  return value.find("-----BEGIN PGP PUBLIC KEY BLOCK-----") == std::string_view::npos ? std::string(trim(value)) : embedded_key(value);
}

}  // namespace

std::vector<SourceEntry> parse_deb822_sources(std::string_view text, std::string_view file, std::string_view arch) {
  std::vector<SourceEntry> entries;
  const std::string clean = without_comments(text);
  ParagraphReader reader(clean, std::string(file));
  Paragraph stanza;
  for (std::size_t number = 1; reader.next(stanza); ++number) {
    if (is_no(stanza.get("Enabled"))) continue;
    const std::string where = fmt::format("{}, entry {}", file, number);
    if (!has_binary_packages(stanza, where)) continue;
    const auto malformed = [&](std::string_view part) {
      return Error(ErrorKind::input, fmt::format("{}: malformed source ({})", printable(where), part), kSourceHint);
    };
    const auto uris = words_of(stanza, "URIs"), suites = words_of(stanza, "Suites"), components = words_of(stanza, "Components");
    if (uris.empty()) throw malformed("URIs");
    if (suites.empty()) throw malformed("Suites");
    for (const std::string& uri : uris) {
      for (const std::string& suite : suites) {
        SourceEntry entry;
        entry.uri = normalised_uri(uri, arch);
        entry.suite = with_architecture(suite, arch);
        entry.components = components;
        entry.architectures = words_of(stanza, "Architectures");
        entry.signed_by = signed_by_of(stanza);
        entry.where = where;
        if (entry.uri.empty()) throw malformed("URIs");
        if (entry.is_flat() != entry.components.empty()) throw malformed("Components");
        entries.push_back(std::move(entry));
      }
    }
  }
  return entries;
}

}  // namespace resole::deb
