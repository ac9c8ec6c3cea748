// SPDX-License-Identifier: Apache-2.0
// The ca-certificates recipe beside the real update-ca-certificates, run on directories that look like an image's.
#include <gtest/gtest.h>

#include "pkg/deb/ca_certificates.hpp"
#include "pkg/deb/hash_links.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

rootfs::Tree with_draft(const rootfs::Tree& tree, const rootfs::LayerDraft& draft) {
  std::string bytes;
  StringSink sink(bytes);
  return tree.with(std::make_shared<const rootfs::LayerIndex>(draft.write(tree, 0, sink)));
}

// The script takes directories as options; link targets then name the scratch directory, so that both sides are compared with it cut off.
std::map<std::string, std::string> certs_of(const rootfs::Tree& tree, const std::string& root) {
  std::map<std::string, std::string> found;
  for (const std::string& name : tree.children("etc/ssl/certs")) {
    const rootfs::Entry& entry = tree.find("etc/ssl/certs/" + name)->entry;
    std::string text = entry.type == tar::Type::symlink ? entry.link : to_hex(entry.sha256);
    if (text.starts_with(root)) text.erase(0, root.size());
    found[name] = text;
  }
  return found;
}

class Certificates : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("update-ca-certificates") || !has_program("openssl")) GTEST_SKIP() << "update-ca-certificates and openssl are needed";
    oracle.shell("mkdir -p etc/ssl/certs etc/ca-certificates/update.d usr/share/ca-certificates/mozilla usr/local/share/ca-certificates");
    // Six roots, two of them with one subject (so that their hash links collide), one file without newline at its end, one name to be
    // translated.
    oracle.shell(
        "cd usr/share/ca-certificates/mozilla; for i in A B C D; do openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj "
        "/CN=$i -days 9000 -out $i.crt; done;"
        "openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=A -days 9000 -out A2.crt;"
        "openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=E -days 9000 -out 'E (x),y z.crt'; printf %s \"$(cat "
        "B.crt)\" > B.crt;"
        "openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=Local -days 9000 -out "
        "../../../local/share/ca-certificates/local.crt");
    oracle.shell(
        "printf '%s\\n' '# list' mozilla/A.crt mozilla/B.crt mozilla/C.crt '!mozilla/D.crt' mozilla/A2.crt 'mozilla/E (x),y z.crt' > "
        "etc/ca-certificates.conf");
  }

  void run_theirs() {
    const std::string& root = oracle.root();
    oracle.shell("update-ca-certificates --certsconf " + root + "/etc/ca-certificates.conf --certsdir " + root +
                 "/usr/share/ca-certificates --localcertsdir " + root + "/usr/local/share/ca-certificates --etccertsdir " + root +
                 "/etc/ssl/certs --hooksdir ''");
  }

  // Links as an image has them: absolute without the scratch directory.
  void localise() {
    oracle.shell("cd etc/ssl/certs; for i in *; do t=$(readlink \"$i\") || continue; case $t in " + oracle.root() + "/*) ln -sfn \"${t#" +
                 oracle.root() + "}\" \"$i\";; esac; done");
  }
  void delocalise() {
    oracle.shell("cd etc/ssl/certs; for i in *; do t=$(readlink \"$i\") || continue; case $t in /*) ln -sfn \"" + oracle.root() +
                 "$t\" \"$i\";; esac; done");
  }

  void compare() {
    localise();
    const rootfs::Tree before = oracle.image();
    rootfs::LayerDraft draft;
    const auto notes = deb::update_ca_certificates(before, {}, draft);
    EXPECT_TRUE(notes.empty());
    const rootfs::Tree ours = with_draft(before, draft);
    delocalise();
    run_theirs();
    EXPECT_EQ(certs_of(ours, ""), certs_of(oracle.image(), oracle.root()));
  }

  DpkgOracle oracle;
};

TEST_F(Certificates, FirstRun) { compare(); }

