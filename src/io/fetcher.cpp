// SPDX-License-Identifier: Apache-2.0
// Where a resource comes from, in this order: the cache, the bundle, a local file, the network. Whatever the place, its bytes are checked.
#include "io/fetcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "io/download.hpp"
#include "io/gather.hpp"
#include "io/http_client.hpp"
#include "io/landing.hpp"
#include "io/revalidation.hpp"
#include "io/single_flight.hpp"
#include "io/tally.hpp"
#include "io/url_parts.hpp"

namespace resole::io {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kWorthAPhase = 1u << 20;   // a single download below that is over before a bar is drawn
constexpr std::int64_t kMostInMemory = 256 << 20;  // when the cache cannot be written
constexpr std::uint64_t kMostRange = 1u << 30;

HttpClientOptions client_options(const HttpOptions& options) {
  HttpClientOptions client;
  client.connect_timeout = options.connect_timeout;
  client.stall_timeout = options.stall_timeout;
  client.user_agent = options.user_agent;
  client.allowed_private_hosts = options.allowed_private_hosts;
  client.connections = 8;
  return client;
}

RetryOptions retry_options(const HttpOptions& options, Reporter& reporter) {
  RetryOptions retries;
  retries.tries = std::max(options.tries, 1u);
  retries.sleep =
      options.sleep ? options.sleep : [](double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); };
  retries.random = [] {
    std::random_device device;
    return std::uniform_real_distribution<double>(0, 1)(device);
  };
  retries.tell = [&reporter](const Error& error, double delay) {
    reporter.debug(fmt::format("{}; trying again in {}", error.message(), human_duration(delay)));
  };
  return retries;
}

// What belongs to one fetch: how its progress is shown and who can end it.
struct Watch {
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(std::uint64_t bytes)> progress;
};

class StringLanding : public Landing {
 public:
  void restart() override { bytes.clear(); }
  void write(std::string_view more) override { bytes.append(more); }
  std::string bytes;
};

std::string_view slice(std::string_view bytes, std::uint64_t offset, std::uint64_t length) {
  if (offset >= bytes.size()) return {};
  return bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(std::min<std::uint64_t>(length, bytes.size() - offset)));
}

std::string name_of(const Resource& resource, const Url& url) { return resource.what.empty() ? url.shown() : printable(resource.what); }

class HttpFetcher : public Fetcher {
 public:
  HttpFetcher(HttpOptions options, Cache& cache, Path cache_directory, Reporter& reporter, const Clock& clock)
      : options_(std::move(options)),
        cache_(cache),
        cache_directory_(std::move(cache_directory)),
        reporter_(reporter),
        clock_(clock),
        client_(client_options(options_)),
        downloader_(client_, retry_options(options_, reporter), clock) {}

  Blob fetch(const Resource& resource) override;
  std::string fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) override;
  void fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t index, Blob bytes)>& done) override;
  std::optional<Blob> cached(const Digest& sha256) override;
  void keep(const Digest& sha256, std::string_view bytes) override;

 private:
  Blob get(const Resource& resource, const Watch& watch);
  Blob get_from(const Resource& resource, const Watch& watch);
  Blob get_watched(const Resource& resource, const Url& url, const Watch& watch);
  std::optional<Blob> from_bundle(const Digest& digest, bool check) const;
  Blob from_disk(const Resource& resource, const Url& url) const;
  Blob from_network(const Resource& resource, const Url& url, const Watch& watch);
  Blob download_into(VerifiedLanding& landing, const Resource& resource, const Url& url, const Watch& watch);
  Blob revalidated(const Resource& resource, const Url& url, const Watch& watch);
  Blob checked(Blob bytes, const Resource& resource, const Url& url) const;
  DownloadResult logged_download(const DownloadRequest& request, Landing& landing) const;
  DownloadRequest request_for(const Resource& resource, const Url& url, const Watch& watch) const;
  void require_network(const Resource& resource, const Url& url) const;
  void warn_about_storage(const Error& error);

  HttpOptions options_;
  Cache& cache_;
  Path cache_directory_;
  Reporter& reporter_;
  const Clock& clock_;
  HttpClient client_;
  Downloader downloader_;
  SingleFlight flights_;
  std::once_flag storage_warning_;
};

Blob HttpFetcher::fetch(const Resource& resource) { return get(resource, {}); }

// A place that does not have it, or cannot be reached, is not the last word while there is another.
Blob HttpFetcher::get(const Resource& resource, const Watch& watch) {
  Resource here = resource;
  for (std::size_t next = 0;; ++next) {
    try {
      return get_from(here, watch);
    } catch (const Error& error) {
      const bool cancelled = watch.cancelled != nullptr && *watch.cancelled;
      const bool elsewhere = error.kind() == ErrorKind::network || error.kind() == ErrorKind::throttled || error.kind() == ErrorKind::refused;
      if (next == resource.alternatives.size() || !elsewhere || cancelled) throw;
      reporter_.debug(fmt::format("{}; asking another place", error.message()));
    }
    here.url = resource.alternatives[next];
  }
}

