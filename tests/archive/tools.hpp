// SPDX-License-Identifier: Apache-2.0
// Other people's programs as judges: a scratch folder and commands run in it.
#pragma once
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace resole::test {

class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "resole-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no scratch folder");
    folder_ = pattern;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void write(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  std::string read(const std::string& name) const {
    std::ifstream in(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Runs a shell command in the folder; its output is returned, a failure is a test failure.
  std::string run(const std::string& command) const {
    const std::string whole = "cd '" + folder_.string() + "' && export LC_ALL=C.UTF-8 TZ=UTC && ( " + command + " ) >out.txt 2>err.txt";
    const int status = std::system(whole.c_str());
    EXPECT_EQ(status, 0) << command << "\n" << read("err.txt");
    return read("out.txt");
  }

 private:
  std::filesystem::path folder_;
};

inline bool has_tool(const std::string& name) { return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0; }

}  // namespace resole::test

#define RESOLE_NEEDS_TOOL(name) \
  if (!resole::test::has_tool(name)) GTEST_SKIP() << name << " is not installed"
