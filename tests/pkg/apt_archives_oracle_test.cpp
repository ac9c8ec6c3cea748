// SPDX-License-Identifier: Apache-2.0
// The real apt beside ours, over HTTP on loopback: which forms of a repository it takes, and to whom it tells the logins of auth.conf.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "base/text.hpp"
#include "pkg/operator_access.hpp"
#include "pkg/repository_test.hpp"
#include "support/http_server.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;
using test::ArchiveFiles;

constexpr const char* kHost = "http://archive.example.org";

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A root of its own, with one key that is trusted.
class AptRoot {
 public:
  explicit AptRoot(const std::string& key) {
    std::string name = (fs::temp_directory_path() / "resole-apt-XXXXXX").string();
    root_ = mkdtemp(name.data());
    write(root_ / "etc/apt/trusted.gpg.d/test.gpg", key);
    write(root_ / "var/lib/dpkg/status", "");
    for (const char* directory : {"etc/apt/preferences.d", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "var/lib/apt/lists/partial",
                                  "var/cache/apt/archives/partial"})
      fs::create_directories(root_ / directory);
  }
  ~AptRoot() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  // What is wrong with single sources is apt's to tell; the answer is in what it knows then.
  void update(const std::string& sources, const std::string& logins = "", const std::string& options = "") const {
    write(root_ / "etc/apt/sources.list", sources);
    write(root_ / "etc/apt/auth.conf", logins);
    fs::permissions(root_ / "etc/apt/auth.conf", fs::perms::owner_read | fs::perms::owner_write);
    test::run(command("apt-get") + " " + options + " update >/dev/null 2>&1 || true");
  }
  std::string candidate(const std::string& name) const {
    for (const std::string_view line : lines(test::run(command("apt-cache") + " policy " + name))) {
      if (trim(line).starts_with("Candidate: ")) return std::string(trim(line).substr(11));
    }
    return "(none)";
  }

 private:
  std::string command(const std::string& program) const {
    const std::string root = root_.string();
    return "env -u http_proxy -u https_proxy LC_ALL=C APT_CONFIG=/dev/null timeout 60 " + program + " -o Dir=" + root + " -o Dir::State::status=" + root +
           "/var/lib/dpkg/status -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Sandbox::User=root -o Acquire::Languages=none"
           " -o Acquire::Check-Date=false -o Acquire::Retries=0 -o Acquire::http::Pipeline-Depth=0 -o Acquire::https::Pipeline-Depth=0 -o Acquire::http::Proxy=DIRECT -o Acquire::https::Proxy=DIRECT";
  }
  fs::path root_;
};

class AptArchives : public RepositoryTest {
 protected:
  void SetUp() override {
    RepositoryTest::SetUp();
    if (IsSkipped()) return;
    if (!test::has_program("apt-get") || !test::has_program("gpgv")) GTEST_SKIP() << "needs apt-get and gpgv";
    if (std::time(nullptr) < 1793577600) GTEST_SKIP() << "the machine's clock is before the date of the test's signatures (2026-11-01)";
    fetcher_.files.clear();
  }
};

