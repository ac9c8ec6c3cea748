// SPDX-License-Identifier: Apache-2.0
#include "advisory/feed/index.hpp"

#include <bit>

#include "advisory/feed/index_layout.hpp"
#include "base/error.hpp"

namespace resole::advisory::feed {

namespace {

[[noreturn]] void damaged() { throw Error(ErrorKind::input, "a compiled feed is damaged", "run `resole feed update` or `resole feed import` again"); }

std::uint32_t word_at(std::string_view bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < 4) damaged();
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[offset + static_cast<std::size_t>(i)]);
  return value;
}

}  // namespace

Index::Index(Blob bytes) : bytes_(std::move(bytes)) {
  const std::string_view all = bytes_.bytes();
  if (all.size() < kIndexHeader || !all.starts_with(kIndexMagic)) damaged();
  std::size_t at = kIndexMagic.size();
  for (std::uint32_t* field : {&texts_, &text_bytes_, &scopes_, &packages_, &records_, &attributes_, &date_}) {
    *field = word_at(all, at);
    at += 4;
  }
  // 64-bit sums of 32-bit counts: nothing overflows.
  scope_at_ = kIndexHeader + std::size_t{4} * texts_ + (std::size_t{text_bytes_} + 3) / 4 * 4;
  package_at_ = scope_at_ + 4 * kScopeWords * scopes_;
  record_at_ = package_at_ + 4 * kPackageWords * packages_;
  attribute_at_ = record_at_ + 4 * kRecordWords * records_;
  if (attribute_at_ + 4 * kAttributeWords * attributes_ != all.size() || date_ >= texts_) damaged();
}

std::uint32_t Index::word(std::size_t section, std::size_t index) const { return word_at(bytes_.bytes(), section + 4 * index); }

std::string_view Index::text(std::uint32_t number) const {
  if (number >= texts_) damaged();
  const std::uint32_t begin = number == 0 ? 0 : word(kIndexHeader, number - 1), end = word(kIndexHeader, number);
  if (begin > end || end > text_bytes_) damaged();
  return bytes_.bytes().substr(kIndexHeader + std::size_t{4} * texts_ + begin, end - begin);
}

std::optional<std::uint32_t> Index::number_of(std::string_view wanted) const {
  std::uint32_t low = 0, high = texts_;
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const int order = text(middle).compare(wanted);
    if (order == 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return std::nullopt;
}

std::vector<std::string_view> Index::scopes() const {
  std::vector<std::string_view> all;
  for (std::uint32_t i = 0; i < scopes_; ++i) all.push_back(text(word(scope_at_, kScopeWords * i)));
  return all;
}

std::optional<std::uint32_t> Index::find_scope(std::string_view scope) const {
  for (std::uint32_t i = 0; i < scopes_; ++i) {
    if (text(word(scope_at_, kScopeWords * i)) == scope) return i;
  }
  return std::nullopt;
}

Order Index::order(std::uint32_t scope) const {
  if (scope >= scopes_) damaged();
  const std::uint32_t value = word(scope_at_, kScopeWords * scope + 1);
  if (value > static_cast<std::uint32_t>(Order::apk)) damaged();
  return static_cast<Order>(value);
}

Index::Span Index::find(std::uint32_t scope, bool source, std::string_view package) const {
  if (scope >= scopes_) damaged();
  const auto number = number_of(package);
  if (!number) return {};
  const std::uint32_t first = word(scope_at_, kScopeWords * scope + 2), count = word(scope_at_, kScopeWords * scope + 3);
  if (first > packages_ || count > packages_ - first) damaged();
  const std::pair<std::uint32_t, std::uint32_t> wanted{source ? 1 : 0, *number};
  for (std::uint32_t low = first, high = first + count; low < high;) {
    const std::uint32_t middle = low + (high - low) / 2;
    const std::pair<std::uint32_t, std::uint32_t> here{word(package_at_, kPackageWords * middle + 1), word(package_at_, kPackageWords * middle)};
    if (here == wanted) {
      const Span span{word(package_at_, kPackageWords * middle + 2), word(package_at_, kPackageWords * middle + 3)};
      if (span.first > records_ || span.count > records_ - span.first) damaged();
      return span;
    }
    if (here < wanted) low = middle + 1;
    else high = middle;
  }
  return {};
}

Index::Entry Index::entry(std::uint32_t record) const {
  if (record >= records_) damaged();
  const auto field = [&](std::size_t i) { return word(record_at_, kRecordWords * record + i); };
  const std::uint32_t state = field(8), status = state & 0xff, severity = state >> 8;
  if (status > static_cast<std::uint32_t>(Status::unknown) || severity > static_cast<std::uint32_t>(Severity::critical)) damaged();
  return {.id = text(field(0)),
          .advisory = text(field(1)),
          .introduced = text(field(2)),
          .fixed = text(field(3)),
          .last = text(field(4)),
          .word = text(field(5)),
          .arches = text(field(6)),
          .module = text(field(7)),
          .status = static_cast<Status>(status),
          .severity = static_cast<Severity>(severity)};
}

std::optional<Attribute> Index::attribute(std::string_view id) const {
  const auto number = number_of(id);
  if (!number) return std::nullopt;
  for (std::uint32_t low = 0, high = attributes_; low < high;) {
    const std::uint32_t middle = low + (high - low) / 2, here = word(attribute_at_, kAttributeWords * middle);
    if (here == *number) {
      const float score = std::bit_cast<float>(word(attribute_at_, kAttributeWords * middle + 1));
      return Attribute{std::string(id), score >= 0 && score <= 1 ? static_cast<double>(score) : -1, word(attribute_at_, kAttributeWords * middle + 2) == 1};
    }
    if (here < *number) low = middle + 1;
    else high = middle;
  }
  return std::nullopt;
}

std::string_view Index::date() const { return text(date_); }

}  // namespace resole::advisory::feed
