// SPDX-License-Identifier: Apache-2.0
// Which scripts would run, with what. That dpkg does the same is shown by integration/sandbox.bats, where a package notes its own calls.
#include "pkg/deb/script_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "pkg/deb/control.hpp"
#include "pkg/deb/inventory.hpp"
#include "pkg/deb/package_file.hpp"
#include "pkg/deb/relations.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

std::string stanza(const std::string& name, const std::string& version, const std::string& more = "") {
  return "Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: x\nVersion: " + version + "\n" + more + "Description: x\n\n";
}

class Ordered {
 public:
  Ordered(std::map<std::string, std::string> files, const std::vector<DebBuilder>& debs) : files_(std::move(files)), tree_(tree_of(files_)) {
    inventory_ = deb::read_inventory(tree_, {});
    inventory_.arch = "amd64";
    for (const DebBuilder& deb : debs) {
      const std::string bytes = deb.build();
      pkg::Item item;
      item.archive = [bytes] { return Blob::of(bytes); };
      deb::fill_package(item.to, deb::read_single_paragraph(deb::PackageFile::open(item.archive(), "test").control().text("control"), "control"), "control");
      item.name = item.to.name;
      item.arch = item.to.arch;
      if (const auto* installed = inventory_.find(item.name, item.arch); installed && installed->state != pkg::InstallState::removed) item.from = installed->version;
      item.run_scripts = true;
      items_.push_back(std::move(item));
    }
    request_.emplace(pkg::UpgradeRequest{.tree = tree_, .inventory = inventory_, .items = items_, .recipes = recipes_, .cache = cache_, .spool = memory_spool, .reporter = reporter_});
    order_ = deb::script_order(*request_);
  }
  pkg::ScriptTreeView view() {
    return {.read = [this](const std::string& path) { return files_.contains(path) ? std::optional(files_.at(path)) : std::nullopt; },
            .take = [this](const std::string& path) { return files_.contains(path) ? std::exchange(files_[path], "") : std::string(); }};
  }
  static std::vector<std::string> texts(const std::vector<pkg::ScriptCall>& calls) {
    std::vector<std::string> all;
    for (const auto& call : calls) all.push_back(call.text());
    return all;
  }
  pkg::ScriptOrder& order() { return *order_; }
  std::map<std::string, std::string> files_;

 private:
  rootfs::Tree tree_;
  pkg::Inventory inventory_;
  std::vector<pkg::Item> items_;
  const pkg::RecipeBook recipes_;
  MemoryCache cache_;
  SilentReporter reporter_;
  std::optional<pkg::UpgradeRequest> request_;
  std::unique_ptr<pkg::ScriptOrder> order_;
};

using Texts = std::vector<std::string>;

std::map<std::string, std::string> installed() {
  return {{"var/lib/dpkg/status", stanza("foo", "1:1.0") + stanza("watcher", "3")},
          {"var/lib/dpkg/info/foo.list", "/.\n/usr\n/usr/share\n/usr/share/foo\n"},
          {"var/lib/dpkg/info/foo.prerm", "old prerm"},
          {"var/lib/dpkg/info/foo.postrm", "old postrm"},
          {"var/lib/dpkg/info/watcher.list", "/.\n"},
          {"var/lib/dpkg/info/watcher.postinst", "watches"}};
}

DebBuilder foo() {
  return DebBuilder("foo", "1:2.0").control("preinst", "new preinst", 0755).control("postinst", "new postinst", 0755).control("prerm", "new prerm", 0755).control("templates", "t");
}

