// SPDX-License-Identifier: Apache-2.0
#include "patch/feeds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "advisory/feed/read.hpp"
#include "advisory/feed/scope.hpp"
#include "archive/documents.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "base/xml.hpp"

namespace resole::patch {

namespace feed = advisory::feed;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view kCatalogueRoom = "feed", kIndexRoom = "feed-index", kCatalogue = "catalogue";
constexpr std::uint64_t kLargestFeed = 2ull << 30;
constexpr std::size_t kMostFiles = 2'000'000;

struct FeedFile {
  std::string name;  // as messages show it
  Blob bytes;
};

struct Compiled {
  std::string index;
  std::set<std::string> formats;
  std::vector<std::pair<std::string, std::size_t>> left_out;
  std::size_t records = 0, attributes = 0;
};

// Of many documents some may be none of ours: they are left out with their reason, as long as one is read. Of one document the reason is the error.
Compiled compile(const std::vector<FeedFile>& files, const std::string& os) {
  feed::IndexBuilder builder;
  Compiled out;
  std::size_t documents = 0;
  std::optional<Error> first_refusal;
  for (const FeedFile& file : files) {
    archive::for_each_document(file.bytes.bytes(), file.name, [&](std::string_view name, Source& content) {
      ++documents;
      try {
        out.formats.emplace(feed::read_document(content, {.name = name, .os = os, .out = builder}));
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::input) throw;
        if (!first_refusal) first_refusal = error;
        builder.left_out("documents that cannot be read: " + error.message());
      }
    });
  }
  const bool nothing = builder.records() == 0 && builder.attributes() == 0;
  if (first_refusal && (documents == 1 || out.formats.empty())) throw *first_refusal;
  out.left_out = builder.left_out();
  if (nothing) {
    const std::string why = out.left_out.empty() ? "it names no package" : out.left_out.front().first;
    throw Error(ErrorKind::input, fmt::format("{} holds nothing about packages of a distribution: {}", files.empty() ? "the feed" : files.front().name, why));
  }
  out.records = builder.records();
  out.attributes = builder.attributes();
  out.index = builder.finish();
  return out;
}

Digest digest_of(const std::vector<FeedFile>& files) {
  if (files.size() == 1) return Digest::of(files.front().bytes.bytes());
  std::string all;
  for (const FeedFile& file : files) all += file.name + "\n" + Digest::of(file.bytes.bytes()).text() + "\n";
  return Digest::of(all);
}

std::string joined(const std::set<std::string>& words) { return join(std::vector<std::string>(words.begin(), words.end()), ", "); }

Json feed_json(const KeptFeed& kept) {
  Json left_out = Json::array();
  for (const auto& [reason, count] : kept.left_out) left_out.push_back({{"reason", reason}, {"count", count}});
  return {{"name", kept.name},       {"url", kept.url},           {"os", kept.os},           {"format", kept.format},   {"date", kept.date},
          {"input", kept.input.text()}, {"index", kept.key},         {"checked", format_time(kept.checked)}, {"changed", format_time(kept.changed)},
          {"records", kept.records}, {"attributes", kept.attributes}, {"scopes", kept.scopes},   {"leftOut", left_out}};
}

KeptFeed feed_of(const Json& json) {
  KeptFeed kept;
  kept.name = string_member(json, "name", "catalogue of feeds");
  kept.url = string_or(json, "url", "");
  kept.os = string_or(json, "os", "");
  kept.format = string_or(json, "format", "");
  kept.date = string_or(json, "date", "");
  kept.input = Digest::parse(string_member(json, "input", "catalogue of feeds"));
  kept.key = string_member(json, "index", "catalogue of feeds");
  kept.checked = parse_time(string_or(json, "checked", "")).value_or(0);
  kept.changed = parse_time(string_or(json, "changed", "")).value_or(0);
  kept.records = static_cast<std::size_t>(std::max<std::int64_t>(integer_or(json, "records", 0), 0));
  kept.attributes = static_cast<std::size_t>(std::max<std::int64_t>(integer_or(json, "attributes", 0), 0));
  kept.scopes = strings_or_empty(json, "scopes");
  for (const Json& each : member(json, "leftOut", "catalogue of feeds"))
    kept.left_out.emplace_back(string_or(each, "reason", ""), static_cast<std::size_t>(integer_or(each, "count", 0)));
  return kept;
}

