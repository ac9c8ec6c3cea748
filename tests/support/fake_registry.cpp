// SPDX-License-Identifier: Apache-2.0
#include "support/fake_registry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "oci/descriptor.hpp"
#include "support/registry_world.hpp"

namespace resole::test {

namespace {

std::vector<Need> needs_of(const RegistryRequest& request, bool mount_source) {
  if (request.repository.empty()) return {};
  std::set<std::string> actions = {"pull"};
  if (request.method == "DELETE" && request.noun() != "upload") {
    actions = {"delete"};
  } else if (request.method != "GET" && request.method != "HEAD") {
    actions = {"pull", "push"};
  }
  std::vector<Need> needs = {{request.repository, actions}};
  if (mount_source && request.noun() == "mount" && request.asks("from")) needs.push_back({request.parameter("from"), {"pull"}});
  return needs;
}

std::string url_of(const HttpServer& server) { return server.url(""); }

}  // namespace

struct FakeRegistry::State {
  RegistryWorld world;
  RegistryAccess access;
  FaultList faults;
  std::uint64_t forgotten = 0;  // requests up to this number
  // Last: they are gone before what their threads use.
  std::unique_ptr<HttpServer> server, storage, token_server;

  explicit State(FakeRegistryOptions options) : access(options.access) {
    world.quirks = options.quirks;
    world.keep_blobs = options.keep_blobs;
    if (options.tls && !options.tls->authority) options.tls->authority = std::make_shared<CertificateAuthority>();
    const HttpServerOptions of_servers{.tls = options.tls, .keep_body = 16u << 20};
    server = std::make_unique<HttpServer>(of_servers);
    storage = std::make_unique<HttpServer>(of_servers);
    if (options.access.token_server_apart) token_server = std::make_unique<HttpServer>(of_servers);
    world.registry_url = url_of(*server);
    world.storage_url = url_of(*storage);
    for (HttpServer* one : servers()) {
      one->open_rest([this, one](const HttpSeen& seen) { return open(*one, seen); });
    }
  }

  std::vector<HttpServer*> servers() const {
    std::vector<HttpServer*> out = {server.get(), storage.get()};
    if (token_server) out.push_back(token_server.get());
    return out;
  }

  HttpServer& token_place() const { return token_server ? *token_server : *server; }

  RegistryRequest understood(const HttpSeen& seen) const {
    RegistryRequest request = understand(seen);
    if (request.noun() != "upload" || !request.repository.empty()) return request;
    const std::lock_guard lock(world.mutex);
    const auto found = world.contents.uploads.find(request.reference);
    if (found != world.contents.uploads.end()) request.repository = found->second.repository;
    return request;
  }

  HttpPlan open(const HttpServer& place, const HttpSeen& seen) {
    const RegistryRequest request = understood(seen);
    auto fault = faults.strike(request);
    if (fault && fault->action) fault->action();
    if (fault && fault->status == 401 && &place == server.get()) add_challenge(*fault, request);
    HttpPlan plan = fault && (fault->status != 0 || fault->silent) && !fault->executed ? HttpPlan() : plan_for(place, seen, request);
    if (fault && fault->lose_upload && !fault->reset_mid_upload) lose_upload(world, request.reference);
    if (fault && fault->lose_upload) {
      plan.broken = [this, name = request.reference](const HttpSeen&) { lose_upload(world, name); };
    }
    plan.answer = [this, answer = std::move(plan.answer)](const HttpSeen& whole) { return finished(answer(whole)); };
    return fault ? with_fault(*fault, std::move(plan)) : plan;
  }

  // A token that is refused, as far as the client can see.
  void add_challenge(Fault& fault, const RegistryRequest& request) const {
    if (access.rules().auth == Auth::none) return;
    const auto fields = access.challenge(token_place().url("/token"), needs_of(request, true), RegistryAccess::Verdict::unknown_caller);
    fault.change = [fields, change = std::move(fault.change)](HttpAnswer& answer) {
      answer.fields.insert(answer.fields.end(), fields.begin(), fields.end());
      if (change) change(answer);
    };
  }

