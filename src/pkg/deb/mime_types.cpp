// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/mime_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/xml.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kMimeSpace = "{http://www.freedesktop.org/standards/shared-mime-info}";
constexpr std::string_view kXmlSpace = "{http://www.w3.org/XML/1998/namespace}";
constexpr std::size_t kMostMimeTypes = 20'000, kLongestMimeName = 200;

Error mime_error(const xml::Element& element, std::string_view what) {
  return Error(ErrorKind::input, fmt::format("line {}: {}", element.line, what));
}

const std::string* attribute_of(const xml::Element& element, std::string_view name) {
  const auto found = std::ranges::find(element.attributes, name, &std::pair<std::string, std::string>::first);
  return found == element.attributes.end() ? nullptr : &found->second;
}

const std::string& needed_attribute(const xml::Element& element, std::string_view name) {
  const std::string* value = attribute_of(element, name);
  if (!value || value->empty()) throw mime_error(element, fmt::format("an element without {}", name));
  return *value;
}

bool says_true(const xml::Element& element, std::string_view name) {
  const std::string* value = attribute_of(element, name);
  return value && *value == "true";
}

// The name within the specification's namespace; "" of anything else.
std::string_view mime_name(const xml::Element& element) {
  const std::string_view name = element.name;
  return name.starts_with(kMimeSpace) ? name.substr(kMimeSpace.size()) : std::string_view();
}

std::uint64_t plain_number(const xml::Element& element, std::string_view text, int base, std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || problem != std::errc() || end != text.data() + text.size() || number > most)
    throw mime_error(element, fmt::format("{} is not a number that fits", printable(text, 40)));
  return number;
}

// As C writes numbers: 0x10, 010, 10.
std::uint64_t c_number(const xml::Element& element, std::string_view text, unsigned bytes) {
  const std::uint64_t most = (std::uint64_t{1} << (8 * bytes)) - 1;
  if (text.starts_with("0x") || text.starts_with("0X")) return plain_number(element, text.substr(2), 16, most);
  return text.size() > 1 && text[0] == '0' ? plain_number(element, text.substr(1), 8, most) : plain_number(element, text, 10, most);
}

unsigned per_cent(const xml::Element& element, std::string_view name) {
  const std::string* value = attribute_of(element, name);
  return value ? static_cast<unsigned>(plain_number(element, *value, 10, 100)) : 50;
}

std::string in_order(std::uint64_t number, unsigned bytes, bool big) {
  std::string out;
  for (unsigned b = 0; b < bytes; ++b) out += static_cast<char>(number >> (8 * (big ? bytes - 1 - b : b)) & 0xff);
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Escapes as file(1) knows them: \n and the like, up to three octal digits, \x with up to two; before anything else the backslash just goes.
std::string unescaped(std::string_view text) {
  constexpr std::string_view kLetters = "nrbtfv", kMeanings = "\n\r\b\t\f\v";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (++i == text.size()) break;
    if (const std::size_t letter = kLetters.find(text[i]); letter != std::string_view::npos) {
      out += kMeanings[letter];
    } else if (text[i] >= '0' && text[i] <= '7') {
      int value = 0;
      for (int digits = 0; digits < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++digits, ++i) value = value * 8 + (text[i] - '0');
      out += static_cast<char>(value);
      --i;
    } else if (text[i] == 'x' && i + 1 < text.size() && hex_digit(text[i + 1]) >= 0) {
      int value = hex_digit(text[++i]);
      if (i + 1 < text.size() && hex_digit(text[i + 1]) >= 0) value = value * 16 + hex_digit(text[++i]);
      out += static_cast<char>(value);
    } else {
      out += text[i];
    }
  }
  return out;
}

// "0xff00": a digit for each half byte of the value; what it does not reach is 0.
std::string string_mask(const xml::Element& element, std::string_view text, std::size_t size) {
  if (!text.starts_with("0x") || text.size() - 2 > 2 * size) throw mime_error(element, "a mask that does not fit");
  text.remove_prefix(2);
  std::string mask(size, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) throw mime_error(element, "a mask that is no hexadecimal number");
    mask[i / 2] = static_cast<char>(static_cast<unsigned char>(mask[i / 2]) | (i % 2 == 0 ? digit << 4 : digit));
  }
  return mask;
}

void read_value(const xml::Element& element, MimeMatch& match) {
  const std::string &type = needed_attribute(element, "type"), &value = needed_attribute(element, "value");
  const std::string* mask = attribute_of(element, "mask");
  if (type == "string") {
    match.data = unescaped(value);
    if (match.data.empty() || match.data.size() > std::numeric_limits<std::uint16_t>::max()) throw mime_error(element, "a value of no or too many bytes");
    if (mask) match.mask = string_mask(element, *mask, match.data.size());
    return;
  }
  constexpr std::array<std::string_view, 7> kTypes = {"byte", "big16", "big32", "little16", "little32", "host16", "host32"};
  if (std::ranges::find(kTypes, type) == kTypes.end()) throw mime_error(element, fmt::format("a value of type {}", printable(type, 40)));
  const unsigned bytes = type.ends_with("16") ? 2 : type.ends_with("32") ? 4 : 1;
  const bool big = !type.starts_with("little");
  match.data = in_order(c_number(element, value, bytes), bytes, big);
  if (mask) match.mask = in_order(c_number(element, *mask, bytes), bytes, big);
  if (type.starts_with("host")) match.word_size = bytes;
}

