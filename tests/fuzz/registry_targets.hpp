// SPDX-License-Identifier: Apache-2.0
// targets.hpp for what the registry client reads: fields of answers, and the operator's files.
#pragma once
#include <algorithm>

#include "fuzz/targets.hpp"
#include "registry/remote/auth_file.hpp"
#include "registry/remote/challenge.hpp"
#include "registry/remote/hosts_toml.hpp"
#include "registry/remote/registries_conf.hpp"

namespace resole::fuzz {

inline bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

inline void challenge(std::string_view bytes) {
  const std::string value(bytes);
  const auto found = registry::parse_challenges({value, "Basic realm=\"last\""});
  require(!found.empty() && found.size() <= 32, "number");
  if (found.size() < 32)
    require(found.back().scheme == "basic" && found.back().parameters.at("realm") == "last", "one field spoils the next");
  for (const registry::Challenge& each : found) {
    require(!each.scheme.empty() && each.scheme == lower(each.scheme), "scheme");
    for (const auto& [name, text] : each.parameters)
      require(!name.empty() && name == lower(name) && !has_control_characters(text), "parameter");
  }
}

inline void auth_file(std::string_view bytes) {
  for (const registry::AuthForm form : {registry::AuthForm::current, registry::AuthForm::dockercfg}) {
    tolerate([&] {
      const registry::AuthFile file = registry::parse_auth_file(bytes, "config.json", form);
      for (const char* host : {"docker.io", "example.org", "localhost:5000"}) {
        for (const registry::HelperCall& call : registry::helper_calls(file, host)) require(!call.program.empty(), "program");
        tolerate([&] {
          const auto login = registry::find_entry(file, host, "team/app");
          require(!login || (!login->empty() && login->origin == "config.json"), "an empty login");
        });
      }
    });
  }
}

inline void registries_conf(std::string_view bytes) {
  for (const bool drop_in : {false, true}) {
    tolerate([&] {
      const registry::RegistriesConf conf = registry::parse_registries_conf(bytes, "registries.conf", drop_in);
      for (const char* name : {"docker.io/library/nginx", "a.example.org:5000/team/app", "example.org/team/app"}) {
        const registry::RegistryRule* rule = registry::find_rule(conf, name);
        if (rule == nullptr) continue;
        require(!rule->prefix.empty(), "prefix");
        const std::string there = registry::relocated(name, rule->prefix, rule->location);
        require(there.starts_with(rule->location) && !has_control_characters(there), "location");
      }
    });
  }
}

inline void hosts_toml(std::string_view bytes) {
  tolerate([&] {
    const registry::HostsFile file = registry::parse_hosts_toml(bytes, "hosts.toml", "/certs.d/example.org");
    for (const registry::HostEntry& mirror : file.mirrors) {
      require(!mirror.host.empty() && !has_control_characters(mirror.host), "host");
      require(mirror.path.empty() || mirror.path.starts_with('/'), "path");
      require(mirror.client_cert.empty() == mirror.client_key.empty(), "client");
    }
  });
}

}  // namespace resole::fuzz
