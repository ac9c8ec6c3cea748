// SPDX-License-Identifier: Apache-2.0
// From a location to a Store, and the one copy. The table of transports is in stores.cpp.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "base/effects.hpp"
#include "io/files.hpp"
#include "oci/image.hpp"
#include "oci/reference.hpp"
#include "oci/store.hpp"

namespace resole::registry {

class Registries;

struct StoreOptions {
  unsigned jobs = 2;
  Registries* registries = nullptr;  // for docker://; outlives the stores
  Cache* cache = nullptr;            // what is known of an engine's images; outlives the stores
  io::Path scratch = {};             // for exports of an engine, as big as images; empty = the system's
};

// Reading: Error(input) when the place does not exist, saying what does (registries are not asked before resolve()).
std::unique_ptr<oci::Store> open_for_reading(const oci::Location& location, const StoreOptions& options);
// Writing: creates nothing before the first put; an oci: directory or oci-archive: file that exists keeps its other images.
std::unique_ptr<oci::Store> open_for_writing(const oci::Location& location, const StoreOptions& options);

// Whether `to` has everything below `root` already, each part asked for by name: nothing is moved or written.
bool is_complete(oci::Store& from, oci::Store& to, const oci::Descriptor& root, Reporter& reporter, unsigned jobs,
                 const std::map<Digest, std::string_view>& ours = {});

// Copies everything below `root` (index children, configs, layers, artifacts) that `to` does not have; mounts where it can; does not
// publish. Layers that are mounted or already there move no bytes. Non-distributable layers with urls stay descriptors.
struct CopyCount {
  std::uint64_t blobs_moved = 0, bytes_moved = 0;
  std::uint64_t blobs_mounted = 0, blobs_there = 0;
  std::uint64_t manifests_absent = 0;  // listed in an index, but neither here nor there (a sparse index; warned about)
};
// `elsewhere`: blobs that `from` does not have, and who has them. `ours` holds the bytes of manifests below `root` that `from` does not have (a patched tree: its new blobs were put into `to` before).
CopyCount copy_tree(oci::Store& from, oci::Store& to, const oci::Descriptor& root, Reporter& reporter, unsigned jobs,
                    const std::map<Digest, std::string_view>& ours = {}, const std::map<Digest, oci::Store*>& elsewhere = {});

}  // namespace resole::registry
