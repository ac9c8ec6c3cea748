// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/trigger_queue.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "pkg/deb/triggers.hpp"

namespace resole::deb {
namespace {

std::string_view without_options(std::string_view package) { return package.substr(0, package.find('/')); }  // "libc-bin/noawait"

}  // namespace

void TriggerQueue::add(std::string_view package, std::string_view trigger) {
  if (!queued_.emplace(std::string(package), std::string(trigger)).second) return;
  const auto found = std::ranges::find_if(waiting_, [&](const auto& each) { return each.first == package; });
  // dpkg puts the newest first (trig_note_pend_core()).
  if (found != waiting_.end()) found->second.insert(found->second.begin(), std::string(trigger));
  else waiting_.push_back({std::string(package), {std::string(trigger)}});
}

void TriggerQueue::load_file_interests(const Read& read) {
  if (file_interests_) return;
  file_interests_.emplace();
  const std::string text = read(fmt::format("{}/File", kTriggersDirectory)).value_or("");
  for (const auto line : lines(text)) {
    const auto words = split_words(line);
    if (words.size() == 2) file_interests_->emplace_back(std::string(words[0]), std::string(without_options(words[1])));
  }
  std::ranges::sort(*file_interests_);
}

// dpkg's trig_path_activate(): the path itself, then each directory above it.
void TriggerQueue::activate_path(std::string_view path, const Read& read) {
  load_file_interests(read);
  for (; path.size() > 1; path = path.substr(0, path.rfind('/'))) {
    const auto [first, last] = std::ranges::equal_range(*file_interests_, path, {}, [](const auto& each) { return std::string_view(each.first); });
    for (auto each = first; each != last; ++each) add(each->second, each->first);
  }
}

void TriggerQueue::activate(std::string_view trigger, const Read& read) {
  if (trigger.starts_with('/')) return activate_path(trigger, read);
  if (trigger.find('/') != trigger.npos || trigger.starts_with('.')) return;
  const std::string text = read(fmt::format("{}/{}", kTriggersDirectory, trigger)).value_or("");
  for (const auto line : lines(text)) {
    if (const auto package = without_options(trim(line)); !package.empty()) add(package, trigger);
  }
}

void TriggerQueue::activate_explicit(std::string_view triggers, const Read& read) {
  for (const std::string_view line : lines(triggers)) {
    const auto words = split_words(line.substr(0, line.find('#')));
    if (words.size() == 2 && words[0].starts_with("activate")) activate(words[1], read);
  }
}

void TriggerQueue::activate_deferred(std::string_view unincorporated, const Read& read) {
  for (const std::string_view line : lines(unincorporated)) {
    const auto words = split_words(line);
    if (!words.empty()) activate(words[0], read);
  }
}

void TriggerQueue::forget(std::string_view package) {
  std::erase_if(waiting_, [&](const auto& each) { return each.first == package; });
  std::erase_if(queued_, [&](const auto& each) { return each.first == package; });
}

std::vector<std::pair<std::string, std::vector<std::string>>> TriggerQueue::take() {
  queued_.clear();
  file_interests_.reset();
  return std::exchange(waiting_, {});
}

}  // namespace resole::deb
