// SPDX-License-Identifier: Apache-2.0
// What the operator's own URLs say beside the place: "https://user:password@host/debian", "https://host/debian?token=...". Repositories,
// plans, cache keys and messages know the place alone; the secret is put back at the last moment, and only for what lies below the URL that
// it came with (same scheme, host and port, same path). The same for the machines of the operator's file of logins, apt_auth.conf(5); the
// image's own /etc/apt/auth.conf is never looked at.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/effects.hpp"
#include "base/url.hpp"

namespace resole::pkg {

struct RepositoryOptions;

class OperatorAccess {
 public:
  // The targets of --package-mirror and the URLs of --package-repo, as far as they carry something.
  static OperatorAccess of(const RepositoryOptions& options);
  // The text of an apt_auth.conf(5), called `name` in messages. Error(input) when it names no machine with a login; never shows what it holds.
  void add_logins(std::string_view text, std::string_view name);
  std::string with_secrets(const std::string& url) const;  // of the longest URL that fits, else of the first machine; unchanged when none does
  bool empty() const { return known_.empty() && machines_.empty(); }

 private:
  void add(std::string_view text);

  struct Known {
    Url place;                    // public
    std::string userinfo, query;  // as written: "user:password", "token=..."
  };
  // "machine [scheme://]host[:port][/path]": without a scheme only https is meant; without a port every port, or, where a path stands, the scheme's own.
  struct Machine {
    std::string scheme, host, path;
    std::uint16_t port = 0;  // 0 = every
    std::string login, password;
    bool is_for(const Url& url) const;
  };
  static Machine machine_of(std::string_view word);
  std::vector<Known> known_;
  std::vector<Machine> machines_;
};

// Puts the secrets into every request of what it hands to `fetcher`, which must outlive it.
std::unique_ptr<Fetcher> fetcher_with(OperatorAccess access, Fetcher& fetcher);

}  // namespace resole::pkg
