// SPDX-License-Identifier: Apache-2.0
// A key's value in the file is a tuple: its default, and then, where there are any, tuples that begin with a letter:
//
//   l  the text of a default that is translated      (y(ys))    'm' or 't', the text, its context before it
//   e  f  c  names of an enum, of flags, of choices   (yau)
//   r  the least and the greatest value               (y(**))
//   d  defaults of single desktops                    (ya{sv})
#include "pkg/deb/glib_schemas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/xml.hpp"
#include "pkg/deb/gvariant.hpp"
#include "pkg/deb/gvdb.hpp"

namespace resole::deb {
namespace {

Error schema_error(std::string_view what) { return Error(ErrorKind::input, fmt::format("settings schema: {}", what)); }

// Keeps what was put in, in order, found by name.
template <class Value>
class Named {
 public:
  Value* find(std::string_view name) {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? nullptr : &all_[found->second].second;
  }
  Value& add(std::string_view name, Value value, std::string_view what) {
    if (!numbers_.emplace(name, all_.size()).second) throw schema_error(fmt::format("{} {} stands there twice", what, printable(name, 80)));
    return all_.emplace_back(name, std::move(value)).second;
  }
  const std::vector<std::pair<std::string, Value>>& all() const { return all_; }
  // As glib's program comes by them.
  std::vector<const std::pair<std::string, Value>*> in_glib_order() const {
    GlibOrder order;
    for (const auto& [name, value] : all_) order.insert(name);
    std::vector<const std::pair<std::string, Value>*> sorted;
    for (const std::size_t number : order.order()) sorted.push_back(&all_[number]);
    return sorted;
  }

 private:
  std::vector<std::pair<std::string, Value>> all_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
};

// Names of an enum with their numbers, in words of four bytes: number, 0xff NAME 00 (at least one more 00...) 0xff; 0xfe for an alias, whose number is the
// word at which its target's number stands.
class NameTable {
 public:
  const std::string& bytes() const { return bytes_; }
  void add(std::string_view name, std::uint32_t number) { append(number, name, '\xff'); }
  void add_alias(std::string_view name, std::string_view target) {
    const auto found = places_.find(target);
    if (found == places_.end()) throw schema_error(fmt::format("alias of {}, which there is not", printable(target, 80)));
    append(found->second, name, '\xfe');
  }

 private:
  void append(std::uint32_t number, std::string_view name, char mark) {
    constexpr std::size_t kLongest = 65;
    if (name.size() > kLongest) throw schema_error(fmt::format("the name {} is too long", printable(name, 80)));
    if (mark == '\xff') places_.emplace(name, static_cast<std::uint32_t>(bytes_.size() / 4));
    bytes_ += gvariant_number(number, 4);
    std::string padded = mark + std::string(name);
    padded.resize(std::max<std::size_t>(8, (name.size() + 6) / 4 * 4), '\0');
    padded.back() = '\xff';
    bytes_ += padded;
  }

  std::string bytes_;
  std::map<std::string, std::uint32_t, std::less<>> places_;
};

struct Key {
  std::string child;  // the schema, of a <child>; then nothing else is set
  std::string type, bytes;
  char translated = '\0', names_kind = 'c';
  std::string translatable;
  NameTable names;
  std::optional<std::pair<std::string, std::string>> range;
  Named<TypedBytes> desktops;
  bool has_domain = false;
};

struct Schema {
  std::string path, domain, extends, list_of;
  bool has_path = false;
  Named<Key> keys;
};

struct EnumTable {
  NameTable names;
  bool flags = false;
};

std::string_view required(const xml::Element& element, std::string_view name) {
  const auto found = std::ranges::find(element.attributes, name, &std::pair<std::string, std::string>::first);
  if (found == element.attributes.end()) throw schema_error(fmt::format("<{}> without {} in line {}", printable(element.name, 40), name, element.line));
  return found->second;
}

bool has_attribute(const xml::Element& element, std::string_view name) {
  return std::ranges::find(element.attributes, name, &std::pair<std::string, std::string>::first) != element.attributes.end();
}

Error unknown_element(const xml::Element& element) {
  return schema_error(fmt::format("<{}> in line {} is not understood", printable(element.name, 40), element.line));
}

class Compiler {
 public:
  void read(const std::string& content, std::string_view file) {
    const xml::Element root = xml::parse(content, file);
    if (root.name != "schemalist") throw unknown_element(root);
    for (const xml::Element& element : root.children) {
      if (element.name == "enum" || element.name == "flags")
        read_enum(element);
      else if (element.name == "schema")
        read_schema(element, root.attribute("gettext-domain"));
      else
        throw unknown_element(element);
    }
  }

