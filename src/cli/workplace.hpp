// SPDX-License-Identifier: Apache-2.0
// The composition root: the only place that names implementations of Fetcher, Cache, Clock, Reporter and Store, made from options.
#pragma once
#include <memory>

#include "base/effects.hpp"
#include "cli/options.hpp"
#include "patch/planning.hpp"
#include "patch/tools.hpp"
#include "pkg/recipe.hpp"

namespace resole::registry {
class Registries;
}
namespace resole::build {
class Sandbox;
}

namespace resole::cli {

class Workplace {
 public:
  explicit Workplace(const Options& options);
  ~Workplace();
  const patch::Tools& tools() const { return *tools_; }
  Reporter& reporter() { return *reporter_; }
  bool color() const;  // for tables on standard output

 private:
  struct Scratch;
  const Options& options_;
  std::unique_ptr<Clock> clock_;
  std::unique_ptr<Reporter> reporter_;
  std::unique_ptr<Cache> cache_;
  std::unique_ptr<Scratch> scratch_;
  std::unique_ptr<Fetcher> http_, fetcher_;  // the second adds the operator's credentials to what the first asks for
  std::unique_ptr<build::Sandbox> sandbox_;
  std::unique_ptr<registry::Registries> registries_;
  pkg::RecipeBook recipes_;
  std::unique_ptr<patch::Tools> tools_;
};

std::unique_ptr<Reporter> make_reporter(const CommonOptions& common, const Clock& clock);

// Requests of the way from options.
patch::PlanRequest plan_request(const Options& options, const patch::Tools& tools);
patch::BaseRequest base_request(const PlanningOptions& planning);
pkg::RepositoryOptions repository_options(const PlanningOptions& planning, std::int64_t as_of, unsigned jobs);
std::int64_t as_of(const PlanningOptions& planning, const Clock& clock);

}  // namespace resole::cli
