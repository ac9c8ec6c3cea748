// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "advisory/vex/readers.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"

namespace resole::advisory::vex {

namespace {

constexpr JsonLimits kDocumentLimits = {.bytes = 256ull << 20, .depth = 100};
constexpr std::size_t kMostStatements = 2'000'000;

constexpr Reader kReaders[] = {
    {"openvex", "OpenVEX", is_openvex, read_openvex},
    {"csaf", "CSAF VEX 2.0", is_csaf, read_csaf},
    {"cyclonedx", "CycloneDX VEX (JSON)", is_cyclonedx, read_cyclonedx},
    {"trivyignore", ".trivyignore and .trivyignore.yaml", is_trivy_ignore, read_trivy_ignore},
    {"grype", "ignore rules of Grype (.grype.yaml)", is_grype_rules, read_grype_rules},
};

// Is this YAML of Trivy or Grype rather than a list of lines? Their top keys stand at the beginning of a line.
bool looks_like_rules(std::string_view text) {
  for (const std::string_view line : lines(text)) {
    for (const std::string_view key : {"vulnerabilities:", "misconfigurations:", "secrets:", "licenses:", "ignore:"}) {
      if (line.starts_with(key)) return true;
    }
  }
  return false;
}

[[noreturn]] void throw_unknown_document(const std::string& name) {
  std::vector<std::string> titles;
  for (const Reader& reader : kReaders) titles.emplace_back(reader.title);
  throw Error(ErrorKind::input, fmt::format("{} is no VEX document and no ignore list that resole knows", name), "known formats: " + join(titles, ", "));
}

void read_json(const Json& json, const std::string& what, Document& out) {
  const auto reader = std::find_if(std::begin(kReaders), std::end(kReaders), [&](const Reader& each) { return each.recognise(json); });
  if (reader == std::end(kReaders)) throw_unknown_document(what);
  out.format = reader->name;
  with_context([&] { return what; }, [&] { reader->read(json, out); });
}

}  // namespace

std::string_view word(Says says) {
  switch (says) {
    case Says::not_affected:
      return "not_affected";
    case Says::fixed:
      return "fixed";
    case Says::affected:
      return "affected";
    case Says::under_investigation:
      return "under_investigation";
    case Says::ignored:
      return "ignored";
  }
  return {};
}

std::span<const Reader> readers() { return kReaders; }

const Json& object_at(const Json& object, std::string_view key) {
  static const Json kNone = Json::object();
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return kNone;
  if (!found->is_object()) throw Error(ErrorKind::input, fmt::format("\"{}\" must be an object, not {}", key, found->type_name()));
  return *found;
}

std::int64_t time_at(const Json& object, std::string_view key, std::int64_t fallback) {
  const std::string text = string_or(object, key, "");
  if (text.empty()) return fallback;
  const auto time = parse_time(text);
  if (!time) throw Error(ErrorKind::input, fmt::format("\"{}\" is no time: {}", key, printable(text, 60)), "write RFC 3339, as in 2026-01-31T00:00:00Z or 2026-01-31");
  return *time;
}

std::string with_colon(std::string_view first, std::string_view second) {
  return std::string(first) + (first.empty() || second.empty() ? "" : ": ") + std::string(second);
}

void require_known_keys(const Json& object, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    throw Error(ErrorKind::input, fmt::format("\"{}\" is not known here: it could be a condition, and without it more would be ignored than was meant", printable(key, 60)));
  }
}

Document read_document(std::string_view bytes, std::string_view file_name) {
  const std::string what = "VEX file " + printable(file_name);
  Document out;
  out.name = file_name;
  out.sha256 = Digest::of(bytes);
  if (bytes.size() > kDocumentLimits.bytes) throw Error(ErrorKind::input, fmt::format("{} has {}, more than is read", what, human_size(bytes.size())));
  if (bytes.starts_with("\x1f\x8b")) throw Error(ErrorKind::input, what + " is compressed with gzip", "decompress it first");
  const std::string_view text = trim(bytes.starts_with("\xef\xbb\xbf") ? bytes.substr(3) : bytes);
  if (text.empty()) throw Error(ErrorKind::input, what + " is empty");
  if (text.starts_with('{') || text.starts_with('[')) {
    read_json(parse_json(bytes, what, kDocumentLimits), what, out);
  } else if (looks_like_rules(bytes)) {
    read_json(yaml_to_json(bytes, what), what, out);
  } else {
    out.format = "trivyignore";
    with_context([&] { return what; }, [&] { read_trivy_lines(bytes, out); });
  }
  if (out.statements.size() > kMostStatements)
    throw Error(ErrorKind::input, fmt::format("{} has {} statements, more than {}", what, out.statements.size(), kMostStatements));
  if (out.statements.empty() && out.notes.empty()) out.notes.emplace_back("nothing in it says anything of a finding");
  return out;
}

}  // namespace resole::advisory::vex
