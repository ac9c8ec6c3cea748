// SPDX-License-Identifier: Apache-2.0
// A config that was inherited from one base becomes one of another: what stands in it as the old base had it was never the application's word, and follows the
// base; what differs is, and stays. Maps are merged by key, Env by variable, PATH by what the application put before and behind the base's.
#include <algorithm>
#include <set>

#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/base_swap.hpp"

namespace resole::oci {

namespace {

using Value = const OrderedJson*;  // nullptr: absent

Value value_at(Value object, const std::string& key) {
  if (!object || !object->is_object()) return nullptr;
  const auto found = object->find(key);
  return found == object->end() || found->is_null() ? nullptr : &*found;  // Go writers emit null for empty values
}

bool same(Value a, Value b) { return a == b || (a && b && *a == *b); }

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (const auto part : split(path, ':')) parts.emplace_back(part);
  return parts;
}

// "/opt/app/bin:<the old base's>" -> "/opt/app/bin:<the new base's>"; nullopt when the old base's is not a part of it.
std::optional<std::string> moved_path(const std::string& old_base, const std::string& new_base, const std::string& application) {
  const auto before = parts_of(old_base), all = parts_of(application);
  const auto at = std::search(all.begin(), all.end(), before.begin(), before.end());
  if (before.empty() || at == all.end()) return std::nullopt;
  std::vector<std::string> out(all.begin(), at);
  for (std::string& part : parts_of(new_base)) out.push_back(std::move(part));
  out.insert(out.end(), at + static_cast<std::ptrdiff_t>(before.size()), all.end());
  return join(out, ":");
}

// Variables in their order; what has no '=' is a name alone.
std::vector<std::pair<std::string, std::string>> variables(Value list) {
  std::vector<std::pair<std::string, std::string>> out;
  if (!list || !list->is_array()) return out;
  for (const OrderedJson& each : *list) {
    if (!each.is_string()) continue;
    const auto& text = each.get_ref<const std::string&>();
    out.emplace_back(text.substr(0, text.find('=')), text);
  }
  return out;
}

class ConfigMerger {
 public:
  explicit ConfigMerger(std::vector<std::string>& notes) : notes_(notes) {}

  // nullopt: absent.
  std::optional<OrderedJson> merge(Value o, Value n, Value a, const std::string& place) {
    if (same(a, o)) return n ? std::optional(*n) : std::nullopt;
    if (same(n, o) || same(a, n)) return a ? std::optional(*a) : std::nullopt;
    if (is_member(place) && (is_empty(o) || is_empty(n) || is_empty(a))) {
      const auto known = [](Value each) { return is_empty(each) ? nullptr : each; };
      if (!same(known(o), o) || !same(known(n), n) || !same(known(a), a)) return merge(known(o), known(n), known(a), place);
    }
    if (place == "config.Env") return merge_env(o, n, a);
    const auto is_map = [](Value each) { return !each || each->is_object(); };
    if ((a || n) && is_map(o) && is_map(n) && is_map(a)) return merge_map(o, n, a, place);
    note(place);
    return a ? std::optional(*a) : std::nullopt;
  }

 private:
  // Of the members of "config", an empty one is none (image-spec config.md: all are optional); further down "" and {} are values.
  static bool is_member(const std::string& place) { return place.starts_with("config.") && place.find('.', 7) == std::string::npos; }
  static bool is_empty(Value value) { return value && (value->is_string() ? value->get_ref<const std::string&>().empty() : value->is_structured() && value->empty()); }

  std::optional<OrderedJson> merge_map(Value o, Value n, Value a, const std::string& place) {
    OrderedJson out = a ? *a : OrderedJson::object();
    std::set<std::string> keys;
    for (Value each : {o, n, a}) {
      for (auto field = each ? each->begin() : OrderedJson::const_iterator(); each && field != each->end(); ++field) keys.insert(field.key());
    }
    for (const std::string& key : keys) {
      auto merged = merge(value_at(o, key), value_at(n, key), value_at(a, key), place.empty() ? key : place + "." + key);
      if (merged)
        out[key] = std::move(*merged);
      else
        out.erase(key);
    }
    return out;
  }

  std::optional<OrderedJson> merge_env(Value o, Value n, Value a) {
    const auto old_base = variables(o), new_base = variables(n), application = variables(a);
    const auto find = [](const auto& list, const std::string& name) -> const std::string* {
      const auto found = std::find_if(list.rbegin(), list.rend(), [&](const auto& each) { return each.first == name; });
      return found == list.rend() ? nullptr : &found->second;
    };
    OrderedJson out = OrderedJson::array();
    std::set<std::string> done;
    const auto add = [&](const std::string& name) {
      if (!done.insert(name).second) return;
      const std::string *was = find(old_base, name), *now = find(new_base, name), *own = find(application, name);
      const auto equal = [](const std::string* x, const std::string* y) { return x == y || (x && y && *x == *y); };
      const std::string* chosen = equal(own, was) ? now : own;
      if (!equal(own, was) && !equal(now, was) && !equal(own, now)) {
        if (const auto moved = name == "PATH" && was && now && own ? moved_path(was->substr(5), now->substr(5), own->substr(5)) : std::nullopt) {
          out.push_back("PATH=" + *moved);
          return;
        }
        note("config.Env " + name);
      }
      if (chosen) out.push_back(*chosen);
    };
    for (const auto& [name, text] : application) add(name);
    for (const auto& [name, text] : new_base) add(name);
    return out;
  }

  // What engines write of the build itself is nobody's wish.
  void note(const std::string& place) {
    if (place.starts_with("config.") && place != "config.Image" && place != "config.Hostname") notes_.push_back(place);
  }

  std::vector<std::string>& notes_;
};

}  // namespace

OrderedJson merge_configs(const OrderedJson& old_base, const OrderedJson& new_base, const OrderedJson& application, std::vector<std::string>& notes) {
  OrderedJson out = ConfigMerger(notes).merge(&old_base, &new_base, &application, "").value_or(OrderedJson::object());
  return out;
}

}  // namespace resole::oci
