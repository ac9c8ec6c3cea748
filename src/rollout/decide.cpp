// SPDX-License-Identifier: Apache-2.0
#include "rollout/decide.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace resole::rollout {

namespace {

constexpr std::string_view kDigits = "0123456789";

bool only(std::string_view text, std::string_view characters) { return text.find_first_not_of(characters) == std::string_view::npos; }

bool is_variable(std::string_view text) {
  return text.find("${") != std::string_view::npos || text.find("$(") != std::string_view::npos || text.find("{{") != std::string_view::npos ||
         (text.find('$') != std::string_view::npos);
}

// ---- writing

std::string in_quotes(std::string_view value) { return "\"" + std::string(value) + "\""; }

Change replace(const Part& part, std::string value, std::string_view text) {
  Change change{part.pointer, part.text, value, "", value, part.offset};
  if (part.bare || part.quotes != Quotes::none) return change;
  change.span = part.outer;
  if (!is_plain_safe(value)) change.text = in_quotes(value);
  const bool behind_colon = part.outer.size() == 0 && part.outer.begin > 0 && text[part.outer.begin - 1] == ':';
  if (behind_colon) change.text.insert(0, " ");
  return change;
}

Change insert(const Gap& gap, std::string_view key, std::string value) {
  std::string word = gap.json || !is_plain_safe(value) ? in_quotes(value) : value;
  return {gap.pointer, {gap.at, gap.at}, gap.before + (gap.json ? in_quotes(key) : std::string(key)) + ": " + word, std::string(key), std::move(value), 0};
}

// ---- a reference in one scalar

// "team/app:${TAG}" -> "team/app": the part that does not vary, when it names one of the sources.
std::optional<std::size_t> image_behind_variable(std::string_view text, const Images& images) {
  const std::size_t variable = text.find_first_of("${");
  std::string_view fixed = text.substr(0, variable);
  while (!fixed.empty() && (fixed.back() == ':' || fixed.back() == '@')) fixed.remove_suffix(1);
  if (const auto found = images.of_name(repository_of(fixed))) return found;
  // "${REGISTRY}/team/app:1.4": the registry varies, the rest is the source's.
  const std::size_t close = text.rfind('}');
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view rest = text.substr(close + 1);
  while (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.empty()) return std::nullopt;
  for (std::size_t i = 0; i < images.list().size(); ++i) {
    const std::string_view source = images.list()[i].source_reference;
    if (source.ends_with(rest) && source.size() > rest.size() && source[source.size() - rest.size() - 1] == '/') return i;
  }
  return std::nullopt;
}

void left(Verdict& verdict, LeftReason reason, std::string detail = {}) {
  verdict.left = reason;
  verdict.detail = std::move(detail);
  verdict.changes.clear();
}

// What is neither written nor matched: obstacles of the site itself, in the order in which they matter.
bool hindered(const Site& site, Verdict& verdict) {
  if (verdict.changes.empty()) return false;
  if (site.owner != LeftReason::none) return left(verdict, site.owner, site.owner_detail), true;
  for (const Part* part : {&site.whole, &site.registry, &site.repository, &site.tag, &site.digest}) {
    if (part->there && part->obstacle != LeftReason::none) return left(verdict, part->obstacle), true;
  }
  return false;
}

Verdict decide_whole(const Site& site, const Images& images, Pin pin, std::string_view text) {
  Verdict verdict;
  const std::string written(trim(site.whole.value));  // a block scalar ends in a newline
  verdict.current = verdict.desired = written;
  if (is_variable(written)) {
    verdict.image = image_behind_variable(written, images);
    if (verdict.image) left(verdict, LeftReason::variable);
    return verdict;
  }
  const auto match = images.match(written);
  if (!match) return verdict;
  verdict.image = match->image;
  if (match->meaning == Meaning::other_digest) return left(verdict, LeftReason::other_digest), verdict;
  const Shape shape{!tag_of(written).empty(), written.find('@') != std::string::npos};
  const std::string name(repository_of(written));
  const Wish wish = images.wish(*match, name, shape, pin);
  verdict.desired = wish.text();
  if (verdict.desired == written) return verdict;
  std::string value = verdict.desired;
  if (site.name_before_equals == "=" && wish.name != name) value = name + "=" + value;  // it would be applied to another image
  verdict.changes.push_back(replace(site.whole, value, text));
  hindered(site, verdict);
  return verdict;
}

// ---- a reference in parts

struct Pieces { std::string name, tag, digest; bool digest_in_tag = false; };

Pieces pieces_of(const Site& site, const std::optional<Inherited>& inherited) {
  Pieces pieces;
  pieces.name = written_name(site);
  const std::string& tag = site.tag.value;
  const std::size_t at = tag.find('@');
  pieces.tag = tag.substr(0, at);
  pieces.digest_in_tag = at != std::string::npos;
  pieces.digest = site.digest.filled() ? site.digest.value : pieces.digest_in_tag ? tag.substr(at + 1) : "";
  if (inherited && pieces.tag.empty() && pieces.digest.empty()) {
    pieces.tag = inherited->tag;
    pieces.digest = inherited->digest;
  }
  return pieces;
}

void change_name(const Site& site, const Wish& wish, std::string_view text, Verdict& verdict) {
  if (site.registry.filled()) {
    const std::size_t slash = wish.name.find('/');
    const std::string registry = wish.name.substr(0, slash), rest = wish.name.substr(slash + 1);
    if (registry != site.registry.value) verdict.changes.push_back(replace(site.registry, registry, text));
    if (rest != site.repository.value) verdict.changes.push_back(replace(site.repository, rest, text));
  } else if (site.repository.there) {
    verdict.changes.push_back(replace(site.repository, wish.name, text));
  } else if (site.gap.there && !site.repository_key.empty()) {
    verdict.changes.push_back(insert(site.gap, site.repository_key, wish.name));
  } else {
    left(verdict, LeftReason::no_room);
  }
}

void change_version(const Site& site, const Pieces& now, const Wish& wish, Pin pin, std::string_view text, Verdict& verdict) {
  const auto put = [&](const Part& part, std::string_view key, const std::string& value) {
    if (part.there && part.value == value) return true;
    if (part.there) {
      verdict.changes.push_back(replace(part, value, text));
    } else if (site.gap.there && !key.empty()) {
      verdict.changes.push_back(insert(site.gap, key, value));
    } else {
      return false;
    }
    return true;
  };
  bool room = true;
  if (now.digest_in_tag && !site.digest.filled()) {
    room = put(site.tag, site.tag_key, (wish.tag.empty() ? now.tag : wish.tag) + (wish.digest.empty() ? "" : "@" + wish.digest));
  } else {
    if (!wish.tag.empty()) room = put(site.tag, site.tag_key, wish.tag);
    const bool fill = site.digest.there && (site.digest.filled() || pin != Pin::tag);  // a digest beside a tag wins: it must not stay behind
    if (fill || !wish.digest.empty()) room = room && put(site.digest, site.digest_key, wish.digest);
  }
  if (!room) left(verdict, LeftReason::no_room, "there is no key for what --pin asks for");
}

Verdict decide_parts(const Site& site, const Images& images, Pin pin, std::string_view text, const std::optional<Inherited>& inherited) {
  Verdict verdict;
  const Pieces now = pieces_of(site, inherited);
  verdict.current = verdict.desired = Wish{now.name, now.tag, now.digest}.text();
  if (is_variable(verdict.current)) {
    verdict.image = image_behind_variable(verdict.current, images);
    if (verdict.image) left(verdict, LeftReason::variable);
    return verdict;
  }
  if (now.tag.empty() && now.digest.empty()) {
    verdict.image = images.of_name(now.name);
    if (verdict.image) left(verdict, LeftReason::tag_unknown);
    return verdict;
  }
  const auto match = images.match(verdict.current);
  if (!match) return verdict;
  verdict.image = match->image;
  if (match->meaning == Meaning::other_digest) return left(verdict, LeftReason::other_digest), verdict;
  // A digest key that is there is used: what stands in it wins over the tag. Without one a lone tag is asked for, which does not move.
  Shape shape{!now.tag.empty(), !now.digest.empty() || (site.digest.there && pin != Pin::tag)};
  Wish wish = images.wish(*match, now.name, shape, pin);
  if (site.digest.filled() && wish.digest.empty()) wish.digest = match->patched.text();
  if (wish.tag.empty() && site.tag.filled()) wish.tag = images.wish(*match, now.name, {true, true}, Pin::both).tag;  // a tag that is there is never left behind
  verdict.desired = wish.text();
  if (wish.name != now.name) change_name(site, wish, text, verdict);
  if (verdict.left == LeftReason::none) change_version(site, now, wish, pin, text, verdict);
  hindered(site, verdict);
  return verdict;
}

}  // namespace

