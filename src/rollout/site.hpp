// SPDX-License-Identifier: Apache-2.0
// A site is a place in a manifest that says which image runs. Its reference stands in one scalar, or in several:
//
//   image: docker.io/nginx:1.25@sha256:...        whole
//   image: {registry: docker.io, repository: nginx, tag: "1.25", digest: ""}     registry, repository, tag, digest
//   - {name: nginx, newName: mirror/nginx, newTag: "1.25"}                       name, repository, tag
//
// Each piece knows its bytes, so that an edit replaces these and no others.
#pragma once
#include <string>
#include <string_view>

#include "base/yaml.hpp"
#include "document/rollout.hpp"

namespace resole::rollout {

using document::LeftReason;

enum class Quotes { none, single, twice };

struct Part {
  bool there = false;
  std::string value;                  // decoded; "" also for null
  std::string pointer;                // JSON pointer in its document
  yaml::Span text, outer;             // without and with the quotes
  Quotes quotes = Quotes::none;
  std::size_t offset = 0;             // characters of the scalar that stand before it ("docker://")
  bool bare = false;                  // not YAML: any text can stand here
  LeftReason obstacle = LeftReason::none;  // why these bytes cannot be replaced

  bool filled() const { return there && !value.empty(); }
};

// Where a key that is not there yet can be written: behind the last byte of its sibling's line, or in the braces of a flow mapping.
struct Gap {
  bool there = false, json = false;   // json: keys and values in double quotes
  std::size_t at = 0;
  std::string before;                 // "\r\n    ", ", "
  std::string pointer;                // of the mapping
};

struct Site {
  std::string_view target;            // "kubernetes": the kind of document, a literal
  std::string kind, ns, name, container, type;   // type: container, init, ephemeral, volume, values, entry, stage
  std::size_t document = 0;
  std::size_t line = 0;
  Part whole;                         // either this,
  std::string name_before_equals;     // Argo CD's "name=reference" in one scalar: the name; "=" when there is none yet
  Part registry, name_part, repository, tag, digest;  // or these; name_part: kustomize's `name`, which holds when there is no newName
  Gap gap;
  std::string_view repository_key, tag_key, digest_key;  // what a missing part is called here; "" cannot be added
  LeftReason owner = LeftReason::none;                   // somebody else decides about this place
  std::string owner_detail;
  bool next_run = false;              // Job and CronJob: nothing is restarted

  bool is_whole() const { return whole.there; }
  bool is_entry() const { return name_part.there; }
  const Part& main() const { return whole.there ? whole : repository.there ? repository : name_part; }
};

}  // namespace resole::rollout