Blob HttpFetcher::get_from(const Resource& resource, const Watch& watch) {
  const Url url = Url::parse(resource.url);
  if (!resource.sha256.empty()) {
    if (const auto here = cached(resource.sha256)) return checked(*here, resource, url);
  }
  if (url.scheme() == "file") return from_disk(resource, url);
  if (url.scheme() != "http" && url.scheme() != "https") {
    throw Error(ErrorKind::input, fmt::format("cannot download {}: only http, https and file are supported", url.shown()));
  }
  if (watch.progress || resource.size < static_cast<std::int64_t>(kWorthAPhase)) return get_watched(resource, url, watch);
  require_network(resource, url);
  Phase phase(reporter_, fmt::format("downloading {}", name_of(resource, url)), static_cast<std::uint64_t>(resource.size));
  return get_watched(resource, url, {watch.cancelled, [&phase](std::uint64_t bytes) { phase.progress(bytes); }});
}

Blob HttpFetcher::get_watched(const Resource& resource, const Url& url, const Watch& watch) {
  if (resource.sha256.empty()) return revalidated(resource, url, watch);
  require_network(resource, url);
  const SingleFlight::Turn turn(flights_, resource.sha256.text());
  if (const auto here = cached(resource.sha256)) return checked(*here, resource, url);
  return from_network(resource, url, watch);
}

// A matching digest with another size means that the resource contradicts itself; what came from elsewhere than cached() is hashed by its
// caller.
Blob HttpFetcher::checked(Blob bytes, const Resource& resource, const Url& url) const {
  if (resource.size >= 0 && bytes.size() != static_cast<std::uint64_t>(resource.size)) {
    throw Error(ErrorKind::verification,
                fmt::format("{} has {} bytes, not {} ({})", name_of(resource, url), bytes.size(), resource.size, url.shown()));
  }
  return bytes;
}

std::optional<Blob> HttpFetcher::cached(const Digest& digest) {
  if (auto entry = cache_.get("download", download_key(digest))) return entry;
  return from_bundle(digest, true);
}

void HttpFetcher::keep(const Digest& sha256, std::string_view bytes) {
  try {
    cache_.put("download", download_key(sha256), bytes);
  } catch (const Error& error) {
    warn_about_storage(error);
  }
}

std::optional<Blob> HttpFetcher::from_bundle(const Digest& digest, bool check) const {
  if (options_.extra_blobs.empty()) return std::nullopt;
  const Path path = options_.extra_blobs / "blobs" / digest.text().substr(0, digest.text().find(':')) / digest.hex();
  std::error_code absent;
  if (!fs::exists(path, absent)) return std::nullopt;
  Blob bytes = map_file(path);
  if (!check) return bytes;
  Hasher hasher(digest.algorithm());
  hasher.update(bytes.bytes());
  if (to_hex(hasher.finish()) == digest.hex()) return bytes;
  throw Error(ErrorKind::verification, fmt::format("{} is damaged: its bytes are not what its name says", printable(path.native(), 1000)),
              "make the bundle again with `resole fetch`");
}

Blob HttpFetcher::from_disk(const Resource& resource, const Url& url) const {
  const Path path = file_path(url);
  std::error_code failed;
  if (!fs::exists(path, failed))
    throw Error(ErrorKind::network, fmt::format("{}: not found: {}", name_of(resource, url), printable(path.native(), 1000)));
  Blob bytes = checked(map_file(path), resource, url);
  if (resource.sha256.empty()) {
    if (resource.size >= 0 || bytes.size() <= resource.limit) {
      if (resource.accept) resource.accept(bytes.bytes());
      return bytes;
    }
    throw Error(ErrorKind::verification,
                fmt::format("{} is larger than {} bytes ({})", name_of(resource, url), resource.limit, url.shown()));
  }
  Hasher hasher(resource.sha256.algorithm());
  hasher.update(bytes.bytes());
  const std::string found = to_hex(hasher.finish());
  if (found == resource.sha256.hex()) return bytes;
  throw Error(ErrorKind::verification,
              fmt::format("{}: the digest is {}, not {} ({})", name_of(resource, url), found, resource.sha256.hex(), url.shown()));
}

void HttpFetcher::require_network(const Resource& resource, const Url& url) const {
  if (!options_.offline) return;
  throw Error(ErrorKind::network,
              fmt::format("{} is not in the cache, and --offline allows no download ({})", name_of(resource, url), url.shown()),
              fmt::format("run once without --offline (the cache is {}), or use a bundle made by `resole fetch`",
                          printable(cache_directory_.native(), 1000)));
}

DownloadRequest HttpFetcher::request_for(const Resource& resource, const Url& url, const Watch& watch) const {
  return {.url = url,
          .what = name_of(resource, url),
          .fields = {},
          .size = resource.size,
          .limit = resource.limit,
          .cancelled = watch.cancelled,
          .progress = watch.progress,
          .tls = options_.tls ? options_.tls(url) : TlsOptions{}};
}

