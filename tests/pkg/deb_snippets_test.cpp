// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/snippets.hpp"

#include <gtest/gtest.h>

#include "pkg/deb/known_shapes.hpp"
#include "pkg/deb/scripts.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using Compared = deb::Comparison::Kind;

std::string marked(const std::string& generator, const std::string& text) {
  return "# Automatically added by " + generator + "/13.11.4\n" + text + "# End automatically added section\n";
}

const std::string kAlways =
    "if [ \"$1\" = \"configure\" ] || [ \"$1\" = \"abort-upgrade\" ] || [ \"$1\" = \"abort-deconfigure\" ] || [ \"$1\" = \"abort-remove\" "
    "] ; then\n";
const std::string kRestartSnippet = kAlways +
                             "\tif [ -d /run/systemd/system ]; then\n\t\tsystemctl --system daemon-reload >/dev/null || true\n"
                             "\t\tif [ -n \"$2\" ]; then\n\t\t\t_dh_action=restart\n\t\telse\n\t\t\t_dh_action=start\n\t\tfi\n"
                             "\t\tdeb-systemd-invoke $_dh_action 'a.service' 'b@.socket' >/dev/null || true\n\tfi\nfi\n";
const std::string kTmpfilesSnippet =
    kAlways +
    "\tif [ -x \"$(command -v systemd-tmpfiles)\" ]; then\n\t\tsystemd-tmpfiles ${DPKG_ROOT:+--root=\"$DPKG_ROOT\"} --create foo.conf "
    "bar.conf || true\n\tfi\nfi\n";
const std::string kPythonSnippet =
    "if command -v py3compile >/dev/null 2>&1; then\n\tpy3compile -p foo /usr/share/foo\nfi\n"
    "if command -v pypy3compile >/dev/null 2>&1; then\n\tpypy3compile -p foo /usr/share/foo || true\nfi\n";
const std::string kEmptyFrame =
    "#!/bin/sh\nset -e\n\ncase \"$1\" in\n    configure)\n    ;;\n    abort-upgrade|abort-remove|abort-deconfigure)\n    ;;\n    *)\n"
    "        echo \"postinst called with unknown argument \\`$1'\" >&2\n        exit 1\n    ;;\nesac\n";

std::optional<std::vector<std::string>> recognised(const std::string& generator, const std::string& text,
                                                   const std::string& package = "foo") {
  const auto actions = deb::recognise({generator, text}, "postinst", package);
  if (!actions) return std::nullopt;
  std::vector<std::string> texts;
  for (const pkg::Action& action : *actions) texts.push_back(action.text());
  return texts;
}

using Texts = std::vector<std::string>;

TEST(DebSnippets, KnownOnesByTheirShape) {
  EXPECT_EQ(recognised("dh_installsystemd", kRestartSnippet), Texts{});
  EXPECT_EQ(recognised("dh_python3", kPythonSnippet), Texts{});
  EXPECT_EQ(recognised("dh_installtmpfiles", kTmpfilesSnippet), Texts{"tmpfiles foo.conf bar.conf"});
}

