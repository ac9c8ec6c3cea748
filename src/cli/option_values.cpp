// SPDX-License-Identifier: Apache-2.0
#include "cli/option_values.hpp"

#include "advisory/feed/scope.hpp"
#include "patch/feeds.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "io/files.hpp"
#include "oci/reference.hpp"
#include "rollout/images.hpp"

namespace resole::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestKeyring = 16u << 20;
constexpr std::uint64_t kLongestAgeInDays = 36500;

[[noreturn]] void refuse(std::string message, std::string hint = {}) { throw Error(ErrorKind::usage, std::move(message), std::move(hint)); }

bool is_archive_url(std::string_view text) {
  const auto url = Url::try_parse(text);
  return url && (url->scheme() == "http" || url->scheme() == "https" || url->scheme() == "file");
}

// The digits of "2026-01-31T01:02:03Z" that a letter of strftime(3) stands for.
std::string written(std::string_view form, std::string_view time) {
  std::string out;
  for (std::size_t at = 0; at < form.size(); ++at) {
    if (form[at] != '%') {
      out += form[at];
      continue;
    }
    const std::string_view letters = "YmdHMS";
    const std::size_t letter = ++at < form.size() ? letters.find(form[at]) : std::string_view::npos;
    if (letter == std::string_view::npos) refuse(fmt::format("{{snapshot:{}}} is no form of a time", printable(form, 40)), "%Y %m %d %H %M and %S are known");
    out += letter == 0 ? time.substr(0, 4) : time.substr(2 + 3 * letter, 2);
  }
  return out;
}

fs::file_status status_of(std::string_view text) {
  std::error_code failed;
  return fs::status(fs::path(text), failed);
}

}  // namespace

bool switch_value(std::string_view text) {
  const std::string word = lower(trim(text));
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  refuse(fmt::format("\"{}\" is neither true nor false", printable(text)));
}

unsigned number_value(std::string_view text, unsigned least, unsigned most) {
  const auto number = parse_unsigned(trim(text));
  if (!number || *number < least || *number > most) refuse(fmt::format("\"{}\" is no number from {} to {}", printable(text), least, most));
  return static_cast<unsigned>(*number);
}

int count_value(std::string_view text) {
  if (parse_unsigned(trim(text))) return static_cast<int>(number_value(text, 0, 9));
  return switch_value(text) ? 1 : 0;
}

std::string word_value(std::string_view text, std::string_view words) {
  const auto known = split(words, '|');
  if (std::find(known.begin(), known.end(), text) != known.end()) return std::string(text);
  std::string all;
  for (const auto word : known) all += (all.empty() ? "" : word == known.back() ? " or " : ", ") + std::string(word);
  refuse(fmt::format("\"{}\" is not {}", printable(text), all));
}

std::vector<std::string> list_value(std::string_view text) {
  std::vector<std::string> parts;
  for (const auto part : split(text, ',')) {
    if (!trim(part).empty()) parts.emplace_back(trim(part));
  }
  return parts;
}

std::int64_t time_value(std::string_view text) {
  const auto time = parse_time(text);
  if (!time) refuse(fmt::format("\"{}\" is no time", printable(text)), "write RFC 3339, as in 2026-01-31T00:00:00Z or 2026-01-31");
  return *time;
}

std::int64_t age_value(std::string_view text) {
  const char last = text.empty() ? '\0' : text.back();
  const std::int64_t unit = last == 'd' ? 86400 : last == 'h' ? 3600 : last == 'm' ? 60 : 0;
  const auto number = text.empty() ? std::nullopt : parse_unsigned(text.substr(0, text.size() - 1));
  if (!number || unit == 0 || *number > kLongestAgeInDays) {
    refuse(fmt::format("\"{}\" is no age", printable(text)), "write a number with d, h or m: 14d, 12h");
  }
  return static_cast<std::int64_t>(*number) * unit;
}

