// SPDX-License-Identifier: Apache-2.0
#include "document/schema_check.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace resole::document {

namespace {

constexpr const char* kProgram = R"(
import json, sys
from jsonschema import Draft7Validator
schema = json.load(open(sys.argv[1], encoding="utf-8"))
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)
for index, name in enumerate(sys.argv[2:]):
    for error in validator.iter_errors(json.load(open(name, encoding="utf-8"))):
        print("%d: %s: %s" % (index, "/".join(str(part) for part in error.absolute_path), error.message[:200]))
)";

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "resole-schema-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, std::string_view text) const {
    const std::string file = (path_ / name).string();
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }

 private:
  std::filesystem::path path_;
};

std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot run " + command;
  std::string output;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, got);
  if (pclose(pipe) != 0) output += "the checker failed";
  return output;
}

}  // namespace

bool have_schema_checker() { return std::system("/usr/bin/python3 -c 'import jsonschema' 2>/dev/null") == 0; }

std::string schema_problems(std::string_view name, const std::vector<std::string>& documents) {
  const TemporaryDirectory directory;
  std::string command = "/usr/bin/python3 '" + directory.write("check.py", kProgram) + "' '" + RESOLE_SOURCE_DATA "/docs/schema/" +
                        std::string(name) + ".json'";
  for (std::size_t i = 0; i < documents.size(); ++i) command += " '" + directory.write(std::to_string(i) + ".json", documents[i]) + "'";
  return output_of(command + " 2>&1");
}

}  // namespace resole::document
