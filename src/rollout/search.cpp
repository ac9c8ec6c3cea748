// SPDX-License-Identifier: Apache-2.0
#include "rollout/search.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::rollout {

namespace {

constexpr int kMostMerges = 8;               // of merge keys within merge keys
constexpr std::size_t kMostAliases = 100'000;  // followed in one document: each may lead to a mapping with more of them

Quotes quotes_of(yaml::Style style) {
  return style == yaml::Style::single_quoted ? Quotes::single : style == yaml::Style::double_quoted ? Quotes::twice : Quotes::none;
}

bool is_null(const yaml::Node& node) {
  return node.style == yaml::Style::plain && (node.value.empty() || node.value == "~" || node.value == "null" || node.value == "Null" || node.value == "NULL");
}

}  // namespace

Search::Search(std::string_view path, std::string_view text, const yaml::Node& root, std::size_t document)
    : path_(path), text_(text), root_(root), document_(document) {
  std::string pointer;
  if (text.find('&') != std::string_view::npos) collect_anchors(root, pointer);
}

std::string_view Search::file_name() const { return path_.substr(path_.rfind('/') + 1); }

void Search::collect_anchors(const yaml::Node& node, std::string& pointer) {
  if (!node.anchor.empty()) anchors_.emplace(node.anchor, At{&node, pointer});
  if (node.kind == yaml::Kind::alias) aliases_.push_back(&node);
  const std::size_t length = pointer.size();
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    pointer += '/';
    pointer += node.kind == yaml::Kind::mapping ? yaml::pointer_segment(node.keys[i].value) : std::to_string(i);
    collect_anchors(node.values[i], pointer);
    pointer.resize(length);
  }
}

// The last definition before the alias: an anchor may be defined again.
At Search::resolve(At at) {
  if (!at.node || at.node->kind != yaml::Kind::alias) return at;
  if (++steps_ > kMostAliases) throw Error(ErrorKind::input, fmt::format("{}: aliases lead to more than {} places", path_, kMostAliases), "write the values out");
  followed_.insert(at.node);
  At found;
  const auto [first, last] = anchors_.equal_range(at.node->value);
  for (auto each = first; each != last; ++each) {
    const auto& candidate = each->second;
    if (candidate.node->outer.begin < at.node->outer.begin && (!found || candidate.node->outer.begin > found.node->outer.begin)) found = candidate;
  }
  return found;
}

At Search::get(const At& mapping, std::string_view key) { return get_within(mapping, key, 0); }

At Search::get_within(const At& mapping, std::string_view key, int depth) {
  if (!mapping.is_mapping()) return {};
  At direct;
  std::vector<At> merged;
  for (std::size_t i = 0; i < mapping.node->keys.size(); ++i) {
    const yaml::Node& name = mapping.node->keys[i];
    if (!name.is_scalar()) continue;
    const bool merge = name.value == "<<" && name.style == yaml::Style::plain;
    if (!merge && name.value != key) continue;
    At value{&mapping.node->values[i], mapping.pointer + "/" + yaml::pointer_segment(name.value)};
    if (!merge) {
      direct = resolve(std::move(value));
    } else if (value.is_sequence()) {
      for (std::size_t k = 0; k < value.node->values.size(); ++k) merged.push_back(resolve({&value.node->values[k], value.pointer + "/" + std::to_string(k)}));
    } else {
      merged.push_back(resolve(std::move(value)));
    }
  }
  for (const At& each : merged) {
    if (!direct && depth < kMostMerges) direct = get_within(each, key, depth + 1);
  }
  return direct;
}

At Search::at(const At& from, std::initializer_list<std::string_view> keys) {
  At found = from;
  for (const auto key : keys) found = get(found, key);
  return found;
}

std::string Search::text_of(const At& mapping, std::string_view key) {
  const At found = get(mapping, key);
  return found.is_scalar() ? found.node->value : std::string();
}

std::string Search::text_of(const At& from, std::initializer_list<std::string_view> keys) {
  const At found = at(from, keys);
  return found.is_scalar() ? found.node->value : std::string();
}

void Search::each(const At& collection, const std::function<void(const At&, std::string_view)>& visit) {
  if (!collection.node || collection.node->is_scalar()) return;
  const bool mapping = collection.is_mapping();
  for (std::size_t i = 0; i < collection.node->values.size(); ++i) {
    if (mapping && !collection.node->keys[i].is_scalar()) continue;
    const std::string_view key = mapping ? std::string_view(collection.node->keys[i].value) : std::string_view();
    const At child = resolve({&collection.node->values[i], collection.pointer + "/" + (mapping ? yaml::pointer_segment(key) : std::to_string(i))});
    if (child) visit(child, key);
  }
}

void Search::walk(const At& from, const std::function<bool(const At&, std::string_view)>& visit, std::string_view key) {
  if (!from || !visit(from, key)) return;
  const bool mapping = from.is_mapping();
  for (std::size_t i = 0; i < from.node->values.size(); ++i) {
    if (from.node->values[i].is_scalar() || (mapping && !from.node->keys[i].is_scalar())) continue;
    const std::string_view name = mapping ? std::string_view(from.node->keys[i].value) : key;
    walk({&from.node->values[i], from.pointer + "/" + (mapping ? yaml::pointer_segment(name) : std::to_string(i))}, visit, name);
  }
}

