// SPDX-License-Identifier: Apache-2.0
// What the repositories of an image offer, and the proof of planned packages.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "pkg/apk/repository.hpp"

namespace resole::apk {

// Which tagged repositories a package may come from: those of world ("foo@edge") and the one it was installed from.
struct Pins {
  std::map<std::string, std::set<std::string>> by_package;  // name -> tags
  static Pins read(const rootfs::Tree& tree);
  bool allow(const std::string& package, const std::string& tag) const;
};

std::unique_ptr<pkg::CandidateSource> make_candidates(std::vector<Repository> repositories, const Pins& pins, std::vector<pkg::RepositoryFailure> failures = {});

// Network errors and errors of verification of one repository become failures unless all fail.
std::unique_ptr<pkg::CandidateSource> load_candidates(const RepositoryContext& context, Reporter& reporter);

std::vector<pkg::Proof> prove(const RepositoryContext& context, const std::vector<pkg::Candidate>& packages);

}  // namespace resole::apk
