// SPDX-License-Identifier: Apache-2.0
// secdb of Alpine (one file per release and repository), Wolfi and Chainguard: {packages: [{pkg: {name, secfixes: {version: [ids]}}}]}. The name is the origin's.
// The version "0" means: never affected. One text may hold several ids of the same vulnerability ("CVE-2024-22195 GHSA-h5c8-rqwp-cp95"). There is nothing about
// what is not fixed.
#include <fmt/format.h>

#include <algorithm>

#include "advisory/feed/json_parts.hpp"
#include "advisory/feed/readers.hpp"
#include "advisory/feed/scope.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory::feed {

namespace {

std::string secdb_scope(const Json& document, const Reading& reading) {
  const std::string release = string_or(document, "distroversion", ""), repository = string_or(document, "reponame", ""), prefix = string_or(document, "urlprefix", "");
  if (!release.empty()) return "alpine:" + (release.starts_with('v') ? release.substr(1) : release);
  if (const auto scope = scope_of_os(reading.os)) return scope->name;
  if (prefix.find("wolfi") != std::string::npos) return "wolfi";
  if (repository == "chainguard" || repository == "extra-packages") return "chainguard";
  throw Error(ErrorKind::input, fmt::format("{} does not say which release it is about", reading.name), "name it with --os ID:VERSION");
}

void read_fixes(const Json& package, Record record, const Reading& reading) {
  for (const auto& [version, ids] : members_of(package, "secfixes").items()) {
    record.status = version == "0" ? Status::not_affected : Status::fixed;
    record.fixed = version == "0" ? "" : version;
    if (!ids.is_array()) throw Error(ErrorKind::input, fmt::format("the fixes of version {} must be an array", printable(version)));
    for (const Json& each : ids) {
      const std::string text = text_of(each, "id");
      const auto words = split_words(text);
      if (words.empty()) continue;
      const auto cve = std::ranges::find_if(words, [](std::string_view word) { return word.starts_with("CVE-"); });
      record.id = std::string(cve == words.end() ? words.front() : *cve);
      reading.out.add(record);
    }
  }
}

}  // namespace

void read_secdb(const Json& document, const Reading& reading) {
  Record record;
  record.scope = secdb_scope(document, reading);
  record.order = Order::apk;
  for (const Json& each : elements_of(document, "packages")) {
    const Json& package = members_of(each, "pkg");
    record.package = string_member(package, "name", reading.name);
    with_context([&] { return fmt::format("{}, package {}", reading.name, printable(record.package)); }, [&] { read_fixes(package, record, reading); });
  }
}

}  // namespace resole::advisory::feed
