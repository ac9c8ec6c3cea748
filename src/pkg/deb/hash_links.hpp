// SPDX-License-Identifier: Apache-2.0
// `openssl rehash DIRECTORY` as a function: which "%08x.N" links a directory of certificates needs, keeping the numbers of those it has.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "pkg/deb/certificate.hpp"

namespace resole::deb {

// A directory's names: the target of a link, nullopt for a regular file.
using LinkDirectory = std::map<std::string, std::optional<std::string>>;

struct CertificateFile {
  bool readable = false;                  // are its bytes at hand? The links of one that cannot be read stay as they are
  std::optional<CertificateFacts> facts;  // when it holds exactly one certificate
};

// `read` tells about a file with one of the endings that rehash looks at.
void rehash(LinkDirectory& directory, const std::function<CertificateFile(const std::string& name)>& read);

}  // namespace resole::deb
