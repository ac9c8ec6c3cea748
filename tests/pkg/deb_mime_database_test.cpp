// SPDX-License-Identifier: Apache-2.0
// The MIME database beside the real update-mime-database, file by file, byte for byte.
#include "pkg/deb/mime_database.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/error.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// What the real program makes of these files.
class MimeOracle : public DpkgOracle {
 public:
  deb::MimeFiles make(const deb::MimeSources& sources) {
    const std::filesystem::path place = root() + "/mime";
    std::filesystem::create_directories(place / "packages");
    for (const auto& [name, content] : sources) std::ofstream(place / "packages" / name, std::ios::binary) << content;
    said = run("PKGSYSTEM_ENABLE_FSYNC=0 XDG_DATA_HOME=" + root() + " update-mime-database " + place.string() + " 2>&1");
    deb::MimeFiles files;
    for (const auto& each : std::filesystem::recursive_directory_iterator(place)) {
      const std::string path = std::filesystem::relative(each.path(), place);
      if (each.is_regular_file() && !path.starts_with("packages/") && path != "version") files[path] = content_of(each.path());
    }
    return files;
  }
  std::string said;
};

#define REQUIRE_MIME() \
  if (!has_program("update-mime-database")) GTEST_SKIP() << "update-mime-database is needed as oracle"

void expect_same(const deb::MimeFiles& ours, const deb::MimeFiles& real) {
  for (const auto& [path, content] : real) {
    const auto found = ours.find(path);
    ASSERT_NE(found, ours.end()) << path;
    EXPECT_TRUE(found->second == content) << path;
  }
  EXPECT_EQ(ours.size(), real.size());
}

std::string mime_info(const std::string& inner) {
  return "<?xml version='1.0' encoding='UTF-8'?>\n<mime-info xmlns='http://www.freedesktop.org/standards/shared-mime-info'>\n" + inner + "</mime-info>\n";
}

std::string mime_type(const std::string& name, const std::string& inner) { return "<mime-type type='" + name + "'>" + inner + "</mime-type>\n"; }

struct MimeCase {
  const char* name;
  deb::MimeSources files;
};

class DebMimeDatabase : public testing::TestWithParam<MimeCase> {};