  // The fields of every answer.
  HttpAnswer finished(HttpAnswer answer) const {
    const std::lock_guard lock(world.mutex);
    answer.fields.emplace_back("Docker-Distribution-Api-Version", "registry/2.0");
    if (!world.quirks.warning.empty()) answer.fields.emplace_back("Warning", world.quirks.warning);
    return answer;
  }

  HttpPlan plan_for(const HttpServer& place, const HttpSeen& seen, const RegistryRequest& request) {
    const std::string_view noun = request.noun();
    if (&place == storage.get()) return storage_plan(seen, request);
    if (noun == "token" && &place == &token_place()) return token_plan();
    if (&place != server.get() || noun == "other" || noun == "token" || noun == "storage") return unknown_plan(request);
    if (!request.repository.empty() && !is_repository_name(request.repository)) return unknown_plan(request);
    if (auto refused = denied(seen, request)) return *refused;
    if (noun == "ping") return answering({.body = "{}", .fields = {{"Content-Type", "application/json"}}});
    if (noun == "blob") return blob_plan(world, request);
    if (noun == "mount") return mount_plan(world, access, seen, request);
    if (noun == "upload") return upload_plan(world, seen, request);
    if (noun == "manifest") return manifest_plan(world, seen, request);
    return noun == "tags" ? tags_plan(world, request) : referrers_plan(world, request);
  }

  HttpPlan unknown_plan(const RegistryRequest& request) {
    const std::lock_guard lock(world.mutex);
    world.blame("no such endpoint: " + request.method + " " + request.path);
    return world.refusing(404, "NAME_INVALID", "no such endpoint");
  }

  HttpPlan storage_plan(const HttpSeen& seen, const RegistryRequest& request) {
    if (request.noun() == "storage") return stored_plan(world, seen, request);
    if (request.noun() != "upload") return unknown_plan(request);
    if (!seen.has("authorization")) return upload_plan(world, seen, request);
    const std::lock_guard lock(world.mutex);
    world.blame("the storage host was sent Authorization: " + request.method + " " + request.path);
    return world.refusing(400, "InvalidArgument", "Only one auth mechanism allowed");
  }

  HttpPlan token_plan() {
    return {.answer = [this](const HttpSeen& seen) {
      std::vector<std::string> violations;
      const HttpAnswer answer = access.token(seen, post_status(), violations);
      const std::lock_guard lock(world.mutex);
      for (std::string& violation : violations) world.blame(std::move(violation));
      return answer;
    }};
  }

  int post_status() const {
    const std::lock_guard lock(world.mutex);
    return world.quirks.token_post_status;
  }

