// SPDX-License-Identifier: Apache-2.0
// GVDB: the file format of gschemas.compiled, as GLib's gvdb-builder writes it. A table of names; each holds a value (a GVariant in a variant) or a table.
//
// The order in the file is that of GLib's hash tables, which decides between names in one bucket; so it is kept here as well (GLib 2.60 and newer).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace resole::deb {

std::uint32_t glib_string_hash(std::string_view text);

// The order in which g_hash_table_foreach() comes by the keys of a table of strings into which they were put in this order, each once, and none removed.
class GlibOrder {
 public:
  void insert(std::string_view key);
  std::vector<std::size_t> order() const;  // numbers of insertions

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t place(std::uint32_t hash) const;
  void resize();

  std::vector<std::uint32_t> hashes_;  // by number of insertion
  std::vector<std::size_t> slots_ = std::vector<std::size_t>(8, kNone);
  std::uint32_t modulus_ = 7;
};

struct GvdbTable;

struct GvdbItem {
  std::string key;
  bool child_of_root = false;  // listed under the item named ""
  std::string variant;         // serialised variant, when it holds a value
  std::shared_ptr<const GvdbTable> table;
};

// `items` in the order in which they are put into GLib's hash table. The one named "" holds the list of those that are its children.
struct GvdbTable {
  std::vector<GvdbItem> items;
};

std::string write_gvdb(const GvdbTable& root);

}  // namespace resole::deb
