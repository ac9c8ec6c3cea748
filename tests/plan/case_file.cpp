// SPDX-License-Identifier: Apache-2.0
#include "plan/case_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>

#include "base/error.hpp"
#include "base/text.hpp"
#include "document/words.hpp"
#include "pkg/deb/candidates.hpp"
#include "pkg/deb/inventory.hpp"
#include "plan/explain.hpp"
#include "plan/planner.hpp"
#include "plan/version_order.hpp"

namespace resole::plan {

namespace {

struct Problem {
  std::vector<std::string> status;                           // stanzas
  std::map<std::string, std::vector<std::string>> archives;  // name -> stanzas
  std::string pins, architectures = "amd64\n";
  bool waits_for_phases = false;
  std::vector<advisory::Finding> findings;
  std::vector<Floor> floors;
  std::map<std::string, pkg::Verdict> verdicts;  // "name version"
  std::multimap<std::string, std::string> modified;
  std::vector<pkg::RepositoryFailure> failures;
  std::map<std::string, std::string> lacking;  // archive -> architecture of the image that it has not
  pkg::Recipe recipe{.id = "debian", .family = "deb"};
  Policy policy;
  std::optional<SandboxObstacle> obstacle;
  std::string policy_file;
  std::vector<std::string> explain;
  std::vector<std::string> images;
  std::int64_t now = 0;
  std::map<std::string, std::int64_t> public_since;  // "name version"
};

struct Name {
  std::string name, arch;
};

Name split_name(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return {std::string(text), "amd64"};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string with_arch(const std::string& name, const std::string& arch) { return arch == "amd64" ? name : name + ":" + arch; }

// Everything from the word `from` on, as it stands.
std::string rest_of(std::string_view line, std::size_t from) {
  for (; from > 0; --from) line = trim(line.substr(std::min(line.find(' '), line.size())));
  return std::string(line);
}

// "NAME VERSION | Field: value | ..." as a stanza.
std::string stanza_of(std::string_view line, bool installed) {
  const auto parts = split(line, '|');
  // '|' separates alternatives of dependencies too: a part that does not begin with a field belongs to the one before.
  std::vector<std::string> fields;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = trim(parts[i]);
    const bool is_field = !part.empty() && part[0] >= 'A' && part[0] <= 'Z';
    if (is_field)
      fields.emplace_back(part);
    else
      fields.back() += " | " + std::string(part);
  }
  const auto words = split_words(parts[0]);
  const Name name = split_name(words.at(0));
  std::string text = fmt::format("Package: {}\nVersion: {}\nArchitecture: {}\nMaintainer: The Debian Team <team@debian.example.org>\n",
                                 name.name, words.at(1), name.arch);
  const std::string state = fmt::format("Status: install ok installed\n");
  const std::string file = fmt::format("Filename: pool/{}_{}.deb\nSize: 1000\nSHA256: {}\n", name.name, name.arch,
                                       sha256_hex_of(fmt::format("{} {} {}", name.name, words.at(1), name.arch)));
  for (const std::string& field : fields) {
    const std::string key = field.substr(0, field.find(':') + 1);
    if (const std::size_t old = ("\n" + text).find("\n" + key); old != std::string::npos) text.erase(old, text.find('\n', old) + 1 - old);
    text += field + "\n";
  }
  if (installed && text.find("Status:") == std::string::npos) text += state;
  return installed ? text : text + file;
}

advisory::Finding read_finding(const std::vector<std::string_view>& words) {
  advisory::Finding finding;
  finding.id = words.at(1);
  finding.package = words.at(2);
  finding.fixed = words.at(3) == "-" ? "" : words.at(3);
  if (finding.fixed.find(',') != std::string::npos) {
    for (const std::string_view fix : split(words.at(3), ',')) finding.fixed_in.emplace_back(fix);
    finding.fixed = finding.fixed_in.front();
  }
  finding.status = finding.fixed.empty() ? advisory::Status::unfixed : advisory::Status::fixed;
  for (std::size_t i = 4; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string_view key = words[i].substr(0, equals), value = equals == std::string_view::npos ? "" : words[i].substr(equals + 1);
    if (equals == std::string_view::npos)
      finding.severity = advisory::parse_severity(words[i]);
    else if (key == "source")
      finding.source = value;
    else if (key == "arch")
      finding.arch = value;
    else if (key == "os")
      finding.operating_system = false;
    else if (key == "origin")
      finding.origin = value;
    else if (key == "kev")
      finding.known_exploited = true;
    else if (key == "purl")
      finding.purl = words[i].substr(equals + 1);
    else if (key == "cpe")
      finding.by_cpe = true;
    else if (key == "selector")
      finding.selector = true;
    else if (key == "inferred")
      finding.inferred = true;
    else if (key == "fixof")
      finding.fix_of = value == "binary" ? advisory::FixOf::binary : advisory::FixOf::source;
    else if (value == "will_not_fix")
      finding.status = advisory::Status::will_not_fix;
    else if (value == "deferred")
      finding.status = advisory::Status::deferred;
    else if (value == "end_of_life")
      finding.status = advisory::Status::end_of_life;
    else if (value == "under_investigation")
      finding.status = advisory::Status::under_investigation;
    else if (value == "not_affected")
      finding.status = advisory::Status::not_affected;
    else
      throw std::runtime_error("finding: " + std::string(words[i]));
  }
  return finding;
}

void read_policy(const std::vector<std::string_view>& words, Policy& policy) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string_view key = words[i].substr(0, equals), value = words[i].substr(equals + 1);
    std::vector<std::string> values;
    for (const std::string_view each : split(value, ',')) values.emplace_back(each);
    if (key == "update")
      policy.update = value == "all" ? Update::all : value == "reported" ? Update::reported : Update::security;
    else if (key == "only")
      policy.only = values;
    else if (key == "hold")
      policy.hold = values;
    else if (key == "on-modified")
      policy.on_modified = value == "keep" ? OnModified::keep : OnModified::overwrite;
    else if (key == "scripts")
      policy.scripts = value == "sandbox" ? Scripts::sandbox : Scripts::refuse;
    else if (key == "severities")
      for (const auto& each : values) policy.severities.insert(advisory::parse_severity(each));
    else
      throw std::runtime_error("policy: " + std::string(words[i]));
  }
}

