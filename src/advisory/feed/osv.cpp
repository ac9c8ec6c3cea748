// SPDX-License-Identifier: Apache-2.0
// One advisory in the Open Source Vulnerability format (https://ossf.github.io/osv-schema/), which Ubuntu, AlmaLinux, Rocky Linux, SUSE, Wolfi, Chainguard and
// osv.dev publish. Distributions have one range per release, so introduced/fixed pairs become one record each. The CVE is in `upstream` (Ubuntu, Chainguard), in
// `aliases` or in `related` (AlmaLinux); "UBUNTU-CVE-2021-3782" and "DEBIAN-CVE-..." are the CVE under the name of a feed.
#include <fmt/format.h>

#include <algorithm>

#include "advisory/feed/json_parts.hpp"
#include "advisory/feed/readers.hpp"
#include "advisory/feed/scope.hpp"
#include "advisory/feed/severity.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory::feed {

namespace {

// The CVEs, in order; the advisory's own id when it names none.
std::vector<std::string> osv_ids(const Json& document, const std::string& own) {
  std::vector<std::string> ids = cves_in(own);
  if (!ids.empty()) return ids;
  for (const char* list : {"upstream", "aliases", "related"}) {
    for (const Json& each : elements_of(document, list)) {
      for (std::string& cve : cves_in(text_of(each, list))) {
        if (std::ranges::find(ids, cve) == ids.end()) ids.push_back(std::move(cve));
      }
    }
    if (!ids.empty()) return ids;
  }
  return {own};
}

Severity osv_severity(const Json& document) {
  Severity found = Severity::unknown;
  for (const Json& each : elements_of(document, "severity")) {
    const std::string type = string_or(each, "type", ""), score = string_or(each, "score", "");
    if (type == "Ubuntu") return severity_of_word(score);  // the vendor's own word counts more than a number made for everybody
    if (type == "CVSS_V3") found = std::max(found, severity_of_cvss3(score));
  }
  if (found != Severity::unknown) return found;
  const std::string summary = string_or(document, "summary", "");  // AlmaLinux: "Important: pcs security update"
  const std::size_t colon = summary.find(':');
  return colon == std::string::npos ? Severity::unknown : severity_of_word(summary.substr(0, colon));
}

// Events come in order: introduced, then fixed or last_affected, then perhaps introduced again.
void read_events(const Json& range, const Record& model, const std::vector<std::string>& ids, const Reading& reading) {
  Record record = model;
  bool open = false;
  const auto put = [&] {
    record.status = !record.fixed.empty() ? Status::fixed : record.status == Status::unknown ? Status::unfixed : record.status;
    for (const std::string& id : ids) {
      record.id = id;
      reading.out.add(record);
    }
    record = model;
    open = false;
  };
  for (const Json& event : elements_of(range, "events")) {
    if (const std::string introduced = string_or(event, "introduced", ""); !introduced.empty()) {
      if (open) put();
      record.introduced = introduced == "0" ? "" : introduced;
      open = true;
    }
    if (!open) continue;
    record.fixed = string_or(event, "fixed", "");
    record.last = string_or(event, "last_affected", "");
    if (!record.fixed.empty() || !record.last.empty()) put();
  }
  if (open) put();
}

void read_affected(const Json& affected, Record model, const std::vector<std::string>& ids, const Reading& reading) {
  const Json& package = members_of(affected, "package");
  const std::string ecosystem = string_or(package, "ecosystem", "");
  const auto scope = scope_of_ecosystem(ecosystem);
  if (!scope) return reading.out.left_out(fmt::format("ecosystem {}: not packages of a distribution", ecosystem.empty() ? "(none)" : printable(ecosystem)));
  model.scope = scope->name;
  model.order = scope->order;
  model.source = scope->source;
  model.package = string_or(package, "name", "");
  model.word = scope->needs.empty() ? "" : "available with " + scope->needs;
  // osv.dev's conversion of the Debian tracker.
  const std::string urgency = string_or(members_of(affected, "ecosystem_specific"), "urgency", "");
  if (!urgency.empty()) model.severity = severity_of_word(urgency);
  if (urgency == "end-of-life" || urgency == "unimportant") model.word = urgency;
  if (urgency == "end-of-life") model.status = Status::end_of_life;
  if (model.package.empty()) throw Error(ErrorKind::input, "an affected package without a name");
  const Json& ranges = elements_of(affected, "ranges");
  for (const Json& range : ranges) {
    if (string_or(range, "type", "ECOSYSTEM") == "ECOSYSTEM") read_events(range, model, ids, reading);
  }
  if (!ranges.empty()) return;
  // A list of versions only: as far as the highest of them is known to be affected.
  for (const Json& version : elements_of(affected, "versions")) model.last = text_of(version, "version");
  model.status = Status::unfixed;
  for (const std::string& id : ids) {
    model.id = id;
    reading.out.add(model);
  }
}

}  // namespace

void read_osv(const Json& document, const Reading& reading) {
  const std::string own = string_member(document, "id", reading.name);
  with_context([&] { return fmt::format("{}, advisory {}", reading.name, printable(own)); }, [&] {
    reading.out.dated(string_or(document, "modified", ""));
    if (!string_or(document, "withdrawn", "").empty()) return reading.out.left_out("withdrawn advisories");
    const std::vector<std::string> ids = osv_ids(document, own);
    Record model;
    if (ids.front() != own) model.advisory = own;
    model.severity = osv_severity(document);
    for (const Json& affected : elements_of(document, "affected")) read_affected(affected, model, ids, reading);
  });
}

}  // namespace resole::advisory::feed
