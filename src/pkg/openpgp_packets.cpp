// SPDX-License-Identifier: Apache-2.0
// Why: to load a key, librnp checks every certification on it. debian-archive-keyring has 15 keys and takes 140 ms, three times per image;
// the two or three keys that a release names take 20.
#include "pkg/openpgp_packets.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

namespace resole::pkg {
namespace {

constexpr std::uint8_t kSignature = 2, kPublicKey = 6, kPublicSubkey = 14;
constexpr std::uint8_t kIssuer = 16, kIssuerFingerprint = 33;  // subpackets
constexpr std::size_t kKeyId = 8;

// Big-endian numbers and stretches from the front of a text; `good` turns false when it ends too early.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  bool good() const { return good_; }
  bool at_end() const { return bytes_.empty(); }
  std::size_t left() const { return bytes_.size(); }
  std::uint32_t number(std::size_t width) {
    std::uint32_t value = 0;
    for (const char c : take(width)) value = value << 8 | static_cast<std::uint8_t>(c);
    return value;
  }
  std::string_view take(std::size_t count) {
    if (count > bytes_.size()) {
      good_ = false;
      count = bytes_.size();
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

 private:
  std::string_view bytes_;
  bool good_ = true;
};

// Lengths of new-format packets and of subpackets (RFC 4880 section 4.2.2, 5.2.3.1), which differ in what 224 to 254 mean.
std::uint32_t read_length(Cursor& in, bool is_packet, bool& partial) {
  const std::uint32_t first = in.number(1);
  partial = is_packet && first >= 224 && first < 255;
  if (first < 192) return first;
  if (first < 255) return ((first - 192) << 8) + in.number(1) + 192;
  return in.number(4);
}

std::string key_id_of(std::string_view key_body) {
  Hasher hasher(Algorithm::sha1);
  const std::size_t size = key_body.size();
  const char head[] = {static_cast<char>(0x99), static_cast<char>(size >> 8), static_cast<char>(size)};
  hasher.update({head, sizeof head});
  hasher.update(key_body);
  return hasher.finish().substr(20 - kKeyId);
}

// The issuers named in one area of subpackets.
void read_subpackets(std::string_view area, std::set<std::string>& found) {
  Cursor in(area);
  while (!in.at_end() && in.good()) {
    bool partial = false;
    const std::string_view subpacket = in.take(read_length(in, false, partial));
    if (subpacket.size() < 1 + kKeyId) continue;
    const std::uint8_t type = static_cast<std::uint8_t>(subpacket.front()) & 0x7f;
    if (type == kIssuer || type == kIssuerFingerprint) found.emplace(subpacket.substr(subpacket.size() - kKeyId));
  }
}

std::set<std::string> issuers_of(std::string_view signature) {
  std::set<std::string> found;
  Cursor in(signature);
  const std::uint32_t version = in.number(1);
  if (version == 3) {
    in.take(1 + 1 + 4);
    found.emplace(in.take(kKeyId));
  } else if (version == 4) {
    in.take(3);
    const std::uint32_t hashed = in.number(2);
    read_subpackets(in.take(hashed), found);
    const std::uint32_t unhashed = in.number(2);
    read_subpackets(in.take(unhashed), found);
  }
  if (!in.good()) found.clear();
  return found;
}

}  // namespace

std::optional<std::vector<Packet>> read_packets(std::string_view bytes) {
  std::vector<Packet> packets;
  Cursor in(bytes);
  while (!in.at_end()) {
    const std::size_t start = bytes.size() - in.left();
    const std::uint32_t head = in.number(1);
    if ((head & 0x80) == 0) return std::nullopt;
    Packet packet;
    std::uint32_t length = 0;
    if (head & 0x40) {
      bool partial = false;
      packet.tag = head & 0x3f;
      length = read_length(in, true, partial);
      if (partial) return std::nullopt;
    } else {
      packet.tag = (head >> 2) & 0x0f;
      if ((head & 3) == 3) return std::nullopt;
      length = in.number(std::size_t{1} << (head & 3));
    }
    packet.body = in.take(length);
    if (!in.good()) return std::nullopt;
    packet.whole = bytes.substr(start, bytes.size() - in.left() - start);
    packets.push_back(packet);
  }
  return packets;
}

std::optional<Dearmored> dearmor(std::string_view text, std::string_view title) {
  const std::string begin = "-----BEGIN " + std::string(title) + "-----", end = "-----END " + std::string(title) + "-----";
  const std::size_t start = text.find(begin);
  const std::size_t stop = start == std::string_view::npos ? start : text.find(end, start);
  if (stop == std::string_view::npos) return std::nullopt;
  std::string encoded;
  bool in_headers = true;
  for (std::string_view line : lines(text.substr(start + begin.size(), stop - start - begin.size()))) {
    line = trim(line);
    if (in_headers) {
      // The rest of the BEGIN line is empty too, and no header: headers have a colon.
      in_headers = line.empty() || line.find(':') != std::string_view::npos;
      if (in_headers) continue;
    }
    if (line.starts_with('=')) break;  // the checksum
    encoded.append(line);
  }
  auto bytes = base64_decode(encoded);
  if (!bytes) return std::nullopt;
  return Dearmored{std::move(*bytes), stop + end.size()};
}

std::optional<std::set<std::string>> issuers(std::string_view signatures) {
  const auto packets = read_packets(signatures);
  if (!packets) return std::nullopt;
  std::set<std::string> all;
  for (const Packet& packet : *packets) {
    if (packet.tag != kSignature) continue;
    const std::set<std::string> found = issuers_of(packet.body);
    if (found.empty()) return std::nullopt;
    all.insert(found.begin(), found.end());
  }
  return all;
}

std::optional<std::string> certificates_of(std::string_view keyring, const std::set<std::string>& key_ids) {
  const auto packets = read_packets(keyring);
  if (!packets) return std::nullopt;
  std::string selected, certificate;
  bool wanted = false;
  const auto finish = [&] {
    if (wanted) selected += certificate;
    certificate.clear();
    wanted = false;
  };
  for (const Packet& packet : *packets) {
    if (packet.tag == kPublicKey) finish();
    certificate.append(packet.whole);
    if (packet.tag == kPublicKey || packet.tag == kPublicSubkey) {
      if (packet.body.empty() || packet.body.front() != 4) return std::nullopt;  // other versions have other ids
      wanted = wanted || key_ids.contains(key_id_of(packet.body));
    }
  }
  finish();
  return selected;
}

}  // namespace resole::pkg
