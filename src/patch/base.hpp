// SPDX-License-Identifier: Apache-2.0
// Which base an image was built on, and what that base is now. What the image says are hints (oci/base_hints.hpp); the base is what has the image's lowest
// layers, by diff_id. Asked are only registries that the operator named: in a base's reference, by --base-registry, or as the place of the image itself.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "document/plan.hpp"
#include "oci/image.hpp"
#include "oci/reference.hpp"
#include "patch/tools.hpp"

namespace resole::patch {

struct ImageView;

enum class Strategy { append, rebase, automatic };

struct BaseRequest {
  Strategy strategy = Strategy::append;
  std::optional<oci::Location> old_base, new_base;  // --old-base, --new-base
  std::vector<std::string> registries;              // --base-registry
  std::set<std::string> allowed;                    // --allow: guards that may fail (plan/rebase_guards.hpp)
  // Under append a base is only looked at when the operator spoke of one: nobody pays for what was not asked for.
  bool asks() const { return strategy != Strategy::append || old_base || new_base || !registries.empty(); }
};

struct BaseFinding {
  std::string found_by;
  std::string old_reference, reference;      // text of the locations
  std::optional<oci::Image> old_base;        // proven; this platform's
  std::optional<oci::Image> new_base;        // this platform's
  Digest root;                               // what `reference` means
  std::shared_ptr<oci::Store> store;         // where the new base is
  std::string named, named_by;               // what the image calls its base, proven or not
  std::size_t seam = 0;                      // so many layers are the base's, as the image itself says by diff_id (buildpacks)
  std::vector<std::string> remarks;          // what was not looked at or does not fit, in words
  bool is_known() const { return old_base && new_base; }
  bool is_current() const { return is_known() && old_base->config.diff_ids() == new_base->config.diff_ids(); }
};

// One per platform of the view (image.positions). Error(input): --old-base or --new-base that is not there or does not fit; --old-base that is no base of the
// image. What hints lead to may be missing: that is a remark.
std::vector<BaseFinding> find_bases(const ImageView& image, const BaseRequest& request, const Tools& tools);
// The base that a plan names, proven again. Error(input): it is another image now.
BaseFinding planned_base(const oci::Image& image, const document::PlannedBase& base, const Tools& tools);

}  // namespace resole::patch
