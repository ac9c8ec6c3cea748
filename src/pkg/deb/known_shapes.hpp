// SPDX-License-Identifier: Apache-2.0
// The table of reviewed snippets (snippets.hpp).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace resole::deb {

enum class SnippetEffect : std::uint8_t {
  none,      // nothing in an image without a running system, or what derived_files does anyway
  tmpfiles,  // systemd-tmpfiles --create <conf>
  sysusers,  // systemd-sysusers <conf>
  profile,   // an empty /etc/apparmor.d/local/<profile> for what an administrator may add
};

struct KnownShape {
  std::string_view generator, sha256;
  SnippetEffect effect;
  std::string_view what;  // what was read
};

std::span<const KnownShape> known_shapes();

// dh_usrlocal's loop without its list of directories.
extern const std::string_view kLocalDirectoriesShape;

}  // namespace resole::deb