// Two runs may update different feeds at once.
void put_into_catalogue(const KeptFeed& kept, const Tools& tools) {
  fs::create_directories(tools.scratch);
  const io::FileLock lock(tools.scratch / "feeds.lock");
  std::vector<KeptFeed> all = kept_feeds(tools);
  std::erase_if(all, [&](const KeptFeed& each) { return each.name == kept.name; });
  all.push_back(kept);
  std::ranges::sort(all, {}, &KeptFeed::name);
  tools.cache.put(kCatalogueRoom, kCatalogue, feeds_document(all));
}

// The index of these files, from the cache when they were compiled before.
Blob index_of(const std::vector<FeedFile>& files, KeptFeed& kept, const Tools& tools) {
  kept.input = digest_of(files);
  // The names matter: some documents say only there which release they are about.
  std::string what = fmt::format("{}\n{}\n{}\n{}\n", feed::kIndexForm, RESOLE_VERSION, kept.os, kept.input.text());
  for (const FeedFile& file : files) what += file.name + "\n";
  kept.key = Digest::of(what).hex();
  const std::string about_key = kept.key + "-about";
  const auto index = tools.cache.get(kIndexRoom, kept.key), about = tools.cache.get(kIndexRoom, about_key);
  if (index && about) {
    const KeptFeed before = feed_of(parse_json(about->bytes(), "compiled feed"));
    kept.format = before.format;
    kept.left_out = before.left_out;
    kept.records = before.records;
    kept.attributes = before.attributes;
    kept.scopes = before.scopes;
    kept.date = before.date;
    return *index;
  }
  Phase phase(tools.reporter, "compiling " + kept.name);
  Compiled compiled = compile(files, kept.os);
  kept.format = joined(compiled.formats);
  kept.left_out = std::move(compiled.left_out);
  kept.attributes = compiled.attributes;
  const Blob blob = tools.cache.put(kIndexRoom, kept.key, compiled.index);
  const feed::Index opened(blob);
  kept.records = opened.records();
  kept.date = opened.date();
  for (const std::string_view scope : opened.scopes()) kept.scopes.emplace_back(scope);
  tools.cache.put(kIndexRoom, about_key, dump_compact(feed_json(kept)));
  return blob;
}

std::vector<FeedFile> files_of(const std::vector<io::Path>& places, std::int64_t& newest) {
  std::vector<io::Path> paths;
  for (const io::Path& place : places) {
    if (!fs::is_directory(place)) {
      paths.push_back(place);
      continue;
    }
    const std::size_t before = paths.size();
    for (const auto& entry : fs::recursive_directory_iterator(place)) {
      const std::string name = entry.path().filename();
      if (entry.is_regular_file() && !name.starts_with('.')) paths.push_back(entry.path());
      if (paths.size() > kMostFiles) throw Error(ErrorKind::input, fmt::format("{} holds more than {} files", place.native(), kMostFiles));
    }
    if (paths.size() == before) throw Error(ErrorKind::input, "no file in directory " + place.native());
    std::sort(paths.begin() + static_cast<std::ptrdiff_t>(before), paths.end());
  }
  std::vector<FeedFile> files;
  for (const io::Path& path : paths) {
    files.push_back({printable(path.filename().native()), io::map_file(path)});
    const auto written = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::file_clock::to_sys(fs::last_write_time(path)).time_since_epoch()).count();
    newest = std::max<std::int64_t>(newest, written);
  }
  return files;
}

// What stands at the end of the URL's path.
std::string file_name_of(const std::string& url) {
  const std::string path = url.substr(0, url.find_first_of("?#"));
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.empty() ? "feed" : printable(name);
}

// One source being fetched. What is signed is judged before it becomes the copy that is asked for again.
class FeedFetch {
 public:
  FeedFetch(const FeedSource& source, const std::vector<pkg::Keyring>& keyrings, const Tools& tools) : source_(source), keyrings_(keyrings), tools_(tools) {}

  FeedFile fetch() const { return file_name_of(source_.url) == "repomd.xml" ? fetch_updateinfo() : fetch_file(); }

