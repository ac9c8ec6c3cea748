// SPDX-License-Identifier: Apache-2.0
// Which deployed references mean a source image, and what each is to become. References are compared after normalisation (docker.io/library, default tag),
// by digest first, then by repository and tag (field/rollout.md 3.3 rule 8). What an earlier run wrote is known again: the patched repository, with the
// source's tag or an immutable one made of it, so that the next patch follows the last.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "document/result.hpp"
#include "document/rollout.hpp"
#include "oci/reference.hpp"
#include "rollout/word_set.hpp"

namespace resole::rollout {

// auto keeps the shape that is there: a digest stays a digest, both both; a tag that stands alone stays a tag, one that does not move if there is one.
enum class Pin { automatic, tag, digest, both };

// How the published tags are told apart. {tag}: of the source; {plan8}: the first 8 digits of the plan's digest.
struct TagForms { std::string moving = "{tag}", immutable = "{tag}-r{plan8}"; };

// "{tag}-r{plan8}" -> "1.4-r0123abcd". Error(usage) for other words in braces.
std::string expand_tag(std::string_view form, std::string_view tag, const Digest& plan);

// Images of the results as rollout.json lists them. Error(usage) when a result does not say under which references source and result run.
std::vector<document::RolloutImage> images_of(const std::vector<document::Result>& results, const TagForms& forms = {});

enum class Meaning { source, ours, other_digest };  // ours: the patched image, of this or an earlier patch
struct Match {
  std::size_t image = 0;
  Meaning meaning = Meaning::source;
  Digest patched;  // of the same platform when the reference names a platform's manifest
};

// What a place has now, and what it is to have. Empty: nothing of the kind.
struct Shape { bool tag = false, digest = false; };
struct Wish { std::string name, tag, digest; std::string text() const; };

class Images {
 public:
  explicit Images(std::vector<document::RolloutImage> images, TagForms forms = {});

  // nullopt: none of them, or no reference at all.
  std::optional<Match> match(std::string_view reference) const;
  std::optional<std::size_t> of_name(std::string_view name) const;  // whose source repository is this?
  // `written_name`: kept as it is spelled when it means the patched repository already.
  Wish wish(const Match& match, std::string_view written_name, Shape written, Pin pin) const;
  // Does the text hold the last part of any of the repositories?
  bool mentioned_in(std::string_view text) const { return last_parts_.any_in(text); }

  const std::vector<document::RolloutImage>& list() const { return images_; }

 private:
  struct Known {
    oci::Reference source, patched;
    std::string source_name, patched_name;
    std::string moving_tag, immutable_tag;  // as published, "" when not
    std::string immutable_before, immutable_behind;  // of the source's tag with any plan
  };
  bool is_immutable_tag(const Known& known, std::string_view tag) const;
  std::optional<Match> meaning(const oci::Reference& reference, const std::string& name, std::size_t image) const;

  std::vector<document::RolloutImage> images_;
  std::vector<Known> known_;
  WordSet last_parts_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;  // of source and patched repositories
};

// The repository of a reference as it is spelled, without tag and digest; its tag.
std::string_view repository_of(std::string_view reference);
std::string_view tag_of(std::string_view reference);

}  // namespace resole::rollout
