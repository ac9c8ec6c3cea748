// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/hosts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/files.hpp"
#include "registry/remote/certs_d.hpp"
#include "registry/remote/hosts_toml.hpp"
#include "registry/remote/registries_conf.hpp"

namespace resole::registry {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kHub = "docker.io", kHubHost = "registry-1.docker.io";

std::string host_of(const std::string& registry) { return registry == kHub ? std::string(kHubHost) : registry; }

std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.ends_with(']') ? std::string_view::npos : host.rfind(':');
  return host.substr(0, colon);
}

bool is_loopback_address(std::string_view host) {
  const auto parts = split(host, '.');
  return parts.size() == 4 && parts[0] == "127" && std::ranges::all_of(parts, [](std::string_view part) {
           const auto number = parse_unsigned(part);
           return number && *number <= 255;
         });
}

// Where no certificate can be expected (oci.md section 1.1).
bool is_this_machine(const std::string& host) {
  const std::string name = lower(without_port(host));
  return name == "localhost" || name.ends_with(".localhost") || name == "[::1]" || is_loopback_address(name);
}

// The name of a repository elsewhere, as a rule's location makes it. Error(input) when it makes none.
oci::Reference physical(const std::string& name, const RegistryRule& rule) {
  const std::string host = name.substr(0, name.find('/'));
  try {
    oci::Reference parsed = oci::Reference::parse(name + ":x");
    if (parsed.registry == host || host == "index.docker.io") return parsed;
  } catch (const Error&) {  // the location was not the user's to write
  }
  throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is no repository", rule.origin, printable(name)),
              "a location is host[:port][/path], where the host has a dot or a port or is localhost");
}

class Finder {
 public:
  Finder(const oci::Reference& reference, const HostOptions& options)
      : reference_(reference), options_(options), conf_(read_registries_conf(options)) {
    const std::vector<std::string> known{"containers-auth.json"};
    if (conf_.helpers && !conf_.helpers->empty() && *conf_.helpers != known) warn("\"credential-helpers\" in registries.conf is not used");
  }

  Endpoints find() {
    const RegistryRule* rule = find_rule(conf_, reference_.name());
    refuse_blocked(reference_.name(), rule);
    if (rule != nullptr) mirrors(*rule);
    main(rule);
    found_.writing = writing(rule);
    return std::move(found_);
  }

 private:
  void warn(const std::string& text) {
    if (text.empty() || found_.warning.find(text) != std::string::npos) return;
    found_.warning += (found_.warning.empty() ? "" : "; ") + text;
  }

  void refuse_blocked(const std::string& name, const RegistryRule* rule) const {
    if (rule == nullptr || !rule->blocked) return;
    throw Error(ErrorKind::refused, fmt::format("{} is blocked by {}", name, rule->origin),
                "the operator of this machine set \"blocked = true\" there");
  }
  bool is_blocked(const oci::Reference& place) const {
    const RegistryRule* rule = find_rule(conf_, place.name());
    return rule != nullptr && rule->blocked;
  }

  // registries.conf.
  void mirrors(const RegistryRule& rule) {
    for (const MirrorRule& mirror : rule.mirrors) {
      if (mirror.pull == PullBy::tag && !reference_.digest.empty()) continue;
      const oci::Reference place = physical(relocated(reference_.name(), rule.prefix, mirror.location), rule);
      if (is_blocked(place)) continue;
      Endpoint endpoint = at(place, mirror.insecure);
      endpoint.is_mirror = true;
      endpoint.digests_only = mirror.pull == PullBy::digest;
      found_.reading.push_back(std::move(endpoint));
    }
  }

  // The registry itself, or what its rule's location makes of it, with what its hosts.toml puts before it.
  void main(const RegistryRule* rule) {
    const std::string name = rule == nullptr ? reference_.name() : relocated(reference_.name(), rule->prefix, rule->location);
    oci::Reference place = reference_;
    if (name != reference_.name()) {
      place = physical(name, *rule);
      refuse_blocked(place.name(), find_rule(conf_, place.name()));
    }
    const std::optional<HostsFile> file = hosts_of(place.registry);
    if (file) {
      for (const HostEntry& mirror : file->mirrors) {
        if (!mirror.pull) continue;
        Endpoint endpoint = from(mirror, place);
        endpoint.is_mirror = true;
        add(std::move(endpoint));
      }
    }
    if (file && !file->server.host.empty()) {
      Endpoint endpoint = from(file->server, place);
      endpoint.digests_only = false;  // it is the only one that tags could be asked from
      add(std::move(endpoint));
    } else {
      Endpoint endpoint = at(place, rule != nullptr && rule->insecure);
      if (file) settle(endpoint, file->server);
      add(std::move(endpoint));
    }
  }

