// SPDX-License-Identifier: Apache-2.0
// A certificate authority made at run time. Its certificate and what it issues lie as PEM files in a folder that ends with the object.
//
//   CertificateAuthority authority;
//   const auto server = authority.issue({"127.0.0.1", "localhost"});   // paths
//   curl --cacert authority.ca_file() ...
#pragma once
#include <memory>
#include <string>
#include <vector>

namespace resole::test {

struct CertificateFiles {
  std::string certificate, key;  // paths
};

class CertificateAuthority {
 public:
  CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;
  ~CertificateAuthority();
  const std::string& folder() const;
  std::string ca_file() const;
  // For servers and clients. Names are DNS names or IPv4 addresses, the first is the subject; days < 0: expired that long ago.
  CertificateFiles issue(const std::vector<std::string>& names, int days = 1);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::test
