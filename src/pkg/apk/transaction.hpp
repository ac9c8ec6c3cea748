// SPDX-License-Identifier: Apache-2.0
// What apk does to files and to its list of them, package by package in the order of the commit (apk-tools src/database.c: apk_db_install_archive_entry(),
// apk_db_migrate_files(), apk_db_purge_pkg()), as data. An example. The new curl brings etc/curlrc, which somebody changed: it becomes etc/curlrc.apk-new.
// usr/lib/libcurl.so.4.8.0 is not in the new libcurl: it goes. usr/bin/wcurl belonged to another package of the same origin: that one loses it.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pkg/apk/installed.hpp"
#include "pkg/apk/inventory.hpp"
#include "pkg/apk/package_file.hpp"
#include "pkg/apk/protected_paths.hpp"
#include "pkg/emission.hpp"
#include "pkg/family.hpp"
#include "pkg/owners.hpp"

namespace resole::apk {

inline constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// A package on its way in.
struct IncomingPackage {
  const pkg::Item* item = nullptr;
  PackageControl control;                            // description complete, as the index has it
  PackageFacts facts;
  InstalledStanza stanza;                            // its new one
  std::size_t old = kNone;                           // the stanza that it replaces
  std::vector<std::optional<tar::Header>> wanted;    // of each member: under which header it is to be unpacked
  pkg::Emission emission;
  std::string label() const { return control.description.name + ":" + control.description.arch + " " + control.description.version; }
};

struct DirectoryChange {
  std::string path;  // final
  AclFields acl;
  std::int64_t mtime = 0;
  bool fresh = false;  // it is not there yet
};

class Transaction {
 public:
  Transaction(const rootfs::Tree& tree, const pkg::Inventory& inventory, InstalledDatabase database);

  const std::vector<InstalledStanza>& stanzas() const { return database_.stanzas; }
  void install(IncomingPackage& package);  // in the order of the commit; `package` must stay where it is
  void finish();                           // directories

  // What came of it. Stanzas of the packages that stay, in the order of the database, then those of the new ones.
  std::vector<const InstalledStanza*> result() const;
  const std::set<std::string>& removed_files() const { return removed_; }  // final paths
  const std::vector<std::string>& removable_directories() const { return removable_; }  // spelled as in the database, deepest first: removed when empty
  const std::vector<DirectoryChange>& directories() const { return directories_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Owner {
    std::size_t stanza = kNone;          // of the old database
    IncomingPackage* package = nullptr;  // or one of this run
  };
  struct OnDisk {  // what this run has put at a final path
    IncomingPackage* package = nullptr;
    std::size_t member = 0;
    bool gone = false;
  };
  struct Put {
    std::string path;  // as the package spells it
    std::size_t member;
  };

  std::vector<Put> take_members(IncomingPackage& package);
  bool yields(const IncomingPackage& package, const std::string& path) const;
  void place(IncomingPackage& package, const Put& put);
  void purge(const IncomingPackage& package);
  void drop_record(const Owner& owner, const std::string& path);
  const InstalledStanza& stanza_of(const Owner& owner) const { return owner.package ? owner.package->stanza : database_.stanzas[owner.stanza]; }
  std::string final_path(const std::string& path) const;
  bool is_there(const std::string& final_path) const;
  bool has_recorded_content(const std::string& final_path, const Owner& owner, const std::string& path) const;
  bool has_content_of(const std::string& final_path, const IncomingPackage& package, std::size_t member) const;
  bool is_protected(const std::string& directory);
  void settle_directory(const std::string& path, const std::map<std::string, AclFields>& before, const std::map<std::string, AclFields>& after);

  const rootfs::Tree& tree_;
  const pkg::Inventory& inventory_;
  InstalledDatabase database_;
  const ProtectedPaths protection_;
  const pkg::Owners owners_;
  const FileStates states_;
  std::map<std::string, Owner> owner_of_;  // by path as spelled
  std::map<std::string, OnDisk> disk_;     // by final path
  std::map<std::string, bool> protected_;
  std::set<std::size_t> replaced_;         // stanzas
  std::vector<IncomingPackage*> installed_;
  std::map<std::string, AclFields> before_;             // directories as the old database has them
  std::map<std::string, std::int64_t> brought_;         // directories that packages of this run bring -> their time
  std::set<std::string> touched_;                       // directories
  std::set<std::string> removed_;
  std::vector<std::string> removable_;
  std::vector<DirectoryChange> directories_;
  std::vector<std::string> notes_;
};

}  // namespace resole::apk
