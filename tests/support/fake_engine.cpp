// SPDX-License-Identifier: Apache-2.0
#include "support/fake_engine.hpp"

#include <stdexcept>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {

namespace {

std::string hex(const std::string& digest) { return digest.substr(digest.find(':') + 1); }

HttpAnswer failure(int status, const std::string& message) { return {.status = status, .body = Json{{"message", message}}.dump()}; }

}  // namespace

FakeEngine::FakeEngine(std::string socket, FakeEngineOptions options) : socket_(std::move(socket)), options_(std::move(options)) {
  server_ = std::make_unique<HttpServer>(HttpServerOptions{.unix_socket = socket_, .keep_body = 256u << 20});
  server_->open_rest([this](const HttpSeen&) {
    return HttpPlan{.answer = [this](const HttpSeen& seen) -> HttpAnswer {
      const std::string prefix = "/images/";
      if (!seen.path.starts_with(prefix)) return failure(404, "page not found");
      if (seen.path == "/images/load?quiet=1" && seen.method == "POST") return load(seen.body);
      const std::size_t slash = seen.path.rfind('/');
      const std::string name = seen.path.substr(prefix.size(), slash - prefix.size()), what = seen.path.substr(slash);
      if (what == "/json") return describe(name);
      if (what == "/get") return export_image(name);
      return failure(404, "page not found");
    }};
  });
}

void FakeEngine::note(std::string request) { requests_.push_back(std::move(request)); }

std::string FakeEngine::id_of(const Image& image) const {
  return Digest::of(options_.containerd ? "the manifest of " + image.config : image.config).text();
}

const FakeEngine::Image* FakeEngine::find(const std::string& name) const {
  const auto named = names_.find(name);
  const auto at = images_.find(named == names_.end() ? name : named->second);
  return at == images_.end() ? nullptr : &at->second;
}

HttpAnswer FakeEngine::describe(const std::string& name) {
  const std::lock_guard guard(mutex_);
  note("GET json");
  const Image* image = find(name);
  if (!image) return failure(404, "No such image: " + name);
  return {
      .body =
          Json{{"Id", id_of(*image)}, {"RepoTags", Json::array()}, {"RootFS", {{"Type", "layers"}, {"Layers", image->diff_ids}}}}.dump()};
}

HttpAnswer FakeEngine::export_image(const std::string& name) {
  const std::lock_guard guard(mutex_);
  note("GET export");
  const Image* image = find(name);
  if (!image) return failure(404, "No such image: " + name);
  if (options_.other_layers) image = &images_.begin()->second;
  TarBuilder tar;
  Json list = {{"RepoTags", nullptr}, {"Layers", Json::array()}};
  std::string config = hex(Digest::of(image->config).text());
  config = options_.containerd ? "blobs/sha256/" + config : config + ".json";
  list["Config"] = config;
  if (options_.containerd) tar.dir("blobs").dir("blobs/sha256").file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  tar.file(config, image->config);
  for (const std::string& diff_id : image->diff_ids) {
    const std::string bytes = options_.containerd ? gzip(layers_.at(diff_id)) : layers_.at(diff_id);
    const std::string path =
        options_.containerd ? "blobs/sha256/" + hex(Digest::of(bytes).text()) : sha256_hex_of("v1 id of " + diff_id) + "/layer.tar";
    tar.file(path, bytes);
    list["Layers"].push_back(path);
  }
  HttpAnswer answer{.body = tar.file("manifest.json", Json::array({list}).dump()).bytes(), .chunked = true};
  if (options_.cut_export != 0) answer.cut_after = options_.cut_export;
  return answer;
}

bool FakeEngine::has_chain(const std::vector<std::string>& diff_ids, std::size_t length) const {
  for (const auto& [id, image] : images_) {
    if (image.diff_ids.size() >= length &&
        std::equal(diff_ids.begin(), diff_ids.begin() + static_cast<std::ptrdiff_t>(length), image.diff_ids.begin()))
      return true;
  }
  return false;
}

HttpAnswer FakeEngine::load(const std::string& archive) {
  const std::lock_guard guard(mutex_);
  note("POST load");
  loaded_.push_back(archive);
  const auto refuse = [](const std::string& words) {
    return HttpAnswer{.body = Json{{"errorDetail", {{"message", words}}}, {"error", words}}.dump() + "\r\n"};
  };
  if (!options_.refuses.empty()) return refuse(options_.refuses);
  std::map<std::string, std::string> members;
  for (const auto& [header, content] : read_tar(archive)) members[header.path] = content;
  const Json list = Json::parse(members.at("manifest.json"));
  for (const Json& entry : list) {
    Image image{members.at(entry["Config"]), {}};
    const Json config = Json::parse(image.config);
    for (const Json& diff_id : config["rootfs"]["diff_ids"]) image.diff_ids.push_back(diff_id);
    for (std::size_t at = 0; at < image.diff_ids.size(); ++at) {
      const std::string member = entry["Layers"][at];
      if (options_.knows_chains && has_chain(image.diff_ids, at + 1)) continue;
      if (!members.contains(member)) return refuse("open /var/lib/docker/tmp/docker-import-1/" + member + ": no such file or directory");
      if (Digest::of(members[member]).text() != image.diff_ids[at]) return refuse("invalid diffID for layer " + std::to_string(at));
      layers_[image.diff_ids[at]] = members[member];
    }
    const std::string id = id_of(image);
    images_[id] = image;
    for (const Json& tag : entry["RepoTags"]) names_[tag] = id;
  }
  return {.body = R"({"stream":"Loaded image"})"
                  "\r\n"};
}

std::map<std::string, std::string> FakeEngine::names() const {
  const std::lock_guard guard(mutex_);
  return names_;
}

void FakeEngine::remove(const std::string& name) {
  const std::lock_guard guard(mutex_);
  images_.erase(names_.at(name));
  names_.erase(name);
}

std::string FakeEngine::config_of(const std::string& name) const {
  const std::lock_guard guard(mutex_);
  const Image* image = find(name);
  return image ? image->config : "";
}

std::vector<std::string> FakeEngine::requests() const {
  const std::lock_guard guard(mutex_);
  return requests_;
}

std::vector<std::string> FakeEngine::loaded() const {
  const std::lock_guard guard(mutex_);
  return loaded_;
}

}  // namespace resole::test
