// SPDX-License-Identifier: Apache-2.0
#include "pkg/operator_access.hpp"

#include "pkg/repository_test.hpp"
#include "pkg/resource.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

pkg::OperatorAccess access_of(const std::string& mirror, const std::string& repository) {
  pkg::RepositoryOptions options;
  if (!mirror.empty()) options.mirrors.emplace_back("http://mirror.example.org", mirror);
  if (!repository.empty()) options.extra.push_back(repository);
  return pkg::OperatorAccess::of(options);
}

TEST(OperatorAccess, IsForWhatLiesBelowTheUrlThatItCameWith) {
  const auto access = access_of("https://bob:s%40cret@proxy.example.org/debian/", "deb https://proxy.example.org/debian/own?token=abc x main");
  EXPECT_EQ(access.with_secrets("https://proxy.example.org/debian/dists/x"), "https://bob:s%40cret@proxy.example.org/debian/dists/x");
  EXPECT_EQ(access.with_secrets("https://proxy.example.org:443/debian/x"), "https://bob:s%40cret@proxy.example.org:443/debian/x");
  EXPECT_EQ(access.with_secrets("https://proxy.example.org/debian/own/pool/x"), "https://proxy.example.org/debian/own/pool/x?token=abc");
  for (const char* other : {"http://proxy.example.org/debian/x", "https://proxy.example.org:8443/debian/x", "https://proxy.example.org/debian2/x",
                            "https://proxy.example.org.example.com/debian/x", "https://example.org/debian/x", "file:///debian/x", "no url"})
    EXPECT_EQ(access.with_secrets(other), other);
  EXPECT_TRUE(access_of("https://proxy.example.org/debian", "https://proxy.example.org/x y main").empty());
}

TEST(OperatorAccess, LoginsOfAFile) {
  pkg::OperatorAccess access;
  access.add_logins("# for tests\nmachine proxy.example.org:8443/debian login bob password s@cret\nmachine http://plain.example.org login p password q\n"
                    "machine proxy.example.org login second password entry\ndefault login everybody password else\n",
                    "auth.conf");
  EXPECT_EQ(access.with_secrets("https://proxy.example.org:8443/debian/dists/x"), "https://bob:s%40cret@proxy.example.org:8443/debian/dists/x");
  EXPECT_EQ(access.with_secrets("https://proxy.example.org/other"), "https://second:entry@proxy.example.org/other");
  EXPECT_EQ(access.with_secrets("http://plain.example.org/x"), "http://p:q@plain.example.org/x");
  for (const char* other : {"http://proxy.example.org:8443/debian/x", "https://plain.example.org/x", "https://proxy.example.org.example.com/debian/x",
                            "https://example.org/debian", "file:///debian"})
    EXPECT_EQ(access.with_secrets(other), other);
  // What a URL of the operator says comes first.
  auto both = access_of("https://url:own@proxy.example.org/debian", "");
  both.add_logins("machine proxy.example.org login file password x\n", "auth.conf");
  EXPECT_EQ(both.with_secrets("https://proxy.example.org/debian/x"), "https://url:own@proxy.example.org/debian/x");
  EXPECT_EQ(both.with_secrets("https://proxy.example.org/x"), "https://file:x@proxy.example.org/x");
}

TEST(OperatorAccess, FilesWithoutALoginAreRefusedInSilenceAboutWhatTheyHold) {
  for (const char* text : {"", "machine x.example.org password hidden\n", "login bob password hidden\n", "machine ftp://x.example.org login bob password hidden\n",
                           "machine x.example.org:hidden login bob password y", "default login bob password hidden"}) {
    pkg::OperatorAccess access;
    try {
      access.add_logins(text, "auth.conf");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_EQ(error.message().find("hidden"), std::string::npos) << error.message();
    }
  }
}

class OperatorAccessTest : public RepositoryTest {};

