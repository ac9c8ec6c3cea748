// SPDX-License-Identifier: Apache-2.0
#include "rollout/findings.hpp"

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "oci/reference.hpp"
#include "rollout/advice.hpp"
#include "rollout/decide.hpp"
#include "rollout/search.hpp"
#include "rollout/targets.hpp"

namespace resole::rollout {

namespace {

constexpr std::string_view kUpdaterAnnotation = "argocd-image-updater.argoproj.io/image-list";
constexpr std::string_view kReferenceCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@";
constexpr std::size_t kMostMentions = 200;  // told of one file

bool has_template_marks(std::string_view text) { return text.find("{{") != std::string_view::npos || text.find("{%") != std::string_view::npos; }

// "{{ x }}" is a mapping with a mapping as its key to a YAML parser (yaml::looks_templated, of what is parsed already).
bool has_mapping_as_key(const yaml::Node& node) {
  const auto is_flow_mapping = [](const yaml::Node& key) { return key.kind == yaml::Kind::mapping && key.style == yaml::Style::flow; };
  return std::any_of(node.keys.begin(), node.keys.end(), is_flow_mapping) || std::any_of(node.values.begin(), node.values.end(), has_mapping_as_key);
}

// Words that could be references, without the punctuation of a sentence.
void each_word(std::string_view text, const std::function<void(std::string_view)>& visit) {
  for (std::size_t at = text.find_first_of(kReferenceCharacters); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_not_of(kReferenceCharacters, at), text.size());
    std::string_view word = text.substr(at, end - at);
    while (!word.empty() && std::string_view(".:/-_@").find(word.back()) != std::string_view::npos) word.remove_suffix(1);
    if (word.starts_with("docker://")) word.remove_prefix(9);
    if (!word.empty()) visit(word);
    at = text.find_first_of(kReferenceCharacters, end);
  }
}

// Looks at one file.
class Finder {
 public:
  Finder(const std::string& path, std::string_view text, const Images& images, KustomizeTree& tree) : path_(path), text_(text), images_(images), tree_(tree) {}

  Findings run() {
    if (is_lines_path(path_)) {
      const yaml::Node nothing;
      out_.sites = find_sites(path_, text_, nothing, 0);
      return std::move(out_);
    }
    try {
      const auto documents = yaml::parse(text_, path_);
      if (has_template_marks(text_) && std::any_of(documents.begin(), documents.end(), [](const auto& each) { return has_mapping_as_key(each.root); })) {
        mentions_in_lines(LeftReason::templated, "");
      } else {
        for (std::size_t i = 0; i < documents.size(); ++i) document(documents[i].root, i);
      }
    } catch (const Error& error) {
      out_.sites.clear();
      const bool templated = has_template_marks(text_);
      mentions_in_lines(templated ? LeftReason::templated : LeftReason::unreadable, templated ? "" : error.message());
    }
    return std::move(out_);
  }

 private:
  void document(const yaml::Node& root, std::size_t index) {
    if (root.kind != yaml::Kind::mapping) return elsewhere(root, {}, index);
    tree_.add(path_, text_, root, index);
    context(root);
    auto sites = find_sites(path_, text_, root, index);
    std::set<std::size_t> known;
    for (const Site& site : sites) {
      for (const Part* part : {&site.whole, &site.registry, &site.name_part, &site.repository, &site.tag, &site.digest}) {
        if (part->there) known.insert(part->text.begin);
      }
    }
    elsewhere(root, known, index);
    std::move(sites.begin(), sites.end(), std::back_inserter(out_.sites));
  }

  // Scalars that mean one of the images in places that no target knows.
  void elsewhere(const yaml::Node& root, const std::set<std::size_t>& known, std::size_t) {
    std::function<void(const yaml::Node&)> look = [&](const yaml::Node& node) {
      if (node.is_scalar() && !known.contains(node.text.begin) && images_.mentioned_in(node.value) && !is_in_site(node, known)) mention(node);
      for (const auto& child : node.values) look(child);
    };
    look(root);
  }

  // The reference of "docker://app" and of "name=app" begins inside the scalar.
  static bool is_in_site(const yaml::Node& node, const std::set<std::size_t>& known) {
    const auto next = known.lower_bound(node.text.begin);
    return next != known.end() && *next < node.text.end;
  }

