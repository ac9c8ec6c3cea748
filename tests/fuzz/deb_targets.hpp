// SPDX-License-Identifier: Apache-2.0
// What an image's dpkg and a mirror's packages hold: .deb files, the database, its tables, certificates.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/targets.hpp"
#include "pkg/deb/certificate.hpp"
#include "pkg/deb/control.hpp"
#include "pkg/deb/diversions.hpp"
#include "pkg/deb/slices.hpp"
#include "pkg/deb/extended_states.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/ld_so_cache.hpp"
#include "pkg/deb/package_facts.hpp"
#include "pkg/deb/package_file.hpp"
#include "pkg/deb/placement.hpp"
#include "pkg/deb/relations.hpp"
#include "pkg/deb/status.hpp"
#include "pkg/deb/triggers.hpp"
#include "pkg/small_tree.hpp"

namespace resole::fuzz {

// An image with what makes placing hard: a merged /usr, links in a circle, a diversion, an override, filters, another package.
inline const rootfs::Tree& some_tree() {
  static const rootfs::Tree tree = test::tree_of({
      {"var/lib/dpkg/status",
       "Package: foo\nStatus: install ok installed\nVersion: 0.9\nArchitecture: amd64\nConffiles:\n /etc/foo.conf "
       "d41d8cd98f00b204e9800998ecf8427e\n\n"
       "Package: other\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\nReplaces: foo (<< 0.1)\n"},
      {"var/lib/dpkg/info/foo.list", "/.\n/usr\n/usr/bin\n/usr/bin/foo\n/etc\n/etc/foo.conf\n"},
      {"var/lib/dpkg/info/other.list", "/.\n/usr\n/usr/bin\n/usr/bin/other\n"},
      {"var/lib/dpkg/diversions", "/usr/bin/bar\n/usr/bin/bar.real\nother\n"},
      {"var/lib/dpkg/statoverride", "root games 2755 /usr/games/x\n"},
      {"etc/dpkg/dpkg.cfg.d/slim", "path-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\n"},
      {"etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"},
      {"etc/group", "root:x:0:\ngames:x:60:\n"},
      {"usr/bin/foo", "program"},
      {"usr/bin/other", "program"},
      {"lib", "-> usr/lib"},
      {"usr/lib/x", ""},
      {"loop", "-> /loop"},
      {"etc/foo.conf", ""},
  });
  return tree;
}

inline const deb::InstalledSystem& some_system() {
  static const deb::InstalledSystem system = deb::InstalledSystem::read(some_tree());
  return system;
}

// Sees each member begin, pass and end.
class MemberCheck : public deb::MemberVisitor {
 public:
  void begin(const rootfs::Entry&, const deb::OwnerNames&) override {
    require(!open_, "a member within a member");
    open_ = true;
    bytes_ = 0;
  }
  void content(std::string_view bytes) override {
    require(open_, "content of no member");
    bytes_ += bytes.size();
  }
  void end(const rootfs::Entry& entry) override {
    require(open_ && bytes_ == entry.size, "content is not as long as said");
    open_ = false;
  }

