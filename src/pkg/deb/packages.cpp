// SPDX-License-Identifier: Apache-2.0
// Debian's main index is 50 MB of text for 64,000 packages, and a plan asks for some hundred of them. So the text is read once per signed
// version of the index: fields that nobody here reads (descriptions, tags, weak hashes) are dropped, and what is left is written with two
// sorted tables behind it.
//
//   text      stanzas, "Package: NAME\n" first, an empty line after each
//   names     rows of {offset, length} of a stanza, sorted by name, then by place
//   provided  rows of {offset, length} of a name in a Provides field and {offset, length} of its stanza, sorted by that name, then by place
//   footer    magic, size of the text, number of rows
//
// Numbers are as the machine writes them; the magic tells another byte order. Offsets are checked when the form is opened and whenever one
// is followed.
#include "pkg/deb/packages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::uint64_t kMagic = 0x31676b50'6c736572;  // "reslPkg1"
constexpr std::uint64_t kTextLimit = 1ull << 30;
constexpr std::size_t kStanzaLimit = 4u << 20;
constexpr std::size_t kRowLimit = 4'000'000;
constexpr std::size_t kReadSize = 256u << 10;
constexpr std::string_view kFirst = "Package: ";

// Sorted. Package is not among them: it is written first.
constexpr std::array<std::string_view, 20> kKept = {
    "Architecture", "Breaks",   "Conflicts", "Depends",    "Description-md5",
    "Essential",    "Filename", "Important", "Multi-Arch", "Phased-Update-Percentage",
    "Pre-Depends",  "Priority", "Protected", "Provides",   "Replaces",
    "SHA256",       "Section",  "Size",      "Source",     "Version",
};
static_assert(std::ranges::is_sorted(kKept));

bool is_kept(std::string_view field) { return std::ranges::binary_search(kKept, field); }

struct Span {
  std::uint32_t offset, length;
};
struct NameRow {
  Span stanza;
};
struct ProvidedRow {
  Span name, stanza;
};
struct Footer {
  std::uint64_t magic, text_size, names, provided;
};

template <class Row>
void write_rows(Sink& out, const std::vector<Row>& rows) {
  out.write({reinterpret_cast<const char*>(rows.data()), rows.size() * sizeof(Row)});
}

// Takes the lines of an index one by one and writes the kept form.
class Compiler {
 public:
  Compiler(Sink& out, std::string_view what) : out_(out), what_(what) {}

  void line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      finish_stanza();
    } else if (line.front() == ' ' || line.front() == '\t') {
      if (keeping_) fields_.append(line).push_back('\n');
    } else {
      field(line);
    }
    if (fields_.size() > kStanzaLimit) fail(fmt::format("more than {} bytes", kStanzaLimit));
  }

  void finish() {
    finish_stanza();
    sort_rows();
    write_rows(out_, names_);
    write_rows(out_, provided_);
    const Footer footer{kMagic, written_, names_.size(), provided_.size()};
    out_.write({reinterpret_cast<const char*>(&footer), sizeof footer});
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(ErrorKind::input,
                fmt::format("{}: package {}: {}", printable(what_), name_.empty() ? "without a name" : printable(name_), problem));
  }

  void field(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) fail(fmt::format("\"{}\" is not a field", printable(line, 60)));
    const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
    keeping_ = false;
    open_ = true;
    if (name == "Package") {
      name_ = value;
      return;
    }
    if (!is_kept(name)) return;
    keeping_ = true;
    if (name == "Provides") provides_at_ = fields_.size();
    required_ +=
        name == "Version" || name == "Architecture" || ((name == "SHA256" || name == "Size" || name == "Filename") && !value.empty());
    fields_.append(line).push_back('\n');
  }

  void finish_stanza() {
    if (!open_) return;
    if (name_.empty()) fail("no Package field");
    if (required_ != 5) fail("not one each of Version, Architecture, Filename, Size and SHA256 (weaker hashes are refused)");
    const std::uint64_t start = written_;
    const std::uint64_t length = kFirst.size() + name_.size() + 1 + fields_.size();
    if (start + length + 1 > kTextLimit || names_.size() == kRowLimit) fail("the index is too large");
    const Span stanza{static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(length)};
    names_.push_back({stanza});
    name_keys_.push_back(name_);
    if (provides_at_ != std::string::npos) add_provided(stanza, static_cast<std::uint32_t>(length - fields_.size()));
    out_.write(kFirst);
    out_.write(name_);
    out_.write("\n");
    fields_.push_back('\n');
    out_.write(fields_);
    written_ = start + length + 1;
    fields_.clear();
    name_.clear();
    provides_at_ = std::string::npos;
    required_ = 0;
    open_ = keeping_ = false;
  }

  // The names in "Provides: a (= 1), b:any": entries between commas up to a blank, '(' or ':'.
  void add_provided(Span stanza, std::uint32_t fields_offset) {
    std::size_t at = fields_.find(':', provides_at_) + 1;
    while (at < fields_.size()) {
      at = fields_.find_first_not_of(" \t,", at);
      if (at == std::string::npos) return;
      if (fields_[at] == '\n') {
        if (at + 1 >= fields_.size() || (fields_[at + 1] != ' ' && fields_[at + 1] != '\t')) return;  // the next field
        ++at;
        continue;
      }
      const std::size_t end = std::min(fields_.find_first_of(" \t,(:\n", at), fields_.size());
      if (provided_.size() == kRowLimit) fail("the index is too large");
      provided_.push_back({{stanza.offset + fields_offset + static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end - at)}, stanza});
      provided_keys_.emplace_back(fields_, at, end - at);
      at = std::min(fields_.find_first_of(",\n", end), fields_.size());
    }
  }

  template <class Row>
  static void sort_by_key(std::vector<Row>& rows, const std::vector<std::string>& keys) {
    std::vector<std::uint32_t> order(rows.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
      const int compared = keys[a].compare(keys[b]);
      return compared != 0 ? compared < 0 : a < b;
    });
    std::vector<Row> sorted;
    sorted.reserve(rows.size());
    for (std::uint32_t i : order) sorted.push_back(rows[i]);
    rows = std::move(sorted);
  }
  void sort_rows() {
    sort_by_key(names_, name_keys_);
    sort_by_key(provided_, provided_keys_);
  }

  Sink& out_;
  std::string_view what_;
  std::string name_, fields_;
  std::size_t provides_at_ = std::string::npos;
  int required_ = 0;
  bool open_ = false, keeping_ = false;
  std::uint64_t written_ = 0;
  std::vector<NameRow> names_;
  std::vector<ProvidedRow> provided_;
  std::vector<std::string> name_keys_, provided_keys_;
};

