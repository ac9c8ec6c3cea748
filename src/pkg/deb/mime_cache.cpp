// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/mime_cache.hpp"

#include <algorithm>
#include <array>
#include <deque>

namespace resole::deb {
namespace {

enum class GlobKind : std::uint8_t { literal, suffix, full };

// A suffix is a '*' and then nothing that means more than itself.
GlobKind kind_of_glob(std::string_view pattern) {
  const bool star = pattern.starts_with('*');
  if (pattern.substr(star ? 1 : 0).find_first_of("\\[?*") != std::string_view::npos) return GlobKind::full;
  return star ? GlobKind::suffix : GlobKind::literal;
}

std::uint32_t glob_flags(const MimeGlob& glob) { return glob.weight | (glob.case_sensitive ? 0x100u : 0u); }

// Code points of well-formed UTF-8, from the last to the first.
std::vector<char32_t> backwards(std::string_view text) {
  std::vector<char32_t> points;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      points.push_back(byte);
    else if (byte < 0xc0)
      points.back() = points.back() << 6 | (byte & 0x3fu);
    else
      points.push_back(byte & (byte < 0xe0 ? 0x1fu : byte < 0xf0 ? 0x0fu : 0x07u));
  }
  std::ranges::reverse(points);
  return points;
}

// The tree of suffixes: a node for each character, from the last of a name on; a character of 0 is an end, with a type.
struct SuffixNode {
  char32_t character = 0;
  std::string type;
  unsigned weight = 0;
  bool case_sensitive = false;
  std::vector<SuffixNode> children;
};

void add_suffix(std::vector<SuffixNode>& nodes, const char32_t* at, const char32_t* end, const MimeGlob& glob) {
  auto node = std::ranges::lower_bound(nodes, *at, {}, &SuffixNode::character);
  if (node == nodes.end() || node->character != *at) node = nodes.insert(node, {.character = *at, .type = {}, .children = {}});
  if (at + 1 != end) return add_suffix(node->children, at + 1, end, glob);
  auto leaf = node->children.begin();
  for (; leaf != node->children.end() && leaf->character == 0; ++leaf) {
    if (leaf->type != glob.type) continue;
    leaf->weight = std::max(leaf->weight, glob.weight);
    return;
  }
  node->children.insert(leaf, {.character = 0, .type = glob.type, .weight = glob.weight, .case_sensitive = glob.case_sensitive, .children = {}});
}

class MimeCacheWriter {
 public:
  explicit MimeCacheWriter(const MimeTypes& types) : types_(types) {}

  std::string write() {
    constexpr std::size_t kSections = 10;
    out_.assign(4 + 4 * kSections, '\0');
    out_[1] = 1;
    out_[3] = 2;
    write_strings();
    const std::array<std::uint32_t, kSections> starts = {pairs(types_.aliases),         parents(), globs(GlobKind::literal),    suffixes(),
                                                         globs(GlobKind::full),         magic(),   namespaces(),                pairs(types_.icons),
                                                         pairs(types_.generic_icons),   names()};
    for (std::size_t i = 0; i < kSections; ++i) set(4 + 4 * i, starts[i]);
    return std::move(out_);
  }

 private:
  std::uint32_t here() const { return static_cast<std::uint32_t>(out_.size()); }
  void set(std::size_t at, std::uint32_t number) {
    for (std::size_t b = 0; b < 4; ++b) out_[at + b] = static_cast<char>(number >> (24 - 8 * b) & 0xff);
  }
  void put(std::uint32_t number) {
    out_.append(4, '\0');
    set(out_.size() - 4, number);
  }
  void put_name(std::string_view text) { put(*places_.find(text)); }
  void put_bytes(std::string_view bytes) { out_.append(bytes).append((4 - bytes.size() % 4) % 4, '\0'); }

  void write_strings() {
    const auto use = [&](std::string_view text) { places_[text]; };
    for (const auto* each : types_.aliases.in_glib_order()) use(each->first), use(each->second);
    for (const auto* each : types_.parents.in_glib_order()) {
      use(each->first);
      for (const std::string& parent : each->second) use(parent);
    }
    for (const auto* each : types_.globs.in_glib_order()) {
      if (kind_of_glob(each->first) != GlobKind::suffix) use(each->first);
      for (const MimeGlob& glob : each->second) use(glob.type);
    }
    for (const MimeMagic& each : types_.magic) use(each.type);
    for (const auto* each : types_.namespaces.in_glib_order()) {
      const std::size_t blank = each->first.find(' ');
      use(each->second), use(each->first.substr(0, blank)), use(each->first.substr(blank + 1));
    }
    for (const auto* icons : {&types_.generic_icons, &types_.icons}) {
      for (const auto* each : icons->in_glib_order()) use(each->first), use(each->second);
    }
    for (const auto* each : places_.in_glib_order()) {
      places_[each->first] = here();
      put_bytes(each->first + '\0');
    }
  }

  std::uint32_t pairs(const GlibTable<std::string>& table) {
    const std::uint32_t start = here();
    put(static_cast<std::uint32_t>(table.size()));
    for (const auto* each : table.sorted()) put_name(each->first), put_name(each->second);
    return start;
  }

