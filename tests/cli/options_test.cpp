// SPDX-License-Identifier: Apache-2.0
// The command line wins, then the environment, then the file; only the chosen verb's options count; every value is checked before any work.
#include "cli/options.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/error.hpp"
#include "cli/option_table.hpp"

namespace resole::cli {
namespace RESOLE_TEST_FILE {

using Words = std::vector<std::string>;
using Strings = std::vector<std::string>;

class ParseOptions : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "resole-options-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    write("plan.json", "{}");
    write("result.json", "{}");
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  std::string write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name, std::ios::binary) << text;
    return path(name);
  }
  Options parse(const Words& words, const Environment& environment = {}) {
    const Parsed parsed = parse_options(words, environment, log_format_);
    EXPECT_TRUE(parsed.options.has_value());
    return parsed.options.value_or(Options{});
  }
  // "message | hint" of the usage error.
  std::string problem(const Words& words, const Environment& environment = {}) {
    try {
      parse_options(words, environment, log_format_);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.message() + " | " + error.hint();
    }
    return "none";
  }
  static void has(const std::string& text, const std::string& part) { EXPECT_NE(text.find(part), std::string::npos) << text << "\nlacks " << part; }
  static Strings texts(const std::vector<oci::Location>& locations) {
    Strings out;
    for (const auto& location : locations) out.push_back(location.text());
    return out;
  }

  std::filesystem::path directory_;
  std::string log_format_;
  const Words patch_ = {"patch", "oci:in:x", "--to", "oci:out:x"};
  Words patch(const Words& more) const {
    Words words = patch_;
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
};

// ---------------------------------------------------------------- which source wins

TEST_F(ParseOptions, CommandLineBeatsEnvironmentBeatsFile) {
  const std::string config = write("c.toml", "update = \"all\"\njobs = 3\ncompression = \"zstd\"\n");
  const Environment environment = {{"RESOLE_CONFIG", config}, {"RESOLE_UPDATE", "security"}, {"RESOLE_JOBS", "4"}, {"RESOLE_TO", "oci:EVIL:x"}};
  const Options options = parse(patch({"--jobs", "5"}), environment);
  EXPECT_EQ(options.common.jobs, 5u);
  EXPECT_EQ(options.planning.update, "security");
  EXPECT_EQ(options.planning.compression, "zstd");
  EXPECT_EQ(texts(options.building.to), Strings{"oci:out:x"});
}

TEST_F(ParseOptions, NothingOfTheEnvironmentIsLeftWhereTheCommandLineSpeaks) {
  const std::string keyring = write("k.gpg", "\x99\x01"), other = write("o.gpg", "\x99\x01");
  const Environment evil = {{"RESOLE_TO", "oci:EVIL:x"},          {"RESOLE_CACHE_DIR", "/EVIL"},   {"RESOLE_UPDATE", "all"},      {"RESOLE_OUTPUT", "EVIL"},
                            {"RESOLE_PLAN", "EVIL"},              {"RESOLE_COMPRESSION", "zstd"},  {"RESOLE_ON_EOL", "refuse"},   {"RESOLE_FORCE", "1"},
                            {"RESOLE_OFFLINE", "true"},           {"RESOLE_JOBS", "9"},            {"RESOLE_HOLD", "EVIL"},       {"RESOLE_PLATFORM", "linux/evil"},
                            {"RESOLE_ADD_KEYRING", other},        {"RESOLE_AS_OF", "2020-01-01"},  {"RESOLE_FORMAT", "json"},     {"RESOLE_PROGRESS", "json"},
                            {"RESOLE_MAX_INDEX_AGE", "9d"}};
  const Options options = parse(
      patch({"--cache-dir", "good", "--update", "security", "-o", "good.json", "--plan", "good", "--compression", "gzip", "--on-eol", "warn", "--force=false",
             "--offline=false", "--jobs", "3", "--hold", "good", "--platform", "linux/good", "--add-keyring", keyring, "--as-of", "2026-01-01", "--format", "table",
             "--progress", "none", "--max-index-age", "1d"}),
      evil);
  EXPECT_EQ(texts(options.building.to), Strings{"oci:out:x"});
  EXPECT_EQ(options.common.cache_dir, "good");
  EXPECT_EQ(options.planning.update, "security");
  EXPECT_EQ(options.output, "good.json");
  EXPECT_EQ(options.plan_output, "good");
  EXPECT_EQ(options.planning.compression, "gzip");
  EXPECT_EQ(options.planning.on_eol, "warn");
  EXPECT_FALSE(options.building.force);
  EXPECT_FALSE(options.planning.offline);
  EXPECT_EQ(options.common.jobs, 3u);
  EXPECT_EQ(options.planning.hold, Strings{"good"});
  EXPECT_EQ(options.planning.platforms.size(), 1u);
  EXPECT_EQ(options.planning.platforms.front().architecture, "good");
  EXPECT_EQ(options.planning.add_keyrings, Strings{keyring});
  EXPECT_EQ(options.planning.as_of, 1767225600);
  EXPECT_EQ(options.format, "table");
  EXPECT_EQ(options.common.progress, "none");
  EXPECT_EQ(options.planning.max_index_age, 86400);
}