std::int64_t duration_value(std::string_view text) {
  constexpr std::uint64_t kLongest = 86400;
  const char last = text.empty() ? '\0' : text.back();
  const std::uint64_t unit = last == 'h' ? 3600 : last == 'm' ? 60 : last == 's' ? 1 : 0;
  const auto number = text.empty() ? std::nullopt : parse_unsigned(text.substr(0, text.size() - 1));
  if (!number || unit == 0 || *number == 0 || *number > kLongest || *number * unit > kLongest) {
    refuse(fmt::format("\"{}\" is no time from 1s to 24h", printable(text)), "write a number with s, m or h: 90s, 30m");
  }
  return static_cast<std::int64_t>(*number * unit);
}

std::set<advisory::Severity> severities_value(std::string_view text) {
  std::set<advisory::Severity> severities;
  const auto words = list_value(text);
  for (const auto& word : words) {
    const advisory::Severity severity = advisory::parse_severity(word);
    if (severity == advisory::Severity::unknown && lower(word) != "unknown") {
      refuse(fmt::format("\"{}\" is no severity", printable(word)), "negligible, low, medium, high or critical");
    }
    severities.insert(severity);
  }
  if (words.empty()) refuse("no severity is named", "negligible, low, medium, high or critical");
  if (words.size() > 1) return severities;
  for (int above = static_cast<int>(*severities.begin()); above <= static_cast<int>(advisory::Severity::critical); ++above) {
    severities.insert(static_cast<advisory::Severity>(above));
  }
  return severities;
}

std::string reference_value(std::string_view text) {
  const auto reference = oci::Reference::parse(text);
  (void)reference;
  return std::string(text);
}

std::string subject_value(std::string_view text) {
  const bool plain = !text.empty() && text.size() <= 200 && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
  if (!plain) refuse(fmt::format("\"{}\" is neither an advisory id nor the name of a package", printable(text)), "as in CVE-2024-2398, or libssl3");
  return std::string(text);
}

std::string host_value(std::string_view text) {
  const auto url = text.find_first_of("/@?# ") == std::string_view::npos ? Url::try_parse("http://" + std::string(text)) : std::nullopt;
  if (!url || url->host().empty()) refuse("not a host", "write HOST or HOST:PORT, without http:// and path");
  return std::string(text);
}

std::pair<std::string, std::string> mirror_value(std::string_view text) {
  constexpr const char* hint = "write FROM=TO, both URLs, as in http://archive.example.org/debian=https://mirror.example.org/debian; or '*=TO' for any FROM";
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) refuse("no \"=\" between FROM and TO", hint);
  const std::string_view from = text.substr(0, equals), to = text.substr(equals + 1);
  if (from.empty()) refuse("nothing stands before the \"=\"", hint);
  if (to.empty()) refuse("nothing stands behind the \"=\"", hint);
  if (from != "*" && !Url::try_parse(from)) refuse("FROM is no URL", hint);
  if (!is_archive_url(at_snapshot(to, 0))) refuse("TO is no http, https or file URL", hint);
  return {std::string(from), std::string(to)};
}

std::string repository_value(std::string_view text) {
  constexpr const char* hint = "write it as in sources.list, \"http://mirror.example.org/debian bookworm main\", or as in apk's repositories, http://mirror.example.org/alpine/v3.20/main";
  std::string_view rest = trim(text);
  if (rest.starts_with("deb ") || rest.starts_with("deb\t")) rest = trim(rest.substr(4));
  if (rest.starts_with('[')) rest = rest.find(']') == std::string_view::npos ? std::string_view() : trim(rest.substr(rest.find(']') + 1));
  auto words = split_words(rest);
  if (!words.empty() && words[0].starts_with('@')) words.erase(words.begin());  // a tag of apk
  if (words.empty() || !is_archive_url(at_snapshot(words[0], 0))) refuse("it does not begin with an http, https or file URL", hint);
  return std::string(trim(text));
}

bool waits_for_snapshot(std::string_view text) {
  return text.find("{snapshot}") != std::string_view::npos || text.find("{snapshot:") != std::string_view::npos;
}

