// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/release.hpp"

#include <fmt/format.h>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/control.hpp"

namespace resole::deb {
namespace {

constexpr std::int64_t kClockSkew = 12 * 3600;  // a mirror's Date may be ahead of this machine's clock by that much
constexpr std::size_t kFileLimit = 500'000;

std::vector<std::string> words_of(std::string_view value) {
  std::vector<std::string> words;
  for (std::string_view word : split_words(value)) words.emplace_back(word);
  return words;
}

std::int64_t date_of(const Paragraph& paragraph, std::string_view field, std::string_view what) {
  const std::string_view value = paragraph.get(field);
  if (value.empty()) return 0;
  const auto date = parse_http_date(value);
  if (!date) throw Error(ErrorKind::input, fmt::format("{}: {} \"{}\" is not a date", printable(what), field, printable(value, 60)));
  return *date;
}

// " <sha256> <size> <path>" a line.
void read_files(ReleaseFile& release, std::string_view value, std::string_view what) {
  for (std::string_view line : lines(value)) {
    const auto words = split_words(line);
    if (words.empty()) continue;
    const auto size = words.size() == 3 ? parse_unsigned(words[1]) : std::nullopt;
    const auto hash = words.size() == 3 ? sha256_from_hex(words[0]) : std::nullopt;
    if (!size || !hash)
      throw Error(ErrorKind::input, fmt::format("{}: broken line in SHA256: \"{}\"", printable(what), printable(line, 120)));
    if (release.files.size() == kFileLimit)
      throw Error(ErrorKind::input, fmt::format("{}: more than {} files", printable(what), kFileLimit));
    const std::string path = tar::clean_path(words[2]);
    if (tar::is_safe_path(path)) release.files.emplace(path, IndexFile{Digest::sha256(*hash), *size});
  }
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  for (const std::string& one : words) {
    if (one == word) return true;
  }
  return false;
}

}  // namespace

int ReleaseFile::default_priority() const { return !not_automatic ? 500 : but_automatic_upgrades ? 100 : 1; }

ReleaseFile parse_release(std::string_view text, std::string_view what) {
  const Paragraph paragraph = read_single_paragraph(text, std::string(what), {.bytes = 64u << 20, .paragraph = 64u << 20, .fields = 1000});
  ReleaseFile release;
  release.origin = paragraph.get("Origin");
  release.label = paragraph.get("Label");
  release.suite = paragraph.get("Suite");
  release.codename = paragraph.get("Codename");
  release.version = paragraph.get("Version");
  release.date = date_of(paragraph, "Date", what);
  release.valid_until = date_of(paragraph, "Valid-Until", what);
  release.not_automatic = paragraph.says_yes("NotAutomatic");
  release.but_automatic_upgrades = paragraph.says_yes("ButAutomaticUpgrades");
  release.acquire_by_hash = paragraph.says_yes("Acquire-By-Hash");
  release.architectures = words_of(paragraph.get("Architectures"));
  release.components = words_of(paragraph.get("Components"));
  release.all_in_architectures =
      !contains(release.architectures, "all") || contains(words_of(paragraph.get("No-Support-for-Architecture-all")), "Packages");
  if (!paragraph.find("SHA256")) {
    throw Error(ErrorKind::verification, fmt::format("{}: lists no SHA256 of its indexes; weaker hashes are refused", printable(what)));
  }
  read_files(release, paragraph.get("SHA256"), what);
  return release;
}

void require_fresh(const ReleaseFile& release, const Freshness& freshness, std::string_view what) {
  const auto refuse = [&](const std::string& problem, std::string_view hint) {
    throw Error(ErrorKind::verification, fmt::format("{}: {}", what, problem), std::string(hint));
  };
  if (release.date > freshness.now + kClockSkew) {
    refuse(fmt::format("is dated {}, after {}", format_time(release.date), format_time(freshness.now)),
           "set --as-of, or the machine's clock");
  }
  if (freshness.max_age >= 0) {
    // The operator's own bound stands in for Valid-Until and for the memory of newer ones.
    if (release.date == 0) refuse("has no Date, so that its age is not known", "leave --max-index-age away");
    if (freshness.now - release.date > freshness.max_age) {
      refuse(fmt::format("is dated {}, older than --max-index-age allows", format_time(release.date)),
             "use a mirror that is up to date, or a longer --max-index-age");
    }
    return;
  }
  if (release.valid_until != 0 && release.valid_until < freshness.now) {
    refuse(fmt::format("expired on {}", format_time(release.valid_until)),
           "the mirror is out of date or an old state is played back; use another mirror, --as-of for a snapshot, or --max-index-age");
  }
  if (release.date < freshness.newest_seen) {
    refuse(fmt::format("is dated {}, older than the one of {} that has been seen already", format_time(release.date),
                       format_time(freshness.newest_seen)),
           "the mirror went back in time; use another mirror, or --max-index-age when that is meant to be");
  }
}

bool is_release(const ReleaseFile& release, std::string_view suite) {
  if (release.suite.empty() && release.codename.empty()) return true;
  const auto is = [&](std::string_view name) { return name.empty() || name == release.suite || name == release.codename; };
  if (is(suite)) return true;
  const auto slash = suite.rfind('/');
  const std::string_view head = slash == std::string_view::npos ? suite : suite.substr(0, slash);
  return is(head == "." ? std::string_view() : head);
}

}  // namespace resole::deb
