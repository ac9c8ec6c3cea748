// SPDX-License-Identifier: Apache-2.0
// What real registries do otherwise than distribution-spec 1.1 says or than the reference implementation does. The defaults are a strict
// registry of the specification; the functions below are the registries, each with the place where its behaviour was reported.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace resole::test {

enum class ErrorForm { json, html, empty, huge };  // of error bodies (oci.md pitfall 38)

struct RegistryQuirks {
  // Mounts
  bool mounts = true;                         // false: every mount becomes an upload (202), which the specification allows
  bool mount_needs_from = false;              // 400 without it
  bool mount_finds_blob = false;              // without `from` the registry looks in every repository (specification: MAY)
  bool mount_denies_unknown_project = false;  // 401 when no repository begins with the first part of `from`
  bool mount_without_scope_uploads = false;   // the token lacks `pull` on the source: 202 instead of 401

  // Uploads
  bool relative_location = false;
  bool odd_upload_path = false;    // Location is not below /v2/
  bool uploads_elsewhere = false;  // Location is on the storage host, which must not see Authorization
  bool single_post = true;         // POST ?digest= takes the blob; false: 202, as if it were without
  bool upload_status = true;       // GET of a Location; false: 404
  bool range_stuck = false;        // Range in answers to PATCH never goes beyond the first chunk
  bool no_patch = false;           // 405
  bool no_chunks = false;          // PATCH with Content-Range, or a second PATCH: 400
  bool no_resume = false;          // an upload whose PATCH broke is gone: 404
  bool ignores_content_range = false;
  bool stale_kills_upload = false;  // a Location that was used before: 404, and the whole upload is gone
  int patch_status = 202;
  std::uint64_t most_chunk_bytes = 0;   // PATCH with Content-Range and more: 416
  std::uint64_t least_chunk_bytes = 0;  // announced as OCI-Chunk-Min-Length; a smaller chunk must be the last

  // Manifests
  bool referrers = true;            // the referrers API, and OCI-Subject; false: 404
  bool sparse_indexes = false;      // children may be missing
  bool refuses_semicolons = false;  // in media types: 400
  bool digest_header = true;        // Docker-Content-Digest
  bool digest_header_on_head = true;
  bool length_on_head = true;     // Content-Length of manifests and blobs
  std::string type_suffix;        // behind the Content-Type of manifests: "; charset=utf-8"
  std::set<std::string> blocked;  // tags and digests whose manifest is 412
  int missing_manifest_status = 404;
  int head_manifest_status = 0;                  // every HEAD of a manifest; 0: as it should be
  int immutable_tags = 0;                        // status for a tag that would move
  std::uint64_t most_manifest_bytes = 4u << 20;  // 413 above; the specification asks for at least 4 MiB

  // Blobs
  bool redirect_blobs = false;  // 307 to the storage host, which must not see Authorization
  bool no_ranges = false;       // Range is ignored: 200

  // All
  ErrorForm errors = ErrorForm::json;
  int denied_status = 401;    // the token is good but not for this: docker-registry says 401, others 403
  int token_post_status = 0;  // POST to the token server; 0: it works
  unsigned pull_limit = 0;    // so many GETs of manifests, then 429; HEADs are free
  std::size_t most_tags = 0;  // of one page of the list; 0: all
  std::string warning;        // the field Warning of every answer
};

// 401 on a mount from a project that does not exist (go-containerregistry #1393, harbor #17097); manifests that the project's policy blocks
// are 412 (the caller names them in `blocked`).
inline RegistryQuirks harbor() { return {.mount_denies_unknown_project = true}; }

// A mount needs `pull` on the source in the token even when everyone may pull it (rust-oci-client #235); GETs of manifests are counted,
// HEADs are not (oci.md pitfall 31); blobs come from a CDN.
inline RegistryQuirks docker_hub() {
  return {.mount_without_scope_uploads = true, .referrers = false, .redirect_blobs = true, .pull_limit = 100};
}

// 400 INVALID_REQUEST for a mount without `from` until PROJQUAY-2570 (quay #899, jib #703, go-containerregistry #401).
inline RegistryQuirks quay() { return {.mount_needs_from = true, .referrers = false, .redirect_blobs = true}; }

// "The request body is too large and exceeds the maximum permissible limit of 4.00MiB", 416, for chunks (ocx #237); streamed PATCH and PUT
// may be of any size. No referrers.
inline RegistryQuirks ghcr() { return {.most_chunk_bytes = 4u << 20, .referrers = false, .redirect_blobs = true}; }

// 201 to PATCH (tart #273, regclient #81), Range of the answer is stuck at the first chunk (containers-roadmap #2831), no status of uploads
// (dotnet/sdk #33019), no ';' in media types (containers-roadmap #2306), pages of 1000 tags. Auth is Basic.
inline RegistryQuirks ecr() {
  return {.upload_status = false,
          .range_stuck = true,
          .patch_status = 201,
          .refuses_semicolons = true,
          .redirect_blobs = true,
          .most_tags = 1000};
}

// 403 for manifests that are missing (go-containerregistry's pusher), 401 to POST for a token (containerd's fallback to GET).
inline RegistryQuirks artifactory() { return {.referrers = false, .missing_manifest_status = 403, .token_post_status = 401}; }

// An upload that broke cannot be resumed: 404 BLOB_UPLOAD_INVALID (azure-sdk-for-js #25448); 400 to POST for a token (containerd's
// fallback).
inline RegistryQuirks acr() { return {.no_resume = true, .redirect_blobs = true, .token_post_status = 400}; }

// No chunks (dotnet/sdk-container-builds #287, kitops #777); Location is outside /v2/; 404 to POST for a token (containerd on GCR).
inline RegistryQuirks gar() {
  return {.odd_upload_path = true, .no_chunks = true, .referrers = false, .redirect_blobs = true, .token_post_status = 404};
}

// Debian's docker-registry 2.8.2, tried (oci.md section 3): a wrong Content-Range is accepted, a stale Location ends the upload, POST
// ?digest= is an ordinary POST, no referrers.
inline RegistryQuirks docker_registry_2_8() {
  return {.single_post = false, .ignores_content_range = true, .stale_kills_upload = true, .referrers = false};
}

inline std::vector<std::pair<std::string, RegistryQuirks>> all_quirks() {
  return {{"specification", {}},
          {"harbor", harbor()},
          {"docker_hub", docker_hub()},
          {"quay", quay()},
          {"ghcr", ghcr()},
          {"ecr", ecr()},
          {"acr", acr()},
          {"artifactory", artifactory()},
          {"gar", gar()},
          {"docker_registry_2_8", docker_registry_2_8()}};
}

}  // namespace resole::test
