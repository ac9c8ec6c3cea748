// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rootfs/capture.hpp"
#include "rootfs/layer_index.hpp"

namespace resole::rootfs {
namespace RESOLE_TEST_FILE {

TEST(Capture, DatabasesAndConfiguration) {
  for (const char* path : {"var/lib/dpkg/status",
                           "var/lib/dpkg/status.d/base-files",
                           "var/lib/dpkg/info/bash.list",
                           "var/lib/dpkg/arch",
                           "var/lib/dpkg/diversions",
                           "var/lib/dpkg/statoverride",
                           "var/lib/dpkg/triggers/File",
                           "var/lib/dpkg/alternatives/awk",
                           "lib/apk/db/installed",
                           "usr/lib/apk/db/installed",
                           "etc/apk/repositories",
                           "etc/os-release",
                           "usr/lib/os-release",
                           "etc/debian_version",
                           "etc/lsb-release",
                           "etc/apt/sources.list",
                           "etc/apt/sources.list.d/debian.sources",
                           "etc/apt/preferences",
                           "etc/apt/preferences.d/pin",
                           "etc/apt/apt.conf.d/70debconf",
                           "etc/apt/trusted.gpg",
                           "etc/apt/trusted.gpg.d/a.asc",
                           "etc/apt/keyrings/a.gpg",
                           "usr/share/keyrings/debian-archive-keyring.gpg",
                           "etc/dpkg/dpkg.cfg",
                           "etc/dpkg/dpkg.cfg.d/excludes",
                           "etc/passwd",
                           "etc/group",
                           "etc/ld.so.conf",
                           "etc/ld.so.conf.d/libc.conf",
                           "etc/ld.so.cache",
                           "etc/subuid",
                           "etc/subgid",
                           "etc/shells",
                           "etc/ca-certificates.conf",
                           "etc/ca-certificates/update.d/jks",
                           "usr/share/ca-certificates/mozilla/a.crt",
                           "usr/local/share/ca-certificates/own.crt",
                           "etc/ssl/certs/ca-certificates.crt",
                           "usr/share/mime/packages/freedesktop.org.xml",
                           "usr/share/mime/version",
                           "var/lib/ucf/hashfile",
                           "var/lib/ucf/registry",
                           "var/cache/debconf/config.dat",
                           "var/lib/apt/extended_states"}) {
    EXPECT_TRUE(is_captured(path, 1000)) << path;
  }
}

TEST(Capture, NothingElse) {
  for (const char* path : {"", "etc", "etc/shadow", "etc/gshadow", "etc/apt/auth.conf", "etc/apt/auth.conf.d/mirror.conf", "etc/motd",
                           "var/lib/dpkg/status-old", "var/lib/dpkg/available", "var/lib/dpkg/info", "var/lib/dpkg/info/",
                           "var/lib/apt/lists/deb", "usr/share/doc/apt/copyright", "usr/lib/apkx/db", "etc/ssl/private/key.pem",
                           "var/cache/debconf/passwords.dat", "var/cache/debconf/templates.dat", "usr/bin/dpkg", "usr/share/mime/mime.cache"}) {
    EXPECT_FALSE(is_captured(path, 1000)) << path;
  }
}

TEST(Capture, ConfigurationOnlyOfAPersonsSize) {
  EXPECT_FALSE(is_captured("etc/apt/sources.list", 2u << 20));
  EXPECT_FALSE(is_captured("etc/ld.so.cache", 17u << 20));
  EXPECT_TRUE(
      is_captured("var/lib/dpkg/status", 1ull << 40));  // the reader refuses it by its limits, instead of seeing an image without packages
}

}  // namespace
}  // namespace resole::rootfs