TEST_P(DebMimeDatabase, ByteForByte) {
  REQUIRE_MIME();
  MimeOracle oracle;
  const auto real = oracle.make(GetParam().files);
  EXPECT_EQ(oracle.said, "");
  expect_same(deb::make_mime_database(GetParam().files), real);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DebMimeDatabase,
    testing::Values(
        MimeCase{"nothing", {{"a.xml", mime_info("")}}},
        MimeCase{"simple", {{"a.xml", mime_info(mime_type("text/x-a", "<comment>A &amp; &lt;b&gt; \"c\"</comment><comment xml:lang='de'> Ä\t</comment><comment/><glob pattern='*.A'/>"))}}},
        MimeCase{"comments_replace_each_other",
                 {{"a.xml", mime_info(mime_type("text/x-a", "<comment>one</comment><comment xml:lang='de'>eins</comment><acronym>A</acronym><expanded-acronym>B</expanded-acronym>"))},
                  {"b.xml", mime_info(mime_type("text/x-a", "<comment xml:lang='de'>zwei</comment><comment>two</comment><acronym>A</acronym>"))}}},
        MimeCase{"order_of_files", {{"Override.xml", mime_info(mime_type("text/x-o", "<alias type='text/x-alias'/><icon name='o'/>"))},
                                    {"a.xml", mime_info(mime_type("text/x-a", "<alias type='text/x-alias'/>"))},
                                    {"z.xml", mime_info(mime_type("text/x-z", "<alias type='text/x-alias'/><alias type='text/x-other'/>") + mime_type("text/x-o", "<icon name='z'/>"))},
                                    {"ignored.txt", "x"}}},
        MimeCase{"globs", {{"a.xml", mime_info(mime_type("text/x-a", "<glob pattern='*.ab'/><glob pattern='*.b' weight='80'/><glob pattern='Makefile'/><glob pattern='[Cc]*'/><glob pattern='*.C' case-sensitive='true'/>"
                                                                     "<glob pattern='*.\xc3\xa4\xe2\x82\xac'/><glob pattern='*~'/><glob weight='0' pattern='?x*'/>") +
                                               mime_type("text/x-b", "<glob pattern='*.AB' weight='60'/><glob pattern='makefile'/><glob-deleteall/><glob pattern='*.c'/><glob pattern='*.tar.b'/>") +
                                               mime_type("text/x-a", "<glob pattern='*.ab' weight='70'/>"))}}},
        MimeCase{"magic",
                 {{"a.xml", mime_info(mime_type("text/x-a", "<magic priority='60'><match type='string' value='\\x7fELF\\0\\101\\n\\\\\\q' offset='0'><match type='byte' value='0x02' offset='4:70'/><!-- no --><match "
                                                            "type='big16' value='010' mask='0xff' offset='6'><match type='little32' value='305419896' offset='9'/></match></match></magic>") +
                                      mime_type("text/x-b", "<magic><match type='host16' value='0x1234' offset='1'/><match type='host32' value='1' mask='3' offset='2:3'/><match type='string' value='abcd' "
                                                            "mask='0xffdf0' offset='0'/></magic><magic priority='60'><match type='big32' value='0xffffffff' offset='0'/></magic>") +
                                      mime_type("application/x-c", "<magic-deleteall/><magic priority='50'><match type='little16' value='1' offset='100'/></magic>"))}}},
        MimeCase{"trees", {{"a.xml", mime_info(mime_type("x-content/x-a", "<treemagic><treematch path='A' type='directory' non-empty='true'><treematch path='b' match-case='true' executable='true'/></treematch></treemagic>") +
                                               mime_type("x-content/x-b", "<treemagic priority='80'><treematch path='x' type='file' mimetype='text/plain'/><treematch path='y' type='link'/></treemagic>"))}}},
        MimeCase{"namespaces_and_icons", {{"a.xml", mime_info(mime_type("image/x-a", "<root-XML namespaceURI='http://x' localName='a'/><root-XML namespaceURI='' localName='b'/><root-XML namespaceURI='urn:y' localName=''/>"
                                                                                     "<generic-icon name='image-x-generic'/><icon name='special'/><unknown/>") +
                                                              mime_type("text/x-b", "<root-XML namespaceURI='http://x' localName='a'/><sub-class-of type='text/plain'/><sub-class-of type='image/x-a'/>"))}}},
        MimeCase{"case_of_names", {{"a.xml", mime_info(mime_type("text/X-A", "<comment>upper</comment>") + mime_type("text/x-a", "<comment>lower</comment>") + mime_type("Foo/Bar", "<comment>c</comment>"))}}},
        MimeCase{"declarations", {{"a.xml", "<!DOCTYPE mime-info [<!ELEMENT glob EMPTY><!ATTLIST glob weight CDATA \"30\">\n<!ATTLIST generic-icon name (a | b) #REQUIRED>]>" +
                                                mime_info(mime_type("text/x-a", "<glob pattern='*.a'/><glob pattern='*.b' weight='70'/><generic-icon name=' a '/>")).substr(38)}}}),
    [](const auto& each) { return each.param.name; });

