// SPDX-License-Identifier: Apache-2.0
// The `history` of a config, edited as JSON so that unknown fields stay.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "base/json_fwd.hpp"

namespace resole::oci {

struct HistoryChange {
  std::size_t layers = 0;               // of the image before the edit
  std::size_t strip = 0;                // top layers that go
  std::vector<std::string> created_by;  // one per appended layer
  std::string created;                  // for the new entries; "" leaves the field out
};

// `history` is an array or null; what it becomes is returned (null stays null when nothing is appended).
OrderedJson edit_history(OrderedJson history, const HistoryChange& change);

// Each an array or null. The counts are of layers; `strip`: top layers of the image that go.
struct BaseHistories {
  const OrderedJson& old_base;
  const OrderedJson& new_base;
  const OrderedJson& image;
  std::size_t old_layers = 0, new_layers = 0, layers = 0, strip = 0;
};

// The new base's history and behind it the application's part of the image's. Null when neither says anything.
OrderedJson rebase_history(const BaseHistories& histories);

}  // namespace resole::oci
