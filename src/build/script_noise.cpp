// SPDX-License-Identifier: Apache-2.0
#include "build/script_noise.hpp"

#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::build {

const std::vector<NoiseRule>& noise_rules() {
  static const std::vector<NoiseRule> rules = {
      {"dev/*", "the sandbox's own"},
      {"proc/*", "the sandbox's own"},
      {"sys/*", "not of an image"},
      {"run/*", "state of a running system"},
      {"tmp/*", "temporary files"},
      {"var/tmp/*", "temporary files"},
      {"var/log/*", "logs of this run"},
      {"var/cache/apt/*", "downloads"},
      {"var/lib/apt/lists/*", "downloads"},
      {"var/cache/ldconfig/aux-cache", "inode numbers and times of this machine"},
      {"var/cache/debconf/*-old", "debconf's backups"},
      {"var/lib/dpkg/tmp.ci", "the files of one script"},
      {"var/lib/dpkg/updates/*", "dpkg's journal"},
      {"var/lib/dpkg/lock*", "locks"},
      {"var/lib/dpkg/*-old", "dpkg's backups"},
      {"var/lib/dpkg/triggers/Lock", "locks"},
      {"var/lib/dpkg/triggers/Unincorp", "triggers that were carried out"},
  };
  return rules;
}

bool is_noise(std::string_view path) {
  for (const NoiseRule& rule : noise_rules()) {
    // The pattern is of this many parts: what matters is the path down to there.
    std::size_t end = 0;
    bool deep_enough = true;
    for (std::size_t part = split(rule.pattern, '/').size(); part > 0 && deep_enough; --part) {
      const std::size_t from = end == 0 ? 0 : end + 1;
      deep_enough = from < path.size() || from == 0;
      end = deep_enough ? std::min(path.find('/', from), path.size()) : end;
    }
    if (!deep_enough) continue;
    const std::string_view head = path.substr(0, end);
    if (rootfs::parent_of(head) == rootfs::parent_of(rule.pattern) && glob_match(rootfs::name_of(rule.pattern), rootfs::name_of(head))) return true;
  }
  return false;
}

}  // namespace resole::build