Problem read_problem(std::string_view text) {
  Problem problem;
  for (const std::string_view line : lines(text)) {
    const auto words = split_words(line);
    if (words.empty() || line.starts_with('#')) continue;
    const std::string_view what = words[0];
    if (what == "installed")
      problem.status.push_back(stanza_of(rest_of(line, 1), true));
    else if (what == "main" || what == "updates" || what == "security" || what == "vendor")
      problem.archives[std::string(what)].push_back(stanza_of(rest_of(line, 1), false));
    else if (what == "pin")
      problem.pins += fmt::format("Package: {}\nPin: {} {}\nPin-Priority: {}\n\n", words.at(1), words.at(2), words.at(3), words.at(4));
    else if (what == "finding")
      problem.findings.push_back(read_finding(words));
    else if (what == "floor")
      problem.floors.push_back({split_name(words.at(1)).name, split_name(words.at(1)).arch, std::string(words.at(2)), {}});
    else if (what == "verdict") {
      problem.verdicts[fmt::format("{} {}", words.at(1), words.at(2))] = {
          *document::parse_word<pkg::VerdictKind>(words.at(3)), rest_of(line, 4), {}};
    } else if (what == "modified")
      problem.modified.emplace(words.at(1), words.at(2));
    else if (what == "failure")
      problem.failures.push_back({std::string(words.at(1)), std::string(words.at(2)), rest_of(line, 3)});
    else if (what == "lacks")
      problem.lacking.emplace(words.at(1), words.at(2));
    else if (what == "native")
      problem.architectures = std::string(words.at(1)) + "\n";
    else if (what == "waits-for-phases")
      problem.waits_for_phases = true;
    else if (what == "foreign")
      problem.architectures += std::string(words.at(1)) + "\n";
    else if (what == "noise")
      problem.recipe.noise.emplace_back(words.at(1));
    else if (what == "data")
      problem.recipe.data_packages.emplace_back(words.at(1));
    else if (what == "obstacle")
      problem.obstacle = {*document::parse_word<document::HeldReason>(words.at(1)), rest_of(line, 2)};
    else if (what == "policy-file")
      problem.policy_file += std::string(line.substr(std::min(line.size(), what.size() + 1))) + "\n";
    else if (what == "explain")
      problem.explain.emplace_back(words.at(1));
    else if (what == "image")
      problem.images.emplace_back(words.at(1));
    else if (what == "now")
      problem.now = parse_time(words.at(1)).value();
    else if (what == "public")
      problem.public_since[fmt::format("{} {}", words.at(1), words.at(2))] = parse_time(words.at(3)).value();
    else if (what == "policy")
      read_policy(words, problem.policy);
    else
      throw std::runtime_error("unknown line: " + std::string(line));
  }
  return problem;
}

