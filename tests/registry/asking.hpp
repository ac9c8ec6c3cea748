// SPDX-License-Identifier: Apache-2.0
// The client of the fake registry's own tests: says exactly what the test says.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/json.hpp"
#include "oci/descriptor.hpp"
#include "support/fake_registry.hpp"
#include "support/plain_client.hpp"

namespace resole::test {

using Fields = std::vector<std::string>;

inline const std::string kManifestType(oci::media_type::kOciManifest);

inline PlainAnswer ask(FakeRegistry& registry, const PlainRequest& request) {
  return exchange(connected_to(registry.server().port()), text_of(request, registry.host()));
}

inline PlainAnswer ask_at(const std::string& host, const PlainRequest& request) {
  const auto port = static_cast<std::uint16_t>(std::stoul(host.substr(host.find(':') + 1)));
  return exchange(connected_to(port), text_of(request, host));
}

inline std::string target_of(const std::string& location) {
  const std::size_t scheme = location.find("://");
  return scheme == std::string::npos ? location : location.substr(location.find('/', scheme + 3));
}

inline std::string started(FakeRegistry& registry, const std::string& repository = "team/app") {
  const PlainAnswer answer = ask(registry, {.method = "POST", .target = "/v2/" + repository + "/blobs/uploads/"});
  EXPECT_EQ(answer.status, 202) << answer.body;
  return target_of(answer.field("Location"));
}

inline PlainAnswer finish(FakeRegistry& registry, const std::string& location, const std::string& all, const std::string& rest = {}) {
  return ask(registry, {.method = "PUT", .target = location + "&digest=" + Digest::of(all).text(), .body = rest});
}

inline std::string token_for(FakeRegistry& registry, const std::string& scope, const Fields& fields = {}) {
  const PlainAnswer answer = ask(registry, {.target = "/token?service=fake+registry&scope=" + scope, .fields = fields});
  return answer.status == 200 ? parse_json(answer.body, "token").at("token").get<std::string>() : fmt::format("none: {}", answer.status);
}

inline const std::string kBasic = "Authorization: Basic " + base64_encode("user:secret");

inline PlainAnswer put(FakeRegistry& registry, const std::string& reference, const std::string& bytes, std::string type = kManifestType) {
  return ask(registry, {.method = "PUT", .target = "/v2/a/manifests/" + reference, .fields = {"Content-Type: " + type}, .body = bytes});
}

}  // namespace resole::test
