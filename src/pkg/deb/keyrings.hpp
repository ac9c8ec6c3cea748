// SPDX-License-Identifier: Apache-2.0
// Which keys may sign for a source: what its Signed-By names, else the keys that apt trusts in general, and what the operator adds or puts
// in their place.
#pragma once
#include <string>
#include <vector>

#include "pkg/deb/sources.hpp"
#include "pkg/signature.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

struct TrustedKeys {
  std::vector<pkg::Keyring> keyrings;
  std::vector<std::string> fingerprints;  // when Signed-By names fingerprints: only these of `keyrings`
  std::vector<pkg::Keyring> by_operator;  // good in any case
  std::string restricted_by;              // "Signed-By of etc/apt/sources.list:3"; "" when it names none

  // Error(verification) unless one of them signed it.
  pkg::SignedText verify(std::string_view message, std::int64_t now, std::string_view what) const;
};

// Error(input) when a keyring of the operator holds no key: who adds the wrong file should not read that a signature is wrong.
void require_operator_keys(const pkg::RepositoryOptions& options);

// Error(verification) when Signed-By names a file that the image does not have (hint --add-keyring) and the operator adds none.
TrustedKeys trusted_keys(const rootfs::Tree& tree, const SourceEntry& source, const pkg::Recipe* recipe,
                         const pkg::RepositoryOptions& options);

}  // namespace resole::deb