bool is_plain_safe(std::string_view word) {
  static constexpr std::array<std::string_view, 13> kWords = {"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"};
  const std::string low = lower(word);
  if (std::find(kWords.begin(), kWords.end(), low) != kWords.end()) return false;
  if (!only(low, "abcdefghijklmnopqrstuvwxyz0123456789._:/@=-") || low.front() == '-' || low.front() == '@' || low.front() == '=' || low.front() == ':' || low.back() == ':') {
    return false;
  }
  if (low.starts_with("0x") || low.starts_with("0o") || low.starts_with("0b")) return false;
  if (only(low, "0123456789_.:")) return std::count(low.begin(), low.end(), '.') > 1 && low.find(':') == std::string::npos;  // 1.25.3 is a word, 1.25 and 12:30 are numbers
  if (low.size() >= 8 && only(std::string_view(low).substr(0, 4), kDigits) && low[4] == '-' && only(low, "0123456789-:.tz")) return false;  // a date
  const std::size_t exponent = low.find('e');
  return exponent == std::string::npos || exponent == 0 || !only(std::string_view(low).substr(0, exponent), "0123456789_.") ||
         !only(std::string_view(low).substr(exponent + 1), "0123456789-");
}

std::string written_name(const Site& site) {
  if (site.is_whole()) return std::string(repository_of(trim(site.whole.value)));
  const std::string& repository = site.repository.filled() ? site.repository.value : site.name_part.value;
  return site.registry.filled() ? site.registry.value + "/" + repository : repository;
}

bool is_partial_entry(const Site& site) { return site.is_entry() && !site.tag.filled() && !site.digest.filled(); }

Verdict decide(const Site& site, const Images& images, Pin pin, std::string_view text, const std::optional<Inherited>& inherited) {
  return site.is_whole() ? decide_whole(site, images, pin, text) : decide_parts(site, images, pin, text, inherited);
}

}  // namespace resole::rollout