// As many of all as make GLib's tables grow again and again, and collide.
TEST(DebMimeDatabaseRandom, ByteForByte) {
  REQUIRE_MIME();
  std::mt19937 random(11);
  const auto below = [&](unsigned most) { return static_cast<unsigned>(random() % most); };
  const auto number = [&](unsigned most) { return std::to_string(below(most)); };
  for (const unsigned count : {1u, 3u, 7u, 20u, 60u, 150u, 400u}) {
    const auto type = [&] { return std::string(below(2) ? "application" : "text") + "/x-" + number(2 * count); };
    deb::MimeSources files;
    for (const char* file : {"b.xml", "a.xml", "Override.xml"}) {
      std::string all;
      for (unsigned t = 0; t < count; ++t) {
        std::string inner = "<comment>" + number(100) + "</comment>";
        for (unsigned part = below(6); part > 0; --part) {
          const std::string suffix = std::string(1, static_cast<char>('a' + below(4))) + static_cast<char>('a' + below(4));
          switch (below(9)) {
            case 0: inner += "<glob pattern='*." + suffix + "' weight='" + number(101) + "'/>"; break;
            case 1: inner += "<glob pattern='" + suffix + number(50) + (below(2) ? "*'" : "' case-sensitive='true'") + "/>"; break;
            case 2: inner += "<alias type='" + type() + "a'/>"; break;
            case 3: inner += "<sub-class-of type='" + type() + "'/>"; break;
            case 4: inner += std::string(below(2) ? "<icon" : "<generic-icon") + " name='i" + number(20) + "'/>"; break;
            case 5: inner += "<root-XML namespaceURI='urn:" + number(50) + "' localName='" + suffix + "'/>"; break;
            case 6: inner += below(10) ? "" : below(2) ? "<glob-deleteall/>" : "<magic-deleteall/>"; break;
            case 7: inner += "<comment xml:lang='l" + number(3) + "'>" + suffix + "</comment>"; break;
            default:
              inner += "<magic priority='" + number(101) + "'><match type='string' value='" + suffix + "' offset='" + number(9) + "'>" +
                       (below(2) ? "<match type='big32' value='" + number(99999) + "' mask='0xffff' offset='3:9'/>" : "") + "</match></magic>";
          }
        }
        all += mime_type(type(), inner);
      }
      files[file] = mime_info(all);
    }
    MimeOracle oracle;
    expect_same(deb::make_mime_database(files), oracle.make(files));
  }
}

// Those that this machine has.
TEST(DebMimeDatabaseReal, ByteForByte) {
  REQUIRE_MIME();
  deb::MimeSources files;
  std::error_code none;
  for (const auto& each : std::filesystem::directory_iterator("/usr/share/mime/packages", none)) {
    const std::string name = each.path().filename();
    if (name.ends_with(".xml")) files.emplace(name, content_of(each.path()));
  }
  if (files.empty()) GTEST_SKIP() << "this machine has no descriptions of MIME types";
  MimeOracle oracle;
  expect_same(deb::make_mime_database(files), oracle.make(files));
}

TEST(DebMimeDatabaseErrors, WhatIsNotUnderstoodIsNotMade) {
  for (const char* inner : {"<other/>", "<mime-type/>", "<mime-type type='a'/>", "<mime-type type='a/b/c'/>", "<mime-type type='../b'/>", "<mime-type type='packages/b'/>", "<mime-type type='globs/b'/>",
                            "<mime-type type='a/b'><glob/></mime-type>", "<mime-type type='a/b'><glob pattern='*'/></mime-type>", "<mime-type type='a/b'><glob pattern='*.x' weight='101'/></mime-type>",
                            "<mime-type type='a/b'><comment><b/></comment></mime-type>", "<mime-type type='a/b'><comment><![CDATA[x]]></comment></mime-type>", "<mime-type type='a/b'><alias type='x'/></mime-type>",
                            "<mime-type type='a/b'><x:y xmlns:x='urn:x'/></mime-type>", "<mime-type type='a/b'><magic/></mime-type>",
                            "<mime-type type='a/b'><magic><match type='big16' value='65536' offset='0'/></magic></mime-type>", "<mime-type type='a/b'><magic><match type='byte' value='x' offset='0'/></magic></mime-type>",
                            "<mime-type type='a/b'><magic><match type='string' value='x' offset='5:4'/></magic></mime-type>", "<mime-type type='a/b'><magic><match type='string' value='x' mask='0xfff' offset='0'/></magic></mime-type>",
                            "<mime-type type='a/b'><treemagic><treematch/></treemagic></mime-type>", "<mime-type type='a/b'><root-XML namespaceURI='a b' localName='c'/></mime-type>"}) {
    EXPECT_THROW(deb::make_mime_database({{"a.xml", mime_info(inner)}}), Error) << inner;
  }
  EXPECT_THROW(deb::make_mime_database({{"a.xml", "<mime-info/>"}}), Error);
  EXPECT_THROW(deb::make_mime_database({{"a.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]>" + mime_info("").substr(38)}}), Error);
}

