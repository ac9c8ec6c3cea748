// SPDX-License-Identifier: Apache-2.0
// Which files of a layer are looked at more closely; is_captured() is declared in layer_index.hpp.
#pragma once
#include <string_view>

namespace resole::rootfs {

// Is the md5 of this file kept? Where packages install files; not in databases, caches and application data, which no md5sums file speaks
// of.
bool has_md5(std::string_view path);

// Is the sha1 kept? Where apk protects what people changed; of everything would cost a fifth of the time that reading a layer takes.
bool has_sha1(std::string_view path);

// Below usr/lib/x86_64-linux-gnu and the like lie the distribution's libraries: nothing is looked for that is linked into them.
bool is_library_directory(std::string_view path);

// Extended attributes that belong to a host or to a store's own bookkeeping and never to an image (umoci drops the same).
bool is_foreign_xattr(std::string_view name);

}  // namespace resole::rootfs
