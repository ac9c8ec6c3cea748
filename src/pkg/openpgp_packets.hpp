// SPDX-License-Identifier: Apache-2.0
// Just enough of OpenPGP's packet format (RFC 4880 sections 4 to 6) to hand librnp only the keys that a signature names. Nothing here is
// trusted: a wrong answer means a key too many or too few for librnp, which does all the checking.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace resole::pkg {

struct Packet {
  std::uint8_t tag = 0;  // 2 signature, 6 public key, 14 public subkey
  std::string_view body;
  std::string_view whole;  // header included
};

// nullopt for damage and for forms that keyrings do not have (partial and indeterminate lengths).
std::optional<std::vector<Packet>> read_packets(std::string_view bytes);

// The bytes of the first armored block with that title ("PGP SIGNATURE"), and where it ends in `text`.
struct Dearmored {
  std::string bytes;
  std::size_t end = 0;
};
std::optional<Dearmored> dearmor(std::string_view text, std::string_view title);

// Key ids (the last 8 bytes of a fingerprint) that the signatures say they were made by; nullopt when one does not say.
std::optional<std::set<std::string>> issuers(std::string_view signatures);

// Of a binary keyring: the certificates (a primary key and all that follows it) whose primary key or a subkey has one of these ids. nullopt
// when unreadable.
std::optional<std::string> certificates_of(std::string_view keyring, const std::set<std::string>& key_ids);

}  // namespace resole::pkg
