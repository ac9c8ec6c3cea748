// SPDX-License-Identifier: Apache-2.0
// Where an image is: transports named as in skopeo (product.md "Image locations"), and the grammar of references (distribution/reference).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace resole::oci {

// "host[:port]/repository[:tag][@digest]". Short names are completed the way docker does (docker.io/library/...).
struct Reference {
  std::string registry, repository, tag;          // tag "" when only a digest was given
  Digest digest;                                  // may be empty
  static Reference parse(std::string_view text);  // throws Error(usage)
  std::string text() const;                       // canonical, complete
  std::string name() const;                       // registry/repository
};

enum class Transport { docker, oci, oci_archive, docker_archive, docker_daemon };

struct Location {
  Transport transport = Transport::docker;
  std::string path;                    // directory or file, for the local transports
  std::string tag;                     // ":TAG" behind the path, or the reference (or "@NUMBER") inside a docker archive; "" = the only image
  Digest digest;                       // "@sha256:..." behind the path: that manifest (docker-archive: or image id); docker-daemon: the image id
  std::optional<Reference> reference;  // docker:, and docker-daemon: unless it names an id
  // "oci:DIR[:TAG|@DIGEST]", "oci-archive:FILE[:TAG]", "docker-archive:FILE[:REF|:@NUMBER|@DIGEST]", "docker-daemon:REF", "docker-daemon:ID",
  // "docker://REF", bare REF. Throws Error(usage).
  static Location parse(std::string_view text);
  std::string text() const;
};

}  // namespace resole::oci
