// SPDX-License-Identifier: Apache-2.0
// Bombs of XML are made of entities that a document declares itself ("billion laughs") or loads (external entities, parameter entities). Here no declaration gets
// as far as the parser's tables: the callbacks that would store one stop the parser. With that, XML_PARSE_NOENT is safe, and it is needed: without it libxml2
// hands out "&#38;" for an ampersand in an attribute. XML_PARSE_HUGE stays off, so the library's own bounds on names, text and lookahead hold as well.
#include "base/xml.hpp"

#include <fmt/format.h>
#include <libxml/parser.h>
#include <libxml/xmlerror.h>

#include <algorithm>
#include <exception>
#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::xml {

namespace {

std::string_view view(const xmlChar* text) { return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text); }

std::string_view view(const xmlChar* begin, const xmlChar* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

void init_library() {
  static const bool done = [] {
    xmlInitParser();
    return true;
  }();
  static_cast<void>(done);
}

// Collects elements below the wanted ones. An exception never crosses the C library: it is kept, the parser is stopped, and it is thrown again outside.
class Collector {
 public:
  // `names` empty: the root is wanted.
  Collector(std::string_view what, const std::vector<std::string_view>& names, const std::function<void(Element&&)>& use, Limits limits, bool exact = false)
      : what_(what), names_(names), use_(use), limits_(limits), exact_(exact) {
    init_library();
    sax_.initialized = XML_SAX2_MAGIC;
    sax_.startElementNs = [](void* self, const xmlChar* name, const xmlChar* prefix, const xmlChar* space, int, const xmlChar**, int count, int defaults,
                             const xmlChar** attributes) {
      of(self).guarded([&] {
        of(self).open(of(self).name_of(name, prefix, space), static_cast<std::size_t>(count), static_cast<std::size_t>(defaults), attributes);
      });
    };
    sax_.endElementNs = [](void* self, const xmlChar*, const xmlChar*, const xmlChar*) { of(self).guarded([&] { of(self).close(); }); };
    sax_.characters = sax_.cdataBlock = [](void* self, const xmlChar* text, int size) {
      of(self).guarded([&] { of(self).text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)}); });
    };
    if (exact_) {
      sax_.cdataBlock = [](void* self, const xmlChar*, int) { of(self).guarded([&] { of(self).nameless(); }); };
      sax_.comment = [](void* self, const xmlChar*) { of(self).guarded([&] { of(self).nameless(); }); };
      sax_.processingInstruction = [](void* self, const xmlChar*, const xmlChar*) { of(self).guarded([&] { of(self).nameless(); }); };
    }
    sax_.getEntity = [](void*, const xmlChar* name) { return xmlGetPredefinedEntity(name); };
    sax_.entityDecl = [](void* self, const xmlChar*, int, const xmlChar*, const xmlChar*, xmlChar*) { of(self).refuse_declaration(); };
    sax_.unparsedEntityDecl = [](void* self, const xmlChar*, const xmlChar*, const xmlChar*, const xmlChar*) { of(self).refuse_declaration(); };
    sax_.notationDecl = [](void* self, const xmlChar*, const xmlChar*, const xmlChar*) { of(self).refuse_declaration(); };
    sax_.attributeDecl = [](void* self, const xmlChar*, const xmlChar*, int, int, const xmlChar*, xmlEnumerationPtr tree) {
      xmlFreeEnumeration(tree);
      if (!of(self).exact_) of(self).refuse_declaration();
    };
    sax_.elementDecl = [](void* self, const xmlChar*, int, xmlElementContentPtr) {
      if (!of(self).exact_) of(self).refuse_declaration();
    };
    sax_.serror = [](void* self, xmlErrorPtr error) { of(self).note(error); };
    context_ = xmlCreatePushParserCtxt(&sax_, this, nullptr, 0, nullptr);
    if (context_ == nullptr) throw std::bad_alloc();
    xmlCtxtUseOptions(context_, XML_PARSE_NONET | XML_PARSE_NOENT | (exact_ ? 0 : XML_PARSE_NOCDATA) | XML_PARSE_COMPACT);
  }
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  ~Collector() { xmlFreeParserCtxt(context_); }

  void feed(std::string_view bytes) {
    bytes_ += bytes.size();
    if (bytes_ > limits_.bytes) throw Error(ErrorKind::input, fmt::format("{} is larger than the {} accepted for XML", what_, human_size(limits_.bytes)));
    while (!bytes.empty()) {  // the library counts in int
      const std::size_t part = std::min<std::size_t>(bytes.size(), 1 << 20);
      xmlParseChunk(context_, bytes.data(), static_cast<int>(part), 0);
      check();
      bytes.remove_prefix(part);
    }
  }

  void finish() {
    xmlParseChunk(context_, nullptr, 0, 1);
    check();
    if (context_->wellFormed == 0) fail("it ends too early");
  }

  const std::string& root() const { return root_; }

 private:
  static Collector& of(void* self) { return *static_cast<Collector*>(self); }

  template <class Body>
  void guarded(Body&& body) {
    if (failure_) return;
    try {
      body();
    } catch (...) {
      stop(std::current_exception());
    }
  }

  void stop(std::exception_ptr failure) {
    if (!failure_) failure_ = std::move(failure);
    xmlStopParser(context_);
  }

  std::size_t line() const { return context_->input == nullptr ? 1 : static_cast<std::size_t>(std::max(context_->input->line, 1)); }

  [[noreturn]] void fail(std::string_view reason) const {
    throw Error(ErrorKind::input, fmt::format("{}: line {}, column {}: {}", what_, line(), context_->input == nullptr ? 1 : context_->input->col, reason));
  }

  void refuse_declaration() {
    guarded([&] { fail("a document type with declarations (entities, elements) is refused"); });
  }

  void note(xmlErrorPtr error) {
    if (failure_ || error->level != XML_ERR_FATAL) return;
    std::string_view reason = error->message == nullptr ? std::string_view("broken") : error->message;
    const std::size_t column = error->int2 > 0 ? static_cast<std::size_t>(error->int2) : 1;
    failure_ = std::make_exception_ptr(
        Error(ErrorKind::input, fmt::format("{}: line {}, column {}: {}", what_, std::max(error->line, 1), column, printable(trim(reason)))));
    xmlStopParser(context_);
  }

  void check() {
    if (failure_) std::rethrow_exception(failure_);
  }

  bool wanted(std::string_view name) const {
    const auto fits = [&](std::string_view each) { return each.starts_with('*') ? name.ends_with(each.substr(1)) : name == each; };
    return names_.empty() || std::ranges::any_of(names_, fits);
  }

  void keep(std::size_t parts, std::size_t bytes) {
    kept_ += parts;
    kept_bytes_ += bytes;
    if (kept_ > limits_.kept) fail(fmt::format("more than {} elements and attributes in one", limits_.kept));
    if (kept_bytes_ > limits_.kept_bytes) fail(fmt::format("an element of more than {}", human_size(limits_.kept_bytes)));
  }

  std::string name_of(const xmlChar* name, const xmlChar* prefix, const xmlChar* space) const {
    if (!exact_ || (prefix == nullptr && space == nullptr)) return std::string(view(name));
    return fmt::format("{{{}}}{}{}{}", view(space), view(prefix), prefix == nullptr ? "" : ":", view(name));
  }

  void open(const std::string& name, std::size_t count, std::size_t defaults, const xmlChar** attributes) {
    if (++depth_ > limits_.depth) fail(fmt::format("elements nested more than {} deep", limits_.depth));
    if (++elements_ > limits_.elements) fail(fmt::format("more than {} elements", limits_.elements));
    if (root_.empty()) root_ = name;
    if (open_.empty() && !wanted(name)) return;
    Element element;
    element.name = name;
    element.line = line();
    keep(1 + count, name.size());
    element.given = count - std::min(count, defaults);
    element.attributes.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {  // local name, prefix, namespace, begin and end of the value
      const xmlChar** const at = attributes + 5 * i;
      element.attributes.emplace_back(name_of(at[0], at[1], at[2]), view(at[3], at[4]));
      keep(0, element.attributes.back().first.size() + element.attributes.back().second.size());
    }
    open_.push_back(std::move(element));
  }

  void text(std::string_view more) {
    if (open_.empty()) return;
    keep(0, more.size());
    open_.back().text += more;
  }

  void nameless() {
    if (open_.empty()) return;
    keep(1, 0);
    open_.back().children.emplace_back().line = line();
  }

  void close() {
    --depth_;
    if (open_.empty()) return;
    Element element = std::move(open_.back());
    open_.pop_back();
    if (const std::string_view trimmed = exact_ ? element.text : trim(element.text); trimmed.size() != element.text.size()) element.text = std::string(trimmed);
    if (!open_.empty()) {
      open_.back().children.push_back(std::move(element));
      return;
    }
    kept_ = kept_bytes_ = 0;
    use_(std::move(element));
  }

  std::string_view what_;
  const std::vector<std::string_view>& names_;
  const std::function<void(Element&&)>& use_;
  Limits limits_;
  const bool exact_;
  xmlSAXHandler sax_ = {};
  xmlParserCtxtPtr context_ = nullptr;
  std::exception_ptr failure_;
  std::vector<Element> open_;
  std::string root_;
  unsigned depth_ = 0;
  std::uint64_t bytes_ = 0, elements_ = 0, kept_ = 0, kept_bytes_ = 0;
};

}  // namespace

