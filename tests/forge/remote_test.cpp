// SPDX-License-Identifier: Apache-2.0
#include "forge/remote.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "forge/forges.hpp"
#include "forge/marker.hpp"
#include "forge/propose.hpp"
#include "forge/working_copy.hpp"

namespace resole::forge {
namespace RESOLE_TEST_FILE {

TEST(Remote, forms_that_git_knows) {
  struct Case { const char *text, *scheme, *host, *path; };
  for (const Case& each : {Case{"https://git.example.org/team/repo.git", "https", "git.example.org", "team/repo"},
                           Case{"https://git.example.org:8443/a/b/c/", "https", "git.example.org:8443", "a/b/c"},
                           Case{"http://127.0.0.1:3000/team/repo", "http", "127.0.0.1:3000", "team/repo"},
                           Case{"https://Git.Example.org:443/t/r", "https", "git.example.org", "t/r"},
                           Case{"ssh://git@git.example.org:2222/team/repo.git", "ssh", "git.example.org", "team/repo"},
                           Case{"git@git.example.org:team/repo.git", "ssh", "git.example.org", "team/repo"},
                           Case{"file:///srv/git/repo.git", "file", "", "srv/git/repo"},
                           Case{"/srv/git/repo.git", "file", "", "srv/git/repo"}}) {
    const Remote remote = parse_remote(each.text);
    EXPECT_EQ(remote.scheme, each.scheme) << each.text;
    EXPECT_EQ(remote.host, each.host) << each.text;
    EXPECT_EQ(remote.path, each.path) << each.text;
  }
}

TEST(Remote, a_login_is_taken_out_of_the_url) {
  const Remote remote = parse_remote("https://me:top%2Fsecret@git.example.org/team/repo.git");
  EXPECT_EQ(remote.url, "https://git.example.org/team/repo.git");
  EXPECT_EQ(remote.user, "me");
  EXPECT_EQ(remote.password, "top/secret");
}

TEST(Remote, what_runs_a_program_or_is_an_option_is_refused) {
  for (const char* text : {"", "ext::sh -c touch% /tmp/x", "ext::sh", "fd::17", "--upload-pack=touch x", "-oProxyCommand=x:repo", "ssh://-oProxyCommand=x/repo", "ssh://me:secret@host/x", "rsync://host/x",
                           "https:///x", "https://host/x?y", "relative/path", "git@host:a b", "git@host:a\nb"}) {
    EXPECT_THROW(parse_remote(text), Error) << text;
  }
}

TEST(Forges, are_known_by_their_hosts) {
  EXPECT_EQ(forge_of(parse_remote("git@github.com:a/b.git"))->word, "github");
  EXPECT_EQ(forge_of(parse_remote("https://gitlab.example.org/a/b"))->word, "gitlab");
  EXPECT_EQ(forge_of(parse_remote("https://codeberg.org/a/b"))->word, "forgejo");
  EXPECT_EQ(forge_of(parse_remote("https://git.example.org/a/b")), nullptr);
  EXPECT_EQ(forge_of(parse_remote("/srv/github/a")), nullptr);
  const auto api = [](const char* forge, const char* remote) { return api_of(*forge_named(forge), parse_remote(remote)).text(); };
  EXPECT_EQ(api("github", "git@github.com:a/b.git"), "https://api.github.com");
  EXPECT_EQ(api("github", "https://github.example.org/a/b"), "https://github.example.org/api/v3");
  EXPECT_EQ(api("gitlab", "https://gitlab.com/a/b"), "https://gitlab.com/api/v4");
  EXPECT_EQ(api("gitlab", "ssh://git@git.example.org:2222/a/b"), "https://git.example.org/api/v4");
  EXPECT_EQ(api("gitea", "http://127.0.0.1:3000/a/b"), "http://127.0.0.1:3000/api/v1");
  EXPECT_THROW(api("gitea", "/srv/a/b"), Error);
}

TEST(Branch, is_the_same_for_the_same_target_and_readable) {
  EXPECT_EQ(branch_for("resole/", "web", {"main", "apps"}), branch_for("resole/", "web", {"main", "apps"}));
  EXPECT_NE(branch_for("resole/", "web", {"main", "apps"}), branch_for("resole/", "web", {"release", "apps"}));
  EXPECT_EQ(branch_for("resole/", "Team App__1", {"x"}).substr(0, 18), "resole/team-app-1-");
  for (const char* name : {"..", "@{", "~", "", "/", ".lock", "\xc3\xa4\x01"}) EXPECT_TRUE(is_branch_name(branch_for("resole/", name, {"x"}))) << name;
}

TEST(Branch, names_are_judged_as_git_does) {
  for (const char* name : {"main", "resole/web-01234567", "a.b", "a@b", "feature/\xc3\xa4"}) EXPECT_TRUE(is_branch_name(name)) << name;
  for (const char* name : {"", "-x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "@", "a@{b"}) EXPECT_FALSE(is_branch_name(name)) << name;
}

TEST(Branch, what_stands_in_its_way_is_gone_around) {
  EXPECT_EQ(free_branch_name("resole/web", {"main", {{"main", "1"}}}), "resole/web");
  EXPECT_EQ(free_branch_name("resole/web", {"main", {{"resole", "1"}}}), "resole-web");
  EXPECT_EQ(free_branch_name("resole/web", {"main", {{"resole/web/x", "1"}}}), "resole-web");
  EXPECT_EQ(free_branch_name("resole/web", {"main", {{"resole/web", "1"}, {"resole/web-2", "1"}}}), "resole/web");
}

TEST(Commit, ours_is_what_has_the_tree_that_its_message_names) {
  const std::string head = "tree 1111\nparent 2222\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n", text = "\nTitle\n\nResole-Change-Set: sha256:x\nResole-Tree: ";
  EXPECT_TRUE(read_commit(head + text + "1111\n", "c").ours);
  EXPECT_EQ(read_commit(head + text + "1111\n", "c").change_set, "sha256:x");
  EXPECT_FALSE(read_commit(head + text + "3333\n", "c").ours) << "amended";
  EXPECT_FALSE(read_commit("tree 1111\nparent 2222\nparent 4444\n" + text + "1111\n", "c").ours) << "a merge";
  EXPECT_FALSE(read_commit(head + "\nTitle\n", "c").ours);
  EXPECT_FALSE(read_commit("", "c").ours);
}

TEST(Marker, is_read_as_it_was_written_and_nothing_else_is) {
  const Marker marker{"sha256:abc", "sha256:def", {"a --> b", "ä"}, {"ann"}};
  EXPECT_EQ(read_marker("text\n" + write_marker(marker)), marker);
  EXPECT_EQ(read_marker(write_marker({"old", "", {}, {}}) + write_marker(marker) + "after"), marker) << "the last one";
  for (const char* body : {"", "<!-- resole-proposal:", "<!-- resole-proposal: -->", "<!-- resole-proposal:%%% -->", "<!-- resole-proposal:WzFd -->", "<!-- resole-proposal:eyJjaGFuZ2VTZXQiOjF9 -->"}) {
    EXPECT_EQ(read_marker(body), std::nullopt) << body;
  }
}

TEST(Marker, words_differ_only_when_people_would_see_it) {
  EXPECT_EQ(digest_of_words("A  title", "one\r\ntwo\n\n"), digest_of_words("A title", "one two"));
  EXPECT_NE(digest_of_words("A title", "one two"), digest_of_words("A title", "one three"));
  EXPECT_NE(digest_of_words("A title", "one"), digest_of_words("A", "title one"));
}

TEST(Body, the_largest_that_fits_is_taken) {
  const Marker marker{"sha256:abc", "", {}, {}};
  const std::vector<std::string> bodies = {std::string(3000, 'a'), std::string(500, 'b'), "c\nd\n" + std::string(200, 'e') + "\n"};
  const auto first = [&](std::size_t limit) {
    const std::string body = fitting_body(bodies, marker, limit);
    EXPECT_LE(body.size(), limit);
    EXPECT_EQ(read_marker(body), marker);
    return body.substr(0, 1);
  };
  EXPECT_EQ(first(58000), "a");
  EXPECT_EQ(first(3000), "b");
  EXPECT_EQ(first(500), "c");
  EXPECT_NE(fitting_body(bodies, marker, 250).find("The rest did not fit"), std::string::npos);
  EXPECT_LE(fitting_title(std::string(400, 'x'), 255).size(), 255u);
}

}  // namespace
}  // namespace resole::forge
