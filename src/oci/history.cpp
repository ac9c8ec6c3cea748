// SPDX-License-Identifier: Apache-2.0
// History and layers are two lists that should walk together: each entry without `empty_layer` stands for the next layer. In found images
// they often do not. Tools that add a layer without an entry make the history short, squashing tools drop it, others write too much.
//
//   layers   L0 L1 L2          history  "ADD rootfs", "ENV x" (empty), "RUN y"        one entry short
//
// Which layer has no entry cannot be known, and a guess would only matter to readers that index one list by the other. So a short history
// is filled up at its end (as BuildKit does), a long one is left alone, and what we append comes after it: from then on our own entries are
// the last ones without `empty_layer`, which is all that taking our layers off again needs.
#include "oci/history.hpp"

#include <algorithm>
#include <optional>

#include "base/json.hpp"
#include "oci/json_fields.hpp"

namespace resole::oci {

namespace {

constexpr const char* kFiller = "a layer whose history was not recorded";

bool stands_for_layer(const OrderedJson& entry) { return !fields::optional_bool(entry, "empty_layer", "history"); }

void pad(OrderedJson& history, std::size_t layers) {
  const std::size_t known = static_cast<std::size_t>(std::count_if(history.begin(), history.end(), stands_for_layer));
  for (std::size_t at = known; at < layers; ++at) history.push_back({{"created_by", kFiller}});
}

// Takes the last `count` entries that stand for layers; empty ones between them say something about the config and stay.
void strip(OrderedJson& history, std::size_t count) {
  auto& entries = history.get_ref<OrderedJson::array_t&>();
  for (std::size_t at = entries.size(); at > 0 && count > 0; --at) {
    if (!stands_for_layer(entries[at - 1])) continue;
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at - 1));
    --count;
  }
}

std::size_t known_layers(const OrderedJson& history) { return static_cast<std::size_t>(std::count_if(history.begin(), history.end(), stands_for_layer)); }

OrderedJson list_of(const OrderedJson& history) { return history.is_array() ? history : OrderedJson::array(); }

// What stands behind the base's history, when the image's begins with it: then it is known where the application's begins, empty entries and all.
std::optional<OrderedJson> behind(const OrderedJson& base, const OrderedJson& image) {
  if (base.empty() || image.size() < base.size() || !std::equal(base.begin(), base.end(), image.begin())) return std::nullopt;
  OrderedJson tail = OrderedJson::array();
  for (std::size_t i = base.size(); i < image.size(); ++i) tail.push_back(image[i]);
  return tail;
}

// The last entries that stand for this many layers, with the empty ones between and behind them.
OrderedJson last_of(const OrderedJson& image, std::size_t layers) {
  std::size_t first = image.size();
  for (std::size_t known = 0; first > 0 && known < layers; --first) known += stands_for_layer(image[first - 1]) ? 1 : 0;
  OrderedJson tail = OrderedJson::array();
  for (std::size_t i = first; layers > 0 && i < image.size(); ++i) tail.push_back(image[i]);
  return tail;
}

OrderedJson tail_of(const BaseHistories& all) {
  const std::size_t own = all.layers - all.old_layers - all.strip;
  OrderedJson image = list_of(all.image);
  if (known_layers(image) >= all.strip) strip(image, all.strip);
  auto tail = behind(list_of(all.old_base), image);
  if (!tail || known_layers(*tail) > own) {
    pad(image, all.layers - all.strip);
    tail = last_of(image, own);
  }
  pad(*tail, own);
  return std::move(*tail);
}

}  // namespace

OrderedJson rebase_history(const BaseHistories& histories) {
  if (list_of(histories.image).empty() && list_of(histories.new_base).empty()) return histories.image;
  OrderedJson out = list_of(histories.new_base);
  pad(out, histories.new_layers);
  for (OrderedJson& entry : tail_of(histories)) out.push_back(std::move(entry));
  return out;
}

OrderedJson edit_history(OrderedJson history, const HistoryChange& change) {
  if (history.is_null() && change.created_by.empty()) return history;
  if (history.is_null()) history = OrderedJson::array();
  pad(history, change.layers);
  strip(history, change.strip);
  for (const std::string& text : change.created_by) {
    OrderedJson entry = OrderedJson::object();
    if (!change.created.empty()) entry["created"] = change.created;
    entry["created_by"] = text;
    history.push_back(std::move(entry));
  }
  return history;
}

}  // namespace resole::oci
