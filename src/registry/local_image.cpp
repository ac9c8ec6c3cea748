// SPDX-License-Identifier: Apache-2.0
#include "registry/local_image.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::registry {

void require_layout_version(std::string_view bytes, std::string_view what) {
  const std::string shown = printable(what, 1000);
  const Json json = parse_json(bytes, shown);
  const std::string version = string_member(json, "imageLayoutVersion", shown);
  if (version.starts_with("1.")) return;
  throw Error(ErrorKind::unsupported, fmt::format("{}: image layout version \"{}\"", shown, printable(version)), "only version 1 is known");
}

std::string read_manifest(oci::Store& store, const oci::Descriptor& descriptor) {
  if (descriptor.size > oci::kManifestLimit) {
    throw Error(ErrorKind::input, fmt::format("manifest {}: {} are more than the {} accepted", descriptor.digest.short_text(),
                                              human_size(descriptor.size), human_size(oci::kManifestLimit)));
  }
  return read_all(*store.open_blob(descriptor), oci::kManifestLimit, "manifest");
}

std::string type_of_manifest(std::string_view bytes, std::string_view what) {
  const Json json = parse_json(bytes, what, {.bytes = oci::kManifestLimit, .depth = 64});
  if (std::string own = string_or(json, "mediaType", ""); !own.empty()) return own;
  if (json.contains("manifests")) return std::string(oci::media_type::kOciIndex);
  if (json.contains("config")) return std::string(oci::media_type::kOciManifest);
  throw Error(ErrorKind::input, fmt::format("{}: neither an image manifest nor an index", what));
}

void require_root(oci::Store& store, const oci::Descriptor& root) {
  if (!store.has_blob(root))
    throw Error(ErrorKind::internal, fmt::format("manifest {} was to be published before it was put", root.digest.text()));
}

void require_expected(const std::optional<oci::Descriptor>& current, const oci::Publication& publication, std::string_view what) {
  if (publication.force) return;
  const std::string name = publication.tag.empty() ? std::string(what) : fmt::format("{}: \"{}\"", what, printable(publication.tag));
  if (!publication.expected) {
    if (!current) return;
    throw Error(ErrorKind::refused, fmt::format("{} is already there ({})", name, current->digest.short_text()),
                "choose another name, or overwrite it with --force");
  }
  if (current && current->digest == *publication.expected) return;
  throw Error(ErrorKind::refused,
              fmt::format("{} was changed by somebody else meanwhile: {} instead of {}", name,
                          current ? current->digest.short_text() : "nothing", publication.expected->short_text()),
              "run again on what is there now, or overwrite it with --force");
}

void throw_no_such_image(const oci::Location& location, const std::vector<std::string>& names) {
  const std::string has = names.empty() ? "it holds no named image" : "it has: " + join(names, ", ");
  const std::string wanted = location.digest.empty() ? location.tag : location.digest.text();
  throw Error(ErrorKind::input,
              wanted.empty() ? fmt::format("{} holds no image", printable(location.path, 1000))
                             : fmt::format("{} holds no image \"{}\"; {}", printable(location.path, 1000), printable(wanted), has),
              names.empty() ? "" : "name one of these behind the path");
}

}  // namespace resole::registry