template <class Row>
Row load(std::string_view bytes, std::uint64_t at) {
  Row row;
  std::memcpy(&row, bytes.data() + at, sizeof row);
  return row;
}

std::string_view cut(std::string_view text, Span span) {
  return span.offset <= text.size() && span.length <= text.size() - span.offset ? text.substr(span.offset, span.length)
                                                                                : std::string_view();
}

// [first, last) of the sorted rows 0..count-1 whose key is `wanted`.
template <class Key>
std::pair<std::size_t, std::size_t> equal_rows(std::size_t count, std::string_view wanted, const Key& key) {
  std::size_t low = 0, high = count;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (key(middle) < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  std::size_t last = low;
  while (last < count && key(last) == wanted) ++last;
  return {low, last};
}

}  // namespace

void PackagesIndex::compile(Source& text, Sink& out, std::string_view what) {
  Compiler compiler(out, what);
  std::string buffer;
  std::size_t filled = 0;
  while (true) {
    if (buffer.size() < filled + kReadSize) buffer.resize(filled + kReadSize);
    const std::size_t got = text.read(buffer.data() + filled, buffer.size() - filled);
    if (got == 0) break;
    filled += got;
    std::size_t begin = 0;
    while (const void* newline = std::memchr(buffer.data() + begin, '\n', filled - begin)) {
      const std::size_t end = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer.data());
      compiler.line(std::string_view(buffer).substr(begin, end - begin));
      begin = end + 1;
    }
    std::memmove(buffer.data(), buffer.data() + begin, filled - begin);
    filled -= begin;
    if (filled > kStanzaLimit)
      throw Error(ErrorKind::input, fmt::format("{}: a line of more than {} bytes", printable(what), kStanzaLimit));
  }
  if (filled > 0) compiler.line(std::string_view(buffer).substr(0, filled));
  compiler.finish();
}

std::optional<PackagesIndex> PackagesIndex::open(Blob kept) {
  const std::string_view bytes = kept.bytes();
  if (bytes.size() < sizeof(Footer)) return std::nullopt;
  const Footer footer = load<Footer>(bytes, bytes.size() - sizeof(Footer));
  if (footer.magic != kMagic || footer.text_size > kTextLimit || footer.names > kRowLimit || footer.provided > kRowLimit)
    return std::nullopt;
  if (footer.text_size + footer.names * sizeof(NameRow) + footer.provided * sizeof(ProvidedRow) + sizeof(Footer) != bytes.size())
    return std::nullopt;
  PackagesIndex index;
  index.kept_ = std::move(kept);
  index.text_size_ = footer.text_size;
  index.name_count_ = footer.names;
  index.provided_count_ = footer.provided;
  return index;
}

std::string_view PackagesIndex::stanza_at(std::uint64_t table, std::size_t row, std::size_t width) const {
  // The stanza's span is the last thing in a row of either table.
  const Span span = load<Span>(kept_.bytes(), table + (row + 1) * width - sizeof(Span));
  return cut(kept_.bytes().substr(0, text_size_), span);
}

std::string_view PackagesIndex::name_at(std::size_t row) const {
  const std::string_view stanza = stanza_at(text_size_, row, sizeof(NameRow));
  if (stanza.size() < kFirst.size()) return {};
  const std::string_view rest = stanza.substr(kFirst.size());
  return rest.substr(0, rest.find('\n'));
}

std::string_view PackagesIndex::provided_at(std::size_t row) const {
  const std::uint64_t table = text_size_ + name_count_ * sizeof(NameRow);
  return cut(kept_.bytes().substr(0, text_size_), load<ProvidedRow>(kept_.bytes(), table + row * sizeof(ProvidedRow)).name);
}

std::vector<std::string_view> PackagesIndex::find(std::string_view name) const {
  const auto [first, last] = equal_rows(name_count_, name, [this](std::size_t row) { return name_at(row); });
  std::vector<std::string_view> found;
  for (std::size_t row = first; row < last; ++row) found.push_back(stanza_at(text_size_, row, sizeof(NameRow)));
  return found;
}

std::vector<std::string_view> PackagesIndex::providers(std::string_view name) const {
  const std::uint64_t table = text_size_ + name_count_ * sizeof(NameRow);
  const auto [first, last] = equal_rows(provided_count_, name, [this](std::size_t row) { return provided_at(row); });
  std::vector<std::string_view> found;
  for (std::size_t row = first; row < last; ++row) found.push_back(stanza_at(table, row, sizeof(ProvidedRow)));
  return found;
}

std::vector<std::string_view> PackagesIndex::names() const {
  std::vector<std::string_view> all;
  all.reserve(name_count_);
  for (std::size_t row = 0; row < name_count_; ++row) {
    const std::string_view name = name_at(row);
    if (all.empty() || all.back() != name) all.push_back(name);
  }
  return all;
}

}  // namespace resole::deb
