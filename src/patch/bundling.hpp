// SPDX-License-Identifier: Apache-2.0
// The bundle of an offline build: a directory (or one tar of it) with the plan, and by sha256 every signed release, index and package that it needs.
#pragma once
#include <filesystem>
#include <string>

#include "document/plan.hpp"
#include "patch/tools.hpp"
#include "pkg/family.hpp"

namespace resole::patch {

struct BundleCount { std::size_t files = 0; std::uint64_t bytes = 0; };

// `target` ending in ".tar" makes one file, else a directory. It appears complete or not at all. Mirrors are
// those of `options`. Error(refused): something the plan names is gone.
BundleCount write_bundle(const document::Plan& plan, const std::filesystem::path& target, const pkg::RepositoryOptions& options, const Tools& tools);

// The directory to hand to the fetcher: `bundle` itself, or `scratch` filled from the tar. Error(input) when it is no bundle.
std::filesystem::path open_bundle(const std::filesystem::path& bundle, const std::filesystem::path& scratch);

}  // namespace resole::patch