  std::uint32_t parents() {
    const std::uint32_t start = here();
    const auto sorted = types_.parents.sorted();
    put(static_cast<std::uint32_t>(sorted.size()));
    std::uint32_t list = start + 4 + 8 * static_cast<std::uint32_t>(sorted.size());
    for (const auto* each : sorted) {
      put_name(each->first);
      put(list);
      list += 4 + 4 * static_cast<std::uint32_t>(each->second.size());
    }
    for (const auto* each : sorted) {
      put(static_cast<std::uint32_t>(each->second.size()));
      for (const std::string& parent : each->second) put_name(parent);
    }
    return start;
  }

  std::uint32_t globs(GlobKind kind) {
    const std::uint32_t start = here();
    put(0);
    std::uint32_t count = 0;
    for (const auto* each : types_.globs.sorted()) {
      if (kind_of_glob(each->first) != kind) continue;
      for (const MimeGlob& glob : each->second) {
        put_name(glob.pattern), put_name(glob.type), put(glob_flags(glob));
        ++count;
      }
    }
    set(start, count);
    return start;
  }

  // Level by level; children of a node stand together.
  std::uint32_t suffixes() {
    std::vector<SuffixNode> roots;
    for (const auto* each : types_.globs.in_glib_order()) {
      if (kind_of_glob(each->first) != GlobKind::suffix) continue;
      const auto points = backwards(std::string_view(each->first).substr(1));
      for (const MimeGlob& glob : each->second) add_suffix(roots, points.data(), points.data() + points.size(), glob);
    }
    const std::uint32_t start = here();
    put(static_cast<std::uint32_t>(roots.size()));
    put(start + 8);
    std::uint32_t children = start + 8 + 12 * static_cast<std::uint32_t>(roots.size());
    std::deque<const SuffixNode*> waiting;
    for (const SuffixNode& root : roots) waiting.push_back(&root);
    for (; !waiting.empty(); waiting.pop_front()) {
      const SuffixNode& node = *waiting.front();
      put(node.character);
      if (node.character == 0) {
        put_name(node.type);
        put(node.weight | (node.case_sensitive ? 0x100u : 0u));
        continue;
      }
      put(static_cast<std::uint32_t>(node.children.size()));
      put(children);
      children += 12 * static_cast<std::uint32_t>(node.children.size());
      for (const SuffixNode& child : node.children) waiting.push_back(&child);
    }
    return start;
  }

  struct Matchlet {
    const MimeMatch* match;
    std::size_t first_child = 0;
  };
  // All of one list together, then what is below the first of them, and so on. Returns where the list begins.
  static std::size_t line_up(const std::vector<MimeMatch>& matches, std::vector<Matchlet>& out) {
    const std::size_t first = out.size();
    for (const MimeMatch& match : matches) out.push_back({.match = &match});
    for (std::size_t i = 0; i < matches.size(); ++i) {
      if (!matches[i].matches.empty()) out[first + i].first_child = line_up(matches[i].matches, out);
    }
    return first;
  }

  std::uint32_t magic() {
    std::vector<Matchlet> matchlets;
    std::vector<std::size_t> firsts;
    for (const MimeMagic& each : types_.magic) firsts.push_back(line_up(each.matches, matchlets));
    std::uint32_t extent = 0;
    for (const Matchlet& each : matchlets)
      extent = std::max(extent, static_cast<std::uint32_t>(each.match->data.size()) + each.match->start + each.match->length);
    const std::uint32_t start = here();
    put(static_cast<std::uint32_t>(types_.magic.size()));
    put(extent);
    put(start + 12);
    const std::uint32_t list = start + 12 + 16 * static_cast<std::uint32_t>(types_.magic.size());
    const auto place = [&](std::size_t number) { return list + 32 * static_cast<std::uint32_t>(number); };
    for (std::size_t i = 0; i < types_.magic.size(); ++i) {
      put(types_.magic[i].priority);
      put_name(types_.magic[i].type);
      put(static_cast<std::uint32_t>(types_.magic[i].matches.size()));
      put(place(firsts[i]));
    }
    std::uint32_t data = place(matchlets.size());
    const auto next_data = [&](const std::string& bytes) {
      const std::uint32_t at = data;
      data += static_cast<std::uint32_t>((bytes.size() + 3) / 4 * 4);
      return at;
    };
    for (const auto& [match, first_child] : matchlets) {
      put(match->start), put(match->length), put(match->word_size), put(static_cast<std::uint32_t>(match->data.size()));
      put(next_data(match->data));
      put(match->mask.empty() ? 0 : next_data(match->mask));
      put(static_cast<std::uint32_t>(match->matches.size()));
      put(match->matches.empty() ? 0 : place(first_child));
    }
    for (const Matchlet& each : matchlets) put_bytes(each.match->data), put_bytes(each.match->mask);
    return start;
  }

  std::uint32_t namespaces() {
    const std::uint32_t start = here();
    put(static_cast<std::uint32_t>(types_.namespaces.size()));
    for (const auto* each : types_.namespaces.sorted()) {
      const std::size_t blank = each->first.find(' ');
      put_name(each->first.substr(0, blank)), put_name(each->first.substr(blank + 1)), put_name(each->second);
    }
    return start;
  }

  // The program looks each name up with a newline behind it and finds none of them; nothing reads this list.
  std::uint32_t names() {
    const std::uint32_t start = here();
    put(static_cast<std::uint32_t>(types_.types.size()));
    out_.append(4 * types_.types.size(), '\0');
    return start;
  }

  const MimeTypes& types_;
  GlibTable<std::uint32_t> places_;
  std::string out_;
};

}  // namespace

std::string write_mime_cache(const MimeTypes& types) { return MimeCacheWriter(types).write(); }

}  // namespace resole::deb