void shuffle_all(Problem& problem, unsigned seed) {
  std::mt19937 random(seed);
  std::shuffle(problem.findings.begin(), problem.findings.end(), random);
  std::shuffle(problem.floors.begin(), problem.floors.end(), random);
  std::shuffle(problem.status.begin(), problem.status.end(), random);
  for (auto& [archive, stanzas] : problem.archives) std::shuffle(stanzas.begin(), stanzas.end(), random);
}

std::string joined(const std::vector<std::string>& stanzas) {
  std::string text;
  for (const std::string& stanza : stanzas) text += stanza + "\n";
  return text;
}

deb::LocalIndex index_of(const std::string& archive, const std::vector<std::string>& stanzas) {
  deb::LocalIndex index;
  index.bytes = Blob::of(joined(stanzas));
  const bool vendor = archive == "vendor";
  index.entry.uri = vendor ? "http://vendor.example.org/debian" : "http://mirror.example.org/debian";
  index.entry.suite = archive == "main" || vendor ? "bookworm" : "bookworm-" + archive;
  index.entry.component = "main";
  index.entry.origin = vendor ? "Vendor" : "Debian";
  index.entry.label = vendor ? "Vendor" : archive == "security" ? "Debian-Security" : "Debian";
  index.entry.codename = index.entry.suite;
  index.entry.security = archive == "security";
  return index;
}

// What could not be read, beside what could.
class WithFailures final : public pkg::CandidateSource {
 public:
  WithFailures(std::unique_ptr<pkg::CandidateSource> source, std::vector<pkg::RepositoryFailure> failures)
      : source_(std::move(source)), failures_(std::move(failures)) {}
  pkg::Offers offers(std::string_view name, std::string_view arch) const override { return source_->offers(name, arch); }
  std::vector<pkg::Candidate> providers(std::string_view name) const override { return source_->providers(name); }
  std::vector<std::string> names() const override { return source_->names(); }
  const std::vector<pkg::RepositoryState>& repositories() const override { return source_->repositories(); }
  const std::vector<pkg::RepositoryFailure>& failures() const override { return failures_; }

 private:
  std::unique_ptr<pkg::CandidateSource> source_;
  std::vector<pkg::RepositoryFailure> failures_;
};

// ---- the answer as text

std::string fixes_text(const std::vector<std::string>& fixes) { return fixes.empty() ? "" : " [" + join(fixes, " ") + "]"; }

std::string render(const document::PlannedPackage& package) {
  std::string line = fmt::format("{} {} -> {} ({}{}{})", with_arch(package.name, package.arch), package.from.empty() ? "new" : package.from,
                                 package.to, document::word(package.why), package.why_detail.empty() ? "" : ": ", package.why_detail);
  line += fixes_text(package.fixes);
  if (package.severity != advisory::Severity::unknown) line += " " + std::string(advisory::severity_name(package.severity));
  if (package.noise) line += " noise";
  if (!package.reproducible) line += " sandbox";
  if (!package.overwrite.empty()) line += " overwrite " + join(package.overwrite, ",");
  if (!package.keep.empty()) line += " keep " + join(package.keep, ",");
  if (!package.inferred.empty()) line += " inferred" + fixes_text(package.inferred);
  if (package.known_exploited) line += " exploited";
  if (!package.rule.empty()) line += " by " + package.rule;
  return line + "\n";
}

std::string render(const document::HeldPackage& held) {
  std::string line = fmt::format("held {} {} ({}) {}: {}", with_arch(held.name, held.arch), held.installed,
                                 held.candidate.empty() ? "-" : held.candidate, document::word(held.reason), held.detail);
  line += fixes_text(held.fixes);
  if (!held.option.empty()) line += " option: " + held.option;
  if (held.requested) line += " requested";
  if (held.noise) line += " noise";
  if (!held.inferred.empty()) line += " inferred" + fixes_text(held.inferred);
  if (held.known_exploited) line += " exploited";
  if (!held.rule.empty()) line += " by " + held.rule;
  if (!held.until.empty()) line += " until " + held.until;
  if (held.scope != document::Scope::here) line += " scope: " + std::string(document::word(held.scope));
  return line + "\n";
}

std::string render(const Decision& decision) {
  std::string text;
  for (const auto& package : decision.packages) text += render(package);
  for (const auto& held : decision.held) text += render(held);
  for (const auto& each : decision.unfixed) {
    text += fmt::format("unfixed {} {}: {}, {}{}\n", each.id, each.package, document::word(each.reason), document::word(each.scope), each.inferred ? ", inferred" : "");
  }
  for (const auto& each : decision.not_in_image) text += fmt::format("absent {} {}\n", each.id, each.package);
  for (const auto& each : decision.already_fixed) {
    text += fmt::format("already {} {} {}{}: has {}\n", each.id, each.package, each.installed, each.source.name.empty() ? "" : fmt::format(" (source {} {})", each.source.name, each.source.version), each.fixed);
  }
  for (const auto& note : decision.notes) text += "note " + note + "\n";
  return text;
}

