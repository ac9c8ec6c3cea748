// SPDX-License-Identifier: Apache-2.0
#include "forge/marker.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::forge {

namespace {

constexpr std::string_view kMarkBegin = "<!-- resole-proposal:", kMarkEnd = " -->";
constexpr std::size_t kLargestMarker = 64u << 10;
constexpr std::string_view kCut = "\n\nThe rest did not fit: it is in rollout.json.\n";

}  // namespace

// In base64, so that no name in it can end the comment.
std::string write_marker(const Marker& marker) {
  const Json json = {{"changeSet", marker.change_set}, {"words", marker.words}, {"labels", marker.labels}, {"reviewers", marker.reviewers}};
  return fmt::format("{}{}{}\n", kMarkBegin, base64_encode(dump_compact(json)), kMarkEnd);
}

std::optional<Marker> read_marker(std::string_view body) {
  const std::size_t begin = body.rfind(kMarkBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t at = begin + kMarkBegin.size(), end = body.find(kMarkEnd, at);
  if (end == std::string_view::npos || end - at > kLargestMarker) return std::nullopt;
  try {
    const auto text = base64_decode(body.substr(at, end - at));
    if (!text) return std::nullopt;
    const Json json = parse_json(*text, "marker", {.bytes = kLargestMarker, .depth = 4});
    return Marker{string_or(json, "changeSet", ""), string_or(json, "words", ""), strings_or_empty(json, "labels"), strings_or_empty(json, "reviewers")};
  } catch (const Error&) {
    return std::nullopt;  // somebody's own text: then the request is as one without a marker
  }
}

std::string digest_of_words(std::string_view title, std::string_view body) {
  std::string text;
  for (const auto word : split_words(title)) text += std::string(word) + ' ';
  text += '\n';
  for (const auto word : split_words(body)) text += std::string(word) + ' ';
  return Digest::of(text).text();
}

std::string fitting_body(const std::vector<std::string>& bodies, const Marker& marker, std::size_t limit) {
  const std::string end = "\n" + write_marker(marker);
  if (end.size() + kCut.size() > limit) throw Error(ErrorKind::usage, "the names of labels and reviewers are too long for a change request");
  for (const auto& body : bodies) {
    if (body.size() + end.size() <= limit) return body + end;
  }
  std::string_view body = bodies.empty() ? std::string_view() : bodies.back();
  body = body.substr(0, std::min(body.size(), limit - end.size() - kCut.size()));
  body = body.substr(0, body.rfind('\n') == std::string_view::npos ? 0 : body.rfind('\n'));
  return std::string(body) + std::string(kCut) + end;
}

std::string fitting_title(std::string_view title, std::size_t limit) {
  constexpr std::size_t kRoomForDraft = 16;
  return printable(title, limit - kRoomForDraft);
}

}  // namespace resole::forge
