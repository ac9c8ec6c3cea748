// SPDX-License-Identifier: Apache-2.0
// A small root tree with a shell, copied from this machine.
#pragma once
#include <filesystem>
#include <string>

#include "base/text.hpp"
#include "io/process.hpp"

namespace resole::test {

// The program and what the linker loads for it, at their own paths. False when the machine does not have it.
inline bool copy_program(const std::string& program, const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  const auto copy = [&](const std::string& file) {
    const fs::path to = root / file.substr(1);
    fs::create_directories(to.parent_path());
    fs::copy_file(fs::canonical(file), to, fs::copy_options::overwrite_existing);
  };
  if (!fs::exists(program)) return false;
  copy(program);
  const io::ProcessResult libraries = io::run_process({.arguments = {"ldd", program}});
  for (const auto line : lines(libraries.out)) {
    for (const auto word : split_words(line)) {
      if (word.starts_with('/')) copy(std::string(word));
    }
  }
  return libraries.exit_code == 0;
}

}  // namespace resole::test
