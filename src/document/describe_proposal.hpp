// SPDX-License-Identifier: Apache-2.0
// Fields of the proposal.
#pragma once
#include "document/form.hpp"
#include "document/proposal.hpp"

namespace resole::document {

template <class Form, class T>
requires Of<T, Proposal>
void describe(Form& form, T& value) {
  form.field("outcome", value.outcome);
  form.field("changeSetId", value.change_set_id);
  form.optional("forge", value.forge);
  form.optional("remote", value.remote);
  form.optional("branch", value.branch);
  form.optional("base", value.base);
  form.optional("baseCommit", value.base_commit);
  form.optional("commit", value.commit);
  form.optional("number", value.number);
  form.optional("url", value.url);
  form.field("files", value.files);
  form.field("warnings", value.warnings);
}

}  // namespace resole::document