TEST_F(Certificates, AddedRemovedAndDisabled) {
  run_theirs();
  oracle.shell(
      "rm usr/share/ca-certificates/mozilla/C.crt; rm usr/local/share/ca-certificates/local.crt;"
      "printf '%s\\n' mozilla/A2.crt '!mozilla/A.crt' mozilla/B.crt '!mozilla/C.crt' mozilla/D.crt > etc/ca-certificates.conf");
  compare();
}

TEST_F(Certificates, NothingToDo) {
  run_theirs();
  localise();
  const rootfs::Tree before = oracle.image();
  rootfs::LayerDraft draft;
  deb::update_ca_certificates(before, {}, draft);
  std::string bytes;
  StringSink sink(bytes);
  EXPECT_TRUE(draft.write(before, 0, sink).entries.empty());
}

TEST_F(Certificates, OrphansGoWhenSomethingChanges) {
  run_theirs();
  oracle.shell(
      "ln -s /usr/share/gone.crt etc/ssl/certs/gone.pem; ln -s gone.pem etc/ssl/certs/12345678.0; rm "
      "usr/share/ca-certificates/mozilla/B.crt; sed -i 's,^mozilla/B,!mozilla/B,' etc/ca-certificates.conf");
  compare();
}

TEST(CertificatePlace, MissingIsMadeAndNowhereIsTold) {
  const auto run = [](std::map<std::string, std::string> more, rootfs::LayerDraft& draft) {
    more.insert({{"etc/ca-certificates.conf", "x.crt\n"}, {"usr/share/ca-certificates/x.crt", "pem\n"}});
    const rootfs::Tree tree = tree_of(more);
    const auto notes = deb::update_ca_certificates(tree, {.configure = false, .epoch = 1, .shipped = {}}, draft);
    with_draft(tree, draft);  // must be possible
    return notes;
  };
  rootfs::LayerDraft missing, dangling, file;
  EXPECT_EQ(run({{"etc/ssl/", ""}}, missing), std::vector<std::string>{});
  EXPECT_TRUE(missing.contains("etc/ssl/certs/ca-certificates.crt"));
  EXPECT_EQ(run({{"etc/ssl/certs", "-> /run/certs"}}, dangling),
            std::vector<std::string>{"/etc/ssl/certs is a link to nowhere in the image: bundle and links of the certificates are not made again"});
  EXPECT_TRUE(dangling.empty());
  EXPECT_EQ(run({{"etc/ssl/certs", "x"}}, file).size(), 1u);
  EXPECT_TRUE(file.empty());
}

TEST(CertificateList, IsRewrittenAsPostinstDoes) {
  const auto nothing = [](std::string_view) { return false; };
  const std::string conf = "# comment\nmozilla/A.crt\n!mozilla/B.crt\nmozilla/Gone.crt\n";
  EXPECT_EQ(deb::rewrite_certificate_list(conf, {"mozilla/A.crt", "mozilla/B.crt", "mozilla/New.crt"}, true, nothing),
            "# comment\nmozilla/A.crt\n!mozilla/B.crt\n!mozilla/Gone.crt\nmozilla/New.crt\n");
  EXPECT_EQ(deb::rewrite_certificate_list(conf, {"mozilla/A.crt", "mozilla/B.crt", "mozilla/New.crt"}, false, nothing),
            "# comment\nmozilla/A.crt\n!mozilla/B.crt\n!mozilla/Gone.crt\n!mozilla/New.crt\n");
  EXPECT_EQ(deb::rewrite_certificate_list("own/root.pem\n", {}, true, [](std::string_view name) { return name == "own/root.pem"; }),
            "own/root.pem\n");
}

TEST(HashLinks, LinksOfFilesThatCannotBeReadStay) {
  deb::LinkDirectory directory = {{"snakeoil.pem", std::nullopt}, {"0123abcd.0", "snakeoil.pem"}, {"0123abcd.1", "gone.pem"}};
  deb::rehash(directory, [](const std::string&) { return deb::CertificateFile{}; });
  EXPECT_TRUE(directory.contains("0123abcd.0"));
  EXPECT_FALSE(directory.contains("0123abcd.1"));
}

}  // namespace
}  // namespace resole::test
