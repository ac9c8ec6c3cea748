// SPDX-License-Identifier: Apache-2.0
// Fields of the result.
#pragma once
#include "document/describe_package.hpp"
#include "document/result.hpp"

namespace resole::document {

template <class Form, class T>
requires Of<T, NewLayer>
void describe(Form& form, T& value) {
  form.field("role", value.role);
  form.field("digest", value.digest);
  form.field("diffId", value.diff_id);
  form.field("size", value.size);
  form.field("rawSize", value.raw_size);
  form.field("reused", value.reused);
}

// A mode or owner that stays as the image has it.
template <class Form, class T>
requires Of<T, std::pair<std::string, std::string>>
void describe(Form& form, T& value) {
  form.field("path", value.first);
  form.field("what", value.second);
}

template <class Form, class T>
requires Of<T, PlatformResult>
void describe(Form& form, T& value) {
  form.field("platform", value.platform);
  form.field("outcome", value.outcome);
  form.field("sourceManifest", value.source_manifest);
  form.field("manifest", value.manifest);
  form.field("config", value.config);
  form.field("layers", value.layers);
  form.field("packages", value.packages);
  form.field("held", value.held);
  form.field("unfixed", value.unfixed);
  form.field("shadowCopies", value.shadow_copies);
  form.field("kept", value.kept);
  form.optional("scripts", value.scripts);
  form.field("notes", value.notes);
}

template <class Form, class T>
requires Of<T, Destination>
void describe(Form& form, T& value) {
  form.field("location", value.location);
  form.optional("tag", value.tag);
  form.optional("deployedAs", value.deployed_as);
}

template <class Form, class T>
requires Of<T, Result>
void describe(Form& form, T& value) {
  form.field("outcome", value.outcome);
  form.field("toolVersion", value.tool_version);
  form.optional("plan", value.plan);
  form.optional("sourceReference", value.source_reference);
  form.optional("sourceDeployedAs", value.source_deployed_as);
  form.field("source", value.source);
  form.field("patched", value.patched);
  form.field("destinations", value.destinations);
  form.field("platforms", value.platforms);
  form.field("dropped", value.dropped);
  form.field("sourceWasSigned", value.source_was_signed);
}

}  // namespace resole::document
