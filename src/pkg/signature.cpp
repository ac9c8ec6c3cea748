// SPDX-License-Identifier: Apache-2.0
// librnp does the cryptography, we do the judging. Left to itself (0.16.3) it succeeds when one of several signatures is good, hands out
// the text also when it fails, ignores what follows the signature, and writes to stderr. So: the armor is read by us (clearsigned.cpp),
// every signature's status, algorithm and key is looked at, and the text that is returned is ours, which must equal the one that librnp
// verified.
#include "pkg/signature.hpp"

#include <fmt/format.h>
#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/openpgp_packets.hpp"

namespace resole::pkg {
namespace {

constexpr std::size_t kKeyringLimit = 8u << 20;
constexpr std::size_t kMessageLimit = 64u << 20;
constexpr std::size_t kSignatureLimit = 32;
constexpr std::size_t kSignatureFileLimit = 1u << 20;
constexpr std::uint32_t kShortestRsa = 2048;

template <auto Destroy>
struct Destroyer {
  template <class T>
  void operator()(T* handle) const {
    Destroy(handle);
  }
};
template <class Handle, auto Destroy>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Destroyer<Destroy>>;
using Session = Owned<rnp_ffi_t, rnp_ffi_destroy>;
using Input = Owned<rnp_input_t, rnp_input_destroy>;
using Output = Owned<rnp_output_t, rnp_output_destroy>;
using Verification = Owned<rnp_op_verify_t, rnp_op_verify_destroy>;
using Key = Owned<rnp_key_handle_t, rnp_key_handle_destroy>;
using Handle = Owned<rnp_signature_handle_t, rnp_signature_handle_destroy>;

void must(rnp_result_t result, std::string_view call) {
  if (result != RNP_SUCCESS) throw Error(ErrorKind::internal, fmt::format("librnp: {}: {}", call, rnp_result_to_string(result)));
}

// A string that librnp allocated; "" when the call fails.
template <class Call>
std::string text_from(const Call& call) {
  char* raw = nullptr;
  if (call(&raw) != RNP_SUCCESS || !raw) return {};
  std::string text = raw;
  rnp_buffer_destroy(raw);
  return text;
}

// librnp as Debian builds it writes to C's stderr stream whenever a signature is by an unknown key or wrong, and rnp_ffi_set_log_fd covers
// only a part of it. That stream is pointed at /dev/null while librnp works. The program's own output does not go through it: std::cerr
// keeps the stream it was made with, and the terminal writes to the descriptor. Several threads may verify at once: the first one in mutes,
// the last one out restores.
class MutedLibrary {
 public:
  MutedLibrary() {
    const std::lock_guard lock(mutex());
    if (depth()++ > 0) return;
    silent() = std::fopen("/dev/null", "we");
    if (!silent()) return;
    loud() = stderr;
    stderr = silent();
  }
  ~MutedLibrary() {
    const std::lock_guard lock(mutex());
    if (--depth() > 0 || !silent()) return;
    stderr = loud();
    std::fclose(silent());
  }
  MutedLibrary(const MutedLibrary&) = delete;
  MutedLibrary& operator=(const MutedLibrary&) = delete;

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  static int& depth() {
    static int value = 0;
    return value;
  }
  static std::FILE*& silent() {
    static std::FILE* stream = nullptr;
    return stream;
  }
  static std::FILE*& loud() {
    static std::FILE* stream = nullptr;
    return stream;
  }
};

Session open_session(std::int64_t now) {
  rnp_ffi_t raw = nullptr;
  must(rnp_ffi_create(&raw, "GPG", "GPG"), "rnp_ffi_create");
  Session session(raw);
  if (now > 0) must(rnp_set_timestamp(raw, static_cast<std::uint64_t>(now)), "rnp_set_timestamp");
  return session;
}

Input input_of(std::string_view bytes) {
  rnp_input_t raw = nullptr;
  must(rnp_input_from_memory(&raw, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), false), "rnp_input_from_memory");
  return Input(raw);
}

// Keys that cannot be read are passed over: what they would have signed is then by an unknown key.
void import_keys(rnp_ffi_t session, std::string_view keys) {
  if (keys.empty()) return;
  const Input input = input_of(keys);
  rnp_import_keys(session, input.get(), RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE, nullptr);
}

// Of the keyring, what the signatures ask for; all of it when their issuers or the keyring cannot be told apart.
void import_block(rnp_ffi_t session, std::string_view binary, const std::optional<std::set<std::string>>& wanted) {
  const auto selected = wanted ? certificates_of(binary, *wanted) : std::nullopt;
  import_keys(session, selected ? std::string_view(*selected) : binary);
}

// Armored keyrings may hold several blocks one after the other.
void import_keyring(rnp_ffi_t session, const Keyring& keyring, const std::optional<std::set<std::string>>& wanted) {
  if (keyring.bytes.size() > kKeyringLimit) return;
  constexpr std::string_view title = "PGP PUBLIC KEY BLOCK";
  std::string_view rest = keyring.bytes;
  if (rest.find("-----BEGIN") == std::string_view::npos) return import_block(session, rest, wanted);
  while (const auto block = dearmor(rest, title)) {
    import_block(session, block->bytes, wanted);
    rest.remove_prefix(block->end);
  }
}

// Of all its blocks, one after the other.
std::string signature_packets(std::string_view armored) {
  std::string packets;
  while (const auto block = dearmor(armored, "PGP SIGNATURE")) {
    packets += block->bytes;
    armored.remove_prefix(block->end);
  }
  return packets;
}

// The part of a clear-signed message that holds its signatures.
std::string_view signature_of_clearsigned(std::string_view message) {
  return message.substr(std::min(message.rfind("\n-----BEGIN PGP SIGNATURE-----"), message.size()));
}

struct Judgement {
  enum Kind {
    good,
    unknown_key,
    unusable,  // expired, revoked or too weak: does not count, and does not harm a good one beside it
    broken,    // does not fit the text: somebody changed it
  } kind = unusable;
  std::string problem, key, primary_key;
};

bool is_weak_hash(std::string_view hash) {
  return !(hash == "SHA224" || hash == "SHA256" || hash == "SHA384" || hash == "SHA512" || hash == "SHA3-256" || hash == "SHA3-512");
}

// What is wrong with the key itself as of `now`; "" when nothing.
std::string key_problem(rnp_key_handle_t key, std::int64_t now) {
  bool revoked = false, expired = false;
  if (rnp_key_is_revoked(key, &revoked) != RNP_SUCCESS || revoked) return "the key is revoked";
  const std::string algorithm = text_from([&](char** out) { return rnp_key_get_alg(key, out); });
  std::uint32_t bits = 0;
  rnp_key_get_bits(key, &bits);
  if (algorithm == "DSA" || algorithm == "ELGAMAL") return fmt::format("keys of type {} are refused", algorithm);
  if (algorithm == "RSA" && bits < kShortestRsa) return fmt::format("an RSA key of {} bits is refused", bits);
  std::uint64_t until = 0;
  if (rnp_key_valid_till64(key, &until) != RNP_SUCCESS || until == 0) return "the key is not valid, or not yet";
  if (now > 0 && until < static_cast<std::uint64_t>(now))
    return fmt::format("the key expired on {}", format_time(static_cast<std::int64_t>(until)).substr(0, 10));
  if (now == 0 && (rnp_key_is_expired(key, &expired) != RNP_SUCCESS || expired)) return "the key is expired";
  return {};
}

// librnp calls such a signature expired as well.
bool is_from_the_future(rnp_signature_handle_t signature, std::int64_t now) {
  std::uint32_t made = 0;
  return now > 0 && rnp_signature_get_creation(signature, &made) == RNP_SUCCESS && made > static_cast<std::uint64_t>(now);
}

Judgement judge(rnp_op_verify_signature_t signature, std::int64_t now) {
  Judgement judgement;
  rnp_signature_handle_t raw_handle = nullptr;
  if (rnp_op_verify_signature_get_handle(signature, &raw_handle) != RNP_SUCCESS) {
    judgement.key = "unknown";
    judgement.problem = "a signature cannot be read";
    return judgement;
  }
  const Handle handle(raw_handle);
  judgement.key = text_from([&](char** out) { return rnp_signature_get_key_fprint(raw_handle, out); });
  if (judgement.key.empty()) judgement.key = text_from([&](char** out) { return rnp_signature_get_keyid(raw_handle, out); });

  rnp_key_handle_t raw_key = nullptr;
  if (rnp_op_verify_signature_get_key(signature, &raw_key) != RNP_SUCCESS || !raw_key) {
    judgement.kind = Judgement::unknown_key;
    return judgement;
  }
  const Key key(raw_key);
  judgement.key = text_from([&](char** out) { return rnp_key_get_fprint(raw_key, out); });
  judgement.primary_key = text_from([&](char** out) { return rnp_key_get_primary_fprint(raw_key, out); });
  if (judgement.primary_key.empty()) judgement.primary_key = judgement.key;

  const std::string hash = text_from([&](char** out) { return rnp_op_verify_signature_get_hash(signature, out); });
  const rnp_result_t status = rnp_op_verify_signature_get_status(signature);
  if (is_weak_hash(hash))
    judgement.problem = fmt::format("signatures over {} are refused", hash.empty() ? "an unknown hash" : printable(hash, 20));
  else if (const std::string problem = key_problem(raw_key, now); !problem.empty())
    judgement.problem = problem;
  else if (status == RNP_ERROR_SIGNATURE_EXPIRED)
    judgement.problem =
        is_from_the_future(raw_handle, now) ? "the signature was made later than that (--as-of)" : "the signature is expired";
  else if (status == RNP_SUCCESS)
    judgement.kind = Judgement::good;
  else
    judgement.kind = Judgement::broken;
  return judgement;
}

std::vector<Judgement> judge_all(rnp_op_verify_t operation, std::int64_t now, std::string_view what) {
  std::size_t count = 0;
  must(rnp_op_verify_get_signature_count(operation, &count), "verify_get_signature_count");
  if (count > kSignatureLimit)
    throw Error(ErrorKind::verification, fmt::format("{}: {} signatures, more than the {} that are read", what, count, kSignatureLimit));
  std::vector<Judgement> judgements;
  for (std::size_t i = 0; i < count; ++i) {
    rnp_op_verify_signature_t signature = nullptr;
    must(rnp_op_verify_get_signature_at(operation, i, &signature), "verify_get_signature_at");
    judgements.push_back(judge(signature, now));
  }
  return judgements;
}

bool is_wanted(const Judgement& judgement, const std::vector<std::string>& fingerprints) {
  const auto names_it = [&](std::string_view wanted) { return wanted == judgement.key || wanted == judgement.primary_key; };
  return fingerprints.empty() || std::ranges::any_of(fingerprints, names_it);
}

[[noreturn]] void refuse_unknown(const std::vector<Judgement>& judgements, const std::vector<Keyring>& keyrings,
                                 const SignaturePolicy& policy, std::string_view what) {
  std::vector<std::string> unknown, names;
  for (const Judgement& judgement : judgements) unknown.push_back(judgement.key);
  for (const Keyring& keyring : keyrings) names.push_back(printable(keyring.name, 80));
  if (judgements.empty()) throw Error(ErrorKind::verification, fmt::format("{}: no signature that can be read", what));
  std::string where = names.empty() ? "there is no keyring" : "not in " + join(names, ", ");
  std::string hint = "if you trust it, add its public key with --add-keyring FILE";
  if (!policy.restricted_by.empty()) {
    if (!policy.fingerprints.empty()) where = fmt::format("not {}", join(policy.fingerprints, ", "));
    where += fmt::format(", to which {} restricts the keys of this repository", printable(policy.restricted_by));
    hint = "other keys of the image do not count for it; " + hint;
  }
  throw Error(ErrorKind::verification,
              fmt::format("{}: signed by a key that is not trusted here ({}; {})", what, join(unknown, ", "), where), hint);
}

// The signature that counts. Error(verification) when none does, or when one by a trusted key does not fit the text.
const Judgement& decide(const std::vector<Judgement>& judgements, const std::vector<Keyring>& keyrings, const SignaturePolicy& policy,
                        std::string_view what) {
  const Judgement* good = nullptr;
  const Judgement* unusable = nullptr;
  for (const Judgement& judgement : judgements) {
    if (judgement.kind == Judgement::unknown_key || !is_wanted(judgement, policy.fingerprints)) continue;
    if (judgement.kind == Judgement::broken) {
      throw Error(ErrorKind::verification, fmt::format("{}: the signature of key {} does not fit the text", what, judgement.key),
                  "the mirror is broken, or someone changed the file on its way");
    }
    const Judgement*& first = judgement.kind == Judgement::good ? good : unusable;
    if (!first) first = &judgement;
  }
  if (good) return *good;
  if (unusable) throw Error(ErrorKind::verification, fmt::format("{}: {} (key {})", what, unusable->problem, unusable->key));
  refuse_unknown(judgements, keyrings, policy, what);
}

// Runs the verification; the signature that counts, or an error.
Judgement verified(rnp_op_verify_t operation, const std::vector<Keyring>& keyrings, const SignaturePolicy& policy, std::string_view what) {
  const rnp_result_t outcome = rnp_op_verify_execute(operation);
  const auto judgements = judge_all(operation, policy.now, what);
  const Judgement& good = decide(judgements, keyrings, policy, what);
  if (outcome != RNP_SUCCESS) throw Error(ErrorKind::verification, fmt::format("{}: {}", what, rnp_result_to_string(outcome)));
  return good;
}

// Both sides' idea of line ends and trailing blanks, so that two readings of one message can be compared.
std::string normalised(std::string_view text) {
  std::string out;
  for (std::string_view line : lines(text)) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.remove_suffix(1);
    out.append(line).push_back('\n');
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace

bool holds_keys(const Keyring& keyring) {
  const MutedLibrary muted;
  const Session session = open_session(0);
  import_keyring(session.get(), keyring, std::nullopt);
  std::size_t count = 0;
  must(rnp_get_public_key_count(session.get(), &count), "rnp_get_public_key_count");
  return count > 0;
}

SignedText verify_signed_text(std::string_view message, const std::vector<Keyring>& keyrings, const SignaturePolicy& policy,
                              std::string_view what) {
  if (message.size() > kMessageLimit) throw Error(ErrorKind::verification, fmt::format("{}: larger than a signed index may be", what));
  const auto detached = read_detached(message);
  SignedText result{.text = detached ? std::string(detached->text) : text_of_clearsigned(message, what), .key = {}, .primary_key = {}};

  const MutedLibrary muted;
  const Session session = open_session(policy.now);
  const std::string packets = signature_packets(detached ? detached->signature : signature_of_clearsigned(message));
  const auto wanted = packets.empty() ? std::nullopt : issuers(packets);
  for (const Keyring& keyring : keyrings) import_keyring(session.get(), keyring, wanted);
  const Input input = input_of(detached ? detached->text : message), signature = input_of(packets.empty() ? std::string_view("-") : std::string_view(packets));
  rnp_output_t raw_output = nullptr;
  must(rnp_output_to_memory(&raw_output, kMessageLimit), "rnp_output_to_memory");
  const Output output(raw_output);
  rnp_op_verify_t raw_operation = nullptr;
  must(detached ? rnp_op_verify_detached_create(&raw_operation, session.get(), input.get(), signature.get())
                : rnp_op_verify_create(&raw_operation, session.get(), input.get(), raw_output),
       "rnp_op_verify_create");
  const Verification operation(raw_operation);
  const Judgement good = verified(raw_operation, keyrings, policy, what);
  result.key = good.key;
  result.primary_key = good.primary_key;
  if (detached) return result;  // the text that was read is the one that was verified
  std::uint8_t* verified = nullptr;
  std::size_t size = 0;
  must(rnp_output_memory_get_buf(raw_output, &verified, &size, false), "rnp_output_memory_get_buf");
  if (normalised({reinterpret_cast<const char*>(verified), size}) != normalised(result.text)) {
    throw Error(ErrorKind::verification, fmt::format("{}: the signature covers another text than the file shows", what));
  }
  return result;
}

std::string verify_detached(std::string_view bytes, std::string_view signature, const std::vector<Keyring>& keyrings, const SignaturePolicy& policy, std::string_view what) {
  if (signature.size() > kSignatureFileLimit) throw Error(ErrorKind::verification, fmt::format("{}: the signature is larger than one may be", what));
  const MutedLibrary muted;
  const Session session = open_session(policy.now);
  for (const Keyring& keyring : keyrings) import_keyring(session.get(), keyring, std::nullopt);
  const Input input = input_of(bytes), beside = input_of(signature);
  rnp_op_verify_t raw_operation = nullptr;
  must(rnp_op_verify_detached_create(&raw_operation, session.get(), input.get(), beside.get()), "rnp_op_verify_detached_create");
  const Verification operation(raw_operation);
  return verified(raw_operation, keyrings, policy, what).key;
}

}  // namespace resole::pkg
