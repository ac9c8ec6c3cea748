// SPDX-License-Identifier: Apache-2.0
// The four requests of the Docker Engine API that are needed here, over its unix socket. podman's service answers them too.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/digest.hpp"
#include "io/http_client.hpp"

namespace resole::registry {

// The socket that DOCKER_HOST names, or docker's own. Error(unsupported) for one that is no unix socket.
std::string engine_socket(const io::Environment& environment);

struct EngineImage {
  Digest id;  // of the config; with containerd's image store of the manifest or index
  std::vector<Digest> diff_ids;
};

// Errors are Error(network): nobody listens, or the answer is not what the API says.
class Engine {
 public:
  Engine(std::shared_ptr<io::HttpClient> client, std::string socket) : client_(std::move(client)), socket_(std::move(socket)) {}
  const std::string& socket() const { return socket_; }

  std::optional<EngineImage> inspect(const std::string& name) const;  // nullopt when there is none
  void export_image(const std::string& name, Sink& archive) const;    // as a docker archive
  // The names in the archive mean its images when this returns. What the engine says against it, nullopt when it took it.
  std::optional<std::string> load(const SourceOpener& archive, std::uint64_t size) const;

 private:
  struct Answer {
    int status = 0;
    std::string body;
  };
  io::HttpRequest request(std::string method, const std::string& path) const;
  Answer send(const io::HttpRequest& request) const;
  [[noreturn]] void throw_no_answer(const io::HttpOutcome& outcome) const;

  std::shared_ptr<io::HttpClient> client_;
  std::string socket_;
};

}  // namespace resole::registry
