// SPDX-License-Identifier: Apache-2.0
// The one-line form of sources.list(5): deb [ option=value ... ] uri suite [component...]
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "pkg/deb/source_fields.hpp"
#include "pkg/deb/sources.hpp"

namespace resole::deb {
namespace {

// A '#' begins a comment unless it stands in the brackets of the options.
std::string_view without_comment(std::string_view line) {
  int depth = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '[')
      ++depth;
    else if (line[i] == ']')
      --depth;
    else if (line[i] == '#' && depth <= 0)
      return line.substr(0, i);
  }
  return line;
}

// Words of a line, where quotes hold blanks together and "%20" stays for the URL (apt's ParseQuoteWord, of what occurs).
std::string_view take_word(std::string_view& rest) {
  rest = trim(rest);
  std::size_t end = 0;
  bool quoted = false;
  while (end < rest.size() && (quoted || (rest[end] != ' ' && rest[end] != '\t'))) {
    if (rest[end] == '"') quoted = !quoted;
    ++end;
  }
  std::string_view word = rest.substr(0, end);
  rest = trim(rest.substr(end));
  if (word.size() >= 2 && word.front() == '"' && word.back() == '"') word = word.substr(1, word.size() - 2);
  return word;
}

using Options = std::map<std::string, std::string, std::less<>>;

// "[arch=amd64 signed-by=/x]": rest is what follows the bracket.
bool take_options(std::string_view& rest, Options& options) {
  rest = trim(rest);
  if (!rest.starts_with('[')) return true;
  const auto close = rest.find(']');
  if (close == std::string_view::npos) return false;
  for (std::string_view word : split_words(rest.substr(1, close - 1))) {
    const auto equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == word.size()) return false;
    std::string_view key = word.substr(0, equals);
    if (key.ends_with('+') || key.ends_with('-')) key.remove_suffix(1);
    std::string_view value = word.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    // "arch+=i386" and "arch-=i386" change the default set: what is asked of the repository is decided by its release, so the default
    // stands.
    if (key.size() == equals) options[lower(key)] = value;
  }
  rest = rest.substr(close + 1);
  return true;
}

SourceEntry parse_entry(std::string_view rest, const std::string& where, std::string_view arch) {
  const auto malformed = [&](std::string_view part) {
    return Error(ErrorKind::input, fmt::format("{}: malformed source ({})", printable(where), part), kSourceHint);
  };
  Options options;
  if (!take_options(rest, options)) throw malformed("options");
  SourceEntry entry;
  entry.uri = normalised_uri(take_word(rest), arch);
  entry.suite = with_architecture(take_word(rest), arch);
  if (entry.uri.empty()) throw malformed("URI");
  if (entry.suite.empty()) throw malformed("suite");
  while (!rest.empty()) entry.components.emplace_back(take_word(rest));
  if (entry.is_flat() != entry.components.empty()) throw malformed("components");
  for (std::string_view one : split(options["arch"], ',')) {
    if (!one.empty()) entry.architectures.emplace_back(one);
  }
  entry.signed_by = options["signed-by"];
  entry.where = where;
  return entry;
}

// The line as messages may show it: URLs without their secrets.
std::string shown_source(std::string_view line) {
  std::vector<std::string> words;
  for (const std::string_view word : split_words(line)) words.push_back(word.find(':') == word.npos ? printable(word) : public_url(word));
  return join(words, " ");
}

}  // namespace

std::vector<SourceEntry> parse_one_line_sources(std::string_view text, std::string_view file, std::string_view arch) {
  std::vector<SourceEntry> entries;
  std::size_t number = 0;
  for (std::string_view line : lines(text)) {
    ++number;
    line = trim(without_comment(line));
    if (line.empty()) continue;
    const std::string where = fmt::format("{}:{}", file, number);
    std::string_view type = line.substr(0, line.find_first_of(" \t["));
    if (type == "deb-src") continue;
    if (type != "deb")
      throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not a type of source", printable(where), printable(type.substr(0, type.find(':')), 40)), kSourceHint);
    entries.push_back(parse_entry(line.substr(type.size()), where, arch));
  }
  return entries;
}

SourceEntry parse_operator_source(std::string_view line, std::string_view arch) {
  line = trim(line);
  if (line.starts_with("deb ") || line.starts_with("deb\t")) line.remove_prefix(4);
  try {
    SourceEntry entry = parse_entry(line, "--package-repo", arch);
    entry.by_operator = true;
    return entry;
  } catch (const Error& error) {
    throw Error(ErrorKind::usage, fmt::format("--package-repo \"{}\": {}", shown_source(line), error.message()),
                "give it as in sources.list: --package-repo \"http://mirror.example.org/debian bookworm main\"");
  }
}

}  // namespace resole::deb
