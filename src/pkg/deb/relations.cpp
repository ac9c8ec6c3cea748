// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/relations.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::size_t kAtomLimit = 20'000;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Reads one relation after the other from a field's value.
class RelationReader {
 public:
  RelationReader(std::string_view text, std::string_view what) : text_(text), what_(what) {}

  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }
  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  pkg::Atom atom() {
    if (++count_ > kAtomLimit) fail("too many packages");
    pkg::Atom atom;
    const std::string_view name = word(" \t\r\n,|([<:");
    if (name.empty()) fail("a package name is missing");
    atom.name = name;
    if (at_ < text_.size() && text_[at_] == ':') {
      ++at_;
      atom.arch = word(" \t\r\n,|([<");
    }
    if (take('(')) version(atom);
    if (take('[')) skip_to(']');  // architecture lists and build profiles mean nothing in binary packages
    while (take('<')) skip_to('>');
    return atom;
  }
  [[noreturn]] void fail(std::string_view problem) const {
    throw Error(ErrorKind::input, fmt::format("{}: {} in \"{}\"", printable(what_), problem, printable(text_, 120)));
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  std::string_view word(std::string_view stops) {
    skip_space();
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(stops, at_), text_.size());
    return text_.substr(begin, at_ - begin);
  }
  void skip_to(char closing) {
    const auto end = text_.find(closing, at_);
    if (end == std::string_view::npos) fail("an open bracket");
    at_ = end + 1;
  }
  void version(pkg::Atom& atom) {
    atom.op = operation();
    const std::string_view version = word(" \t\r\n)");
    if (version.empty() || !take(')')) fail("a version is not closed");
    atom.version = version;
  }
  // "<" and ">" are the historical spellings of "<=" and ">=" (policy 7.1), and dpkg takes no operator for "=".
  pkg::Operator operation() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (text_[at_] == '<' || text_[at_] == '>' || text_[at_] == '=')) ++at_;
    const std::string_view op = text_.substr(begin, at_ - begin);
    if (op == "<<") return pkg::Operator::less;
    if (op == "<=" || op == "<") return pkg::Operator::less_equal;
    if (op == "=" || op.empty()) return pkg::Operator::equal;
    if (op == ">=" || op == ">") return pkg::Operator::greater_equal;
    if (op == ">>") return pkg::Operator::greater;
    fail("an unknown comparison");
  }

  std::string_view text_, what_;
  std::size_t at_ = 0, count_ = 0;
};

void append_alternatives(std::vector<pkg::Alternatives>& out, const Paragraph& paragraph, std::string_view field, std::string_view what) {
  auto parsed = parse_alternatives(paragraph.get(field), what);
  out.insert(out.end(), std::make_move_iterator(parsed.begin()), std::make_move_iterator(parsed.end()));
}

}  // namespace

std::vector<pkg::Alternatives> parse_alternatives(std::string_view value, std::string_view what) {
  RelationReader reader(value, what);
  std::vector<pkg::Alternatives> all;
  while (!reader.at_end()) {
    if (reader.take(',')) continue;
    pkg::Alternatives one;
    do one.push_back(reader.atom());
    while (reader.take('|'));
    if (!reader.at_end() && !reader.take(',')) reader.fail("a comma is missing");
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<pkg::Atom> parse_atoms(std::string_view value, std::string_view what) {
  RelationReader reader(value, what);
  std::vector<pkg::Atom> all;
  while (!reader.at_end()) {
    if (reader.take(',')) continue;
    all.push_back(reader.atom());
    if (!reader.at_end() && !reader.take(',')) reader.fail("a comma is missing");
  }
  return all;
}

pkg::Relations relations_of(const Paragraph& paragraph, std::string_view what) {
  pkg::Relations relations;
  append_alternatives(relations.depends, paragraph, "Pre-Depends", what);
  append_alternatives(relations.depends, paragraph, "Depends", what);
  relations.breaks = parse_atoms(paragraph.get("Breaks"), what);
  relations.conflicts = parse_atoms(paragraph.get("Conflicts"), what);
  relations.replaces = parse_atoms(paragraph.get("Replaces"), what);
  relations.provides = parse_atoms(paragraph.get("Provides"), what);
  return relations;
}

pkg::SourceRef source_of(std::string_view source_field, std::string_view package, std::string_view version) {
  if (source_field.empty()) return {std::string(package), std::string(version)};
  const auto open = source_field.find('(');
  const auto close = source_field.find(')', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {std::string(trim(source_field)), std::string(version)};
  return {std::string(trim(source_field.substr(0, open))), std::string(trim(source_field.substr(open + 1, close - open - 1)))};
}

void fill_package(pkg::Package& package, const Paragraph& paragraph, std::string_view what) {
  package.name = paragraph.require("Package", what);
  package.version = paragraph.get("Version");
  package.arch = paragraph.get("Architecture");
  package.source = source_of(paragraph.get("Source"), package.name, package.version);
  package.multi_arch = paragraph.get("Multi-Arch");
  if (package.multi_arch == "no") package.multi_arch.clear();
  package.section = paragraph.get("Section");
  package.priority = paragraph.get("Priority");
  package.essential = paragraph.says_yes("Essential") || paragraph.says_yes("Protected") || paragraph.says_yes("Important");
  package.relations = relations_of(paragraph, fmt::format("{}: package {}", what, package.name));
}

}  // namespace resole::deb
