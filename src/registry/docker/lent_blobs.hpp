// SPDX-License-Identifier: Apache-2.0
// Blobs that one store may hand to another without a copy in between: whoever writes an archive in the end reads them where they are.
#pragma once
#include <memory>

#include "base/bytes.hpp"
#include "oci/descriptor.hpp"

namespace resole::registry {

class LentBlobs {
 public:
  virtual ~LentBlobs() = default;
  virtual bool has(const oci::Descriptor& descriptor) = 0;
  virtual std::unique_ptr<Source> open(const oci::Descriptor& descriptor) = 0;  // verified; must not outlive this object
};

class BlobLender {
 public:
  virtual ~BlobLender() = default;
  virtual std::shared_ptr<LentBlobs> lend() = 0;  // nullptr when there is nothing
};

}  // namespace resole::registry
