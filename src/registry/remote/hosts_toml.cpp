// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/hosts_toml.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/toml.hpp"
#include "base/url.hpp"

namespace resole::registry {

namespace fs = std::filesystem;

namespace {

class Reader {
 public:
  Reader(std::string_view name, const fs::path& folder, std::string& warning) : name_(name), folder_(folder), warning_(warning) {}

  // `address`: of the host, "" for the registry itself; `at` is where it is written.
  HostEntry entry(const std::string& address, const toml::Node& at, const toml::Node& settings) {
    HostEntry entry;
    const bool override_path = toml::bool_or(settings, "override_path", false, name_);
    if (!address.empty()) place(entry, address, at, override_path);
    capabilities(entry, settings);
    if (const toml::Node* ca = settings.get("ca")) entry.authorities = paths(*ca, "ca");
    if (const toml::Node* client = settings.get("client")) certificate(entry, *client);
    entry.verify = !toml::bool_or(settings, "skip_verify", false, name_);
    if (settings.get("header") != nullptr) warning_ = fmt::format("\"header\" in {} is not sent", name_);
    // A port that speaks TLS after all: containerd asks there first when TLS is configured for a host written as http.
    const bool tls_is_configured = !entry.authorities.empty() || !entry.client_cert.empty() || settings.get("skip_verify") != nullptr;
    if (entry.plain_http && tls_is_configured && !entry.host.ends_with(":80")) {
      entry.plain_http = false;
      entry.http_when_tls_fails = true;
    }
    return entry;
  }

 private:
  // "https://mirror.example.org/hub" -> host and "/hub/v2".
  void place(HostEntry& entry, const std::string& address, const toml::Node& at, bool override_path) {
    const auto url = Url::try_parse(address.find("://") == std::string::npos ? "https://" + address : address);
    if (!url || (url->scheme() != "https" && url->scheme() != "http"))
      toml::refuse(at, name_, "a host is written as https://host[:port][/path]");
    if (url->text().find_first_of("@?#") != std::string::npos)
      toml::refuse(at, name_, "a host is written without user, query and fragment");
    entry.plain_http = url->scheme() == "http";
    const std::string_view rest = std::string_view(url->text()).substr(url->scheme().size() + 3);
    entry.host = lower(rest.substr(0, rest.find('/')));
    if (entry.host == "docker.io") entry.host = "registry-1.docker.io";
    std::string path = fs::path(url->path()).lexically_normal().native();
    while (path.ends_with('/')) path.pop_back();
    if (!override_path && !path.ends_with("/v2")) path += "/v2";
    entry.path = path;
  }

  void capabilities(HostEntry& entry, const toml::Node& settings) {
    const std::vector<std::string> words = toml::strings_or_empty(settings, "capabilities", name_);
    if (words.empty()) return;
    entry.pull = entry.resolve = false;
    for (const std::string& written : words) {
      const std::string word = lower(written);
      if (word == "pull") {
        entry.pull = true;
      } else if (word == "resolve") {
        entry.resolve = true;
      } else if (word != "push" && word != "referrers") {
        toml::refuse(*settings.get("capabilities"), name_, fmt::format("the capability \"{}\" is not known", printable(written)));
      }
    }
  }

  fs::path path_of(const toml::Node& node, std::string_view key) const {
    if (node.kind != toml::Kind::string || node.string.empty()) toml::refuse(node, name_, fmt::format("\"{}\" must name files", key));
    return folder_ / node.string;
  }

  // One path or a list of them.
  std::vector<fs::path> paths(const toml::Node& node, std::string_view key) const {
    if (node.kind != toml::Kind::array) return {path_of(node, key)};
    std::vector<fs::path> all;
    for (const toml::Node& each : node.values) all.push_back(path_of(each, key));
    return all;
  }

  // "file", ["file", ...] or [["cert", "key"], ...]; a file by itself, or beside an empty key, holds both.
  void certificate(HostEntry& entry, const toml::Node& client) {
    const bool list = client.kind == toml::Kind::array;
    if (list && client.values.empty()) return;
    const toml::Node& first = list ? client.values.front() : client;
    if (first.kind == toml::Kind::array) {
      if (first.values.size() != 2) toml::refuse(first, name_, "a pair in \"client\" is a certificate and its key");
      const toml::Node& key = first.values[1];
      entry.client_cert = path_of(first.values[0], "client");
      entry.client_key = key.kind == toml::Kind::string && key.string.empty() ? entry.client_cert : path_of(key, "client");
    } else {
      entry.client_cert = entry.client_key = path_of(first, "client");
    }
    if (list && client.values.size() > 1) warning_ = fmt::format("of several client certificates in {}, the first is used", name_);
  }

  std::string_view name_;
  const fs::path& folder_;
  std::string& warning_;
};

}  // namespace

HostsFile parse_hosts_toml(std::string_view text, std::string_view name, const fs::path& folder) {
  const toml::Node root = toml::parse(text, name);
  HostsFile file;
  Reader reader(name, folder, file.warning);
  if (const toml::Node* hosts = root.get("host")) {
    if (hosts->kind != toml::Kind::table) toml::refuse(*hosts, name, "\"host\" must be tables: [host.\"https://mirror.example.org\"]");
    for (std::size_t i = 0; i < hosts->keys.size(); ++i) {
      const toml::Node& settings = hosts->values[i];
      if (settings.kind != toml::Kind::table)
        toml::refuse(settings, name, "\"host\" must be tables: [host.\"https://mirror.example.org\"]");
      if (hosts->keys[i].empty()) toml::refuse(settings, name, "a host is written as https://host[:port][/path]");
      file.mirrors.push_back(reader.entry(hosts->keys[i], settings, settings));
    }
  }
  const std::string server = toml::string_or(root, "server", "", name);
  file.server = reader.entry(server, server.empty() ? root : *root.get("server"), root);
  return file;
}

}  // namespace resole::registry
