// SPDX-License-Identifier: Apache-2.0
#include "pkg/operator_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/family.hpp"

namespace resole::pkg {
namespace {

constexpr std::size_t kMachineLimit = 1000;

std::string userinfo_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

bool is_below(std::string_view path, std::string_view place) {
  while (place.ends_with('/')) place.remove_suffix(1);
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

// Where the authority of an http(s) URL begins and ends in its text.
std::pair<std::size_t, std::size_t> authority_of(std::string_view url) {
  const std::size_t begin = url.find("://") + 3;
  return {begin, std::min(url.find_first_of("/?#", begin), url.size())};
}

class AccessingFetcher final : public Fetcher {
 public:
  AccessingFetcher(OperatorAccess access, Fetcher& fetcher) : access_(std::move(access)), fetcher_(fetcher) {}

  Blob fetch(const Resource& resource) override { return fetcher_.fetch(with_secrets(resource)); }
  std::string fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) override {
    return fetcher_.fetch_range(with_secrets(resource), offset, length);
  }
  void fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t, Blob)>& done) override {
    std::vector<Resource> all;
    for (const Resource& resource : resources) all.push_back(with_secrets(resource));
    fetcher_.fetch_all(all, done);
  }
  std::optional<Blob> cached(const Digest& sha256) override { return fetcher_.cached(sha256); }
  void keep(const Digest& sha256, std::string_view bytes) override { fetcher_.keep(sha256, bytes); }

 private:
  Resource with_secrets(Resource resource) const {
    resource.url = access_.with_secrets(resource.url);
    for (std::string& url : resource.alternatives) url = access_.with_secrets(url);
    return resource;
  }

  OperatorAccess access_;
  Fetcher& fetcher_;
};

}  // namespace

void OperatorAccess::add(std::string_view text) {
  const auto place = Url::try_parse(public_url(text));
  if (!place || (place->scheme() != "http" && place->scheme() != "https")) return;
  const auto [begin, end] = authority_of(text);
  const std::size_t at = text.substr(0, end).rfind('@');
  const std::size_t question = text.substr(0, text.find('#')).find('?');
  Known known{*place, {}, {}};
  if (at != std::string_view::npos && at >= begin) known.userinfo = text.substr(begin, at - begin);
  if (question != std::string_view::npos) known.query = text.substr(0, text.find('#')).substr(question + 1);
  if (!known.userinfo.empty() || !known.query.empty()) known_.push_back(std::move(known));
}

OperatorAccess OperatorAccess::of(const RepositoryOptions& options) {
  OperatorAccess access;
  for (const auto& [from, to] : options.mirrors) access.add(to);
  for (const std::string& source : options.extra) {
    for (const std::string_view word : split_words(source)) access.add(word);
  }
  std::ranges::stable_sort(access.known_, std::greater(), [](const Known& known) { return known.place.path().size(); });
  return access;
}

bool OperatorAccess::Machine::is_for(const Url& url) const {
  return scheme == url.scheme() && host == url.host() && (port == 0 || port == url.port()) && url.path().starts_with(path);
}

// apt's reading: tokens between blanks and line ends, unknown ones passed over.
void OperatorAccess::add_logins(std::string_view text, std::string_view name) {
  std::vector<Machine> machines;
  std::string_view before;
  const auto take = [&](std::string_view word) {
    const bool in_machine = !machines.empty() && !machines.back().host.empty();
    if (before == "machine")
      machines.push_back(machine_of(word));
    else if (before == "login" && in_machine && machines.back().login.empty())
      machines.back().login = word;
    else if (before == "password" && in_machine && machines.back().password.empty())
      machines.back().password = word;
    else {
      if (word == "default") machines.emplace_back();  // netrc(5) means every host by it: whose login follows is nobody's here, as in apt
      before = word;
      return;
    }
    before = {};
  };
  for (const std::string_view line : lines(text)) {
    if (trim(line).starts_with('#')) continue;
    for (const std::string_view word : split_words(line)) take(word);
  }
  std::erase_if(machines, [](const Machine& machine) { return machine.host.empty() || machine.login.empty(); });
  if (machines.empty())
    throw Error(ErrorKind::input, fmt::format("{}: names no machine with a login", printable(name)),
                "write it as apt_auth.conf(5): machine mirror.example.org/debian login NAME password SECRET");
  if (machines_.size() + machines.size() > kMachineLimit)
    throw Error(ErrorKind::input, fmt::format("{}: more than {} machines", printable(name), kMachineLimit));
  machines_.insert(machines_.end(), std::make_move_iterator(machines.begin()), std::make_move_iterator(machines.end()));
}

// apt's syntax for "scheme://host:port/path". Its manual has the port left out mean every port; what it does is compare "host:port/path" as text, so that
// with a path it means no port in the URL (tests/pkg/apt_archives_oracle_test.cpp). An empty host when it is something else (ftp, a misspelt port).
OperatorAccess::Machine OperatorAccess::machine_of(std::string_view word) {
  const std::size_t scheme = word.find("://");
  const std::string full = scheme == std::string_view::npos ? fmt::format("https://{}", word) : std::string(word);
  const auto url = Url::try_parse(full);
  if (!url || (url->scheme() != "http" && url->scheme() != "https")) return {};
  const auto [begin, end] = authority_of(full);
  const std::string_view authority = std::string_view(full).substr(begin, end - begin);
  const bool has_port = authority.rfind(':') != std::string_view::npos && authority.rfind(':') > (authority.find(']') == std::string_view::npos ? 0 : authority.find(']'));
  Machine machine{.scheme = url->scheme(), .host = url->host(), .path = end == full.size() ? "" : url->path(), .port = 0, .login = {}, .password = {}};
  if (has_port || !machine.path.empty()) machine.port = url->port();
  return machine;
}

std::string OperatorAccess::with_secrets(const std::string& url) const {
  const auto parsed = empty() ? std::nullopt : Url::try_parse(url);
  if (!parsed || parsed->text() != public_url(url)) return url;  // it brings its own
  for (const Known& known : known_) {
    if (known.place.origin() != parsed->origin() || !is_below(parsed->path(), known.place.path())) continue;
    std::string full = url;
    if (!known.userinfo.empty()) full.insert(authority_of(url).first, known.userinfo + "@");
    if (!known.query.empty()) full += "?" + known.query;
    return full;
  }
  for (const Machine& machine : machines_) {
    if (!machine.is_for(*parsed)) continue;
    std::string full = url;
    return full.insert(authority_of(url).first, fmt::format("{}:{}@", userinfo_encoded(machine.login), userinfo_encoded(machine.password)));
  }
  return url;
}

std::unique_ptr<Fetcher> fetcher_with(OperatorAccess access, Fetcher& fetcher) {
  return std::make_unique<AccessingFetcher>(std::move(access), fetcher);
}

}  // namespace resole::pkg