TEST_F(ParseOptions, OnlyTheChosenVerbsOptionsCount) {
  const Environment environment = {{"RESOLE_SOURCE", "oci:EVIL:x"}, {"RESOLE_MANIFESTS", "/nonexist"}, {"RESOLE_PLAN", "/nonexist/p.json"},
                                   {"RESOLE_TO", "no such transport: at all"}, {"RESOLE_RENDER", "nonsense"}};
  const Options options = parse({"inspect", "oci:in:x"}, environment);
  EXPECT_EQ(options.image->text(), "oci:in:x");
  EXPECT_TRUE(options.plan_file.empty());
  // The same name of another verb: patch writes its --plan, verify reads it.
  EXPECT_EQ(parse(patch_, {{"RESOLE_PLAN", "/nonexist/p.json"}}).plan_output, "/nonexist/p.json");
  has(problem({"verify", "oci:in:x"}, environment), "RESOLE_PLAN: no such file");
}

TEST_F(ParseOptions, SectionsOfTheFileBelongToTheirVerbs) {
  const std::string config = write("c.toml", "hold = [\"a\"]\n[plan]\nupdate = \"all\"\nhold = [\"b\"]\n[rollout.edit]\npin = \"tag\"\n[inspect]\nformat = \"json\"\n");
  const Environment environment = {{"RESOLE_CONFIG", config}};
  EXPECT_EQ(parse(patch_, environment).planning.update, "");
  EXPECT_EQ(parse(patch_, environment).planning.hold, Strings{"a"});
  EXPECT_EQ(parse({"plan", "oci:in:x"}, environment).planning.update, "all");
  EXPECT_EQ(parse({"plan", "oci:in:x"}, environment).planning.hold, Strings{"b"});
  EXPECT_EQ(parse({"rollout", "edit", path("result.json"), "--manifests", directory_.string()}, environment).rollout.pin, "tag");
  EXPECT_EQ(parse({"inspect", "oci:in:x"}, environment).format, "json");
  EXPECT_EQ(parse(patch_, environment).format, "table");
}

TEST_F(ParseOptions, RequiredOptionsMayComeFromAnywhere) {
  EXPECT_EQ(texts(parse({"patch", "oci:in:x"}, {{"RESOLE_TO", "oci:e:x"}}).building.to), Strings{"oci:e:x"});
  EXPECT_EQ(texts(parse({"patch", "oci:in:x", "--config", write("c.toml", "[patch]\nto = \"oci:f:x\"\n")}).building.to), Strings{"oci:f:x"});
  has(problem({"patch", "oci:in:x"}), "patch: --to is required");
  has(problem({"patch", "--to", "oci:out:x"}), "patch: IMAGE is required");
  has(problem({"patch"}), "patch: IMAGE is required");
}

