// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "support/registry_world.hpp"

namespace resole::test {

namespace {

std::string error_body(ErrorForm form, std::string_view code, std::string_view message) {
  switch (form) {
    case ErrorForm::html:
      return fmt::format("<html><head><title>Error</title></head><body><h1>{}</h1></body></html>\n", message);
    case ErrorForm::empty:
      return {};
    case ErrorForm::huge:
      return std::string(4u << 20, 'x');
    default:
      return fmt::format(R"({{"errors":[{{"code":"{}","message":"{}","detail":null}}]}})", code, message);
  }
}

HttpAnswer blob_answer(const RegistryWorld& world, const RegistryRequest& request, const Digest& digest) {
  const StoredBlob& blob = world.contents.blobs.at(digest);
  if (!blob.is_kept && request.method == "GET") return world.refuse(500, "UNKNOWN", "the bytes of this blob were not kept");
  HttpAnswer answer{.etag = '"' + digest.text() + '"', .ranges = !world.quirks.no_ranges, .content = blob.content};
  answer.fields.emplace_back("Content-Type", "application/octet-stream");
  if (!world.quirks.no_ranges) answer.fields.emplace_back("Accept-Ranges", "bytes");
  if (world.quirks.digest_header) answer.fields.emplace_back("Docker-Content-Digest", digest.text());
  answer.no_length = request.method == "HEAD" && !world.quirks.length_on_head;
  return answer;
}

}  // namespace

HttpPlan answering(HttpAnswer answer) {
  return {.answer = [answer = std::move(answer)](const HttpSeen&) { return answer; }, .sink = [](std::string_view) { return true; }};
}

HttpAnswer RegistryWorld::refuse(int status, std::string_view code, std::string_view message) const {
  HttpAnswer answer{.status = status, .body = error_body(quirks.errors, code, message), .ranges = false};
  answer.fields.emplace_back("Content-Type", quirks.errors == ErrorForm::html ? "text/html" : "application/json");
  return answer;
}

HttpPlan RegistryWorld::refusing(int status, std::string_view code, std::string_view message) const {
  return answering(refuse(status, code, message));
}

HttpPlan blob_plan(RegistryWorld& world, const RegistryRequest& request) {
  const std::lock_guard lock(world.mutex);
  const auto digest = Digest::try_parse(request.reference);
  if (!digest) return world.refusing(400, "DIGEST_INVALID", "no digest");
  if (!world.contents.has_blob(request.repository, *digest)) return world.refusing(404, "BLOB_UNKNOWN", "blob unknown to registry");
  if (request.method == "DELETE") {
    world.contents.repositories[request.repository].blobs.erase(*digest);
    return answering({.status = 202});
  }
  if (request.method == "GET" && world.quirks.redirect_blobs) {
    // Signed for this request, as S3's are; a client that changes the query gets nothing.
    const std::string target = fmt::format("{}/store/{}?X-Signature=a%2Fb%3D%3D&expires=600", world.storage_url, digest->text());
    return answering({.status = 307, .fields = {{"Location", target}}});
  }
  if (request.method != "GET" && request.method != "HEAD") return world.refusing(405, "UNSUPPORTED", "no such method");
  return answering(blob_answer(world, request, *digest));
}

// S3: "Only one auth mechanism allowed", 400, when there is a signature in the query and an Authorization field.
HttpPlan stored_plan(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request) {
  const std::lock_guard lock(world.mutex);
  if (seen.has("authorization")) {
    world.blame("the storage host was sent Authorization: " + request.method + " " + request.path);
    return world.refusing(400, "InvalidArgument", "Only one auth mechanism allowed");
  }
  if (request.raw_query != "X-Signature=a%2Fb%3D%3D&expires=600") {
    world.blame("the query of a redirect was changed: " + request.path);
    return world.refusing(403, "SignatureDoesNotMatch", "the signature is of another request");
  }
  const auto digest = Digest::try_parse(request.reference);
  if (!digest || !world.contents.blobs.contains(*digest)) return world.refusing(404, "NoSuchKey", "no such key");
  return answering(blob_answer(world, request, *digest));
}

}  // namespace resole::test
