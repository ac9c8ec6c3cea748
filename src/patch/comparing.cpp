// SPDX-License-Identifier: Apache-2.0
#include "patch/comparing.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "plan/rebase_guards.hpp"

namespace resole::patch {

namespace {

std::string difference_of(const rootfs::Node& a, const rootfs::Node& b, const std::vector<std::string>& links_a, const std::vector<std::string>& links_b) {
  std::vector<std::string> what;
  const rootfs::Entry &x = a.entry, &y = b.entry;
  if (x.type != y.type) return "type";
  if (x.type == tar::Type::file && x.sha256 != y.sha256) what.emplace_back("content");
  if (x.type == tar::Type::symlink && x.link != y.link) what.emplace_back("target");
  if (x.type != tar::Type::symlink && x.mode != y.mode) what.emplace_back("mode");
  if (x.uid != y.uid || x.gid != y.gid) what.emplace_back("owner");
  if (x.xattrs != y.xattrs) what.emplace_back("attributes");
  if ((x.type == tar::Type::character || x.type == tar::Type::block) && (x.major != y.major || x.minor != y.minor)) what.emplace_back("device");
  if (x.type == tar::Type::file && links_a != links_b) what.emplace_back("links");
  return join(what, ", ");
}

std::vector<FileChange> compare_files(const rootfs::Tree& a, const rootfs::Tree& b) {
  std::map<std::string, std::string> changes;
  a.walk("", [&](const rootfs::Node& node) {
    const std::string& path = node.entry.path;
    const rootfs::Node* other = b.find(path);
    const bool linked = node.link_set != 0 || (other && other->link_set != 0);
    const std::string what = !other ? "removed" : difference_of(node, *other, linked ? a.link_set(path) : std::vector<std::string>(), linked ? b.link_set(path) : std::vector<std::string>());
    if (!what.empty()) changes[path] = what;
  });
  b.walk("", [&](const rootfs::Node& node) {
    if (!a.find(node.entry.path)) changes[node.entry.path] = "added";
  });
  std::vector<FileChange> out;
  for (auto& [path, what] : changes) out.push_back({"/" + path, what});
  return out;
}

// Members by their place; Env by variable, lists as they are.
void flatten(const Json& value, const std::string& place, std::map<std::string, std::string>& out) {
  if (place == "config.Env" && value.is_array()) {
    for (const Json& each : value) {
      const std::string text = each.is_string() ? each.get<std::string>() : dump_compact(each);
      out[place + "." + text.substr(0, text.find('='))] = text.find('=') == std::string::npos ? "" : dump_compact(Json(text.substr(text.find('=') + 1)));
    }
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.items()) flatten(member, place.empty() ? key : place + "." + key, out);
    if (value.empty() && !place.empty()) out[place] = "{}";
  } else if (!value.is_null()) {
    out[place] = dump_compact(value);
  }
}

std::map<std::string, std::string> config_members(const oci::Config& config) {
  Json json = parse_json(config.bytes(), "config");
  for (const char* key : {"rootfs", "history"}) json.erase(key);
  std::map<std::string, std::string> out;
  flatten(json, "", out);
  return out;
}

std::vector<ConfigChange> compare_configs(const oci::Config& a, const oci::Config& b) {
  const auto before = config_members(a), after = config_members(b);
  std::set<std::string> places;
  for (const auto* members : {&before, &after}) {
    for (const auto& [place, text] : *members) places.insert(place);
  }
  std::vector<ConfigChange> out;
  for (const std::string& place : places) {
    const auto text_in = [&](const auto& members) {
      const auto found = members.find(place);
      return found == members.end() ? std::string() : found->second;
    };
    if (text_in(before) != text_in(after)) out.push_back({place, text_in(before), text_in(after)});
  }
  return out;
}

}  // namespace

Comparison compare(const PlatformView& a, const PlatformView& b) {
  Comparison out;
  out.a = a.image.platform();
  out.b = b.image.platform();
  out.packages = plan::base_changes(a.given_inventory, b.given_inventory);
  out.files = compare_files(a.given, b.given);
  out.config = compare_configs(a.image.config, b.image.config);
  std::multiset<Digest> of_a, of_b;
  for (const oci::Layer& layer : a.image.layers()) of_a.insert(layer.diff_id);
  for (const oci::Layer& layer : b.image.layers()) of_b.insert(layer.diff_id);
  for (const oci::Layer& layer : a.image.layers()) {
    (of_b.contains(layer.diff_id) ? out.shared : out.only_a).push_back(layer);
    out.size_a += layer.descriptor.size;
  }
  for (const oci::Layer& layer : b.image.layers()) {
    if (!of_a.contains(layer.diff_id)) out.only_b.push_back(layer);
    out.size_b += layer.descriptor.size;
  }
  return out;
}

std::vector<std::pair<const PlatformView*, const PlatformView*>> pairs_of(const ImageView& a, const ImageView& b, bool named) {
  std::vector<std::pair<const PlatformView*, const PlatformView*>> pairs;
  if (named && a.platforms.size() == 1 && b.platforms.size() == 1) return {{&a.platforms[0], &b.platforms[0]}};
  for (const PlatformView& one : a.platforms) {
    for (const PlatformView& other : b.platforms) {
      if (other.image.platform().matches(one.image.platform())) {
        pairs.emplace_back(&one, &other);
        break;
      }
    }
  }
  if (pairs.empty()) throw Error(ErrorKind::input, "the two images have no platform in common", "name one of each: --platform OS/ARCH --platform OS/ARCH");
  return pairs;
}

}  // namespace resole::patch
