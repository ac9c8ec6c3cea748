// SPDX-License-Identifier: Apache-2.0
#include "build/ownership.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace resole::build {

namespace {

std::int64_t nanoseconds(const statx_timestamp& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

}  // namespace

std::optional<FileFacts> facts_of(int directory, const char* name) {
  struct statx found{};
  if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return std::nullopt;
  FileFacts facts;
  facts.identity.device = static_cast<std::uint64_t>(found.stx_dev_major) << 32 | found.stx_dev_minor;
  facts.identity.inode = found.stx_ino;
  if ((found.stx_mask & STATX_BTIME) != 0) {
    facts.identity.born = found.stx_btime.tv_sec;
    facts.identity.born_nanoseconds = found.stx_btime.tv_nsec;
  }
  facts.mode = found.stx_mode;
  facts.size = found.stx_size;
  facts.links = found.stx_nlink;
  facts.blocks = found.stx_blocks;
  facts.mtime = nanoseconds(found.stx_mtime);
  facts.ctime = nanoseconds(found.stx_ctime);
  return facts;
}

void OwnerRecords::know(const FileIdentity& file, const Owner& owner) {
  if (owner != Owner{}) known_.insert_or_assign(file, owner);
}

void OwnerRecords::record(const FileIdentity& file, const GivenOwner& owner) {
  GivenOwner& given = given_[file];
  if (owner.user) given.user = owner.user;
  if (owner.group) given.group = owner.group;
}

const GivenOwner* OwnerRecords::given(const FileIdentity& file) const {
  const auto found = given_.find(file);
  return found == given_.end() ? nullptr : &found->second;
}

Owner OwnerRecords::owner(const FileIdentity& file) const {
  const auto known = known_.find(file);
  Owner owner = known == known_.end() ? Owner{} : known->second;
  if (const GivenOwner* given = this->given(file)) {
    owner.user = given->user.value_or(owner.user);
    owner.group = given->group.value_or(owner.group);
  }
  return owner;
}

void OwnerRecords::clear() {
  known_.clear();
  given_.clear();
}

}  // namespace resole::build
