// SPDX-License-Identifier: Apache-2.0
// The armor of a clear-signed message, read strictly. OpenPGP libraries are lenient here: text before and after the block, a second block,
// unknown armor headers pass in silence, and whoever then reads the file instead of the verified text reads what nobody signed. So the
// message must be: the header line, "Hash:" lines, an empty line, the text with its dash escapes, the signature block, and nothing else.
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/signature.hpp"

namespace resole::pkg {
namespace {

constexpr std::string_view kBeginMessage = "-----BEGIN PGP SIGNED MESSAGE-----", kBeginSignature = "-----BEGIN PGP SIGNATURE-----",
                           kEndSignature = "-----END PGP SIGNATURE-----";

// Blanks at the end of a line are not part of what is signed (RFC 4880 section 7.1).
std::string_view without_trailing_blanks(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::string detached_message(std::string_view text, std::string_view signature, std::string_view what) {
  bool inside = false, well_formed = true;
  std::string blocks;
  for (const std::string_view whole : lines(signature)) {
    const std::string_view line = without_trailing_blanks(whole);
    if (!inside && line.empty()) continue;
    well_formed = well_formed && (inside ? !line.starts_with("-----") || line == kEndSignature : line == kBeginSignature);
    inside = line != kEndSignature;
    blocks.append(line).push_back('\n');
  }
  if (!well_formed || inside || blocks.empty())
    throw Error(ErrorKind::verification, fmt::format("{}: the signature beside it is no armored OpenPGP signature", printable(what)),
                "sign the release with `gpg --armor --detach-sign`, or serve an InRelease");
  return blocks.append(text);
}

std::optional<DetachedMessage> read_detached(std::string_view message) {
  const std::string last = fmt::format("\n{}\n", kEndSignature);
  std::size_t text = 0;
  while (message.substr(text).starts_with(kBeginSignature)) {
    const std::size_t end = message.find(last, text);
    if (end == std::string_view::npos) return std::nullopt;
    text = end + last.size();
  }
  if (text == 0) return std::nullopt;
  return DetachedMessage{message.substr(0, text), message.substr(text)};
}

std::string text_of_clearsigned(std::string_view message, std::string_view what) {
  const auto refuse = [&](std::size_t line, std::string_view problem) {
    return Error(ErrorKind::verification, fmt::format("{}, line {}: {}", printable(what), line, problem),
                 "the file is not one signed message as archives publish it");
  };
  const auto all = lines(message);
  std::size_t at = 0;
  if (all.empty() || without_trailing_blanks(all[0]) != kBeginMessage) throw refuse(1, "is not a signed message");
  for (at = 1; at < all.size() && !without_trailing_blanks(all[at]).empty(); ++at) {
    if (!all[at].starts_with("Hash:")) throw refuse(at + 1, "an armor header other than Hash");
  }
  if (at >= all.size()) throw refuse(at, "ends within its headers");

  std::string text;
  text.reserve(message.size());
  for (++at; at < all.size() && without_trailing_blanks(all[at]) != kBeginSignature; ++at) {
    std::string_view line = without_trailing_blanks(all[at]);
    if (line.starts_with("- "))
      line.remove_prefix(2);
    else if (line.starts_with('-') && line != "-")
      throw refuse(at + 1, "a line that starts with '-' without its escape");
    text.append(line).push_back('\n');
  }
  while (at < all.size() && without_trailing_blanks(all[at]) != kEndSignature) ++at;
  if (at >= all.size()) throw refuse(at, "the signature is missing or cut off");
  for (++at; at < all.size(); ++at) {
    if (!without_trailing_blanks(all[at]).empty()) throw refuse(at + 1, "text after the signature");
  }
  return text;
}

}  // namespace resole::pkg
