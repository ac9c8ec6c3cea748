// SPDX-License-Identifier: Apache-2.0
// Text of the renderings: words of shells and YAML, paths in objects, the tables of Markdown. Names come from manifests and reports: each form quotes its own way.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.hpp"
#include "document/rollout.hpp"
#include "rollout/images.hpp"

namespace resole::rollout {

struct ObjectKey {
  std::string ns, kind, name;
  auto operator<=>(const ObjectKey&) const = default;
};

std::string shell_word(std::string_view text);          // 'it'\''s'
std::string yaml_word(std::string_view text);           // in double quotes, as JSON
std::string yaml_text(const Json& json);                // maps, lists and strings as block YAML
std::string file_name(const ObjectKey& key);            // "shop-deployment-web"
std::string flat_name(std::string_view path);           // "apps/web/values.yaml" -> "apps_web_values.yaml"
bool has_strategic_merge(std::string_view kind);        // kinds of Kubernetes itself
std::string pointer_in_object(std::string_view pointer);  // "/items/2/spec/..." -> "/spec/..."
void add_container(Json& patch, std::string_view pointer, const std::string& container, const std::string& image);
// Path of a chart's value from the top of the values; empty when it stands in a list, which an override would replace.
std::vector<std::string> values_path(const document::Workload& workload);
Json& member_of(Json& root, const std::vector<std::string>& path);
Json values_of(const std::vector<std::string>& keys, const Wish& wish, std::string_view key);

struct TextSize { std::size_t packages, advisories, workloads, left; };  // rows at most
inline constexpr TextSize kWholeText{2000, 2000, 1000, 1000}, kCompactText{100, 200, 100, 50}, kShortText{5, 10, 5, 3};
Json markdown_context(const document::Rollout& rollout, bool rollback, const TextSize& size);

}  // namespace resole::rollout