Part Search::part(const At& at) const { return piece(at, 0); }

Part Search::piece(const At& at, std::size_t offset) const {
  Part part;
  if (!at.is_scalar()) return part;
  const yaml::Node& node = *at.node;
  part.there = true;
  part.pointer = at.pointer;
  part.text = node.text;
  part.outer = node.outer;
  part.quotes = quotes_of(node.style);
  if (!is_null(node)) part.value = node.value.substr(std::min(offset, node.value.size()));
  if (node.style == yaml::Style::literal || node.style == yaml::Style::folded) {
    part.obstacle = LeftReason::block_scalar;
  } else if (!node.has_span || node.text.of(text_) != node.value) {
    part.obstacle = LeftReason::escaped;
  } else if (offset > 0) {
    part.offset = offset;
    part.text.begin += offset;
    part.outer = part.text;
    part.bare = true;  // what stands before it keeps the scalar a word
  }
  return part;
}

Gap Search::gap_behind(const At& mapping, const Part& sibling) const {
  Gap gap;
  if (!mapping.is_mapping() || !sibling.there || mapping.node->keys.empty() || !mapping.node->has_span) return gap;
  gap.pointer = mapping.pointer;
  gap.json = mapping.node->keys.front().style == yaml::Style::double_quoted;
  if (mapping.node->style == yaml::Style::flow) {
    gap.there = true;
    gap.at = sibling.outer.end;
    gap.before = ", ";
    // One key to a line, as JSON is written: the new one gets its own.
    const std::size_t line = text_.rfind('\n', sibling.outer.begin);
    if (line == std::string_view::npos || line < mapping.node->outer.begin) return gap;
    const std::size_t indent = text_.find_first_not_of(" \t", line + 1);
    const bool crlf = line > 0 && text_[line - 1] == '\r';
    gap.before = std::string(crlf ? ",\r\n" : ",\n") + std::string(text_.substr(line + 1, indent - line - 1));
    return gap;
  }
  // The column of the keys, in spaces: "- name: x" counts its dash.
  const std::size_t first = mapping.node->keys.front().outer.begin;
  const std::size_t line = first == 0 ? std::string_view::npos : text_.rfind('\n', first - 1);
  const std::size_t column = first - (line == std::string_view::npos ? 0 : line + 1);
  std::size_t end = text_.find('\n', sibling.outer.end);
  const bool crlf = (end != std::string_view::npos && end > 0 && text_[end - 1] == '\r') || (end == std::string_view::npos && text_.find("\r\n") != std::string_view::npos);
  if (end == std::string_view::npos) end = text_.size();
  if (crlf && end > 0 && end < text_.size()) --end;
  gap.there = true;
  gap.at = end;
  gap.before = std::string(crlf ? "\r\n" : "\n") + std::string(column, ' ');
  return gap;
}

std::size_t Search::line_of(std::size_t offset) const {
  if (line_starts_.empty()) {
    line_starts_.push_back(0);
    for (std::size_t at = text_.find('\n'); at != std::string_view::npos; at = text_.find('\n', at + 1)) line_starts_.push_back(at + 1);
  }
  return static_cast<std::size_t>(std::upper_bound(line_starts_.begin(), line_starts_.end(), offset) - line_starts_.begin());
}

void Search::add(Site site) {
  site.document = document_;
  site.line = line_of(site.main().outer.begin);
  if (known_.insert({site.main().outer.begin, site.kind + '\n' + site.ns + '\n' + site.name + '\n' + site.container}).second) sites_.push_back(std::move(site));
}

// The bytes below anchors that somebody uses whom no finder followed, joined.
std::vector<yaml::Span> Search::used_elsewhere() const {
  std::set<std::string_view> names;
  for (const yaml::Node* alias : aliases_) {
    if (!followed_.contains(alias)) names.insert(alias->value);
  }
  std::vector<yaml::Span> spans;
  for (const auto& [name, at] : anchors_) {
    if (names.contains(name)) spans.push_back(at.node->outer);
  }
  std::sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::vector<yaml::Span> joined;
  for (const auto& span : spans) {
    if (joined.empty() || span.begin > joined.back().end) joined.push_back(span);
    joined.back().end = std::max(joined.back().end, span.end);
  }
  return joined;
}

std::vector<Site> Search::take() {
  const auto spans = used_elsewhere();
  const auto within = [&](const Part& part) {
    const auto after = std::upper_bound(spans.begin(), spans.end(), part.outer.begin, [](std::size_t at, const yaml::Span& span) { return at < span.begin; });
    return after != spans.begin() && part.outer.end <= std::prev(after)->end;
  };
  for (Site& site : sites_) {
    for (Part* part : {&site.whole, &site.registry, &site.name_part, &site.repository, &site.tag, &site.digest}) {
      if (part->there && part->obstacle == LeftReason::none && within(*part)) part->obstacle = LeftReason::alias_conflict;
    }
  }
  return std::move(sites_);
}

}  // namespace resole::rollout
