// SPDX-License-Identifier: Apache-2.0
// Fields of the rollout.
#pragma once
#include "document/form.hpp"
#include "document/rollout.hpp"

namespace resole::document {

template <class Form, class T>
requires Of<T, RolloutImage::PlatformDigests>
void describe(Form& form, T& value) {
  form.field("platform", value.platform);
  form.field("source", value.source);
  form.field("patched", value.patched);
  form.field("status", value.status);
}

template <class Form, class T>
requires Of<T, RolloutImage::Change>
void describe(Form& form, T& value) {
  form.field("name", value.name);
  form.field("arch", value.arch);
  form.optional("from", value.from);
  form.field("to", value.to);
  form.field("fixes", value.fixes);
  form.optional("severity", value.severity);
  form.optional("knownExploited", value.known_exploited);
}

template <class Form, class T>
requires Of<T, RolloutImage>
void describe(Form& form, T& value) {
  form.field("sourceReference", value.source_reference);
  form.field("patchedReference", value.patched_reference);
  form.field("source", value.source);
  form.field("patched", value.patched);
  form.field("platforms", value.platforms);
  form.field("packages", value.packages);
  form.field("fixed", value.fixed);
  form.optional("immutableReference", value.immutable_reference);
  form.field("sourceWasSigned", value.source_was_signed);
  form.optional("addedBytes", value.added_bytes);
  form.optional("plan", value.plan);
  form.field("spellings", value.spellings);
}

template <class Form, class T>
requires Of<T, Workload>
void describe(Form& form, T& value) {
  form.field("kind", value.kind);
  form.optional("namespace", value.ns);
  form.optional("name", value.name);
  form.optional("container", value.container);
  form.field("image", value.image);
  form.field("file", value.file);
  form.field("pointer", value.pointer);
  form.field("document", value.document);
  form.field("current", value.current);
  form.optional("type", value.type);
  form.optional("target", value.target);
  form.field("begin", value.begin);
  form.field("end", value.end);
  form.optional("desired", value.desired);
  form.optional("rollback", value.rollback);
  form.field("edited", value.edited);
  form.optional("effect", value.effect);
  form.optional("keys", value.keys);
}

template <class Form, class T>
requires Of<T, Wave>
void describe(Form& form, T& value) {
  form.field("name", value.name);
  form.field("why", value.why);
  form.field("workloads", value.workloads);
}

template <class Form, class T>
requires Of<T, AdmissionPolicy>
void describe(Form& form, T& value) {
  form.field("kind", value.kind);
  form.optional("name", value.name);
  form.field("file", value.file);
}

template <class Form, class T>
requires Of<T, Running>
void describe(Form& form, T& value) {
  form.optional("cluster", value.cluster);
  form.optional("namespace", value.ns);
  form.field("kind", value.kind);
  form.field("name", value.name);
  form.optional("container", value.container);
  form.field("image", value.image);
  form.optional("digest", value.digest);
  form.field("managed", value.managed);
}

template <class Form, class T>
requires Of<T, FileEdit>
void describe(Form& form, T& value) {
  form.field("file", value.file);
  form.field("pointer", value.pointer);
  form.field("oldValue", value.old_value);
  form.field("newValue", value.new_value);
  form.field("document", value.document);
  form.field("begin", value.begin);
  form.field("end", value.end);
}

template <class Form, class T>
requires Of<T, FileHashes>
void describe(Form& form, T& value) {
  form.field("file", value.file);
  form.field("before", value.before);
  form.field("after", value.after);
}

template <class Form, class T>
requires Of<T, NotApplied>
void describe(Form& form, T& value) {
  form.field("file", value.file);
  form.field("reference", value.reference);
  form.field("reason", value.reason);
  form.optional("detail", value.detail);
  form.field("line", value.line);
}

template <class Form, class T>
requires Of<T, Rollout>
void describe(Form& form, T& value) {
  form.field("changeSetId", value.change_set_id);
  form.field("toolVersion", value.tool_version);
  form.optional("pin", value.pin);
  form.optional("movingTag", value.moving_tag);
  form.optional("immutableTag", value.immutable_tag);
  form.optional("dockerfiles", value.dockerfiles);
  form.field("images", value.images);
  form.field("workloads", value.workloads);
  form.field("waves", value.waves);
  form.field("policies", value.policies);
  form.field("running", value.running);
  form.field("edits", value.edits);
  form.field("files", value.files);
  form.field("notApplied", value.not_applied);
  form.field("warnings", value.warnings);
}

}  // namespace resole::document