  // A key file: [SCHEMA] or [SCHEMA:DESKTOP], KEY=VALUE. What fits no schema is for another one that is not installed.
  void override_with(std::string_view content) {
    Schema* schema = nullptr;
    std::string desktop;
    for (const std::string_view each : lines(content)) {
      const std::string_view line = trim(each);
      if (line.empty() || line.front() == '#') continue;
      if (line.front() == '[' && line.back() == ']') {
        const std::string_view group = line.substr(1, line.size() - 2);
        const std::size_t colon = group.find(':');
        schema = schemas_.find(group.substr(0, colon));
        desktop = colon == std::string_view::npos ? std::string() : std::string(group.substr(colon + 1));
        continue;
      }
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos) throw schema_error(fmt::format("an override's line \"{}\" is not understood", printable(line, 80)));
      const std::string_view name = trim(line.substr(0, equals));
      Key* key = schema ? schema->keys.find(name) : nullptr;
      if (key && key->child.empty() && name.find('[') == std::string_view::npos) override_key(*key, desktop, trim(line.substr(equals + 1)));
    }
  }

  std::string write() const {
    GvdbTable root;
    root.items.push_back({.key = {}, .child_of_root = false, .variant = {}, .table = nullptr});
    for (const auto* each : schemas_.in_glib_order())
      root.items.push_back({.key = each->first, .child_of_root = true, .variant = {}, .table = std::make_shared<const GvdbTable>(table_of(each->second))});
    return write_gvdb(root);
  }

 private:
  void read_enum(const xml::Element& element) {
    EnumTable& table = (element.name == "flags" ? flags_ : enums_).add(required(element, "id"), {}, element.name);
    table.flags = element.name == "flags";
    for (const xml::Element& value : element.children) {
      if (value.name != "value") throw unknown_element(value);
      const std::int64_t number = number_of(required(value, "value"));
      if (!table.flags || number != 0) table.names.add(required(value, "nick"), static_cast<std::uint32_t>(number));
    }
  }

  static std::int64_t number_of(std::string_view text) {
    const bool negative = text.starts_with('-'), hexadecimal = text.substr(negative ? 1 : 0).starts_with("0x");
    std::string_view digits = text.substr((negative ? 1 : 0) + (hexadecimal ? 2 : 0));
    std::uint32_t number = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number, hexadecimal ? 16 : 10);
    if (digits.empty() || problem != std::errc() || end != digits.data() + digits.size() || (!hexadecimal && digits.size() > 1 && digits[0] == '0'))
      throw schema_error(fmt::format("\"{}\" is not a number", printable(text, 40)));
    return negative ? -static_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
  }

  void read_schema(const xml::Element& element, std::string_view domain) {
    Schema fresh{.path = std::string(element.attribute("path")),
                 .domain = std::string(has_attribute(element, "gettext-domain") ? element.attribute("gettext-domain") : domain),
                 .extends = std::string(element.attribute("extends")),
                 .list_of = std::string(element.attribute("list-of")),
                 .has_path = has_attribute(element, "path"),
                 .keys = {}};
    if (!fresh.extends.empty()) {
      const Schema* base = schemas_.find(fresh.extends);
      if (!base) throw schema_error(fmt::format("schema {} extends one that is not there", printable(required(element, "id"), 80)));
      if (fresh.list_of.empty()) fresh.list_of = base->list_of;
    }
    for (const xml::Element& child : element.children) {
      if (child.name == "key")
        read_key(child, fresh);
      else if (child.name == "child")
        fresh.keys.add(fmt::format("{}/", required(child, "name")), {.child = std::string(required(child, "schema"))}, "child");
      else if (child.name == "override")
        read_override(child, fresh);
      else
        throw unknown_element(child);
    }
    schemas_.add(required(element, "id"), std::move(fresh), "schema");
  }

