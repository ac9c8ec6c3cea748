// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/wanted_files.hpp"

#include <string_view>

#include "pkg/deb/package_facts.hpp"
#include "rootfs/entry.hpp"

namespace resole::deb {
namespace {

class WantedFiles : public MemberVisitor {
 public:
  explicit WantedFiles(const std::set<std::string>& paths) : paths_(paths) {}
  void begin(const rootfs::Entry& entry, const OwnerNames&) override {
    reading_ = entry.type == tar::Type::file && entry.size <= kBiggest && paths_.contains(entry.path) ? &found[entry.path] : nullptr;
    if (reading_) reading_->clear();
  }
  void content(std::string_view bytes) override {
    if (reading_) reading_->append(bytes);
  }
  void end(const rootfs::Entry&) override { reading_ = nullptr; }
  std::map<std::string, std::string> found;

 private:
  static constexpr std::uint64_t kBiggest = 1u << 20;
  const std::set<std::string>& paths_;
  std::string* reading_ = nullptr;
};

}  // namespace

std::map<std::string, std::string> read_files(const PackageFile& package, const std::set<std::string>& paths) {
  WantedFiles wanted(paths);
  read_package(package, wanted);
  return std::move(wanted.found);
}

}  // namespace resole::deb
