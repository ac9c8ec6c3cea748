// SPDX-License-Identifier: Apache-2.0
#include "pkg/resource.hpp"

#include "archive/tar.hpp"
#include "base/url.hpp"

namespace resole::pkg {

Resource resource_of(const Candidate& candidate) {
  return {.url = Url::parse(candidate.entry.uri).join(candidate.entry.path).text(),
          .sha256 = candidate.entry.sha256,
          .size = static_cast<std::int64_t>(candidate.entry.size),
          .what = "package " + candidate.name + " " + candidate.version + " " + candidate.arch};
}

std::string index_url(const RepositoryState& repository, const std::string& path) {
  // "./" and "dir/" are flat repositories (sources.list(5)): their indexes lie there and not below dists/.
  const std::string below =
      repository.suite.ends_with('/') ? tar::clean_path(repository.suite + path) : "dists/" + repository.suite + "/" + path;
  return Url::parse(repository.uri).join(below).text();
}

}  // namespace resole::pkg
