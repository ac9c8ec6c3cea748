// SPDX-License-Identifier: Apache-2.0
#include "registry/stores.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/archive_store.hpp"
#include "registry/layout_store.hpp"

namespace resole::registry {

namespace {

[[noreturn]] void throw_unsupported(const oci::Location& location, bool reading) {
  const std::string shown = printable(location.text());
  throw Error(ErrorKind::unsupported, fmt::format("{}: this kind of location is not supported yet, only oci: and oci-archive: are", shown),
              reading ? fmt::format("copy it to an OCI layout first: skopeo copy --all {} oci:DIR:TAG", shown)
                      : fmt::format("write to an OCI layout and copy that: skopeo copy --all oci:DIR:TAG {}", shown));
}

template <class Local>
std::unique_ptr<oci::Store> readable(const oci::Location& location) {
  auto store = std::make_unique<Local>(location);
  store->require_readable();
  return store;
}

template <class Local>
std::unique_ptr<oci::Store> writable(const oci::Location& location) {
  auto store = std::make_unique<Local>(location);
  store->require_writable();
  return store;
}

}  // namespace

std::unique_ptr<oci::Store> open_for_reading(const oci::Location& location, const StoreOptions&) {
  switch (location.transport) {
    case oci::Transport::oci:
      return readable<LayoutStore>(location);
    case oci::Transport::oci_archive:
      return readable<ArchiveStore>(location);
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
      return writable<LayoutStore>(location);
    case oci::Transport::oci_archive:
      return writable<ArchiveStore>(location);
    default:
      throw_unsupported(location, false);
  }
}

}  // namespace resole::registry
