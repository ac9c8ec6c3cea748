// SPDX-License-Identifier: Apache-2.0
// libfyaml hands out events (here a mapping starts, here is a scalar) with marks that are byte offsets. The tree is built from them here
// rather than by the library, because its documents expand aliases and keep no spans of what they merge.
//
// What libfyaml 0.7 does not say and is checked here: it stops at invalid UTF-8 as if the text ended, accepts a key twice, aliases without
// an anchor, and gives no mark for a value that is not there.
#include "base/yaml.hpp"

#include <fmt/format.h>
#include <libfyaml.h>

#include <algorithm>
#include <memory>
#include <set>
#include <unordered_set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::yaml {

namespace {

[[noreturn]] void fail(std::string_view text, std::string_view what, std::size_t offset, std::string_view reason) {
  const std::string_view before = text.substr(0, offset);
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? offset + 1 : offset - newline;
  throw Error(ErrorKind::input, fmt::format("{}: line {}, column {}: {}", what, line, column, reason));
}

std::string_view text_of(fy_token* token) {
  std::size_t size = 0;
  const char* text = token == nullptr ? nullptr : fy_token_get_text(token, &size);
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

Style style_of(fy_token* token) {
  switch (fy_token_scalar_style(token)) {
    case FYSS_SINGLE_QUOTED:
      return Style::single_quoted;
    case FYSS_DOUBLE_QUOTED:
      return Style::double_quoted;
    case FYSS_LITERAL:
      return Style::literal;
    case FYSS_FOLDED:
      return Style::folded;
    default:
      return Style::plain;
  }
}

struct FreeDiag {
  void operator()(fy_diag* diag) const { fy_diag_destroy(diag); }
};
struct FreeParser {
  void operator()(fy_parser* parser) const { fy_parser_destroy(parser); }
};
struct FreeEvent {
  fy_parser* parser = nullptr;
  void operator()(fy_event* event) const { fy_parser_event_free(parser, event); }
};

// The library's parser with its messages kept from stderr.
class Events {
 public:
  explicit Events(std::string_view text) {
    fy_diag_cfg talk;
    fy_diag_cfg_default(&talk);
    talk.fp = nullptr;
    talk.output_fn = [](fy_diag*, void*, const char*, std::size_t) {};
    diag_.reset(fy_diag_create(&talk));
    if (!diag_) throw Error(ErrorKind::internal, "no memory for a YAML parser");
    fy_diag_set_collect_errors(diag_.get(), true);
    fy_parse_cfg settings{};
    settings.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_SLOPPY_FLOW_INDENTATION | FYPCF_JSON_NONE);
    settings.diag = diag_.get();
    parser_.reset(fy_parser_create(&settings));
    if (!parser_ || fy_parser_set_string(parser_.get(), text.data(), text.size()) != 0) {
      throw Error(ErrorKind::internal, "no memory for a YAML parser");
    }
  }

  // nullptr at the end and after a syntax error.
  fy_event* next() {
    event_.reset();
    event_ = {fy_parser_parse(parser_.get()), {parser_.get()}};
    return event_.get();
  }
  bool failed() const { return fy_parser_get_stream_error(parser_.get()); }
  const fy_diag_error* first_error() const {
    void* position = nullptr;
    return fy_diag_errors_iterate(diag_.get(), &position);
  }

 private:
  std::unique_ptr<fy_diag, FreeDiag> diag_;
  std::unique_ptr<fy_parser, FreeParser> parser_;
  std::unique_ptr<fy_event, FreeEvent> event_;
};

class Builder {
 public:
  Builder(std::string_view text, std::string_view what, Limits limits) : text_(text), what_(what), limits_(limits), events_(text) {}

  std::vector<Document> build() {
    bool complete = false;
    while (fy_event* event = events_.next()) {
      if (const fy_mark* mark = fy_event_start_mark(event)) last_ = mark->input_pos;
      complete = event->type == FYET_STREAM_END;
      take(*event);
    }
    if (events_.failed() || !complete) throw_syntax();
    if (last_ != text_.size()) fail_at(last_, "the text cannot be read from here on");
    return std::move(documents_);
  }

 private:
  // A collection whose end has not come.
  struct Open {
    Node node;
    std::unordered_set<std::string> keys;
    bool has_key = false;  // of a mapping: the next node is a value
  };

