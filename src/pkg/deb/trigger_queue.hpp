// SPDX-License-Identifier: Apache-2.0
// Triggers that packages and scripts set off, and who wants to hear of them (deb-triggers(5), dpkg-trigger(1), dpkg's doc/spec/triggers.txt).
#pragma once
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resole::deb {

inline constexpr std::string_view kUnincorporated = "var/lib/dpkg/triggers/Unincorp";

class TriggerQueue {
 public:
  // `read` gives files of the database's triggers directory by their paths in the image.
  using Read = std::function<std::optional<std::string>(const std::string& path)>;

  void activate(std::string_view trigger, const Read& read);   // by name, "ldconfig"; an absolute path is that path and what lies above
  void activate_explicit(std::string_view triggers, const Read& read);  // the activate lines of a package's triggers file
  // The lines that dpkg-trigger wrote: "TRIGGER PACKAGE..." each.
  void activate_deferred(std::string_view unincorporated, const Read& read);
  void forget(std::string_view package);                       // it is configured anyway: its postinst will see everything

  // Who is to be told of what, in the order of activation; the queue is empty then. Names as in the database: "libc-bin", "libfoo:amd64".
  std::vector<std::pair<std::string, std::vector<std::string>>> take();

 private:
  void add(std::string_view package, std::string_view trigger);
  void activate_path(std::string_view path, const Read& read);
  void load_file_interests(const Read& read);

  std::vector<std::pair<std::string, std::vector<std::string>>> waiting_;
  std::set<std::pair<std::string, std::string>> queued_;
  std::optional<std::vector<std::pair<std::string, std::string>>> file_interests_;  // sorted: path, package
};

}  // namespace resole::deb
