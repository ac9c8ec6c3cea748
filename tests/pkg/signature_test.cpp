// SPDX-License-Identifier: Apache-2.0
#include "pkg/signature.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/shared_data.hpp"
#include "support/test_key.hpp"

namespace resole::pkg {
namespace RESOLE_TEST_FILE {

constexpr std::string_view kDebianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
constexpr std::int64_t kNow = 1795200000;  // 2026-11-20

struct Outcome {
  std::string message, hint, text, key;
};
Outcome verify(const std::string& message, const std::vector<Keyring>& keyrings,
               SignaturePolicy policy = {.now = kNow, .fingerprints = {}}) {
  try {
    const SignedText text = verify_signed_text(message, keyrings, policy, "InRelease");
    return {.message = "", .hint = "", .text = text.text, .key = text.key};
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification) << error.what();
    return {.message = error.message(), .hint = error.hint(), .text = "", .key = ""};
  }
}
bool says(const Outcome& outcome, std::string_view part) { return outcome.message.find(part) != std::string::npos; }

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

class RealRelease : public testing::Test {
 protected:
  void SetUp() override {
    const auto keyring = test::read_file(std::string(kDebianKeyring));
    const auto release = test::shared_file("feeds/debian/InRelease.bookworm");
    if (!keyring || !release) GTEST_SKIP() << "needs " << kDebianKeyring << " and feeds/debian/InRelease.bookworm";
    keyrings_ = {{std::string(kDebianKeyring), *keyring}};
    release_ = *release;
  }
  std::vector<Keyring> keyrings_;
  std::string release_;
};

TEST_F(RealRelease, IsGoodAndSilent) {
  testing::internal::CaptureStderr();
  const Outcome outcome = verify(release_, keyrings_);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(outcome.message, "");
  EXPECT_TRUE(outcome.text.starts_with("Origin: Debian\nLabel: Debian\n"));
  EXPECT_TRUE(outcome.key.size() == 40 || outcome.key.size() == 64) << outcome.key;
  const auto security = test::shared_file("feeds/debian/InRelease.bookworm-security");
  ASSERT_TRUE(security);
  EXPECT_EQ(verify(*security, keyrings_).message, "");
}

TEST_F(RealRelease, ChangedTextIsRefusedInSilence) {
  testing::internal::CaptureStderr();
  EXPECT_TRUE(says(verify(replaced(release_, "Codename: bookworm", "Codename: bookwurm"), keyrings_), "does not fit the text"));
  verify(release_, {});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(RealRelease, TextAroundTheBlockIsRefused) {
  EXPECT_TRUE(says(verify("Origin: Evil\n" + release_, keyrings_), "line 1: is not a signed message"));
  EXPECT_TRUE(says(verify("\n" + release_, keyrings_), "line 1: is not a signed message"));
  EXPECT_TRUE(says(verify(release_ + "Origin: Evil\n", keyrings_), "text after the signature"));
  EXPECT_TRUE(says(verify(release_ + release_, keyrings_), "text after the signature"));
  EXPECT_EQ(verify(release_ + "\n \n", keyrings_).message, "");
  EXPECT_TRUE(
      says(verify(replaced(release_, "Hash: SHA256\n", "Hash: SHA256\nOrigin: Evil\n"), keyrings_), "armor header other than Hash"));
  EXPECT_TRUE(says(verify(replaced(release_, "Hash: SHA256\n\n", "Hash: SHA256\n\nOrigin: Evil\n"), keyrings_), "does not fit the text"));
}

TEST_F(RealRelease, CutOffIsRefused) {
  EXPECT_TRUE(says(verify(release_.substr(0, release_.size() / 2), keyrings_), "the signature is missing or cut off"));
  EXPECT_TRUE(says(verify(replaced(release_, "-----END PGP SIGNATURE-----\n", ""), keyrings_), "the signature is missing or cut off"));
  EXPECT_FALSE(verify(replaced(release_, "-----BEGIN PGP SIGNATURE-----\n\n", "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n"), keyrings_)
                   .message.empty());
}

TEST_F(RealRelease, WithoutTheKeySaysWhatToDo) {
  const Outcome outcome = verify(release_, {});
  EXPECT_TRUE(says(outcome, "signed by a key that is not trusted here")) << outcome.message;
  EXPECT_TRUE(says(outcome, "there is no keyring"));
  EXPECT_EQ(outcome.hint, "if you trust it, add its public key with --add-keyring FILE");
  EXPECT_TRUE(says(verify(release_, {{"broken.gpg", "no key at all"}}), "broken.gpg"));
}

TEST_F(RealRelease, ExpiredKeysDoNotCount) {
  const Outcome outcome = verify(release_, keyrings_, {.now = kNow + 20ll * 365 * 86400, .fingerprints = {}});
  EXPECT_TRUE(says(outcome, "expired")) << outcome.message;
}

TEST_F(RealRelease, OnlyTheWantedKeyCounts) {
  const std::string key = verify(release_, keyrings_).key;
  EXPECT_EQ(verify(release_, keyrings_, {.now = kNow, .fingerprints = {key}}).message, "");
  EXPECT_FALSE(verify(release_, keyrings_, {.now = kNow, .fingerprints = {std::string(40, 'A')}}).message.empty());
}

TEST_F(RealRelease, TakesMilliseconds) {
  const auto begin = std::clock();
  for (int i = 0; i < 5; ++i) verify(release_, keyrings_);
  EXPECT_LT(double(std::clock() - begin) / CLOCKS_PER_SEC / 5, 0.3);
}

// Keys and signatures of our own making, by gpg.
class OwnKey : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::TestKey::possible()) GTEST_SKIP() << "gpg is not on this machine";
  }
};