  void take(const fy_event& event) {
    switch (event.type) {
      case FYET_DOCUMENT_START:
        start_document(event);
        break;
      case FYET_DOCUMENT_END:
        document_end_ = last_;
        break;
      case FYET_SCALAR:
        add(scalar(event));
        break;
      case FYET_ALIAS:
        add(alias(event));
        break;
      case FYET_MAPPING_START:
        open(Kind::mapping, event.mapping_start.mapping_start, event.mapping_start.anchor, event.mapping_start.tag);
        break;
      case FYET_SEQUENCE_START:
        open(Kind::sequence, event.sequence_start.sequence_start, event.sequence_start.anchor, event.sequence_start.tag);
        break;
      case FYET_MAPPING_END:
        close(event.mapping_end.mapping_end);
        break;
      case FYET_SEQUENCE_END:
        close(event.sequence_end.sequence_end);
        break;
      default:
        break;
    }
  }

  void start_document(const fy_event& event) {
    Document document;
    document.explicit_start = !event.document_start.implicit;
    const fy_mark* mark = document.explicit_start ? fy_token_start_mark(event.document_start.document_start) : nullptr;
    document.begin = mark != nullptr ? mark->input_pos : document_end_;
    documents_.push_back(std::move(document));
    anchors_.clear();
  }

  Node scalar(const fy_event& event) {
    Node node;
    fy_token* token = event.scalar.value;
    node.style = style_of(token);
    node.value = text_of(token);
    mark(node, event.scalar.anchor, event.scalar.tag);
    place(node, token);
    const bool quoted = node.style == Style::single_quoted || node.style == Style::double_quoted;
    if (quoted && node.has_span) node.outer = {node.text.begin - 1, node.text.end + 1};
    if (!node.has_span && node.anchor.empty() && node.tag.empty()) place_behind_colon(node);
    return node;
  }

  Node alias(const fy_event& event) {
    Node node;
    node.kind = Kind::alias;
    node.value = text_of(event.alias.anchor);
    place(node, event.alias.anchor);
    if (node.has_span) node.outer.begin = node.text.begin - 1;
    if (!anchors_.contains(node.value)) fail_at(node.outer.begin, fmt::format("no anchor \"{}\" for this alias", printable(node.value)));
    return node;
  }

  void mark(Node& node, fy_token* anchor, fy_token* tag) {
    node.anchor = text_of(anchor);
    if (!node.anchor.empty()) anchors_.insert(node.anchor);
    node.tag = text_of(tag);
  }

  static void place(Node& node, fy_token* token) {
    const fy_mark* begin = token == nullptr ? nullptr : fy_token_start_mark(token);
    const fy_mark* end = token == nullptr ? nullptr : fy_token_end_mark(token);
    node.has_span = begin != nullptr && end != nullptr;
    if (node.has_span) node.text = node.outer = {begin->input_pos, end->input_pos};
  }

  // A missing value: where it would be written, when the key is simple enough to find its colon.
  void place_behind_colon(Node& node) const {
    if (open_.empty() || !open_.back().has_key) return;
    const Node& key = open_.back().node.keys.back();
    if (!key.has_span) return;
    const std::size_t colon = text_.find_first_not_of(" \t", key.outer.end);
    if (colon == std::string_view::npos || text_[colon] != ':') return;
    node.has_span = true;
    node.text = node.outer = {colon + 1, colon + 1};
  }

  void open(Kind kind, fy_token* start, fy_token* anchor, fy_token* tag) {
    if (open_.size() >= limits_.depth) fail_at(last_, fmt::format("nested deeper than {} levels", limits_.depth));
    Open collection;
    collection.node.kind = kind;
    mark(collection.node, anchor, tag);
    place(collection.node, start);
    collection.node.style = collection.node.has_span && collection.node.text.size() > 0 ? Style::flow : Style::block;
    open_.push_back(std::move(collection));
  }

  void close(fy_token* end) {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    const fy_mark* mark = end == nullptr ? nullptr : fy_token_end_mark(end);
    if (node.style == Style::flow && mark != nullptr) {
      node.text.end = mark->input_pos;
    } else {  // the library's end is where the next thing begins, behind comments that belong to others
      for (const std::vector<Node>* nodes : {&node.keys, &node.values}) widen(node.text, node.has_span, *nodes);
    }
    node.outer = node.text;
    add(std::move(node));
  }

  static void widen(Span& span, bool& has_span, const std::vector<Node>& nodes) {
    for (const Node& each : nodes) {
      if (!each.has_span) continue;
      if (!has_span) span.begin = each.outer.begin;
      span.end = std::max(has_span ? span.end : each.outer.end, each.outer.end);
      has_span = true;
    }
  }

