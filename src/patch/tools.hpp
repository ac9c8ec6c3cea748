// SPDX-License-Identifier: Apache-2.0
// Everything the way needs from outside, named once at the composition root (cli/) and handed down. No globals.
#pragma once
#include <functional>
#include <memory>

#include "base/effects.hpp"
#include "build/sandbox.hpp"
#include "oci/reference.hpp"
#include "oci/store.hpp"
#include "pkg/recipe.hpp"

namespace resole::patch {

struct Tools {
  Fetcher& fetcher;
  Cache& cache;
  const Clock& clock;
  Reporter& reporter;
  const pkg::RecipeBook& recipes;
  SpoolFactory spool;
  build::Sandbox& sandbox;     // asked only when scripts have to run
  io::Path scratch;            // for what does not fit into memory
  unsigned jobs = 2;
  std::function<std::unique_ptr<oci::Store>(const oci::Location&)> open_for_reading, open_for_writing;
};

}  // namespace resole::patch
