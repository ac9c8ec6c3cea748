// SPDX-License-Identifier: Apache-2.0
// Each target takes any bytes and may only do one of two things: accept them, or throw Error of the kind that hostile input has. Other
// exceptions, crashes, hangs and broken invariants are bugs.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include "archive/ar.hpp"
#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/toml.hpp"
#include "base/xml.hpp"
#include "base/yaml.hpp"

namespace resole::fuzz {

inline void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

// `also`: a further kind that this input may end in (usage for what a person types, verification for what is signed). True: it was accepted.
template <class Body>
bool tolerate(Body&& body, ErrorKind also = ErrorKind::input) {
  try {
    body();
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::unsupported && error.kind() != also) throw;
    return false;
  }
}

// Does the view lie in these bytes?
inline bool lies_in(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

inline void tar(std::string_view bytes) {
  tolerate([&] {
    const auto source = source_of(bytes);
    const tar::Limits limits{.members = 1000, .total = 1 << 20, .path = 4096, .pax = 1 << 16};
    tar::Reader reader(*source, limits);
    std::uint64_t total = 0;
    for (tar::Header header; reader.next(header);) {
      require(header.path == tar::clean_path(header.path) && header.path.size() <= limits.path, "path");
      const std::uint64_t size = reader.read_content(limits.total).size();
      require(size == header.size, "content is not as long as said");
      require((total += size) <= limits.total, "total");
      require(reader.offset() <= bytes.size(), "offset");
    }
    reader.drain();
  });
}

inline void ar(std::string_view bytes) {
  tolerate([&] {
    for (const ar::Member& member : ar::read_members(bytes, bytes.size())) {
      require(member.offset <= bytes.size() && member.size <= bytes.size() - member.offset, "member outside");
    }
  });
  tolerate([&] { ar::read_members(bytes, 1 << 20); });
}

inline void decompress(std::string_view bytes) {
  tolerate([&] {
    const auto source = archive::decompress(source_of(bytes), {.output = 1 << 20, .ratio = 2000});
    char buffer[4096];
    while (source->read(buffer, sizeof buffer) > 0) {
    }
  });
}

inline void json(std::string_view bytes) {
  tolerate([&] {
    const Json value = parse_json(bytes, "input");
    require(parse_json(dump_compact(value), "dumped") == value, "dumped and read again it differs");
    require(dump_compact(Json::parse(dump_compact(parse_json_ordered(bytes, "input")))) == dump_compact(value), "ordered differs");
  });
}

inline void yaml(std::string_view bytes) {
  tolerate([&] {
    for (const yaml::Document& document : yaml::parse(bytes, "input", {.bytes = 1 << 20, .depth = 40, .nodes = 10'000})) {
      yaml::walk(document.root, [&](const std::string& pointer, const yaml::Node& node) {
        require(yaml::find(document.root, pointer) == &node, "pointer");
        if (!node.has_span) return;
        require(node.outer.begin <= node.text.begin && node.text.begin <= node.text.end && node.text.end <= node.outer.end &&
                    node.outer.end <= bytes.size(),
                "span");
        if (node.is_scalar() && node.style == yaml::Style::plain && node.value.find_first_of(" \n") == std::string::npos) {
          require(node.text.of(bytes) == node.value, "a plain word is not what is written");
        }
      });
    }
  });
  tolerate([&] { yaml_to_json(bytes, "input"); });
  yaml::looks_templated(bytes);
}

inline void toml(std::string_view bytes) {
  tolerate([&] {
    const toml::Node root = toml::parse(bytes, "input", {.bytes = 1 << 20, .parts = 40});
    require(root.kind == toml::Kind::table && root.keys.size() == root.values.size(), "the whole is no table");
    for (const std::string& key : root.keys) require(root.get(key) != nullptr, "key");
  });
}

inline void xml(std::string_view bytes) {
  tolerate([&] {
    const xml::Limits limits{.bytes = 1 << 20, .depth = 40, .elements = 10'000, .kept = 10'000, .kept_bytes = 1 << 20};
    const xml::Element root = xml::parse(bytes, "input", limits);
    require(root.name == xml::root_name(bytes) && is_utf8(root.name) && is_utf8(root.text), "root");
    std::size_t handed = 0;
    xml::for_each(bytes, "input", {root.name}, [&](xml::Element&&) { ++handed; }, limits);
    require(handed == 1, "the root is handed over once");
  });
  xml::root_name(bytes);
}

}  // namespace resole::fuzz

// The entry of libFuzzer: one .cpp per target.
#define RESOLE_FUZZ_TARGET(name)                                                        \
  extern "C" int LLVMFuzzerTestOneInput(const unsigned char* bytes, std::size_t size) { \
    resole::fuzz::name(std::string_view(reinterpret_cast<const char*>(bytes), size));   \
    return 0;                                                                           \
  }
