// SPDX-License-Identifier: Apache-2.0
// The third form beside Writer and Reader: fills any described type with values drawn from a seed, so that every field of every document is
// tried.
#pragma once
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "document/form.hpp"

namespace resole::document {

class Filler {
 public:
  explicit Filler(unsigned seed) : random_(seed) {}

  template <class T>
  T make() {
    T value;
    fill("", value);
    return value;
  }
  template <class T>
  void field(std::string_view key, T& value) {
    fill(key, value);
  }
  template <class T>
  void optional(std::string_view key, T& value) {
    if (below(2) == 0) fill(key, value);
  }
  void time(std::string_view, std::int64_t& seconds) { seconds = below(2) == 0 ? 0 : 1 + static_cast<std::int64_t>(below(2'000'000'000)); }
  void check(bool, std::string_view) {}

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  static std::vector<std::string> words_of(std::string_view key) {
    static const std::map<std::string_view, std::vector<std::string>> kWords = {{"strategy", {"append", "rebase", "rewrite"}},
                                                                                {"compression", {"gzip", "zstd"}},
                                                                                {"outcome", {"patched", "unchanged"}},
                                                                                {"role", {"merge", "payload", "database"}},
                                                                                {"where", {"env", "label"}},
                                                                                {"endOfLife", {"2028-06-30"}},
                                                                                {"asOf", {"2026-11-21T18:00:00Z"}}};
    const auto found = kWords.find(key);
    if (found != kWords.end()) return found->second;
    return {"curl", "1:7.88.1-10+deb12u8", "pool/main/c/curl.deb", "say \"hi\"\\", "Grüße \u2028 日本", "line\nbreak\ttab", "~"};
  }

  template <class T>
  void fill(std::string_view, T& value) {
    describe(*this, value);
  }
  void fill(std::string_view key, std::string& value) {
    // "kind" of an input is a closed list, "kind" of a workload is any word.
    const auto words = key == "kind" ? std::vector<std::string>{"report", "index"} : words_of(key);
    value = words[below(words.size())];
  }
  void fill(std::string_view, bool& value) { value = below(2) == 0; }
  void fill(std::string_view, Digest& value) { value = Digest::of(std::to_string(below(1000))); }
  void fill(std::string_view, oci::Descriptor& value) {
    value = {};
    value.media_type = "application/vnd.oci.image.manifest.v1+json";
    value.digest = Digest::of(std::to_string(below(1000)));
    value.size = below(1 << 30);
    if (below(2) == 0) value.annotations["org.example.note"] = "x";
    if (below(2) == 0) value.platform = oci::Platform{.os = "linux", .architecture = "arm64", .variant = "v8"};
  }
  void fill(std::string_view key, std::map<std::string, std::string>& value) {
    value.clear();
    for (std::size_t i = below(3); i > 0; --i) fill(key, value["key" + std::to_string(i)]);
  }
  template <Number T>
  void fill(std::string_view, T& value) {
    value = static_cast<T>(below(3) == 0 ? 0 : random_() & 0x7fffffff);
  }
  template <Enumeration T>
  void fill(std::string_view, T& value) {
    value = all_values<T>()[below(all_values<T>().size())];
  }
  template <class T>
  void fill(std::string_view key, std::optional<T>& value) {
    fill(key, value.emplace());
  }
  template <class T>
  void fill(std::string_view key, std::vector<T>& values) {
    values.clear();
    for (std::size_t i = below(4); i > 0; --i) fill(key, values.emplace_back());
  }

  std::mt19937 random_;
};

}  // namespace resole::document