// ---------------------------------------------------------------- the configuration file

TEST_F(ParseOptions, PlacesOfTheFile) {
  const std::string given = write("given.toml", "jobs = 3\n"), named = write("named.toml", "jobs = 4\n");
  write("xdg/resole/config.toml", "jobs = 5\n");
  write("home/.config/resole/config.toml", "jobs = 6\n");
  Environment environment = {{"HOME", path("home")}};
  EXPECT_EQ(parse(patch_, environment).common.jobs, 6u);
  environment["XDG_CONFIG_HOME"] = path("xdg");
  EXPECT_EQ(parse(patch_, environment).common.jobs, 5u);
  environment["RESOLE_CONFIG"] = named;
  EXPECT_EQ(parse(patch_, environment).common.jobs, 4u);
  EXPECT_EQ(parse(patch({"--config", given}), environment).common.jobs, 3u);
  EXPECT_EQ(parse({"--config", given, "patch", "oci:in:x", "--to", "oci:out:x"}, environment).common.jobs, 3u);
  EXPECT_GE(parse(patch_, {{"HOME", path("nowhere")}}).common.jobs, 1u);  // a default place may be empty
  has(problem(patch({"--config", path("absent")})), "--config: no such file");
  has(problem(patch_, {{"RESOLE_CONFIG", path("absent")}}), "RESOLE_CONFIG: no such file");
}

TEST_F(ParseOptions, UnknownKeysAndSectionsAreNamed) {
  const auto of = [&](std::string_view text) { return problem({"inspect", "oci:in:x", "--config", write("c.toml", text)}); };
  has(of("jobs = 2\npackage-miror = \"a=b\"\n"), "c.toml:2: unknown key package-miror | did you mean package-mirror?");
  has(of("[patch]\nmanifests = \"x\"\n"), "c.toml:2: unknown key manifests in [patch]");
  has(of("[patsch]\n"), "none");  // a section without keys says nothing
  has(of("[patsch]\nto = \"x\"\n"), "c.toml:2: unknown section [patsch] | sections are verbs: [inspect], [plan]");
  has(of("config = \"x\"\n"), "unknown key config");
  has(of("IMAGE = \"x\"\n"), "unknown key IMAGE");
  has(of("jobs = 0\n"), "c.toml:1: jobs: \"0\" is no number from 1 to 256");
  has(of("jobs = [2, 3]\n"), "c.toml:1: jobs: takes one value");
}

// ---------------------------------------------------------------- lists and switches

TEST_F(ParseOptions, ListsFromTheEnvironment) {
  EXPECT_EQ(parse(patch_, {{"RESOLE_HOLD", "nginx*,perl*"}}).planning.hold, (Strings{"nginx*", "perl*"}));
  EXPECT_EQ(parse(patch_, {{"RESOLE_HOLD", " a , ,b,"}}).planning.hold, (Strings{"a", "b"}));
  EXPECT_EQ(parse(patch_, {{"RESOLE_HOLD", ""}}).planning.hold, Strings{});
  EXPECT_EQ(texts(parse({"patch", "oci:in:x"}, {{"RESOLE_TO", "oci:a,b:x\noci:c:x\n"}}).building.to), (Strings{"oci:a,b:x", "oci:c:x"}));
  EXPECT_EQ(parse(patch_, {{"RESOLE_PACKAGE_REPO", "http://a.example/d s main\nhttp://b.example/d s main contrib"}}).planning.package_repos,
            (Strings{"http://a.example/d s main", "http://b.example/d s main contrib"}));
  EXPECT_EQ(parse(patch_, {{"RESOLE_PLATFORM", "linux/amd64,linux/arm64"}}).planning.platforms.size(), 2u);
}

