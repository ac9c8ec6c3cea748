// SPDX-License-Identifier: Apache-2.0
// Why a place was left as it is: the word in documents, and a sentence for people.
#include <array>
#include <utility>

#include "document/words.hpp"

namespace resole::document {

namespace {

struct LeftRow { LeftReason reason; std::string_view word, sentence; };
constexpr std::array kLeftRows = {
    LeftRow{LeftReason::templated, "templated",
            "a template of a manifest; edit the values that it is filled with"},
    LeftRow{LeftReason::unreadable, "unreadable",
            "the file cannot be read as what its name says"},
    LeftRow{LeftReason::block_scalar, "block-scalar",
            "the reference stands in a block scalar"},
    LeftRow{LeftReason::escaped, "escaped",
            "the reference is written with escapes"},
    LeftRow{LeftReason::alias_conflict, "alias-conflict",
            "its anchor is used in places that no kind of document explains"},
    LeftRow{LeftReason::variable, "variable",
            "the reference is made of variables; edit what fills them"},
    LeftRow{LeftReason::embedded, "embedded",
            "the reference stands in a longer text"},
    LeftRow{LeftReason::unknown_place, "unknown-place",
            "no place of an image that resole knows"},
    LeftRow{LeftReason::overridden, "overridden",
            "an outer kustomization decides which image runs"},
    LeftRow{LeftReason::ambiguous, "ambiguous",
            "one entry speaks of workloads that run different images"},
    LeftRow{LeftReason::name_pattern, "name-pattern",
            "the name of a kustomize entry is a regular expression that may mean this image"},
    LeftRow{LeftReason::tag_unknown, "tag-unknown",
            "no tag is written here; the chart's own default is unknown"},
    LeftRow{LeftReason::other_digest, "other-digest",
            "the tag is the source's, the digest is another image's"},
    LeftRow{LeftReason::image_policy, "image-policy",
            "a Flux image policy writes this place and would write it back"},
    LeftRow{LeftReason::image_updater, "image-updater",
            "the Argo CD Image Updater writes this place and would write it back"},
    LeftRow{LeftReason::renovate, "renovate",
            "a comment gives this place to Renovate"},
    LeftRow{LeftReason::global_registry, "global-registry",
            "the chart takes one registry for all its images"},
    LeftRow{LeftReason::built_here, "built-here",
            "the image is built from here; its reference is a name for the result"},
    LeftRow{LeftReason::needs_option, "needs-option",
            "Dockerfiles are edited with --dockerfiles"},
    LeftRow{LeftReason::no_room, "no-room",
            "a key is missing and cannot be added here"},
    LeftRow{LeftReason::not_isolated, "not-isolated",
            "the edit would change more than the reference"},
    LeftRow{LeftReason::no_manifest, "no-manifest",
            "it runs, and no manifest names it"},
};

const LeftRow& row_of(LeftReason reason) {
  for (const auto& row : kLeftRows) {
    if (row.reason == reason) return row;
  }
  std::unreachable();
}

}  // namespace

template <>
std::span<const LeftReason> all_values<LeftReason>() {
  static constexpr auto kAll = [] {
    std::array<LeftReason, kLeftRows.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = kLeftRows[i].reason;
    return all;
  }();
  return kAll;
}

std::string_view word(LeftReason reason) { return row_of(reason).word; }
std::string_view sentence(LeftReason reason) { return row_of(reason).sentence; }

}  // namespace resole::document
