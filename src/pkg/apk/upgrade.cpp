// SPDX-License-Identifier: Apache-2.0
// The way:
//   read each package and its data                          package_file
//   in which order apk would commit them                    commit_order
//   place files, settle who owns them, find what goes       transaction
//   payload: whiteouts, directories, a segment a package    here, pkg/emission, pkg/segments
//   database layer: installed, scripts.tar, triggers        installed, script_store
//   what scripts would do, where a recipe says it           applets
#include "pkg/apk/upgrade.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/applets.hpp"
#include "pkg/apk/commit_order.hpp"
#include "pkg/apk/script_store.hpp"
#include "pkg/apk/transaction.hpp"
#include "pkg/segments.hpp"
#include "rootfs/entry.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr std::string_view kWorld = "etc/apk/world";

// Writes the members that the emission names.
class SegmentVisitor : public DataVisitor {
 public:
  SegmentVisitor(const pkg::Emission& emission, Spool& spool) : emission_(emission), writer_(spool) {}
  void begin(const rootfs::Entry&) override {
    if (emission_[next_]) writer_.begin(*emission_[next_]);
  }
  void content(std::string_view bytes) override {
    if (emission_[next_]) writer_.content(bytes);
  }
  void end() override {
    if (emission_[next_]) writer_.end();
    ++next_;
  }

 private:
  const pkg::Emission& emission_;
  pkg::SegmentWriter writer_;
  std::size_t next_ = 0;
};

PackageFile open_item(const pkg::Item& item) {
  return PackageFile::open(item.archive(), fmt::format("package {} {}", item.name, item.to.version));
}

class ApkUpgrade {
 public:
  explicit ApkUpgrade(const pkg::UpgradeRequest& request) : request_(request) {}

  pkg::UpgradeResult run() {
    InstalledDatabase database = InstalledDatabase::read(request_.tree);
    directory_ = database.directory;
    if (directory_.empty()) throw Error(ErrorKind::input, "the image has no package database");
    scripts_ = ScriptStore::read(request_.tree, directory_);
    read_packages(database);
    const std::vector<std::size_t> order = order_of(database);
    Transaction transaction(request_.tree, request_.inventory, std::move(database));
    for (const std::size_t i : order) transaction.install(packages_[i]);
    transaction.finish();
    if (request_.epoch == 0) request_.epoch = newest_member();
    result_.epoch = request_.epoch;
    for (IncomingPackage& package : packages_) plan(package);
    rootfs::Tree after = future(transaction, {});
    const std::vector<std::string> emptied = emptied_directories(after, transaction);
    if (!emptied.empty()) after = future(transaction, emptied);
    write_head(transaction, emptied);
    write_database(transaction, order);
    apply_actions(after);
    write_segments();
    result_.payload_key = payload_key();
    result_.notes.insert(result_.notes.begin(), transaction.notes().begin(), transaction.notes().end());
    tell_deleted();
    return std::move(result_);
  }

 private:
  void read_packages(const InstalledDatabase& database) {
    packages_.resize(request_.items.size());
    Phase phase(request_.reporter, "unpacking packages");
    parallel_for(request_.items.size(), request_.jobs, [&](std::size_t i) { read(request_.items[i], database, packages_[i]); });
  }

  static void read(const pkg::Item& item, const InstalledDatabase& database, IncomingPackage& package) {
    const PackageFile file = open_item(item);
    package.item = &item;
    package.control = file.control();
    Description& description = package.control.description;
    if (description.name != item.to.name || description.version != item.to.version) {
      throw Error(ErrorKind::verification, fmt::format("the package file of {} {} says that it is {} {}", printable(item.to.name), printable(item.to.version),
                                                       printable(description.name), printable(description.version)));
    }
    if (!item.to.entry.checksum.empty()) file.verify(item.to.entry.checksum, {});
    description.size = item.to.entry.size;
    description.arch = apk_arch(item.to.arch);  // the index has the last word: it names noarch packages after the architecture that they are for
    for (std::size_t i = 0; i < database.stanzas.size(); ++i) {
      if (database.stanzas[i].description.name == item.name) package.old = i;
    }
    const bool there = package.old != kNone && database.stanzas[package.old].description.version == item.from;
    if (there != !item.from.empty()) {
      throw Error(ErrorKind::input, fmt::format("{} {} is not installed in this image", printable(item.name), printable(item.from)),
                  "plan again: the plan speaks of another image");
    }
    if (description.installed_size != 0) {
      package.facts = read_data(file);
    } else {  // apk does not even open packages without content
      package.control.scripts.clear();
      package.control.triggers.clear();
      package.control.replaces.clear();
      package.control.replaces_priority = 0;
    }
  }

