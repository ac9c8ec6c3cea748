// SPDX-License-Identifier: Apache-2.0
// CSAF 2.0 (OASIS): Red Hat's VEX files and advisories, SUSE's, and any other that names packages by package URL. A status lists ids of products; an id is no
// text to take apart but a name that the product tree explains (section 3.2.3 of CSAF):
//
//   "AppStream-9.4.0.GA:openssl-1:3.0.7-27.el9.x86_64"  is by its relationship  "openssl-1:3.0.7-27.el9.x86_64"  as a component of  "AppStream-9.4.0.GA",
//   the first has a package URL (name, version, arch, module), the second a CPE (the release, and whether it is a stream of its own: EUS, AUS, E4S, TUS)
//
// What has no fix says why in a remediation: "Will not fix", "Fix deferred", "Out of support scope", "Affected".
#include <fmt/format.h>

#include <map>

#include "advisory/feed/json_parts.hpp"
#include "advisory/feed/readers.hpp"
#include "advisory/feed/scope.hpp"
#include "advisory/feed/severity.hpp"
#include "advisory/package_type.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory::feed {

namespace {

constexpr unsigned kDeepestTree = 32, kLongestChain = 8;

struct CsafProduct {
  std::string cpe, purl, name;
};

class ProductTree {
 public:
  explicit ProductTree(const Json& tree) {
    read_branches(tree, 0);
    for (const Json& product : elements_of(tree, "full_product_names")) add(product);
    for (const Json& relationship : elements_of(tree, "relationships")) {
      const std::string id = string_member(members_of(relationship, "full_product_name"), "product_id", "relationship");
      parts_[id] = {string_or(relationship, "product_reference", ""), string_or(relationship, "relates_to_product_reference", "")};
    }
  }

  // The package of a product id, and the release that it is in.
  CsafProduct resolve(const std::string& id, unsigned chain = 0) const {
    if (const auto part = parts_.find(id); part != parts_.end()) {
      if (chain > kLongestChain) throw Error(ErrorKind::input, fmt::format("product {}: relationships go in a circle", printable(id)));
      const CsafProduct component = resolve(part->second.first, chain + 1), whole = resolve(part->second.second, chain + 1);
      return {whole.cpe, component.purl, whole.name};
    }
    const auto product = products_.find(id);
    return product == products_.end() ? CsafProduct{} : product->second;
  }

 private:
  void add(const Json& product) {
    const Json& helper = members_of(product, "product_identification_helper");
    products_[string_member(product, "product_id", "product")] = {string_or(helper, "cpe", ""), string_or(helper, "purl", ""), string_or(product, "name", "")};
  }

  void read_branches(const Json& node, unsigned depth) {
    if (depth > kDeepestTree) throw Error(ErrorKind::input, "the product tree is too deep");
    for (const Json& branch : elements_of(node, "branches")) {
      if (branch.contains("product")) add(members_of(branch, "product"));
      read_branches(branch, depth + 1);
    }
  }

  std::map<std::string, CsafProduct> products_;
  std::map<std::string, std::pair<std::string, std::string>> parts_;  // id -> component, whole
};

struct CsafState {
  Status status = Status::unfixed;
  std::string word, advisory;
  Severity severity = Severity::unknown;
};

Status status_of_remediation(std::string_view category, std::string_view details) {
  if (category == "no_fix_planned") return details == "Out of support scope" ? Status::end_of_life : Status::will_not_fix;
  return details == "Fix deferred" ? Status::deferred : Status::unfixed;
}

// What is said about single products: why there is no fix, which advisory has it, how severe it is there.
std::map<std::string, CsafState> states_of(const Json& vulnerability) {
  std::map<std::string, CsafState> states;
  const auto each_product = [&](const Json& list, auto&& use) {
    for (const Json& id : elements_of(list, "product_ids")) use(states[text_of(id, "product id")]);
  };
  for (const Json& remediation : elements_of(vulnerability, "remediations")) {
    const std::string category = string_or(remediation, "category", ""), details = string_or(remediation, "details", ""), url = string_or(remediation, "url", "");
    if (category == "vendor_fix") {
      const std::string id = url.substr(url.rfind('/') + 1);
      each_product(remediation, [&](CsafState& state) { state.advisory = id; });
    } else if (category == "no_fix_planned" || category == "none_available") {
      each_product(remediation, [&](CsafState& state) {
        state.status = status_of_remediation(category, details);
        state.word = details.substr(0, 80);
      });
    }
  }
  for (const Json& threat : elements_of(vulnerability, "threats")) {
    if (string_or(threat, "category", "") != "impact") continue;
    const Severity severity = severity_of_word(string_or(threat, "details", ""));
    each_product(threat, [&](CsafState& state) { state.severity = severity; });
  }
  return states;
}

class CsafReader {
 public:
  CsafReader(const Json& document, const Reading& reading) : reading_(reading), tree_(members_of(document, "product_tree")) {
    const Json& head = members_of(document, "document");
    own_ = string_or(members_of(head, "tracking"), "id", "");
    severity_ = severity_of_word(string_or(members_of(head, "aggregate_severity"), "text", ""));
    reading.out.dated(string_or(members_of(head, "tracking"), "current_release_date", ""));
  }

