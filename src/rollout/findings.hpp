// SPDX-License-Identifier: Apache-2.0
// What one file says, found without looking at any other: sites, and mentions that are no sites.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "document/rollout.hpp"
#include "rollout/images.hpp"
#include "rollout/kustomize_tree.hpp"
#include "rollout/site.hpp"

namespace resole::rollout {

struct Findings {
  std::vector<Site> sites;
  std::vector<document::NotApplied> left;         // mentions in places or files that are not understood
  std::vector<document::AdmissionPolicy> policies;
  std::set<std::string> image_updater;            // repositories that the Argo CD Image Updater follows, normalised
};

// Adds what the documents include to `tree`.
Findings find_in(const std::string& path, std::string_view text, const Images& images, KustomizeTree& tree);

// Has the file something to say besides images: inclusions, policies, somebody who writes images? By its name, or by a word in it.
bool is_context(std::string_view path);
void add_context_words(WordSet& words);

// Flux and Renovate say by a comment that they write a scalar.
LeftReason owner_by_comment(const Site& site, std::string_view text);

}  // namespace resole::rollout