  void read_key(const xml::Element& element, Schema& schema) {
    Key key;
    key.has_domain = !schema.domain.empty();
    if (has_attribute(element, "type")) {
      key.type = element.attribute("type");
    } else {
      const bool flags = has_attribute(element, "flags");
      const EnumTable* table = (flags ? flags_ : enums_).find(required(element, flags ? "flags" : "enum"));
      if (!table) throw schema_error(fmt::format("an enum of key {} is not there", printable(required(element, "name"), 80)));
      key.type = flags ? "as" : "s";
      key.names_kind = flags ? 'f' : 'e';
      key.names = table->names;
    }
    bool has_default = false;
    for (const xml::Element& child : element.children) {
      if (child.name == "default") {
        read_default(child, key);
        has_default = true;
      } else if (child.name == "range") {
        key.range = {gvariant_bytes(key.type, bound(child, "min", key.type)), gvariant_bytes(key.type, bound(child, "max", key.type))};
      } else if (child.name == "choices") {
        for (const xml::Element& choice : child.children) key.names.add(required(choice, "value"), 0);
      } else if (child.name == "aliases") {
        for (const xml::Element& alias : child.children) key.names.add_alias(required(alias, "value"), required(alias, "target"));
      } else if (child.name != "summary" && child.name != "description") {
        throw unknown_element(child);
      }
    }
    if (!has_default) throw schema_error(fmt::format("key {} has no default", printable(required(element, "name"), 80)));
    schema.keys.add(required(element, "name"), std::move(key), "key");
  }

  // A bound that is not given is that of the type.
  static std::string bound(const xml::Element& range, std::string_view which, std::string_view type) {
    if (has_attribute(range, which)) return std::string(range.attribute(which));
    struct Bounds {
      std::string_view type, least, most;
    };
    static constexpr std::array<Bounds, 8> kBounds = {{{"y", "0", "255"},
                                                       {"n", "-32768", "32767"},
                                                       {"q", "0", "65535"},
                                                       {"i", "-2147483648", "2147483647"},
                                                       {"u", "0", "4294967295"},
                                                       {"x", "-9223372036854775808", "9223372036854775807"},
                                                       {"t", "0", "18446744073709551615"},
                                                       {"d", "-inf", "inf"}}};
    const auto found = std::ranges::find(kBounds, type, &Bounds::type);
    if (found == kBounds.end()) throw schema_error(fmt::format("a range of type {}", printable(type, 40)));
    return std::string(which == "min" ? found->least : found->most);
  }

  static void read_default(const xml::Element& element, Key& key) {
    if (!element.children.empty()) throw unknown_element(element.children.front());
    key.bytes = gvariant_bytes(key.type, element.text);
    if (!has_attribute(element, "l10n")) return;
    const std::string_view category = element.attribute("l10n");
    if ((category != "messages" && category != "time") || !key.has_domain) throw schema_error("a translated default is not understood");
    key.translated = category[0];
    key.translatable = element.text;
    if (has_attribute(element, "context")) key.translatable = fmt::format("{}\x04{}", element.attribute("context"), element.text);
  }

  void read_override(const xml::Element& element, Schema& schema) {
    const std::string_view name = required(element, "name");
    const Key* original = nullptr;
    for (Schema* base = schemas_.find(schema.extends); base && !original; base = schemas_.find(base->extends)) original = base->keys.find(name);
    if (!original) throw schema_error(fmt::format("<override> of {}, which there is not", printable(name, 80)));
    Key key{.type = original->type, .names_kind = original->names_kind, .names = original->names, .range = original->range, .has_domain = !schema.domain.empty()};
    read_default(element, key);
    schema.keys.add(name, std::move(key), "override");
  }

  // A value that does not fit is left out, as glib-compile-schemas does.
  static void override_key(Key& key, const std::string& desktop, std::string_view text) {
    try {
      std::string bytes = gvariant_bytes(key.type, text);
      if (desktop.empty()) {
        key.bytes = std::move(bytes);
      } else if (key.translated == '\0') {
        if (TypedBytes* known = key.desktops.find(desktop))
          known->second = std::move(bytes);
        else
          key.desktops.add(desktop, {key.type, std::move(bytes)}, "desktop");
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input) throw;
    }
  }