TEST_F(OwnKey, SignsAndDashEscapes) {
  const test::TestKey key("rsa2048");
  const std::string text = "Origin: Test\n- dashed\n--- more\nblanks  \n";
  const Outcome outcome = verify(key.sign(text), {{"own", key.public_key()}});
  EXPECT_EQ(outcome.message, "");
  EXPECT_EQ(outcome.text, "Origin: Test\n- dashed\n--- more\nblanks\n");
  EXPECT_EQ(outcome.key, key.fingerprint());
  EXPECT_EQ(verify(key.sign(text), {{"own", key.armored_public_key()}}).message, "");
}

TEST_F(OwnKey, AnotherKeyIsNotTrusted) {
  const test::TestKey key("ed25519"), other("ed25519");
  const Outcome outcome = verify(key.sign("A: 1\n"), {{"other", other.public_key()}});
  EXPECT_TRUE(says(outcome, "not trusted")) << outcome.message;
  EXPECT_EQ(verify(key.sign("A: 1\n"), {{"both", other.armored_public_key() + key.armored_public_key()}}).message, "");
}

TEST_F(OwnKey, WeakSignaturesAreRefused) {
  const test::TestKey strong("ed25519");
  EXPECT_TRUE(says(verify(strong.sign("A: 1\n", "--digest-algo SHA1"), {{"own", strong.public_key()}}), "SHA1"));
  const test::TestKey small("rsa1024");
  EXPECT_TRUE(says(verify(small.sign("A: 1\n"), {{"own", small.public_key()}}), "1024 bits"));
  const test::TestKey dsa("dsa2048");
  EXPECT_TRUE(says(verify(dsa.sign("A: 1\n"), {{"own", dsa.public_key()}}), "DSA"));
}

TEST_F(OwnKey, ExpiredSignatureIsRefused) {
  const test::TestKey key("ed25519");
  const std::string message = key.sign("A: 1\n", "--faked-system-time 20300101T000000! --default-sig-expire 1d");
  const std::int64_t signed_at = *parse_time("2030-01-01");
  EXPECT_EQ(verify(message, {{"own", key.public_key()}}, {.now = signed_at + 100, .fingerprints = {}}).message, "");
  EXPECT_TRUE(says(verify(message, {{"own", key.public_key()}}, {.now = signed_at + 3 * 86400, .fingerprints = {}}), "expired"));
}

}  // namespace
}  // namespace resole::pkg