  void mention(const yaml::Node& node) {
    const std::size_t line = line_of(node.text.begin);
    const std::string_view value = trim(node.value);
    const bool exact = images_.match(value).has_value() && value.find_first_of(":@") != std::string_view::npos;
    if (exact || (value.find('/') != std::string_view::npos && images_.of_name(value))) return leave(value, LeftReason::unknown_place, line, "");
    each_word(node.value, [&](std::string_view word) {
      if (word.find_first_of(":@") == std::string_view::npos) return;
      const auto match = images_.match(word);
      if (match && match->meaning != Meaning::ours) leave(word, LeftReason::embedded, line, "");
    });
  }

  // Lines of a file that is not read: listed, so that nothing is passed over in silence.
  void mentions_in_lines(LeftReason reason, const std::string& detail) {
    std::size_t number = 0;
    for (const auto line : lines(text_)) {
      ++number;
      if (trim(line).starts_with('#') || !images_.mentioned_in(line)) continue;
      bool said = false;
      each_word(line, [&](std::string_view word) {
        const bool name = word.find('/') != std::string_view::npos || word.find(':') != std::string_view::npos;
        if (said || !name || (!images_.match(word) && !images_.of_name(repository_of(word)))) return;
        leave(word, reason, number, detail);
        said = true;
      });
    }
  }

  void leave(std::string_view reference, LeftReason reason, std::size_t line, const std::string& detail) {
    if (out_.left.size() < kMostMentions) out_.left.push_back({path_, std::string(reference), reason, detail, line});
  }

  void context(const yaml::Node& root) {
    Search search(path_, text_, root, 0);
    const At meta = search.get(search.root(), "metadata");
    const std::string kind = search.text_of(search.root(), "kind"), version = search.text_of(search.root(), "apiVersion"), name = search.text_of(meta, "name");
    const bool verifies = version.starts_with("kyverno.io/") ? text_.find("verifyImages") != std::string_view::npos
                                                             : kind == "ClusterImagePolicy" || kind == "ImageValidatingPolicy";
    if (verifies) out_.policies.push_back({kind, name, path_});
    const std::string list = search.text_of(search.get(meta, "annotations"), kUpdaterAnnotation);
    for (const auto each : split(list, ',')) {  // "alias=repository:constraint"
      std::string_view reference = trim(each);
      if (const auto equals = reference.find('='); equals != std::string_view::npos) reference.remove_prefix(equals + 1);
      try {
        if (!reference.empty()) out_.image_updater.insert(oci::Reference::parse(repository_of(reference)).name());
      } catch (const Error&) {
        // a constraint in a form of its own: not a repository that could be ours
      }
    }
  }

  std::size_t line_of(std::size_t offset) const {
    return 1 + static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text_.size())), '\n'));
  }

  const std::string& path_;
  std::string_view text_;
  const Images& images_;
  KustomizeTree& tree_;
  Findings out_;
};

std::string_view line_at(std::string_view text, std::size_t offset) {
  const std::size_t before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  return text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin);
}

}  // namespace

Findings find_in(const std::string& path, std::string_view text, const Images& images, KustomizeTree& tree) { return Finder(path, text, images, tree).run(); }

bool is_context(std::string_view path) {
  const std::string name = lower(path.substr(path.rfind('/') + 1));
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "kustomization" || is_renovate_config(path);
}

void add_context_words(WordSet& words) {
  for (const char* word : {"kustomize.toolkit.fluxcd.io", "argocd-image-updater.argoproj.io", "verifyImages", "ClusterImagePolicy", "ImageValidatingPolicy"}) words.add(word);
}

LeftReason owner_by_comment(const Site& site, std::string_view text) {
  for (const Part* part : {&site.whole, &site.repository, &site.tag, &site.digest}) {
    if (!part->there) continue;
    const std::string_view line = line_at(text, part->outer.begin);
    const std::string_view tail = line.substr(std::min(line.size(), part->outer.end - static_cast<std::size_t>(line.data() - text.data())));
    if (tail.find("\"$imagepolicy\"") != std::string_view::npos) return LeftReason::image_policy;
    const std::size_t begin = static_cast<std::size_t>(line.data() - text.data());
    const std::string_view above = begin < 2 ? std::string_view() : trim(line_at(text, begin - 1));
    const auto is_renovate = [](std::string_view comment) {
      const std::size_t hash = comment.find('#');
      return hash != std::string_view::npos && trim(comment.substr(hash + 1)).starts_with("renovate:");
    };
    if (is_renovate(tail) || (above.starts_with('#') && is_renovate(above))) return LeftReason::renovate;
  }
  return LeftReason::none;
}

}  // namespace resole::rollout
