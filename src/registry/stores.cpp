// SPDX-License-Identifier: Apache-2.0
#include "registry/stores.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/archive_store.hpp"
#include "registry/docker/archive_store.hpp"
#include "registry/docker/daemon_store.hpp"
#include "registry/layout_store.hpp"
#include "registry/remote/registries.hpp"

namespace resole::registry {

namespace {

constexpr double kEnginePatience = 900;  // seconds: a docker engine writes an export to its disk before it sends the first byte

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

DaemonOptions daemon_options(const StoreOptions& options) {
  io::HttpClientOptions http;
  http.stall_timeout = kEnginePatience;
  return {.client = std::make_shared<io::HttpClient>(std::move(http)),
          .socket = engine_socket(io::process_environment()),
          .scratch = options.scratch.empty() ? std::filesystem::temp_directory_path() : options.scratch,
          .memory = options.cache};
}

Registries& registries_of(const oci::Location& location, const StoreOptions& options) {
  if (options.registries) return *options.registries;
  throw Error(ErrorKind::internal, fmt::format("{}: no client for registries was given", printable(location.text())));
}

}  // namespace

std::unique_ptr<oci::Store> open_for_reading(const oci::Location& location, const StoreOptions& options) {
  switch (location.transport) {
    case oci::Transport::oci:
      return readable<LayoutStore>(location);
    case oci::Transport::oci_archive:
      return readable<ArchiveStore>(location);
    case oci::Transport::docker_archive:
      return readable<DockerArchiveStore>(location);
    case oci::Transport::docker_daemon:
      return readable<DockerDaemonStore>(location, daemon_options(options));
    case oci::Transport::docker:
      return registries_of(location, options).open_for_reading(*location.reference);
  }
  std::unreachable();
}

std::unique_ptr<oci::Store> open_for_writing(const oci::Location& location, const StoreOptions& options) {
  if (!location.digest.empty()) {
    throw Error(ErrorKind::usage, fmt::format("{}: a digest cannot be written to", printable(location.text())),
                "give a tag, or nothing, behind the path");
  }
  switch (location.transport) {
    case oci::Transport::oci:
      return writable<LayoutStore>(location);
    case oci::Transport::oci_archive:
      return writable<ArchiveStore>(location);
    case oci::Transport::docker_archive:
      return writable<DockerArchiveStore>(location);
    case oci::Transport::docker_daemon:
      return writable<DockerDaemonStore>(location, daemon_options(options));
    case oci::Transport::docker:
      return registries_of(location, options).open_for_writing(*location.reference);
  }
  std::unreachable();
}

}  // namespace resole::registry