TEST_F(ParseOptions, SwitchesAndCounts) {
  EXPECT_TRUE(parse(patch_, {{"RESOLE_FORCE", "yes"}}).building.force);
  EXPECT_FALSE(parse(patch_, {{"RESOLE_FORCE", "0"}}).building.force);
  has(problem(patch_, {{"RESOLE_FORCE", "maybe"}}), "RESOLE_FORCE: \"maybe\" is neither true nor false");
  EXPECT_EQ(parse(patch_, {{"RESOLE_VERBOSE", "2"}}).common.verbose, 2);
  EXPECT_EQ(parse(patch_, {{"RESOLE_VERBOSE", "true"}}).common.verbose, 1);
  EXPECT_EQ(parse(patch({"-vv"}), {{"RESOLE_VERBOSE", "1"}}).common.verbose, 2);
  EXPECT_EQ(parse({"-v", "inspect", "oci:in:x", "-v"}).common.verbose, 2);
  EXPECT_TRUE(parse({"-q", "inspect", "oci:in:x"}).common.quiet);
  EXPECT_EQ(parse({"--jobs", "3", "inspect", "oci:in:x", "--jobs", "4"}).common.jobs, 4u);
  EXPECT_EQ(parse({"--jobs", "3", "inspect", "oci:in:x"}).common.jobs, 3u);
}

TEST_F(ParseOptions, OneValuePerFlag) {
  const Options options = parse({"patch", "--to", "oci:o1:x", "oci:img:base", "--to", "oci:o2:x", "--hold", "a", "--hold", "b"});
  EXPECT_EQ(options.image->text(), "oci:img:base");
  EXPECT_EQ(texts(options.building.to), (Strings{"oci:o1:x", "oci:o2:x"}));
  EXPECT_EQ(options.planning.hold, (Strings{"a", "b"}));
  const Options edit = parse({"rollout", "edit", "--render", "markdown", path("result.json"), path("plan.json"), "--manifests", directory_.string(), "--render-dir", "r"});
  EXPECT_EQ(edit.rollout.results.size(), 2u);
  has(problem(patch({"--update", "all", "--update", "security"})), "--update: takes one value");
  has(problem(patch({"--hold", "--force"})), "--hold: no value is given");
  has(problem(patch({"--hold", ""})), "--hold: no value is given");
  has(problem({"patch", "--hold=", "oci:in:x", "--to", "oci:out:x"}), "--hold=: no value is given");
  EXPECT_EQ(parse({"inspect", "--", "oci:in:x"}).image->text(), "oci:in:x");
}

// ---------------------------------------------------------------- values