  std::optional<HttpPlan> denied(const HttpSeen& seen, const RegistryRequest& request) {
    using Verdict = RegistryAccess::Verdict;
    const std::lock_guard lock(world.mutex);
    const std::vector<Need> needs = needs_of(request, !world.quirks.mount_without_scope_uploads);
    const Verdict verdict = access.judge(seen, needs);
    if (verdict == Verdict::allowed) return std::nullopt;
    const bool forbidden = verdict == Verdict::not_enough && (world.quirks.denied_status != 401 || access.rules().auth == Auth::basic);
    if (forbidden) {
      const int status = world.quirks.denied_status == 401 ? 403 : world.quirks.denied_status;
      return world.refusing(status, "DENIED", "requested access to the resource is denied");
    }
    HttpAnswer answer = world.refuse(401, "UNAUTHORIZED", "authentication required");
    for (auto& field : access.challenge(token_place().url("/token"), needs, verdict)) answer.fields.push_back(std::move(field));
    return answering(std::move(answer));
  }
};

FakeRegistry::FakeRegistry(FakeRegistryOptions options) : state_(std::make_unique<State>(std::move(options))) {}
FakeRegistry::~FakeRegistry() = default;

std::string FakeRegistry::host() const { return state_->server->host(); }
std::string FakeRegistry::reference(const std::string& name) const { return host() + "/" + name; }
std::string FakeRegistry::url(const std::string& path) const { return state_->server->url(path); }
std::string FakeRegistry::storage_host() const { return state_->storage->host(); }
std::string FakeRegistry::token_host() const { return state_->token_place().host(); }
HttpServer& FakeRegistry::server() { return *state_->server; }

std::vector<std::string> FakeRegistry::hosts() const {
  std::vector<std::string> out;
  for (const HttpServer* one : state_->servers()) out.push_back(one->host());
  return out;
}

void FakeRegistry::add_image(const std::string& repository, const SampleTree& tree, const std::string& name) {
  for (const oci::Descriptor& part : everything_below(tree)) {
    const std::string& bytes = tree.blobs.at(part.digest);
    if (is_manifest_or_index(part.media_type)) {
      add_manifest(repository, bytes, part.media_type);
    } else {
      add_blob(repository, bytes);
    }
  }
  if (!name.empty()) tag(repository, name, tree.root.digest);
}

Digest FakeRegistry::add_blob(const std::string& repository, std::string bytes) {
  const Digest digest = Digest::of(bytes);
  add_blob(repository, digest, content_of(std::move(bytes)));
  return digest;
}

void FakeRegistry::add_blob(const std::string& repository, const Digest& digest, HttpContent content) {
  const std::lock_guard lock(state_->world.mutex);
  state_->world.contents.blobs[digest] = {.content = std::move(content), .is_kept = true};
  state_->world.contents.repositories[repository].blobs.insert(digest);
}

Digest FakeRegistry::add_manifest(const std::string& repository, std::string bytes, std::string_view media_type, const std::string& name) {
  const Digest digest = Digest::of(bytes);
  const std::lock_guard lock(state_->world.mutex);
  StoredRepository& place = state_->world.contents.repositories[repository];
  place.manifests[digest] = {std::move(bytes), std::string(media_type), digest};
  if (!name.empty()) place.tags[name] = digest;
  return digest;
}

void FakeRegistry::tag(const std::string& repository, const std::string& name, const Digest& digest) {
  const std::lock_guard lock(state_->world.mutex);
  state_->world.contents.repositories[repository].tags[name] = digest;
}

void FakeRegistry::spoil_blob(const Digest& digest) {
  const std::lock_guard lock(state_->world.mutex);
  HttpContent& content = state_->world.contents.blobs.at(digest).content;
  content.read = [read = content.read, at = content.size / 2](std::uint64_t offset, char* out, std::size_t count) {
    read(offset, out, count);
    if (at >= offset && at - offset < count) out[at - offset] = static_cast<char>(out[at - offset] ^ 1);
  };
}

void FakeRegistry::remove_blob(const std::string& repository, const Digest& digest) {
  const std::lock_guard lock(state_->world.mutex);
  state_->world.contents.repositories[repository].blobs.erase(digest);
}

bool FakeRegistry::has_blob(const std::string& repository, const Digest& digest) const {
  const std::lock_guard lock(state_->world.mutex);
  return state_->world.contents.has_blob(repository, digest);
}

std::optional<std::string> FakeRegistry::blob(const std::string& repository, const Digest& digest) const {
  const std::lock_guard lock(state_->world.mutex);
  if (!state_->world.contents.has_blob(repository, digest)) return std::nullopt;
  const StoredBlob& blob = state_->world.contents.blobs.at(digest);
  if (!blob.is_kept) return std::nullopt;
  std::string bytes(blob.content.size, '\0');
  blob.content.read(0, bytes.data(), bytes.size());
  return bytes;
}

std::optional<StoredManifest> FakeRegistry::manifest(const std::string& repository, const std::string& reference) const {
  const std::lock_guard lock(state_->world.mutex);
  const StoredManifest* found = state_->world.contents.manifest(repository, reference);
  return found ? std::optional(*found) : std::nullopt;
}

std::vector<std::string> FakeRegistry::tags(const std::string& repository) const {
  const std::lock_guard lock(state_->world.mutex);
  std::vector<std::string> out;
  for (const auto& [name, digest] : state_->world.contents.repositories[repository].tags) out.push_back(name);
  return out;
}

bool FakeRegistry::holds(const std::string& repository, const std::string& reference, const SampleTree& tree) const {
  const auto root = manifest(repository, reference);
  if (!root || root->digest != tree.root.digest) return false;
  return std::all_of(tree.blobs.begin(), tree.blobs.end(), [&](const auto& one) {
    if (const auto found = manifest(repository, one.first.text())) return found->bytes == one.second;
    return blob(repository, one.first) == one.second;
  });
}

std::vector<RegistryRequest> FakeRegistry::log() const {
  std::vector<RegistryRequest> out;
  for (const HttpServer* one : state_->servers()) {
    for (const HttpSeen& seen : one->seen()) {
      if (seen.number > state_->forgotten) out.push_back(state_->understood(seen));
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  return out;
}

std::size_t FakeRegistry::count(const std::string& kind) const {
  const Counts counts = summary();
  const auto found = counts.find(kind);
  return found == counts.end() ? 0 : found->second;
}

FakeRegistry::Counts FakeRegistry::summary() const {
  Counts counts;
  for (const RegistryRequest& request : log()) ++counts[request.kind];
  return counts;
}

std::uint64_t FakeRegistry::bytes_up() const {
  std::uint64_t sum = 0;
  for (const RegistryRequest& request : log()) sum += request.up;
  return sum;
}

std::uint64_t FakeRegistry::bytes_down() const {
  std::uint64_t sum = 0;
  for (const RegistryRequest& request : log()) sum += request.down;
  return sum;
}

void FakeRegistry::forget() {
  const std::vector<RegistryRequest> all = log();
  if (!all.empty()) state_->forgotten = all.back().number;
  const std::lock_guard lock(state_->world.mutex);
  state_->world.uploaded.clear();
  state_->world.mounted.clear();
  state_->world.violations.clear();
}

std::vector<Digest> FakeRegistry::blob_uploads() const {
  const std::lock_guard lock(state_->world.mutex);
  std::vector<Digest> out;
  for (const auto& [repository, digest] : state_->world.uploaded) out.push_back(digest);
  return out;
}

std::vector<Digest> FakeRegistry::mounts() const {
  const std::lock_guard lock(state_->world.mutex);
  std::vector<Digest> out;
  for (const auto& [repository, digest] : state_->world.mounted) out.push_back(digest);
  return out;
}

std::size_t FakeRegistry::open_uploads() const {
  const std::lock_guard lock(state_->world.mutex);
  return state_->world.contents.uploads.size();
}

std::vector<std::string> FakeRegistry::violations() const {
  const std::lock_guard lock(state_->world.mutex);
  return state_->world.violations;
}

void FakeRegistry::fail(FaultMatch match, Fault fault) { state_->faults.add(std::move(match), std::move(fault)); }
void FakeRegistry::fail(std::size_t nth_request, Fault fault) { fail(FaultMatch{.nth = nth_request}, std::move(fault)); }
void FakeRegistry::stop_failing() { state_->faults.clear(); }
std::size_t FakeRegistry::faults_struck() const { return state_->faults.struck(); }

void FakeRegistry::change(const std::function<void(RegistryQuirks&)>& edit) {
  const std::lock_guard lock(state_->world.mutex);
  edit(state_->world.quirks);
}

void FakeRegistry::expire_tokens() { state_->access.expire_tokens(); }
std::string FakeRegistry::issue_token(const std::vector<std::string>& scopes) { return state_->access.issue(scopes); }

}  // namespace resole::test
