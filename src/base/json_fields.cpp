// SPDX-License-Identifier: Apache-2.0
#include "base/json_fields.hpp"

#include <fmt/format.h>

#include <unordered_set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole {

namespace {

// The text as it comes in, one piece at a time, and how far the parser is.
class Feed {
 public:
  explicit Feed(Source& source) : source_(source), piece_(256u << 10, '\0') { refill(); }

  bool ended() const { return at_ == end_; }
  const char& current() const { return *at_; }
  void advance() {
    if (++at_ == end_) refill();
  }
  std::uint64_t offset() const { return before_ + static_cast<std::uint64_t>(at_ - piece_.data()); }

 private:
  void refill() {
    before_ += static_cast<std::uint64_t>(end_ == nullptr ? 0 : end_ - piece_.data());
    const std::size_t got = source_.read(piece_.data(), piece_.size());
    at_ = piece_.data();
    end_ = at_ + got;
  }

  Source& source_;
  std::string piece_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::uint64_t before_ = 0;
};

class FeedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  explicit FeedIterator(Feed* feed) : feed_(feed) {}
  reference operator*() const { return feed_->current(); }
  FeedIterator& operator++() {
    feed_->advance();
    return *this;
  }
  FeedIterator operator++(int) {
    FeedIterator before = *this;
    ++*this;
    return before;
  }
  // Only ever compared with the end, which is the one without a feed.
  bool operator==(const FeedIterator& other) const { return other.feed_ == nullptr ? feed_->ended() : feed_ == other.feed_; }
  bool operator!=(const FeedIterator& other) const { return !(*this == other); }

 private:
  Feed* feed_;
};

// Keys of one object. Most have few, and there are millions of such objects: these allocate nothing after the first.
class KeySet {
 public:
  void clear() {
    few_count_ = 0;
    many_.clear();
  }
  bool insert(const std::string& key) {
    if (!many_.empty()) return many_.insert(key).second;
    for (std::size_t i = 0; i < few_count_; ++i) {
      if (few_[i] == key) return false;
    }
    if (few_count_ == kFew) {
      many_.insert(few_.begin(), few_.end());
      return many_.insert(key).second;
    }
    if (few_.size() == few_count_) few_.emplace_back();
    few_[few_count_++] = key;
    return true;
  }

 private:
  static constexpr std::size_t kFew = 40;
  std::vector<std::string> few_;
  std::size_t few_count_ = 0;
  std::unordered_set<std::string> many_;
};

class FieldBuilder {
 public:
  FieldBuilder(std::string_view what, const std::vector<JsonFields::Node>& nodes, JsonFieldLimits limits, const Feed& feed)
      : what_(what), nodes_(nodes), limits_(limits), feed_(feed) {}

  Json take() { return std::move(root_); }
  [[noreturn]] void fail(std::string_view reason) const { fail_at(feed_.offset(), reason); }