TEST(DebScriptOrder, AnUpgrade) {
  Ordered ordered(installed(), {foo()});
  const auto before = ordered.order().before(ordered.view());
  EXPECT_EQ(Ordered::texts(before), (Texts{"foo prerm upgrade 1:2.0", "foo preinst upgrade 1:1.0 1:2.0"}));
  EXPECT_EQ(before[0].arguments[0], "/var/lib/dpkg/info/foo.prerm");
  EXPECT_TRUE(before[0].files.empty());
  ASSERT_EQ(before[0].otherwise.size(), 1u);
  EXPECT_EQ(before[0].otherwise[0].text(), "foo prerm failed-upgrade 1:1.0 1:2.0");
  EXPECT_EQ(before[1].arguments[0], "/var/lib/dpkg/tmp.ci/preinst");
  EXPECT_EQ(before[1].workplace, "var/lib/dpkg/tmp.ci");
  const auto templates = std::ranges::find(before[1].files, "var/lib/dpkg/tmp.ci/templates", &pkg::ScriptFile::path);
  ASSERT_NE(templates, before[1].files.end()) << "debconf looks for it beside the script";
  EXPECT_EQ(templates->content, "t");
  for (const char* wanted : {"DPKG_MAINTSCRIPT_PACKAGE=foo", "DPKG_MAINTSCRIPT_NAME=preinst", "DPKG_MAINTSCRIPT_ARCH=amd64", "DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1",
                             "DPKG_ADMINDIR=/var/lib/dpkg", "DPKG_ROOT=", "DEBIAN_FRONTEND=noninteractive"}) {
    EXPECT_NE(std::ranges::find(before[1].environment, wanted), before[1].environment.end()) << wanted;
  }
  const auto after = ordered.order().after();
  EXPECT_EQ(Ordered::texts(after), (Texts{"foo postrm upgrade 1:2.0", "foo postinst configure 1:1.0"}));
  EXPECT_EQ(after[0].files.at(0).content, "old postrm");
  EXPECT_TRUE(after[0].otherwise.empty()) << "the new package has none";
  EXPECT_TRUE(ordered.order().next(ordered.view()).empty());
}

TEST(DebScriptOrder, AnInstallation) {
  Ordered ordered(installed(), {DebBuilder("bar", "1").control("preinst", "p", 0755).control("postinst", "p", 0755)});
  EXPECT_EQ(Ordered::texts(ordered.order().before(ordered.view())), Texts{"bar preinst install"});
  const auto after = ordered.order().after();
  EXPECT_EQ(after.at(0).arguments, (Texts{"/var/lib/dpkg/info/bar.postinst", "configure", ""}));
}

TEST(DebScriptOrder, OfAPackageThatLeftItsConfiguration) {
  auto files = installed();
  files["var/lib/dpkg/status"] += "Package: bar\nStatus: deinstall ok config-files\nArchitecture: amd64\nMaintainer: x\nVersion: 0.5\nConfig-Version: 0.5\nDescription: x\n\n";
  Ordered ordered(files, {DebBuilder("bar", "1").control("preinst", "p", 0755).control("postinst", "p", 0755)});
  EXPECT_EQ(Ordered::texts(ordered.order().before(ordered.view())), Texts{"bar preinst install 0.5 1"});
  EXPECT_EQ(Ordered::texts(ordered.order().after()), Texts{"bar postinst configure 0.5"});
}

TEST(DebScriptOrder, DependenciesFirstAndCirclesCut) {
  const auto with = [](const char* name, const char* depends) { return DebBuilder(name, "2").field("Depends", depends).control("postinst", "p", 0755); };
  auto files = installed();
  for (const char* name : {"a", "b", "c", "d"}) files["var/lib/dpkg/status"] += stanza(name, "1");
  Ordered ordered(files, {with("a", "c | nothing"), with("b", "d"), with("c", "b (>= 1)"), with("d", "b")});
  EXPECT_EQ(Ordered::texts(ordered.order().after()), (Texts{"d postinst configure 1", "b postinst configure 1", "c postinst configure 1", "a postinst configure 1"}));
}

TEST(DebScriptOrder, TriggersOfFilesScriptsAndThePackageItself) {
  auto files = installed();
  files["var/lib/dpkg/triggers/File"] = "/usr/share/foo watcher/noawait\n/usr/share/foo foo\n/usr/share/new watcher\n";
  files["var/lib/dpkg/triggers/named"] = "watcher\n";
  files["var/lib/dpkg/triggers/Unincorp"] = "named of-another-time\n";
  Ordered ordered(files, {foo().control("triggers", "activate named\n")});
  ordered.order().before(ordered.view());
  EXPECT_EQ(ordered.files_["var/lib/dpkg/triggers/Unincorp"], "");
  ordered.order().after();
  ordered.files_["var/lib/dpkg/info/foo.list"] = "/.\n/usr/share/new/file\n";
  EXPECT_EQ(Ordered::texts(ordered.order().next(ordered.view())), Texts{"watcher postinst triggered named /usr/share/new /usr/share/foo"});
  EXPECT_TRUE(ordered.order().next(ordered.view()).empty());
  ordered.files_["var/lib/dpkg/triggers/Unincorp"] = "named foo\n";
  EXPECT_EQ(ordered.order().next(ordered.view()).size(), 1u);
  for (int round = 0; round < 60; ++round) {
    ordered.files_["var/lib/dpkg/triggers/Unincorp"] = "named foo\n";
    try {
      ordered.order().next(ordered.view());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::refused);
      return;
    }
  }
  FAIL() << "triggers without end";
}

}  // namespace
}  // namespace resole::test