 private:
  bool open_ = false;
  std::uint64_t bytes_ = 0;
};

inline void place_all(const deb::PackageFacts& facts) {
  tolerate(
      [&] {
        pkg::Package own;
        deb::fill_package(own, deb::read_single_paragraph(facts.control.text("control"), "control"), "control");
        pkg::Item item{.name = own.name, .arch = own.arch, .from = own.name == "foo" ? "0.9" : "", .to = {}, .archive = {}, .overwrite = {}, .keep = {}};
        static_cast<pkg::Package&>(item.to) = own;
        const auto incoming = deb::Incoming::read(item, some_system(), {}, facts.control);
        const deb::Transaction transaction{};
        const deb::Placer placer(some_system(), transaction, incoming);
        for (std::size_t i = 0; i < facts.data.entries.size(); ++i) {
          const rootfs::Entry& entry = facts.data.entries[i];
          const deb::Placement placed = placer.place(entry, facts.owners[i]);
          require(placed.path == placed.header.path && tar::is_safe_path(placed.path) && tar::clean_path(placed.path) == placed.path,
                  "a place outside the image");
          require(placed.fate != deb::Fate::directory || entry.type == tar::Type::directory, "a directory that is none");
          require(placed.fate != deb::Fate::conffile || incoming.conffiles.contains("/" + entry.path), "a conffile that is none");
        }
      },
      ErrorKind::refused);
}

inline void deb(std::string_view bytes) {
  // From its first bytes, asked for as judging does.
  std::optional<deb::ControlArchive> by_prefix;
  tolerate([&] {
    for (std::uint64_t needed = 100; !by_prefix;) {
      const std::string_view prefix = bytes.substr(0, needed);
      by_prefix = deb::read_control(prefix, bytes.size(), "p", needed);
      require(by_prefix || needed > prefix.size(), "no more bytes are asked for");
    }
  });
  tolerate([&] {
    const auto file = deb::PackageFile::open(Blob::of(std::string(bytes)), "p");
    require(by_prefix.has_value() && by_prefix->members.size() == file.control().members.size(), "its first bytes say something else");
    for (const deb::ControlMember& member : file.control().members) {
      require(member.name.find_first_of("/\n") == std::string::npos && member.name.front() != '.', "name of a control file");
      require(by_prefix->text(member.name) == member.content, "its first bytes say something else");
    }
    MemberCheck check;
    const deb::PackageFacts facts = deb::read_package(file, check);
    require(facts.owners.size() == facts.data.entries.size(), "owners");
    for (const rootfs::Entry& entry : facts.data.entries) {
      require(tar::is_safe_path(entry.path) && entry.path == tar::clean_path(entry.path), "path");
      require(entry.type != tar::Type::hardlink || tar::is_safe_path(entry.link), "target of a hard link");
    }
    const std::string kept = deb::serialise(facts);
    const auto again = deb::parse_package_facts(kept);
    require(again && deb::serialise(*again) == kept, "kept and read again it differs");
    place_all(facts);
  });
}

// Facts as they are kept; their damage reads as absent.
inline void package_facts(std::string_view bytes) {
  if (const auto facts = deb::parse_package_facts(bytes)) {
    const auto again = deb::parse_package_facts(deb::serialise(*facts));
    require(again && deb::serialise(*again) == deb::serialise(*facts), "written and read again it differs");
  }
}

// control, status, status.d and extended_states are one format.
inline void control(std::string_view text) {
  tolerate([&] {
    deb::ParagraphReader reader(text, "input", {.bytes = 1 << 20, .paragraph = 1 << 16, .fields = 50});
    const char* last = text.data();
    for (deb::Paragraph paragraph; reader.next(paragraph);) {
      require(lies_in(paragraph.text, text) && paragraph.text.data() >= last, "a paragraph outside the text");
      last = paragraph.text.data() + paragraph.text.size();
      require(!paragraph.fields.empty() && paragraph.fields.size() <= 50, "fields");
      for (const deb::Field& field : paragraph.fields) {
        require(lies_in(field.name, paragraph.text) && lies_in(field.value, paragraph.text), "a field outside its paragraph");
        require(paragraph.find(field.name) == &field, "a field that is not found by its name");
      }
      const std::string alone(paragraph.text);
      require(deb::read_single_paragraph(alone, "alone").fields.size() == paragraph.fields.size(), "alone it differs");
    }
  });
  tolerate([&] {
    for (const deb::StatusStanza& stanza : deb::parse_status(text, "status")) {
      require(text.substr(stanza.offset, stanza.text.size()) == stanza.text, "offset");
      const auto again = deb::parse_status(stanza.text, "status");
      require(again.size() == 1 && again[0].package.key() == stanza.package.key() && again[0].conffiles.size() == stanza.conffiles.size(),
              "alone it differs");
      for (const deb::Conffile& conffile : stanza.conffiles) require(conffile.path.starts_with('/') && !conffile.md5.empty(), "conffile");
    }
  });
  tolerate([&] {
    const std::string marked = deb::mark_automatic(text, {{"new", "all"}, {"old", "i386"}}, "amd64");
    require(marked.starts_with(text), "marks that were there are changed");
    require(deb::mark_automatic(marked, {{"new", "all"}}, "amd64").size() <= marked.size() + 1, "marked twice");
  });
}

inline std::string written(const pkg::Atom& atom) {
  static constexpr std::string_view kSigns[] = {"", "<<", "<=", "=", ">=", ">>"};
  std::string text = atom.name;
  if (!atom.arch.empty()) text += ":" + atom.arch;
  if (atom.op == pkg::Operator::any) return text;
  return text + " (" + std::string(kSigns[static_cast<std::size_t>(atom.op)]) + " " + atom.version + ")";
}

inline std::string written(const std::vector<pkg::Alternatives>& all) {
  std::string text;
  for (const pkg::Alternatives& one : all) {
    for (std::size_t i = 0; i < one.size(); ++i) text += (i > 0 ? " | " : "") + written(one[i]);
    text += ", ";
  }
  return text;
}

inline void relations(std::string_view text) {
  tolerate([&] {
    const auto read = deb::parse_alternatives(text, "input");
    for (const pkg::Alternatives& one : read) {
      require(!one.empty(), "no alternative");
      for (const pkg::Atom& atom : one) require(!atom.name.empty() && (atom.op == pkg::Operator::any) == atom.version.empty(), "atom");
    }
    require(written(deb::parse_alternatives(written(read), "written")) == written(read), "written and read again it differs");
  });
  tolerate([&] {
    const auto atoms = deb::parse_atoms(text, "input");
    require(deb::parse_alternatives(text, "input").size() == atoms.size(), "without '|' both readings agree");
  });
  deb::source_of(text, "p", "1");
}

// The small tables of dpkg and the dynamic linker: each reads the same bytes in its own way.
inline void dpkg_tables(std::string_view text) {
  tolerate([&] {
    auto diversions = deb::Diversions::parse(text, "diversions");
    require(deb::Diversions::parse(diversions.text(), "written").text() == diversions.text(), "written and read again it differs");
    std::vector<rootfs::Entry> entries;
    for (const auto& [from, diversion] : diversions.all()) {
      require(from.starts_with('/') && diversions.redirect(from, diversion.package) == from, "the package that diverts keeps the name");
      const std::string path = tar::clean_path(from);
      const bool hidden = path.starts_with(".wh.") || path.find("/.wh.") != std::string::npos;
      if (entries.size() < 20 && !path.empty() && tar::is_safe_path(path) && !hidden) entries.emplace_back().path = path;
    }
    const deb::InstalledSystem system{some_tree(), {}, std::make_shared<const deb::Slices>(), {}, {}, {}, std::move(diversions), {}};
    const deb::Transaction transaction{};
    const deb::Incoming incoming{};
    for (const rootfs::Entry& entry : entries) {
      tolerate([&] {
        const std::string path = deb::Placer(system, transaction, incoming).place(entry, {}).path;
        require(!path.empty() && tar::is_safe_path(path) && tar::clean_path(path) == path, "diverted out of the image");
        for (const std::string_view part : split(path, '/')) require(!part.starts_with(".wh."), "diverted to what means something else in a layer");
      });
    }
  });
  const pkg::Owners owners = pkg::Owners::parse(text, text);
  tolerate([&] {
    const auto overrides = deb::StatOverrides::parse(text, owners);
    for (const std::string_view line : lines(text)) {
      const std::size_t path = line.rfind(" /");
      const deb::StatOverride* found = path == std::string_view::npos ? nullptr : overrides.find(line.substr(path + 1));
      require(!found || found->mode <= 07777, "mode");
    }
  });
  tolerate([&] {
    const auto filters = deb::PathFilters::parse({{"dpkg.cfg", std::string(text)}});
    filters.excludes("/usr/share/doc/x/copyright", tar::Type::file);
    filters.excludes("/usr/share/doc", tar::Type::directory);
  });
  deb::trigger_interests(text);
  pkg::OsRelease::parse(text);
}

// The manifest of a chiselled image, plain or compressed; edited and read again.
inline void slices(std::string_view bytes) {
  tolerate(
      [&] {
        const deb::Slices slices = deb::parse_slices(bytes, "manifest.wall");
        deb::SliceEdit edit;
        for (const deb::SlicedPackage& package : slices.packages) edit.packages.push_back({package.name, "2", package.arch, package.sha256});
        for (const auto& [path, sliced] : slices.paths) {
          require(path == sliced.path && path.starts_with('/') && tar::is_safe_path(tar::clean_path(path)), "a path outside the image");
          require(sliced.mode <= 07777, "mode");
          if (sliced.sha256) edit.files[path] = {.mode = 0644, .sha256 = std::string(64, '0'), .size = 1, .link = {}};
        }
        const deb::Slices again = deb::parse_slices(deb::edit_slices(slices, edit), "written");
        require(again.paths.size() == slices.paths.size() && again.lines.size() == slices.lines.size(), "written and read again it differs");
        for (const deb::SlicedPackage& package : again.packages) require(package.version == "2", "not all packages are changed");
      },
      ErrorKind::unsupported);
}

inline void ld_so_cache(std::string_view bytes) {
  deb::generator_of(bytes);
  tolerate([&] {
    const auto libraries = deb::read_ld_so_cache(bytes);
    std::size_t total = 0;
    for (const deb::Library& library : libraries) total += library.key.size() + library.path.size();
    require(total <= 4 * bytes.size(), "more names than the file can hold");
    require(deb::read_ld_so_cache(deb::write_ld_so_cache(libraries, "x")) == libraries, "written and read again it differs");
  });
}

inline void certificate(std::string_view pem) {
  const auto facts = deb::read_certificate(pem);
  if (!facts) return;
  require(facts->fingerprint.size() == 20, "fingerprint");
  const std::string twice = std::string(pem) + "\n" + std::string(pem);
  require(!deb::read_certificate(twice), "two certificates count as one");
}

}  // namespace resole::fuzz
