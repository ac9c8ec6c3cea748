// SPDX-License-Identifier: Apache-2.0
// A docker engine as far as images go: describes, exports and loads them, over a unix socket, in memory. It proves what it is given as the
// real one does: the layers against the diff_ids.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "support/http_server.hpp"

namespace resole::test {

struct FakeEngineOptions {
  bool knows_chains =
      true;  // layers it has may be missing in an archive (docker's own storage); else it refuses that (containerd's, podman)
  bool containerd = false;       // ids are not those of configs; exports are OCI layouts with gzip layers and a manifest.json
  std::string refuses;           // every load fails with these words, after the status 200
  std::uint64_t cut_export = 0;  // exports break off after so many bytes
  bool other_layers = false;     // exports hold another image than was asked for
};

class FakeEngine {
 public:
  explicit FakeEngine(std::string socket, FakeEngineOptions options = {});

  const std::string& socket() const { return socket_; }
  FakeEngineOptions& options() { return options_; }
  std::map<std::string, std::string> names() const;  // full reference -> id
  void remove(const std::string& name);
  std::string config_of(const std::string& name) const;  // bytes
  // "GET export", "POST load", ... in order, and the bytes of the archives that were loaded.
  std::vector<std::string> requests() const;
  std::vector<std::string> loaded() const;

 private:
  struct Image {
    std::string config;
    std::vector<std::string> diff_ids;
  };
  HttpAnswer describe(const std::string& name);
  HttpAnswer export_image(const std::string& name);
  HttpAnswer load(const std::string& archive);
  std::string id_of(const Image& image) const;
  const Image* find(const std::string& name) const;
  bool has_chain(const std::vector<std::string>& diff_ids, std::size_t length) const;
  void note(std::string request);

  std::string socket_;
  FakeEngineOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, Image> images_;        // by id
  std::map<std::string, std::string> layers_;  // by diff_id, plain
  std::map<std::string, std::string> names_;
  std::vector<std::string> requests_, loaded_;
  std::unique_ptr<HttpServer> server_;  // last: stops first
};

}  // namespace resole::test
