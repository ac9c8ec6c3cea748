// SPDX-License-Identifier: Apache-2.0
// An OCI registry in memory (distribution-spec 1.1), strict about the protocol, with the oddities of real ones on request, faults at any
// request, and a log of all of them.
//
//   FakeRegistry registry({.access = {.auth = Auth::bearer}, .quirks = harbor()});
//   registry.add_image("team/base", sample_image("base"), "1");
//   ... client works with registry.reference("team/app:1"), user "user", password "secret" ...
//   EXPECT_EQ(registry.manifest("team/app", "1")->digest, image.root.digest);
//   EXPECT_EQ(registry.summary(), (Counts{{"HEAD manifest", 1}, {"GET token", 1}, ...}));
//   EXPECT_TRUE(registry.violations().empty());
//
// Every request of a run in turn made to fail: count them with log() in a run without faults, then registry.fail(n, fault) in new
// registries.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "support/http_server.hpp"
#include "support/registry_access.hpp"
#include "support/registry_contents.hpp"
#include "support/registry_faults.hpp"
#include "support/registry_quirks.hpp"
#include "support/registry_request.hpp"
#include "support/sample_image.hpp"

namespace resole::test {

struct FakeRegistryOptions {
  AccessRules access = {};
  RegistryQuirks quirks = {};
  std::optional<HttpTls> tls = {};       // for all its servers, of one authority
  std::uint64_t keep_blobs = 64u << 20;  // of larger blobs that are pushed only digest and size are kept
};

class FakeRegistry {
 public:
  using Counts = std::map<std::string, std::size_t>;

  explicit FakeRegistry(FakeRegistryOptions options = {});
  ~FakeRegistry();

  std::string host() const;                              // "127.0.0.1:PORT"
  std::string reference(const std::string& name) const;  // "127.0.0.1:PORT/team/app:1"
  std::string url(const std::string& path) const;
  std::string storage_host() const;        // behind redirects
  std::string token_host() const;          // the registry's own unless AccessRules::token_server_apart
  std::vector<std::string> hosts() const;  // all of them
  HttpServer& server();                    // for certificates, connections

  // Contents
  void add_image(const std::string& repository, const SampleTree& tree, const std::string& tag = {});
  Digest add_blob(const std::string& repository, std::string bytes);
  void add_blob(const std::string& repository, const Digest& digest, HttpContent content);  // not kept as bytes
  Digest add_manifest(const std::string& repository, std::string bytes, std::string_view media_type, const std::string& tag = {});
  void tag(const std::string& repository, const std::string& tag, const Digest& digest);
  void spoil_blob(const Digest& digest);  // one byte of it is another from now on
  void remove_blob(const std::string& repository, const Digest& digest);
  bool has_blob(const std::string& repository, const Digest& digest) const;
  std::optional<std::string> blob(const std::string& repository, const Digest& digest) const;
  std::optional<StoredManifest> manifest(const std::string& repository, const std::string& reference) const;
  std::vector<std::string> tags(const std::string& repository) const;
  // The whole tree below the tag or digest is there, with these bytes.
  bool holds(const std::string& repository, const std::string& reference, const SampleTree& tree) const;

  // What clients did
  std::vector<RegistryRequest> log() const;  // since forget()
  std::size_t count(const std::string& kind) const;
  Counts summary() const;  // kind -> number
  std::uint64_t bytes_up() const;
  std::uint64_t bytes_down() const;
  void forget();                             // log, uploads, mounts and violations so far
  std::vector<Digest> blob_uploads() const;  // finished, in order, each time
  std::vector<Digest> mounts() const;
  std::size_t open_uploads() const;             // begun, neither finished nor deleted
  std::vector<std::string> violations() const;  // what no client may do, whatever it was answered

  // What goes wrong
  void fail(FaultMatch match, Fault fault);
  void fail(std::size_t nth_request, Fault fault);  // of all, counted from now
  void stop_failing();
  std::size_t faults_struck() const;
  void change(const std::function<void(RegistryQuirks&)>& edit);
  void expire_tokens();
  std::string issue_token(const std::vector<std::string>& scopes);  // {"repository:team/app:pull"}

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::test
