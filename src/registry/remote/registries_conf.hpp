// SPDX-License-Identifier: Apache-2.0
// containers-registries.conf(5): which registry stands behind a name, and its mirrors.
//
//   [[registry]]
//   prefix = "example.org/team"          # the longest prefix wins; "*.example.org" is any host below
//   location = "internal.example.org/t"  # read from there
//   [[registry.mirror]]
//   location = "mirror.example.org/t"
//
// Short names and their aliases are not taken from it: "debian" is docker.io/library/debian here, as docker has it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/remote/hosts.hpp"

namespace resole::registry {

enum class PullBy { all, digest, tag };

struct MirrorRule {
  std::string location;
  bool insecure = false;
  PullBy pull = PullBy::all;
};

struct RegistryRule {
  std::string prefix, location;  // location "": the name stays as it is (only below a wildcard)
  bool insecure = false, blocked = false;
  std::vector<MirrorRule> mirrors;
  std::string origin;  // "/etc/containers/registries.conf: line 7"
};

struct RegistriesConf {
  std::vector<RegistryRule> rules;                  // each prefix once
  std::optional<std::vector<std::string>> helpers;  // credential-helpers
};

// Version 1 of the format is understood in the main file, and refused in drop-ins as podman does. Error(input) with file and line.
RegistriesConf parse_registries_conf(std::string_view text, std::string_view name, bool drop_in = false);
// The main file and its drop-ins, in order.
RegistriesConf read_registries_conf(const HostOptions& options);

// The rule with the longest prefix for "host[:port]/repository", or nullptr.
const RegistryRule* find_rule(const RegistriesConf& conf, std::string_view name);
// "example.org/team/app" by the rule above with its location: "internal.example.org/t/app".
std::string relocated(std::string_view name, std::string_view prefix, std::string_view location);

}  // namespace resole::registry
