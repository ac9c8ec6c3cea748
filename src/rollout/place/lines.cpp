// SPDX-License-Identifier: Apache-2.0
// Files that are not YAML and are read line by line: Podman quadlets (systemd units with "Image=") and Dockerfiles (FROM, COPY --from).
#include <set>

#include "base/text.hpp"
#include "rollout/place/places.hpp"

namespace resole::rollout {

namespace {

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// `piece` is a view into the text.
Part part_of(std::string_view text, std::string_view piece, std::size_t line) {
  Part part;
  part.there = true;
  part.bare = true;
  part.value = piece;
  part.pointer = fmt::format("/{}", line);
  part.text.begin = static_cast<std::size_t>(piece.data() - text.data());
  part.text.end = part.text.begin + piece.size();
  part.outer = part.text;
  return part;
}

Site site_of(std::string_view target, std::string kind, std::string name, std::string container, std::string type, Part whole) {
  Site site;
  site.target = target;
  site.kind = std::move(kind);
  site.name = std::move(name);
  site.container = std::move(container);
  site.type = std::move(type);
  site.whole = std::move(whole);
  return site;
}

}  // namespace

bool is_quadlet_path(std::string_view path) { return path.ends_with(".container") || path.ends_with(".image") || path.ends_with(".volume"); }

bool is_dockerfile_path(std::string_view path) {
  const std::string name = lower(base_name(path));
  return name.starts_with("dockerfile") || name.starts_with("containerfile") || name.ends_with(".dockerfile") || name.ends_with(".containerfile");
}

bool is_quadlet(Search& search) { return is_quadlet_path(search.path()); }

// podman-systemd.unit(5): Image= in [Container], [Image] and [Volume]. A name that ends in .image or .build is another unit.
void find_quadlet(Search& search) {
  std::string section;
  std::size_t number = 0;
  for (const auto line : lines(search.text())) {
    ++number;
    const auto content = trim(line);
    if (content.starts_with('[') && content.ends_with(']')) section = content.substr(1, content.size() - 2);
    if (section != "Container" && section != "Image" && section != "Volume") continue;
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos || trim(content.substr(0, equals)) != "Image") continue;
    const auto value = trim(content.substr(equals + 1));
    if (value.empty() || value.ends_with(".image") || value.ends_with(".build")) continue;
    const std::string name(search.file_name().substr(0, search.file_name().rfind('.')));
    search.add(site_of("quadlet", "Quadlet" + section, name, "", "container", part_of(search.text(), value, number)));
  }
}

bool is_dockerfile(Search& search) { return is_dockerfile_path(search.path()); }

// Words of an instruction that stand on its first line; a stage's own name is no image.
void find_dockerfile(Search& search) {
  std::set<std::string> stages{"scratch"};
  std::size_t number = 0;
  bool continued = false, heredoc = false;
  for (const auto line : lines(search.text())) {
    ++number;
    const bool begins = !continued;
    const auto content = trim(line);
    if (!content.starts_with('#')) continued = content.ends_with('\\') || (content.empty() && continued);
    heredoc = heredoc || content.find("<<") != std::string_view::npos;
    const auto words = split_words(content);
    if (!begins || words.size() < 2) continue;
    const std::string instruction = lower(words[0]);
    std::string_view image;
    if (instruction == "from") {
      std::size_t at = 1;
      while (at < words.size() && words[at].starts_with("--")) ++at;
      if (at < words.size() && !stages.contains(lower(words[at]))) image = words[at];
      if (at + 2 < words.size() && lower(words[at + 1]) == "as") stages.insert(lower(words[at + 2]));
    } else if (instruction == "copy" && words[1].starts_with("--from=")) {
      const auto from = words[1].substr(7);
      if (!stages.contains(lower(from)) && !parse_unsigned(from)) image = from;
    }
    if (image.empty() || image == "\\") continue;
    Site site = site_of("dockerfile", "Dockerfile", std::string(search.path()), instruction, "stage", part_of(search.text(), image, number));
    if (heredoc) site.whole.obstacle = LeftReason::embedded;  // below a here-document nobody knows what is an instruction
    search.add(std::move(site));
  }
}

}  // namespace resole::rollout
