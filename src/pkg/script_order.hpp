// SPDX-License-Identifier: Apache-2.0
// Maintainer scripts that have to run, as values, in the order of the family's own tool. Who runs them is build/sandbox.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resole::pkg {

struct ScriptFile {
  std::string path;  // in the image, "var/lib/dpkg/tmp.ci/preinst"
  std::uint32_t mode = 0644;
  std::string content;
};

struct ScriptCall {
  std::string package, script;               // for messages: "curl", "postinst"
  std::vector<std::string> arguments;        // [0] is the script's path in the image, absolute
  std::vector<std::string> environment;      // NAME=value, all of it
  std::string workplace;                     // a directory of the image that exists only while the script runs; "" = none
  std::vector<ScriptFile> files;             // that lie in it
  std::vector<ScriptCall> otherwise;         // tried when this one fails (none, or one)
  std::string text() const;                  // "curl postinst configure 7.88.1-10"
};

// What lies in the tree on which the scripts work.
struct ScriptTreeView {
  std::function<std::optional<std::string>(const std::string& path)> read;  // nullopt: no such file
  std::function<std::string(const std::string& path)> take;                 // reads and empties it; "" when there is none
};

// The steps of one upgrade, in this order: before() on the tree as it is, the upgrade without scripts, after() on what came out, then next() until it is
// empty. Each list is run to its end before the next is asked for.
class ScriptOrder {
 public:
  virtual ~ScriptOrder() = default;
  virtual std::vector<ScriptCall> before(const ScriptTreeView& tree) = 0;
  virtual std::vector<ScriptCall> after() = 0;
  // What the scripts so far have set off (dpkg: triggers). Error(refused) when that has no end.
  virtual std::vector<ScriptCall> next(const ScriptTreeView& tree) = 0;
};

}  // namespace resole::pkg
