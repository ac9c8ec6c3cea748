// SPDX-License-Identifier: Apache-2.0
// OpenVEX 0.2.0 (OPENVEX-SPEC.md), and the older form in which vulnerabilities and products are bare strings:
//
//   { "@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "...",
//     "statements": [ { "vulnerability": {"name": "CVE-..."}, "products": [ {"@id": "pkg:oci/app@sha256%3A...", "subcomponents": [ {"@id": "pkg:deb/debian/curl"} ]} ],
//                       "status": "not_affected", "justification": "component_not_present" } ] }
//
// A product is the image (pkg:oci), or the package itself. What is a part of another product than the image (a library of some program) says nothing about
// the same library elsewhere.
#include <array>
#include <utility>

#include "advisory/vex/readers.hpp"
#include "base/text.hpp"

namespace resole::advisory::vex {

namespace {

bool is_image(const PackageUrl& url) { return url.type == "oci" || url.type == "docker"; }

struct Component {
  std::optional<PackageUrl> url;
  std::string digest;  // of an image that is named by its hash
};

// "@id", or one of the identifiers: the first that is a package URL.
Component read_component(const Json& json) {
  Component out;
  if (json.is_string()) {
    out.url = PackageUrl::parse(json.get_ref<const std::string&>());
    return out;
  }
  if (!json.is_object()) throw Error(ErrorKind::input, fmt::format("expected an object or a string, found {}", json.type_name()));
  out.url = PackageUrl::parse(string_or(json, "@id", ""));
  if (!out.url) out.url = PackageUrl::parse(string_or(object_at(json, "identifiers"), "purl", ""));
  const std::string hash = string_or(object_at(json, "hashes"), "sha-256", "");
  if (!hash.empty()) out.digest = "sha256:" + lower(hash);
  return out;
}

void add_product(const Component& product, const std::vector<Component>& parts, std::vector<About>& out) {
  const bool image = product.url ? is_image(*product.url) : !product.digest.empty();
  if (!image && !product.url) return;  // a product without a name that could be compared
  About about;
  if (image) {
    about.image = product.url;
    about.image_digest = product.digest;
    if (parts.empty()) out.push_back(about);
    for (const Component& part : parts) {
      if (!part.url) continue;
      about.package = part.url;
      out.push_back(about);
    }
  } else if (parts.empty()) {
    about.package = product.url;
    out.push_back(about);
  }
}

std::vector<About> read_products(const Json& statement) {
  std::vector<About> out;
  std::vector<Component> of_all;  // 0.0.1: beside the products, for all of them
  each_of(statement, "subcomponents", [&](const Json& part, std::size_t) { of_all.push_back(read_component(part)); });
  each_of(statement, "products", [&](const Json& product, std::size_t) {
    std::vector<Component> parts = of_all;
    if (product.is_object())
      each_of(product, "subcomponents", [&](const Json& part, std::size_t) { parts.push_back(read_component(part)); });
    add_product(read_component(product), parts, out);
  });
  return out;
}

std::vector<std::string> read_ids(const Json& statement) {
  const auto found = statement.find("vulnerability");
  if (found == statement.end()) throw Error(ErrorKind::input, "\"vulnerability\" is missing");
  if (found->is_string()) return {found->get<std::string>()};
  const Json& vulnerability = object_at(statement, "vulnerability");
  std::vector<std::string> ids = strings_or_empty(vulnerability, "aliases");
  for (const char* key : {"name", "@id"}) {
    std::string id = string_or(vulnerability, key, "");
    if (id.find('/') != std::string::npos) id = id.substr(id.rfind('/') + 1);  // "https://nvd.example.org/vuln/detail/CVE-2023-1"
    if (!id.empty()) ids.push_back(std::move(id));
  }
  if (ids.empty()) throw Error(ErrorKind::input, "\"vulnerability\" has no name");
  return ids;
}

Says read_status(const std::string& status) {
  static constexpr std::array<Says, 4> kAll = {Says::not_affected, Says::fixed, Says::affected, Says::under_investigation};
  for (const Says says : kAll) {
    if (status == word(says)) return says;
  }
  throw Error(ErrorKind::input, fmt::format("\"status\" is \"{}\"", printable(status, 60)), "OpenVEX knows not_affected, affected, fixed and under_investigation");
}

std::string context_of(const Json& json) {
  const auto found = json.find("@context");
  if (found == json.end()) return {};
  const Json& first = found->is_array() && !found->empty() ? found->front() : *found;
  return first.is_string() ? first.get<std::string>() : std::string();
}

}  // namespace

bool is_openvex(const Json& json) {
  return json.is_object() && (context_of(json).find("openvex") != std::string::npos || (json.contains("statements") && json.contains("author")));
}

void read_openvex(const Json& json, Document& out) {
  const std::int64_t written = time_at(json, "last_updated", time_at(json, "timestamp", 0));
  std::size_t nameless = 0;
  each_object(json, "statements", [&](const Json& each, std::size_t index) {
    Statement statement;
    statement.ids = read_ids(each);
    statement.says = read_status(string_or(each, "status", ""));
    statement.reason = with_colon(string_or(each, "justification", ""), string_or(each, "impact_statement", string_or(each, "status_notes", "")));
    statement.time = time_at(each, "last_updated", time_at(each, "timestamp", written));
    statement.place = fmt::format("statements[{}]", index);
    statement.about = read_products(each);
    if (statement.about.empty())
      ++nameless;
    else
      out.statements.push_back(std::move(statement));
  });
  if (nameless > 0) out.notes.push_back(fmt::format("{} statements name no image and no package by package URL or hash, and are left out", nameless));
}

}  // namespace resole::advisory::vex
