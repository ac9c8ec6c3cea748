// SPDX-License-Identifier: Apache-2.0
// Signed text checked in process against keyrings: clear-signed (RFC 4880 section 7, InRelease), or with its signature beside it (Release and
// Release.gpg), which is one message here too. The only place that knows librnp.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resole::pkg {

struct Keyring {
  std::string name;   // for messages: "usr/share/keyrings/debian-archive-keyring.gpg"
  std::string bytes;  // OpenPGP public keys, binary or armored
};

struct SignedText {
  std::string text;         // exactly what the signature covers; of clear-signed text: dash escapes undone, blanks at line ends dropped, lines end in "\n"
  std::string key;          // fingerprint that signed (often a subkey), upper-case hex
  std::string primary_key;  // of the key that it belongs to
};

struct SignaturePolicy {
  std::int64_t now = 0;                   // keys and signatures are judged as of then; 0 = the machine's clock
  std::vector<std::string> fingerprints;  // when given, only these keys (or their subkeys) count (apt's Signed-By with fingerprints)
  std::string restricted_by = {};         // what says that only these keyrings count, for messages: "Signed-By of etc/apt/sources.list:3"
};

// A text and the armored signature that lies beside it, as one message: the signature's blocks (one per signer, as some archives have them), then the
// text, byte by byte. So both are kept, carried and proven again as one file. Error(verification) for anything but armored blocks, as apt has it.
std::string detached_message(std::string_view text, std::string_view signature, std::string_view what);

// `message`: clear-signed, or a detached_message. One good signature by a key of the keyrings is enough, others may be by unknown or expired keys; one by a known key that does not fit is
// not outvoted. Error(verification), naming `what`: no key in the keyrings (hint --add-keyring), a bad or expired signature, an expired or
// revoked key, SHA-1, MD5, DSA or short RSA, anything before or after the one signed block.
SignedText verify_signed_text(std::string_view message, const std::vector<Keyring>& keyrings, const SignaturePolicy& policy,
                              std::string_view what);

// A signature that stands in a file of its own, binary or armored, beside what it covers. Returns the fingerprint that signed; errors as above.
std::string verify_detached(std::string_view bytes, std::string_view signature, const std::vector<Keyring>& keyrings, const SignaturePolicy& policy, std::string_view what);

// Is there a public key that can be read?
bool holds_keys(const Keyring& keyring);

// The parts of a detached_message; nullopt when it is none.
struct DetachedMessage {
  std::string_view signature, text;
};
std::optional<DetachedMessage> read_detached(std::string_view message);

// The text that a clear-signed message covers, by its armor alone. Error(verification) when it is not exactly one well-formed block and
// nothing else.
std::string text_of_clearsigned(std::string_view message, std::string_view what);

}  // namespace resole::pkg
