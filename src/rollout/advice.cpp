// SPDX-License-Identifier: Apache-2.0
#include "rollout/advice.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/reference.hpp"
#include "rollout/edit.hpp"

namespace resole::rollout {

namespace {

constexpr std::size_t kLongestInventoryLine = 1u << 20;

// "docker-pullable://host/app@sha256:...", "sha256:..." -> the digest.
Digest digest_of_id(std::string_view id) {
  if (const std::size_t at = id.find('@'); at != std::string_view::npos) id.remove_prefix(at + 1);
  return Digest::try_parse(id).value_or(Digest());
}

bool runs_source(const document::Running& running, const Images& images) {
  if (running.digest.empty()) {
    const auto match = images.match(running.image);
    return match && match->meaning == Meaning::source;
  }
  return std::any_of(images.list().begin(), images.list().end(), [&](const document::RolloutImage& image) {
    return running.digest == image.source ||
           std::any_of(image.platforms.begin(), image.platforms.end(), [&](const auto& platform) { return platform.source == running.digest; });
  });
}

enum WaveNumber { kFirst, kCanary, kStateless, kStateful, kNodes, kAlone, kWaves };
struct WaveText { std::string_view name, why; };
constexpr std::array<WaveText, kWaves> kWaveTexts = {
    WaveText{"first", "runs later anyway, or is not production"},
    WaveText{"canary", "goes step by step by itself, or stands for the others"},
    WaveText{"stateless", "replaced while the others serve"},
    WaveText{"stateful", "one after the other, with their data"},
    WaveText{"nodes", "on every node, or in a namespace of the cluster's own"},
    WaveText{"alone", "admission, network or storage: when it fails, so does what comes after"},
};

bool has_word(std::string_view text, std::initializer_list<std::string_view> words) {
  const std::string low = lower(text);
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    for (std::size_t at = low.find(word); at != std::string::npos; at = low.find(word, at + 1)) {
      const bool begins = at == 0 || !std::isalnum(static_cast<unsigned char>(low[at - 1]));
      const std::size_t end = at + word.size();
      if (begins && (end == low.size() || !std::isalnum(static_cast<unsigned char>(low[end])))) return true;
    }
    return false;
  });
}

WaveNumber wave_of(const document::Workload& workload) {
  if (has_word(workload.name, {"webhook", "admission", "cni", "csi", "calico", "cilium", "coredns"})) return kAlone;
  if (workload.effect == "next-run" || has_word(workload.file + " " + workload.ns, {"dev", "development", "test", "testing", "staging", "stage", "qa", "sandbox", "preprod"})) {
    return kFirst;
  }
  if (workload.kind == "DaemonSet" || workload.ns == "kube-system") return kNodes;
  if (workload.kind == "StatefulSet") return kStateful;
  return workload.kind == "Rollout" || workload.kind == "Canary" ? kCanary : kStateless;
}

// Renovate goes on from what it finds: the patched repository, whose registry it may not know.
void warn_of_renovate(const document::Rollout& rollout, const std::vector<RenovateConfig>& renovate, std::vector<std::string>& warnings) {
  for (const auto& config : renovate) {
    const std::size_t slash = config.file.rfind('/');
    const std::string below = slash == std::string::npos || config.file.starts_with('.') ? "" : config.file.substr(0, slash + 1);
    std::set<std::string> files, registries;
    for (const auto& workload : rollout.workloads) {
      const bool its_own = workload.target == "helm-values" || workload.target == "kustomize" || workload.target == "compose" || workload.target == "dockerfile" || workload.target == "github-actions" ||
                           workload.target == "gitlab-ci" || workload.target == "quadlet" || (workload.target == "kubernetes" && config.speaks_of_kubernetes);
      if (!workload.edited || !its_own || !workload.file.starts_with(below)) continue;
      files.insert(workload.file);
      registries.insert(oci::Reference::parse(rollout.images[workload.image].patched_reference).registry);
    }
    if (files.empty()) continue;
    warnings.push_back(fmt::format("{}: Renovate writes {} of the edited files too; it goes on from the patched images, for which it needs to know {}", printable(config.file), files.size(),
                                   join({registries.begin(), registries.end()}, ", ")));
  }
}

std::string project_of(const std::string& reference) {
  const oci::Reference parsed = oci::Reference::parse(reference);
  return parsed.registry + "/" + parsed.repository.substr(0, parsed.repository.find('/'));
}

}  // namespace

bool is_renovate_config(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name == "renovate.json" || name == "renovate.json5" || name == ".renovaterc" || name == ".renovaterc.json" || name == ".renovaterc.json5";
}