  static TypedBytes value_of(const Key& key) {
    if (!key.child.empty()) return {"s", gvariant_string(key.child)};
    std::vector<TypedBytes> members = {{key.type, key.bytes}};
    std::string type = "(" + key.type;
    const auto add = [&](char letter, TypedBytes what) {
      std::string both = fmt::format("(y{})", what.first);
      members.emplace_back(both, gvariant_tuple({{"y", std::string(1, letter)}, std::move(what)}));
      type += both;
    };
    if (key.translated) add('l', {"(ys)", gvariant_tuple({{"y", std::string(1, key.translated)}, {"s", gvariant_string(key.translatable)}})});
    if (!key.names.bytes().empty()) add(key.names_kind, {"au", key.names.bytes()});
    if (key.range) add('r', {fmt::format("({0}{0})", key.type), gvariant_tuple({{key.type, key.range->first}, {key.type, key.range->second}})});
    if (!key.desktops.all().empty()) {
      std::vector<std::string> entries;
      for (const auto* each : key.desktops.in_glib_order())
        entries.push_back(gvariant_tuple({{"s", gvariant_string(each->first)}, {"v", gvariant_variant(each->second)}}));
      add('d', {"a{sv}", gvariant_array("{sv}", entries)});
    }
    return {type + ")", gvariant_tuple(members)};
  }

  static GvdbTable table_of(const Schema& schema) {
    GvdbTable table;
    const auto text = [&](std::string_view name, const std::string& value) {
      table.items.push_back({.key = std::string(name), .child_of_root = false, .variant = gvariant_variant({"s", gvariant_string(value)}), .table = nullptr});
    };
    table.items.push_back({.key = {}, .child_of_root = false, .variant = {}, .table = nullptr});
    bool translated = false;
    for (const auto* each : schema.keys.in_glib_order()) {
      table.items.push_back({.key = each->first, .child_of_root = true, .variant = gvariant_variant(value_of(each->second)), .table = nullptr});
      translated = translated || each->second.translated != '\0';
    }
    if (schema.has_path) text(".path", schema.path);
    if (!schema.extends.empty()) text(".extends", schema.extends);
    if (!schema.list_of.empty()) text(".list-of", schema.list_of);
    if (translated) text(".gettext-domain", schema.domain);
    return table;
  }

  Named<EnumTable> enums_, flags_;
  Named<Schema> schemas_;
};

}  // namespace

std::string compile_schemas(const SchemaFiles& files) {
  Compiler compiler;
  const auto each = [&](std::string_view ending, const auto& use) {
    for (const auto& [name, content] : files) {
      if (name.ends_with(ending)) with_context([&] { return fmt::format("compiling {}", printable(name, 120)); }, [&] { use(name, content); });
    }
  };
  const auto read = [&](const std::string& name, const std::string& content) { compiler.read(content, name); };
  each(".enums.xml", read);
  each(".gschema.xml", read);
  each(".gschema.override", [&](const std::string&, const std::string& content) { compiler.override_with(content); });
  return compiler.write();
}

SchemaFiles schema_files(const rootfs::Tree& tree) {
  SchemaFiles files;
  const std::string directory = tree.resolve(kSchemasDirectory, true).path;
  for (const std::string& name : tree.children(directory)) {
    if (!name.ends_with(".gschema.xml") && !name.ends_with(".enums.xml") && !name.ends_with(".gschema.override")) continue;
    const auto content = tree.content(fmt::format("{}/{}", directory, name));
    if (!content) throw schema_error(fmt::format("{} cannot be read", printable(name, 120)));
    files.emplace(name, *content);
  }
  return files;
}

std::string schemas_obstacle(const rootfs::Tree& tree) {
  const auto compiled = tree.content(fmt::format("{}/gschemas.compiled", kSchemasDirectory));
  if (!compiled) return "gschemas.compiled cannot be read";
  try {
    return compile_schemas(schema_files(tree)) == *compiled ? std::string() : "the image's gschemas.compiled is not what its schemas give";
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return error.message();
  }
}

}  // namespace resole::deb
