// SPDX-License-Identifier: Apache-2.0
// Fields of a rollout's status.
#pragma once
#include "document/form.hpp"
#include "document/rollout_status.hpp"

namespace resole::document {

template <class Form, class T>
requires Of<T, WorkloadStatus>
void describe(Form& form, T& value) {
  form.field("kind", value.kind);
  form.optional("namespace", value.ns);
  form.optional("name", value.name);
  form.optional("container", value.container);
  form.optional("file", value.file);
  form.optional("cluster", value.cluster);
  form.field("state", value.state);
  form.field("complete", value.complete);
  form.optional("detail", value.detail);
  form.field("pods", value.pods);
  form.field("patched", value.patched);
  form.field("source", value.source);
}

template <class Form, class T>
requires Of<T, RolloutStatus>
void describe(Form& form, T& value) {
  form.field("changeSetId", value.change_set_id);
  form.field("complete", value.complete);
  form.field("workloads", value.workloads);
}

}  // namespace resole::document
