// SPDX-License-Identifier: Apache-2.0
// What the scripts of Debian's ca-certificates do when it, or a package that brings certificates, is upgraded: the recipe
// "ca-certificates".
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rootfs/layer_draft.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// The lines of /etc/ca-certificates.conf as postinst rewrites them: what is there keeps its place, what went is marked with '!', what came
// is appended, trusted unless `trust_new` is false. `available`: names below /usr/share/ca-certificates, sorted. `exists`: is there such a
// file, there or in the local directory?
std::string rewrite_certificate_list(std::string_view conf, const std::vector<std::string>& available, bool trust_new,
                                     const std::function<bool(std::string_view name)>& exists);

// debconf's answer to ca-certificates/trust_new_crts is "yes" unless somebody said otherwise (var/cache/debconf/config.dat).
bool trusts_new_certificates(const rootfs::Tree& tree);

struct CertificateRun {
  bool configure = false;  // the package itself is upgraded: its postinst rewrites ca-certificates.conf first
  std::int64_t epoch = 0;
  std::map<std::string, std::string> shipped;  // names below /usr/share/ca-certificates -> content, of the new package: where the image keeps only the bundle
};

// update-ca-certificates over `after`, the tree with the new packages: bundle, links, hash links, as puts and removals of `draft`.
// Without ca-certificates.conf (distroless) only an existing bundle is made again, of all certificates of the image, else of the new package. Returns what a person should know.
std::vector<std::string> update_ca_certificates(const rootfs::Tree& after, const CertificateRun& run, rootfs::LayerDraft& draft);

// Hooks of other packages that would run after a change (ca-certificates-java): they cannot be done here.
std::vector<std::string> certificate_hooks(const rootfs::Tree& tree);

}  // namespace resole::deb
