// SPDX-License-Identifier: Apache-2.0
// Where references of images stand in each kind of manifest. targets.cpp is the table; a target only finds, it never edits.
#pragma once
#include <string>
#include <vector>

#include "base/yaml.hpp"

namespace resole::rollout {

struct Place {
  const yaml::Node* node = nullptr;   // the scalar (or alias) that is the reference
  std::string pointer;                // JSON pointer in its document
  std::string kind, ns, name, container;
};

struct Target {
  const char* name;                                             // "kubernetes"
  bool (*recognises)(const yaml::Node& document);
  std::vector<Place> (*places)(const yaml::Node& document);
};

const std::vector<Target>& targets();

}  // namespace resole::rollout
