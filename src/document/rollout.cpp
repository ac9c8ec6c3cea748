// SPDX-License-Identifier: Apache-2.0
#include "document/rollout.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "document/form.hpp"

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

Json to_json(const Rollout& rollout) { return document_json(rollout, kRolloutSchema); }

std::string write_rollout(const Rollout& rollout) { return dump_document(to_json(rollout)); }

Rollout read_rollout(std::string_view text, std::string_view what) {
  Rollout rollout = read_document<Rollout>(text, kRolloutSchema, what);
  for (std::size_t i = 0; i < rollout.workloads.size(); ++i) {
    if (rollout.workloads[i].image < rollout.images.size()) continue;
    throw Error(ErrorKind::input, fmt::format("{}: workloads[{}].image: there is no image {}", what, i, rollout.workloads[i].image));
  }
  return rollout;
}

}  // namespace resole::document