std::string at_snapshot(std::string_view text, std::int64_t time) {
  constexpr std::string_view place = "{snapshot";
  const std::string stamp = format_time(time);
  std::string out;
  for (;;) {
    const std::size_t found = text.find(place), behind = found == std::string_view::npos ? found : found + place.size();
    const std::size_t end = found == std::string_view::npos ? found : text.find('}', behind);
    if (end == std::string_view::npos) return out + std::string(text);
    const std::string_view form = text.substr(behind, end - behind);
    out += text.substr(0, found);
    if (form.empty())
      out += written("%Y%m%dT%H%M%SZ", stamp);
    else if (form.starts_with(':'))
      out += written(form.substr(1), stamp);
    else
      out += text.substr(found, end + 1 - found);
    text.remove_prefix(end + 1);
  }
}

std::string file_value(std::string_view text) {
  const auto status = status_of(text);
  if (!fs::exists(status)) refuse(fmt::format("no such file: {}", printable(text)));
  if (fs::is_directory(status)) refuse(fmt::format("{} is a directory", printable(text)));
  return std::string(text);
}

std::string sample_of_form(std::string_view text) {
  const std::size_t brace = text.find('{');
  if (brace == std::string_view::npos) return std::string(text);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon > brace || text.find('/', colon) != std::string_view::npos) {
    refuse(fmt::format("\"{}\": braces belong into the tag", printable(text)), "for example registry.example.org/patched/app:{tag}-r{plan8}");
  }
  return rollout::expand_tag(text, "1.0", Digest::of(""));
}

std::string reference_form_value(std::string_view text) {
  reference_value(sample_of_form(text));
  return std::string(text);
}

std::string tag_form_value(std::string_view text) {
  oci::Reference::parse("x:" + rollout::expand_tag(text, "1.0", Digest::of("")));
  return std::string(text);
}

std::string directory_value(std::string_view text) {
  if (!fs::is_directory(status_of(text))) refuse(fmt::format("no such directory: {}", printable(text)));
  return std::string(text);
}

std::string place_value(std::string_view text) {
  if (!fs::exists(status_of(text))) refuse(fmt::format("no such file or directory: {}", printable(text)));
  return std::string(text);
}

std::string keyring_value(std::string_view text) {
  const std::string path = file_value(text);
  if (const std::string problem = keyring_problem(io::read_file(path, kLargestKeyring)); !problem.empty()) {
    refuse(fmt::format("{} {}", printable(path), problem), "export the public keys: gpg --export KEY > FILE.gpg; or give apk's NAME.rsa.pub");
  }
  return path;
}

// RFC 4880: section 4.2 (packet headers: the tag of public keys is 6, of secret keys 5), section 6.2 (armor).
std::string keyring_problem(std::string_view bytes) {
  constexpr unsigned kSecretKey = 5, kPublicKey = 6;
  if (bytes.empty()) return "is empty";
  if (bytes.substr(0, 32).find("KBXf") != std::string_view::npos) return "is GnuPG's own keybox, not an OpenPGP keyring";
  if (bytes.find("-----BEGIN PGP PRIVATE KEY BLOCK-----") != std::string_view::npos) return "holds secret keys";
  if (bytes.find("-----BEGIN PGP PUBLIC KEY BLOCK-----") != std::string_view::npos) return {};
  if (bytes.find("-----BEGIN PUBLIC KEY-----") != std::string_view::npos) return {};  // of apk
  if (bytes.find("PRIVATE KEY-----") != std::string_view::npos) return "holds a secret key";
  const auto first = static_cast<unsigned char>(bytes[0]);
  const unsigned tag = (first & 0xc0u) == 0xc0u ? first & 0x3fu : (first & 0xc0u) == 0x80u ? first >> 2 & 0xfu : 0;
  if (tag == kSecretKey) return "holds secret keys";
  return tag == kPublicKey ? "" : "is not an OpenPGP keyring, nor a public key of apk";
}

std::string feed_name_value(std::string_view text) { return patch::FeedSource::parse(std::string(text) + " file:///none").name; }

std::string os_value(std::string_view text) {
  if (!advisory::feed::scope_of_os(text)) throw Error(ErrorKind::usage, fmt::format("\"{}\" is no release: it is written ID:VERSION, as in os-release (\"azurelinux:3\")", printable(text)));
  return std::string(text);
}

}  // namespace resole::cli
