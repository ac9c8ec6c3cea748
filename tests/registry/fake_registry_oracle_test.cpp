// SPDX-License-Identifier: Apache-2.0
// skopeo pushes to the fake registry and pulls from it, whatever the registry is like; what comes out is what went in.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "io/files.hpp"
#include "io/process.hpp"
#include "oci/image.hpp"
#include "registry/places.hpp"
#include "support/fake_registry.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

bool has_skopeo() {
  try {
    return io::run_process({.arguments = {"skopeo", "--version"}, .environment = {}, .directory = {}, .input = {}}).exit_code == 0;
  } catch (const Error&) {
    return false;
  }
}

class FakeRegistryOracle : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_skopeo()) GTEST_SKIP() << "skopeo is not installed";
    std::unique_ptr<oci::Store> store = registry::open_for_writing(oci::Location::parse(layout("in")), {});
    put_all(*store, image_);
    store->publish({.root = image_.root, .tag = "1", .expected = {}, .force = true});
  }

  std::string layout(const std::string& name) const { return "oci:" + (folder_.path() / name).native() + ":1"; }

  io::ProcessResult copy(const std::vector<std::string>& options, const std::string& from, const std::string& to) const {
    const std::string home = folder_.path().native();
    std::vector<std::string> arguments = {"skopeo", "--insecure-policy", "--tmpdir", home, "copy", "--all"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), {from, to});
    return io::run_process({.arguments = std::move(arguments),
                            .environment = {"HOME=" + home, "XDG_RUNTIME_DIR=" + home, "TMPDIR=" + home, "LC_ALL=C",
                                            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                            .directory = home,
                            .input = {}});
  }

  // In under one name, out again from there.
  void round_trip(FakeRegistry& registry, const std::string& repository, std::vector<std::string> push = {"--dest-tls-verify=false"},
                  std::vector<std::string> pull = {"--src-tls-verify=false"}) const {
    push.push_back("--dest-creds=user:secret");
    pull.push_back("--src-creds=user:secret");
    const std::string remote = "docker://" + registry.reference(repository + ":1");
    const io::ProcessResult in = copy(push, layout("in"), remote);
    ASSERT_EQ(in.exit_code, 0) << in.err;
    EXPECT_TRUE(registry.holds(repository, "1", image_));
    const io::ProcessResult out = copy(pull, remote, layout("out"));
    ASSERT_EQ(out.exit_code, 0) << out.err;
    std::unique_ptr<oci::Store> store = registry::open_for_reading(oci::Location::parse(layout("out")), {});
    EXPECT_EQ(store->resolve()->digest, image_.root.digest);
    for (const auto& [digest, bytes] : image_.blobs) EXPECT_TRUE(store->has_blob(describe("a/b", bytes))) << digest.text();
    EXPECT_EQ(registry.violations(), std::vector<std::string>());
    EXPECT_EQ(registry.open_uploads(), 0u);
  }

  io::TemporaryDirectory folder_{quick_folder()};
  SampleTree image_ = sample_image("app", "amd64", 3);
};

TEST_F(FakeRegistryOracle, SkopeoWithoutCredentials) {
  FakeRegistry registry;
  round_trip(registry, "team/app");
  EXPECT_EQ(registry.count("GET token"), 0u);
  EXPECT_EQ(registry.blob_uploads().size(), 4u);
}

TEST_F(FakeRegistryOracle, SkopeoWithBasic) {
  FakeRegistry registry({.access = {.auth = Auth::basic}});
  round_trip(registry, "team/app");
  EXPECT_NE(
      copy({"--src-tls-verify=false", "--src-creds=user:wrong"}, "docker://" + registry.reference("team/app:1"), layout("bad")).exit_code,
      0);
}

TEST_F(FakeRegistryOracle, SkopeoWithBearerAndATokenServerApart) {
  FakeRegistry registry({.access = {.auth = Auth::bearer, .token_server_apart = true}, .quirks = {.redirect_blobs = true}});
  round_trip(registry, "team/app");
  EXPECT_GE(registry.count("GET token"), 2u);
  EXPECT_GE(registry.count("GET storage"), 1u);
}

TEST_F(FakeRegistryOracle, SkopeoOverTlsWithAClientCertificate) {
  FakeRegistry registry({.access = {.auth = Auth::bearer}, .tls = HttpTls{.client_certificate = true}});
  const io::Path certificates = folder_.path() / "certs";
  std::filesystem::create_directory(certificates);
  const CertificateFiles own = registry.server().client_certificate();
  std::filesystem::copy_file(registry.server().ca_file(), certificates / "ca.crt");
  std::filesystem::copy_file(own.certificate, certificates / "client.cert");
  std::filesystem::copy_file(own.key, certificates / "client.key");
  round_trip(registry, "team/app", {"--dest-cert-dir=" + certificates.native()}, {"--src-cert-dir=" + certificates.native()});
  EXPECT_EQ(registry.server().seen().front().client_name, "client");
}

TEST_F(FakeRegistryOracle, SkopeoWithTheQuirksOfEveryRegistry) {
  for (const auto& [name, quirks] : all_quirks()) {
    SCOPED_TRACE(name);
    FakeRegistry registry({.access = {.auth = name == "ecr" ? Auth::basic : Auth::bearer}, .quirks = quirks});
    round_trip(registry, "team/app");
  }
}

}  // namespace
}  // namespace resole::test
