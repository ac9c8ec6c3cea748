// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/scripts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/installed.hpp"
#include "pkg/apk/protected_paths.hpp"
#include "pkg/resource.hpp"
#include "rootfs/binary.hpp"

namespace resole::apk {

namespace {

constexpr std::string_view kFactsRoom = "verdict";

std::string serialise_facts(const ScriptFacts& facts) {
  std::string out;
  rootfs::BinaryWriter writer(out);
  writer.text(facts.sha256.text());
  writer.number(facts.scripts.size());
  for (const auto& [kind, text] : facts.scripts) {
    writer.text(kind);
    writer.text(text);
  }
  for (const auto* list : {&facts.triggers, &facts.directories}) {
    writer.number(list->size());
    for (const std::string& each : *list) writer.text(each);
  }
  return out;
}

std::optional<ScriptFacts> parse_script_facts(std::string_view bytes) {
  rootfs::BinaryReader reader(bytes);
  ScriptFacts facts;
  const auto digest = Digest::try_parse(std::string(reader.text()));
  if (!digest) return std::nullopt;
  facts.sha256 = *digest;
  for (std::size_t left = reader.count(); left > 0; --left) {
    std::string kind(reader.text());
    facts.scripts[std::move(kind)] = reader.text();
  }
  for (auto* list : {&facts.triggers, &facts.directories}) {
    for (std::size_t left = reader.count(); left > 0; --left) list->emplace_back(reader.text());
  }
  return reader.good() && reader.at_end() ? std::optional(std::move(facts)) : std::nullopt;
}

ScriptFacts facts_of(const Blob& bytes, const pkg::Candidate& candidate, const std::vector<PublicKey>& keys) {
  const PackageFile file = PackageFile::open(bytes, fmt::format("package {} {}", candidate.name, candidate.version));
  file.verify(candidate.entry.checksum, keys);
  ScriptFacts facts{.sha256 = Digest::of(bytes.bytes()), .scripts = file.control().scripts, .triggers = file.control().triggers, .directories = {}};
  if (file.control().description.installed_size == 0) return facts;
  for (const rootfs::Entry& entry : read_data(file).data.entries) {
    if (entry.type == tar::Type::directory) facts.directories.push_back(entry.path);
  }
  return facts;
}

// The whole file: small for this family, and nothing less proves its digest, which no index has.
Blob fetch_package(const pkg::Candidate& candidate, Fetcher& fetcher) {
  const Resource resource = pkg::resource_of(candidate);
  if (!candidate.entry.sha256.empty()) return fetcher.fetch(resource);
  std::string bytes;
  while (bytes.size() < candidate.entry.size) {
    const std::string more = fetcher.fetch_range(resource, bytes.size(), candidate.entry.size - bytes.size());
    if (more.empty()) throw Error(ErrorKind::network, fmt::format("package {} {} is shorter than its index says", printable(candidate.name), printable(candidate.version)));
    bytes += more;
  }
  return Blob::of(std::move(bytes));
}

ScriptFacts fetch_facts(const pkg::Candidate& candidate, const std::vector<PublicKey>& keys, Fetcher& fetcher, Cache& cache) {
  // The checksum does not cover the signature: another repository may have the same package, signed by another, which is another file.
  const pkg::RepositoryEntry& entry = candidate.entry;
  const std::string key = fmt::format("apk-2-{}", sha256_hex_of(fmt::format("{}\n{}\n{}\n{} {}", entry.uri, entry.path, entry.key, entry.checksum, entry.size)));
  if (candidate.entry.sha256.empty()) {
    if (const auto kept = cache.get(kFactsRoom, key)) {
      if (auto known = parse_script_facts(kept->bytes())) return std::move(*known);
    }
  }
  const Blob bytes = fetch_package(candidate, fetcher);
  ScriptFacts facts = facts_of(bytes, candidate, keys);
  fetcher.keep(facts.sha256, bytes.bytes());
  cache.put(kFactsRoom, key, serialise_facts(facts));
  return facts;
}

bool watches(const std::vector<std::string>& triggers, const std::set<std::string>& directories) {
  return std::ranges::any_of(triggers, [&](const std::string& trigger) {
    return trigger.starts_with('/') && std::ranges::any_of(directories, [&](const std::string& directory) { return path_match(trigger, "/" + directory); });
  });
}

class ScriptJudge {
 public:
  explicit ScriptJudge(const ApkScriptCase& each)
      : case_(each), database_(InstalledDatabase::read(each.tree)), store_(ScriptStore::read(each.tree, database_.directory)) {
    const InstalledStanza* old = database_.find(each.candidate.name);
    before_ = old ? &store_.of(old->description.checksum) : nullptr;
    old_checksum_ = old ? old->description.checksum : std::string();
    directories_.insert(each.fresh.directories.begin(), each.fresh.directories.end());
    for (std::size_t i = 0; old && i < old->directories.size(); ++i) directories_.insert(old->directories[i].path);
  }

