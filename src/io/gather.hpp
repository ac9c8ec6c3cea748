// SPDX-License-Identifier: Apache-2.0
// Getting many things and using each as soon as it is there: getting waits for servers and wants many threads, using is work for the
// processor and wants few, so they are two groups of threads with a queue between them.
#pragma once
#include <atomic>
#include <cstddef>
#include <functional>
#include <span>

#include "base/bytes.hpp"

namespace resole::io {

struct Gathering {
  std::span<const std::size_t> order;  // indices, first to be got first
  unsigned getters = 6, users = 2;
  std::function<Blob(std::size_t index)> get;
  std::function<void(std::size_t index, Blob bytes)> use;
};

// Rethrows the first exception of either; `stop` is set then, for getters to look at, and nothing new begins.
void gather(const Gathering& gathering, std::atomic<bool>& stop);

}  // namespace resole::io