  std::vector<std::size_t> order_of(const InstalledDatabase& database) const {
    std::vector<CommitMember> members;
    std::vector<std::size_t> incoming;
    for (std::size_t i = 0; i < database.stanzas.size(); ++i) {
      const auto found = std::ranges::find(packages_, i, &IncomingPackage::old);
      const bool changes = found != packages_.end();
      members.push_back({changes ? &found->control.description : &database.stanzas[i].description, changes});
      incoming.push_back(changes ? static_cast<std::size_t>(found - packages_.begin()) : kNone);
    }
    std::map<std::string_view, std::size_t> fresh;  // by name, whatever the order of the items
    for (std::size_t i = 0; i < packages_.size(); ++i) {
      if (packages_[i].old == kNone) fresh.emplace(packages_[i].control.description.name, i);
    }
    for (const auto& [name, i] : fresh) {
      members.push_back({&packages_[i].control.description, true});
      incoming.push_back(i);
    }
    std::vector<std::size_t> order;
    for (const std::size_t member : commit_order(members, request_.tree.content(kWorld).value_or(""))) order.push_back(incoming[member]);
    return order;
  }

  std::int64_t newest_member() const {
    std::int64_t newest = 0;
    for (const IncomingPackage& package : packages_) {
      for (const rootfs::Entry& entry : package.facts.data.entries) newest = std::max(newest, entry.mtime);
    }
    return newest;
  }

  void plan(IncomingPackage& package) const {
    std::vector<const tar::Header*> wanted;
    for (const auto& header : package.wanted) wanted.push_back(header ? &*header : nullptr);
    wanted.resize(package.facts.data.entries.size(), nullptr);
    package.emission = pkg::plan_emission(package.facts.data.entries, wanted, request_.tree);
  }

  static tar::Header header_of_directory(const DirectoryChange& directory) {
    tar::Header header;
    header.path = directory.path;
    header.type = tar::Type::directory;
    header.mode = directory.acl.mode;
    header.uid = directory.acl.uid;
    header.gid = directory.acl.gid;
    header.mtime = directory.mtime;
    return header;
  }

