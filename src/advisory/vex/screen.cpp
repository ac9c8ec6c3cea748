// SPDX-License-Identifier: Apache-2.0
// A finding names a binary package and the version that is installed; statements name either the same, or its source package ("arch=source"), which is
// looked up in the image's own package database.
#include "advisory/vex/screen.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "base/text.hpp"

namespace resole::advisory::vex {

namespace {

bool same_word(std::string_view a, std::string_view b) { return lower(a) == lower(b); }

const pkg::InstalledPackage* installed_of(const Finding& finding, const pkg::Inventory& inventory) {
  if (!finding.operating_system) return nullptr;
  if (!finding.arch.empty()) {
    if (const auto* found = inventory.find(finding.package, finding.arch)) return found;
  }
  const auto found = std::lower_bound(inventory.packages.begin(), inventory.packages.end(), finding.package,
                                      [](const pkg::InstalledPackage& each, const std::string& name) { return each.name < name; });
  return found != inventory.packages.end() && found->name == finding.package ? &*found : nullptr;
}

// The finding with what the image knows about its package.
struct Case {
  const Finding& finding;
  const ImageIdentity& image;
  const pkg::InstalledPackage* installed;

  std::string_view source() const { return installed ? std::string_view(installed->source.name) : std::string_view(finding.source); }
  std::string_view source_version() const {
    return installed ? std::string_view(installed->source.version) : std::string_view(finding.source_version);
  }
  std::string_view arch() const { return installed ? std::string_view(installed->arch) : std::string_view(finding.arch); }
  // Scanners have words of their own for it ("debian", "dpkg", "os"); a package of the distribution is of the image's family.
  std::string_view type() const { return finding.operating_system ? std::string_view(image.inventory.family) : std::string_view(finding.type); }
};

// "debian-12", "debian-12.11", "debian/bookworm", "bookworm", "debian"
bool distro_fits(std::string_view said, const pkg::OsRelease& os) {
  const std::string word = lower(said), release = os.id + "-" + os.version_id;
  if (word == os.id || word == os.codename || word == release) return true;
  if (word == os.id + "/" + os.codename || word == os.id + "-" + os.codename) return true;
  return word.starts_with(release + ".");
}

// Qualifiers that say where the file came from, not what it is.
bool is_remark(std::string_view qualifier) {
  return qualifier == "checksum" || qualifier == "download_url" || qualifier == "vcs_url" || qualifier == "repository_url" || qualifier == "file_name" ||
         qualifier == "package-id" || qualifier == "epoch";
}

bool version_is(const PackageUrl& url, std::string_view version) {
  if (url.version.empty() || url.version == version) return true;
  const std::string_view epoch = url.qualifier("epoch");
  return !epoch.empty() && std::string(epoch) + ":" + url.version == version;
}

bool distribution_package_fits(const PackageUrl& url, const Case& given) {
  const pkg::OsRelease& os = given.image.inventory.os;
  if (url.type != given.type() || (!url.space.empty() && !same_word(url.space, os.id))) return false;
  const std::string_view arch = url.qualifier("arch");
  const bool of_source = arch == "source" || arch == "src";
  if (url.name != (of_source ? given.source() : std::string_view(given.finding.package))) return false;
  if (of_source ? !version_is(url, given.source_version()) : !(version_is(url, given.finding.installed) || (given.installed && version_is(url, given.installed->version))))
    return false;
  return std::all_of(url.qualifiers.begin(), url.qualifiers.end(), [&](const auto& qualifier) {
    const auto& [name, value] = qualifier;
    if (name == "arch") return of_source || value == given.arch() || value == "all" || value == "noarch" || given.arch() == "all";
    if (name == "distro") return distro_fits(value, os);
    if (name == "upstream") return value.substr(0, value.find('@')) == given.source();
    return is_remark(name);
  });
}

// Packages of languages are known by their own URL only.
bool other_package_fits(const PackageUrl& url, const Case& given) {
  const auto own = PackageUrl::parse(given.finding.purl);
  if (!own || own->type != url.type || own->space != url.space || own->name != url.name) return false;
  if (!url.version.empty() && url.version != own->version && url.version != given.finding.installed) return false;
  return std::all_of(url.qualifiers.begin(), url.qualifiers.end(),
                     [&](const auto& each) { return is_remark(each.first) || own->qualifier(each.first) == each.second; });
}

// docker.io has several names.
std::string canonical_repository(std::string_view text) {
  std::string out = lower(text);
  for (const std::string_view alias : {"index.docker.io/", "registry-1.docker.io/"}) {
    if (out.starts_with(alias)) out = "docker.io/" + out.substr(alias.size());
  }
  return out;
}

// A digest decides; without one the name, which must be the whole of it as far as it is given.
bool image_fits(const PackageUrl& url, const ImageIdentity& image) {
  if (const std::string_view arch = url.qualifier("arch"); !arch.empty() && !image.architecture.empty() && arch != image.architecture) return false;
  const bool has_digest = url.version.find(':') != std::string::npos;
  if (has_digest) return std::find(image.digests.begin(), image.digests.end(), url.version) != image.digests.end();
  const std::string tag = url.type == "docker" && !url.version.empty() ? url.version : std::string(url.qualifier("tag"));
  const std::string registry = canonical_repository(url.qualifier("repository_url"));
  const std::string name = lower(url.space.empty() ? url.name : url.space + "/" + url.name);
  return std::any_of(image.names.begin(), image.names.end(), [&](const auto& each) {
    const std::string own = canonical_repository(each.first);
    if (!tag.empty() && tag != each.second) return false;
    if (!registry.empty()) return own == registry || own == registry + "/" + name;  // both are written
    if (url.type == "docker") return own == "docker.io/" + (url.space.empty() ? "library/" + name : name);
    return own == name || own.ends_with("/" + name);
  });
}

std::string_view fix_state_of(const Finding& finding) {
  if (!finding.fixed.empty()) return "fixed";
  return finding.status == Status::will_not_fix ? "wont-fix" : finding.status == Status::unknown ? "unknown" : "not-fixed";
}

bool about_fits(const About& about, const Case& given) {
  const Finding& finding = given.finding;
  if (about.image && !image_fits(*about.image, given.image)) return false;
  const auto& digests = given.image.digests;
  if (!about.image_digest.empty() && std::find(digests.begin(), digests.end(), about.image_digest) == digests.end()) return false;
  if (about.package && !(finding.operating_system ? distribution_package_fits(*about.package, given) : other_package_fits(*about.package, given))) return false;
  if (!about.path.empty() && (finding.target.empty() || !path_matches(about.path, finding.target))) return false;
  if (!about.name.empty() && !glob_match(about.name, finding.package)) return false;
  if (!about.source.empty() && !glob_match(about.source, given.source())) return false;
  if (!about.version.empty() && about.version != finding.installed && !(given.installed && about.version == given.installed->version)) return false;
  if (!about.type.empty() && about.type != given.type()) return false;
  return about.fix_state.empty() || about.fix_state == fix_state_of(finding);
}

struct Found {
  const Statement* statement;
  const Document* document;
  std::size_t order;
};

class Statements {
 public:
  Statements(const std::vector<Document>& documents, std::int64_t now) {
    std::size_t order = 0;
    for (const Document& document : documents) {
      for (const Statement& statement : document.statements) {
        const Found each{&statement, &document, order++};
        if (statement.until != 0 && now >= statement.until) continue;
        if (statement.ids.empty()) of_any_.push_back(each);
        for (const std::string& id : statement.ids) by_id_.emplace(id, each);
      }
    }
  }

