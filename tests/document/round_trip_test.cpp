// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "document/describe_plan.hpp"
#include "document/describe_proposal.hpp"
#include "document/describe_result.hpp"
#include "document/describe_rollout.hpp"
#include "document/describe_rollout_status.hpp"
#include "document/filler.hpp"
#include "document/schema_check.hpp"

namespace resole::document {
namespace RESOLE_TEST_FILE {

constexpr unsigned kSeeds = 40;

Rollout make_rollout(unsigned seed) {
  Filler filler(seed);
  auto rollout = filler.make<Rollout>();
  if (rollout.images.empty()) rollout.images.push_back(filler.make<RolloutImage>());
  for (Workload& workload : rollout.workloads) workload.image %= rollout.images.size();  // an index into images
  return rollout;
}

TEST(RoundTrip, plan_reads_as_it_was_written) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const std::string written = write_plan(Filler(seed).make<Plan>());
    EXPECT_EQ(write_plan(read_plan(written, "plan.json")), written) << "seed " << seed;
  }
}

TEST(RoundTrip, result_reads_as_it_was_written) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const std::string written = write_result(Filler(seed).make<Result>());
    EXPECT_EQ(write_result(read_result(written, "result.json")), written) << "seed " << seed;
  }
}

TEST(RoundTrip, rollout_reads_as_it_was_written) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const std::string written = write_rollout(make_rollout(seed));
    EXPECT_EQ(write_rollout(read_rollout(written, "rollout.json")), written) << "seed " << seed;
  }
}

TEST(RoundTrip, proposal_and_status_read_as_they_were_written) {
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    const std::string proposal = write_proposal(Filler(seed).make<Proposal>()), status = write_rollout_status(Filler(seed).make<RolloutStatus>());
    EXPECT_EQ(write_proposal(read_proposal(proposal, "proposal.json")), proposal) << "seed " << seed;
    EXPECT_EQ(write_rollout_status(read_rollout_status(status, "status.json")), status) << "seed " << seed;
  }
}

TEST(Schema, every_document_that_is_written_fits) {
  if (!have_schema_checker()) GTEST_SKIP() << "needs /usr/bin/python3 with jsonschema";
  std::vector<std::string> plans, results, rollouts, proposals, statuses;
  for (unsigned seed = 0; seed < kSeeds; ++seed) {
    plans.push_back(write_plan(Filler(seed).make<Plan>()));
    results.push_back(write_result(Filler(seed).make<Result>()));
    rollouts.push_back(write_rollout(make_rollout(seed)));
    proposals.push_back(write_proposal(Filler(seed).make<Proposal>()));
    statuses.push_back(write_rollout_status(Filler(seed).make<RolloutStatus>()));
  }
  EXPECT_EQ(schema_problems("plan", plans), "");
  EXPECT_EQ(schema_problems("result", results), "");
  EXPECT_EQ(schema_problems("rollout", rollouts), "");
  EXPECT_EQ(schema_problems("proposal", proposals), "");
  EXPECT_EQ(schema_problems("rollout-status", statuses), "");
}

}  // namespace
}  // namespace resole::document