TEST(DebMimeDatabaseTree, TheImagesOwnFilesAreTheProof) {
  const std::string directory = "usr/share/mime/", one = mime_info(mime_type("text/x-a", "<comment>A</comment><glob pattern='*.a'/>") + mime_type("chemical/x-b", "<glob pattern='*.b'/>"));
  std::map<std::string, std::string> files = {{directory + "packages/one.xml", one}, {directory + "version", "2.2\n"}};
  for (const auto& [path, content] : deb::make_mime_database({{"one.xml", one}})) files[directory + path] = content;
  EXPECT_EQ(deb::mime_obstacle(tree_of(files)), "");
  const auto with = [&](const std::string& path, const std::string& content) {
    auto changed = files;
    changed[directory + path] = content;
    return deb::mime_obstacle(tree_of(changed));
  };
  EXPECT_NE(with("mime.cache", "x"), "");
  EXPECT_NE(with("text/x-a.xml", "x"), "");
  EXPECT_NE(with("packages/one.xml", mime_info("<x/>")), "");
  EXPECT_NE(with("text/x-old.xml", "x"), "") << "the program would have removed it";
  EXPECT_EQ(with("chemical/x-old.xml", "x"), "") << "2.2 does not look there";
  files[directory + "version"] = "2.4\n";
  EXPECT_NE(with("chemical/x-old.xml", "x"), "");
  auto fewer = files;
  fewer.erase(directory + "text/x-a.xml");
  EXPECT_EQ(deb::mime_obstacle(tree_of(fewer)), "") << "what the image has deleted";
}

// A package with descriptions is upgraded both ways: a type comes, one goes, one changes.
TEST(DebMimeDatabaseUpgrade, AsDpkgAndItsTrigger) {
  REQUIRE_MIME();
  REQUIRE_DPKG();
  const auto package = [](const std::string& version, const std::string& inner) {
    return DebBuilder("foo", version).file("usr/share/mime/packages/foo.xml", mime_info(inner)).md5sums().build();
  };
  DpkgOracle oracle;
  const auto update = [&] { oracle.shell("PKGSYSTEM_ENABLE_FSYNC=0 update-mime-database usr/share/mime 2>/dev/null"); };
  oracle.install({package("1", mime_type("text/x-a", "<comment>A</comment><glob pattern='*.a'/>") + mime_type("text/x-gone", "<glob pattern='*.g'/>"))});
  update();
  const rootfs::Tree before = oracle.image();
  const std::string newer = package("2", mime_type("text/x-a", "<comment>B</comment><glob pattern='*.a'/>") + mime_type("image/x-new", "<glob pattern='*.n'/>"));
  MemoryCache cache;
  const rootfs::Tree ours = apply(before, upgrade_tree(before, {newer}, cache));
  oracle.install({newer});
  update();
  const rootfs::Tree real = oracle.image();
  const auto listed = [](const rootfs::Tree& tree) {
    std::map<std::string, std::string> files;
    tree.walk("usr/share/mime", [&](const rootfs::Node& node) {
      if (node.entry.type == tar::Type::file) files[node.entry.path] = std::to_string(node.entry.mode) + " " + to_hex(node.entry.sha256);
    });
    return files;
  };
  EXPECT_EQ(listed(ours), listed(real));
  EXPECT_FALSE(listed(ours).contains("usr/share/mime/text/x-gone.xml"));
  EXPECT_TRUE(listed(ours).contains("usr/share/mime/image/x-new.xml"));
}

}  // namespace
}  // namespace resole::test
