// SPDX-License-Identifier: Apache-2.0
// The house rules that can be read off the files: who may include whom, where third-party headers may stand, names, sizes, licence lines.
// docs/architecture.md is the prose of the same table.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace RESOLE_TEST_FILE {

const fs::path kRoot = RESOLE_SOURCE_DATA;

struct File {
  std::string path;  // below the project, "src/oci/image.cpp"
  std::string room;  // "oci"; "" for main.cpp
  std::string text;
};

std::vector<File> read_tree(const std::string& top) {
  std::vector<File> files;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / top)) {
    const std::string extension = entry.path().extension();
    if (!entry.is_regular_file() || (extension != ".cpp" && extension != ".hpp")) continue;
    const fs::path below = fs::relative(entry.path(), kRoot / top);
    std::ifstream in(entry.path(), std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    const bool in_room = std::distance(below.begin(), below.end()) > 1;
    files.push_back({top + "/" + below.generic_string(), in_room ? below.begin()->string() : std::string(), text.str()});
  }
  return files;
}

std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  std::vector<std::string> found;
  const std::regex expression(pattern, std::regex::multiline);
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

// Room -> rooms whose headers it may include (its own always).
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"base", {}},
    {"archive", {"base"}},
    {"io", {"base", "archive"}},
    {"oci", {"base", "archive"}},
    {"rootfs", {"base", "archive", "oci"}},
    {"pkg", {"base", "archive", "oci", "rootfs"}},
    {"advisory", {"base", "pkg"}},
    {"document", {"base", "oci", "pkg", "advisory"}},
    {"plan", {"base", "oci", "rootfs", "pkg", "advisory", "document"}},
    {"registry", {"base", "archive", "io", "oci"}},
    {"build", {"base", "archive", "io", "oci", "rootfs", "pkg", "document"}},
    {"rollout", {"base", "oci", "document"}},
    {"forge", {"base", "io", "document"}},
    {"patch", {"base", "archive", "io", "oci", "rootfs", "pkg", "advisory", "document", "plan", "registry", "build"}},
    {"cli", {"base", "archive", "io", "oci", "rootfs", "pkg", "advisory", "document", "plan", "registry", "build", "rollout", "forge", "patch"}},
    {"", {"cli"}},
};

// Third-party header (start of its name) -> where it may stand (start of the path). Tests are free.
const std::map<std::string, std::vector<std::string>> kConfined = {
    {"curl/", {"src/io/"}},
    {"zlib.h", {"src/archive/"}},
    {"zstd.h", {"src/archive/"}},
    {"lzma.h", {"src/archive/"}},
    {"libdeflate.h", {"src/archive/"}},
    {"isa-l", {"src/archive/"}},
    {"archive.h", {"src/archive/documents"}},
    {"archive_entry.h", {"src/archive/documents"}},
    {"igzip", {"src/archive/"}},
    {"openssl/", {"src/base/digest", "src/pkg/"}},
    {"solv/", {"src/plan/solver"}},
    {"rnp/", {"src/pkg/signature"}},
    {"libfyaml.h", {"src/base/yaml"}},
    {"toml++/", {"src/base/toml"}},
    {"libxml/", {"src/base/xml"}},
    {"mustache.hpp", {"src/rollout/template"}},
    {"CLI/", {"src/cli/options.cpp"}},
    {"nlohmann/json.hpp", {"src/base/json.hpp"}},
    {"nlohmann/json_fwd.hpp", {"src/base/json_fwd.hpp"}},
    {"boost/url", {"src/base/url"}},
};

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

TEST(Layering, RoomsIncludeOnlyWhatTheirFloorAllows) {
  for (const File& file : read_tree("src")) {
    ASSERT_TRUE(kMayInclude.contains(file.room)) << file.path << ": room " << file.room << " is not in the table";
    const auto& allowed = kMayInclude.at(file.room);
    for (const std::string& include : matches(file.text, "^#include \"([^\"]+)\"")) {
      const std::string room = include.substr(0, include.find('/'));
      EXPECT_TRUE(room == file.room || allowed.contains(room)) << file.path << " includes " << include;
    }
  }
}

TEST(Layering, ThirdPartyHeadersStayInTheirRoom) {
  for (const File& file : read_tree("src")) {
    for (const std::string& include : matches(file.text, "^#include <([^>]+)>")) {
      for (const auto& [header, places] : kConfined) {
        if (!starts_with(include, header)) continue;
        const bool fine = std::any_of(places.begin(), places.end(), [&](const std::string& place) { return starts_with(file.path, place); });
        EXPECT_TRUE(fine) << file.path << " includes <" << include << ">";
      }
    }
  }
}

// A header that needs the whole of JSON is an inner one of its room: others would pay for it in every file.
TEST(Layering, JsonStaysOutOfHeadersThatOthersInclude) {
  std::map<std::string, std::string> heavy;  // include path -> room
  const auto files = read_tree("src");
  for (const File& file : files) {
    const bool header = file.path.ends_with(".hpp") && file.path != "src/base/json.hpp";
    if (header && file.text.find("#include \"base/json.hpp\"") != std::string::npos) heavy[file.path.substr(4)] = file.room;
  }
  for (bool grows = true; grows;) {  // a header that includes a heavy one is heavy
    grows = false;
    for (const File& file : files) {
      for (const std::string& include : matches(file.text, "^#include \"([^\"]+)\"")) {
        const auto found = heavy.find(include);
        if (found == heavy.end()) continue;
        EXPECT_EQ(found->second, file.room) << file.path << " includes " << include;
        if (file.path.ends_with(".hpp") && found->second == file.room) grows = heavy.emplace(file.path.substr(4), file.room).second || grows;
      }
    }
  }
}

TEST(Layering, FilesAreNamedLicensedAndSmall) {
  const std::regex empty_name("(util|utils|common|helper|helpers|manager|misc)[^/]*$");
  for (const char* top : {"src", "tests"}) {
    for (const File& file : read_tree(top)) {
      EXPECT_TRUE(starts_with(file.text, "// SPDX-License-Identifier: Apache-2.0\n")) << file.path;
      EXPECT_FALSE(std::regex_search(fs::path(file.path).filename().string(), empty_name)) << file.path << ": the name says nothing";
      if (top == std::string("src")) {
        EXPECT_LE(std::count(file.text.begin(), file.text.end(), '\n'), 800) << file.path;
      }
    }
  }
}

}  // namespace