TEST_F(OperatorAccessTest, TheOperatorsCredentialsAreSentAndShownNowhere) {
  options_.mirrors = {{"http://mirror.example.org", "https://bob:hidden@proxy.example.org/cache"}};
  const std::string secret = "https://bob:hidden@proxy.example.org/cache/debian";
  test::publish(fetcher_, *key_, package_stanza("a", "2"), {}, secret);
  const auto fetcher = pkg::fetcher_with(pkg::OperatorAccess::of(options_), fetcher_);
  const auto source = load_candidates({*tree_, inventory_, book_, options_, *fetcher, cache_}, reporter_);
  const auto offers = source->offers("a", "amd64");
  ASSERT_TRUE(offers.chosen);
  const pkg::RepositoryEntry& entry = offers.all[*offers.chosen].entry;
  EXPECT_EQ(entry.uri, "https://proxy.example.org/cache/debian");
  EXPECT_EQ(source->repositories().at(0).uri, "https://proxy.example.org/cache/debian");
  for (const std::string& url : fetcher_.requests()) EXPECT_TRUE(url.starts_with(secret)) << url;
  EXPECT_THROW(fetcher->fetch(pkg::resource_of(offers.all[*offers.chosen])), Error) << "there is no such file";
  EXPECT_EQ(fetcher_.requests().back(), secret + "/pool/a_2.deb");
}

// The image's own logins are as little ours to send as those in its sources; the operator's are sent where they are for, whoever named the place.
TEST_F(OperatorAccessTest, TheImagesAuthConfIsNotRead) {
  set_image("deb " + kArchiveUrl + " bookworm main\n", true,
            {{"etc/apt/auth.conf", "machine http://mirror.example.org login bob password hidden\n"},
             {"etc/apt/auth.conf.d/x.conf", "machine http://mirror.example.org login bob password hidden\n"}});
  auto fetcher = pkg::fetcher_with(pkg::OperatorAccess::of(options_), fetcher_);
  load_candidates({*tree_, inventory_, book_, options_, *fetcher, cache_}, reporter_);
  for (const std::string& url : fetcher_.requests()) EXPECT_EQ(url.find('@'), std::string::npos) << url;

  pkg::OperatorAccess access;
  access.add_logins("machine http://mirror.example.org/debian login op password own\n", "auth.conf");
  fetcher = pkg::fetcher_with(std::move(access), fetcher_);
  test::MemoryCache empty;
  EXPECT_THROW(load_candidates({*tree_, inventory_, book_, options_, *fetcher, empty}, reporter_), Error) << "the fake knows no such URL";
  EXPECT_EQ(fetcher_.requests().back().substr(0, 31), "http://op:own@mirror.example.or");
}

// What the image says of a password is neither sent nor repeated: not in the plan, not in warnings, not in errors.
TEST_F(OperatorAccessTest, TheImagesCredentialsAreDropped) {
  class Listener : public test::SilentReporter {
   public:
    void warn(std::string_view message) override { heard += message; }
    std::string heard;
  } listener;
  set_image("deb http://bob:hidden@mirror.example.org/debian bookworm main\n"
            "deb [arch=amd64] https://eve:hidden@third.example.org/x?token=hidden stable main\n"
            "deb https://eve:hid/den@fourth.example.org stable main\n");
  const auto source = load_candidates(context(), listener);
  EXPECT_EQ(source->repositories().at(0).uri, kArchiveUrl);
  ASSERT_EQ(source->failures().size(), 2u);
  EXPECT_EQ(source->failures()[0].uri, "https://third.example.org/x");
  std::string all = listener.heard;
  for (const auto& failure : source->failures()) all += failure.uri + failure.message;
  for (const std::string& url : fetcher_.requests()) all += url;
  for (const char* part : {"hidden", "hid/", "bob", "eve"}) EXPECT_EQ(all.find(part), std::string::npos) << all;
}

TEST_F(OperatorAccessTest, ErrorsAboutSourcesHoldNoSecrets) {
  const auto message_of = [&](const std::string& sources) {
    set_image(sources);
    const std::string message = failure(ErrorKind::input);
    EXPECT_EQ(message.find("hidden"), std::string::npos) << message;
    EXPECT_FALSE(hint_.empty());
    return message;
  };
  message_of("https://bob:hidden@x stable main\n");
  message_of("deb https://bob:hidden@x\n");
  try {
    parse_operator_source("https://bob:hidden@x.example.org/y?token=hidden", "amd64");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("hidden"), std::string::npos) << error.what();
    contains(error.what(), "https://x.example.org/y");
  }
  EXPECT_EQ(parse_operator_source("bob:hidden@x y z", "amd64").uri, "bob:...");
}

}  // namespace
}  // namespace resole::deb
