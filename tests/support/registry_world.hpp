// SPDX-License-Identifier: Apache-2.0
// What the endpoints of the fake registry share, and the endpoints themselves: each takes a request whose head is known (and allowed) and
// says what becomes of it.
#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/registry_access.hpp"
#include "support/registry_contents.hpp"
#include "support/registry_quirks.hpp"
#include "support/registry_request.hpp"

namespace resole::test {

struct RegistryWorld {
  mutable std::mutex mutex;
  RegistryContents contents;
  RegistryQuirks quirks;
  std::uint64_t keep_blobs = 0;           // bytes of a blob that are kept
  std::string registry_url, storage_url;  // "http://127.0.0.1:1234"
  std::vector<std::string> violations;
  std::vector<std::pair<std::string, Digest>> uploaded, mounted;  // repository and blob, in order
  unsigned pulls = 0, names = 0;                                  // for the limit; for unique names

  // The rest needs the lock.
  void blame(std::string what) { violations.push_back(std::move(what)); }
  HttpAnswer refuse(int status, std::string_view code, std::string_view message) const;
  // As `refuse`; the request's body is read and thrown away.
  HttpPlan refusing(int status, std::string_view code, std::string_view message) const;
};

HttpPlan answering(HttpAnswer answer);

// blobs (registry_blobs.cpp)
HttpPlan blob_plan(RegistryWorld& world, const RegistryRequest& request);
HttpPlan stored_plan(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request);  // the storage host behind redirects
// uploads (registry_uploads.cpp)
HttpPlan mount_plan(RegistryWorld& world, RegistryAccess& access, const HttpSeen& seen, const RegistryRequest& request);
HttpPlan upload_plan(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request);
void lose_upload(RegistryWorld& world, const std::string& name);  // takes the lock
// manifests, tags, referrers (registry_manifests.cpp)
HttpPlan manifest_plan(RegistryWorld& world, const HttpSeen& seen, const RegistryRequest& request);
HttpPlan tags_plan(RegistryWorld& world, const RegistryRequest& request);
HttpPlan referrers_plan(RegistryWorld& world, const RegistryRequest& request);

}  // namespace resole::test
