// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "document/describe_plan.hpp"
#include "document/describe_result.hpp"
#include "document/describe_rollout.hpp"
#include "document/filler.hpp"
#include "fuzz/document_targets.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/mutate_json.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

template <class Document>
std::vector<std::string> filled(std::string (*write)(const Document&)) {
  std::vector<std::string> seeds;
  // Of many fillings the small ones: each round reads a document five times.
  for (unsigned seed = 0; seeds.size() < 5 && seed < 200; ++seed) {
    std::string text = write(document::Filler(seed).make<Document>());
    if (text.size() < 20'000) seeds.push_back(std::move(text));
  }
  return seeds;
}

TEST(FuzzReplay, Plan) {
  const auto seeds = filled(document::write_plan);
  replay(seeds, 400, plan, json_values(seeds));
}

TEST(FuzzReplay, Result) {
  const auto seeds = filled(document::write_result);
  replay(seeds, 600, result, json_values(seeds));
}

TEST(FuzzReplay, Rollout) {
  auto seeds = filled(document::write_rollout);
  for (std::string& seed : seeds) {  // an image of a workload is an index into images
    Json json = Json::parse(seed);
    for (Json& workload : json["workloads"]) workload["image"] = 0;
    if (json["images"].empty()) json["workloads"].clear();
    seed = dump_document(json);
  }
  replay(seeds, 1000, rollout, json_values(seeds));
}

}  // namespace
}  // namespace resole::fuzz
