// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <deque>
#include <map>
#include <numeric>
#include <unordered_map>

#include "advisory/feed/index.hpp"
#include "advisory/feed/index_layout.hpp"
#include "base/error.hpp"

namespace resole::advisory::feed {

namespace {

constexpr std::size_t kMostRecords = 30'000'000;
constexpr std::uint64_t kMostText = 2ull << 30;

void append_word(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xff);
}

}  // namespace

// A record in numbers: scope, order, source, package, then as it stands in the index.
struct IndexRow {
  std::uint32_t scope, order, source, package;
  std::uint32_t id, advisory, introduced, fixed, last, word, module, state, arch;
  auto operator<=>(const IndexRow&) const = default;
};

struct IndexBuilder::State {
  std::unordered_map<std::string_view, std::uint32_t> numbers;
  std::deque<std::string> texts;
  std::uint64_t text_bytes = 0;
  std::vector<IndexRow> rows;
  std::map<std::string, Attribute> attributes;
  std::map<std::string, std::size_t, std::less<>> reasons;
  std::string date;

  std::uint32_t number(std::string_view text) {
    if (const auto found = numbers.find(text); found != numbers.end()) return found->second;
    text_bytes += text.size();
    if (text_bytes > kMostText) throw Error(ErrorKind::input, "the feed holds more text than an index takes (2 GB)");
    texts.emplace_back(text);
    const auto next = static_cast<std::uint32_t>(numbers.size());
    numbers.emplace(texts.back(), next);
    return next;
  }

  // Texts get the numbers of their order.
  void sort_texts(std::vector<std::string_view>& sorted) {
    std::vector<std::uint32_t> order(texts.size()), renumbered(texts.size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return texts[a] < texts[b]; });
    for (std::uint32_t at = 0; at < order.size(); ++at) {
      renumbered[order[at]] = at;
      sorted.push_back(texts[order[at]]);
    }
    for (IndexRow& row : rows) {
      for (std::uint32_t* field : {&row.scope, &row.package, &row.id, &row.advisory, &row.introduced, &row.fixed, &row.last, &row.word, &row.module, &row.arch})
        *field = renumbered[*field];
    }
    for (auto& [text, number] : numbers) number = renumbered[number];
  }

  // The same fact for several architectures is one record that lists them.
  void join_arches() {
    std::ranges::sort(rows);
    std::vector<IndexRow> joined;
    for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
      IndexRow model = rows[begin];
      std::string arches;
      bool every = false;
      for (end = begin; end < rows.size(); ++end) {
        IndexRow other = rows[end];
        other.arch = model.arch;
        if (other != model) break;
        const std::string& arch = texts[rows[end].arch];
        every = every || arch.empty() || arch == "noarch";
        if (end > begin && rows[end].arch == rows[end - 1].arch) continue;
        arches += (arches.empty() ? "" : ",") + arch;
      }
      model.arch = number(every ? std::string() : arches);
      joined.push_back(model);
    }
    rows = std::move(joined);
  }
};

IndexBuilder::IndexBuilder() : state_(std::make_unique<State>()) {}
IndexBuilder::~IndexBuilder() = default;

void IndexBuilder::add(Record record) {
  State& state = *state_;
  if (state.rows.size() >= kMostRecords) throw Error(ErrorKind::input, fmt::format("the feed holds more than {} facts", kMostRecords));
  state.rows.push_back({.scope = state.number(record.scope),
                        .order = static_cast<std::uint32_t>(record.order),
                        .source = record.source ? 1u : 0u,
                        .package = state.number(record.package),
                        .id = state.number(record.id),
                        .advisory = state.number(record.advisory),
                        .introduced = state.number(record.introduced),
                        .fixed = state.number(record.fixed),
                        .last = state.number(record.last),
                        .word = state.number(record.word),
                        .module = state.number(record.module),
                        .state = static_cast<std::uint32_t>(record.status) | static_cast<std::uint32_t>(record.severity) << 8,
                        .arch = state.number(record.arch)});
}

