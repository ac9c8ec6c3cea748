// SPDX-License-Identifier: Apache-2.0
#include "cli/forge_token.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "base/error.hpp"
#include "cli/option_values.hpp"
#include "io/files.hpp"

namespace resole::cli {
namespace RESOLE_TEST_FILE {

std::string token(const char* forge, const char* remote, std::map<std::string, std::string> variables, const std::string& file = {}) {
  return find_token(file, forge::forge_named(forge), forge::parse_remote(remote), [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

TEST(ForgeToken, ours_comes_before_the_pipelines) {
  EXPECT_EQ(token("github", "https://github.com/a/b", {{"RESOLE_FORGE_TOKEN", "ours"}, {"GITHUB_TOKEN", "theirs"}}), "ours");
  EXPECT_EQ(token("github", "https://github.com/a/b", {{"GITHUB_TOKEN", "theirs"}}), "theirs");
  EXPECT_EQ(token("github", "https://github.com/a/b", {}), "");
  io::TemporaryDirectory place;
  std::ofstream(place.path() / "token") << "from-a-file\n";
  EXPECT_EQ(token("github", "https://github.com/a/b", {{"RESOLE_FORGE_TOKEN", "ours"}}, (place.path() / "token").string()), "from-a-file");
}

TEST(ForgeToken, a_pipelines_token_is_for_its_own_server) {
  EXPECT_EQ(token("github", "https://github.example.org/a/b", {{"GITHUB_TOKEN", "theirs"}}), "") << "the public server's";
  EXPECT_EQ(token("github", "https://github.com/a/b", {{"GITHUB_TOKEN", "theirs"}, {"GITHUB_SERVER_URL", "https://github.example.org"}}), "");
  EXPECT_EQ(token("github", "https://github.example.org/a/b", {{"GITHUB_TOKEN", "theirs"}, {"GITHUB_SERVER_URL", "https://github.example.org"}}), "theirs");
  EXPECT_EQ(token("gitlab", "https://git.example.org:8443/a/b", {{"GITLAB_TOKEN", "theirs"}, {"CI_SERVER_URL", "https://git.example.org:8443"}}), "theirs");
  EXPECT_EQ(token("gitlab", "https://gitlab.com/a/b", {{"GITHUB_TOKEN", "theirs"}}), "");
}

TEST(ForgeToken, what_could_break_a_header_is_refused_and_not_repeated) {
  for (const char* text : {"two words", "line\r\nX-Injected: 1", "\x01", ""}) {
    try {
      token("github", "https://github.com/a/b", {{"RESOLE_FORGE_TOKEN", text}});
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find("words"), std::string::npos);
    }
  }
}

TEST(GitValues, are_checked_before_anything_is_asked) {
  EXPECT_EQ(inner_path_value("clusters/prod/"), "clusters/prod");
  for (const char* text : {"", "/etc", "../x", "a/../b", "a//b", "-x", ".git", "a/.git/hooks", "a\nb"}) EXPECT_THROW(inner_path_value(text), Error) << text;
  for (const char* text : {"ftp://x/y", "x", "https://me:secret@x/api", "https://x/api?y"}) EXPECT_THROW(api_value(text), Error) << text;
  for (const char* text : {"one", "a/../b", "a/b?c", "a/b c", "/a/b", "a/b/"}) EXPECT_THROW(project_value(text), Error) << text;
  EXPECT_EQ(project_value("group/sub/project"), "group/sub/project");
  for (const char* text : {"", "name", "<a@b>", "name <a@b", "name <a@b> x", "na\nme <a@b>", "name <<a@b>>", "name <>"}) EXPECT_THROW(author_value(text), Error) << text;
  EXPECT_EQ(author_value("The Bot <bot@example.org>"), "The Bot <bot@example.org>");
}

}  // namespace
}  // namespace resole::cli
