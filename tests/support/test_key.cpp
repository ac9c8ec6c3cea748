// SPDX-License-Identifier: Apache-2.0
#include "support/test_key.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "base/text.hpp"

namespace resole::test {

bool TestKey::possible() { return std::system("gpg --version >/dev/null 2>&1") == 0; }

TestKey::TestKey(const std::string& algorithm) {
  std::string name = (std::filesystem::temp_directory_path() / "resole-key-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
  directory_ = name;
  gpg("--faked-system-time 20260101T000000! --quick-generate-key 'Test <test@example.org>' " + algorithm + " sign never");
}

TestKey::~TestKey() {
  const std::string stop = "GNUPGHOME=" + directory_ + " gpgconf --kill all >/dev/null 2>&1";
  [[maybe_unused]] const int result = std::system(stop.c_str());
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string TestKey::gpg(const std::string& arguments, const std::string& input) const {
  const std::string file = directory_ + "/input";
  std::ofstream(file, std::ios::binary) << input;
  const std::string command = "GNUPGHOME=" + directory_ +
                              " gpg --batch --yes --quiet --no-tty --allow-weak-digest-algos --pinentry-mode loopback --passphrase '' " +
                              arguments + " < " + file + " 2>" + directory_ + "/errors";
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot start gpg");
  std::string output(1 << 16, '\0');
  std::string all;
  while (const std::size_t got = fread(output.data(), 1, output.size(), pipe)) all.append(output, 0, got);
  if (pclose(pipe) != 0) throw std::runtime_error("gpg failed: " + command);
  return all;
}

std::string TestKey::sign(const std::string& text, const std::string& options) const {
  const std::string time = options.find("--faked-system-time") == std::string::npos ? "--faked-system-time 20261101T000000! " : "";
  return gpg(time + options + " --clearsign", text);
}
std::string TestKey::sign_beside(const std::string& text, const std::string& options) const {
  return gpg("--faked-system-time 20261101T000000! " + options + " --detach-sign", text);
}
std::string TestKey::public_key() const { return gpg("--export"); }
std::string TestKey::armored_public_key() const { return gpg("--armor --export"); }

std::string TestKey::fingerprint() const {
  const std::string listing = gpg("--with-colons --list-keys");
  for (std::string_view line : lines(listing)) {
    const auto columns = split(line, ':');
    if (columns.size() > 9 && columns[0] == "fpr") return std::string(columns[9]);
  }
  return {};
}

}  // namespace resole::test