  void read(const Json& vulnerability) {
    id_ = string_or(vulnerability, "cve", "");
    if (id_.empty()) id_ = own_;
    if (id_.empty()) throw Error(ErrorKind::input, "a vulnerability without an id");
    with_context([&] { return fmt::format("{}, {}", reading_.name, printable(id_)); }, [&] {
      states_ = states_of(vulnerability);
      const Json& status = members_of(vulnerability, "product_status");
      for (const char* group : {"fixed", "first_fixed"}) {
        for (const Json& product : elements_of(status, group)) put(text_of(product, "product id"), Status::fixed);
      }
      for (const char* group : {"known_affected", "first_affected", "last_affected"}) {
        for (const Json& product : elements_of(status, group)) put(text_of(product, "product id"), Status::unfixed);
      }
      for (const Json& product : elements_of(status, "known_not_affected")) put(text_of(product, "product id"), Status::not_affected);
      for (const Json& product : elements_of(status, "under_investigation")) put(text_of(product, "product id"), Status::under_investigation);
    });
  }

 private:
  // "name:stream:version:context" -> "name:stream"
  static std::string stream_of(std::string_view module) {
    const auto words = split(module, ':');
    return words.size() < 2 ? std::string(module) : std::string(words[0]) + ":" + std::string(words[1]);
  }

  void put(const std::string& product_id, Status status) {
    const CsafProduct product = tree_.resolve(product_id);
    const auto purl = PackageUrl::parse(product.purl);
    if (!purl) return reading_.out.left_out("products that are no package");
    if (purl->type != "rpm" && purl->type != "deb" && purl->type != "apk") return reading_.out.left_out("packages of no distribution");
    auto scope = scope_of_cpe(product.cpe);
    if (!scope && product.cpe.empty()) scope = scope_of_product(product.name);
    if (!scope) scope = scope_of_os(reading_.os);
    if (!scope) return reading_.out.left_out("products that are no release of a distribution");
    Record record;
    record.scope = scope->name;
    record.order = purl->type == "deb" ? Order::deb : purl->type == "apk" ? Order::apk : Order::rpm;
    const std::string_view arch = purl->qualifier("arch");
    const bool of_source = arch == "src" || arch == "source";
    record.source = scope->source || of_source;
    record.package = purl->name;
    if (!of_source) record.arch = arch;
    record.module = stream_of(purl->qualifier("rpmmod"));
    record.id = id_;
    record.status = status;
    fill(product_id, *purl, record);
    reading_.out.add(record);
    if (status == Status::fixed || record.source || !purl->version.empty() || !arch.empty()) return;
    record.source = true;  // "openssl" without an architecture is the component: every package that is built of it
    reading_.out.add(record);
  }

  void fill(const std::string& product_id, const PackageUrl& purl, Record& record) const {
    record.severity = severity_;
    if (record.status == Status::fixed) {
      record.fixed = full_version(purl);
      if (own_ != id_) record.advisory = own_;
      if (record.fixed.empty()) record.status = Status::unknown;
    } else if (record.status == Status::unfixed) {
      record.last = full_version(purl);
    }
    const auto state = states_.find(product_id);
    if (state == states_.end()) return;
    if (state->second.severity != Severity::unknown) record.severity = state->second.severity;
    if (record.status == Status::fixed && !state->second.advisory.empty()) record.advisory = state->second.advisory;
    if (record.status != Status::unfixed) return;
    record.status = state->second.status;
    record.word = state->second.word;
  }

  const Reading& reading_;
  ProductTree tree_;
  std::string own_, id_;
  Severity severity_ = Severity::unknown;
  std::map<std::string, CsafState> states_;
};

}  // namespace

void read_csaf(const Json& document, const Reading& reading) {
  with_context([&] { return std::string(reading.name); }, [&] {
    CsafReader reader(document, reading);
    for (const Json& vulnerability : elements_of(document, "vulnerabilities")) reader.read(vulnerability);
  });
}

}  // namespace resole::advisory::feed