std::string_view Element::attribute(std::string_view wanted) const {
  for (const auto& [key, value] : attributes) {
    if (key == wanted) return value;
  }
  return {};
}

const Element* Element::child(std::string_view wanted) const {
  for (const Element& each : children) {
    if (each.name == wanted) return &each;
  }
  return nullptr;
}

const Element* Element::below(std::string_view path) const {
  const Element* at = this;
  for (const std::string_view step : split(path, '/')) {
    at = at->child(step);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string_view Element::text_of(std::string_view path) const {
  const Element* at = below(path);
  return at == nullptr ? std::string_view() : std::string_view(at->text);
}

std::vector<const Element*> Element::all(std::string_view wanted) const {
  std::vector<const Element*> found;
  for (const Element& each : children) {
    if (each.name == wanted) found.push_back(&each);
  }
  return found;
}

Element parse(std::string_view text, std::string_view what, Limits limits) {
  Element root;
  for_each(text, what, {}, [&](Element&& element) { root = std::move(element); }, limits);
  return root;
}

Element parse_exact(std::string_view text, std::string_view what, Limits limits) {
  Element root;
  const std::vector<std::string_view> whole;
  const std::function<void(Element&&)> use = [&](Element&& element) { root = std::move(element); };
  Collector collector(what, whole, use, limits, true);
  collector.feed(text);
  collector.finish();
  return root;
}

void for_each(Source& source, std::string_view what, const std::vector<std::string_view>& names, const std::function<void(Element&&)>& use, Limits limits) {
  Collector collector(what, names, use, limits);
  std::string buffer(1 << 16, '\0');
  while (const std::size_t got = source.read(buffer.data(), buffer.size())) collector.feed({buffer.data(), got});
  collector.finish();
}

void for_each(std::string_view text, std::string_view what, const std::vector<std::string_view>& names, const std::function<void(Element&&)>& use, Limits limits) {
  const auto source = source_of(text);
  for_each(*source, what, names, use, limits);
}

std::string root_name(std::string_view text) {
  const std::vector<std::string_view> none = {"\1"};  // no element has this name: nothing is kept
  const std::function<void(Element&&)> use = [](Element&&) {};
  Collector collector("the beginning", none, use, {});
  try {
    const std::string_view beginning = text.substr(0, 1 << 16);
    for (std::size_t at = 0; at < beginning.size() && collector.root().empty(); at += 256) collector.feed(beginning.substr(at, 256));
  } catch (const Error&) {  // what is wrong behind the root's tag will be said by whoever reads it
  }
  return collector.root();
}

}  // namespace resole::xml
