// SPDX-License-Identifier: Apache-2.0
// The tar of a draft: whiteouts, directories, everything else, each part sorted by path. No path occurs twice, and none beside its own
// whiteout.
#include "base/error.hpp"
#include "rootfs/content_facts.hpp"
#include "rootfs/entry.hpp"
#include "rootfs/layer_draft.hpp"
#include "rootfs/path.hpp"
#include "rootfs/settled_draft.hpp"

namespace resole::rootfs {
namespace {

class HashingSink : public Sink {
 public:
  HashingSink(Sink& sink, Hasher* hasher) : sink_(sink), hasher_(hasher) {}
  void write(std::string_view bytes) override {
    if (hasher_ != nullptr) hasher_->update(bytes);
    sink_.write(bytes);
  }

 private:
  Sink& sink_;
  Hasher* hasher_;
};

tar::Header whiteout_header(std::string_view path, std::int64_t mtime) {
  tar::Header header;
  header.path = join_path(parent_of(path), std::string(kWhiteoutPrefix).append(name_of(path)));
  header.mtime = mtime;
  return header;
}

Entry file_entry(const SettledDraft::Object& object, ContentFacts& facts, LayerIndex& index) {
  Entry entry = object_entry(object.header);
  if (entry.type != tar::Type::file) return entry;
  facts.begin(entry.path, entry.size);
  facts.update(object.content->bytes());
  facts.finish(entry, index);
  return entry;
}

LayerIndex write_settled(const SettledDraft& draft, std::int64_t marker_mtime, Sink& sink, bool finish) {
  LayerIndex index;
  tar::Writer writer(sink);
  ContentFacts facts{IndexLimits{}};
  for (const std::string& path : draft.whiteouts) {
    writer.add(whiteout_header(path, marker_mtime));
    index.entries.push_back(marker_entry(path, false));
  }
  for (const auto& [path, header] : draft.directories) {
    writer.add(header);
    index.entries.push_back(object_entry(header));
  }
  for (const auto& [path, object] : draft.objects) {
    writer.add(object.header, object.content != nullptr ? object.content->bytes() : std::string_view());
    index.entries.push_back(file_entry(object, facts, index));
  }
  if (finish) writer.finish();
  return index;
}

}  // namespace

LayerIndex LayerDraft::write(const Tree& below, std::int64_t marker_mtime, Sink& sink, bool finish) const {
  Hasher hasher(Algorithm::sha256);
  HashingSink hashing(sink, finish ? &hasher : nullptr);
  LayerIndex index = write_settled(settle(*this, below, marker_mtime), marker_mtime, hashing, finish);
  if (finish) index.diff_id = Digest::sha256(hasher.finish_sha256());
  return index;
}

}  // namespace resole::rootfs