// The loop of the caller: verdicts are given only for what is asked.
Decision decide(Request& request, const std::map<std::string, pkg::Verdict>& verdicts) {
  for (;;) {
    auto answer = make(request);
    if (auto* decision = std::get_if<Decision>(&answer)) return std::move(*decision);
    for (const pkg::Candidate& candidate : std::get<NeedControl>(answer).packages) {
      const auto given = verdicts.find(candidate.name + " " + candidate.version);
      const bool is_new = request.verdicts
                              .emplace(candidate.entry.sha256.text(),
                                       given == verdicts.end() ? pkg::Verdict{pkg::VerdictKind::unchanged, "", {}} : given->second)
                              .second;
      if (!is_new) throw std::runtime_error("asked twice for the verdict on " + candidate.name);
    }
  }
}

}  // namespace

Case read_case(const std::string& file) {
  std::ifstream stream(file);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  const std::size_t arrow = text.find("\n=>\n");
  if (arrow == std::string::npos) throw std::runtime_error(file + ": no line \"=>\"");
  return {text.substr(0, arrow + 1), text.substr(arrow + 4)};
}

CaseSystem system_of(std::string_view text) {
  const Problem problem = read_problem(text);
  CaseSystem system{.status = joined(problem.status), .archives = {}, .preferences = problem.pins, .architectures = problem.architectures};
  for (const auto& [archive, stanzas] : problem.archives) system.archives[archive] = joined(stanzas);
  return system;
}

std::string answer_to(std::string_view text, unsigned shuffle) {
  Problem problem = read_problem(text);
  if (shuffle != 0) shuffle_all(problem, shuffle);
  const pkg::OsRelease os{.id = "debian", .version_id = "12", .codename = "bookworm"};
  const std::string status = joined(problem.status);
  pkg::Inventory inventory = deb::inventory_from(deb::parse_status(status, "status"), os, problem.architectures);
  for (pkg::InstalledPackage& package : inventory.packages) {
    const auto [begin, end] = problem.modified.equal_range(package.name);
    for (auto each = begin; each != end; ++each) package.modified.push_back(each->second);
  }
  std::vector<deb::LocalIndex> indexes;
  for (const auto& [archive, stanzas] : problem.archives) {
    indexes.push_back(index_of(archive, stanzas));
    if (const auto lacks = problem.lacking.find(archive); lacks != problem.lacking.end()) {
      indexes.back().lacking = {lacks->second};
      indexes.back().witness = lacks->second == inventory.arch;
    }
  }
  deb::Preferences preferences = deb::Preferences::parse({{"preferences", problem.pins}});
  preferences.waits_for_phases = problem.waits_for_phases;
  const WithFailures offers(deb::candidates_from_indexes(std::move(indexes), inventory, preferences), problem.failures);
  const VersionOrder family;
  std::optional<Rules> rules;
  if (!problem.policy_file.empty()) rules = read_rules(problem.policy_file, "policy.yaml");
  Request request{.inventory = inventory,
                  .offers = offers,
                  .family = family,
                  .recipe = &problem.recipe,
                  .findings = problem.findings,
                  .floors = problem.floors,
                  .policy = problem.policy,
                  .verdicts = {},
                  .behind = {},
                  .sandbox_obstacle = problem.obstacle,
                  .rules = rules ? &*rules : nullptr,
                  .image_names = problem.images,
                  .now = problem.now,
                  .public_since = [&](const pkg::Candidate& candidate) {
                    const auto known = problem.public_since.find(candidate.name + " " + candidate.version);
                    return known == problem.public_since.end() ? problem.now : known->second;
                  }};
  try {
    const Decision decision = decide(request, problem.verdicts);
    std::string answer = render(decision);
    document::PlatformPlan platform;
    platform.platform = oci::Platform{.os = "linux", .architecture = "amd64", .variant = ""};
    platform.packages = decision.packages;
    platform.held = decision.held;
    platform.unfixed = decision.unfixed;
    platform.not_in_image = decision.not_in_image;
    platform.already_fixed = decision.already_fixed;
    for (const std::string& subject : problem.explain) {
      for (const std::string& line : explain({platform, inventory, offers, family, problem.findings}, subject)) answer += line + "\n";
    }
    return answer;
  } catch (const Error& error) {
    return fmt::format("{}: {}\n", kind_name(error.kind()), error.what());
  }
}

}  // namespace resole::plan