TEST(DebSnippets, NeverByTheirGeneratorAlone) {
  EXPECT_EQ(recognised("dh_installsystemd", kRestartSnippet + "rm -rf /\n"), std::nullopt);
  EXPECT_EQ(recognised("dh_python3", kRestartSnippet), std::nullopt);
  EXPECT_EQ(recognised("dh_installsystemd", "rm 'a.service'\n"), std::nullopt);
  std::string with_nul = kRestartSnippet;
  with_nul.insert(10, 1, '\0');
  EXPECT_EQ(recognised("dh_installsystemd", with_nul), std::nullopt);
  EXPECT_EQ(recognised("dh_installsystemd", std::string(100'000, '#') + "\n" + kRestartSnippet), std::nullopt) << "too long to be one";
  EXPECT_EQ(recognised("dh_python3", kPythonSnippet, "bar"), std::nullopt) << "of another package";
}

TEST(DebSnippets, NamesHaveShapesToo) {
  for (const char* unit : {"'a.service;rm'", "'$(x).service'", "'a b.service'", "'/x/a.service'"}) {
    std::string text = kRestartSnippet;
    text.replace(text.find("'a.service'"), 11, unit);
    EXPECT_EQ(recognised("dh_installsystemd", text), std::nullopt) << unit;
  }
  std::string text = kTmpfilesSnippet;
  text.replace(text.find("foo.conf"), 8, "../x.conf");
  EXPECT_EQ(recognised("dh_installtmpfiles", text), std::nullopt);
}

TEST(DebSnippets, ArgumentsAreParsed) {
  const std::string question = kAlways.substr(0, kAlways.size() - 8) + "; then\n";
  EXPECT_EQ(recognised("dh_installalternatives",
                       question + "        update-alternatives --install /usr/bin/editor editor /usr/bin/foo 30 \\\n            --slave "
                                  "/usr/share/man/man1/editor.1.gz editor.1.gz /usr/share/man/man1/foo.1.gz\nfi\n"),
            Texts{"alternative /usr/bin/editor editor /usr/bin/foo 30 --slave /usr/share/man/man1/editor.1.gz editor.1.gz "
                  "/usr/share/man/man1/foo.1.gz"});
  EXPECT_EQ(
      recognised("dh_installalternatives", question + "update-alternatives --install /usr/bin/editor editor /usr/bin/foo `id -u`\nfi\n"),
      std::nullopt);
  EXPECT_EQ(recognised("dh_installalternatives", question + "update-alternatives --remove-all editor\nfi\n"), std::nullopt);
}

TEST(DebSnippets, TheTableIsWellFormed) {
  for (const deb::KnownShape& shape : deb::known_shapes()) {
    EXPECT_EQ(shape.sha256.size(), 64u) << shape.what;
    EXPECT_TRUE(shape.generator.starts_with("dh_")) << shape.what;
  }
}

// ---- whole scripts

deb::Scripts postinst_of(const std::string& text) { return {{"postinst", deb::normalise_script(text)}}; }

TEST(DebCompareScripts, SnippetsMayChange) {
  const auto before = postinst_of(kEmptyFrame + "custom --thing\n" + marked("dh_python3", kPythonSnippet) + "exit 0\n");
  const auto after =
      postinst_of(kEmptyFrame + "custom --thing\n" + marked("dh_python3", kPythonSnippet) + marked("dh_installsystemd", kRestartSnippet) + "exit 0\n");
  const auto comparison = deb::compare_scripts("foo", after, &before);
  EXPECT_EQ(comparison.kind, Compared::recognised) << comparison.reason;
  EXPECT_EQ(comparison.reason, "what changed in postinst is known snippets of debhelper");
  const auto custom = postinst_of(kEmptyFrame + "custom --other\n" + marked("dh_python3", kPythonSnippet) + "exit 0\n");
  EXPECT_EQ(deb::compare_scripts("foo", custom, &before).kind, Compared::unknown);
}

TEST(DebCompareScripts, UnknownSnippetsMayStand) {
  const std::string strange = marked("dh_strange", "strange\n");
  const auto before = postinst_of("#!/bin/sh\n" + strange);
  const auto after = postinst_of("#!/bin/sh\n" + marked("dh_installsystemd", kRestartSnippet) + strange);
  EXPECT_EQ(deb::compare_scripts("foo", after, &before).kind, Compared::recognised);
  const auto changed = postinst_of("#!/bin/sh\n" + marked("dh_strange", "stranger\n"));
  const auto comparison = deb::compare_scripts("foo", changed, &before);
  EXPECT_EQ(comparison.kind, Compared::unknown);
  EXPECT_EQ(comparison.reason, "postinst has a changed part of dh_strange that is not known");
}

TEST(DebCompareScripts, NewPackagesOfKnownSnippets) {
  const auto comparison = deb::compare_scripts("foo", postinst_of(kEmptyFrame + marked("dh_installsystemd", kRestartSnippet) + "exit 0\n"), nullptr);
  EXPECT_EQ(comparison.kind, Compared::recognised) << comparison.reason;
  EXPECT_EQ(deb::compare_scripts("foo", postinst_of(kEmptyFrame + "ls\n"), nullptr).kind, Compared::unknown);
}

TEST(DebCompareScripts, WhatRunsOnlyOnRemovalDoesNotCount) {
  const deb::Scripts before = {{"postinst", "#!/bin/sh\n"}, {"prerm", "#!/bin/sh\nold\n"}};
  const deb::Scripts after = {{"postinst", "#!/bin/sh\n"}, {"prerm", "#!/bin/sh\nnew\n"}, {"postrm", "#!/bin/sh\nrm -rf /\n"}};
  const auto comparison = deb::compare_scripts("foo", after, &before);
  EXPECT_EQ(comparison.kind, Compared::recognised);
  EXPECT_EQ(comparison.reason, "the new postrm and prerm do not run on an upgrade");
}

TEST(DebMaintainerScript, Frames) {
  EXPECT_TRUE(deb::is_empty_frame(kEmptyFrame));
  EXPECT_TRUE(deb::is_empty_frame("#!/bin/sh -e\nif [ \"$1\" = \"configure\" ]; then\n:\nfi\nexit 0\n"));
  EXPECT_TRUE(deb::is_empty_frame("#!/bin/sh -e\nif [ \"$1\" = \"configure\" ]\nthen\n  ldconfig\nfi\n"));
  EXPECT_TRUE(deb::is_empty_frame("#!/bin/sh\nset -e\n. /usr/share/debconf/confmodule\n"));
  EXPECT_TRUE(deb::is_empty_frame("#!/bin/bash\nif [ \"$1\" = \"remove\" ] || [ \"$1\" = purge ]; then\ntrue\nfi\n"));
  for (const char* text : {"#!/usr/bin/perl\nexit 0\n", "#!/bin/sh\nls\n", "#!/bin/sh\nexit 1\n", "#!/bin/sh\nif [ -x /bin/x ]; then\nfi\n",
                           "#!/bin/sh\nif [ \"$1\" = \"$(rm x)\" ]; then\nfi\n", "#!/bin/sh\ncase \"$(x)\" in\nesac\n",
                           "#!/bin/sh\nx) ls;;\n", "#!/bin/sh\necho \"$(rm x) called with unknown argument \\`$1'\" >&2\n", "set -e\n"}) {
    EXPECT_FALSE(deb::is_empty_frame(text)) << text;
  }
  EXPECT_FALSE(deb::is_empty_frame(std::string("#!/bin/sh\nset -e\n\0\n", 18)));
}

TEST(DebCompareScripts, MovesOfConfigurationFilesAreJudgedOneByOne) {
  const std::string others = "dpkg-maintscript-helper rm_conffile /etc/x 1.0 other -- \"$@\"\n",
                    own = "dpkg-maintscript-helper rm_conffile /etc/y 1.0 foo -- \"$@\"\n";
  const auto scripts = [](const std::string& lines) {
    const std::string text = "#!/bin/sh\n" + marked("dh_installdeb", lines);
    return deb::Scripts{{"postinst", deb::normalise_script(text)}, {"preinst", deb::normalise_script(text)}};
  };
  const deb::Scripts before = scripts(others);
  const auto comparison = deb::compare_scripts("foo", scripts(others + own), &before);
  EXPECT_EQ(comparison.kind, Compared::recognised) << comparison.reason;
  ASSERT_EQ(comparison.actions.size(), 1u);
  EXPECT_EQ(comparison.actions[0].text(), "rm-conffile /etc/y 1.0");
  EXPECT_EQ(deb::compare_scripts("foo", scripts(others + own), nullptr).kind, Compared::unknown);
}

TEST(DebMaintainerScript, MarksThatAreNoMarks) {
  const std::string here = "#!/bin/sh\ncat <<EOF\n" + marked("dh_installsystemd", kRestartSnippet) + "EOF\n";
  EXPECT_TRUE(deb::cut_script(here).snippets.empty()) << "text of a here-document";
  const std::string open =
      "#!/bin/sh\n# Automatically added by dh_x\nrm\n# Automatically added by dh_y\nls\n# End automatically added section\n";
  const auto parts = deb::cut_script(open);
  ASSERT_EQ(parts.snippets.size(), 1u);
  EXPECT_NE(parts.rest.find("rm\n"), std::string::npos);
}

}  // namespace
}  // namespace resole::test
