// SPDX-License-Identifier: Apache-2.0
#include "plan/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace resole::plan {

namespace {

using document::HeldReason;

bool is_one_of(std::string_view text, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// The distribution's offers are one stream, whatever archive they stand in; a third party is known by what its release calls itself, or by
// its address.
std::string stream_of(const pkg::RepositoryEntry& entry, const Distribution& distribution) {
  if (distribution.owns(entry)) return "distribution";
  if (entry.origin.empty() && entry.label.empty()) return entry.uri;
  return entry.origin + "/" + entry.label;
}

std::string stream_in_words(const pkg::RepositoryEntry& entry, const Distribution& distribution) {
  if (distribution.owns(entry)) return "the distribution";
  return printable(entry.origin.empty() ? entry.uri : entry.origin, 80);
}

// Streams that the installed package can come from: those that offer exactly it; else (its version left the index long ago) those that
// offer the same upstream version; else what its own Origin field says. Empty: nobody knows.
std::set<std::string> home_of(const pkg::InstalledPackage& installed, const pkg::Offers& offers, const Distribution& distribution,
                              const pkg::Family& family) {
  std::set<std::string> exact, upstream;
  for (const pkg::Candidate& offer : offers.all) {
    if (family.compare(offer.version, installed.version) == 0) exact.insert(stream_of(offer.entry, distribution));
    if (upstream_version(offer.version) == upstream_version(installed.version)) upstream.insert(stream_of(offer.entry, distribution));
  }
  if (!exact.empty()) return exact;
  if (!upstream.empty()) return upstream;
  if (installed.origin.empty()) return {};
  pkg::RepositoryEntry claimed;
  claimed.origin = installed.origin;
  if (distribution.owns(claimed)) return {"distribution"};
  std::set<std::string> streams;
  for (const pkg::Candidate& offer : offers.all) {
    if (offer.entry.origin == installed.origin) streams.insert(stream_of(offer.entry, distribution));
  }
  return streams.empty() ? std::set<std::string>{installed.origin} : streams;
}

// The highest version; of equal ones the first, as the indexes are ordered.
const pkg::Candidate* highest(const std::vector<const pkg::Candidate*>& offers, const pkg::Family& family) {
  const pkg::Candidate* best = nullptr;
  for (const pkg::Candidate* offer : offers) {
    if (!best || family.compare(offer->version, best->version) > 0) best = offer;
  }
  return best;
}

// A third party's new upstream version, or a distribution's instead of what somebody else had built.
std::optional<Hold> upstream_bump(const pkg::Candidate& candidate, const pkg::InstalledPackage& installed, const Distribution& distribution,
                                  bool home_known) {
  if (upstream_version(candidate.version) == upstream_version(installed.version)) return std::nullopt;
  const bool third_party = !distribution.owns(candidate.entry);
  const bool stranger = !home_known && !distribution.maintains(installed);
  if (!third_party && !stranger) return std::nullopt;
  if (third_party) {
    return Hold{HeldReason::upstream_bump,
                fmt::format("{} offers upstream version {} instead of {}", stream_in_words(candidate.entry, distribution),
                            upstream_version(candidate.version), upstream_version(installed.version))};
  }
  return Hold{HeldReason::upstream_bump,
              fmt::format("{} {} is in no repository of the image and was built by {}; the distribution offers upstream version {}",
                          installed.name, installed.version, printable(installed.maintainer, 80), upstream_version(candidate.version))};
}

// Sources are compared: a rebuild for one architecture alone is nothing that others miss.
std::optional<pkg::Candidate> out_of_reach(const pkg::Offers& offers, const pkg::InstalledPackage& installed, const std::optional<pkg::Candidate>& candidate,
                                           const Distribution& distribution, const pkg::Family& family) {
  if (offers.elsewhere.empty()) return std::nullopt;
  pkg::Offers known{.all = offers.all, .chosen = {}};
  known.all.insert(known.all.end(), offers.elsewhere.begin(), offers.elsewhere.end());
  const std::set<std::string> home = home_of(installed, known, distribution, family);
  const bool counts = candidate && candidate->source.name == installed.source.name && family.compare(candidate->source.version, installed.source.version) > 0;
  const std::string* above = counts ? &candidate->source.version : &installed.source.version;
  const pkg::Candidate* best = nullptr;
  for (const pkg::Candidate& offer : offers.elsewhere) {
    const bool own = home.empty() ? distribution.owns(offer.entry) : home.contains(stream_of(offer.entry, distribution));
    if (!own || offer.source.name != installed.source.name || family.compare(offer.source.version, *above) <= 0) continue;
    if (upstream_bump(offer, installed, distribution, !home.empty())) continue;
    best = &offer;
    above = &offer.source.version;
  }
  return best ? std::optional(*best) : std::nullopt;
}

std::optional<Hold> phased(const pkg::Candidate& candidate) {
  if (candidate.phased >= 100 || candidate.entry.security) return std::nullopt;
  return Hold{HeldReason::phased, fmt::format("{} is handed out to {} % of machines so far", candidate.version, candidate.phased)};
}

}  // namespace

std::string_view upstream_version(std::string_view version) {
  if (const std::size_t colon = version.find(':'); colon != std::string_view::npos) version.remove_prefix(colon + 1);
  return version.substr(0, version.rfind('-'));
}

bool Distribution::owns(const pkg::RepositoryEntry& entry) const {
  if (os.id.empty() && !recipe) return true;  // nothing to tell it by
  const std::string origin = lower(entry.origin), label = lower(entry.label);
  for (const std::string& word : {origin, label}) {
    if (word.empty()) continue;
    if (word == os.id || is_one_of(word, os.id_like) || (recipe && word == recipe->id)) return true;
  }
  return recipe && (is_one_of(entry.label, recipe->security_labels) || is_one_of(entry.origin, recipe->security_labels));
}

bool Distribution::maintains(const pkg::InstalledPackage& installed) const {
  if (installed.maintainer.empty()) return true;
  const std::string maintainer = lower(installed.maintainer);
  const auto named = [&](const std::string& id) { return !id.empty() && maintainer.find(id) != std::string::npos; };
  return named(os.id) || std::any_of(os.id_like.begin(), os.id_like.end(), named) || (recipe && named(recipe->id));
}

Choice choose(const pkg::Offers& offers, const pkg::InstalledPackage& installed, std::string_view above, const Distribution& distribution,
              const pkg::Family& family) {
  const std::set<std::string> home = home_of(installed, offers, distribution, family);
  const auto is_own = [&](const pkg::Candidate& offer) { return home.empty() || home.contains(stream_of(offer.entry, distribution)); };
  Choice choice;
  std::vector<const pkg::Candidate*> own, installable;  // newer ones
  for (const pkg::Candidate& offer : offers.all) {
    if (family.compare(offer.version, above) <= 0 || !is_own(offer)) continue;
    choice.security = choice.security || offer.entry.security;
    own.push_back(&offer);
    if (offer.priority > 0) installable.push_back(&offer);
  }
  const pkg::Candidate* chosen = offers.chosen ? &offers.all[*offers.chosen] : nullptr;
  if (chosen && family.compare(chosen->version, above) <= 0) chosen = nullptr;
  if (chosen && is_own(*chosen)) {
    choice.candidate = *chosen;
    choice.obstacle = upstream_bump(*chosen, installed, distribution, !home.empty());
  } else if (chosen && !installable.empty()) {
    choice.candidate = *highest(installable, family);
    choice.obstacle = upstream_bump(*choice.candidate, installed, distribution, true);
  } else if (chosen) {
    choice.candidate = *chosen;
    choice.obstacle = Hold{HeldReason::upstream_bump, fmt::format("{} comes from {}, which the installed version is not from",
                                                                  chosen->version, stream_in_words(chosen->entry, distribution))};
  } else if (!own.empty()) {
    choice.candidate = *highest(own, family);
    choice.obstacle = Hold{HeldReason::pinned, fmt::format("the image's preferences give {} priority {}", choice.candidate->version,
                                                           choice.candidate->priority)};
  }
  if (choice.candidate && !choice.obstacle) {
    for (const pkg::Candidate* offer : installable) {
      if (family.compare(offer->version, choice.candidate->version) < 0 && !upstream_bump(*offer, installed, distribution, !home.empty()) && !phased(*offer)) choice.older.push_back(*offer);
    }
    std::stable_sort(choice.older.begin(), choice.older.end(), [&](const auto& a, const auto& b) { return family.compare(a.version, b.version) > 0; });
    choice.obstacle = phased(*choice.candidate);
  }
  choice.elsewhere = out_of_reach(offers, installed, choice.candidate, distribution, family);
  return choice;
}

}  // namespace resole::plan
