// SPDX-License-Identifier: Apache-2.0
#include "registry/stores.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/archive_store.hpp"
#include "registry/docker/archive_store.hpp"
#include "registry/docker/daemon_store.hpp"
#include "registry/layout_store.hpp"

namespace resole::registry {

namespace {

constexpr double kEnginePatience = 900;  // seconds: a docker engine writes an export to its disk before it sends the first byte

[[noreturn]] void throw_unsupported(const oci::Location& location, bool reading) {
  const std::string shown = printable(location.text());
  throw Error(ErrorKind::unsupported, fmt::format("{}: this kind of location is not supported yet, only oci:, oci-archive:, docker-archive: and docker-daemon: are", shown),
              reading ? fmt::format("copy it to an OCI layout first: skopeo copy --all {} oci:DIR:TAG", shown)
                      : fmt::format("write to an OCI layout and copy that: skopeo copy --all oci:DIR:TAG {}", shown));
}

template <class Local, class... More>
std::unique_ptr<oci::Store> readable(const oci::Location& location, More&&... more) {
  auto store = std::make_unique<Local>(location, std::forward<More>(more)...);
  store->require_readable();
  return store;
}

template <class Local, class... More>
std::unique_ptr<oci::Store> writable(const oci::Location& location, More&&... more) {
  auto store = std::make_unique<Local>(location, std::forward<More>(more)...);
  store->require_writable();
  return store;
}

DaemonOptions daemon_options() {
  io::HttpClientOptions http;
  http.stall_timeout = kEnginePatience;
  return {.client = std::make_shared<io::HttpClient>(std::move(http)),
          .socket = engine_socket(io::process_environment()),
          .scratch = std::filesystem::temp_directory_path(),
          .memory = nullptr};
}

}  // namespace

std::unique_ptr<oci::Store> open_for_reading(const oci::Location& location, const StoreOptions&) {
  switch (location.transport) {
    case oci::Transport::oci:
      return readable<LayoutStore>(location);
    case oci::Transport::oci_archive:
      return readable<ArchiveStore>(location);
    case oci::Transport::docker_archive:
      return readable<DockerArchiveStore>(location);
    case oci::Transport::docker_daemon:
      return readable<DockerDaemonStore>(location, daemon_options());
    default:
      throw_unsupported(location, true);
  }
}

std::unique_ptr<oci::Store> open_for_writing(const oci::Location& location, const StoreOptions&) {
  if (!location.digest.empty()) {
    throw Error(ErrorKind::usage, fmt::format("{}: a digest cannot be written to", printable(location.text())),
                "give a tag, or nothing, behind the path");
  }
  switch (location.transport) {
    case oci::Transport::oci:
      return std::make_unique<LayoutStore>(location);
    case oci::Transport::oci_archive:
      return std::make_unique<ArchiveStore>(location);
    case oci::Transport::docker_archive:
      return writable<DockerArchiveStore>(location);
    case oci::Transport::docker_daemon:
      return writable<DockerDaemonStore>(location, daemon_options());
    default:
      throw_unsupported(location, false);
  }
}

}  // namespace resole::registry
