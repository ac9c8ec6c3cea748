// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/trigger_queue.hpp"

#include <gtest/gtest.h>

#include <map>

namespace resole::deb {
namespace RESOLE_TEST_FILE {

using Told = std::vector<std::pair<std::string, std::vector<std::string>>>;

TriggerQueue::Read database() {
  return [](const std::string& path) -> std::optional<std::string> {
    static const std::map<std::string, std::string> files = {
        {"var/lib/dpkg/triggers/File", "/usr/share/mime/packages shared-mime-info\n/usr/share/man man-db/noawait\n/usr/share/man/man1 other:amd64\n/etc exact\n"},
        {"var/lib/dpkg/triggers/ldconfig", "libc-bin/noawait\nsecond\n"},
        {"var/lib/dpkg/triggers/Unincorp", "x y\n"}};
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(TriggerQueue, NamesAndPaths) {
  TriggerQueue queue;
  queue.activate("ldconfig", database());
  queue.activate("/usr/share/man/man1/x.1", database());
  queue.activate("/usr/share/man/man1/y.1", database());
  queue.activate("/usr/share/manual", database());
  queue.activate("/usr/share/mime/packages", database());
  queue.activate("unknown", database());
  queue.activate("../Unincorp", database());
  EXPECT_EQ(queue.take(), (Told{{"libc-bin", {"ldconfig"}},
                                {"second", {"ldconfig"}},
                                {"other:amd64", {"/usr/share/man/man1"}},
                                {"man-db", {"/usr/share/man"}},
                                {"shared-mime-info", {"/usr/share/mime/packages"}}}));
  EXPECT_TRUE(queue.take().empty());
}

TEST(TriggerQueue, OfPackagesAndOfScripts) {
  TriggerQueue queue;
  queue.activate_explicit("# a comment\ninterest mine\nactivate-noawait ldconfig # why\nactivate /etc/x\nnonsense\n", database());
  queue.activate_deferred("ldconfig - a b\n/usr/share/man c\n\n", database());
  queue.forget("second");
  EXPECT_EQ(queue.take(), (Told{{"libc-bin", {"ldconfig"}}, {"exact", {"/etc"}}, {"man-db", {"/usr/share/man"}}}));
}

TEST(TriggerQueue, AgainAfterItWasTold) {
  TriggerQueue queue;
  queue.activate("ldconfig", database());
  queue.activate("ldconfig", database());
  EXPECT_EQ(queue.take().size(), 2u);
  queue.activate("ldconfig", database());
  EXPECT_EQ(queue.take().size(), 2u);
}

}  // namespace
}  // namespace resole::deb