  // The one that decides: the operator's own word, else of all that fit the last.
  const Found* deciding(const Case& given) const {
    const Found* best = nullptr;
    const auto consider = [&](const Found& each, bool by_alias) {
      const Statement& statement = *each.statement;
      if (by_alias && !statement.aliases) return;
      if (!statement.about.empty() && std::none_of(statement.about.begin(), statement.about.end(), [&](const About& about) { return about_fits(about, given); })) return;
      const auto rank = [](const Found& found) { return std::tuple(found.statement->says == Says::ignored, found.statement->time, found.order); };
      if (best == nullptr || rank(each) > rank(*best)) best = &each;
    };
    const auto consider_id = [&](const std::string& id, bool by_alias) {
      const auto [begin, end] = by_id_.equal_range(id);
      for (auto each = begin; each != end; ++each) consider(each->second, by_alias);
    };
    consider_id(given.finding.id, false);
    for (const std::string& alias : given.finding.aliases) consider_id(alias, true);
    for (const Found& each : of_any_) consider(each, false);
    return best;
  }

 private:
  std::unordered_multimap<std::string, Found> by_id_;
  std::vector<Found> of_any_;
};

}  // namespace

std::vector<Suppression> suppress(std::vector<Finding>& findings, const std::vector<Document>& documents, const ImageIdentity& image, std::int64_t now) {
  const Statements statements(documents, now);
  std::vector<Suppression> out;
  std::erase_if(findings, [&](Finding& finding) {
    const Found* found = statements.deciding({finding, image, installed_of(finding, image.inventory)});
    if (found != nullptr && found->statement->says != Says::affected && found->statement->says != Says::under_investigation) {
      out.push_back({finding, found->document->name + " " + found->statement->place, std::string(word(found->statement->says)), found->statement->reason, found->statement->until});
      return true;
    }
    // A VEX document that says "affected" is a later word than the report's own filter.
    if (found != nullptr) {
      finding.suppressed.clear();
      if (finding.status == Status::not_affected) finding.status = finding.fixed.empty() ? Status::unfixed : Status::fixed;
      return false;
    }
    const bool not_affected = finding.status == Status::not_affected;
    if (finding.suppressed.empty() && !not_affected) return false;
    if (finding.suppressed.empty()) out.push_back({finding, finding.origin, std::string(word(Says::not_affected)), finding.status_word, 0});
    else out.push_back({finding, finding.origin, "suppressed", finding.suppressed, 0});
    return true;
  });
  return out;
}

}  // namespace resole::advisory::vex
