// SPDX-License-Identifier: Apache-2.0
// Locations as skopeo writes them. For the local transports everything behind the first ':' is the name of the image, because such names
// may be whole references themselves: podman and skopeo write "docker.io/library/app:1.4" into index.json, and
// "oci:out:docker.io/library/app:1.4" must find it. The price, as in skopeo: a path that holds a ':' cannot be named.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/reference.hpp"

namespace resole::oci {

namespace {

struct TransportName {
  std::string_view prefix;
  Transport transport;
};
constexpr std::array kTransports = {
    TransportName{"docker://", Transport::docker},
    TransportName{"oci:", Transport::oci},
    TransportName{"oci-archive:", Transport::oci_archive},
    TransportName{"docker-archive:", Transport::docker_archive},
    TransportName{"docker-daemon:", Transport::docker_daemon},
};
constexpr std::string_view kForms =
    "docker://host/repo:tag, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF] or docker-daemon:REF";

[[noreturn]] void refuse(std::string_view text, std::string_view reason, std::string hint = {}) {
  throw Error(ErrorKind::usage, fmt::format("\"{}\" is not an image location: {}", printable(text), reason),
              hint.empty() ? fmt::format("write {}", kForms) : std::move(hint));
}

// annotations.md, org.opencontainers.image.ref.name: component ("/" component)*, component := alphanum ([-._:@+] | "--" alphanum)*
bool is_image_name(std::string_view text) {
  auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > 1024 || !alnum(text.front()) || !alnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return alnum(c) || std::string_view("-._:@+/").find(c) != std::string_view::npos; });
}

// "@2": the third image of a docker archive, for one that has no name (containers-transports(5)).
bool is_number_of_image(std::string_view text) { return text.starts_with('@') && parse_unsigned(text.substr(1)).has_value(); }

void read_local(std::string_view rest, std::string_view whole, Location& out) {
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    if (std::optional<Digest> digest = Digest::try_parse(rest.substr(at + 1))) {
      out.digest = *digest;
      rest = rest.substr(0, at);
    }
  }
  const std::size_t colon = rest.find(':');
  out.path = rest.substr(0, colon);
  if (out.path.empty()) refuse(whole, "the path is missing");
  if (out.path.find('\0') != std::string::npos) refuse(whole, "the path holds a NUL");
  if (colon == std::string_view::npos) return;
  out.tag = rest.substr(colon + 1);
  if (out.tag.empty()) refuse(whole, "nothing follows the ':'", "leave the ':' away to mean the only image there");
  if (!out.digest.empty()) refuse(whole, "it has both a tag and a digest", "give one of the two");
  if (out.transport == Transport::docker_archive && is_number_of_image(out.tag)) return;
  if (!is_image_name(out.tag)) {
    refuse(whole, fmt::format("\"{}\" is not the name of an image", printable(out.tag)),
           "the first ':' ends the path; a path that holds one cannot be named (go there and use a relative one)");
  }
}

void check_bare(std::string_view text) {
  if (text.starts_with('/') || text.starts_with("./") || text.starts_with("../")) {
    refuse(text, "a path needs a transport",
           fmt::format("for an OCI layout write oci:{}, for a tar file oci-archive:{}", printable(text), printable(text)));
  }
  for (std::string_view other : {"containers-storage:", "dir:", "ostree:", "sif:", "tarball:", "http://", "https://"}) {
    if (text.starts_with(other)) refuse(text, fmt::format("the transport \"{}\" is not one of ours", other.substr(0, other.find(':'))));
  }
}

}  // namespace

Location Location::parse(std::string_view text) {
  Location out;
  const auto known =
      std::find_if(kTransports.begin(), kTransports.end(), [&](const TransportName& name) { return text.starts_with(name.prefix); });
  if (known == kTransports.end()) {
    check_bare(text);
    out.reference = Reference::parse(text);
    return out;
  }
  out.transport = known->transport;
  const std::string_view rest = text.substr(known->prefix.size());
  if (std::optional<Digest> id = Digest::try_parse(rest); id && out.transport == Transport::docker_daemon) {
    out.digest = *id;  // the id of an image, which need not have a name
    return out;
  }
  if (out.transport == Transport::docker || out.transport == Transport::docker_daemon) {
    out.reference = Reference::parse(rest);
  } else {
    read_local(rest, text, out);
  }
  return out;
}

std::string Location::text() const {
  const auto name =
      std::find_if(kTransports.begin(), kTransports.end(), [&](const TransportName& entry) { return entry.transport == transport; });
  std::string out(name->prefix);
  if (reference) return out + reference->text();
  out += path;
  if (!tag.empty()) out += ":" + tag;
  if (!digest.empty()) out += (path.empty() ? "" : "@") + digest.text();
  return out;
}

}  // namespace resole::oci
