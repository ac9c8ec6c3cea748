// SPDX-License-Identifier: Apache-2.0
#include "forge/connect.hpp"

#include <chrono>
#include <random>
#include <thread>

#include "base/text.hpp"

namespace resole::forge {

namespace {

constexpr double kForgeStall = 60;  // seconds; some forges think for a while before they answer

io::HttpClientOptions forge_client_options() {
  io::HttpClientOptions options;
  options.stall_timeout = kForgeStall;
  options.user_agent = "resole/" RESOLE_VERSION;
  return options;
}

io::RetryOptions forge_retries(const ForgeSettings& settings, Reporter& reporter) {
  io::RetryOptions retries;
  retries.tries = settings.tries;
  retries.sleep = settings.sleep ? settings.sleep : [](double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); };
  retries.random = [] {
    std::random_device device;
    return std::uniform_real_distribution<double>(0, 1)(device);
  };
  retries.tell = [&reporter](const Error& error, double delay) { reporter.note(fmt::format("{}; trying again in {}", error.message(), human_duration(delay))); };
  return retries;
}

struct Line {
  explicit Line(const io::HttpClientOptions& options) : client(options) {}
  io::HttpClient client;
  std::optional<Api> api;
};

}  // namespace

std::unique_ptr<Forge> connect_forge(const ForgeSettings& settings, const Clock& clock, Reporter& reporter) {
  auto line = std::make_shared<Line>(forge_client_options());
  line->api.emplace(ApiAccess{.client = line->client,
                              .clock = clock,
                              .retries = forge_retries(settings, reporter),
                              .name = std::string(settings.kind->name),
                              .base = settings.api,
                              .authorization = settings.token.empty() ? std::string() : std::string(settings.kind->token_prefix) + settings.token,
                              .tls = {.authorities = settings.authorities},
                              .fields = settings.kind->fields});
  return settings.kind->make(std::shared_ptr<Api>(line, &*line->api), settings.project);
}

}  // namespace resole::forge