// Children of that name; comments between them do not count.
template <class Use>
void each_child(const xml::Element& element, std::string_view name, const Use& use) {
  for (const xml::Element& child : element.children) {
    if (child.name.empty()) continue;
    if (mime_name(child) != name) throw mime_error(child, fmt::format("{} where <{}> is expected", printable(child.name, 80), name));
    use(child);
  }
}

std::vector<MimeMatch> read_matches(const xml::Element& parent) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
  std::vector<MimeMatch> matches;
  each_child(parent, "match", [&](const xml::Element& element) {
    MimeMatch match;
    const std::string_view offset = needed_attribute(element, "offset");
    const std::size_t colon = offset.find(':');
    match.start = static_cast<std::uint32_t>(plain_number(element, offset.substr(0, colon), 10, kMost / 2));
    if (colon != std::string_view::npos) {
      const std::uint64_t last = plain_number(element, offset.substr(colon + 1), 10, kMost / 2);
      if (last < match.start) throw mime_error(element, "a range that ends before it begins");
      match.length = static_cast<std::uint32_t>(last) - match.start + 1;
    }
    read_value(element, match);
    match.matches = read_matches(element);
    matches.push_back(std::move(match));
  });
  return matches;
}

std::vector<MimeTreeMatch> read_tree_matches(const xml::Element& parent) {
  std::vector<MimeTreeMatch> matches;
  each_child(parent, "treematch", [&](const xml::Element& element) {
    MimeTreeMatch match;
    match.path = needed_attribute(element, "path");
    const std::string* type = attribute_of(element, "type");
    if (type && *type != "file" && *type != "directory" && *type != "link") throw mime_error(element, fmt::format("a tree of type {}", printable(*type, 40)));
    match.conditions = type ? *type : "any";
    for (const std::string_view each : {"match-case", "executable", "non-empty"}) {
      if (says_true(element, each)) match.conditions += fmt::format(",{}", each);
    }
    if (const std::string* mime = attribute_of(element, "mimetype")) match.conditions += fmt::format(",{}", *mime);
    match.matches = read_tree_matches(element);
    matches.push_back(std::move(match));
  });
  return matches;
}

// As libxml2 writes it.
std::string escaped(std::string_view text, bool attribute) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '\r')
      out += "&#13;";
    else if (attribute && c == '"')
      out += "&quot;";
    else if (attribute && (c == '\n' || c == '\t'))
      out += fmt::format("&#{};", static_cast<int>(c));
    else
      out += c;
  }
  return out;
}

MimeField field_of(const xml::Element& element) {
  if (!element.children.empty()) throw mime_error(element, "more than text in an element");
  MimeField field;
  const std::string_view name = mime_name(element);
  field.text = fmt::format("<{}", name);
  for (std::size_t i = 0; i < element.given; ++i) {
    const auto& [key, value] = element.attributes[i];
    std::string_view shown = key;
    if (key == fmt::format("{}xml:lang", kXmlSpace)) {
      shown = "xml:lang";
      field.language = value;
    } else if (key.starts_with('{')) {
      throw mime_error(element, fmt::format("the attribute {}", printable(key, 80)));
    }
    field.text += fmt::format(" {}=\"{}\"", shown, escaped(value, true));
  }
  field.text += element.text.empty() ? std::string("/>") : fmt::format(">{}</{}>", escaped(element.text, false), name);
  field.comment = name == "comment";
  return field;
}

class MimeReader {
 public:
  void read(const std::string& content, std::string_view file) {
    const xml::Element root = xml::parse_exact(content, file);
    if (mime_name(root) != "mime-info") throw mime_error(root, fmt::format("{} where <mime-info> is expected", printable(root.name, 80)));
    each_child(root, "mime-type", [&](const xml::Element& element) { read_type(element); });
  }

  MimeTypes finish() {
    const auto earlier = [](const auto& a, const auto& b) {
      if (a.priority != b.priority) return a.priority > b.priority;
      const std::size_t slash = a.type.find('/'), other = b.type.find('/');
      const int media = a.type.compare(0, slash, b.type, 0, other);
      return media != 0 ? media < 0 : a.type.compare(slash, std::string::npos, b.type, other, std::string::npos) < 0;
    };
    std::ranges::stable_sort(out_.magic, [&](const MimeMagic& a, const MimeMagic& b) {
      return a.deletes_all || b.deletes_all ? a.deletes_all && !b.deletes_all : earlier(a, b);
    });
    std::ranges::stable_sort(out_.tree_magic, earlier);
    return std::move(out_);
  }

