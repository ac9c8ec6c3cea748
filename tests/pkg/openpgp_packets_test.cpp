// SPDX-License-Identifier: Apache-2.0
#include "pkg/openpgp_packets.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "pkg/shared_data.hpp"
#include "support/test_key.hpp"

namespace resole::pkg {
namespace RESOLE_TEST_FILE {

using namespace std::string_literals;

TEST(OpenPgpPackets, Lengths) {
  const std::string old_short = "\x88\x03"s + "abc", old_two = "\x89\x00\x02"s + "ab", old_four = "\x8a\x00\x00\x00\x01"s + "a";
  const std::string new_one = "\xc2\x03"s + "abc", new_two = "\xc2\xc0\x08"s + std::string(200, 'x'),
                    new_five = "\xc2\xff\x00\x00\x00\x02"s + "ab";
  const std::string all = old_short + old_two + old_four + new_one + new_two + new_five;
  const auto packets = read_packets(all);
  ASSERT_TRUE(packets);
  ASSERT_EQ(packets->size(), 6u);
  std::string whole;
  for (const Packet& packet : *packets) {
    EXPECT_EQ(packet.tag, 2);
    whole += packet.whole;
  }
  EXPECT_EQ(whole, all);
  EXPECT_EQ((*packets)[0].body, "abc");
  EXPECT_EQ((*packets)[4].body.size(), 200u);
}

TEST(OpenPgpPackets, DamageIsNotRead) {
  for (const std::string& bad :
       {"\x08\x01"s + "a", "\x88\x05"s + "abc", "\x8b"s + "abc", "\xc2\xe1"s + "abc", "\xc2\xff\xff\xff\xff\xff"s, "\x89"s}) {
    EXPECT_FALSE(read_packets(bad)) << to_hex(bad);
    EXPECT_FALSE(issuers(bad));
    EXPECT_FALSE(certificates_of(bad, {}));
  }
  EXPECT_TRUE(read_packets("")->empty());
  EXPECT_FALSE(issuers("\xc2\x01\x04"s));  // a signature that ends before its issuer
  EXPECT_FALSE(
      certificates_of("\xc6\x02\x06"
                      "a"s,
                      {"x"}));  // a key of another version
}

TEST(OpenPgpPackets, Dearmor) {
  const auto block = dearmor("x\n-----BEGIN T-----\nVersion: 1\n\naGVs\nbG8=\n=abcd\n-----END T-----\ny", "T");
  ASSERT_TRUE(block);
  EXPECT_EQ(block->bytes, "hello");
  EXPECT_FALSE(dearmor("-----BEGIN T-----\n\naGVs\n", "T"));
  EXPECT_FALSE(dearmor("-----BEGIN T-----\n\na*\n-----END T-----", "T"));
  EXPECT_FALSE(dearmor("", "T"));
}

TEST(OpenPgpPackets, OnlyTheNamedCertificates) {
  if (!test::TestKey::possible()) GTEST_SKIP() << "gpg is not on this machine";
  const test::TestKey one("ed25519"), two("ed25519");
  const auto signature = dearmor(one.sign("A: 1\n"), "PGP SIGNATURE");
  ASSERT_TRUE(signature);
  const auto ids = issuers(signature->bytes);
  ASSERT_TRUE(ids);
  ASSERT_EQ(ids->size(), 1u);
  EXPECT_TRUE(one.fingerprint().ends_with([&] {
    std::string upper = to_hex(*ids->begin());
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    return upper;
  }()));
  EXPECT_EQ(certificates_of(two.public_key() + one.public_key(), *ids), one.public_key());
  EXPECT_EQ(certificates_of(two.public_key(), *ids), "");
}

TEST(OpenPgpPackets, RealKeyring) {
  const auto keyring = test::read_file("/usr/share/keyrings/debian-archive-keyring.gpg");
  const auto release = test::shared_file("feeds/debian/InRelease.bookworm");
  if (!keyring || !release) GTEST_SKIP() << "needs debian-archive-keyring and feeds/debian/InRelease.bookworm";
  const auto signature = dearmor(*release, "PGP SIGNATURE");
  ASSERT_TRUE(signature);
  const auto ids = issuers(signature->bytes);
  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->size(), 3u);
  const auto selected = certificates_of(*keyring, *ids);
  ASSERT_TRUE(selected);
  EXPECT_GT(selected->size(), 0u);
  EXPECT_LT(selected->size(), keyring->size() / 2);
}

}  // namespace
}  // namespace resole::pkg
