// SPDX-License-Identifier: Apache-2.0
// A tree on disk is the tree of the layers, and what is changed there becomes a layer again.
#include "build/script_tree.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/error.hpp"
#include "io/files.hpp"
#include "rootfs/tree_difference.hpp"
#include "support/tar_builder.hpp"

namespace resole::build {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;
using test::TarBuilder;

struct Layers {
  std::vector<std::string> tars;
  rootfs::Tree tree() const {
    std::vector<std::shared_ptr<const rootfs::LayerIndex>> indexes;
    for (const std::string& tar : tars) {
      const auto source = source_of(std::string_view(tar));
      indexes.push_back(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest::of(tar))));
    }
    return rootfs::Tree::merge(std::move(indexes));
  }
  LayerOpener opener() const {
    return [this](std::size_t layer) { return source_of(std::string_view(tars.at(layer))); };
  }
};

tar::Header header(std::string path, tar::Type type, std::uint32_t mode, std::uint32_t uid = 0, std::uint32_t gid = 0) {
  tar::Header out;
  out.path = std::move(path);
  out.type = type;
  out.mode = mode;
  out.uid = uid;
  out.gid = gid;
  out.mtime = 1'600'000'000;
  return out;
}

tar::Header file(std::string path, std::string_view content, std::uint32_t mode = 0644, std::uint32_t uid = 0, std::uint32_t gid = 0) {
  tar::Header out = header(std::move(path), tar::Type::file, mode, uid, gid);
  out.size = content.size();
  return out;
}

