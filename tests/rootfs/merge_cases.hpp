// SPDX-License-Identifier: Apache-2.0
// Merge semantics, one case per rule (image-spec layer.md). Read by the test of our
// own merge and by the comparison with umoci.
#pragma once
#include <ostream>
#include <string>
#include <vector>

#include "rootfs/trees.hpp"

namespace resole::test {

struct MergeCase {
  std::string name;
  std::vector<TarBuilder> layers;
  std::vector<std::string> expected;
};

inline void PrintTo(const MergeCase& value, std::ostream* out) { *out << value.name; }

inline std::vector<MergeCase> merge_cases() {
  const auto tar = [] { return TarBuilder(); };
  return {
      {"UpperReplacesLower", {tar().file("a", "old"), tar().file("a", "new", 0600)}, {"f 600 0:0 a \"new\""}},
      {"EntriesAddUp",
       {tar().dir("d").file("d/1", "1"), tar().dir("d", 0700).file("d/2", "2")},
       {"d 700 0:0 d", "f 644 0:0 d/1 \"1\"", "f 644 0:0 d/2 \"2\""}},
      {"MissingParentsAreMade", {tar().file("a/b/c", "x")}, {"d 755 0:0 a", "d 755 0:0 a/b", "f 644 0:0 a/b/c \"x\""}},
      {"MissingParentsKeepWhatIsBelow", {tar().dir("tmp", 01777), tar().file("tmp/f", "x")}, {"d 1777 0:0 tmp", "f 644 0:0 tmp/f \"x\""}},
      {"ParentAfterChild", {tar().file("d/f", "x").dir("d", 0700)}, {"d 700 0:0 d", "f 644 0:0 d/f \"x\""}},
      {"RootEntry", {tar().add(directory_header("", 0700)).file("a", "x")}, {"f 644 0:0 a \"x\""}},

      {"Whiteout", {tar().file("a", "old").file("b", "old"), tar().whiteout("a")}, {"f 644 0:0 b \"old\""}},
      {"WhiteoutOfDirectory", {tar().dir("d").file("d/e/f", "old").file("dd", "old"), tar().whiteout("d")}, {"f 644 0:0 dd \"old\""}},
      {"WhiteoutOfNothing", {tar().file("a", "old"), tar().whiteout("b").whiteout("c/d").whiteout("a/b")}, {"f 644 0:0 a \"old\""}},
      {"WhiteoutBeforeFile", {tar().file("a", "old"), tar().whiteout("a").file("a", "new")}, {"f 644 0:0 a \"new\""}},
      {"WhiteoutAfterFile", {tar().file("a", "old"), tar().file("a", "new").whiteout("a")}, {"f 644 0:0 a \"new\""}},
      {"WhiteoutBeforeDirectory",
       {tar().dir("d", 0711).file("d/old", "old"), tar().whiteout("d").dir("d", 0700).file("d/new", "new")},
       {"d 700 0:0 d", "f 644 0:0 d/new \"new\""}},
      {"WhiteoutAfterDirectory",
       {tar().dir("d", 0711).file("d/old", "old"), tar().dir("d", 0700).file("d/new", "new").whiteout("d")},
       {"d 700 0:0 d", "f 644 0:0 d/new \"new\""}},
      {"WhiteoutBeforeImplicitDirectory",
       {tar().dir("d", 0711).file("d/old", "old"), tar().whiteout("d").file("d/new", "new")},
       {"d 755 0:0 d", "f 644 0:0 d/new \"new\""}},
      {"WhiteoutAfterImplicitDirectory",
       {tar().dir("d", 0711).file("d/old", "old"), tar().file("d/new", "new").whiteout("d")},
       {"d 755 0:0 d", "f 644 0:0 d/new \"new\""}},
      {"WhiteoutThenBack", {tar().file("a", "1"), tar().whiteout("a"), tar().file("a", "3")}, {"f 644 0:0 a \"3\""}},
      {"WhiteoutHidesNothingAbove",
       {tar().file("a", "1"), tar().whiteout("a").file("b", "2"), tar().file("a", "3")},
       {"f 644 0:0 a \"3\"", "f 644 0:0 b \"2\""}},

      {"OpaqueFirst",
       {tar().dir("d").file("d/old", "old").file("d/e/old", "old"), tar().dir("d").opaque("d").file("d/new", "new")},
       {"d 755 0:0 d", "f 644 0:0 d/new \"new\""}},
      {"OpaqueLast",
       {tar().dir("d").file("d/old", "old").file("d/e/old", "old"), tar().dir("d").file("d/new", "new").file("d/e/new", "new").opaque("d")},
       {"d 755 0:0 d", "d 755 0:0 d/e", "f 644 0:0 d/e/new \"new\"", "f 644 0:0 d/new \"new\""}},
      {"OpaqueWithoutDirectoryEntry", {tar().dir("d", 0711).file("d/old", "old"), tar().opaque("d")}, {"d 711 0:0 d"}},
      {"OpaqueTwice",
       {tar().file("d/old", "old"), tar().opaque("d").file("d/new", "new").opaque("d")},
       {"d 755 0:0 d", "f 644 0:0 d/new \"new\""}},
      {"AufsBookkeeping",
       {tar().file("a", "x").dir(".wh..wh.plnk").file(".wh..wh.plnk/12.34", "y").file(".wh..wh.aufs")},
       {"f 644 0:0 a \"x\""}},

      {"DirectoryBecomesFile", {tar().dir("d").file("d/f", "old"), tar().file("d", "new")}, {"f 644 0:0 d \"new\""}},
      {"DirectoryBecomesSymlink", {tar().dir("d").file("d/f", "old"), tar().symlink("d", "e")}, {"l 0:0 d -> e"}},
      {"FileBecomesDirectory", {tar().file("d", "old"), tar().dir("d").file("d/f", "new")}, {"d 755 0:0 d", "f 644 0:0 d/f \"new\""}},
      {"FileBecomesImplicitDirectory", {tar().file("d", "old"), tar().file("d/f", "new")}, {"d 755 0:0 d", "f 644 0:0 d/f \"new\""}},
      {"SymlinkBecomesDirectory",
       {tar().dir("e").file("e/f", "old").symlink("d", "e"), tar().dir("d", 0700).file("d/f", "new")},
       {"d 700 0:0 d", "f 644 0:0 d/f \"new\"", "d 755 0:0 e", "f 644 0:0 e/f \"old\""}},
      {"SymlinkBecomesFile",
       {tar().file("f", "old").symlink("d", "f"), tar().file("d", "new")},
       {"f 644 0:0 d \"new\"", "f 644 0:0 f \"old\""}},

      {"BelowSymlinkedParent",
       {tar().dir("usr/lib").file("usr/lib/f", "old").symlink("lib", "usr/lib"), tar().file("lib/f", "new").file("lib/g", "x")},
       {"l 0:0 lib -> usr/lib", "d 755 0:0 usr", "d 755 0:0 usr/lib", "f 644 0:0 usr/lib/f \"new\"", "f 644 0:0 usr/lib/g \"x\""}},
      {"BelowSymlinkedParents",
       {tar().dir("r/s").symlink("a", "/b/../b").symlink("b", "r"), tar().file("a/s/f", "x")},
       {"l 0:0 a -> /b/../b", "l 0:0 b -> r", "d 755 0:0 r", "d 755 0:0 r/s", "f 644 0:0 r/s/f \"x\""}},
      {"BelowSymlinkOfTheSameLayer",
       {tar().dir("r").symlink("a", "r").file("a/f", "x")},
       {"l 0:0 a -> r", "d 755 0:0 r", "f 644 0:0 r/f \"x\""}},
      {"BelowDanglingSymlink",
       {tar().symlink("a", "r/s"), tar().file("a/f", "x")},
       {"l 0:0 a -> r/s", "d 755 0:0 r", "d 755 0:0 r/s", "f 644 0:0 r/s/f \"x\""}},
      {"SymlinksStayInTheRoot",
       {tar().dir("e").symlink("e/up", "../../../../r").symlink("abs", "/r").dir("r"), tar().file("e/up/f", "x").file("abs/g", "y")},
       {"l 0:0 abs -> /r", "d 755 0:0 e", "l 0:0 e/up -> ../../../../r", "d 755 0:0 r", "f 644 0:0 r/f \"x\"", "f 644 0:0 r/g \"y\""}},
      {"WhiteoutBelowSymlinkedParent",
       {tar().file("usr/lib/f", "old").symlink("lib", "usr/lib"), tar().whiteout("lib/f")},
       {"l 0:0 lib -> usr/lib", "d 755 0:0 usr", "d 755 0:0 usr/lib"}},
      {"OpaqueBelowSymlinkedParent",
       {tar().file("usr/lib/f", "old").symlink("lib", "usr/lib"), tar().opaque("lib").file("lib/g", "new")},
       {"l 0:0 lib -> usr/lib", "d 755 0:0 usr", "d 755 0:0 usr/lib", "f 644 0:0 usr/lib/g \"new\""}},
      {"WhiteoutOfSymlinkNotItsTarget", {tar().dir("e").symlink("d", "e"), tar().whiteout("d")}, {"d 755 0:0 e"}},
      {"SymlinkReplacedBeforeWhiteoutBelow",
       {tar().file("e/f", "old").symlink("d", "e"), tar().dir("d").whiteout("d/f")},
       {"d 755 0:0 d", "d 755 0:0 e", "f 644 0:0 e/f \"old\""}},

      {"Hardlink", {tar().file("a", "x", 0600).hardlink("b", "a")}, {"f 600 0:0 a \"x\"", "f 600 0:0 b \"x\" = a"}},
      {"HardlinkChain",
       {tar().file("a", "x").hardlink("b", "a").hardlink("c", "b")},
       {"f 644 0:0 a \"x\"", "f 644 0:0 b \"x\" = a", "f 644 0:0 c \"x\" = a"}},
      {"HardlinkIntoLowerLayer", {tar().file("a", "x"), tar().hardlink("b", "a")}, {"f 644 0:0 a \"x\"", "f 644 0:0 b \"x\" = a"}},
      {"HardlinkToSymlink", {tar().symlink("a", "x").hardlink("b", "a")}, {"l 0:0 a -> x", "l 0:0 b -> x = a"}},
      {"HardlinkThroughSymlinkedParent",
       {tar().file("usr/lib/f", "x").symlink("lib", "usr/lib").hardlink("lib/g", "lib/f")},
       {"l 0:0 lib -> usr/lib", "d 755 0:0 usr", "d 755 0:0 usr/lib", "f 644 0:0 usr/lib/f \"x\"",
        "f 644 0:0 usr/lib/g \"x\" = usr/lib/f"}},
      {"OneNameOfALinkSetReplaced",
       {tar().file("a", "old").hardlink("b", "a").hardlink("c", "a"), tar().file("a", "new")},
       {"f 644 0:0 a \"new\"", "f 644 0:0 b \"old\"", "f 644 0:0 c \"old\" = b"}},
      {"LastNameOfALinkSet", {tar().file("a", "old").hardlink("b", "a"), tar().whiteout("a")}, {"f 644 0:0 b \"old\""}},
      {"HardlinkTakesThePlaceOfItsTargetsDirectory", {tar().file("d/f", "x"), tar().hardlink("d", "d/f")}, {"f 644 0:0 d \"x\""}},
      {"HardlinkToItself", {tar().file("a", "x"), tar().hardlink("a", "a")}, {"f 644 0:0 a \"x\""}},

      {"DuplicateLastWins", {tar().file("a", "1").file("a", "2", 0600)}, {"f 600 0:0 a \"2\""}},
      {"DuplicateBySpelling",
       {tar().dir("usr").symlink("u", "usr").file("usr/f", "1").file("u/f", "2")},
       {"l 0:0 u -> usr", "d 755 0:0 usr", "f 644 0:0 usr/f \"2\""}},
      {"NamesSortAsNames",
       {tar().file("a.b", "1").file("a/c", "2").file("a-b", "3")},
       {"d 755 0:0 a", "f 644 0:0 a/c \"2\"", "f 644 0:0 a-b \"3\"", "f 644 0:0 a.b \"1\""}},
  };
}

}  // namespace resole::test
