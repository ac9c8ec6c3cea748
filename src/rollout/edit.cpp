// SPDX-License-Identifier: Apache-2.0
// The way of one file: parse with spans -> places of the targets -> replacements, spliced from the back -> parse again and require that only the
// intended scalars differ. A file that fails the last test is left as it is (field/rollout.md 3.3 rule 5).
#include "rollout/edit.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "rollout/targets.hpp"

namespace resole::rollout {

namespace {

std::size_t line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

// Lines that name the image in a file that cannot be read as YAML: listed, so that nothing is passed over in silence.
void note_mentions(const ManifestFile& file, const std::vector<document::RolloutImage>& images, std::string_view reason, std::string_view detail,
                   document::Rollout& out) {
  std::size_t number = 0;
  for (const auto line : lines(file.text)) {
    ++number;
    for (const auto& image : images) {
      if (line.find(repository_of(image.source_reference)) == std::string_view::npos) continue;
      out.not_applied.push_back({file.path, std::string(repository_of(image.source_reference)), std::string(reason), std::string(detail), number});
      break;
    }
  }
}

struct Flat { std::string pointer, value; yaml::Kind kind; yaml::Style style; };

std::vector<Flat> flatten(const std::vector<yaml::Document>& documents) {
  std::vector<Flat> all;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    yaml::walk(documents[i].root, [&](const std::string& pointer, const yaml::Node& node) {
      all.push_back({std::to_string(i) + pointer, node.value, node.kind, node.style});
    });
  }
  return all;
}

// Same nodes, same values, but for the edited ones.
bool only_intended_changes(const std::vector<yaml::Document>& before, std::string_view after, const std::string& path, const std::vector<document::FileEdit>& edits) {
  std::map<std::string, std::string> intended;
  for (const auto& edit : edits) intended[std::to_string(edit.document) + edit.pointer] = edit.new_value;
  const auto old_nodes = flatten(before);
  const auto new_nodes = flatten(yaml::parse(after, path));
  if (old_nodes.size() != new_nodes.size()) return false;
  for (std::size_t i = 0; i < old_nodes.size(); ++i) {
    const auto edit = intended.find(old_nodes[i].pointer);
    const std::string& expected = edit == intended.end() ? old_nodes[i].value : edit->second;
    if (old_nodes[i].pointer != new_nodes[i].pointer || new_nodes[i].value != expected || old_nodes[i].kind != new_nodes[i].kind ||
        old_nodes[i].style != new_nodes[i].style) {
      return false;
    }
  }
  return true;
}

class FileEditor {
 public:
  FileEditor(const ManifestFile& file, Pin pin, EditPlan& plan) : file_(file), pin_(pin), plan_(plan), images_(plan.rollout.images) {}

  void run() {
    if (yaml::looks_templated(file_.text)) return note_mentions(file_, images_, "templated", "a template, not YAML: edit the values it is filled with", plan_.rollout);
    try {
      documents_ = yaml::parse(file_.text, file_.path);
    } catch (const Error& error) {
      return note_mentions(file_, images_, "unreadable", error.message(), plan_.rollout);
    }
    for (std::size_t i = 0; i < documents_.size(); ++i) visit(i);
    if (!edits_.empty()) apply();
  }

 private:
  void visit(std::size_t index) {
    const yaml::Node& root = documents_[index].root;
    std::set<const yaml::Node*> known;
    for (const Target& target : targets()) {
      if (!target.recognises(root)) continue;
      for (const Place& place : target.places(root)) {
        known.insert(place.node);
        consider(index, place);
      }
    }
    yaml::walk(root, [&](const std::string& pointer, const yaml::Node& node) {
      if (node.is_scalar() && !known.contains(&node)) note_elsewhere(pointer, node);
    });
  }

  void consider(std::size_t index, const Place& place) {
    const yaml::Node& node = *place.node;
    if (node.kind == yaml::Kind::alias) {
      return refuse(node, node.value, "alias", "the reference stands at anchor &" + node.value + "; it is edited there when that is the place of an image");
    }
    const auto found = match(node.value, images_, pin_);
    if (!found) return;
    workload(index, place, found->image);
    if (node.style == yaml::Style::literal || node.style == yaml::Style::folded) return refuse(node, node.value, "block-scalar", "a reference in a block scalar is not edited");
    if (node.text.of(file_.text) != node.value) return refuse(node, node.value, "escaped", "the reference is written with escapes");
    if (found->replacement == node.value) return;
    edits_.push_back({file_.path, place.pointer, node.value, found->replacement, index, node.text.begin, node.text.end});
  }

