// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/certs_d.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "io/files.hpp"

namespace resole::registry {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestCertificate = 4u << 20;

bool is_there(const fs::path& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) files.push_back(at->path());
  std::ranges::sort(files);
  return files;
}

fs::path beside(const fs::path& file, const char* extension) { return fs::path(file).replace_extension(extension); }

// The places of podman and skopeo, then containerd's.
std::vector<fs::path> roots(const HostOptions& options, bool with_containerd) {
  std::vector<fs::path> all;
  const std::string settings = options.environment("XDG_CONFIG_HOME"), home = options.environment("HOME");
  if (!settings.empty()) all.push_back(fs::path(settings) / "containers" / "certs.d");
  if (!home.empty()) all.push_back(fs::path(home) / ".config" / "containers" / "certs.d");
  all.emplace_back(options.system_root + "/etc/containers/certs.d");
  all.emplace_back(options.system_root + "/etc/docker/certs.d");
  if (with_containerd) all.emplace_back(options.system_root + "/etc/containerd/certs.d");
  return all;
}

// "localhost:5000" -> "localhost_5000_", for file systems without colons (containerd's docs/hosts.md).
std::string without_colon(const std::string& host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string::npos || host.ends_with(']')) return host;
  return host.substr(0, colon) + "_" + host.substr(colon + 1) + "_";
}

}  // namespace

Certificates read_certificates(const fs::path& folder) {
  Certificates found;
  const std::vector<fs::path> files = files_in(folder);
  const auto has = [&](const fs::path& file) { return std::ranges::find(files, file) != files.end(); };
  for (const fs::path& file : files) {
    if (file.extension() == ".crt") found.authorities.push_back(file);
    if (file.extension() == ".key" && !has(beside(file, ".cert"))) {
      throw Error(ErrorKind::input,
                  fmt::format("there is no client certificate {} for the key {}", beside(file, ".cert").native(), file.native()));
    }
    if (file.extension() != ".cert") continue;
    if (!has(beside(file, ".key"))) {
      throw Error(ErrorKind::input,
                  fmt::format("there is no key {} for the client certificate {}", beside(file, ".key").native(), file.native()),
                  "the certificate of an authority has the extension .crt");
    }
    if (found.client_cert.empty()) {
      found.client_cert = file;
      found.client_key = beside(file, ".key");
    } else {
      found.warning =
          fmt::format("of several client certificates in {}, {} is used", folder.native(), found.client_cert.filename().native());
    }
  }
  return found;
}

std::optional<fs::path> certificate_folder(const std::string& host, const HostOptions& options) {
  for (const fs::path& root : roots(options, false)) {
    if (is_there(root / host)) return root / host;
  }
  return std::nullopt;
}

std::optional<fs::path> hosts_file(const std::string& host, const HostOptions& options) {
  for (const fs::path& root : roots(options, true)) {
    for (const std::string& name : {without_colon(host), host, std::string("_default")}) {
      if (const fs::path file = root / name / "hosts.toml"; is_there(file)) return file;
    }
  }
  return std::nullopt;
}

std::string authorities_of(const std::vector<fs::path>& files) {
  std::string all;
  for (const fs::path& file : files) all += io::read_file(file, kLargestCertificate) + "\n";
  return all;
}

}  // namespace resole::registry
