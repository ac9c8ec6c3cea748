// SPDX-License-Identifier: Apache-2.0
// What a feed says, one fact per record: "in this release, this package, for this vulnerability: that state". The words of matching.md section 2 are kept.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/finding.hpp"

namespace resole::advisory::feed {

enum class Order : std::uint8_t { deb, rpm, apk };  // of versions

struct Record {
  std::string scope;              // "debian:bookworm", "alpine:3.20", "rhel-eus:9.4" (feed/scope.hpp)
  Order order = Order::deb;
  bool source = true;             // `package` and `fixed` are a source's (deb source, apk origin); false: a binary package's
  std::string package, arch;      // arch "": every one
  std::string module;             // rpm module stream "nodejs:18"
  std::string id;                 // the CVE where there is one
  std::string advisory;           // the vendor's: "ALSA-2022:4587"
  Status status = Status::unknown;
  std::string introduced, fixed;  // affected from (""= always) and below; fixed "" = no fix
  std::string last;               // the last affected version, where a feed knows that instead of a fix
  Severity severity = Severity::unknown;
  std::string word;               // the vendor's own: "postponed", "no-dsa", "unimportant", "Will not fix"
  auto operator<=>(const Record&) const = default;
};

struct Attribute {                // of a vulnerability, whatever package it is in
  std::string id;
  double epss = -1;
  bool known_exploited = false;
};

// Where readers put what they find.
class Records {
 public:
  virtual ~Records() = default;
  virtual void add(Record record) = 0;
  virtual void add(Attribute attribute) = 0;
  virtual void dated(std::string_view text) = 0;                 // the feed's own date, "YYYY-MM-DD..."; the newest is kept
  virtual void left_out(std::string_view reason) = 0;            // counted by reason, told to people
};

}  // namespace resole::advisory::feed
