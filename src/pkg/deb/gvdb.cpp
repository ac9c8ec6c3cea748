// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/gvdb.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <tuple>
#include <utility>

#include "pkg/deb/gvariant.hpp"

namespace resole::deb {
namespace {

constexpr std::uint32_t kNoParent = 0xffffffff;

class GvdbWriter {
 public:
  std::string write(const GvdbTable& root) {
    out_ = "GVariant";
    out_.resize(kHeader, '\0');
    const auto [start, end] = add(root);
    put(16, start, 4);
    put(20, end, 4);
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kHeader = 24, kItem = 24;

  void put(std::size_t at, std::uint64_t value, unsigned bytes) { out_.replace(at, bytes, gvariant_number(value, bytes)); }

  std::size_t allocate(std::size_t alignment, std::size_t size) {
    out_.resize((out_.size() + alignment - 1) / alignment * alignment, '\0');
    const std::size_t at = out_.size();
    out_.resize(at + size, '\0');
    return at;
  }

  // Where the table begins and ends.
  std::pair<std::size_t, std::size_t> add(const GvdbTable& table) {
    const std::size_t count = table.items.size();
    GlibOrder order;
    for (const GvdbItem& item : table.items) order.insert(item.key);
    // In its bucket each item stands before those that came before it.
    std::vector<std::vector<std::size_t>> buckets(count);
    for (const std::size_t number : order.order()) {
      auto& bucket = buckets[glib_string_hash(table.items[number].key) % count];
      bucket.insert(bucket.begin(), number);
    }
    std::vector<std::uint32_t> index(count);
    std::uint32_t next = 0, root = kNoParent;
    for (const auto& bucket : buckets) {
      for (const std::size_t number : bucket) {
        if (table.items[number].key.empty()) root = next;
        index[number] = next++;
      }
    }
    const std::size_t start = allocate(4, 8 + 4 * count + kItem * count), end = out_.size();
    put(start, std::uint32_t{5} << 27, 4);  // no bloom filter
    put(start + 4, count, 4);
    next = 0;
    for (std::size_t b = 0; b < count; ++b) {
      put(start + 8 + 4 * b, next, 4);
      for (const std::size_t number : buckets[b]) {
        add_item(table, number, start + 8 + 4 * count + kItem * next, root, index);
        ++next;
      }
    }
    return {start, end};
  }

  void add_item(const GvdbTable& table, std::size_t number, std::size_t entry, std::uint32_t root, const std::vector<std::uint32_t>& index) {
    const GvdbItem& item = table.items[number];
    put(entry, glib_string_hash(item.key), 4);
    put(entry + 4, item.child_of_root ? root : kNoParent, 4);
    put(entry + 8, out_.size(), 4);
    put(entry + 12, item.key.size(), 2);
    out_ += item.key;
    char type = '\0';
    std::size_t start = 0, end = 0;
    if (item.table) {
      type = 'H';
      std::tie(start, end) = add(*item.table);
    } else if (item.key.empty()) {
      std::vector<std::size_t> children;
      for (std::size_t i = 0; i < table.items.size(); ++i) {
        if (table.items[i].child_of_root) children.push_back(i);
      }
      if (children.empty()) return;
      std::ranges::sort(children, [&](std::size_t a, std::size_t b) { return table.items[a].key < table.items[b].key; });
      type = 'L';
      start = allocate(4, 4 * children.size());
      end = out_.size();
      for (std::size_t i = 0; i < children.size(); ++i) put(start + 4 * i, index[children[i]], 4);
    } else {
      type = 'v';
      start = allocate(8, item.variant.size());
      end = out_.size();
      out_.replace(start, item.variant.size(), item.variant);
    }
    put(entry + 14, static_cast<unsigned char>(type), 1);
    put(entry + 16, start, 4);
    put(entry + 20, end, 4);
  }

  std::string out_;
};

}  // namespace

std::uint32_t glib_string_hash(std::string_view text) {
  std::uint32_t hash = 5381;
  for (const char c : text) hash = hash * 33 + static_cast<std::uint32_t>(static_cast<signed char>(c));
  return hash;
}

// Open addressing with steps that grow.
std::size_t GlibOrder::place(std::uint32_t hash) const {
  std::size_t at = hash * 11u % modulus_;
  for (std::size_t step = 1; slots_[at] != kNone; ++step) at = (at + step) & (slots_.size() - 1);
  return at;
}

void GlibOrder::insert(std::string_view key) {
  hashes_.push_back(std::max(glib_string_hash(key), std::uint32_t{2}));  // 0 and 1 mean "unused" and "removed"
  slots_[place(hashes_.back())] = hashes_.size() - 1;
  const std::size_t count = hashes_.size();
  if (slots_.size() <= count + count / 16) resize();
}

// In place: who is put where another still waits to be moved takes his seat, and that one is moved next.
void GlibOrder::resize() {
  constexpr std::array<std::uint32_t, 24> kPrimes = {1,    2,    3,    7,     13,    31,    61,     127,    251,    509,     1021,    2039,
                                                     4093, 8191, 16381, 32749, 65521, 131071, 262139, 524287, 1048573, 2097143, 4194301, 8388593};
  const std::size_t old_size = slots_.size();
  const unsigned shift = std::max(3, static_cast<int>(std::bit_width(static_cast<unsigned>(static_cast<double>(hashes_.size()) * 1.333))));
  modulus_ = kPrimes.at(shift);
  slots_.resize(std::max(old_size, std::size_t{1} << shift), kNone);
  const std::size_t mask = (std::size_t{1} << shift) - 1;
  std::vector<bool> settled(slots_.size());
  for (std::size_t i = 0; i < old_size; ++i) {
    if (slots_[i] == kNone || settled[i]) continue;
    std::size_t moving = std::exchange(slots_[i], kNone);
    while (moving != kNone) {
      std::size_t at = hashes_[moving] * 11u % modulus_;
      for (std::size_t step = 1; settled[at]; ++step) at = (at + step) & mask;
      settled[at] = true;
      moving = std::exchange(slots_[at], moving);
    }
  }
  slots_.resize(std::size_t{1} << shift);
}

std::vector<std::size_t> GlibOrder::order() const {
  std::vector<std::size_t> numbers;
  std::ranges::copy_if(slots_, std::back_inserter(numbers), [](std::size_t slot) { return slot != kNone; });
  return numbers;
}

std::string write_gvdb(const GvdbTable& root) { return GvdbWriter().write(root); }

}  // namespace resole::deb
