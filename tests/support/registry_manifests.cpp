// SPDX-License-Identifier: Apache-2.0
// Manifests, tags and referrers, distribution-spec "Pulling manifests", "Pushing manifests", "Content discovery".
#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/descriptor.hpp"
#include "support/registry_world.hpp"

namespace resole::test {

namespace {

bool is_reference(const std::string& text) {
  static const std::regex tag("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");
  return Digest::try_parse(text).has_value() || std::regex_match(text, tag);
}

std::string type_alone(const std::string& content_type) { return std::string(trim(content_type.substr(0, content_type.find(';')))); }

// No Accept is as good as */*.
bool is_accepted(const HttpSeen& seen, const std::string& type) {
  if (!seen.has("accept")) return true;
  const std::string list = seen.field("accept");
  for (const std::string_view one : split(list, ',')) {
    const std::string wanted = type_alone(std::string(one));
    if (wanted == type || wanted == "*/*" || wanted == "application/*") return true;
  }
  return false;
}

void tell_limit(const RegistryWorld& world, HttpAnswer& answer) {
  const unsigned limit = world.quirks.pull_limit;
  if (limit == 0) return;
  answer.fields.emplace_back("ratelimit-limit", fmt::format("{};w=21600", limit));
  answer.fields.emplace_back("ratelimit-remaining", fmt::format("{};w=21600", limit - std::min(limit, world.pulls)));
}

HttpAnswer manifest_answer(const RegistryWorld& world, const RegistryRequest& request, const StoredManifest& manifest) {
  const RegistryQuirks& quirks = world.quirks;
  const bool head = request.method == "HEAD";
  HttpAnswer answer{.body = manifest.bytes, .ranges = false, .no_length = head && !quirks.length_on_head};
  answer.fields.emplace_back("Content-Type", manifest.media_type + quirks.type_suffix);
  if (quirks.digest_header && (!head || quirks.digest_header_on_head)) {
    answer.fields.emplace_back("Docker-Content-Digest", manifest.digest.text());
  }
  tell_limit(world, answer);
  return answer;
}

HttpPlan read_plan(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request) {
  const RegistryQuirks& quirks = world.quirks;
  const bool head = request.method == "HEAD";
  if (head && quirks.head_manifest_status != 0) return world.refusing(quirks.head_manifest_status, "UNSUPPORTED", "no HEAD here");
  // Docker Hub counts GETs of manifests, whether there is one or not; HEADs are free (oci.md pitfall 31).
  if (!head && quirks.pull_limit > 0 && world.pulls++ >= quirks.pull_limit) {
    HttpAnswer answer = world.refuse(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.");
    tell_limit(world, answer);
    return answering(std::move(answer));
  }
  const StoredManifest* found = world.contents.manifest(request.repository, request.reference);
  if (!found) return world.refusing(quirks.missing_manifest_status, "MANIFEST_UNKNOWN", "manifest unknown");
  if (quirks.blocked.contains(request.reference) || quirks.blocked.contains(found->digest.text())) {
    return world.refusing(412, "PROJECTPOLICYVIOLATION", "current image with vulnerabilities cannot be pulled due to configured policy");
  }
  if (!is_accepted(seen, found->media_type)) {
    world.blame("Accept of a manifest lacks " + found->media_type + ": " + seen.field("accept"));
    return world.refusing(404, "MANIFEST_UNKNOWN", "the manifest's type is not accepted");
  }
  return answering(manifest_answer(world, request, *found));
}

// "" = the parts are there, else what is missing.
std::string missing_part(const RegistryWorld& world, const std::string& repository, const ManifestParts& parts) {
  for (const Digest& blob : parts.blobs) {
    if (!world.contents.has_blob(repository, blob)) return blob.text();
  }
  if (world.quirks.sparse_indexes) return {};
  for (const Digest& child : parts.manifests) {
    if (!world.contents.manifest(repository, child.text())) return child.text();
  }
  return {};
}

HttpAnswer put_manifest(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request) {
  const RegistryQuirks& quirks = world.quirks;
  const auto invalid = [&](int status, std::string_view code, const std::string& why) {
    world.blame(fmt::format("PUT {}: {}", request.path, why));
    return world.refuse(status, code, why);
  };
  const std::string type = seen.field("content-type");
  if (seen.body_size > quirks.most_manifest_bytes) return world.refuse(413, "SIZE_INVALID", "the manifest is too large");
  if (type.empty() || type_alone(type) != type) return invalid(400, "MANIFEST_INVALID", "Content-Type \"" + type + "\" is no manifest's");
  ManifestParts parts;
  try {
    parts = parts_of(seen.body);
  } catch (const Error& error) {
    return invalid(400, "MANIFEST_INVALID", error.message());
  }
  if (!parts.media_type.empty() && parts.media_type != type) return invalid(400, "MANIFEST_INVALID", "mediaType is not Content-Type");
  const bool semicolon =
      std::any_of(parts.media_types.begin(), parts.media_types.end(), [](const std::string& one) { return one.contains(';'); });
  if (semicolon && quirks.refuses_semicolons) return world.refuse(400, "MANIFEST_INVALID", "a media type holds a semicolon");
  const auto named = Digest::try_parse(request.reference);
  const Digest digest = named ? digest_like(*named, seen.body) : Digest::of(seen.body);
  if (named && *named != digest) return invalid(400, "DIGEST_INVALID", "the digest is of other bytes");
  if (const std::string missing = missing_part(world, request.repository, parts); !missing.empty()) {
    return invalid(404, parts.manifests.empty() ? "MANIFEST_BLOB_UNKNOWN" : "MANIFEST_UNKNOWN", "part is missing: " + missing);
  }
  StoredRepository& repository = world.contents.repositories[request.repository];
  const auto tag = repository.tags.find(request.reference);
  if (quirks.immutable_tags != 0 && tag != repository.tags.end() && tag->second != digest) {
    return world.refuse(quirks.immutable_tags, "TAG_IMMUTABLE", "the tag cannot be moved");
  }
  repository.manifests[digest] = {seen.body, type, digest};
  if (!named) repository.tags[request.reference] = digest;
  HttpAnswer answer{.status = 201};
  const std::string path = fmt::format("/v2/{}/manifests/{}", request.repository, digest.text());
  answer.fields.emplace_back("Location", (quirks.relative_location ? "" : world.registry_url) + path);
  if (quirks.digest_header) answer.fields.emplace_back("Docker-Content-Digest", digest.text());
  if (parts.subject && quirks.referrers) answer.fields.emplace_back("OCI-Subject", parts.subject->text());
  return answer;
}

HttpPlan delete_plan(RegistryWorld& world, const RegistryRequest& request) {
  StoredRepository& repository = world.contents.repositories[request.repository];
  if (repository.tags.erase(request.reference) == 1) return answering({.status = 202});
  const StoredManifest* found = repository.find(request.reference);
  if (!found) return world.refusing(404, "MANIFEST_UNKNOWN", "manifest unknown");
  const Digest digest = found->digest;
  std::erase_if(repository.tags, [&](const auto& tag) { return tag.second == digest; });
  repository.manifests.erase(digest);
  return answering({.status = 202});
}

// image-spec "Referrers": artifactType is the manifest's, else the config's type; annotations are the manifest's.
Json referrer(const StoredManifest& manifest, const Json& json) {
  Json out = {{"mediaType", manifest.media_type}, {"digest", manifest.digest.text()}, {"size", manifest.bytes.size()}};
  if (json.contains("artifactType")) {
    out["artifactType"] = json.at("artifactType");
  } else if (json.contains("config")) {
    out["artifactType"] = json.at("config").at("mediaType");
  }
  if (json.contains("annotations")) out["annotations"] = json.at("annotations");
  return out;
}

}  // namespace

HttpPlan manifest_plan(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request) {
  const std::lock_guard lock(world.mutex);
  if (!is_reference(request.reference)) return world.refusing(400, "MANIFEST_INVALID", "neither tag nor digest");
  if (request.method == "GET" || request.method == "HEAD") return read_plan(world, seen, request);
  if (request.method == "DELETE") return delete_plan(world, request);
  if (request.method != "PUT") return world.refusing(405, "UNSUPPORTED", "no such method");
  return {.answer = [&world, request](const HttpSeen& whole) {
    const std::lock_guard inner(world.mutex);
    return put_manifest(world, whole, request);
  }};
}

HttpPlan tags_plan(RegistryWorld& world, const RegistryRequest& request) {
  const std::lock_guard lock(world.mutex);
  const auto found = world.contents.repositories.find(request.repository);
  if (found == world.contents.repositories.end()) return world.refusing(404, "NAME_UNKNOWN", "repository name not known to registry");
  const std::size_t own = world.quirks.most_tags == 0 ? SIZE_MAX : world.quirks.most_tags;
  const std::size_t most = std::min<std::size_t>(own, parse_unsigned(request.parameter("n")).value_or(SIZE_MAX));
  Json tags = Json::array();
  bool more = false;
  for (auto at = found->second.tags.upper_bound(request.parameter("last")); at != found->second.tags.end(); ++at) {
    if (more = tags.size() >= most; more) break;
    tags.push_back(at->first);
  }
  HttpAnswer answer{.fields = {{"Content-Type", "application/json"}}};
  if (more && !tags.empty()) {
    const std::string last = tags.back().get<std::string>();
    answer.fields.emplace_back("Link", fmt::format("</v2/{}/tags/list?n={}&last={}>; rel=\"next\"", request.repository, most, last));
  }
  answer.body = dump_compact(Json{{"name", request.repository}, {"tags", tags}});
  return answering(std::move(answer));
}

HttpPlan referrers_plan(RegistryWorld& world, const RegistryRequest& request) {
  const std::lock_guard lock(world.mutex);
  const auto subject = Digest::try_parse(request.reference);
  if (!world.quirks.referrers) return world.refusing(404, "UNSUPPORTED", "page not found");
  if (!subject) return world.refusing(400, "DIGEST_INVALID", "no digest");
  const std::string wanted = request.parameter("artifactType");
  Json list = Json::array();
  for (const auto& [digest, manifest] : world.contents.repositories[request.repository].manifests) {
    if (parts_of(manifest.bytes).subject != subject) continue;
    const Json entry = referrer(manifest, parse_json(manifest.bytes, "manifest"));
    if (wanted.empty() || string_or(entry, "artifactType", "") == wanted) list.push_back(entry);
  }
  HttpAnswer answer{.fields = {{"Content-Type", std::string(oci::media_type::kOciIndex)}}};
  if (!wanted.empty()) answer.fields.emplace_back("OCI-Filters-Applied", "artifactType");
  answer.body = dump_compact(Json{{"schemaVersion", 2}, {"mediaType", oci::media_type::kOciIndex}, {"manifests", list}});
  return answering(std::move(answer));
}

}  // namespace resole::test
