// SPDX-License-Identifier: Apache-2.0
// One advisory of AlmaLinux's errata.json: what updateinfo.xml says, as JSON.
#include <fmt/format.h>

#include "advisory/feed/json_parts.hpp"
#include "advisory/feed/readers.hpp"
#include "advisory/feed/scope.hpp"
#include "advisory/feed/severity.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory::feed {

namespace {

// "almalinux-8-for-x86_64-appstream-rpms__8_0_default"
std::optional<Scope> errata_scope(const Json& list, const Reading& reading) {
  if (auto scope = scope_of_os(reading.os)) return scope;
  const std::string name = string_or(list, "name", "");
  const auto parts = split(name, '-');
  if (parts.size() > 1 && parts[0] == "almalinux") return scope_of_ecosystem("AlmaLinux:" + std::string(parts[1]));
  return std::nullopt;
}

std::vector<std::string> errata_ids(const Json& advisory, const std::string& own) {
  std::vector<std::string> ids;
  for (const Json& reference : elements_of(advisory, "references")) {
    for (std::string& id : cves_in(string_or(reference, "type", "") == "cve" ? string_or(reference, "id", "") : "")) ids.push_back(std::move(id));
  }
  if (ids.empty()) ids = cves_in(string_or(advisory, "description", ""));
  return ids.empty() ? std::vector<std::string>{own} : ids;
}

}  // namespace

void read_errata(const Json& advisory, const Reading& reading) {
  const std::string own = string_member(advisory, "updateinfo_id", reading.name);
  with_context([&] { return fmt::format("{}, advisory {}", reading.name, printable(own)); }, [&] {
    if (const std::string type = string_or(advisory, "type", "security"); type != "security") return reading.out.left_out("advisories that are not about security");
    const Json& list = members_of(advisory, "pkglist");
    const auto scope = errata_scope(list, reading);
    if (!scope) throw Error(ErrorKind::input, "the release is not known", "name it with --os ID:VERSION");
    Record record;
    record.scope = scope->name;
    record.order = Order::rpm;
    record.source = false;
    record.advisory = own;
    record.status = Status::fixed;
    record.severity = severity_of_word(string_or(advisory, "severity", ""));
    const auto ids = errata_ids(advisory, own);
    for (const Json& package : elements_of(list, "packages")) {
      record.package = string_member(package, "name", "package");
      record.arch = string_or(package, "arch", "");
      if (record.arch == "src") continue;
      const std::string epoch = string_or(package, "epoch", "0");
      record.fixed = (epoch.empty() || epoch == "0" ? "" : epoch + ":") + string_member(package, "version", "package") + "-" + string_member(package, "release", "package");
      for (const std::string& id : ids) {
        record.id = id;
        reading.out.add(record);
      }
    }
  });
}

}  // namespace resole::advisory::feed
