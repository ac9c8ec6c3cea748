// SPDX-License-Identifier: Apache-2.0
// One function per verb: options in, exit code out. Data goes to standard output, talk to the Reporter.
#pragma once
#include "cli/options.hpp"
#include "cli/workplace.hpp"

namespace resole::cli {

int inspect(const Options& options, Workplace& workplace);
int plan(const Options& options, Workplace& workplace);
int fetch(const Options& options, Workplace& workplace);
int build(const Options& options, Workplace& workplace);
int patch(const Options& options, Workplace& workplace);
int verify(const Options& options, Workplace& workplace);
int rollout_edit(const Options& options, Workplace& workplace);
int rollout_revert(const Options& options, Workplace& workplace);
int rollout_status(const Options& options, Workplace& workplace);
int propose(const Options& options, Workplace& workplace);
int feed_update(const Options& options, Workplace& workplace);
int feed_import(const Options& options, Workplace& workplace);
int feed_status(const Options& options, Workplace& workplace);

// Writes `document` to -o, or to standard output when the format is json and there is no -o.
void put_document(const Options& options, const std::string& document);

}  // namespace resole::cli
