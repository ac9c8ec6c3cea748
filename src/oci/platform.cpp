// SPDX-License-Identifier: Apache-2.0
// Platforms are compared after normalisation, as containerd's platforms package does it: "arm64" is "arm64/v8", "arm" is "arm/v7", and
// the names that uname prints stand for Go's.
#include <fmt/format.h>

#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/descriptor.hpp"

namespace resole::oci {

namespace {

struct Alias {
  std::string_view from, architecture, variant;
};
constexpr std::array kAliases = {
    Alias{"x86_64", "amd64", ""}, Alias{"x86-64", "amd64", ""}, Alias{"i386", "386", ""},     Alias{"aarch64", "arm64", ""},
    Alias{"armhf", "arm", "v7"},  Alias{"armel", "arm", "v6"},  Alias{"armv7l", "arm", "v7"},
};

bool is_platform_word(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (char c : text) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alnum && c != '_' && c != '.' && c != '-') return false;
  }
  return true;
}

}  // namespace

std::string Platform::text() const {
  std::string out = os + "/" + architecture;
  if (!variant.empty()) out += "/" + variant;
  return out;
}

Platform Platform::parse(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '/');
  bool good = parts.size() == 2 || parts.size() == 3;
  for (std::string_view part : parts) good = good && is_platform_word(part);
  if (!good) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a platform", printable(text)),
                "write os/architecture or os/architecture/variant: linux/amd64, linux/arm/v7");
  }
  Platform out;
  out.os = lower(parts[0]);
  out.architecture = lower(parts[1]);
  if (parts.size() == 3) out.variant = lower(parts[2]);
  return out;
}

Platform Platform::normalized() const {
  Platform out = *this;
  out.os = lower(os);
  out.architecture = lower(architecture);
  out.variant = lower(variant);
  for (const Alias& alias : kAliases) {
    if (out.architecture != alias.from) continue;
    out.architecture = alias.architecture;
    if (out.variant.empty()) out.variant = alias.variant;
    break;
  }
  if (!out.variant.empty() && out.variant.front() >= '0' && out.variant.front() <= '9') out.variant = "v" + out.variant;
  if (out.architecture == "arm64" && out.variant.empty()) out.variant = "v8";
  if (out.architecture == "arm" && out.variant.empty()) out.variant = "v7";
  if (out.architecture == "amd64" && out.variant == "v1") out.variant.clear();
  return out;
}

bool Platform::matches(const Platform& wanted) const {
  const Platform mine = normalized(), other = wanted.normalized();
  if (mine.os != other.os || mine.architecture != other.architecture || mine.variant != other.variant) return false;
  return os_version.empty() || wanted.os_version.empty() || os_version == wanted.os_version;
}

}  // namespace resole::oci