 private:
  static void check_type_name(const xml::Element& element, std::string_view name) {
    const auto parts = split(name, '/');
    const auto fits = [](std::string_view part) {
      return !part.empty() && part[0] != '.' && part.size() <= kLongestMimeName && std::ranges::all_of(part, [](char c) { return c > ' ' && c < '\x7f' && std::string_view("<>&\"").find(c) == std::string_view::npos; });
    };
    if (parts.size() != 2 || !fits(parts[0]) || !fits(parts[1]) || lower(parts[0]) == "packages")
      throw mime_error(element, fmt::format("{} is not the name of a type", printable(name, 80)));
  }

  void read_type(const xml::Element& element) {
    const std::string& name = needed_attribute(element, "type");
    check_type_name(element, name);
    out_.types[name];
    if (out_.types.size() > kMostMimeTypes) throw mime_error(element, fmt::format("more than {} types", kMostMimeTypes));
    for (const xml::Element& child : element.children) {
      if (child.name.empty()) continue;
      if (mime_name(child).empty() || mime_name(child).find(':') != std::string_view::npos)
        throw mime_error(child, fmt::format("{} of another namespace", printable(child.name, 80)));
      if (read_child(name, child)) keep_field(out_.types[name], field_of(child));
    }
  }

  // In its own file a type has one comment of each language.
  static void keep_field(std::vector<MimeField>& fields, MimeField field) {
    if (field.comment) {
      const auto old = std::ranges::find_if(fields, [&](const MimeField& each) { return each.comment && each.language == field.language; });
      if (old != fields.end()) fields.erase(old);
    }
    fields.push_back(std::move(field));
  }

  // Is the element kept as it is?
  bool read_child(const std::string& type, const xml::Element& element) {
    const std::string_view name = mime_name(element);
    if (name == "comment" || name == "acronym" || name == "expanded-acronym") return true;
    if (name == "glob") {
      read_glob(type, element);
    } else if (name == "glob-deleteall") {
      constexpr std::string_view kNoGlobs = "__NOGLOBS__";
      out_.globs[kNoGlobs].push_back({.weight = 0, .pattern = std::string(kNoGlobs), .type = type, .deletes_all = true});
    } else if (name == "alias" || name == "sub-class-of") {
      const std::string& other = needed_attribute(element, "type");
      if (other.find('/') == std::string::npos) throw mime_error(element, fmt::format("{} is not the name of a type", printable(other, 80)));
      if (name == "alias")
        out_.aliases[other] = type;
      else
        out_.parents[type].push_back(other);
    } else if (name == "icon" || name == "generic-icon") {
      const std::string* icon = attribute_of(element, "name");
      if (!icon) return false;
      (name == "icon" ? out_.icons : out_.generic_icons)[type] = *icon;
    } else {
      read_content_rule(type, element, name);
      return false;
    }
    return true;
  }

  void read_glob(const std::string& type, const xml::Element& element) {
    const std::string& pattern = needed_attribute(element, "pattern");
    if (pattern == "*" || pattern.size() > kLongestMimeName || pattern.find('\n') != std::string::npos) throw mime_error(element, fmt::format("the pattern {}", printable(pattern, 80)));
    MimeGlob glob{.weight = per_cent(element, "weight"), .pattern = pattern, .type = type, .case_sensitive = says_true(element, "case-sensitive")};
    if (!glob.case_sensitive) glob.pattern = lower(pattern);
    out_.globs[glob.pattern].push_back(glob);
  }

  void read_content_rule(const std::string& type, const xml::Element& element, std::string_view name) {
    if (name == "magic") {
      out_.magic.push_back({.priority = per_cent(element, "priority"), .type = type, .matches = read_matches(element)});
      if (out_.magic.back().matches.empty()) throw mime_error(element, "<magic> without <match>");
    } else if (name == "magic-deleteall") {
      MimeMatch nothing;
      nothing.data = "__NOMAGIC__";
      out_.magic.push_back({.priority = 0, .type = type, .deletes_all = true, .matches = {nothing}});
    } else if (name == "treemagic") {
      out_.tree_magic.push_back({.priority = per_cent(element, "priority"), .type = type, .matches = read_tree_matches(element)});
    } else if (name == "root-XML") {
      const std::string *uri = attribute_of(element, "namespaceURI"), *local = attribute_of(element, "localName");
      if (!uri || !local || (uri->empty() && local->empty()) || (*uri + *local).find_first_of(" \n") != std::string::npos)
        throw mime_error(element, "<root-XML> without namespaceURI and localName");
      out_.namespaces[fmt::format("{} {}", *uri, *local)] = type;
    }
  }

  MimeTypes out_;
};

}  // namespace

MimeTypes read_mime_types(const MimeSources& files) {
  constexpr std::string_view kLast = "Override.xml";
  MimeReader reader;
  const auto read = [&](const std::string& name, const std::string& content) {
    with_context([&] { return fmt::format("reading {}", printable(name, 120)); }, [&] { reader.read(content, name); });
  };
  for (const auto& [name, content] : files) {
    if (name != kLast && name.ends_with(".xml")) read(name, content);
  }
  if (const auto last = files.find(kLast); last != files.end()) read(last->first, last->second);
  return reader.finish();
}

}  // namespace resole::deb
