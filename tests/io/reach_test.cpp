// SPDX-License-Identifier: Apache-2.0
// Which addresses a request reaches, by literal, by name, behind redirects and through a proxy; and the parts of the client that are pure.
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>

#include "io/byte_queue.hpp"
#include "io/requests.hpp"
#include "io/route.hpp"
#include "io/stall_watch.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using namespace io;

TEST(MayReach, Table) {
  struct Row {
    const char* address;
    bool public_only, beside_named;
  };
  const Row rows[] = {
      {"93.184.216.34", true, true},
      {"10.1.2.3", false, true},
      {"192.168.1.1", false, true},
      {"172.16.0.1", false, true},
      {"100.64.0.1", false, true},
      {"100.100.100.200", false, false},
      {"127.0.0.1", false, false},
      {"127.8.0.1", false, false},
      {"0.0.0.0", false, false},
      {"169.254.169.254", false, false},
      {"192.0.0.192", false, false},
      {"2001:4860::8888", true, true},
      {"::", false, false},
      {"::1", false, false},
      {"fe80::1", false, false},
      {"fd12::1", false, true},
      {"fd00:ec2::254", false, false},
      {"::ffff:127.0.0.1", false, false},
      {"::ffff:10.0.0.1", false, true},
      {"64:ff9b::7f00:1", false, false},
      {"64:ff9b::a9fe:a9fe", false, false},
      {"2002:7f00:1::1", false, false},
      {"2002:a00:1::1", false, true},
      {"64:ff9b:1::1", false, false},
      {"", false, false},
      {"vm", false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(may_reach(Reach::public_only, std::string(row.address)), row.public_only) << row.address;
    EXPECT_EQ(may_reach(Reach::beside_named, std::string(row.address)), row.beside_named) << row.address;
    EXPECT_TRUE(may_reach(Reach::named, std::string(row.address)));
  }
}

TEST(Redirected, WhatGoesAlong) {
  struct Row {
    const char *location, *authorization;
    bool tls;
    Reach reach;
  };
  const Row rows[] = {
      {"/b", "Bearer x", true, Reach::named},
      {"https://Registry.example.org:5000/b?c", "Bearer x", true, Reach::named},
      {"//registry.example.org:5000/b", "Bearer x", true, Reach::named},
      {"https://registry.example.org/b", "", true, Reach::named},
      {"https://user:password@storage.example.org/b", "", false, Reach::beside_named},
      {"https://registry.example.org.example.com:5000/b", "", false, Reach::beside_named},
  };
  Route from =
      first_route({.url = Url::parse("https://me:mine@registry.example.org:5000/a"), .tls = {.verify = false}, .reach = Reach::named});
  ASSERT_TRUE(from.credentials);
  from.authorization = "Bearer x";
  for (const Row& row : rows) {
    const Route to = redirected(from, row.location);
    EXPECT_EQ(to.authorization, row.authorization) << row.location;
    EXPECT_EQ(to.credentials.has_value(), *row.authorization != '\0') << row.location;
    EXPECT_EQ(to.tls == from.tls, row.tls) << row.location;
    EXPECT_EQ(to.reach, row.reach) << row.location;
    EXPECT_FALSE(contains(to.url.text(), "password"));
  }
  EXPECT_EQ(redirected(redirected(from, "https://a.example.org/"), "https://registry.example.org:5000/").reach, Reach::beside_named);
  from.reach = Reach::public_only;
  EXPECT_EQ(redirected(from, "/b").reach, Reach::public_only);
  for (const char* bad : {"http://registry.example.org:5000/b", "ftp://registry.example.org/", "file:///etc/passwd"})
    EXPECT_EQ(error_of([&] { redirected(from, bad); }).kind(), ErrorKind::network) << bad;
}

TEST(StallWatch, CountsOnlyTheOtherSidesTime) {
  using namespace std::chrono_literals;
  const StallWatch::Time begin{};
  StallWatch silent(30s, begin);
  EXPECT_FALSE(silent.look(begin + 30s, 0, false));
  EXPECT_TRUE(silent.look(begin + 31s, 0, false));

  StallWatch waiting(30s, begin);
  for (int second = 1; second < 1000; ++second) ASSERT_FALSE(waiting.look(begin + second * 1s, 0, true));
  EXPECT_FALSE(waiting.look(begin + 1028s, 0, false));
  EXPECT_TRUE(waiting.look(begin + 1030s, 0, false));

  StallWatch dripping(30s, begin), steady(30s, begin);
  bool dripping_ended = false, steady_ended = false;
  for (std::uint64_t second = 1; second <= 70; ++second) {
    dripping_ended = dripping_ended || dripping.look(begin + static_cast<int>(second) * 1s, second * 100, false);
    steady_ended = steady_ended || steady.look(begin + static_cast<int>(second) * 1s, second * 130, false);
  }
  EXPECT_TRUE(dripping_ended);
  EXPECT_FALSE(steady_ended);
}

TEST(ByteQueue, TurnsAwayAndWakes) {
  int woken = 0;
  ByteQueue queue(10, [&] { ++woken; });
  char buffer[20];
  EXPECT_TRUE(queue.offer("12345678"));
  EXPECT_FALSE(queue.turned_away());
  EXPECT_FALSE(queue.offer("abc"));
  EXPECT_TRUE(queue.turned_away());
  EXPECT_EQ(queue.get(buffer, 2), 2u);
  EXPECT_EQ(woken, 0);  // still more than half full
  EXPECT_EQ(queue.get(buffer, 2), 2u);
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(queue.turned_away());
  EXPECT_TRUE(queue.offer("abc"));
  queue.close();
  EXPECT_EQ(queue.get(buffer, 20), 7u);
  EXPECT_EQ(std::string_view(buffer, 7), "5678abc");
  EXPECT_EQ(queue.get(buffer, 20), 0u);

  ByteQueue upload(10, [&] { ++woken; });
  EXPECT_EQ(upload.take(buffer, 20), 0u);
  EXPECT_TRUE(upload.turned_away());
  EXPECT_TRUE(upload.put("more than it can hold"));
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(upload.take(buffer, 20), 20u);
  upload.close();
  EXPECT_FALSE(upload.put("x"));
}

class ReachTest : public RequestTest {
 protected:
  Answer reached(const std::string& url, Reach reach) {
    HttpRequest request = request_to(url);
    request.reach = reach;
    return sent(client(), request);
  }
  void expect_refused(const std::string& url, Reach reach) {
    const Error error = error_of([&] { reached(url, reach); });
    EXPECT_EQ(error.kind(), ErrorKind::refused) << url << ": " << error.what();
    EXPECT_FALSE(error.hint().empty());
  }
  std::string at(const std::string& host, const std::string& path = "/a") const {
    return "http://" + host + ":" + std::to_string(server.port()) + path;
  }
  void redirect(const std::string& path, const std::string& location) {
    server.script(path, {{.status = 302, .fields = {{"Location", location}}}});
  }
};

TEST_F(ReachTest, LiteralsAndLocalNames) {
  server.file("/a", "body");
  for (const char* host : {"127.0.0.1", "localhost", "127.1"}) {
    EXPECT_EQ(reached(at(host), Reach::named).body, "body") << host;
    expect_refused(at(host), Reach::public_only);
    expect_refused(at(host), Reach::beside_named);
  }
  for (const char* url : {"http://10.0.0.1/", "http://169.254.169.254/", "http://[fd00::1]/", "http://192.168.0.1:5000/"})
    expect_refused(url, Reach::beside_named);
  EXPECT_EQ(server.seen().size(), 3u);
}

TEST_F(ReachTest, AllowedHostsAreAllowedInAllWays) {
  server.file("/a", "body");
  options.allowed_private_hosts = {"localhost"};
  for (const Reach reach : {Reach::public_only, Reach::named, Reach::beside_named}) EXPECT_EQ(reached(at("localhost"), reach).body, "body");
  expect_refused(at("127.0.0.1"), Reach::beside_named);
}

TEST_F(ReachTest, Redirects) {
  HttpServer other;
  other.file("/x", "other port");
  redirect("/port", other.url("/x"));
  EXPECT_EQ(reached(at("127.0.0.1", "/port"), Reach::named).body, "other port");
  const std::string elsewhere[] = {at("localhost"), "http://10.0.0.1/x", "http://169.254.169.254/latest/meta-data", "http://[::1]/"};
  for (const std::string& location : elsewhere) {
    redirect("/away", location);
    expect_refused(at("127.0.0.1", "/away"), Reach::named);
  }
  EXPECT_TRUE(server.seen("/a").empty());
}

TEST_F(ReachTest, ThroughAProxy) {
  options.environment = [&](const char* name) { return std::string(name) == "http_proxy" ? server.url("") : std::string(); };
  server.file("http://10.0.0.1/a", "inside");
  server.file("http://storage.example.org/a", "outside");
  redirect("http://registry.example.org/private", "http://10.0.0.1/a");
  redirect("http://registry.example.org/public", "http://storage.example.org/a");
  EXPECT_EQ(reached("http://10.0.0.1/a", Reach::named).body, "inside");
  expect_refused("http://10.0.0.1/a", Reach::beside_named);
  expect_refused("http://10.0.0.1/a", Reach::public_only);
  for (const Reach reach : {Reach::named, Reach::public_only}) {
    EXPECT_EQ(reached("http://registry.example.org/public", reach).body, "outside");
    expect_refused("http://registry.example.org/private", reach);
  }
  EXPECT_EQ(server.seen("http://10.0.0.1/a").size(), 1u);
}

// The name of this machine, when it means 127.0.0.1.
std::string name_of_loopback() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  addrinfo* found = nullptr;
  if (getaddrinfo(name.data(), nullptr, nullptr, &found) != 0) return {};
  bool loopback = true;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    loopback = loopback && entry->ai_family == AF_INET &&
               reinterpret_cast<const sockaddr_in*>(entry->ai_addr)->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
  }
  freeaddrinfo(found);
  return loopback && !Url::parse("http://" + std::string(name.data())).is_private_address() ? name.data() : "";
}

// A connection that a request with a longer reach opened and that is kept is none for a request with a shorter one.
TEST_F(ReachTest, Names) {
  const std::string name = name_of_loopback();
  if (name.empty()) GTEST_SKIP() << "this machine's name does not mean 127.0.0.1";
  server.file("/a", "body");
  expect_refused(at(name), Reach::beside_named);
  EXPECT_EQ(server.connections(), 0u);
  EXPECT_EQ(reached(at(name), Reach::named).body, "body");
  EXPECT_EQ(reached(at(name), Reach::named).body, "body");
  EXPECT_EQ(server.connections(), 1u);
  expect_refused(at(name), Reach::beside_named);
  expect_refused(at(name), Reach::public_only);
  EXPECT_EQ(server.seen().size(), 2u);
}

}  // namespace
}  // namespace resole::test
