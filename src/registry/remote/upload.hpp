// SPDX-License-Identifier: Apache-2.0
// One blob into a repository (distribution-spec "Pushing blobs"): POST for a place, one streamed PATCH, PUT with the digest. Every answer's
// Location replaces the one before, query and all (oci.md pitfall 26). A PATCH that breaks starts over in a new place; when that fails too,
// or the server refuses the size, the bytes go in chunks, and a broken chunk goes on where the server says it is.
#pragma once
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "oci/descriptor.hpp"
#include "registry/remote/session.hpp"

namespace resole::registry {

struct UploadPlace {
  std::string location;          // a whole URL
  std::uint64_t least_chunk = 0;  // OCI-Chunk-Min-Length; 0 = not said
};

enum class Mounted { yes, no };
struct MountAnswer {
  Mounted mounted = Mounted::no;
  std::optional<UploadPlace> place;  // where to stream instead (202)
  std::string why;                   // of a refusal, for people
};

// POST ?mount=&from=: `from` is a repository of the same registry, read with its own scope. Never throws for a refusal.
MountAnswer mount_remote_blob(Session& session, const Digest& digest, const std::string& from);

// Sends and has the registry confirm the digest. `place` of a mount that was not made is used first. Error(verification) when the registry
// says that it received other bytes.
void upload_blob(Connection& connection, Session& session, const oci::Descriptor& blob, const SourceOpener& open, std::optional<UploadPlace> place,
                 const std::string& what);

}  // namespace resole::registry
