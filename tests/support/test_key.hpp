// SPDX-License-Identifier: Apache-2.0
// A throw-away OpenPGP key, made and used by gpg in a directory of its own: dated 2026-01-01, its signatures 2026-11-01, whatever the
// machine's clock says.
#pragma once
#include <string>

namespace resole::test {

class TestKey {
 public:
  static bool possible();                          // is gpg here?
  explicit TestKey(const std::string& algorithm);  // "rsa2048", "ed25519", "dsa2048"
  ~TestKey();
  TestKey(const TestKey&) = delete;
  TestKey& operator=(const TestKey&) = delete;

  std::string sign(const std::string& text, const std::string& options = "") const;  // clear-signed
  std::string sign_beside(const std::string& text, const std::string& options = "--armor") const;             // the signature alone
  std::string public_key() const;
  std::string armored_public_key() const;
  std::string fingerprint() const;

 private:
  std::string gpg(const std::string& arguments, const std::string& input = "") const;
  std::string directory_;
};

}  // namespace resole::test