  // The events as nlohmann::json_sax names them.
  bool null() { return put([] { return Json(nullptr); }); }
  bool boolean(bool value) { return put([&] { return Json(value); }); }
  bool number_integer(std::int64_t value) { return put([&] { return Json(value); }); }
  bool number_unsigned(std::uint64_t value) { return put([&] { return Json(value); }); }
  bool number_float(double value, const std::string&) { return put([&] { return Json(value); }); }
  bool string(std::string& value) {
    return put([&] {
      if ((text_ += value.size()) > limits_.text) fail("more text than is read of one report");
      return Json(value);
    });
  }
  bool binary(Json::binary_t&) { return false; }  // exists only in the binary formats
  bool start_object(std::size_t) {
    open([] { return Json::object(); });
    keys().clear();
    return true;
  }
  bool start_array(std::size_t) {
    open([] { return Json::array(); });
    return true;
  }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& value) {
    if (!keys().insert(value)) fail(fmt::format("the key \"{}\" appears twice", printable(value)));
    key_ = value;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
    std::string_view reason = error.what();
    if (const std::size_t at = reason.find(": "); at != std::string_view::npos) reason.remove_prefix(at + 2);
    fail_at(position, printable(reason));
  }

 private:
  using States = std::vector<std::size_t>;
  struct Open {
    Json* value = nullptr;  // nullptr: nothing in here is kept
    States states;
    bool whole = false;     // everything in here is kept
    bool array = false;
  };

  [[noreturn]] void fail_at(std::uint64_t offset, std::string_view reason) const {
    throw Error(ErrorKind::input, fmt::format("{}: byte {}: {}", what_, offset, reason), "this is not a JSON document as RFC 8259 has it");
  }

  KeySet& keys() {
    if (keys_.size() < depth_ + 1) keys_.resize(depth_ + 1);
    return keys_[depth_];
  }

  // Where the walk is after one more step, in next_; true when everything from there on is kept.
  bool step(const Open& parent) {
    next_.clear();
    bool whole = parent.whole;
    for (const std::size_t state : parent.states) {
      const JsonFields::Node& node = nodes_[state];
      if (node.any != 0) enter(node.any, whole);
      if (parent.array) continue;
      if (const auto found = node.named.find(key_); found != node.named.end()) enter(found->second, whole);
    }
    return whole;
  }
  void enter(std::size_t state, bool& whole) {
    next_.push_back(state);
    whole = whole || nodes_[state].whole;
  }

  Json* place(Json* parent, Json value) {
    if (++values_ > limits_.values) fail(fmt::format("more than {} values that would have to be kept", limits_.values));
    if (parent == nullptr) {
      root_ = std::move(value);
      return &root_;
    }
    if (parent->is_array()) return &parent->get_ref<Json::array_t&>().emplace_back(std::move(value));
    if ((text_ += key_.size()) > limits_.text) fail("more text than is read of one report");
    return &parent->get_ref<Json::object_t&>().insert_or_assign(key_, std::move(value)).first->second;
  }

  template <class Make>
  bool put(const Make& make) {
    check_size();
    if (depth_ == 0) {
      place(nullptr, make());
      return true;
    }
    const Open& parent = open_[depth_ - 1];
    if (parent.value == nullptr) return true;
    if (step(parent) || !next_.empty()) place(parent.value, make());
    return true;
  }

  template <class Make>
  void open(const Make& make) {
    check_size();
    if (depth_ >= limits_.depth) fail(fmt::format("nested deeper than {} levels", limits_.depth));
    if (open_.size() < depth_ + 1) open_.resize(depth_ + 1);
    bool whole = false;
    next_.clear();
    Json* parent = depth_ == 0 ? nullptr : open_[depth_ - 1].value;
    if (depth_ == 0) {
      enter(0, whole);
    } else if (parent != nullptr) {
      whole = step(open_[depth_ - 1]);
    }
    Open& frame = open_[depth_];
    frame.value = nullptr;
    if (depth_ == 0 || (parent != nullptr && (whole || !next_.empty()))) frame.value = place(parent, make());
    frame.array = frame.value != nullptr && frame.value->is_array();
    frame.whole = whole;
    frame.states.assign(next_.begin(), next_.end());
    ++depth_;
  }
  bool close() {
    --depth_;
    return true;
  }
  void check_size() const {
    if (feed_.offset() > limits_.bytes) fail_at(limits_.bytes, fmt::format("larger than the {} accepted", human_size(limits_.bytes)));
  }

  std::string_view what_;
  const std::vector<JsonFields::Node>& nodes_;
  JsonFieldLimits limits_;
  const Feed& feed_;
  Json root_;
  std::vector<Open> open_;
  std::vector<KeySet> keys_;
  std::size_t depth_ = 0, values_ = 0;
  std::uint64_t text_ = 0;
  States next_;
  std::string key_;
};

std::string unescaped(std::string_view segment) {
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] == '~' && i + 1 < segment.size()) {
      out += segment[++i] == '1' ? '/' : '~';
    } else {
      out += segment[i];
    }
  }
  return out;
}

}  // namespace

void JsonFields::add(std::string_view pointer) {
  std::size_t at = 0;
  if (!pointer.empty() && pointer.front() != '/') throw Error(ErrorKind::internal, fmt::format("\"{}\" is no JSON pointer", pointer));
  if (!pointer.empty()) {
    for (const std::string_view segment : split(pointer.substr(1), '/')) {
      std::size_t next = 0;
      if (segment == "*") {
        next = nodes_[at].any;
      } else if (const auto found = nodes_[at].named.find(unescaped(segment)); found != nodes_[at].named.end()) {
        next = found->second;
      }
      if (next == 0) {
        next = nodes_.size();
        nodes_.emplace_back();
        if (segment == "*") {
          nodes_[at].any = next;
        } else {
          nodes_[at].named.emplace(unescaped(segment), next);
        }
      }
      at = next;
    }
  }
  nodes_[at].whole = true;
}

Json parse_json_fields(Source& source, std::string_view what, const JsonFields& fields, JsonFieldLimits limits) {
  Feed feed(source);
  FieldBuilder builder(what, fields.nodes(), limits, feed);
  Json::sax_parse(FeedIterator(&feed), FeedIterator(nullptr), &builder);
  if (!feed.ended()) builder.fail("a NUL, which the document does not end with");
  return builder.take();
}

Json parse_json_fields(std::string_view text, std::string_view what, const JsonFields& fields, JsonFieldLimits limits) {
  const auto source = source_of(text);
  return parse_json_fields(*source, what, fields, limits);
}

}  // namespace resole
