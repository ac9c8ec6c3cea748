// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/token.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/text.hpp"
#include "io/fetching.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using registry::Challenge;
using registry::Login;
using registry::Token;
using registry::TokenAnswer;
using registry::TokenRequest;
using registry::Tokens;

constexpr const char* kSecret = "hunter2-of-the-test";
const std::vector<std::string> kPull{"repository:team/app:pull"};

Challenge bearer(std::map<std::string, std::string> parameters) { return {"bearer", std::move(parameters)}; }
const Challenge kChallenge = bearer({{"realm", "https://auth.example.org/token"}, {"service", "registry.example.org"}});

std::string shown(const std::vector<TokenRequest>& requests) {
  std::string text;
  for (const TokenRequest& each : requests) {
    text += fmt::format("{} {} [{}] {}{}\n", each.method, each.url.text(), each.authorization, each.body,
                        each.fields.empty() ? "" : " (" + join(each.fields, "; ") + ")");
  }
  return text;
}

struct RequestCase {
  const char* name;
  Challenge challenge;
  std::vector<std::string> scopes;
  Login login;
  std::string expected;
};

const std::string kForm = " (Content-Type: application/x-www-form-urlencoded)\n";
const RequestCase kRequests[] = {
    {"Anonymous",
     kChallenge,
     kPull,
     {},
     "GET https://auth.example.org/token?service=registry.example.org&scope=repository%3Ateam%2Fapp%3Apull [] \n"},
    {"WithPassword",
     kChallenge,
     kPull,
     {.user = "me@x", .password = "p:w"},
     "GET https://auth.example.org/token?account=me%40x&service=registry.example.org&scope=repository%3Ateam%2Fapp%3Apull [Basic " +
         base64_encode("me@x:p:w") + "] \n"},
    {"SeveralScopes",
     kChallenge,
     {"repository:a:pull,push", "repository:b/c:pull"},
     {},
     "GET https://auth.example.org/token?service=registry.example.org&scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Ab%2Fc%3Apull "
     "[] \n"},
    {"NoService",
     bearer({{"realm", "https://auth.example.org/token"}}),
     kPull,
     {},
     "GET https://auth.example.org/token?scope=repository%3Ateam%2Fapp%3Apull [] \n"},
    {"ScopesOfTheChallenge",
     bearer({{"realm", "https://auth.example.org/"}, {"scope", "registry:catalog:* x:y:z"}}),
     {},
     {},
     "GET https://auth.example.org/?scope=registry%3Acatalog%3A%2A&scope=x%3Ay%3Az [] \n"},
    {"NoScopeAtAll", bearer({{"realm", "https://auth.example.org/"}}), {}, {}, "GET https://auth.example.org/ [] \n"},
    {"RealmWithAQuery",
     bearer({{"realm", "https://auth.example.org/t?a=b%2Fc#x"}, {"service", "s"}}),
     {},
     {},
     "GET https://auth.example.org/t?a=b%2Fc&service=s [] \n"},
    {"HostileService",
     bearer({{"realm", "https://auth.example.org/t"}, {"service", "a b&scope=c#\xc3\xa9"}}),
     {},
     {},
     "GET https://auth.example.org/t?service=a%20b%26scope%3Dc%23%C3%A9 [] \n"},
    {"IdentityToken",
     kChallenge,
     {"repository:a:pull,push", "repository:b:pull"},
     {.identity_token = "r/t+="},
     "POST https://auth.example.org/token [] grant_type=refresh_token&service=registry.example.org&client_id=resole&"
     "scope=repository%3Aa%3Apull%2Cpush%20repository%3Ab%3Apull&refresh_token=r%2Ft%2B%3D" +
         kForm +
         "GET https://auth.example.org/token?service=registry.example.org&scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Ab%3Apull "
         "[Basic " +
         base64_encode("<token>:r/t+=") + "] \n"},
    {"IdentityTokenWithUser",
     bearer({{"realm", "https://auth.example.org/t"}}),
     {},
     {.user = "0000", .identity_token = "tok"},
     "POST https://auth.example.org/t [] grant_type=refresh_token&client_id=resole&refresh_token=tok" + kForm +
         "GET https://auth.example.org/t?account=0000 [Basic " + base64_encode("0000:tok") + "] \n"},
};

class TokenRequests : public testing::TestWithParam<RequestCase> {};
TEST_P(TokenRequests, AreMade) {
  const RequestCase& each = GetParam();
  EXPECT_EQ(shown(registry::token_requests(each.challenge, each.scopes, each.login, true)), each.expected);
}
INSTANTIATE_TEST_SUITE_P(, TokenRequests, testing::ValuesIn(kRequests), [](const auto& each) { return std::string(each.param.name); });

