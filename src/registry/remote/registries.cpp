// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/registries.hpp"

#include <chrono>
#include <random>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/remote/remote_store.hpp"

namespace resole::registry {

namespace {

io::RetryOptions retry_options(const RegistryOptions& options, Reporter& reporter) {
  io::RetryOptions retries;
  retries.tries = options.tries;
  retries.sleep = options.sleep ? options.sleep : [](double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); };
  retries.random = [] {
    std::random_device device;
    return std::uniform_real_distribution<double>(0, 1)(device);
  };
  retries.tell = [&reporter](const Error& error, double delay) {
    reporter.note(fmt::format("{}; trying again in {}", error.message(), human_duration(delay)));
  };
  return retries;
}

// A copy between registries holds two transfers for every blob, and asks for tokens in between.
io::HttpClientOptions client_options(const RegistryOptions& options) {
  io::HttpClientOptions client;
  client.connect_timeout = options.connect_timeout;
  client.stall_timeout = options.stall_timeout;
  client.user_agent = "resole/" RESOLE_VERSION;
  client.connections = 64;
  return client;
}

}  // namespace

struct Registries::Machinery {
  struct Side {
    Side(const SideOptions& given, const RegistryOptions& options, io::HttpClient& client, const Clock& clock, Reporter& reporter)
        : credentials({.authfile = given.authfile}),
          connection{client, clock, reporter, credentials, retry_options(options, reporter)},
          hosts{.tls_verify = given.tls_verify, .cert_dir = given.cert_dir, .system_root = options.system_root} {}
    Credentials credentials;
    Connection connection;
    HostOptions hosts;
  };

  Machinery(const RegistryOptions& options, Cache& kept, const Clock& clock, Reporter& told)
      : cache(kept),
        reporter(told),
        client(client_options(options)),
        source(options.source, options, client, clock, told),
        destination(options.destination, options, client, clock, told) {}

  std::unique_ptr<oci::Store> open(const oci::Reference& reference, Side& side, bool writing) {
    const Endpoints endpoints = endpoints_of(reference, side.hosts);
    if (!endpoints.warning.empty()) reporter.warn(endpoints.warning);
    return std::make_unique<RemoteStore>(reference, endpoints, side.connection, cache, writing);
  }

  Cache& cache;
  Reporter& reporter;
  io::HttpClient client;
  Side source, destination;
};

Registries::Registries(RegistryOptions options, Cache& cache, const Clock& clock, Reporter& reporter)
    : machinery_(std::make_unique<Machinery>(options, cache, clock, reporter)) {}
Registries::~Registries() = default;

std::unique_ptr<oci::Store> Registries::open_for_reading(const oci::Reference& reference) {
  return machinery_->open(reference, machinery_->source, false);
}
std::unique_ptr<oci::Store> Registries::open_for_writing(const oci::Reference& reference) {
  return machinery_->open(reference, machinery_->destination, true);
}

}  // namespace resole::registry
