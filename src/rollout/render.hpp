// SPDX-License-Identifier: Apache-2.0
// Renderings of a rollout by the templates of templates/: kustomize stanza, kubectl strategic-merge patches, Markdown for a pull request.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "document/rollout.hpp"

namespace resole::rollout {

struct RenderedFile { std::string path, text; };

const std::vector<std::string>& rendering_names();
// `find_template` gives the text of "kustomize.mustache" and so on. Error(usage) for an unknown rendering. Same rollout, same bytes.
std::vector<RenderedFile> render(const document::Rollout& rollout, const std::string& rendering, const std::function<std::string(const std::string& name)>& find_template);

}  // namespace resole::rollout
