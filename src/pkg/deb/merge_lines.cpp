// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/merge_lines.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"

namespace resole::deb {
namespace {

using KeyedRecords = std::map<std::string, std::string_view>;

// nullopt when a key stands twice: then the table is not what it should be, and nothing is known of it.
std::optional<KeyedRecords> keyed(std::string_view text, const RecordForm& form) {
  KeyedRecords out;
  for (const std::string_view record : form.records(text)) {
    if (!out.emplace(form.key(record), record).second) return std::nullopt;
  }
  return out;
}

std::vector<std::string_view> whole_lines(std::string_view text) {
  std::vector<std::string_view> out;
  for (const std::string_view line : lines(text)) {
    if (!line.empty()) out.push_back(line);
  }
  return out;
}

std::optional<std::string_view> record_at(const KeyedRecords& records, const std::string& key) {
  const auto found = records.find(key);
  return found == records.end() ? std::nullopt : std::optional(found->second);
}

class TextMerger {
 public:
  TextMerger(const RecordForm& form, const KeyedRecords& o, const KeyedRecords& n, const KeyedRecords& a) : form_(form), o_(o), n_(n), a_(a) {}

  MergedText run(std::string_view new_base, std::string_view application) {
    MergedText out;
    std::string text;
    std::set<std::string> done;
    for (const std::string_view side : {new_base, application}) {
      for (const std::string_view record : form_.records(side)) {
        const std::string key = form_.key(record);
        if (!done.insert(key).second) continue;
        if (const auto chosen = choose(key, out.conflicts)) text += *chosen + "\n";
      }
    }
    out.text = std::move(text);
    return out;
  }

 private:
  std::optional<std::string> choose(const std::string& key, std::vector<std::string>& conflicts) const {
    const auto o = record_at(o_, key), n = record_at(n_, key), a = record_at(a_, key);
    const auto own = [](const auto& side) { return side ? std::optional<std::string>(*side) : std::nullopt; };
    if (a == o) return own(n);
    if (n == o || a == n) return own(a);
    if (form_.settle && n && a) {
      if (auto settled = form_.settle(o.value_or(""), *n, *a)) return settled;
    }
    conflicts.push_back(key);
    return own(a);
  }

  const RecordForm& form_;
  const KeyedRecords &o_, &n_, &a_;
};

// "sudo:x:27:alice,bob": what both sides did to the members, together.
std::optional<std::string> settle_group(std::string_view old_base, std::string_view new_base, std::string_view application) {
  const auto parts = [](std::string_view line) { return split(line, ':'); };
  const auto o = parts(old_base), n = parts(new_base), a = parts(application);
  if (n.size() != 4 || a.size() != 4 || o.size() != 4) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    if (n[i] != a[i]) return std::nullopt;
  }
  const auto members = [](std::string_view text) {
    std::vector<std::string_view> out;
    for (const auto each : split(text, ',')) {
      if (!each.empty()) out.push_back(each);
    }
    return out;
  };
  const auto has = [](const auto& list, std::string_view name) { return std::ranges::find(list, name) != list.end(); };
  const auto before = members(o[3]), theirs = members(n[3]), own = members(a[3]);
  std::vector<std::string> all;
  for (const auto name : theirs) {
    if (has(own, name) || !has(before, name)) all.emplace_back(name);
  }
  for (const auto name : own) {
    if (!has(theirs, name) && !has(before, name)) all.emplace_back(name);
  }
  return std::string(n[0]) + ":" + std::string(n[1]) + ":" + std::string(n[2]) + ":" + join(all, ",");
}

std::string_view field_of(std::string_view paragraph, std::string_view name) {
  for (const std::string_view line : lines(paragraph)) {
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') return trim(line.substr(name.size() + 1));
  }
  return {};
}

}  // namespace

MergedText merge_text(const ThreeTexts& texts, const RecordForm& form) {
  const auto own = [](const auto& side) { return MergedText{side ? std::optional<std::string>(*side) : std::nullopt, {}}; };
  if (texts.application == texts.old_base) return own(texts.new_base);
  if (texts.new_base == texts.old_base || texts.application == texts.new_base) return own(texts.application);
  const std::string_view n = texts.new_base.value_or(""), a = texts.application.value_or("");
  const auto of_old = keyed(texts.old_base.value_or(""), form), of_new = keyed(n, form), of_application = keyed(a, form);
  if (!of_old || !of_new || !of_application) return {std::string(a), {"a line stands twice"}};
  MergedText out = TextMerger(form, *of_old, *of_new, *of_application).run(n, a);
  // The same records in another order are no reason to write the file.
  const auto merged = keyed(*out.text, form);
  if (merged && *merged == *of_application) out.text = std::string(a);
  if (merged && *merged == *of_new) out.text = std::string(n);
  return out;
}

RecordForm set_of_lines() { return {whole_lines, [](std::string_view line) { return std::string(line); }}; }

RecordForm lines_by_last_word() {
  return {whole_lines, [](std::string_view line) { return std::string(line.substr(line.find_last_of(" \t") + 1)); }};
}

RecordForm lines_by_first_field() {
  return {whole_lines, [](std::string_view line) { return std::string(line.substr(0, line.find(':'))); }};
}

RecordForm groups() {
  RecordForm form = lines_by_first_field();
  form.settle = settle_group;
  return form;
}

RecordForm paragraphs(std::vector<std::string> key_fields) {
  const auto records = [](std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
      const std::size_t end = text.find("\n\n");
      const std::string_view one = text.substr(0, end == std::string_view::npos ? end : end + 1);
      if (!trim(one).empty()) out.push_back(one);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    }
    return out;
  };
  return {records, [fields = std::move(key_fields)](std::string_view record) {
            std::string key;
            for (const std::string& field : fields) key += std::string(field_of(record, field)) + "\n";
            return key;
          }};
}

RecordForm triples() {
  const auto records = [](std::string_view text) {
    std::vector<std::string_view> out;
    const auto all = lines(text);
    for (std::size_t i = 0; i + 2 < all.size(); i += 3) {
      const char* begin = all[i].data();
      out.emplace_back(begin, static_cast<std::size_t>(all[i + 2].data() + all[i + 2].size() - begin));
    }
    return out;
  };
  return {records, [](std::string_view record) { return std::string(record.substr(0, record.find('\n'))); }};
}

RecordForm certificate_lines() {
  return {whole_lines, [](std::string_view line) { return std::string(line.substr(line.starts_with('!') ? 1 : 0)); }};
}

}  // namespace resole::deb
