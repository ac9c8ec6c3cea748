// SPDX-License-Identifier: Apache-2.0
#include "advisory/formats.hpp"

#include <fmt/format.h>

#include <vector>

#include "advisory/report/trivy.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::advisory {

namespace {

constexpr JsonLimits kLimits = {.bytes = 256ull << 20, .depth = 100};

constexpr Format kFormats[] = {
    {"trivy", "Trivy JSON (trivy image --format json)", trivy::recognise, trivy::read},
};

[[noreturn]] void throw_unknown(const std::string& name) {
  std::vector<std::string> titles;
  for (const Format& format : kFormats) titles.emplace_back(format.title);
  throw Error(ErrorKind::input, fmt::format("report {} has none of the known formats", name), "known formats: " + join(titles, ", "));
}

}  // namespace

std::span<const Format> formats() { return kFormats; }

Report read_report(std::string_view bytes, std::string_view file_name) {
  const std::string name = printable(file_name);
  if (trim(bytes).empty()) throw Error(ErrorKind::input, fmt::format("report {} is empty", name));
  if (bytes.starts_with("\x1f\x8b"))
    throw Error(ErrorKind::input, fmt::format("report {} is compressed with gzip", name), "decompress it first");
  const Json json = parse_json(bytes, "report " + name, kLimits);
  for (const Format& format : kFormats) {
    if (!format.recognise(json)) continue;
    Report report;
    report.format = format.name;
    report.name = file_name;
    report.sha256 = Digest::of(bytes);
    with_context([&] { return "report " + name; }, [&] { format.read(json, report); });
    return report;
  }
  throw_unknown(name);
}

}  // namespace resole::advisory