// One repository for each form, each with a package of its own.
TEST_F(AptArchives, TakesTheFormsThatAptTakes) {
  if (std::getenv("RESOLE_TEST_FULL") == nullptr) GTEST_SKIP() << "only with scripts/test --full";
  ArchiveFiles& files = fetcher_.files;
  const test::TestKey stranger("ed25519");
  std::string sources;
  std::vector<std::string> names;
  const auto place = [&](const std::string& name, const std::string& rest) {
    names.push_back(name);
    sources += fmt::format("deb {}/{} {}\n", kHost, name, rest);
    return fmt::format("{}/{}", kHost, name);
  };
  const auto archive = [&](const std::string& name, ArchiveOptions options = {}, const std::string& suite = "bookworm main") {
    const std::string url = place(name, suite);
    options.forms = {".gz", ""};  // apt wants the plain form listed, whichever it fetches
    test::publish(files, *key_, {{"amd64", package_stanza(name, "2")}}, options, url);
    return url + "/dists/" + options.suite + "/";
  };
  archive("inline");
  archive("beside", {.beside = true});
  files[archive("beside-changed", {.beside = true}) + "Release"] += "X: y\n";
  std::string at = archive("beside-binary", {.beside = true});
  files[at + "Release.gpg"] = key_->sign_beside(files[at + "Release"], "");
  at = archive("beside-stranger", {.beside = true});
  files[at + "Release.gpg"] = stranger.sign_beside(files[at + "Release"]);
  at = archive("beside-two-keys", {.beside = true});
  files[at + "Release.gpg"] = stranger.sign_beside(files[at + "Release"]) + key_->sign_beside(files[at + "Release"]);
  at = archive("beside-without-text", {.beside = true});
  files.erase(at + "Release");
  at = archive("inline-broken-beside-good", {.beside = true});
  files[at + "InRelease"] = stranger.sign(files[at + "Release"]);
  at = archive("unsigned", {.beside = true});
  files.erase(at + "Release.gpg");
  archive("slashed-suite", {.suite = "bookworm/updates"}, "bookworm/updates main");
  archive("other-component", {}, "bookworm contrib");
  test::publish(files, *key_, {{"arm64", package_stanza("other-architecture", "2")}}, {.forms = {".gz", ""}}, place("other-architecture", "bookworm main"));
  test::publish_flat(files, *key_, package_stanza("flat", "2"), place("flat", "/"));
  test::publish_flat(files, *key_, package_stanza("flat-dot", "2"), place("flat-dot", "./"));
  test::publish_flat(files, *key_, package_stanza("flat-beside", "2"), place("flat-beside", "./"), "", true);
  test::publish_flat(files, *key_, package_stanza("flat-below", "2"), place("flat-below", "sub/dir/"), "sub/dir/", true);
  test::publish_flat(files, *key_, package_stanza("flat-not-there", "2"), place("flat-not-there", "sub/"), "other/");

  test::HttpServer server;
  server.open_rest([&](const test::HttpSeen& seen) {
    std::string path = seen.path;
    if (const std::size_t dot = path.find("/./"); dot != std::string::npos) path.erase(dot, 2);
    const auto found = files.find(kHost + path);
    return test::HttpPlan{.answer = [answer = found == files.end() ? test::HttpAnswer{.status = 404} : test::HttpAnswer{.body = found->second}](
                                        const test::HttpSeen&) { return answer; }};
  });
  std::string through = sources;
  for (std::size_t found; (found = through.find(kHost)) != std::string::npos;) through.replace(found, std::string_view(kHost).size(), server.url(""));
  const AptRoot apt(key_->public_key());
  apt.update(through);

  set_image(sources);
  inventory_.os = {};
  book_ = {};
  const auto source = load();
  std::map<std::string, std::string> theirs, ours;
  for (const std::string& name : names) {
    theirs[name] = apt.candidate(name);
    const auto offers = source->offers(name, "amd64");
    ours[name] = offers.chosen ? offers.all[*offers.chosen].version : "(none)";
  }
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(theirs.at("beside"), "2") << "the oracle's own answer";
  EXPECT_EQ(theirs.at("beside-changed"), "(none)");
}

// Whether a request gets the login, by "http" and "https".
TEST_F(AptArchives, TellsLoginsToWhomAptTellsThem) {
  test::publish(fetcher_.files, *key_, {{"amd64", package_stanza("a", "2")}}, {}, kHost + std::string("/deb/one"));
  test::HttpServer plain;
  test::HttpServer secure({.tls = test::HttpTls{}});
  for (test::HttpServer* server : {&plain, &secure}) {
    server->open_rest([&](const test::HttpSeen& seen) {
      const auto found = fetcher_.files.find(kHost + seen.path);
      return test::HttpPlan{.answer = [answer = found == fetcher_.files.end() ? test::HttpAnswer{.status = 404} : test::HttpAnswer{.body = found->second}](
                                          const test::HttpSeen&) { return answer; }};
    });
  }
  const AptRoot apt(key_->public_key());
  const std::string port = std::to_string(plain.port()), secure_port = std::to_string(secure.port());
  const std::string login = " login bob password s:e%c@ret\n";
  const std::vector<std::string> files = {
      "machine 127.0.0.1" + login,
      "machine http://127.0.0.1:" + port + "/deb\n login bob\n password s:e%c@ret\n",
      "machine 127.0.0.1/deb/on" + login,
      "machine 127.0.0.1:" + secure_port + "/deb/on" + login,
      "machine 127.0.0.1:" + secure_port + login,
      "machine 127.0.0.1:" + secure_port + "/debian" + login + "machine https://127.0.0.1:" + secure_port + login,
      "machine 127.0.0.1:1" + login,
      "machine example.org" + login,
      "machine 127.0.0.1:" + secure_port + " password s:e%c@ret login bob\nmachine 127.0.0.1:" + secure_port + " login eve password other\n",
  };
  // Each costs a run of apt.
  const std::size_t count = std::getenv("RESOLE_TEST_FULL") ? files.size() : 4;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& text = files[i];
    const std::size_t plain_before = plain.seen().size(), secure_before = secure.seen().size();
    apt.update(fmt::format("deb {} bookworm main\ndeb {} bookworm main\n", plain.url("/deb/one"), secure.url("/deb/one")), text,
               "-o Acquire::https::CaInfo=" + secure.ca_file());
    pkg::OperatorAccess access;
    access.add_logins(text, "auth.conf");
    const auto compare = [&](const test::HttpServer& server, std::size_t before) {
      const auto seen = server.seen();
      ASSERT_GT(seen.size(), before) << "apt asked for nothing";
      const std::string url = server.url("/deb/one/dists/bookworm/InRelease"), with = access.with_secrets(url);
      EXPECT_EQ(seen[before].field("authorization"), with == url ? "" : "Basic Ym9iOnM6ZSVjQHJldA==") << text << url;
      EXPECT_TRUE(with == url || with.find("://bob:s%3Ae%25c%40ret@127.0.0.1:") != std::string::npos) << with;
    };
    compare(plain, plain_before);
    compare(secure, secure_before);
  }
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::deb