TEST(Realm, Guards) {
  const auto error = [](const std::string& realm, bool secure = true) {
    return error_of([&] { registry::token_requests(bearer({{"realm", realm}}), kPull, {.user = "me", .password = kSecret}, secure); });
  };
  for (const char* realm : {"ftp://auth.example.org/", "file:///etc/passwd", "/token", "auth.example.org/token", "https://", "https:/x",
                            "https://a b/", "javascript:x", "https://me:pw@auth.example.org/token", "http://auth.example.org/token"}) {
    EXPECT_EQ(error(realm).kind(), ErrorKind::refused) << realm;
    EXPECT_FALSE(contains(error(realm).what(), "pw@")) << realm;
  }
  EXPECT_EQ(error("").kind(), ErrorKind::network);
  EXPECT_EQ(error_of([&] { registry::token_requests({"bearer", {}}, kPull, {}, true); }).kind(), ErrorKind::network);
  EXPECT_EQ(registry::token_requests(bearer({{"realm", "http://127.0.0.1:5001/token"}}), kPull, {}, false).size(), 1u);
  EXPECT_EQ(registry::token_requests(bearer({{"realm", "https://auth.example.org/token"}}), kPull, {}, false).size(), 1u);
}

struct AnswerCase {
  const char* name;
  std::string body, token;
  std::int64_t lifetime;
  std::string refresh = {};
};

constexpr std::int64_t kNow = 1750000000;  // 2025-06-15T15:06:40Z
const AnswerCase kAnswers[] = {
    {"Token", R"({"token": "abc", "expires_in": 300})", "abc", 300},
    {"AccessToken", R"({"access_token": "abc", "expires_in": 300, "scope": "x"})", "abc", 300},
    {"TokenBeforeAccessToken", R"({"access_token": "b", "token": "a", "expires_in": 300})", "a", 300},
    {"EmptyToken", R"({"access_token": "b", "token": ""})", "b", 60},
    {"NoLifetime", R"({"token": "abc"})", "abc", 60},
    {"ZeroLifetime", R"({"token": "abc", "expires_in": 0})", "abc", 60},
    {"NegativeLifetime", R"({"token": "abc", "expires_in": -5})", "abc", 60},
    {"LifetimeInWords", R"({"token": "abc", "expires_in": "300"})", "abc", 60},
    {"LifetimeWithFraction", R"({"token": "abc", "expires_in": 90.5})", "abc", 90},
    {"AbsurdLifetime", R"({"token": "abc", "expires_in": 1e300})", "abc", 86400},
    {"IssuedSomeTimeAgo", R"({"token": "abc", "expires_in": 300, "issued_at": "2025-06-15T15:05:00Z"})", "abc", 200},
    {"IssuedWithFractionAndZone", R"({"token": "abc", "expires_in": 300, "issued_at": "2025-06-15T17:05:00.123456789+02:00"})", "abc", 200},
    {"IssuedByAClockThatIsAhead", R"({"token": "abc", "expires_in": 300, "issued_at": "2025-06-15T16:00:00Z"})", "abc", 300},
    {"IssuedByAClockThatIsFarBehind", R"({"token": "abc", "expires_in": 300, "issued_at": "0001-01-01T00:00:00Z"})", "abc", 300},
    {"IssuedAtNonsense", R"({"token": "abc", "expires_in": 300, "issued_at": "yesterday"})", "abc", 300},
    {"RefreshToken", R"({"token": "abc", "refresh_token": "r"})", "abc", 60, "r"},
    {"NullsAndOthers", R"({"token": "abc", "access_token": null, "expires_in": null, "issued_at": null, "x": {"y": [1]}})", "abc", 60},
};

class TokenAnswers : public testing::TestWithParam<AnswerCase> {};
TEST_P(TokenAnswers, AreRead) {
  const AnswerCase& each = GetParam();
  const Token token = registry::parse_token(each.body, "https://auth.example.org", kNow);
  EXPECT_EQ(token.text, each.token);
  EXPECT_EQ(token.expires - kNow, each.lifetime);
  EXPECT_EQ(token.refresh_token, each.refresh);
}
INSTANTIATE_TEST_SUITE_P(, TokenAnswers, testing::ValuesIn(kAnswers), [](const auto& each) { return std::string(each.param.name); });