  pkg::Verdict run() {
    for (const std::string_view kind : before_ ? std::array{"pre-upgrade", "post-upgrade"} : std::array{"pre-install", "post-install"}) judge_own(kind);
    if (watches(case_.fresh.triggers, directories_)) judge_trigger(case_.candidate.name, case_.fresh.scripts);
    for (const InstalledStanza& stanza : database_.stanzas) {
      if (stanza.description.checksum == old_checksum_) continue;
      const PackageScripts& other = store_.of(stanza.description.checksum);
      if (watches(other.triggers, directories_)) judge_trigger(stanza.description.name, other.scripts);
    }
    return verdict();
  }

 private:
  // Actions of the recipe that has reviewed this text.
  const pkg::PackageRecipe* reviewed(std::string_view package, std::string_view text) const {
    if (!case_.recipe) return nullptr;
    const std::string hash = sha256_hex_of(text);
    for (const pkg::PackageRecipe& recipe : case_.recipe->packages) {
      if (glob_match(recipe.package, package) && std::ranges::find(recipe.script_sha256, hash) != recipe.script_sha256.end()) return &recipe;
    }
    return nullptr;
  }

  void use(const pkg::PackageRecipe& recipe, std::string what) {
    for (const pkg::Action& action : recipe.actions) {
      std::string text = action.text();
      if (text != "noop" && std::ranges::find(actions_, text) == actions_.end()) actions_.push_back(std::move(text));
    }
    reviewed_.push_back(std::move(what));
  }

  void judge_own(std::string_view kind) {
    const auto script = case_.fresh.scripts.find(kind);
    if (script == case_.fresh.scripts.end()) return;
    if (const pkg::PackageRecipe* recipe = reviewed(case_.candidate.name, script->second)) return use(*recipe, std::string(kind));
    const auto old = before_ ? before_->scripts.find(kind) : ScriptTexts::const_iterator();
    if (before_ && old != before_->scripts.end() && old->second == script->second) {
      unchanged_.emplace_back(kind);
    } else {
      unknown_.push_back(fmt::format("{}{}", kind, before_ && old != before_->scripts.end() ? " differs from the installed one" : " is new"));
    }
  }

  void judge_trigger(const std::string& package, const ScriptTexts& scripts) {
    const auto script = scripts.find("trigger");
    if (script == scripts.end()) return;
    if (const pkg::PackageRecipe* recipe = reviewed(package, script->second)) return use(*recipe, fmt::format("the trigger of {}", printable(package, 60)));
    unknown_.push_back(fmt::format("the trigger of {} watches a directory of it", printable(package, 60)));
  }

  pkg::Verdict verdict() {
    pkg::Verdict verdict;
    verdict.sha256 = case_.fresh.sha256;
    std::ranges::sort(actions_);
    if (!unknown_.empty()) {
      verdict.reason = join(unknown_, ", ");
    } else if (!reviewed_.empty()) {
      verdict.kind = pkg::VerdictKind::recipe;
      verdict.actions = std::move(actions_);
      verdict.reason = fmt::format("reviewed: {}{}{}", join(reviewed_, ", "), unchanged_.empty() ? "" : "; as installed: ", join(unchanged_, ", "));
    } else if (!unchanged_.empty()) {
      verdict.kind = pkg::VerdictKind::unchanged;
      verdict.reason = fmt::format("{} as installed", join(unchanged_, ", "));
    } else {
      verdict.kind = pkg::VerdictKind::none;
      verdict.reason = "no script runs";
    }
    return verdict;
  }

  const ApkScriptCase& case_;
  const InstalledDatabase database_;
  const ScriptStore store_;
  const PackageScripts* before_ = nullptr;
  std::string old_checksum_;
  std::set<std::string> directories_;
  std::vector<std::string> reviewed_, unchanged_, unknown_, actions_;
};

}  // namespace

pkg::Verdict judge_scripts(const ApkScriptCase& each) { return ScriptJudge(each).run(); }

pkg::Verdict judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes, const pkg::Candidate& candidate,
                   Fetcher& fetcher, Cache& cache) {
  const ScriptFacts facts = fetch_facts(candidate, trusted_keys(tree, inventory.arch, {}), fetcher, cache);
  return judge_scripts({tree, recipes.find(inventory.os), candidate, facts});
}

}  // namespace resole::apk
