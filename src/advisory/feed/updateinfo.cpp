// SPDX-License-Identifier: Apache-2.0
// updateinfo.xml of rpm repositories (createrepo_c; read by dnf and zypp): update@type, id, severity, references of type cve, pkglist of binary packages. Which
// release it is about stands in the collection's or the release's name, for Amazon in the id (ALAS2023-...).
#include <fmt/format.h>

#include <algorithm>

#include "advisory/feed/readers.hpp"
#include "advisory/feed/scope.hpp"
#include "advisory/feed/severity.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/xml.hpp"

namespace resole::advisory::feed {

namespace {

std::optional<Scope> update_scope(const xml::Element& update, const xml::Element* collection, const Reading& reading) {
  if (auto scope = scope_of_os(reading.os)) return scope;
  const std::string_view id = update.text_of("id");
  for (const std::string_view version : {"2023", "2022", "2"}) {
    if (id.starts_with(fmt::format("ALAS{}-", version)) || id.starts_with(fmt::format("ALAS{}", version) + "LIVEPATCH-")) return scope_of_product(fmt::format("Amazon Linux {}", version));
  }
  if (collection != nullptr) {
    if (auto scope = scope_of_product(collection->text_of("name"))) return scope;
  }
  return scope_of_product(update.text_of("release"));
}

std::vector<std::string> update_ids(const xml::Element& update) {
  std::vector<std::string> ids;
  const auto add = [&](std::string_view text) {
    for (std::string& id : cves_in(text)) {
      if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
    }
  };
  if (const xml::Element* references = update.child("references")) {
    for (const xml::Element* reference : references->all("reference")) {
      if (reference->attribute("type") != "cve") continue;
      const std::size_t before = ids.size();
      for (const char* where : {"id", "title", "href"}) {
        if (ids.size() == before) add(reference->attribute(where));
      }
    }
  }
  if (ids.empty()) add(update.text_of("title"));
  if (ids.empty()) add(update.text_of("description"));
  if (ids.empty()) ids.emplace_back(update.text_of("id"));
  return ids;
}

void read_collection(const xml::Element& collection, Record record, const std::vector<std::string>& ids, const Reading& reading) {
  if (const xml::Element* module = collection.child("module")) record.module = fmt::format("{}:{}", module->attribute("name"), module->attribute("stream"));
  for (const xml::Element* package : collection.all("package")) {
    record.package = std::string(package->attribute("name"));
    record.arch = std::string(package->attribute("arch"));
    if (record.package.empty() || record.arch == "src" || record.arch == "nosrc") continue;
    const std::string_view epoch = package->attribute("epoch"), version = package->attribute("version"), release = package->attribute("release");
    if (version.empty()) throw Error(ErrorKind::input, fmt::format("line {}: package {} has no version", package->line, printable(record.package)));
    record.fixed = fmt::format("{}{}{}", epoch.empty() || epoch == "0" ? "" : std::string(epoch) + ":", version, release.empty() ? "" : "-" + std::string(release));
    for (const std::string& id : ids) {
      record.id = id;
      reading.out.add(record);
    }
  }
}

}  // namespace

void read_updateinfo(Source& text, const Reading& reading) {
  xml::for_each(text, reading.name, {"update"}, [&](xml::Element&& update) {
    if (update.attribute("type") != "security") return reading.out.left_out("updates that are not about security");
    const std::string id(update.text_of("id"));
    with_context([&] { return fmt::format("{}, update {}", reading.name, printable(id)); }, [&] {
      if (id.empty()) throw Error(ErrorKind::input, fmt::format("line {}: an update without an id", update.line));
      const xml::Element* list = update.child("pkglist");
      if (list == nullptr) return reading.out.left_out("updates without packages");
      const auto ids = update_ids(update);
      for (const xml::Element* collection : list->all("collection")) {
        const auto scope = update_scope(update, collection, reading);
        if (!scope) throw Error(ErrorKind::input, "the release is not known", "name it with --os ID:VERSION");
        Record record;
        record.scope = scope->name;
        record.order = scope->order;
        record.source = false;
        if (ids.front() != id) record.advisory = id;
        record.status = Status::fixed;
        record.severity = severity_of_word(update.text_of("severity"));
        read_collection(*collection, std::move(record), ids, reading);
      }
    });
  }, {.bytes = 4ull << 30});
}

}  // namespace resole::advisory::feed
