// SPDX-License-Identifier: Apache-2.0
// What an image's apk and a repository hold: the installed database, indexes, packages, and the small files around them.
#pragma once
#include <string>
#include <string_view>

#include "fuzz/targets.hpp"
#include "pkg/apk/candidates.hpp"
#include "pkg/apk/index.hpp"
#include "pkg/apk/installed.hpp"
#include "pkg/apk/package_file.hpp"
#include "pkg/apk/protected_paths.hpp"
#include "pkg/apk/script_store.hpp"
#include "pkg/apk/sources.hpp"
#include "pkg/small_tree.hpp"

namespace resole::fuzz {

inline void apk_installed(std::string_view input) {
  tolerate([&] {
    const auto stanzas = apk::parse_installed(input, "installed");
    const std::string written = apk::write_installed(stanzas);
    const auto again = apk::parse_installed(written, "written");
    require(again.size() == stanzas.size(), "a package is lost");
    require(apk::write_installed(again) == written, "what was written is not written again");
    auto plain = again;  // from the fields: what is understood is said again in the same way
    for (apk::InstalledStanza& stanza : plain) {
      stanza.raw.clear();
      stanza.header.clear();
    }
    const std::string said = apk::write_installed(plain);
    auto heard = apk::parse_installed(said, "said");
    for (apk::InstalledStanza& stanza : heard) {
      stanza.raw.clear();
      stanza.header.clear();
    }
    require(apk::write_installed(heard) == said, "the fields are not said again");
  });
}

inline void apk_index(std::string_view input) {
  tolerate([&] {
    const apk::SignedFile file = apk::read_signatures(input, "index");
    require(file.begin <= input.size(), "signatures behind the end");
    const apk::Index index = apk::parse_index(input.substr(file.begin), "index");
    for (const apk::Description& package : index.packages) {
      apk::Description again;
      for (const std::string_view line : lines(package.text())) {
        const apk::FieldLine field = apk::split_field(line, "said");
        require(apk::read_field(again, field.letter, field.value, "said"), "a field of ours is not known");
      }
      require(again.text() == package.text(), "a stanza is not said again");
      apk::package_of(package);
    }
  });
}

inline void apk_package(std::string_view input) {
  tolerate(
      [&] {
        const apk::PackageFile file = apk::PackageFile::open(Blob::of(std::string(input)), "p");
        const apk::PackageFacts facts = apk::read_data(file);
        require(facts.owners.size() == facts.data.entries.size() && facts.checksums.size() == facts.data.entries.size(), "facts of other members");
        for (const rootfs::Entry& entry : facts.data.entries) {
          require(tar::is_safe_path(entry.path) && !entry.path.starts_with('/'), "a path that leaves the root");
          require(!entry.whiteout && !entry.opaque, "a marker");
        }
        file.verify(file.control().description.checksum, {});
      },
      ErrorKind::verification);
}

inline void apk_tables(std::string_view input) {
  const std::string text(input);
  tolerate([&] { apk::text_of(apk::parse_wishes(input, "w")); });
  tolerate([&] { apk::parse_repositories(input, "repositories"); });
  apk::ProtectedPaths paths;
  paths.add(input);
  paths.covers("etc/ssl/certs");
  tolerate([&] {
    const rootfs::Tree tree = test::tree_of({{"lib/apk/db/installed", ""}, {"lib/apk/db/triggers", text}, {"lib/apk/db/scripts.tar", text}, {"etc/apk/world", text}});
    const apk::ScriptStore store = apk::ScriptStore::read(tree, "lib/apk/db");
    apk::write_triggers(store);
    apk::Pins::read(tree);
  });
  apk::branch_of(input);
}

}  // namespace resole::fuzz