TEST(TokenAnswer, WhatIsNoToken) {
  const std::string secret = kSecret;
  const std::string bodies[] = {"",
                                "<html>" + secret + "</html>",
                                "[]",
                                "null",
                                "\"" + secret + "\"",
                                R"({"errors": [{"code": "DENIED", "message": ")" + secret + "\"}]}",
                                R"({"token": 7})",
                                R"({"token": ""})",
                                R"({"token": "a b"})",
                                R"({"token": "a\r\nX: )" + secret + "\"}",
                                R"({"token": ")" + secret + "\", \"x\"}",
                                R"({"token": ")" + std::string(70'000, 'x') + "\"}"};
  for (const std::string& body : bodies) {
    const Error error = error_of([&] { registry::parse_token(body, "https://auth.example.org", kNow); });
    EXPECT_EQ(error.kind(), ErrorKind::network);
    EXPECT_TRUE(std::string_view(error.what()).starts_with("https://auth.example.org was asked for a token and ")) << error.what();
    EXPECT_FALSE(contains(error.what(), secret) || contains(error.hint(), secret)) << error.what();
  }
}

// A token server that numbers its tokens.
class TokensTest : public testing::Test {
 protected:
  Tokens make() {
    return Tokens(
        [this](const Url& url, const std::string& method, const std::vector<std::string>&, const std::string& authorization,
               const std::string& body) {
          const std::lock_guard lock(mutex);
          seen.push_back(method + " " + url.text() + " " + authorization + body);
          return answer(method);
        },
        clock);
  }
  TokenAnswer numbered(const std::string& more = {}) {
    return {200, fmt::format(R"({{"token": "t{}", "expires_in": {}{}}})", ++number, lifetime, more)};
  }

  FixedClock clock;
  std::function<TokenAnswer(const std::string& method)> answer = [this](const std::string&) { return numbered(); };
  std::vector<std::string> seen;
  std::mutex mutex;
  int number = 0, lifetime = 300;
};

TEST_F(TokensTest, KeptPerHostAndScopesUntilShortlyBeforeTheyExpire) {
  Tokens tokens = make();
  const auto pull = [&] { return tokens.bearer(kChallenge, "example.org", kPull, {}); };
  EXPECT_EQ(pull(), "t1");
  EXPECT_EQ(pull(), "t1");
  EXPECT_EQ(tokens.bearer(kChallenge, "example.com", kPull, {}), "t2");
  EXPECT_EQ(tokens.bearer(kChallenge, "example.org", {"repository:team/app:pull,push"}, {}), "t3");
  clock.seconds += 289;
  EXPECT_EQ(pull(), "t1");
  clock.seconds += 1;
  EXPECT_EQ(pull(), "t4");
  tokens.forget("example.org", kPull);
  EXPECT_EQ(pull(), "t5");
  tokens.forget("example.org", {"another"});
  EXPECT_EQ(pull(), "t5");
  EXPECT_EQ(tokens.bearer(kChallenge, "example.com", kPull, {}), "t6");
  EXPECT_EQ(seen.size(), 6u);
}

TEST_F(TokensTest, OfAShortLifeHalfIsUsed) {
  lifetime = 4;
  Tokens tokens = make();
  EXPECT_EQ(tokens.bearer(kChallenge, "example.org", kPull, {}), "t1");
  clock.seconds += 1;
  EXPECT_EQ(tokens.bearer(kChallenge, "example.org", kPull, {}), "t1");
  clock.seconds += 1;
  EXPECT_EQ(tokens.bearer(kChallenge, "example.org", kPull, {}), "t2");
}

TEST_F(TokensTest, ThreadsWaitForOneRequest) {
  std::latch started(1);
  answer = [&](const std::string&) {
    started.wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return numbered();
  };
  Tokens tokens = make();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(tokens.bearer(kChallenge, "example.org", kPull, {}), "t1"); });
  }
  started.count_down();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen.size(), 1u);
}

// A wrong password that is tried eight times locks the account.
TEST_F(TokensTest, ThreadsShareAFailure) {
  std::latch all(8);
  answer = [&](const std::string&) {
    all.wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    return TokenAnswer{401, {}};
  };
  Tokens tokens = make();
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      all.count_down();
      try {
        with_context([] { return std::string("here"); }, [&] { tokens.bearer(kChallenge, "example.org", kPull, {}); });
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::network && error.context().size() == 1) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 8);
  EXPECT_LT(seen.size(), 8u);  // 1, unless a thread came late
  answer = [&](const std::string&) { return numbered(); };
  EXPECT_EQ(tokens.bearer(kChallenge, "example.org", kPull, {}), "t1");  // failures are not kept
}

TEST_F(TokensTest, WhatTheCallThrowsIsPassedOn) {
  answer = [](const std::string&) -> TokenAnswer { throw std::runtime_error("broken"); };
  Tokens tokens = make();
  EXPECT_THROW(tokens.bearer(kChallenge, "example.org", kPull, {}), std::runtime_error);
  answer = [](const std::string&) -> TokenAnswer { throw Error(ErrorKind::network, "no way"); };
  EXPECT_EQ(error_of([&] { tokens.bearer(kChallenge, "example.org", kPull, {}); }).kind(), ErrorKind::network);
}

