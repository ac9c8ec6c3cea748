// SPDX-License-Identifier: Apache-2.0
// Paths without a version ("/v1.41/...") mean the newest that the engine knows: engines refuse versions that are too old for them, and
// nothing asked here has changed since the first ones.
#include "registry/docker/engine.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::registry {

namespace {

constexpr std::string_view kDefaultSocket = "/var/run/docker.sock";
constexpr std::size_t kMostAnswer = 16u << 20;
constexpr std::uint64_t kMostExport = 64ull << 30;
constexpr int kFound = 200, kNotFound = 404;

class Collector : public io::HttpReceiver {
 public:
  bool head(const io::HttpHead&) override { return true; }
  bool body(std::string_view bytes) override {
    if (body_.size() + bytes.size() > kMostAnswer) {
      throw Error(ErrorKind::network, fmt::format("the docker engine answered with more than {}", human_size(kMostAnswer)));
    }
    body_.append(bytes);
    return true;
  }
  std::string take() { return std::move(body_); }

 private:
  std::string body_;
};

// {"message": "..."}, else what it is.
std::string message_of(std::string_view body) {
  try {
    const Json json = parse_json(body, "answer", {.bytes = kMostAnswer, .depth = 32});
    if (json.is_object() && json.contains("message")) return printable(string_member(json, "message", "answer"), 1000);
  } catch (const Error&) {
  }
  return printable(trim(body), 300);
}

[[noreturn]] void throw_status(int status, std::string_view body, std::string_view doing) {
  throw Error(ErrorKind::network, fmt::format("the docker engine could not {} ({}): {}", doing, status, message_of(body)));
}

// The lines of progress that answer a load; an error comes in the midst of them, after the status 200.
std::optional<std::string> error_in_progress(std::string_view body) {
  for (const std::string_view line : lines(body)) {
    if (trim(line).empty()) continue;
    Json json;
    try {
      json = parse_json(line, "answer", {.bytes = kMostAnswer, .depth = 32});
    } catch (const Error&) {
      continue;  // a line of another kind of engine
    }
    if (json.is_object() && json.contains("error")) return printable(string_or(json, "error", "unknown error"), 1000);
  }
  return std::nullopt;
}

EngineImage read_image(std::string_view body) {
  constexpr std::string_view kWhat = "the docker engine's description of an image";
  const Json json = parse_json(body, kWhat, {.bytes = kMostAnswer, .depth = 100});
  EngineImage out;
  std::string id = string_member(json, "Id", kWhat);
  if (id.find(':') == std::string::npos) id.insert(0, "sha256:");  // podman writes the hex digits alone
  out.id = Digest::parse(id);
  if (!json.contains("RootFS") || !json["RootFS"].is_object()) return out;
  for (const std::string& layer : strings_or_empty(json["RootFS"], "Layers")) out.diff_ids.push_back(Digest::parse(layer));
  if (out.diff_ids.size() > oci::kMostLayers) throw Error(ErrorKind::input, fmt::format("{}: too many layers", kWhat));
  return out;
}

}  // namespace

std::string engine_socket(const io::Environment& environment) {
  const std::string host = environment("DOCKER_HOST");
  if (host.empty()) return std::string(kDefaultSocket);
  constexpr std::string_view kScheme = "unix://";
  if (host.starts_with(kScheme) && host.size() > kScheme.size()) return host.substr(kScheme.size());
  throw Error(ErrorKind::unsupported, fmt::format("DOCKER_HOST is \"{}\": only unix sockets (unix:///path) are supported", printable(host)),
              "forward the engine's socket (ssh -L ./docker.sock:/var/run/docker.sock HOST) and name that, or use docker-archive:");
}

io::HttpRequest Engine::request(std::string method, const std::string& path) const {
  io::HttpRequest out{.url = Url::parse("http://localhost" + path)};
  out.method = std::move(method);
  out.unix_socket = socket_;
  out.reach = io::Reach::named;
  return out;
}

void Engine::throw_no_answer(const io::HttpOutcome& outcome) const {
  throw Error(ErrorKind::network, fmt::format("no answer from a docker engine at {}: {}", printable(socket_), printable(outcome.trouble)),
              "is it running, and may you use its socket (group docker)? DOCKER_HOST=unix:///PATH names another one");
}

Engine::Answer Engine::send(const io::HttpRequest& request) const {
  Collector collector;
  const io::HttpOutcome outcome = client_->send(request, collector);
  if (outcome.ending != io::Ending::complete || outcome.head.status == 0) throw_no_answer(outcome);
  return {outcome.head.status, collector.take()};
}

std::optional<EngineImage> Engine::inspect(const std::string& name) const {
  const Answer answer = send(request("GET", "/images/" + name + "/json"));
  if (answer.status == kNotFound) return std::nullopt;
  if (answer.status != kFound) throw_status(answer.status, answer.body, "describe " + printable(name));
  return with_context([&] { return "asking the docker engine for " + printable(name); }, [&] { return read_image(answer.body); });
}

void Engine::export_image(const std::string& name, Sink& archive) const {
  const std::unique_ptr<io::HttpStream> stream = client_->stream(request("GET", "/images/" + name + "/get"));
  const int status = stream->head().status;
  std::string buffer(256u << 10, '\0');
  if (status != 0 && status != kFound) {
    std::string body;
    while (const std::size_t count = body.size() < kMostAnswer ? stream->read(buffer.data(), buffer.size()) : 0)
      body.append(buffer, 0, count);
    throw_status(status, body, "export " + printable(name));
  }
  std::uint64_t total = 0;
  while (const std::size_t count = stream->read(buffer.data(), buffer.size())) {
    total += count;
    if (total > kMostExport) throw Error(ErrorKind::input, fmt::format("{} is larger than {}", printable(name), human_size(kMostExport)));
    archive.write(std::string_view(buffer).substr(0, count));
  }
  if (const io::HttpOutcome outcome = stream->outcome(); status == 0 || outcome.ending != io::Ending::complete) throw_no_answer(outcome);
}

std::optional<std::string> Engine::load(const SourceOpener& archive, std::uint64_t size) const {
  io::HttpRequest load = request("POST", "/images/load?quiet=1");
  load.fields = {"Content-Type: application/x-tar"};
  load.body = io::HttpBody{archive, size};
  const Answer answer = send(load);
  if (answer.status != kFound) return fmt::format("{} ({})", message_of(answer.body), answer.status);
  return error_in_progress(answer.body);
}

}  // namespace resole::registry