DownloadResult HttpFetcher::logged_download(const DownloadRequest& request, Landing& landing) const {
  const double begin = clock_.monotonic();
  DownloadResult result = downloader_.download(request, landing);
  reporter_.debug(fmt::format("GET {}: {}, {}", request.url.shown(), result.not_modified ? "not modified" : "received",
                              human_duration(clock_.monotonic() - begin)));
  return result;
}

void HttpFetcher::warn_about_storage(const Error& error) {
  std::call_once(storage_warning_, [&] { reporter_.warn(fmt::format("going on without the cache: {}", error.message())); });
}

Blob HttpFetcher::from_network(const Resource& resource, const Url& url, const Watch& watch) {
  CacheLanding landing(cache_, resource.sha256);
  try {
    return download_into(landing, resource, url, watch);
  } catch (const Error& error) {
    // A full disk costs the cache, not the run, as long as memory can take its place.
    if (!landing.storage_failed() || resource.size < 0 || resource.size > kMostInMemory) throw;
    warn_about_storage(error);
  }
  MemoryLanding memory(resource.sha256);
  return download_into(memory, resource, url, watch);
}

Blob HttpFetcher::download_into(VerifiedLanding& landing, const Resource& resource, const Url& url, const Watch& watch) {
  const DownloadRequest request = request_for(resource, url, watch);
  DownloadResult result = logged_download(request, landing);
  if (landing.matches()) return landing.commit();
  if (result.resumed) {  // the file may have changed between the parts
    landing.restart();
    result = logged_download(request, landing);
    if (landing.matches()) return landing.commit();
  }
  throw Error(
      ErrorKind::verification,
      fmt::format("{}: what the server sent does not have the digest {} ({})", name_of(resource, url), resource.sha256.text(), url.shown()),
      "the mirror does not carry this file as its index says, or something on the way changed it: use another mirror");
}

// A server that says "not modified" of a body that is no good (changed on an earlier way, or by then replayed with a date of the future) would
// otherwise be believed for ever.
Blob HttpFetcher::revalidated(const Resource& resource, const Url& url, const Watch& watch) {
  const auto accept = [&](std::string_view bytes) {
    if (resource.accept) resource.accept(bytes);
  };
  const auto kept = kept_body(cache_, url);
  if (options_.offline && kept) {
    accept(kept->body.bytes());
    return checked(kept->body, resource, url);
  }
  require_network(resource, url);
  DownloadRequest request = request_for(resource, url, watch);
  if (kept) request.fields = kept->conditions();
  StringLanding landing;
  DownloadResult result = logged_download(request, landing);
  if (result.not_modified && !request.fields.empty()) {
    try {
      accept(kept->body.bytes());
      return checked(kept->body, resource, url);
    } catch (const Error& error) {
      reporter_.debug(fmt::format("{}; asking for it without conditions", error.message()));
    }
    request.fields.clear();
    result = logged_download(request, landing);
  }
  if (result.not_modified) {
    throw Error(ErrorKind::network,
                fmt::format("{}: the server says \"not modified\" to a request without conditions ({})", request.what, url.shown()));
  }
  accept(landing.bytes);
  return keep_body(cache_, url, result.head, landing.bytes);
}

std::string HttpFetcher::fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) {
  const Url url = Url::parse(resource.url);
  length = std::min(length, kMostRange);
  if (resource.size >= 0) {
    const auto size = static_cast<std::uint64_t>(resource.size);
    length = offset >= size ? 0 : std::min(length, size - offset);
  }
  if (!resource.sha256.empty()) {
    if (const auto entry = cache_.get("download", download_key(resource.sha256))) return std::string(slice(entry->bytes(), offset, length));
    if (const auto blob = from_bundle(resource.sha256, false)) return std::string(slice(blob->bytes(), offset, length));
  }
  if (url.scheme() == "file") {
    Resource whole = resource;
    whole.sha256 = {};  // the caller verifies later
    return std::string(slice(from_disk(whole, url).bytes(), offset, length));
  }
  require_network(resource, url);
  return downloader_.range(request_for(resource, url, {}), offset, length);
}

void HttpFetcher::fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t index, Blob bytes)>& done) {
  std::vector<std::size_t> order(resources.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return resources[a].size > resources[b].size; });
  Tally tally(reporter_, resources);
  std::atomic<bool> stop = false;
  const auto fetch_one = [&](std::size_t index) {
    Blob bytes = get(resources[index], {&stop, [&tally, index](std::uint64_t so_far) { tally.progress(index, so_far); }});
    tally.finished(index, bytes.size());
    return bytes;
  };
  gather({order, std::min(options_.connections, 8u), options_.jobs, fetch_one, done}, stop);
}

}  // namespace

std::unique_ptr<Fetcher> http_fetcher(HttpOptions options, Cache& cache, const Path& cache_directory, Reporter& reporter,
                                      const Clock& clock) {
  return std::make_unique<HttpFetcher>(std::move(options), cache, cache_directory, reporter, clock);
}

}  // namespace resole::io
