// SPDX-License-Identifier: Apache-2.0
// The packages of one run, each read (from the cache or from its file) and placed in the image, and the paths that more than one of them
// brings settled.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "pkg/deb/conffiles.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/package_facts.hpp"
#include "pkg/deb/placement.hpp"
#include "pkg/deb/unpack.hpp"
#include "pkg/family.hpp"

namespace resole::deb {

struct PreparedPackage {
  Incoming incoming;
  PackageFacts facts;
  std::vector<Placement> placements;  // of each member
  Emission emission;                  // what the segment must hold
  ConffileChanges conffiles;
  std::vector<std::string> list;  // the lines of its new info/*.list
  std::shared_ptr<Spool> spool;   // written while the facts were learnt; null when they came from the cache
  std::string spooled;            // fingerprint of the emission in the spool

  std::string label() const { return incoming.package.name + ":" + incoming.package.arch + " " + incoming.package.version; }
};

// In the order of the request's items. Up to request.jobs packages are read at once, the biggest first; the result does not depend on it.
std::vector<PreparedPackage> prepare_packages(const pkg::UpgradeRequest& request, const InstalledSystem& system);

}  // namespace resole::deb