  void add(Node node) {
    if (++nodes_ > limits_.nodes) fail_at(last_, fmt::format("more than {} nodes", limits_.nodes));
    if (open_.empty()) {
      documents_.back().root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Kind::sequence || parent.has_key) {
      parent.node.values.push_back(std::move(node));
      parent.has_key = false;
      return;
    }
    if (node.is_scalar() && !parent.keys.insert(node.value).second) {
      fail_at(node.has_span ? node.text.begin : last_, fmt::format("the key \"{}\" appears twice", printable(node.value)));
    }
    parent.node.keys.push_back(std::move(node));
    parent.has_key = true;
  }

  [[noreturn]] void fail_at(std::size_t offset, std::string_view reason) const { fail(text_, what_, offset, reason); }

  [[noreturn]] void throw_syntax() const {
    const fy_diag_error* error = events_.first_error();
    if (error == nullptr || error->msg == nullptr) fail_at(last_, "this is no YAML");
    throw Error(ErrorKind::input, fmt::format("{}: line {}, column {}: {}", what_, error->line, error->column, printable(error->msg)),
                "this is no YAML; a template of a YAML file cannot be read as one");
  }

  std::string_view text_, what_;
  Limits limits_;
  Events events_;
  std::vector<Document> documents_;
  std::vector<Open> open_;
  std::set<std::string, std::less<>> anchors_;
  std::size_t nodes_ = 0, last_ = 0, document_end_ = 0;
};

void check_characters(std::string_view text, std::string_view what) {
  if (!is_utf8(text)) throw Error(ErrorKind::input, fmt::format("{} is not UTF-8", what), "save it in UTF-8");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) fail(text, what, i, "a control character");
  }
}

void walk_below(const Node& node, std::string& pointer, const std::function<void(const std::string&, const Node&)>& visit) {
  visit(pointer, node);
  const std::size_t length = pointer.size();
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    if (node.kind == Kind::mapping && !node.keys[i].is_scalar()) continue;
    pointer += '/';
    pointer += node.kind == Kind::mapping ? pointer_segment(node.keys[i].value) : std::to_string(i);
    walk_below(node.values[i], pointer, visit);
    pointer.resize(length);
  }
}

bool has_mapping_key(const Node& node) {
  for (const Node& key : node.keys) {
    if (key.kind == Kind::mapping && key.style == Style::flow) return true;
  }
  return std::any_of(node.values.begin(), node.values.end(), has_mapping_key);
}

// "~1" -> "/", "~0" -> "~".
std::string decode_segment(std::string_view segment) {
  std::string out;
  for (std::size_t i = 0; i < segment.size(); ++i) {
    const bool escape = segment[i] == '~' && i + 1 < segment.size() && (segment[i + 1] == '0' || segment[i + 1] == '1');
    out += !escape ? segment[i] : segment[i + 1] == '1' ? '/' : '~';
    if (escape) ++i;
  }
  return out;
}

}  // namespace

const Node* Node::get(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].is_scalar() && keys[i].value == key) return &values[i];
  }
  return nullptr;
}

std::vector<Document> parse(std::string_view text, std::string_view what, Limits limits) {
  if (text.size() > limits.bytes) {
    throw Error(ErrorKind::input, fmt::format("{} is larger than the {} accepted for YAML", what, human_size(limits.bytes)));
  }
  check_characters(text, what);
  return Builder(text, what, limits).build();
}

const Node* find(const Node& root, std::string_view pointer) {
  const Node* node = &root;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const std::string_view segment = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(segment.size());
    if (node->kind == Kind::mapping) {
      node = node->get(decode_segment(segment));
    } else if (node->kind == Kind::sequence) {
      const auto index = parse_unsigned(segment);
      const bool canonical = index && (segment == "0" || segment.front() != '0');
      node = canonical && *index < node->values.size() ? &node->values[*index] : nullptr;
    } else {
      return nullptr;
    }
    if (node == nullptr) return nullptr;
  }
  return node;
}

std::string pointer_segment(std::string_view key) {
  std::string out;
  for (char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

void walk(const Node& root, const std::function<void(const std::string& pointer, const Node& node)>& visit) {
  std::string pointer;
  walk_below(root, pointer, visit);
}

bool looks_templated(std::string_view text) {
  if (text.find("{{") == std::string_view::npos && text.find("{%") == std::string_view::npos) return false;
  try {
    const auto documents = parse(text, "template");
    return std::any_of(documents.begin(), documents.end(), [](const Document& each) { return has_mapping_key(each.root); });
  } catch (const Error&) {
    return true;
  }
}

}  // namespace resole::yaml