  Endpoint writing(const RegistryRule* rule) {
    Endpoint endpoint = at(reference_, rule != nullptr && rule->insecure);
    const std::optional<HostsFile> file = hosts_of(reference_.registry);
    if (file && (file->server.host.empty() || file->server.host == endpoint.host)) settle(endpoint, file->server);
    return endpoint;
  }

  // The same place is not asked twice; where it stands last it is no mirror.
  void add(Endpoint endpoint) {
    const auto same = [&](const Endpoint& each) {
      return each.host == endpoint.host && each.path == endpoint.path && each.repository == endpoint.repository &&
             each.plain_http == endpoint.plain_http;
    };
    if (!endpoint.is_mirror) std::erase_if(found_.reading, [&](const Endpoint& each) { return same(each) && !each.digests_only; });
    found_.reading.push_back(std::move(endpoint));
  }

  // A place by registries.conf and certs.d.
  Endpoint at(const oci::Reference& place, bool insecure) {
    Endpoint endpoint{.host = host_of(place.registry), .repository = place.repository, .registry = place.registry};
    const bool certified = certify(endpoint, place.registry);
    if (insecure || !options_.tls_verify) {
      endpoint.tls.verify = false;
      endpoint.http_when_tls_fails = true;
    } else if (!certified && is_this_machine(endpoint.host) && !endpoint.host.ends_with(":443")) {
      endpoint.plain_http = true;
    }
    return endpoint;
  }

  // A place by hosts.toml.
  Endpoint from(const HostEntry& entry, const oci::Reference& place) {
    const bool itself = entry.host == host_of(place.registry);
    Endpoint endpoint{.host = entry.host, .repository = place.repository, .registry = itself ? place.registry : entry.host};
    certify(endpoint, endpoint.registry);
    settle(endpoint, entry);
    endpoint.proxies_namespace = !itself;
    endpoint.digests_only = !entry.resolve;
    return endpoint;
  }

  void settle(Endpoint& endpoint, const HostEntry& entry) {
    if (!entry.host.empty()) {
      endpoint.path = entry.path;
      endpoint.plain_http = entry.plain_http;
      endpoint.http_when_tls_fails = entry.http_when_tls_fails;
    }
    trust(endpoint, entry.authorities);
    if (!entry.client_cert.empty()) {
      endpoint.tls.client_cert = entry.client_cert.native();
      endpoint.tls.client_key = entry.client_key.native();
    }
    if (!entry.verify) endpoint.tls.verify = false;
    if (!options_.tls_verify && !endpoint.plain_http) {
      endpoint.tls.verify = false;
      endpoint.http_when_tls_fails = true;
    }
  }

  bool certify(Endpoint& endpoint, const std::string& host) {
    const auto folder = options_.cert_dir.empty() ? certificate_folder(host, options_) : std::optional<fs::path>(options_.cert_dir);
    if (!folder) return false;
    const Certificates found = read_certificates(*folder);
    warn(found.warning);
    trust(endpoint, found.authorities);
    endpoint.tls.client_cert = found.client_cert.native();
    endpoint.tls.client_key = found.client_key.native();
    return !found.empty();
  }

  static void trust(Endpoint& endpoint, const std::vector<fs::path>& authorities) {
    if (!authorities.empty()) endpoint.tls.authorities = authorities_of(authorities);
  }

  std::optional<HostsFile> hosts_of(const std::string& registry) {
    if (!options_.cert_dir.empty()) return std::nullopt;
    const auto path = hosts_file(registry, options_);
    if (!path) return std::nullopt;
    HostsFile file = parse_hosts_toml(io::read_file(*path, 1u << 20), path->native(), path->parent_path());
    warn(file.warning);
    return file;
  }

  const oci::Reference& reference_;
  const HostOptions& options_;
  RegistriesConf conf_;
  Endpoints found_;
};

}  // namespace

Endpoints endpoints_of(const oci::Reference& reference, const HostOptions& options) {
  if (!options.cert_dir.empty()) {
    std::error_code failed;
    if (!fs::is_directory(options.cert_dir, failed)) {
      throw Error(ErrorKind::input,
                  fmt::format("{}, which certificates shall be taken from, is not a directory", printable(options.cert_dir)));
    }
  }
  return Finder(reference, options).find();
}

}  // namespace resole::registry
