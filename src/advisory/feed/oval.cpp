// SPDX-License-Identifier: Apache-2.0
// OVAL definitions of Azure Linux, SUSE, Photon, Oracle, Red Hat and Ubuntu. A definition is a tree of criteria whose leaves are tests: an object (a package's
// name) and states ("evr less than 0:3.0.7-27.el9"). Only this much is taken from the tree: a criterion "X is installed" that names a release says which one its
// AND is about, "Module nodejs:18 is enabled" the module stream, and each test of a package's version is one fact. A test without a version is an unfixed package.
// Tests, objects and states stand behind the definitions, so definitions are kept in short until the end. A document that names a test, an object or a state
// that is not in it was cut, however neatly its brackets were closed: what it does not say any longer must not look like nothing to say.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "advisory/feed/readers.hpp"
#include "advisory/feed/scope.hpp"
#include "advisory/feed/severity.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/xml.hpp"

namespace resole::advisory::feed {

namespace {

constexpr std::size_t kMostLeaves = 20'000'000;

struct OvalLeaf {
  std::string test, comment, module;
  std::vector<Scope> scopes;
};

struct OvalDefinition {
  std::vector<std::string> ids;
  std::string advisory, resolution;
  Severity severity = Severity::unknown;
  bool vulnerability = false, applicable = true;
  std::vector<OvalLeaf> leaves;
};

struct OvalTest {
  std::string object;
  std::vector<std::string> states;
};

struct OvalState {
  std::string operation, version, arch;
};

struct Branch {
  std::vector<Scope> scopes;
  bool of_products = false;  // a criterion says which; `scopes` empty: none that is a distribution
  std::string module;
};

void add_scope(std::vector<Scope>& scopes, const Scope& scope) {
  if (std::ranges::find(scopes, scope.name, &Scope::name) == scopes.end()) scopes.push_back(scope);
}

// "SUSE Linux Enterprise Server 15 SP2 is installed", "Oracle Linux 5 is installed": the product, or "".
std::string_view installed_product(std::string_view comment) {
  constexpr std::string_view kEnd = " is installed";
  if (!comment.ends_with(kEnd)) return {};
  comment.remove_suffix(kEnd.size());
  return comment.find(' ') == std::string_view::npos ? std::string_view() : comment;  // one word is a package
}

class OvalReader {
 public:
  explicit OvalReader(const Reading& reading) : reading_(reading) {}

  void take(const xml::Element& element) {
    if (element.name == "definition") return take_definition(element);
    const std::string id(element.attribute("id"));
    if (element.name.ends_with("_test") && element.name != "rpminfo_test" && element.name != "dpkginfo_test") {
      other_tests_.insert(id);  // of another kind: which system is installed, which module
    } else if (element.name.ends_with("_test")) {
      OvalTest& test = tests_[id];
      for (const xml::Element& child : element.children) {
        if (child.name == "object") test.object = child.attribute("object_ref");
        if (child.name == "state") test.states.emplace_back(child.attribute("state_ref"));
      }
    } else if (element.name.ends_with("_object")) {
      std::vector<std::string>& names = objects_[id];
      const xml::Element* name = element.child("name");
      if (name == nullptr) return;
      if (name->attribute("var_ref").empty()) names.emplace_back(name->text);
      else variable_of_object_[id] = name->attribute("var_ref");
    } else if (element.name.ends_with("_state")) {
      OvalState& state = states_[id];
      for (const char* kind : {"evr", "version"}) {
        const xml::Element* child = element.child(kind);
        if (child == nullptr || !state.version.empty()) continue;
        state.operation = child->attribute("operation").empty() ? "equals" : std::string(child->attribute("operation"));
        state.version = child->text;
      }
      state.arch = element.text_of("arch");
    } else if (element.name.ends_with("_variable")) {  // only constant ones have values
      std::vector<std::string>& values = variables_[id];
      for (const xml::Element* value : element.all("value")) values.push_back(value->text);
    } else if (element.name == "generator") {
      reading_.out.dated(element.text_of("timestamp"));
    }
  }

  void finish() {
    require_whole();
    for (const OvalDefinition& definition : definitions_) {
      for (const OvalLeaf& leaf : definition.leaves) put(definition, leaf);
    }
    if (definitions_.empty()) throw Error(ErrorKind::input, fmt::format("{}: no definition is in it", reading_.name));
  }

 private:
  void require_whole() const {
    const auto require = [&](bool known, std::string_view kind, const std::string& id) {
      if (known) return;
      throw Error(ErrorKind::input, fmt::format("{} is cut: it names the {} {}, which is not in it", reading_.name, kind, printable(id, 120)), "fetch the whole document again");
    };
    for (const OvalDefinition& definition : definitions_) {
      for (const OvalLeaf& leaf : definition.leaves) require(tests_.contains(leaf.test) || other_tests_.contains(leaf.test), "test", leaf.test);
    }
    for (const auto& [id, test] : tests_) {
      require(test.object.empty() || objects_.contains(test.object), "object", test.object);
      for (const std::string& state : test.states) require(states_.contains(state), "state", state);
    }
    for (const auto& [object, variable] : variable_of_object_) require(variables_.contains(variable), "variable", variable);
  }