  void workload(std::size_t index, const Place& place, std::size_t image) {
    plan_.rollout.workloads.push_back({place.kind, place.ns, place.name, place.container, image, file_.path, place.pointer, index, place.node->value});
  }

  // A scalar that is exactly a reference of the image, in a place that no target knows.
  void note_elsewhere(const std::string& pointer, const yaml::Node& node) {
    const bool bare_repository = std::any_of(images_.begin(), images_.end(), [&](const auto& image) { return node.value == repository_of(image.source_reference); });
    if (!bare_repository && (node.value.find_first_of(":@") == std::string::npos || !match(node.value, images_, pin_))) return;
    refuse(node, node.value, "unknown-place", "not the place of an image that resole edits: " + pointer);
  }

  void refuse(const yaml::Node& node, const std::string& reference, std::string_view reason, std::string detail) {
    if (node.kind == yaml::Kind::alias && !anchor_means_image(node.value)) return;
    plan_.rollout.not_applied.push_back({file_.path, reference, std::string(reason), std::move(detail), line_of(file_.text, node.text.begin)});
  }

  bool anchor_means_image(const std::string& anchor) {
    bool means = false;
    for (const auto& document : documents_) {
      yaml::walk(document.root, [&](const std::string&, const yaml::Node& node) {
        if (node.anchor == anchor && node.is_scalar() && match(node.value, images_, pin_)) means = true;
      });
    }
    return means;
  }

  void apply() {
    std::sort(edits_.begin(), edits_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
    std::string after = file_.text;
    for (auto edit = edits_.rbegin(); edit != edits_.rend(); ++edit) after.replace(edit->begin, edit->end - edit->begin, edit->new_value);
    if (!only_intended_changes(documents_, after, file_.path, edits_)) {
      for (const auto& edit : edits_) {
        plan_.rollout.not_applied.push_back({file_.path, edit.old_value, "not-isolated", "the edit would change more than the reference", line_of(file_.text, edit.begin)});
      }
      return;
    }
    plan_.rollout.files.push_back({file_.path, Digest::of(file_.text), Digest::of(after)});
    plan_.rollout.edits.insert(plan_.rollout.edits.end(), edits_.begin(), edits_.end());
    plan_.files.push_back({file_.path, file_.text, std::move(after)});
  }

  const ManifestFile& file_;
  Pin pin_;
  EditPlan& plan_;
  const std::vector<document::RolloutImage>& images_;
  std::vector<yaml::Document> documents_;
  std::vector<document::FileEdit> edits_;
};

// Content-addressed: the same images edited into the same files are the same change set, on any machine.
std::string change_set_id(const document::Rollout& rollout) {
  Json images = Json::array(), files = Json::array();
  for (const auto& image : rollout.images) images.push_back({image.source_reference, image.source.text(), image.patched_reference, image.patched.text()});
  for (const auto& file : rollout.files) files.push_back({file.file, file.before.text(), file.after.text()});
  return Digest::of(dump_compact(Json{{"images", images}, {"files", files}})).text();
}

}  // namespace

bool mentions(std::string_view text, const std::vector<document::RolloutImage>& images) {
  return std::any_of(images.begin(), images.end(), [&](const auto& image) {
    const std::string_view repository = repository_of(image.source_reference);
    const auto slash = repository.rfind('/');
    return text.find(slash == std::string_view::npos ? repository : repository.substr(slash + 1)) != std::string_view::npos;
  });
}

EditPlan plan_edits(const std::vector<ManifestFile>& files, std::vector<document::RolloutImage> images, Pin pin) {
  EditPlan plan;
  plan.rollout.tool_version = RESOLE_VERSION;
  plan.rollout.images = std::move(images);
  for (const auto& file : files) {
    if (mentions(file.text, plan.rollout.images)) FileEditor(file, pin, plan).run();
  }
  plan.rollout.change_set_id = change_set_id(plan.rollout);
  return plan;
}

}  // namespace resole::rollout
