// SPDX-License-Identifier: Apache-2.0
// What the operator's own URLs say beside the place: "https://user:password@host/debian", "https://host/debian?token=...". Repositories,
// plans, cache keys and messages know the place alone; the secret is put back at the last moment, and only for what lies below the URL that
// it came with (same scheme, host and port, same path).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "base/url.hpp"

namespace resole::pkg {

struct RepositoryOptions;

class OperatorAccess {
 public:
  // The targets of --package-mirror and the URLs of --package-repo, as far as they carry something.
  static OperatorAccess of(const RepositoryOptions& options);
  std::string with_secrets(const std::string& url) const;  // of the longest URL that fits; unchanged when none does
  bool empty() const { return known_.empty(); }

 private:
  void add(std::string_view text);

  struct Known {
    Url place;                    // public
    std::string userinfo, query;  // as written: "user:password", "token=..."
  };
  std::vector<Known> known_;
};

// Puts the secrets into every request of what it hands to `fetcher`, which must outlive it.
std::unique_ptr<Fetcher> fetcher_with(OperatorAccess access, Fetcher& fetcher);

}  // namespace resole::pkg