  rootfs::Tree future(const Transaction& transaction, const std::vector<std::string>& removed) const {
    auto index = std::make_shared<rootfs::LayerIndex>();
    for (const std::string& path : transaction.removed_files()) index->entries.push_back(rootfs::marker_entry(path, false));
    for (const std::string& path : removed) index->entries.push_back(rootfs::marker_entry(path, false));
    for (const DirectoryChange& directory : transaction.directories()) index->entries.push_back(rootfs::object_entry(header_of_directory(directory)));
    for (const IncomingPackage& package : packages_) {
      const auto& members = package.facts.data.entries;
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (!package.emission[i]) continue;
        const std::string& path = package.emission[i]->path;
        if (const auto kept = package.facts.data.captured.find(members[i].path); kept != package.facts.data.captured.end()) index->captured[path] = kept->second;
        if (const auto elf = package.facts.data.elf.find(members[i].path); elf != package.facts.data.elf.end()) index->elf[path] = elf->second;
      }
      for (rootfs::Entry& entry : pkg::entries_of(package.emission, members)) index->entries.push_back(std::move(entry));
    }
    return request_.tree.with(std::move(index));
  }

  // Directories that no package has any more go when nothing is left in them; deepest first, so that one empties another.
  static std::vector<std::string> emptied_directories(const rootfs::Tree& after, const Transaction& transaction) {
    std::vector<std::string> emptied;
    std::set<std::string> gone;
    for (const std::string& spelled : transaction.removable_directories()) {
      const rootfs::Resolved at = after.resolve(spelled, false);
      if (!rootfs::is_directory(at.node)) continue;
      const auto children = after.children(at.path);
      if (!std::ranges::all_of(children, [&](const std::string& name) { return gone.contains(rootfs::join_path(at.path, name)); })) continue;
      gone.insert(at.path);
      emptied.push_back(at.path);
    }
    return emptied;
  }

  // Whiteouts, new and changed directories, and every parent of every file: overlay stores would invent parents that no layer gives them.
  void write_head(const Transaction& transaction, const std::vector<std::string>& emptied) {
    for (const std::string& path : transaction.removed_files()) result_.head.remove(path);
    for (const std::string& path : emptied) result_.head.remove(path);
    for (const DirectoryChange& directory : transaction.directories()) {
      result_.head.put(header_of_directory(directory));
      put_parents(directory.path);
    }
    for (const IncomingPackage& package : packages_) {
      for (const auto& header : package.emission) {
        if (header) put_parents(header->path);
      }
    }
  }

  void put_parents(std::string_view path) {
    for (std::string_view parent = rootfs::parent_of(path); !parent.empty(); parent = rootfs::parent_of(parent)) {
      if (result_.head.contains(parent)) {
        result_.head.keep(std::string(parent));
        continue;
      }
      const rootfs::Node* node = request_.tree.find(parent);
      if (rootfs::is_directory(node) && !node->implicit) {
        result_.head.put(rootfs::header_of(*node));
      } else {
        result_.head.put(header_of_directory({std::string(parent), {0, 0, 0755}, request_.epoch, true}));
      }
      result_.head.keep(std::string(parent));
    }
  }

  void put_database_file(std::string_view name, std::string content) {
    tar::Header header;
    header.path = rootfs::join_path(directory_, name);
    header.mode = 0644;
    if (const rootfs::Node* node = request_.tree.find(header.path); node && node->entry.type == tar::Type::file) {
      header.mode = node->entry.mode;
      header.uid = node->entry.uid;
      header.gid = node->entry.gid;
    }
    header.type = tar::Type::file;
    header.mtime = request_.epoch;
    header.size = content.size();
    result_.database.put(std::move(header), Blob::of(std::move(content)));
  }

  void write_database(const Transaction& transaction, const std::vector<std::size_t>& order) {
    std::vector<InstalledStanza> stanzas;
    std::vector<const Description*> packages;
    for (const InstalledStanza* stanza : transaction.result()) {
      stanzas.push_back(*stanza);
      packages.push_back(&stanza->description);
    }
    put_database_file("installed", write_installed(std::move(stanzas)));
    for (const IncomingPackage& package : packages_) {
      if (package.old != kNone) std::erase(scripts_.trigger_order, transaction.stanzas()[package.old].description.checksum);
    }
    for (const std::size_t i : order) {
      const PackageControl& control = packages_[i].control;
      scripts_.packages[control.description.checksum] = {control.scripts, control.triggers};
      if (!control.triggers.empty()) scripts_.trigger_order.push_back(control.description.checksum);
    }
    std::set<std::string> known;
    for (const Description* package : packages) known.insert(package->checksum);
    std::erase_if(scripts_.trigger_order, [&](const std::string& checksum) { return !known.contains(checksum); });
    const auto has = [&](std::string_view name) { return request_.tree.find(rootfs::join_path(directory_, name)) != nullptr; };
    const std::string scripts = write_scripts(packages, scripts_), triggers = write_triggers(scripts_);
    constexpr std::size_t kEmptyArchive = 1024;
    if (has("scripts.tar") || scripts.size() > kEmptyArchive) put_database_file("scripts.tar", scripts);
    if (has("triggers") || !triggers.empty()) put_database_file("triggers", triggers);
  }

  void apply_actions(const rootfs::Tree& after) {
    std::set<std::string> actions;
    for (const pkg::Item& item : request_.items) actions.insert(item.actions.begin(), item.actions.end());
    for (const std::string& text : actions) {
      switch (pkg::parse_action(text).kind) {
        case pkg::ActionKind::noop:
          break;
        case pkg::ActionKind::busybox_applets:
          for (std::string& note : install_applets(request_.tree, after, request_.epoch, result_.database)) result_.notes.push_back(std::move(note));
          break;
        default:
          throw Error(ErrorKind::input, fmt::format("the action \"{}\" is not known for packages of apk", printable(text)), "plan again, with other recipes");
      }
    }
  }

  void write_segments() {
    std::vector<const IncomingPackage*> sorted;
    for (const IncomingPackage& package : packages_) sorted.push_back(&package);
    std::ranges::sort(sorted, {}, [](const IncomingPackage* package) { return package->label(); });
    std::vector<pkg::SegmentSource> sources;
    for (const IncomingPackage* package : sorted) {
      sources.push_back({.label = package->label(),
                         .sha256 = package->item->to.entry.sha256,
                         .emission = package->emission,
                         .members = package->facts.data.entries,
                         .raw = [this, package] {
                           std::shared_ptr<Spool> spool = request_.spool();
                           SegmentVisitor visitor(package->emission, *spool);
                           read_data(open_item(*package->item), &visitor);
                           return std::shared_ptr<const Spool>(std::move(spool));
                         }});
    }
    result_.segments = pkg::write_segments(request_, sources);
  }

  // Everything that the payload layer depends on.
  std::string payload_key() const {
    std::string text = fmt::format("apk payload 1\nepoch {}\n{}\n", request_.epoch, archive::compressor_text(request_.compression));
    for (const IncomingPackage& package : packages_) {
      text += fmt::format("{} from {} {}\n", package.label(), package.item->from,
                          pkg::segment_key(package.item->to.entry.sha256, package.emission, request_.compression));
    }
    text += pkg::payload_head_text(result_.head);
    return sha256_hex_of(text);
  }

  void tell_deleted() {
    for (const IncomingPackage& package : packages_) {
      const pkg::InstalledPackage* had = package.old == kNone ? nullptr : request_.inventory.find(package.item->name, package.item->arch);
      if (had && !had->deleted.empty())
        result_.notes.push_back(fmt::format("{}: {} files that were deleted in the image stay deleted", package.label(), had->deleted.size()));
    }
  }

  pkg::UpgradeRequest request_;
  std::string directory_;
  ScriptStore scripts_;
  std::vector<IncomingPackage> packages_;
  pkg::UpgradeResult result_;
};

}  // namespace

pkg::UpgradeResult upgrade(const pkg::UpgradeRequest& request) { return ApkUpgrade(request).run(); }

}  // namespace resole::apk