TEST_F(TokensTest, FallsBackToGetWhereThereIsNoOAuth) {
  const Login login{.user = "0000", .identity_token = "refresh"};
  for (const int status : {400, 401, 404, 405}) {
    seen.clear();
    answer = [&](const std::string& method) { return method == "POST" ? TokenAnswer{status, "{}"} : numbered(); };
    EXPECT_TRUE(make().bearer(kChallenge, "example.org", kPull, login).starts_with("t"));
    ASSERT_EQ(seen.size(), 2u) << status;
    EXPECT_TRUE(seen[0].starts_with("POST https://auth.example.org/token grant_type=refresh_token&"));
    EXPECT_TRUE(contains(seen[1], "Basic " + base64_encode("0000:refresh")));
  }
  for (const int status : {403, 429, 500}) {
    seen.clear();
    answer = [&](const std::string&) { return TokenAnswer{status, {}}; };
    error_of([&] { make().bearer(kChallenge, "example.org", kPull, login); });
    EXPECT_EQ(seen.size(), 1u) << status;
  }
}

TEST_F(TokensTest, ARefreshTokenThatIsReplaced) {
  answer = [&](const std::string&) { return numbered(R"(, "refresh_token": "newer")"); };
  Tokens tokens = make();
  tokens.bearer(kChallenge, "example.org", kPull, {.identity_token = "first"});
  tokens.bearer(kChallenge, "example.org", {"repository:b:pull"}, {.identity_token = "first"});
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_TRUE(seen[0].ends_with("refresh_token=first"));
  EXPECT_TRUE(seen[1].ends_with("refresh_token=newer"));
}

// What to do next, with the file that the login is from, and without the login.
TEST_F(TokensTest, Refusals) {
  struct Case {
    int status;
    std::string host;
    Login login;
    ErrorKind kind;
    std::string message, hint;
  };
  const Login login{.user = "me", .password = kSecret, .origin = "/home/me/.docker/config.json"};
  const std::string kTryLater = "try again later; the registry names this server for its tokens, and its operator knows what is wrong";
  const Case cases[] = {
      {401, "example.org", login, ErrorKind::network,
       "https://auth.example.org does not accept the login to example.org (from /home/me/.docker/config.json), or it may not do "
       "repository:team/app:pull",
       "log in again: skopeo login example.org (or podman login, docker login), or name a file with logins"},
      {403,
       "registry-1.docker.io",
       {.user = "me", .password = kSecret},
       ErrorKind::network,
       "https://auth.example.org does not accept the login to docker.io, or it may not do repository:team/app:pull",
       "log in again: skopeo login docker.io (or podman login, docker login), or name a file with logins"},
      {401,
       "example.org",
       {},
       ErrorKind::network,
       "https://auth.example.org gives no token for repository:team/app:pull to someone who is not logged in",
       "log in: skopeo login example.org (or podman login, docker login), or name a file with logins"},
      {401,
       "example.org",
       {.origin = "x names docker-credential-y, which is not installed"},
       ErrorKind::network,
       "https://auth.example.org gives no token for repository:team/app:pull to someone who is not logged in",
       "x names docker-credential-y, which is not installed; log in: skopeo login example.org (or podman login, docker login), or name a "
       "file with logins"},
      {429, "example.org", login, ErrorKind::throttled, "https://auth.example.org wants no more requests for tokens for now (429)",
       "try again later"},
      {500, "example.org", login, ErrorKind::network, "https://auth.example.org, the token server of example.org, answered with status 500",
       kTryLater},
      {302, "example.org", login, ErrorKind::network, "https://auth.example.org, the token server of example.org, answered with status 302",
       kTryLater},
      {0, "example.org", login, ErrorKind::network, "https://auth.example.org, the token server of example.org, did not answer", kTryLater},
      {401,
       "example.org",
       {.identity_token = kSecret, .origin = "docker-credential-x"},
       ErrorKind::network,
       "https://auth.example.org does not accept the login to example.org (from docker-credential-x), or it may not do "
       "repository:team/app:pull",
       "log in again: skopeo login example.org (or podman login, docker login), or name a file with logins"},
  };
  for (const Case& each : cases) {
    answer = [&](const std::string&) { return TokenAnswer{each.status, fmt::format(R"({{"details": "{}"}})", kSecret)}; };
    const Error error = error_of([&] { make().bearer(kChallenge, each.host, kPull, each.login); });
    EXPECT_EQ(error.kind(), each.kind);
    EXPECT_EQ(std::string(error.what()), each.message);
    EXPECT_EQ(error.hint(), each.hint);
    EXPECT_FALSE(contains(error.what(), kSecret) || contains(error.hint(), kSecret));
  }
}

}  // namespace
}  // namespace resole::test
