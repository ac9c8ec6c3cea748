// SPDX-License-Identifier: Apache-2.0
#include "pkg/resource.hpp"

#include <fmt/format.h>

#include "archive/tar.hpp"
#include "base/text.hpp"
#include "base/url.hpp"

namespace resole::pkg {

namespace {

bool is_prefix_at_boundary(std::string_view prefix, std::string_view uri) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return uri.starts_with(prefix) && (uri.size() == prefix.size() || uri[prefix.size()] == '/');
}

}  // namespace

std::string apply_mirrors(const std::string& uri, const std::vector<std::pair<std::string, std::string>>& mirrors, bool& mapped) {
  mapped = false;
  std::size_t longest = 0;
  std::string result = uri;
  for (const auto& [from, to] : mirrors) {
    const std::string place = from == "*" ? std::string() : public_url(from);
    std::string_view prefix = place;
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    const bool applies = from == "*" || is_prefix_at_boundary(prefix, uri);
    if (!applies || (mapped && prefix.size() <= longest)) continue;
    std::string target = public_url(to);  // secrets travel beside it: operator_access.hpp
    while (target.ends_with('/')) target.pop_back();
    // "*" replaces scheme and host and keeps the path: "http://a/debian-security" becomes TO + "/debian-security".
    if (from == "*") {
      const auto url = Url::try_parse(uri);
      result = target + (url && url->path() != "/" ? url->path() : std::string());
    } else {
      result = target + uri.substr(prefix.size());
    }
    longest = prefix.size();
    mapped = true;
  }
  return result;
}

std::string source_refusal(const std::string& url, bool by_operator, std::string_view where) {
  const std::string scheme = lower(std::string_view(url).substr(0, url.find(':')));
  constexpr std::string_view remedy = "map it with --package-mirror FROM=TO, or add another with --package-repo";
  if (scheme == "file" && by_operator) return {};
  if (scheme != "http" && scheme != "https") return fmt::format("sources of type {}: are not used; {}", printable(scheme, 40), remedy);
  const auto parsed = Url::try_parse(url);
  if (!parsed) return fmt::format("the URI in {} is not a URL", printable(where));
  if (parsed->is_private_address() && !by_operator)
    return fmt::format("{} is a private address, which an image may not name; {}", printable(parsed->host()), remedy);
  return {};
}

Resource resource_of(const Candidate& candidate, const std::vector<std::string>& places) {
  Resource resource{.sha256 = candidate.entry.sha256,
                    .size = static_cast<std::int64_t>(candidate.entry.size),
                    .what = "package " + candidate.name + " " + candidate.version + " " + candidate.arch};
  for (const std::string& place : places) resource.add_url(Url::parse(place).join(candidate.entry.path).text());
  resource.add_url(Url::parse(candidate.entry.uri).join(candidate.entry.path).text());
  return resource;
}

std::string index_url(const RepositoryState& repository, const std::string& path) {
  // "./" and "dir/" are flat repositories (sources.list(5)): their indexes lie there and not below dists/.
  const std::string below =
      repository.suite.ends_with('/') ? tar::clean_path(repository.suite + path) : "dists/" + repository.suite + "/" + path;
  return Url::parse(repository.uri).join(below).text();
}

}  // namespace resole::pkg