  // "azurelinux-3.0-oval.xml": the document does not say which version it is about, only its name does.
  std::optional<Scope> complete(std::optional<Scope> scope) const {
    if (auto given = scope_of_os(reading_.os)) return given;
    if (!scope || scope->name.find(':') != std::string::npos || scope->name == "opensuse-tumbleweed") return scope;
    const std::size_t digit = reading_.name.find_first_of("0123456789");
    if (digit == std::string_view::npos) {
      throw Error(ErrorKind::input, fmt::format("{}: which version of {} it is about, is not known", reading_.name, scope->name), "name it with --os ID:VERSION");
    }
    const std::string_view rest = reading_.name.substr(digit);
    scope->name += ":" + std::string(rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size())));
    return scope;
  }

  void take_definition(const xml::Element& element) {
    const std::string_view kind = element.attribute("class");
    if (kind != "patch" && kind != "vulnerability") return reading_.out.left_out("definitions that are neither patch nor vulnerability");
    const xml::Element* metadata = element.child("metadata");
    const xml::Element* criteria = element.child("criteria");
    if (metadata == nullptr || criteria == nullptr) return reading_.out.left_out("definitions without criteria");
    OvalDefinition definition;
    definition.vulnerability = kind == "vulnerability";
    definition.applicable = metadata->text_of("patchable") != "Not Applicable";
    read_references(*metadata, definition);
    if (definition.ids.empty()) return reading_.out.left_out("definitions that name no vulnerability");
    Branch branch;
    if (const xml::Element* affected = metadata->child("affected")) {
      for (const xml::Element* platform : affected->all("platform")) {
        if (const auto scope = complete(scope_of_product(platform->text))) add_scope(branch.scopes, *scope);
      }
    }
    if (branch.scopes.empty()) {
      if (const auto scope = scope_of_os(reading_.os)) add_scope(branch.scopes, *scope);
    }
    walk(*criteria, branch, definition);
    definitions_.push_back(std::move(definition));
  }

  static void read_references(const xml::Element& metadata, OvalDefinition& definition) {
    for (const xml::Element* reference : metadata.all("reference")) {
      const std::string_view id = reference->attribute("ref_id");
      const auto cves = cves_in(id);
      for (const std::string& cve : cves) {
        if (std::ranges::find(definition.ids, cve) == definition.ids.end()) definition.ids.push_back(cve);
      }
      if (cves.empty() && definition.advisory.empty()) definition.advisory = id;
    }
    if (definition.ids.empty()) definition.ids = cves_in(metadata.text_of("title"));
    if (definition.ids.empty() && !definition.advisory.empty()) definition.ids.push_back(definition.advisory);
    definition.severity = severity_of_word(metadata.text_of("advisory/severity"));
    if (definition.severity == Severity::unknown) definition.severity = severity_of_word(metadata.text_of("severity"));
    if (const xml::Element* resolution = metadata.below("advisory/affected/resolution")) definition.resolution = resolution->attribute("state");
  }

  // What a criterion, or a group of nothing but such criteria, says about the whole AND that it stands in.
  void narrow(const xml::Element& child, Branch& branch) const {
    std::vector<const xml::Element*> criterions = child.name == "criterion" ? std::vector{&child} : child.all("criterion");
    const bool group = child.name == "criteria" && child.attribute("operator") == "OR" && criterions.size() == child.children.size();
    if (child.name != "criterion" && !group) return;
    std::vector<Scope> scopes;
    bool products = false;
    for (const xml::Element* criterion : criterions) {
      const std::string_view comment = criterion->attribute("comment");
      if (comment.starts_with("Module ") && comment.ends_with(" is enabled") && criterions.size() == 1)
        branch.module = comment.substr(7, comment.size() - 7 - std::string_view(" is enabled").size());
      const std::string_view product = installed_product(comment);
      if (product.empty()) return;
      products = true;
      if (const auto scope = complete(scope_of_product(product))) add_scope(scopes, *scope);
    }
    if (!products) return;
    branch.of_products = true;
    branch.scopes = std::move(scopes);
  }

  void walk(const xml::Element& criteria, Branch branch, OvalDefinition& definition) {
    if (criteria.attribute("operator") != "OR") {
      for (const xml::Element& child : criteria.children) narrow(child, branch);
    }
    if (branch.of_products && branch.scopes.empty()) return reading_.out.left_out("products that are no release of a distribution");
    for (const xml::Element& child : criteria.children) {
      if (child.name == "criteria") {
        walk(child, branch, definition);
      } else if (child.name == "criterion" && child.attribute("negate") != "true") {
        if (++leaves_ > kMostLeaves) throw Error(ErrorKind::input, fmt::format("{}: more than {} criteria", reading_.name, kMostLeaves));
        definition.leaves.push_back({std::string(child.attribute("test_ref")), std::string(child.attribute("comment")), branch.module, branch.scopes});
      }
    }
  }

