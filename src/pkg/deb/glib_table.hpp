// SPDX-License-Identifier: Apache-2.0
// A table of strings that can be walked as a program with GLib's walks its GHashTable.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/deb/gvdb.hpp"

namespace resole::deb {

template <class Value>
class GlibTable {
 public:
  using Entry = std::pair<std::string, Value>;
  Value& operator[](std::string_view key) {
    const auto found = numbers_.find(key);
    if (found != numbers_.end()) return all_[found->second].second;
    numbers_.emplace(key, all_.size());
    return all_.emplace_back(key, Value()).second;
  }
  const Value* find(std::string_view key) const {
    const auto found = numbers_.find(key);
    return found == numbers_.end() ? nullptr : &all_[found->second].second;
  }
  std::size_t size() const { return all_.size(); }
  std::vector<const Entry*> in_glib_order() const {
    GlibOrder order;
    for (const Entry& entry : all_) order.insert(entry.first);
    std::vector<const Entry*> entries;
    for (const std::size_t number : order.order()) entries.push_back(&all_[number]);
    return entries;
  }
  std::vector<const Entry*> sorted() const {  // by bytes
    std::vector<const Entry*> entries;
    for (const auto& [key, number] : numbers_) entries.push_back(&all_[number]);
    return entries;
  }

 private:
  std::vector<Entry> all_;  // in the order in which they came
  std::map<std::string, std::size_t, std::less<>> numbers_;
};

}  // namespace resole::deb
