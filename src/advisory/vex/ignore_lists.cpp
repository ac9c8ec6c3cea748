// SPDX-License-Identifier: Apache-2.0
// The lists of people who run the image, in their scanner's form.
//
//   .trivyignore        CVE-2023-1234 exp:2026-12-31 accepted until the migration   # a comment
//   .trivyignore.yaml   vulnerabilities: [ {id, paths, purls, expired_at, statement} ]
//   .grype.yaml         ignore: [ {vulnerability, include-aliases, reason, fix-state, package: {name, version, type, location, upstream-name}} ]
//
// Trivy's pkg/result/ignore.go and Grype's grype/match/ignore.go say what counts.
#include <algorithm>
#include <cctype>

#include "advisory/vex/readers.hpp"
#include "base/text.hpp"

namespace resole::advisory::vex {

namespace {

constexpr std::size_t kMostLines = 1'000'000;

bool looks_like_an_id(std::string_view word) {
  if (word.size() < 3 || word.size() > 200 || std::isalnum(static_cast<unsigned char>(word.front())) == 0) return false;
  return std::all_of(word.begin(), word.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-_.:+/").find(c) != std::string_view::npos;
  });
}

// Trivy counts an entry until the day has passed its first moment (expiry "before now").
std::int64_t day_of_expiry(std::string_view text) {
  const auto day = parse_time(text);
  if (!day || text.size() != 10) throw Error(ErrorKind::input, fmt::format("\"{}\" is no day", printable(text, 40)), "write it as in exp:2026-12-31");
  return *day;
}

// Grype reads names as regular expressions, anchored at both ends. What people write there is a name or a prefix: literals, "." and ".*" become a glob, the
// rest is refused rather than read as something else.
std::string glob_of_expression(std::string_view expression) {
  if (expression.starts_with('^')) expression.remove_prefix(1);
  if (expression.ends_with('$')) expression.remove_suffix(1);
  std::string glob;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size() && std::isalnum(static_cast<unsigned char>(expression[i + 1])) == 0) {
      glob += std::string("\\") + expression[++i];
    } else if (c == '.' && expression.substr(i, 2) == ".*") {
      glob += '*';
      ++i;
    } else if (c == '.' && expression.substr(i, 2) == ".+") {
      glob += "?*";
      ++i;
    } else if (c == '.') {
      glob += '?';
    } else if (std::string_view("\\*+?[](){}|^$").find(c) != std::string_view::npos) {
      throw Error(ErrorKind::input, fmt::format("the expression \"{}\" has more in it than resole reads", printable(expression, 80)),
                  "literals, \".\", \".*\" and \".+\" are read; escape other signs with a backslash, or write one rule per name");
    } else {
      glob += c;
    }
  }
  return glob;
}


// A rule of Grype with a condition that a report does not answer is left out, and said.
std::string condition_unanswered(const Json& rule) {
  for (const char* key : {"namespace", "match-type", "vex-status", "vex-justification"}) {
    if (!string_or(rule, key, "").empty()) return key;
  }
  return string_or(object_at(rule, "package"), "language", "").empty() ? "" : "language";
}

std::optional<Statement> read_grype_rule(const Json& rule, std::size_t index, Document& out) {
  require_known_keys(rule, {"vulnerability", "include-aliases", "reason", "namespace", "fix-state", "match-type", "vex-status", "vex-justification", "package"});
  const Json& package = object_at(rule, "package");
  require_known_keys(package, {"name", "version", "language", "type", "location", "upstream-name"});
  Statement statement;
  statement.says = Says::ignored;
  statement.place = fmt::format("ignore[{}]", index);
  statement.reason = string_or(rule, "reason", "");
  statement.aliases = bool_or(rule, "include-aliases", false);
  if (std::string id = string_or(rule, "vulnerability", ""); !id.empty()) statement.ids.push_back(std::move(id));
  About about;
  about.name = glob_of_expression(string_or(package, "name", ""));
  about.source = glob_of_expression(string_or(package, "upstream-name", ""));
  about.version = string_or(package, "version", "");
  about.type = string_or(package, "type", "");
  about.path = string_or(package, "location", "");
  about.fix_state = string_or(rule, "fix-state", "");
  const bool narrowed = !(about.name + about.source + about.version + about.type + about.path + about.fix_state).empty();
  if (const std::string condition = condition_unanswered(rule); !condition.empty()) {
    out.notes.push_back(fmt::format("ignore[{}] depends on \"{}\", which cannot be judged here: the rule is left out", index, condition));
    return std::nullopt;
  }
  if (!narrowed && statement.ids.empty()) throw Error(ErrorKind::input, "a rule without any condition", "name a vulnerability or a package");
  if (narrowed) statement.about.push_back(std::move(about));
  return statement;
}

}  // namespace

