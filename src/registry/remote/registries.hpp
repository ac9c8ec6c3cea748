// SPDX-License-Identifier: Apache-2.0
// All registries of one run: the HTTP client with its connections, and what each side (reading, writing) is allowed and knows.
#pragma once
#include <memory>
#include <string>

#include "base/effects.hpp"
#include "io/fetcher.hpp"
#include "oci/reference.hpp"
#include "oci/store.hpp"

namespace resole::registry {

// --src-... and --dest-... (product.md "Image locations").
struct SideOptions {
  std::string authfile;    // empty = the usual places
  std::string cert_dir;    // --cert-dir
  bool tls_verify = true;  // false: no verification, and plain http where TLS is not spoken
};

struct RegistryOptions {
  SideOptions source, destination;
  unsigned jobs = 2;
  unsigned tries = 4;
  double connect_timeout = 15, stall_timeout = 30;  // seconds
  std::function<void(double seconds)> sleep;        // between tries; empty = really sleeps
  std::string system_root;                          // where etc/containers is looked for; "" = /; for tests
};

class Registries {
 public:
  Registries(RegistryOptions options, Cache& cache, const Clock& clock, Reporter& reporter);
  ~Registries();
  // Nothing is asked of the registry yet.
  std::unique_ptr<oci::Store> open_for_reading(const oci::Reference& reference);
  std::unique_ptr<oci::Store> open_for_writing(const oci::Reference& reference);

 private:
  struct Machinery;
  std::unique_ptr<Machinery> machinery_;
};

}  // namespace resole::registry
