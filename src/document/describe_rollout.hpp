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
  form.field("images", value.images);
  form.field("workloads", value.workloads);
  form.field("edits", value.edits);
  form.field("files", value.files);
  form.field("notApplied", value.not_applied);
}

}  // namespace resole::document