class ScriptTreeTest : public testing::Test {
 protected:
  void begin(std::vector<std::string> tars) {
    layers_.tars = std::move(tars);
    tree_.emplace(layers_.tree());
    disk_.emplace(scratch_.path());
    disk_->become(nullptr, *tree_, 0, layers_.opener());
  }
  fs::path root() { return disk_->sandbox().root.path(); }
  std::string text(const std::string& path) {
    std::ifstream in(root() / path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& path, std::string_view content) { std::ofstream(root() / path) << content; }
  void give(const std::string& path, std::optional<std::uint32_t> user, std::optional<std::uint32_t> group) {
    disk_->sandbox().owners.record(facts_of(AT_FDCWD, (root() / path).c_str())->identity, {user, group});
  }
  rootfs::LayerDraft changes() { return disk_->changes(*tree_).draft; }
  static std::vector<std::string> paths(const rootfs::LayerDraft& draft) {
    std::vector<std::string> all;
    for (const auto& [path, put] : draft.puts()) all.push_back(path);
    for (const auto& path : draft.removals()) all.push_back("-" + path);
    return all;
  }
  static std::string body(const rootfs::LayerDraft& draft, const std::string& path) { return std::string(draft.puts().at(path).second.bytes()); }
  static const tar::Header& at(const rootfs::LayerDraft& draft, const std::string& path) { return draft.puts().at(path).first; }

  io::TemporaryDirectory scratch_;
  Layers layers_;
  std::optional<rootfs::Tree> tree_;
  std::optional<ScriptTree> disk_;
};

TEST_F(ScriptTreeTest, HoldsTheMergedTree) {
  begin({TarBuilder()
             .dir("etc")
             .file("etc/a", "lower")
             .file("etc/gone", "x")
             .dir("usr")
             .dir("usr/lib")
             .symlink("lib", "usr/lib")
             .symlink("abs", "/etc/a")
             .file("usr/lib/x", "one")
             .hardlink("usr/lib/y", "usr/lib/x")
             .bytes(),
         TarBuilder().whiteout("etc/gone").file("etc/a", "upper", 04750).file("lib/through", "link").bytes()});
  EXPECT_EQ(text("etc/a"), "upper");
  EXPECT_FALSE(fs::exists(root() / "etc/gone"));
  EXPECT_EQ(fs::read_symlink(root() / "abs"), "/etc/a");
  EXPECT_EQ(text("usr/lib/through"), "link");
  EXPECT_EQ(fs::hard_link_count(root() / "usr/lib/x"), 2u);
  EXPECT_TRUE(fs::equivalent(root() / "usr/lib/x", root() / "usr/lib/y"));
  struct stat facts {};
  ASSERT_EQ(lstat((root() / "etc/a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 04750u);
  EXPECT_EQ(facts.st_mtime, 1700000000);
  EXPECT_TRUE(changes().empty()) << paths(changes()).front();
}

TEST_F(ScriptTreeTest, DevicesAreLeftOutAndNotMissed) {
  TarBuilder tar;
  tar::Header device = header("dev/null", tar::Type::character, 0666);
  device.major = 1;
  device.minor = 3;
  begin({tar.dir("dev").add(device).bytes()});
  EXPECT_FALSE(fs::exists(root() / "dev/null"));
  EXPECT_TRUE(changes().empty());
}

TEST_F(ScriptTreeTest, NoLinkOfAnImageLeadsOut) {
  const fs::path outside = scratch_.path() / "outside";
  fs::create_directory(outside);
  begin({TarBuilder().symlink("out", outside.string()).symlink("up", "../../../../..").bytes()});
  disk_->put_workplace("", {});
  EXPECT_THROW(disk_->put_workplace("out/work", {}), Error);
  EXPECT_THROW(disk_->put_workplace("up/work", {}), Error);
  EXPECT_FALSE(disk_->view().read("out/../secret"));
  EXPECT_TRUE(fs::is_empty(outside));
}

TEST_F(ScriptTreeTest, FindsWhatIsWrittenMadeRemoved) {
  begin({TarBuilder().dir("etc").file("etc/kept", "same").file("etc/edited", "before").file("etc/removed", "x").dir("etc/d").file("etc/d/x", "1").symlink("etc/link", "kept").bytes()});
  write("etc/edited", "after!");
  write("etc/made", "new");
  fs::remove(root() / "etc/removed");
  fs::remove_all(root() / "etc/d");
  fs::remove(root() / "etc/link");
  fs::create_symlink("edited", root() / "etc/link");
  fs::create_directories(root() / "var/lib/new");
  const auto draft = changes();
  EXPECT_EQ(paths(draft), (std::vector<std::string>{"etc/edited", "etc/link", "etc/made", "var", "var/lib", "var/lib/new", "-etc/d", "-etc/d/x", "-etc/removed"}));
  EXPECT_EQ(body(draft, "etc/edited"), "after!");
  EXPECT_EQ(at(draft, "etc/link").link, "edited");
}

TEST_F(ScriptTreeTest, SeesWritesThatKeepSizeAndTime) {
  begin({TarBuilder().file("a", "1234").bytes()});
  struct stat facts {};
  ASSERT_EQ(lstat((root() / "a").c_str(), &facts), 0);
  write("a", "4321");
  const timespec times[2] = {facts.st_atim, facts.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, (root() / "a").c_str(), times, 0), 0);
  EXPECT_EQ(paths(changes()), std::vector<std::string>{"a"});
}

TEST_F(ScriptTreeTest, OwnersStayGoAlongOrAreRoots) {
  TarBuilder tar;
  begin({tar.add(header("shared", tar::Type::directory, 02775, 5, 55)).add(file("shared/own", "1", 0640, 33, 44), "1").add(file("shared/moved", "2", 0644, 7, 7), "2").bytes()});
  write("shared/own", "changed");                                     // in place
  fs::rename(root() / "shared/moved", root() / "elsewhere");         // the same file under another name
  write("fresh", "x");
  write("shared/fresh", "x");
  write("shared/given", "x");
  give("shared/given", 1000, std::nullopt);
  const auto draft = changes();
  EXPECT_EQ(std::pair(at(draft, "shared/own").uid, at(draft, "shared/own").gid), std::pair(33u, 44u));
  EXPECT_EQ(at(draft, "shared/own").mode, 0640u);
  EXPECT_EQ(std::pair(at(draft, "elsewhere").uid, at(draft, "elsewhere").gid), std::pair(7u, 7u));
  EXPECT_EQ(std::pair(at(draft, "fresh").uid, at(draft, "fresh").gid), std::pair(0u, 0u));
  EXPECT_EQ(std::pair(at(draft, "shared/fresh").uid, at(draft, "shared/fresh").gid), std::pair(0u, 55u));
  EXPECT_EQ(std::pair(at(draft, "shared/given").uid, at(draft, "shared/given").gid), std::pair(1000u, 55u));
  EXPECT_FALSE(draft.contains("shared"));
}

TEST_F(ScriptTreeTest, ReplacedFilesBelongToRoot) {
  TarBuilder tar;
  begin({tar.add(file("a", "1", 0640, 33, 44), "1").bytes()});
  write("a.new", "2");
  fs::rename(root() / "a.new", root() / "a");
  EXPECT_EQ(at(changes(), "a").uid, 0u);
}

TEST_F(ScriptTreeTest, ModesOfDirectoriesAreTheTreesUntilChanged) {
  TarBuilder tar;
  begin({tar.add(header("closed", tar::Type::directory, 0050)).add(file("closed/x", "1"), "1").dir("other").bytes()});
  EXPECT_TRUE(changes().empty());
  give("closed", 9, 9);
  fs::permissions(root() / "other", fs::perms(0550));
  auto draft = changes();
  EXPECT_EQ(at(draft, "closed").mode, 0050u);
  EXPECT_EQ(at(draft, "closed").uid, 9u);
  EXPECT_EQ(at(draft, "other").mode, 0550u);
  EXPECT_EQ(fs::status(root() / "other").permissions() & fs::perms::owner_all, fs::perms::owner_all) << "still ours to work in";
}

TEST_F(ScriptTreeTest, LinkSetsAreWhole) {
  begin({TarBuilder().file("a", "1").file("single", "s").bytes()});
  fs::create_hard_link(root() / "a", root() / "b");
  const auto draft = changes();
  EXPECT_EQ(paths(draft), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(at(draft, "b").type, tar::Type::hardlink);
  EXPECT_EQ(at(draft, "b").link, "a");
}

TEST_F(ScriptTreeTest, NoiseIsNoChange) {
  begin({TarBuilder().dir("var").dir("var/log").file("var/log/x.log", "1").dir("tmp").dir("var/lib").dir("var/lib/dpkg").file("var/lib/dpkg/status", "s").bytes()});
  write("var/log/x.log", "2");
  write("var/log/y.log", "2");
  write("tmp/z", "2");
  write("var/lib/dpkg/status-old", "s");
  write("var/lib/dpkg/lock-frontend", "");
  EXPECT_EQ(paths(changes()), std::vector<std::string>{});
  write("var/lib/dpkg/status", "t");
  EXPECT_EQ(paths(changes()), std::vector<std::string>{"var/lib/dpkg/status"});
}

TEST_F(ScriptTreeTest, SocketsAreToldAndFifosKept) {
  begin({TarBuilder().dir("srv").bytes()});
  ASSERT_EQ(mkfifo((root() / "srv/fifo").c_str(), 0600), 0);
  ASSERT_EQ(mknod((root() / "srv/socket").c_str(), S_IFSOCK | 0600, 0), 0);
  const ScriptChanges found = disk_->changes(*tree_);
  EXPECT_EQ(found.left_out, std::vector<std::string>{"srv/socket"});
  EXPECT_EQ(paths(found.draft), std::vector<std::string>{"srv/fifo"});
}

TEST_F(ScriptTreeTest, BecomesTheNextTree) {
  begin({TarBuilder().dir("d").file("d/old", "1").file("d/kept", "k").file("swap", "file").dir("swap2").file("swap2/x", "1").bytes()});
  layers_.tars.push_back(TarBuilder().whiteout("d/old").dir("d").file("d/new", "2").dir("swap").file("swap/inside", "3").file("swap2", "4").bytes());
  const rootfs::Tree next = layers_.tree();
  write("swap2/noise", "left behind");
  disk_->become(&*tree_, next, 1, layers_.opener());
  EXPECT_FALSE(fs::exists(root() / "d/old"));
  EXPECT_EQ(text("d/kept"), "k");
  EXPECT_EQ(text("d/new"), "2");
  EXPECT_EQ(text("swap/inside"), "3");
  EXPECT_EQ(text("swap2"), "4");
  EXPECT_TRUE(disk_->changes(next).draft.empty());
}

// The tree that a difference leads to is the one that it was made for.
TEST_F(ScriptTreeTest, ADifferenceLeadsThere) {
  const std::string lower = TarBuilder().dir("a").file("a/x", "1").hardlink("a/y", "a/x").file("a/z", "z").dir("b").file("b/f", "f").symlink("l", "a").bytes();
  const std::string upper = TarBuilder().whiteout("a/z").file("a/x", "2").whiteout("l").dir("l").file("l/in", "i").whiteout("b").file("b", "now a file").bytes();
  Layers from{{lower}}, to{{lower, upper}};
  const rootfs::Tree before = from.tree(), after = to.tree();
  const std::map<std::string, std::string> bodies = {{"a/x", "2"}, {"a/y", "1"}, {"l/in", "i"}, {"b", "now a file"}};
  const auto draft = rootfs::difference(before, after, 1'000'000'000, [&](const rootfs::Node& node) { return Blob::of(bodies.at(node.entry.path)); });
  std::string bytes;
  StringSink sink(bytes);
  const auto reached = before.with(std::make_shared<rootfs::LayerIndex>(draft.write(before, 0, sink)));
  std::map<std::string, std::string> expected, found;
  const auto describe = [](const rootfs::Node& node, const rootfs::Tree& tree) {
    std::string set;
    for (const auto& name : tree.link_set(node.entry.path)) set += name + " ";
    return fmt::format("{} {:o} {} {} {}", static_cast<int>(node.entry.type), node.entry.mode, node.entry.link, to_hex(node.entry.sha256), set);
  };
  after.walk("", [&](const rootfs::Node& node) { expected[node.entry.path] = describe(node, after); });
  reached.walk("", [&](const rootfs::Node& node) { found[node.entry.path] = describe(node, reached); });
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(rootfs::difference(after, after, 0, [](const rootfs::Node&) -> Blob { throw std::logic_error("nothing differs"); }).empty());
}

TEST_F(ScriptTreeTest, NothingIsLeftWhateverTheScriptsDid) {
  begin({TarBuilder().dir("a").bytes()});
  fs::path deep = root() / "a";
  for (int i = 0; i < 60; ++i) {
    deep /= std::string(50, 'd');
    fs::create_directory(deep);
  }
  // Deeper than a path can name, as a script does it that goes down step by step.
  int at = open(deep.c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(mkdirat(at, "deeper-and-deeper", 0700), 0);
    const int next = openat(at, "deeper-and-deeper", O_RDONLY | O_DIRECTORY);
    close(at);
    at = next;
  }
  close(at);
  fs::permissions(root() / "a", fs::perms::none);
  EXPECT_THROW(changes(), Error);
  disk_.reset();
  EXPECT_TRUE(fs::is_empty(scratch_.path()));
}

TEST_F(ScriptTreeTest, TreesOfKilledRunsAreRemoved) {
  const fs::path abandoned = scratch_.path() / "scripts-0123456789abcdef";
  fs::create_directories(abandoned / "tree/usr");
  std::ofstream(abandoned / "lock") << "";
  begin({TarBuilder().dir("a").bytes()});
  remove_abandoned_trees(scratch_.path());
  EXPECT_FALSE(fs::exists(abandoned));
  EXPECT_TRUE(fs::exists(root() / "a")) << "one that is in use is not";
}

}  // namespace
}  // namespace resole::build