std::vector<document::Running> read_running(std::string_view ndjson, std::string_view what, const Images& images) {
  std::vector<document::Running> all;
  std::size_t number = 0;
  for (const auto line : lines(ndjson)) {
    ++number;
    if (trim(line).empty()) continue;
    const std::string where = fmt::format("{}: line {}", what, number);
    const Json json = parse_json(line, where, {kLongestInventoryLine, 20});
    if (!json.is_object()) throw Error(ErrorKind::input, where + " is no object", "one JSON object per line: {namespace, kind, name, container, image, imageID}");
    document::Running running{string_or(json, "cluster", ""), string_or(json, "namespace", ""),    string_member(json, "kind", where), string_member(json, "name", where),
                              string_or(json, "container", ""), string_member(json, "image", where), digest_of_id(string_or(json, "imageID", "")), false};
    if (runs_source(running, images)) all.push_back(std::move(running));
  }
  return all;
}

void join_running(document::Rollout& rollout) {
  std::set<std::string> known;
  const auto key = [](std::string_view kind, std::string_view ns, std::string_view name) { return fmt::format("{}\n{}\n{}", kind, ns, name); };
  for (const auto& workload : rollout.workloads) known.insert(key(workload.kind, workload.ns, workload.name));
  for (auto& running : rollout.running) {
    // A manifest without a namespace is applied to any.
    running.managed = known.contains(key(running.kind, running.ns, running.name)) || known.contains(key(running.kind, "", running.name));
    if (running.managed) continue;
    rollout.not_applied.push_back({"", running.image, document::LeftReason::no_manifest, fmt::format("{} {}{}{}", running.kind, running.ns, running.ns.empty() ? "" : "/", running.name), 0});
  }
}

std::vector<document::Wave> waves_of(const document::Rollout& rollout) {
  std::array<document::Wave, kWaves> waves;
  for (std::size_t i = 0; i < rollout.workloads.size(); ++i) {
    if (rollout.workloads[i].edited) waves[wave_of(rollout.workloads[i])].workloads.push_back(i);
  }
  auto& rest = waves[kStateless].workloads;
  if (waves[kCanary].workloads.empty() && rest.size() > 1) {  // one goes before the others
    waves[kCanary].workloads.push_back(rest.front());
    rest.erase(rest.begin());
  }
  std::vector<document::Wave> filled;
  for (std::size_t i = 0; i < kWaves; ++i) {
    if (waves[i].workloads.empty()) continue;
    waves[i].name = kWaveTexts[i].name;
    waves[i].why = kWaveTexts[i].why;
    filled.push_back(std::move(waves[i]));
  }
  return filled;
}

std::vector<std::string> warnings_of(const document::Rollout& rollout, const std::vector<EditedFile>& edited, const std::vector<RenovateConfig>& renovate) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < rollout.images.size(); ++i) {
    const auto& image = rollout.images[i];
    const bool used = std::any_of(rollout.workloads.begin(), rollout.workloads.end(), [&](const auto& workload) { return workload.edited && workload.image == i; });
    if (!used) continue;
    const std::string from = project_of(image.source_reference), to = project_of(image.patched_reference);
    if (from != to) warnings.push_back(fmt::format("{} is pulled from {} instead of {}: the namespaces that run it may need another pull secret", image.patched_reference, to, from));
    if (image.source_was_signed) {
      warnings.push_back(fmt::format("{} was signed, {} is another image: sign it before a cluster that asks for signatures runs it", image.source_reference, image.patched_reference));
    }
    if (image.immutable_reference.empty()) {
      const bool lone_tag = std::any_of(rollout.workloads.begin(), rollout.workloads.end(), [&](const auto& workload) {
        return workload.edited && workload.image == i && workload.desired.find('@') == std::string::npos;
      });
      if (lone_tag) {
        warnings.push_back(fmt::format("{} is written by its tag alone, and no tag that never moves was published: the next patch under this tag redeploys nothing "
                                       "(publish to ...:{{tag}}-r{{plan8}} too, or --pin both)",
                                       image.patched_reference));
      }
    }
  }
  for (const auto& file : edited) {
    if (file.before.find("allowInsecureImages: false") == std::string::npos) continue;
    warnings.push_back(printable(file.path) + ": this chart refuses images of other registries unless global.security.allowInsecureImages is true");
  }
  warn_of_renovate(rollout, renovate, warnings);
  for (const auto& policy : rollout.policies) {
    warnings.push_back(fmt::format("{}: {} {} judges images before they run; does it admit the patched ones?", printable(policy.file), printable(policy.kind), printable(policy.name)));
  }
  return warnings;
}

}  // namespace resole::rollout