bool is_trivy_ignore(const Json& json) {
  if (!json.is_object() || json.empty()) return false;
  for (const auto& [key, value] : json.items()) {
    if (key != "vulnerabilities" && key != "misconfigurations" && key != "secrets" && key != "licenses") return false;
  }
  return true;
}

void read_trivy_ignore(const Json& json, Document& out) {
  each_object(json, "vulnerabilities", [&](const Json& entry, std::size_t index) {
    require_known_keys(entry, {"id", "paths", "purls", "expired_at", "statement"});
    Statement statement;
    statement.says = Says::ignored;
    statement.aliases = false;
    statement.ids = {string_or(entry, "id", "")};
    if (statement.ids.front().empty()) throw Error(ErrorKind::input, "\"id\" is missing");
    statement.reason = string_or(entry, "statement", "");
    statement.place = fmt::format("vulnerabilities[{}]", index);
    statement.until = time_at(entry, "expired_at", 0);
    std::vector<About> packages;
    for (const std::string& text : strings_or_empty(entry, "purls")) {
      const auto url = PackageUrl::parse(text);
      if (!url) throw Error(ErrorKind::input, fmt::format("\"{}\" is no package URL", printable(text, 80)));
      packages.emplace_back().package = url;
    }
    const std::vector<std::string> paths = strings_or_empty(entry, "paths");
    if (packages.size() > 10'000 || paths.size() > 10'000) throw Error(ErrorKind::input, "more than 10000 paths or purls");
    for (const std::string& path : paths) {
      About about;
      about.path = path;
      if (packages.empty()) statement.about.push_back(about);
      for (const About& package : packages) {
        if (statement.about.size() >= 100'000) throw Error(ErrorKind::input, "more than 100000 pairs of paths and purls");
        about.package = package.package;
        statement.about.push_back(about);
      }
    }
    if (paths.empty()) statement.about = std::move(packages);
    out.statements.push_back(std::move(statement));
  });
}

void read_trivy_lines(std::string_view text, Document& out) {
  const auto all = lines(text);
  if (all.size() > kMostLines) throw Error(ErrorKind::input, fmt::format("more than {} lines", kMostLines));
  for (std::size_t i = 0; i < all.size(); ++i) {
    with_context([&] { return fmt::format("line {}", i + 1); },
                 [&] {
                   if (!is_utf8(all[i])) throw Error(ErrorKind::input, "it is not UTF-8");
                   const std::string_view line = all[i].substr(0, all[i].find('#'));
                   const std::string_view said = all[i].find('#') == std::string_view::npos ? std::string_view() : all[i].substr(all[i].find('#') + 1);
                   const auto words = split_words(line);
                   if (words.empty()) return;
                   if (!looks_like_an_id(words[0])) {
                     throw Error(ErrorKind::input, fmt::format("\"{}\" is no advisory id", printable(words[0], 60)),
                                 "a .trivyignore has one id per line; VEX documents and other lists are JSON or YAML");
                   }
                   Statement statement;
                   statement.says = Says::ignored;
                   statement.aliases = false;
                   statement.ids.emplace_back(words[0]);
                   statement.reason = std::string(trim(said));
                   statement.place = fmt::format("line {}", i + 1);
                   std::string text_behind;  // Trivy lets people write on without a '#'
                   for (std::size_t k = 1; k < words.size(); ++k) {
                     if (words[k].starts_with("exp:"))
                       statement.until = day_of_expiry(words[k].substr(4));
                     else
                       text_behind += (text_behind.empty() ? "" : " ") + std::string(words[k]);
                   }
                   statement.reason = with_colon(text_behind, statement.reason);
                   out.statements.push_back(std::move(statement));
                 });
  }
}

bool is_grype_rules(const Json& json) { return has_member(json, "ignore") && json["ignore"].is_array(); }

void read_grype_rules(const Json& json, Document& out) {
  each_object(json, "ignore", [&](const Json& rule, std::size_t index) {
    if (auto statement = read_grype_rule(rule, index, out)) out.statements.push_back(*std::move(statement));
  });
}

}  // namespace resole::advisory::vex