 private:
  Blob body(const std::string& url, const std::string& what, std::uint64_t limit) const { return tools_.fetcher.fetch({.url = url, .limit = limit, .what = what}); }

  Blob proven_body(Resource resource) const {
    if (!source_.is_signed) return tools_.fetcher.fetch(resource);
    const Blob signature = body(resource.url + ".asc", "signature of " + resource.what, 1u << 20);
    const auto prove = [&](std::string_view bytes) {
      pkg::verify_detached(bytes, signature.bytes(), keyrings_, {.now = tools_.clock.now(), .fingerprints = {}}, resource.what);
    };
    if (resource.sha256.empty()) resource.accept = prove;
    const Blob bytes = tools_.fetcher.fetch(resource);
    prove(bytes.bytes());
    return bytes;
  }

  // repomd.xml names every file of a repository with its digest.
  FeedFile fetch_updateinfo() const {
    const Blob list = proven_body({.url = source_.url, .limit = 16u << 20, .what = "list of repository " + source_.name});
    const xml::Element root = xml::parse(list.bytes(), source_.url);
    const xml::Element* found = nullptr;
    for (const xml::Element* data : root.all("data")) {
      if (data->attribute("type") == "updateinfo") found = data;
    }
    const xml::Element *place = found == nullptr ? nullptr : found->child("location"), *sum = found == nullptr ? nullptr : found->child("checksum");
    if (place == nullptr || sum == nullptr) throw Error(ErrorKind::input, fmt::format("the repository of feed {} has no updateinfo", source_.name));
    const std::string algorithm(sum->attribute("type"));
    if (algorithm != "sha256" && algorithm != "sha512") throw Error(ErrorKind::verification, fmt::format("repomd.xml names its updateinfo with a digest by {}, which proves nothing", printable(algorithm)));
    const std::size_t folder = source_.url.rfind("/repodata/");
    if (folder == std::string::npos) throw Error(ErrorKind::usage, fmt::format("the repomd.xml of feed {} does not stand in a folder repodata", source_.name));
    const std::string base = source_.url.substr(0, folder + 1);
    const std::string href(place->attribute("href"));
    if (href.starts_with('/') || href.find("..") != std::string::npos || href.find("://") != std::string::npos) throw Error(ErrorKind::input, fmt::format("repomd.xml names a place outside of the repository: {}", printable(href)));
    return {file_name_of(href), tools_.fetcher.fetch({.url = base + href, .sha256 = Digest::parse(algorithm + ":" + sum->text), .limit = kLargestFeed, .what = "updateinfo of " + source_.name})};
  }

  FeedFile fetch_file() const {
    const std::string what = "feed " + source_.name;
    if (!source_.sha256) return {file_name_of(source_.url), proven_body({.url = source_.url, .limit = kLargestFeed, .what = what})};
    const Blob sum = body(source_.url + ".sha256", "digest of " + what, 4096);
    const auto words = split_words(sum.bytes());
    if (words.empty() || !sha256_from_hex(lower(words.front()))) throw Error(ErrorKind::verification, fmt::format("{}.sha256 holds no sha256 digest", file_name_of(source_.url)));
    return {file_name_of(source_.url), proven_body({.url = source_.url, .sha256 = Digest::sha256_hex(lower(words.front())), .limit = kLargestFeed, .what = what})};
  }

  const FeedSource& source_;
  const std::vector<pkg::Keyring>& keyrings_;
  const Tools& tools_;
};

}  // namespace

FeedSource FeedSource::parse(std::string_view text) {
  const auto words = split_words(text);
  const auto refuse = [&](std::string_view reason) { throw Error(ErrorKind::usage, fmt::format("a feed is written \"NAME URL [os=ID:VERSION] [sha256] [signed]\": {}", reason)); };
  if (words.size() < 2) refuse("name or URL is missing");
  FeedSource source;
  source.name = words[0];
  source.url = words[1];
  const bool plain = std::ranges::all_of(source.name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; });
  if (!plain || source.name == "all" || source.name.starts_with('.') || source.name.size() > 80) refuse("the name must be letters, digits, '-', '_' and '.', and not \"all\"");
  if (const auto url = Url::try_parse(source.url); !url || !(source.url.starts_with("http://") || source.url.starts_with("https://") || source.url.starts_with("file://")))
    refuse("the URL must be one of http, https or file");
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "sha256") {
      source.sha256 = true;
    } else if (words[i] == "signed") {
      source.is_signed = true;
    } else if (words[i].starts_with("os=") && feed::scope_of_os(words[i].substr(3))) {
      source.os = words[i].substr(3);
    } else {
      refuse(fmt::format("\"{}\" is not known", printable(words[i])));
    }
  }
  return source;
}

