// SPDX-License-Identifier: Apache-2.0
// CSAF 2.0, profile 5 (VEX): what is said is said of product ids, and the tree of products says what those are. A product "default_component_of" another is a
// part of it; when that other one is an image, it must be this image, when it is anything else that has a package URL, it is a program that is not known here.
#include <map>
#include <utility>

#include "advisory/vex/readers.hpp"
#include "base/text.hpp"

namespace resole::advisory::vex {

namespace {

// What the ids mean. Several package URLs for one id are alternatives.
class Products {
 public:
  explicit Products(const Json& tree) {
    each_object(tree, "branches", [&](const Json& branch, std::size_t) { read_branch(branch); });
    each_object(tree, "full_product_names", [&](const Json& product, std::size_t) { read_product(product); });
    each_object(tree, "relationships", [&](const Json& relationship, std::size_t) { read_relationship(relationship); });
    each_object(tree, "product_groups", [&](const Json& group, std::size_t) {
      groups_[string_or(group, "group_id", "")] = strings_or_empty(group, "product_ids");
    });
  }

  std::vector<About> find(const std::string& id) const {
    const auto found = products_.find(id);
    return found == products_.end() ? std::vector<About>{} : found->second;
  }
  const std::vector<std::string>& group(const std::string& id) const {
    static const std::vector<std::string> kNone;
    const auto found = groups_.find(id);
    return found == groups_.end() ? kNone : found->second;
  }

 private:
  void read_branch(const Json& branch) {  // as deep as the JSON may be
    if (has_member(branch, "product")) read_product(object_at(branch, "product"));
    each_object(branch, "branches", [&](const Json& below, std::size_t) { read_branch(below); });
  }

  void read_product(const Json& product) {
    const Json& helper = object_at(product, "product_identification_helper");
    std::vector<std::string> urls = strings_or_empty(helper, "purls");  // CSAF 2.1
    if (std::string url = string_or(helper, "purl", ""); !url.empty()) urls.push_back(std::move(url));
    std::vector<About>& out = products_[string_or(product, "product_id", "")];
    for (const std::string& text : urls) {
      auto url = PackageUrl::parse(text);
      if (!url) continue;
      About about;
      (url->type == "oci" || url->type == "docker" ? about.image : about.package) = std::move(url);
      out.push_back(std::move(about));
    }
  }

  void read_relationship(const Json& relationship) {
    const std::vector<About> parts = find(string_or(relationship, "product_reference", "")), wholes = find(string_or(relationship, "relates_to_product_reference", ""));
    std::vector<About>& out = products_[string_or(object_at(relationship, "full_product_name"), "product_id", "")];
    for (const About& part : parts) {
      for (const About& whole : wholes) {
        if (!part.package || !whole.image || out.size() >= 1000) continue;
        About both = part;
        both.image = whole.image;
        out.push_back(std::move(both));
      }
    }
  }

  std::map<std::string, std::vector<About>> products_;
  std::map<std::string, std::vector<std::string>> groups_;
};

std::vector<std::string> ids_of_vulnerability(const Json& vulnerability) {
  std::vector<std::string> ids;
  if (std::string cve = string_or(vulnerability, "cve", ""); !cve.empty()) ids.push_back(std::move(cve));
  each_object(vulnerability, "ids", [&](const Json& id, std::size_t) { ids.push_back(string_or(id, "text", "")); });
  return ids;
}

// Why, by product: the label of a flag and the text of an impact.
std::map<std::string, std::string> reasons_of(const Json& vulnerability, const Products& products) {
  std::map<std::string, std::string> reasons;
  const auto add = [&](const Json& json, const std::string& text) {
    std::vector<std::string> ids = strings_or_empty(json, "product_ids");
    for (const std::string& group : strings_or_empty(json, "group_ids")) {
      const auto& members = products.group(group);
      ids.insert(ids.end(), members.begin(), members.end());
    }
    for (const std::string& id : ids) reasons[id] = with_colon(reasons[id], text);
  };
  each_object(vulnerability, "flags", [&](const Json& flag, std::size_t) { add(flag, string_or(flag, "label", "")); });
  each_object(vulnerability, "threats", [&](const Json& threat, std::size_t) {
    if (string_or(threat, "category", "") == "impact") add(threat, string_or(threat, "details", ""));
  });
  return reasons;
}

}  // namespace

bool is_csaf(const Json& json) { return has_member(json, "document") && has_member(json["document"], "csaf_version"); }

void read_csaf(const Json& json, Document& out) {
  static constexpr std::pair<const char*, Says> kStatuses[] = {{"known_not_affected", Says::not_affected}, {"fixed", Says::fixed},
                                                               {"first_fixed", Says::fixed},               {"known_affected", Says::affected},
                                                               {"under_investigation", Says::under_investigation}};
  const std::int64_t written = time_at(object_at(object_at(json, "document"), "tracking"), "current_release_date", 0);
  const Products products(object_at(json, "product_tree"));
  std::size_t unknown = 0;
  each_object(json, "vulnerabilities", [&](const Json& vulnerability, std::size_t index) {
    const std::vector<std::string> ids = ids_of_vulnerability(vulnerability);
    if (ids.empty()) return;  // it only has a title
    const auto reasons = reasons_of(vulnerability, products);
    const Json& statuses = object_at(vulnerability, "product_status");
    for (const auto& [key, says] : kStatuses) {
      for (const std::string& product : strings_or_empty(statuses, key)) {
        Statement statement{.ids = ids, .says = says, .reason = {}, .about = products.find(product), .time = written,
                            .place = fmt::format("vulnerabilities[{}] {} {}", index, key, printable(product, 80))};
        if (const auto reason = reasons.find(product); reason != reasons.end()) statement.reason = reason->second;
        if (statement.about.empty())
          ++unknown;
        else
          out.statements.push_back(std::move(statement));
      }
    }
  });
  if (unknown > 0) out.notes.push_back(fmt::format("{} statements are about products without a package URL that could be found in an image, and are left out", unknown));
}

}  // namespace resole::advisory::vex
