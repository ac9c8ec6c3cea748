// SPDX-License-Identifier: Apache-2.0
// A feed compiled once: one run of bytes that is mapped and asked without being read. Little-endian words of 4 bytes after a header of 64 bytes:
//
//   header      magic "rsl-fed1"; then the number of texts, of their bytes, of scopes, packages, records and attributes; the place of the feed's own date
//   texts       where each ends, then the bytes: every text once, in byte order, so that a number stands for it
//   scopes      text, order, first package, number of packages
//   packages    text, 1 for a source, first record, number of records: sorted by source and text within each scope
//   records     id, advisory, introduced, fixed, last, word, arches, module, status and severity
//   attributes  id, score (bits of a float, negative = none), 1 for known exploited: sorted by id
//
// The bytes come from a cache, so nothing in them is believed: sizes are checked when it is opened, every number when it is used.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/feed/record.hpp"
#include "base/bytes.hpp"

namespace resole::advisory::feed {

inline constexpr std::string_view kIndexForm = "1";  // changes with what readers make of the same feed, so that old indexes are not found again

class IndexBuilder : public Records {
 public:
  IndexBuilder();
  ~IndexBuilder() override;
  void add(Record record) override;        // Error(input) when there are more than 30 million, or more than 2 GB of text
  void add(Attribute attribute) override;
  void dated(std::string_view text) override;
  void left_out(std::string_view reason) override;

  std::size_t records() const;
  std::size_t attributes() const;
  std::vector<std::pair<std::string, std::size_t>> left_out() const;  // reasons and how often, sorted
  std::string finish();                    // the index; the builder is empty afterwards

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Index {
 public:
  explicit Index(Blob bytes);              // Error(input) when it is damaged

  struct Entry {                           // a record of the index
    std::string_view id, advisory, introduced, fixed, last, word, arches, module;
    Status status = Status::unknown;
    Severity severity = Severity::unknown;
  };
  struct Span {                            // records of one package
    std::uint32_t first = 0, count = 0;
  };

  std::vector<std::string_view> scopes() const;
  std::optional<std::uint32_t> find_scope(std::string_view scope) const;
  Order order(std::uint32_t scope) const;
  Span find(std::uint32_t scope, bool source, std::string_view package) const;
  Entry entry(std::uint32_t record) const;
  std::optional<Attribute> attribute(std::string_view id) const;
  std::string_view date() const;           // the feed's own; ""
  std::size_t records() const { return records_; }
  std::size_t attributes() const { return attributes_; }

 private:
  std::uint32_t word(std::size_t section, std::size_t index) const;
  std::string_view text(std::uint32_t number) const;
  std::optional<std::uint32_t> number_of(std::string_view text) const;

  Blob bytes_;
  std::uint32_t texts_ = 0, text_bytes_ = 0, scopes_ = 0, packages_ = 0, records_ = 0, attributes_ = 0, date_ = 0;
  std::size_t scope_at_ = 0, package_at_ = 0, record_at_ = 0, attribute_at_ = 0;  // offsets of the sections
};

}  // namespace resole::advisory::feed