void IndexBuilder::add(Attribute attribute) {
  if (state_->attributes.size() >= kMostRecords) throw Error(ErrorKind::input, fmt::format("the feed holds more than {} facts", kMostRecords));
  Attribute& kept = state_->attributes[attribute.id];
  kept.id = attribute.id;
  kept.epss = std::max(kept.epss, attribute.epss);
  kept.known_exploited = kept.known_exploited || attribute.known_exploited;
}

void IndexBuilder::dated(std::string_view text) {
  text = text.substr(0, 25);
  if (text.size() >= 10 && text.front() >= '0' && text.front() <= '9' && text > state_->date) state_->date = text;
}

void IndexBuilder::left_out(std::string_view reason) {
  if (const auto found = state_->reasons.find(reason); found != state_->reasons.end()) {
    ++found->second;
  } else {
    state_->reasons.emplace(state_->reasons.size() < 100 ? reason : "other reasons", 1);
  }
}

std::size_t IndexBuilder::records() const { return state_->rows.size(); }
std::size_t IndexBuilder::attributes() const { return state_->attributes.size(); }
std::vector<std::pair<std::string, std::size_t>> IndexBuilder::left_out() const { return {state_->reasons.begin(), state_->reasons.end()}; }

std::string IndexBuilder::finish() {
  State& state = *state_;
  state.number(state.date);
  for (const auto& [id, attribute] : state.attributes) state.number(id);
  state.number("");
  state.join_arches();
  std::vector<std::string_view> texts;
  state.sort_texts(texts);
  std::ranges::sort(state.rows);

  std::string scopes, packages, records, attributes;
  std::uint32_t scope_count = 0, package_count = 0;
  for (std::size_t begin = 0, end = 0; begin < state.rows.size(); begin = end) {
    const IndexRow& row = state.rows[begin];
    const std::uint32_t first_package = package_count;
    std::size_t of_package = begin;
    for (end = begin; end <= state.rows.size(); ++end) {
      const bool same_scope = end < state.rows.size() && state.rows[end].scope == row.scope && state.rows[end].order == row.order;
      const bool same_package = same_scope && state.rows[end].source == state.rows[of_package].source && state.rows[end].package == state.rows[of_package].package;
      if (!same_package) {
        for (const std::uint32_t value : {state.rows[of_package].package, state.rows[of_package].source, static_cast<std::uint32_t>(of_package), static_cast<std::uint32_t>(end - of_package)})
          append_word(packages, value);
        ++package_count;
        of_package = end;
      }
      if (!same_scope) break;
    }
    for (const std::uint32_t value : {row.scope, row.order, first_package, package_count - first_package}) append_word(scopes, value);
    ++scope_count;
  }
  for (const IndexRow& row : state.rows) {
    for (const std::uint32_t value : {row.id, row.advisory, row.introduced, row.fixed, row.last, row.word, row.arch, row.module, row.state}) append_word(records, value);
  }
  for (const auto& [id, attribute] : state.attributes) {
    append_word(attributes, state.numbers.at(id));
    append_word(attributes, std::bit_cast<std::uint32_t>(static_cast<float>(attribute.epss)));
    append_word(attributes, attribute.known_exploited ? 1 : 0);
  }

  std::string out(kIndexMagic);
  std::uint32_t place = 0;
  std::string ends, bytes;
  for (const std::string_view text : texts) {
    append_word(ends, place += static_cast<std::uint32_t>(text.size()));
    bytes += text;
  }
  bytes.resize((bytes.size() + 3) / 4 * 4, '\0');
  for (const std::size_t value : {texts.size(), static_cast<std::size_t>(place), std::size_t{scope_count}, std::size_t{package_count}, state.rows.size(), state.attributes.size(),
                                  static_cast<std::size_t>(state.numbers.at(state.date))})
    append_word(out, static_cast<std::uint32_t>(value));
  out.resize(kIndexHeader, '\0');
  out += ends;
  out += bytes;
  out += scopes;
  out += packages;
  out += records;
  out += attributes;
  state_ = std::make_unique<State>();
  return out;
}

}  // namespace resole::advisory::feed
