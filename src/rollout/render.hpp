// SPDX-License-Identifier: Apache-2.0
// Renderings of a rollout by the templates of templates/: for kubectl, kustomize, Helm, Argo CD, Flux, compose, people and pipelines. Each renders the way back
// as well, by exchanging the digests. Same rollout, same bytes.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "document/rollout.hpp"

namespace resole::rollout {

struct RenderedFile { std::string path, text; };

struct RenderOptions {
  bool rollback = false;
  std::function<std::string(const std::string& name)> find_template;  // "kustomize.mustache" -> its text
};

const std::vector<std::string>& rendering_names();
// Error(usage) for an unknown rendering.
std::vector<RenderedFile> render(const document::Rollout& rollout, const std::string& rendering, const RenderOptions& options);

}  // namespace resole::rollout