  void put(const OvalDefinition& definition, const OvalLeaf& leaf) {
    const auto test = tests_.find(leaf.test);
    if (test == tests_.end()) return;
    Record record;
    if (!judge(definition, leaf, test->second, record)) return;
    record.module = leaf.module;
    record.advisory = definition.advisory;
    record.severity = definition.severity;
    for (const std::string& name : names_of(test->second.object)) {
      record.package = name;
      for (const Scope& scope : leaf.scopes) {
        record.scope = scope.name;
        record.order = scope.order;
        record.source = scope.name.starts_with("azurelinux") || scope.name.starts_with("mariner");  // matching.md section 2: the names are those of sources
        for (const std::string& id : definition.ids) {
          record.id = id;
          if (record.advisory == id) record.advisory.clear();
          reading_.out.add(record);
        }
      }
    }
    if (leaf.scopes.empty()) reading_.out.left_out("releases that are not known");
  }

  bool judge(const OvalDefinition& definition, const OvalLeaf& leaf, const OvalTest& test, Record& record) const {
    const OvalState* version = nullptr;
    for (const std::string& id : test.states) {
      const auto state = states_.find(id);
      if (state == states_.end()) continue;
      if (!state->second.version.empty()) version = &state->second;
      record.arch = comma_list(state->second.arch);
    }
    if (version == nullptr) {
      if (!test.states.empty() || !definition.vulnerability) return false;  // whose key signed it; whether it is there at all
      set_unfixed(definition.resolution.empty() ? leaf.comment : definition.resolution, record);
      return true;
    }
    const bool zero = version->version == "0" || version->version == "0:0-0" || version->version == "0:0";
    if (version->operation == "less than" && !zero) {
      record.status = definition.applicable ? Status::fixed : Status::not_affected;
      record.fixed = version->version.starts_with("0:") ? version->version.substr(2) : version->version;
      if (!definition.applicable) record.fixed.clear();
    } else if (version->operation == "equals" && zero) {
      record.status = Status::not_affected;  // SUSE: "kernel-default is not affected", a test that is never true
    } else if (version->operation == "greater than" && zero) {
      set_unfixed(leaf.comment, record);
    } else if (version->operation == "less than or equal") {
      record.status = Status::unfixed;
      record.last = version->version.starts_with("0:") ? version->version.substr(2) : version->version;
    } else {
      return false;
    }
    return true;
  }

  static void set_unfixed(std::string_view words, Record& record) {
    record.status = words.find("decision has been made to defer") != std::string_view::npos || words == "Fix deferred" ? Status::deferred
                    : words.find("decision has been made to ignore") != std::string_view::npos || words == "Will not fix" ? Status::will_not_fix
                    : words == "Out of support scope"                                                                    ? Status::end_of_life
                    : words == "Under investigation"                                                                     ? Status::under_investigation
                                                                                                                         : Status::unfixed;
    if (words == "Fix deferred" || words == "Will not fix" || words == "Out of support scope" || words == "Under investigation" || words == "Affected") record.word = words;
  }

  // "aarch64|x86_64" and "(aarch64|x86_64)" are patterns.
  static std::string comma_list(std::string_view pattern) {
    std::string out;
    for (const char c : pattern) {
      if (c == '|') out += ',';
      else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') out += c;
      else if (c != '(' && c != ')' && c != '^' && c != '$') return {};
    }
    return out;
  }

  const std::vector<std::string>& names_of(const std::string& object) const {
    static const std::vector<std::string> kNone;
    const auto found = objects_.find(object);
    if (found != objects_.end() && !found->second.empty()) return found->second;
    const auto variable = variable_of_object_.find(object);
    if (variable == variable_of_object_.end()) return kNone;
    const auto values = variables_.find(variable->second);
    return values == variables_.end() ? kNone : values->second;
  }

  const Reading& reading_;
  std::vector<OvalDefinition> definitions_;
  std::map<std::string, OvalTest> tests_;
  std::map<std::string, OvalState> states_;
  std::map<std::string, std::vector<std::string>> objects_, variables_;
  std::map<std::string, std::string> variable_of_object_;
  std::set<std::string> other_tests_;
  std::size_t leaves_ = 0;
};

}  // namespace

void read_oval(Source& text, const Reading& reading) {
  OvalReader reader(reading);
  xml::for_each(text, reading.name,
                {"generator", "definition", "*_test", "rpminfo_object", "rpminfo_state", "dpkginfo_object", "dpkginfo_state", "*_variable"},
                [&](xml::Element&& element) { reader.take(element); }, {.bytes = 4ull << 30, .elements = 100'000'000});
  reader.finish();
}

}  // namespace resole::advisory::feed