std::vector<KeptFeed> kept_feeds(const Tools& tools) {
  std::vector<KeptFeed> feeds;
  const auto bytes = tools.cache.get(kCatalogueRoom, kCatalogue);
  if (!bytes) return feeds;
  const Json catalogue = parse_json(bytes->bytes(), "catalogue of feeds");
  for (const Json& each : member(catalogue, "feeds", "catalogue of feeds")) feeds.push_back(feed_of(each));
  return feeds;
}

std::string feeds_document(const std::vector<KeptFeed>& feeds) {
  Json list = Json::array();
  for (const KeptFeed& each : feeds) list.push_back(feed_json(each));
  return dump_document({{"schema", "resole/feeds/v1"}, {"feeds", list}});
}

KeptFeed update_feed(const FeedSource& source, const std::vector<pkg::Keyring>& keyrings, const Tools& tools) {
  return with_context([&] { return "updating feed " + source.name; }, [&] {
    KeptFeed kept{.name = source.name, .url = Url::parse(source.url).shown(), .os = source.os};
    const FeedFile file = FeedFetch(source, keyrings, tools).fetch();
    kept.checked = kept.changed = tools.clock.now();
    index_of({file}, kept, tools);
    for (const KeptFeed& before : kept_feeds(tools)) {
      if (before.name == kept.name && before.input == kept.input) kept.changed = before.changed;
    }
    put_into_catalogue(kept, tools);
    return kept;
  });
}

KeptFeed import_feed(const std::string& name, const std::vector<io::Path>& places, const std::string& os, const Tools& tools) {
  return with_context([&] { return "importing feed " + name; }, [&] {
    KeptFeed kept{.name = name, .url = {}, .os = os};
    const auto files = files_of(places, kept.checked);
    kept.changed = tools.clock.now();
    index_of(files, kept, tools);
    put_into_catalogue(kept, tools);
    return kept;
  });
}

OpenFeed open_feed(const KeptFeed& kept, const Tools& tools) {
  const auto bytes = tools.cache.get(kIndexRoom, kept.key);
  if (!bytes) throw Error(ErrorKind::input, fmt::format("the compiled feed {} is not in the cache any longer", kept.name), "run `resole feed update` or `resole feed import` again");
  return {kept.name, kept.input, kept.checked, std::make_shared<const feed::Index>(*bytes)};
}

OpenFeed open_feed(const io::Path& place, const Tools& tools) {
  KeptFeed about{.name = printable(place.filename().empty() ? place.parent_path().filename().native() : place.filename().native())};
  return with_context([&] { return "reading feed " + about.name; }, [&] {
    const auto files = files_of({place}, about.checked);
    const Blob index = index_of(files, about, tools);
    return OpenFeed{about.name, about.input, about.checked, std::make_shared<const feed::Index>(index)};
  });
}

void judge_feed_ages(const std::vector<OpenFeed>& feeds, std::int64_t now, std::int64_t most, Reporter& reporter) {
  for (const OpenFeed& each : feeds) {
    const std::int64_t age = std::max<std::int64_t>(now - each.checked, 0);
    const std::string words = age >= 86400 ? fmt::format("{} d", age / 86400) : fmt::format("{} h", age / 3600);
    if (most >= 0 && age > most) {
      throw Error(ErrorKind::refused, fmt::format("feed {} is of {}, {} ago: older than --max-feed-age allows", each.name, format_time(each.checked), words),
                  "run `resole feed update`, or allow a greater age");
    }
    reporter.note(fmt::format("feed {}: as of {}, {} ago", each.name, format_time(each.checked), words));
  }
}

}  // namespace resole::patch
