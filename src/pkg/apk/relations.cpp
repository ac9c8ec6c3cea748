// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/relations.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/version.hpp"

namespace resole::apk {

namespace {

constexpr std::size_t kMostWishes = 20000;  // big metapackages provide some thousand names
constexpr std::string_view kComparers = "<>~=";

[[noreturn]] void refuse_wish(std::string_view word, std::string_view what) {
  throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is no relation between packages", printable(what), printable(word, 80)));
}

pkg::Operator operator_of(std::string_view text, std::string_view word, std::string_view what) {
  bool less = false, greater = false, equal = false, near = false;
  for (const char c : text) {
    less = less || c == '<';
    greater = greater || c == '>';
    equal = equal || c == '=';
    near = near || c == '~';
  }
  if (less && greater) return pkg::Operator::any;  // "><": a checksum
  if (near) return less ? pkg::Operator::near_or_less : greater ? pkg::Operator::near_or_greater : pkg::Operator::near;
  if (less) return equal ? pkg::Operator::less_equal : pkg::Operator::less;
  if (greater) return equal ? pkg::Operator::greater_equal : pkg::Operator::greater;
  if (equal) return pkg::Operator::equal;
  refuse_wish(word, what);
}

std::string_view sign_of(pkg::Operator op) {
  switch (op) {
    case pkg::Operator::less:
      return "<";
    case pkg::Operator::less_equal:
      return "<=";
    case pkg::Operator::equal:
      return "=";
    case pkg::Operator::greater_equal:
      return ">=";
    case pkg::Operator::greater:
      return ">";
    case pkg::Operator::near:
      return "~";
    case pkg::Operator::near_or_less:
      return "<~";
    case pkg::Operator::near_or_greater:
      return ">~";
    case pkg::Operator::any:
      break;
  }
  return "><";
}

Wish parse_wish(std::string_view word, std::string_view what) {
  Wish wish;
  std::string_view rest = word;
  if (rest.starts_with('!')) {
    wish.conflict = true;
    rest.remove_prefix(1);
  }
  const std::size_t sign = rest.find_first_of(kComparers);
  std::string_view name = rest.substr(0, sign);
  if (sign != std::string_view::npos) {
    const std::size_t end = rest.find_first_not_of(kComparers, sign);
    if (end == std::string_view::npos) refuse_wish(word, what);
    wish.atom.op = operator_of(rest.substr(sign, end - sign), word, what);
    wish.atom.version = rest.substr(end);
    if (wish.atom.op != pkg::Operator::any && !is_readable_version(wish.atom.version)) refuse_wish(word, what);
  }
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    wish.tag = name.substr(at + 1);
    name = name.substr(0, at);
  }
  if (name.empty()) refuse_wish(word, what);
  wish.atom.name = name;
  return wish;
}

}  // namespace

std::string Wish::text() const {
  std::string text = fmt::format("{}{}", conflict ? "!" : "", atom.name);
  if (!tag.empty()) text += "@" + tag;
  if (!atom.version.empty()) text += fmt::format("{}{}", sign_of(atom.op), atom.version);
  return text;
}

std::vector<Wish> parse_wishes(std::string_view text, std::string_view what) {
  std::vector<Wish> wishes;
  for (const std::string_view word : split_words(text)) {
    if (wishes.size() == kMostWishes) throw Error(ErrorKind::input, fmt::format("{}: more than {} relations", printable(what), kMostWishes));
    wishes.push_back(parse_wish(word, what));
  }
  return wishes;
}

std::string text_of(const std::vector<Wish>& wishes) {
  std::string text;
  for (const Wish& wish : wishes) text += (text.empty() ? "" : " ") + wish.text();
  return text;
}

void add_depends(pkg::Relations& relations, const std::vector<Wish>& wishes) {
  for (const Wish& wish : wishes) {
    if (wish.conflict)
      relations.conflicts.push_back(wish.atom);
    else
      relations.depends.push_back({wish.atom});
  }
}

void add_provides(pkg::Relations& relations, const std::vector<Wish>& wishes) {
  for (const Wish& wish : wishes) {
    if (wish.conflict) continue;
    relations.provides.push_back(wish.atom);
    if (wish.atom.op == pkg::Operator::any) continue;
    relations.provides.back().op = pkg::Operator::equal;
    relations.conflicts.push_back({.name = wish.atom.name, .arch = {}, .op = pkg::Operator::greater_equal, .version = "0_alpha"});
  }
}

}  // namespace resole::apk