TEST_F(ParseOptions, BadValuesAreRefused) {
  const auto refused = [&](const std::string& option, const std::string& value, const std::string& message) {
    const std::string said = problem(patch({option, value}));
    has(said, option + ": ");
    has(said, message);
  };
  refused("--update", "everything", "\"everything\" is not reported, security or all");
  refused("--jobs", "many", "no number from 1 to 256");
  refused("--package-mirror", "=https://x.example", "nothing stands before the \"=\"");
  refused("--package-mirror", "http://a.example=", "nothing stands behind the \"=\"");
  refused("--package-mirror", "http://a.example", "no \"=\"");
  refused("--package-mirror", "a=http://x.example", "FROM is no URL");
  refused("--package-mirror", "*=mirror.example", "TO is no http, https or file URL");
  refused("--package-repo", "bookworm main", "does not begin with an http, https or file URL");
  EXPECT_EQ(parse(patch({"--package-repo", "@edge http://a.example/alpine/edge/main"})).planning.package_repos.front(), "@edge http://a.example/alpine/edge/main");
  refused("--deployed-as", "Not A Reference", "is not an image reference");
  refused("--source-deployed-as", "a:b:c", "is not");
  refused("--as-of", "yesterday", "no time");
  refused("--as-of", "2026-02-30", "no time");
  refused("--as-of", "2026-01-31T25:00:00Z", "no time");
  refused("--max-index-age", "14", "no age");
  refused("--max-index-age", "d", "no age");
  refused("--min-severity", "severe", "no severity");
  refused("--platform", "amd64", "is not a platform");
  refused("--allow-private", "http://host", "not a host");
  refused("--allow-private", "a/b", "not a host");
  refused("--report", path("absent"), "no such file or directory");
  refused("--recipes", path("absent"), "no such directory");
  refused("--bundle", path("absent"), "no such file or directory");
  refused("--add-keyring", path("absent"), "no such file");
  refused("--add-keyring", write("notes.txt", "my keys"), "is not an OpenPGP keyring");
  refused("--add-keyring", write("empty", ""), "is empty");
  refused("--replace-keyring", write("box.kbx", std::string("\0\0\0 \1\1\0\2KBXf", 12)), "keybox");
  refused("--add-keyring", write("secret.asc", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n"), "secret keys");
  has(problem({"patch", "oci:", "--to", "oci:o:x"}), "IMAGE: ");
  has(problem(patch_, {{"RESOLE_JOBS", "0"}}), "RESOLE_JOBS: \"0\" is no number");
}

TEST_F(ParseOptions, SecretsInValuesAreNotRepeated) {
  for (const Words& words : {patch({"--package-mirror", "http://u:hunter2@a.example"}), patch({"--package-repo", "ssh://u:hunter2@a.example"}),
                             patch({"--allow-private", "http://u:hunter2@a.example"})}) {
    EXPECT_EQ(problem(words).find("hunter2"), std::string::npos);
  }
}

TEST_F(ParseOptions, GoodValues) {
  const Options options = parse(patch({"--package-mirror", "*=file:///srv/mirror", "--package-mirror", "http://a.example/d=https://b.example/d", "--allow-private",
                                       "[::1]:80", "--allow-private", "host:8080", "--min-severity", "high", "--only", "a,b", "--as-of", "2026-01-31T00:00:00+01:00",
                                       "--add-keyring", write("a.asc", "Comment\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), "--add-keyring", write("new.gpg", "\xc6\x33")}));
  EXPECT_EQ(options.planning.package_mirrors[1].first, "http://a.example/d");
  EXPECT_EQ(options.planning.package_mirrors[1].second, "https://b.example/d");
  EXPECT_EQ(options.planning.severities, (std::set{advisory::Severity::high, advisory::Severity::critical}));
  EXPECT_EQ(options.planning.only, (Strings{"a", "b"}));
  EXPECT_EQ(options.planning.as_of, 1769814000);
}

TEST_F(ParseOptions, WhatHoldsBetweenOptions) {
  has(problem(patch({"--deployed-as", "a.example/x:1", "--deployed-as", "a.example/y:1"})), "2 --deployed-as for 1 --to");
  has(problem(patch({"--update", "reported"})), "--update reported needs a --report");
  has(problem({"rollout", "edit", path("result.json"), "--manifests", directory_.string(), "--write", "--render", "markdown"}), "--render needs --render-dir");
}

TEST_F(ParseOptions, Snapshots) {
  const std::string mirror = "http://a.example/d=https://s.example/d/{snapshot}/";
  const Options now = parse(patch({"--package-mirror", "*=http://m.example", "--package-mirror", mirror}));
  EXPECT_EQ(now.planning.package_mirrors.size(), 1u);
  EXPECT_FALSE(now.planning.as_of);
  const Options then = parse(patch({"--package-mirror", "http://a.example/d=http://m.example", "--package-mirror", mirror, "--snapshot", "2026-01-31T01:02:03Z"}));
  ASSERT_EQ(then.planning.package_mirrors.size(), 2u);
  EXPECT_EQ(then.planning.package_mirrors.front().second, "https://s.example/d/20260131T010203Z/");  // before the other mirror of the same place
  EXPECT_EQ(then.planning.as_of, then.planning.snapshot);
  EXPECT_EQ(parse(patch({"--package-repo", "http://s.example/{snapshot} bookworm main", "--snapshot", "2026-01-31"})).planning.package_repos,
            Strings{"http://s.example/20260131T000000Z bookworm main"});
  has(problem(patch({"--snapshot", "2026-01-31"})), "no --package-mirror or --package-repo has {snapshot}");
  // Dated layouts of other services.
  const auto at = [&](const std::string& to) {
    return parse(patch({"--package-mirror", "http://a.example/d=https://s.example/" + to, "--snapshot", "2026-01-31T01:02:03Z"})).planning.package_mirrors.at(0).second;
  };
  EXPECT_EQ(at("{snapshot:%Y/%m/%d}/debian"), "https://s.example/2026/01/31/debian");
  EXPECT_EQ(at("d/{snapshot:%Y%m%d-%H%M%S}/x"), "https://s.example/d/20260131-010203/x");
  EXPECT_EQ(at("{snapshot}/{snapshot:%d}"), "https://s.example/20260131T010203Z/31");
  has(problem(patch({"--package-mirror", "http://a.example/d=https://s.example/{snapshot:%j}", "--snapshot", "2026-01-31"})), "%Y %m %d %H %M and %S");
  // The verbs that read repositories again read the same ones.
  const Options build = parse({"build", path("plan.json"), "--to", "oci:o:x", "--package-mirror", mirror, "--snapshot", "2026-01-31"});
  EXPECT_EQ(build.planning.package_mirrors.front().second, "https://s.example/d/20260131T000000Z/");
}

// ---------------------------------------------------------------- messages

TEST_F(ParseOptions, UnknownWordsAreNamed) {
  has(problem({"bogus"}), "unknown verb bogus | verbs are: inspect, plan, fetch, build, patch, verify, diff, rollout edit");
  has(problem({"rollout", "bogus"}), "unknown verb rollout bogus | verbs are:");
  has(problem({"rollout"}), "rollout what? | verbs are:");
  has(problem({}), "no verb is given | verbs are:");
  has(problem(patch({"--no-such-option"})), "patch: unknown option --no-such-option | see resole patch --help");
  has(problem(patch({"--updat=all"})), "patch: unknown option --updat | did you mean --update?");
  has(problem({"--update", "all", "patch", "oci:in:x", "--to", "oci:o:x"}), "unknown option --update | give it behind the verb");
  has(problem({"bogus", "inspect", "oci:in:x"}), "unknown verb bogus");
  has(problem({"inspect", "oci:a:b", "oci:c:d"}), "inspect: unexpected argument oci:c:d | see resole inspect --help");
  has(problem({"inspect", "plan", "patch"}), "inspect: unexpected argument patch");
  has(problem(patch({"--hold"})), "--hold");
}

TEST_F(ParseOptions, TheLogFormatIsKnownBeforeAnythingFails) {
  problem({"bogus", "--log-format", "json"});
  EXPECT_EQ(log_format_, "json");
  problem({"bogus", "--log-format=json"});
  EXPECT_EQ(log_format_, "json");
  problem({"bogus"}, {{"RESOLE_LOG_FORMAT", "json"}});
  EXPECT_EQ(log_format_, "json");
  problem({"bogus"});
  EXPECT_EQ(log_format_, "text");
  problem(patch({"--jobs", "0", "--config", write("c.toml", "log-format = \"json\"\n")}));
  EXPECT_EQ(log_format_, "json");
}

TEST_F(ParseOptions, HelpNamesEveryOption) {
  for (const VerbRow& verb : verb_table()) {
    Words words;
    for (std::size_t at = 0, end = 0; end != std::string_view::npos; at = end + 1) {
      end = verb.name.find(' ', at);
      words.emplace_back(verb.name.substr(at, end - at));
    }
    words.emplace_back("--help");
    const std::string text = parse_options(words, {}, log_format_).text;
    for (const OptionRow* row : options_of(verb.verb)) has(text, std::string(row->is_argument() ? "" : "--") + std::string(row->name()));
    has(text, "Usage: resole " + std::string(verb.name) + " [OPTIONS]");
  }
  has(parse_options({"--version"}, {}, log_format_).text, "resole ");
  has(parse_options({"--help"}, {}, log_format_).text, "Exit codes:");
}

}  // namespace
}  // namespace resole::cli
