// SPDX-License-Identifier: Apache-2.0
// A Packages index in the form in which we keep it: the fields that planning and proving need, and tables that find a stanza by its name or
// by a name that it provides. Reading one costs nothing (the cache maps the file); only stanzas that are asked for are ever parsed.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace resole::deb {

class PackagesIndex {
 public:
  static constexpr std::string_view kFormat = "1";  // part of the cache key: a changed form is another key

  // Reads a Packages text (decompressed) once and writes the kept form. Error(input) names `what` and the package: no name, version or
  // architecture, no SHA256, Size or Filename (weaker hashes are refused), limits.
  static void compile(Source& text, Sink& out, std::string_view what);
  // nullopt when these are not the bytes that compile() writes.
  static std::optional<PackagesIndex> open(Blob kept);

  std::vector<std::string_view> find(std::string_view name) const;       // stanzas of that name, in the order of the index
  std::vector<std::string_view> providers(std::string_view name) const;  // stanzas whose Provides name it, in the order of the index
  std::vector<std::string_view> names() const;                           // sorted, each once
  std::size_t size() const { return name_count_; }                       // stanzas

 private:
  std::string_view stanza_at(std::uint64_t table, std::size_t row, std::size_t width) const;
  std::string_view name_at(std::size_t row) const;
  std::string_view provided_at(std::size_t row) const;

  Blob kept_;
  std::uint64_t text_size_ = 0;
  std::size_t name_count_ = 0, provided_count_ = 0;
};

}  // namespace resole::deb
