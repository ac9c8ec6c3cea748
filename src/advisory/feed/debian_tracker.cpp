// SPDX-License-Identifier: Apache-2.0
// The JSON of Debian's security tracker: {source: {CVE: {releases: {codename: {status, fixed_version, urgency, nodsa, nodsa_reason}}}}}, one file of some 70 MB.
// What its words mean is in the tracker's own documentation (doc/security-team.d.o/security_tracker):
//
//   resolved, fixed_version "0"      the release was never affected
//   open, nodsa_reason ""            no DSA: minor, may come with a point release   -> deferred, "no-dsa"
//   open, nodsa_reason "postponed"   will be fixed along with something else        -> deferred, "postponed"
//   open, nodsa_reason "ignored"     will not be fixed                              -> will not fix, "ignored"
//   urgency "end-of-life"            the package has no support any longer
//   urgency "unimportant"            the vulnerable code is not in the binary packages, or no vulnerability in Debian's view -> negligible
#include <fmt/format.h>

#include "advisory/feed/json_parts.hpp"
#include "advisory/feed/readers.hpp"
#include "advisory/feed/severity.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/json_pieces.hpp"

namespace resole::advisory::feed {

namespace {

void judge_open(const Json& release, std::string_view urgency, Record& record) {
  if (urgency == "end-of-life") {
    record.status = Status::end_of_life;
    record.word = "end-of-life";
    return;
  }
  record.status = Status::unfixed;
  record.word = urgency == "unimportant" ? "unimportant" : "open";
  if (!release.contains("nodsa") && !release.contains("nodsa_reason")) return;
  const std::string reason = string_or(release, "nodsa_reason", "");
  record.status = reason == "ignored" ? Status::will_not_fix : Status::deferred;
  record.word = reason.empty() ? "no-dsa" : reason;
}

Record tracker_record(const std::string& source, const std::string& id, const std::string& codename, const Json& release, std::string_view what) {
  Record record;
  record.scope = "debian:" + codename;
  record.order = Order::deb;
  record.package = source;
  record.id = id;
  const std::string status = string_member(release, "status", what), urgency = string_or(release, "urgency", "");
  record.severity = severity_of_word(urgency);
  if (status == "resolved") {
    record.fixed = string_or(release, "fixed_version", "");
    record.status = record.fixed == "0" ? Status::not_affected : record.fixed.empty() ? Status::unknown : Status::fixed;
    if (record.fixed == "0") record.fixed.clear();
    if (urgency == "unimportant") record.word = urgency;
  } else if (status == "open") {
    judge_open(release, urgency, record);
  } else {  // undetermined
    record.status = Status::under_investigation;
    record.word = status;
  }
  return record;
}

}  // namespace

void read_debian_tracker(Source& text, const Reading& reading) {
  for_each_json(text, reading.name, JsonCut::members, [&](std::string_view piece, std::uint64_t offset) {
    with_context([&] { return fmt::format("{}, member at byte {}", reading.name, offset); }, [&] {
      const Json member = parse_json(piece, "source package");
      for (const auto& [source, vulnerabilities] : member.items()) {
        if (!vulnerabilities.is_object()) throw Error(ErrorKind::input, "not an object of vulnerabilities");
        for (const auto& [id, vulnerability] : vulnerabilities.items()) {
          for (const auto& [codename, release] : members_of(vulnerability, "releases").items())
            reading.out.add(tracker_record(source, id, codename, release, id));
        }
      }
    });
  });
}

}  // namespace resole::advisory::feed
