// SPDX-License-Identifier: Apache-2.0
// Uploads, distribution-spec "Pushing blobs". Every answer carries a new Location; its query must come back as it is, with `digest` behind
// it for PUT. A Location that was used is 404, as docker-registry has it, whose state in the query holds the offset.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "support/registry_world.hpp"

namespace resole::test {

namespace {

struct ChunkRange {
  std::uint64_t first = 0, last = 0;
};

// distribution-spec: "<start>-<end>", without "bytes" and without a total.
std::optional<ChunkRange> parse_chunk_range(const std::string& text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string::npos) return std::nullopt;
  const auto first = parse_unsigned(text.substr(0, dash)), last = parse_unsigned(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return ChunkRange{*first, *last};
}

std::string without_digest(std::string_view raw_query) {
  std::string out;
  for (const std::string_view part : split(raw_query, '&')) {
    if (!part.starts_with("digest=")) out += (out.empty() ? "" : "&") + std::string(part);
  }
  return out;
}

void set_new_query(RegistryWorld& world, Upload& upload) {
  if (!upload.query.empty()) upload.former_queries.insert(upload.query);
  // Percent-encoding, '+' and '=' are there to be kept.
  upload.query = fmt::format("_state=s{}%2B%3D%3D&part=a%2Fb+c", ++world.names);
}

std::string location(const RegistryWorld& world, const std::string& name, const Upload& upload) {
  const RegistryQuirks& quirks = world.quirks;
  const bool odd = quirks.odd_upload_path || quirks.uploads_elsewhere;
  const std::string path = odd ? "/uploads-here/" + name : fmt::format("/v2/{}/blobs/uploads/{}", upload.repository, name);
  const std::string& host = quirks.uploads_elsewhere ? world.storage_url : world.registry_url;
  return fmt::format("{}{}?{}", quirks.relative_location ? "" : host, path, upload.query);
}

// The fields of every answer about an upload that goes on.
HttpAnswer state_answer(RegistryWorld& world, int status, const std::string& name, Upload& upload) {
  set_new_query(world, upload);
  const bool stuck = world.quirks.range_stuck && upload.patches > 0;
  const std::uint64_t size = stuck ? upload.first_chunk : upload.size;
  HttpAnswer answer{.status = status};
  answer.fields.emplace_back("Location", location(world, name, upload));
  answer.fields.emplace_back("Range", fmt::format("0-{}", size == 0 ? 0 : size - 1));
  answer.fields.emplace_back("Docker-Upload-UUID", name);
  return answer;
}

HttpPlan begin_upload(RegistryWorld& world, const std::string& repository) {
  const std::string name = fmt::format("upload-{}", ++world.names);
  Upload& upload = world.contents.uploads[name];
  upload.repository = repository;
  HttpAnswer answer = state_answer(world, 202, name, upload);
  if (world.quirks.least_chunk_bytes > 0) {
    answer.fields.emplace_back("OCI-Chunk-Min-Length", std::to_string(world.quirks.least_chunk_bytes));
  }
  return answering(std::move(answer));
}

HttpAnswer created(RegistryWorld& world, const std::string& repository, const Digest& digest) {
  HttpAnswer answer{.status = 201};
  const std::string path = fmt::format("/v2/{}/blobs/{}", repository, digest.text());
  answer.fields.emplace_back("Location", (world.quirks.relative_location ? "" : world.registry_url) + path);
  if (world.quirks.digest_header) answer.fields.emplace_back("Docker-Content-Digest", digest.text());
  return answer;
}

// The upload is over either way: a wrong digest needs a new one (docker-registry).
HttpAnswer finish(RegistryWorld& world, const std::string& name, const Digest& digest) {
  const auto node = world.contents.uploads.extract(name);
  if (!node) return world.refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  Upload& upload = node.mapped();
  const bool by_bytes = digest.algorithm() == Algorithm::sha512;
  const Digest real = by_bytes ? digest_like(digest, upload.bytes) : Digest::sha256(upload.hasher.finish_sha256());
  if (real != digest) return world.refuse(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
  StoredBlob blob{.content = content_of(std::move(upload.bytes)), .is_kept = upload.is_kept};
  blob.content.size = upload.size;
  world.contents.blobs.try_emplace(digest, std::move(blob));
  world.contents.repositories[upload.repository].blobs.insert(digest);
  world.uploaded.emplace_back(upload.repository, digest);
  return created(world, upload.repository, digest);
}

// Appends what comes to the upload, as long as it is there.
std::function<bool(std::string_view)> sink_into(RegistryWorld& world, const std::string& name) {
  return [&world, name](std::string_view piece) {
    const std::lock_guard lock(world.mutex);
    const auto found = world.contents.uploads.find(name);
    if (found != world.contents.uploads.end()) found->second.append(piece, world.keep_blobs);
    return true;
  };
}

// An upload that cannot go on by itself does not survive a broken body.
std::function<void(const HttpSeen&)> when_broken(RegistryWorld& world, const std::string& name, bool always) {
  return [&world, name, always](const HttpSeen&) {
    const std::lock_guard lock(world.mutex);
    if (always || world.quirks.no_resume) world.contents.uploads.erase(name);
  };
}

HttpPlan single_post(RegistryWorld& world, const RegistryRequest& request, const Digest& digest) {
  const std::string name = fmt::format("upload-{}", ++world.names);
  world.contents.uploads[name].repository = request.repository;
  const auto answer = [&world, name, digest](const HttpSeen&) {
    const std::lock_guard lock(world.mutex);
    return finish(world, name, digest);
  };
  return {.answer = answer, .sink = sink_into(world, name), .broken = when_broken(world, name, true)};
}

HttpPlan post_plan(RegistryWorld& world, const RegistryRequest& request) {
  if (!request.reference.empty()) return world.refusing(405, "UNSUPPORTED", "POST goes to /blobs/uploads/");
  if (!request.asks("digest")) return begin_upload(world, request.repository);
  const auto digest = Digest::try_parse(request.parameter("digest"));
  if (!digest) return world.refusing(400, "DIGEST_INVALID", "no digest");
  return world.quirks.single_post ? single_post(world, request, *digest) : begin_upload(world, request.repository);
}

HttpAnswer refused_range(RegistryWorld& world, const std::string& name, Upload& upload, std::string_view why) {
  HttpAnswer state = state_answer(world, 416, name, upload), answer = world.refuse(416, "BLOB_UPLOAD_INVALID", why);
  answer.fields.insert(answer.fields.end(), state.fields.begin(), state.fields.end());
  return answer;
}

// What is wrong with a PATCH or with the last chunk in a PUT; nullopt: nothing.
std::optional<HttpAnswer> refused_chunk(RegistryWorld& world, const HttpSeen& seen, const std::string& name, Upload& upload) {
  const RegistryQuirks& quirks = world.quirks;
  const bool chunked = seen.has("content-range");
  const auto length = parse_unsigned(seen.field("content-length"));
  if (seen.method == "PATCH" && quirks.no_patch) return world.refuse(405, "UNSUPPORTED", "no PATCH here");
  if (seen.method == "PATCH" && quirks.no_chunks && (chunked || upload.patches > 0)) {
    return world.refuse(400, "UNSUPPORTED", "chunked uploads are not supported");
  }
  if (upload.patches > 0 && upload.last_chunk < quirks.least_chunk_bytes && length.value_or(1) > 0) {
    return world.refuse(400, "SIZE_INVALID", "a chunk that was not the last was smaller than OCI-Chunk-Min-Length");
  }
  if (!chunked || quirks.ignores_content_range) return std::nullopt;
  const auto range = parse_chunk_range(seen.field("content-range"));
  if (!range) {
    world.blame("Content-Range \"" + seen.field("content-range") + "\" is not START-END");
    return refused_range(world, name, upload, "Content-Range is not START-END");
  }
  const std::uint64_t size = range->last - range->first + 1;
  if (range->first != upload.size) return refused_range(world, name, upload, "the chunk does not follow");
  if (length && *length != size) return refused_range(world, name, upload, "Content-Range is not as long as the body");
  if (seen.method == "PATCH" && quirks.most_chunk_bytes > 0 && size > quirks.most_chunk_bytes) {
    return refused_range(world, name, upload, "the request body is too large and exceeds the maximum permissible limit");
  }
  return std::nullopt;
}

HttpPlan patch_plan(RegistryWorld& world, const HttpSeen& seen, const std::string& name, Upload& upload) {
  if (auto refused = refused_chunk(world, seen, name, upload)) return answering(*refused);
  const std::uint64_t before = upload.size;
  const auto answer = [&world, name, before](const HttpSeen&) {
    const std::lock_guard lock(world.mutex);
    const auto found = world.contents.uploads.find(name);
    if (found == world.contents.uploads.end()) return world.refuse(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
    Upload& now = found->second;
    if (now.patches++ == 0) now.first_chunk = now.size;
    now.last_chunk = now.size - before;
    return state_answer(world, world.quirks.patch_status, name, now);
  };
  return {.answer = answer, .sink = sink_into(world, name), .broken = when_broken(world, name, false)};
}

HttpPlan put_plan(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request, const std::string& name, Upload& upload) {
  const auto digest = Digest::try_parse(request.parameter("digest"));
  if (!digest) return world.refusing(400, "DIGEST_INVALID", "PUT without a digest");
  if (auto refused = refused_chunk(world, seen, name, upload)) return answering(*refused);
  const auto answer = [&world, name, digest = *digest](const HttpSeen&) {
    const std::lock_guard lock(world.mutex);
    return finish(world, name, digest);
  };
  return {.answer = answer, .sink = sink_into(world, name), .broken = when_broken(world, name, false)};
}

// nullopt: the Location is the one that was given last.
std::optional<HttpPlan> refused_location(RegistryWorld& world, const RegistryRequest& request) {
  const auto found = world.contents.uploads.find(request.reference);
  const bool other_place =
      found != world.contents.uploads.end() && !request.repository.empty() && found->second.repository != request.repository;
  if (found == world.contents.uploads.end() || other_place) {
    // An upload that broke on a registry that cannot resume is told apart by its code (ACR).
    return world.refusing(404, world.quirks.no_resume ? "BLOB_UPLOAD_INVALID" : "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  }
  const std::string query = without_digest(request.raw_query);
  if (query == found->second.query) return std::nullopt;
  if (!found->second.former_queries.contains(query)) world.blame("the query of a Location was not kept: " + request.path);
  if (world.quirks.stale_kills_upload) world.contents.uploads.erase(found);
  return world.refusing(404, "BLOB_UPLOAD_UNKNOWN", "this Location is not the last one");
}

}  // namespace

void lose_upload(RegistryWorld& world, const std::string& name) {
  const std::lock_guard lock(world.mutex);
  world.contents.uploads.erase(name);
}

HttpPlan upload_plan(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request) {
  const std::lock_guard lock(world.mutex);
  if (request.method == "POST") return post_plan(world, request);
  if (auto refused = refused_location(world, request)) return *refused;
  const std::string& name = request.reference;
  Upload& upload = world.contents.uploads.at(name);
  if (request.method == "PATCH") return patch_plan(world, seen, name, upload);
  if (request.method == "PUT") return put_plan(world, seen, request, name, upload);
  if (request.method == "DELETE") {
    world.contents.uploads.erase(name);
    return answering({.status = 204});
  }
  if (request.method != "GET") return world.refusing(405, "UNSUPPORTED", "no such method");
  if (!world.quirks.upload_status) return world.refusing(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
  return answering(state_answer(world, 204, name, upload));
}

HttpPlan mount_plan(RegistryWorld& world, RegistryAccess& access, const HttpSeen& seen, const RegistryRequest& request) {
  const std::lock_guard lock(world.mutex);
  const auto digest = Digest::try_parse(request.parameter("mount"));
  if (!digest) return world.refusing(400, "DIGEST_INVALID", "no digest");
  const std::string from = request.parameter("from");
  if (from.empty() && world.quirks.mount_needs_from) return world.refusing(400, "INVALID_REQUEST", "Invalid request");
  const auto project_of = [](const std::string& name) { return name.substr(0, name.find('/')); };
  const auto& all = world.contents.repositories;
  const bool known_project =
      std::any_of(all.begin(), all.end(), [&](const auto& one) { return project_of(one.first) == project_of(from); });
  if (!from.empty() && !known_project && world.quirks.mount_denies_unknown_project) {
    return world.refusing(401, "UNAUTHORIZED", "unauthorized to access repository: " + from);
  }
  bool there = !from.empty() && world.contents.has_blob(from, *digest) && access.also_may(seen, {from, {"pull"}});
  if (from.empty() && world.quirks.mount_finds_blob) {
    there = std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.second.blobs.contains(*digest); });
  }
  if (!there || !world.quirks.mounts) return begin_upload(world, request.repository);
  world.contents.repositories[request.repository].blobs.insert(*digest);
  world.mounted.emplace_back(request.repository, *digest);
  return answering(created(world, request.repository, *digest));
}

}  // namespace resole::test
