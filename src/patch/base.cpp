// SPDX-License-Identifier: Apache-2.0
#include "patch/base.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/base_hints.hpp"
#include "oci/base_swap.hpp"
#include "patch/view.hpp"

namespace resole::patch {

namespace {

constexpr std::uint64_t kLargestStatement = 16u << 20;

struct OpenedBase {
  std::shared_ptr<oci::Store> store;
  oci::Root root;
};

OpenedBase open_base(const oci::Location& location, const Tools& tools) {
  return with_context([&] { return "reading base " + printable(location.text()); }, [&] {
    OpenedBase opened{tools.open_for_reading(location), {}};
    const auto root = opened.store->resolve();
    if (!root) throw Error(ErrorKind::input, "no such image", "check the name, and the tag or digest");
    opened.root = oci::read_root(*opened.store, *root, oci::Families::any);
    return opened;
  });
}

const oci::Image* image_for(const oci::Root& root, const oci::Platform& platform) {
  for (const oci::Image& image : root.images) {
    if (image.platform().matches(platform)) return &image;
  }
  return nullptr;
}

std::string platforms_of(const oci::Root& root) {
  std::vector<std::string> names;
  for (const oci::Image& image : root.images) names.push_back(image.platform().text());
  return join(names, ", ");
}

std::string bytes_of(oci::Store& store, const oci::Descriptor& blob) {
  std::string bytes;
  const auto source = store.open_blob(blob);
  std::vector<char> buffer(1u << 16);
  for (std::size_t got = source->read(buffer.data(), buffer.size()); got > 0; got = source->read(buffer.data(), buffer.size())) {
    bytes.append(buffer.data(), got);
    if (bytes.size() > kLargestStatement) throw Error(ErrorKind::input, "the statement is too large");
  }
  return bytes;
}

class BaseFinder {
 public:
  BaseFinder(const ImageView& image, const BaseRequest& request, const Tools& tools) : image_(image), request_(request), tools_(tools) {}

  BaseFinding find(const oci::Image& image) {
    BaseFinding found;
    if (request_.old_base) {
      prove_named(image, found);
    } else {
      for (const oci::BaseHint& hint : oci::base_hints(image, index_annotations())) try_hint(image, hint, found);
      if (!found.old_base) {
        for (const oci::BaseHint& hint : provenance_of(image)) try_hint(image, hint, found);
      }
    }
    if (found.old_base) find_new(image, found);
    return found;
  }

 private:
  std::map<std::string, std::string> index_annotations() const { return image_.root.index ? image_.root.index->annotations() : std::map<std::string, std::string>(); }

  bool may_be_asked(const oci::Location& location) const {
    if (location.transport != oci::Transport::docker) return false;
    const std::string& registry = location.reference->registry;
    if (image_.location.transport == oci::Transport::docker && image_.location.reference->registry == registry) return true;
    for (const auto& named : {request_.old_base, request_.new_base}) {
      if (named && named->transport == oci::Transport::docker && named->reference->registry == registry) return true;
    }
    return std::ranges::find(request_.registries, registry) != request_.registries.end();
  }

  const OpenedBase& open(const oci::Location& location) {
    const auto known = opened_.find(location.text());
    return known != opened_.end() ? known->second : opened_.emplace(location.text(), open_base(location, tools_)).first->second;
  }

  static const oci::Image& platform_of(const OpenedBase& base, const oci::Image& image, const oci::Location& location) {
    if (const oci::Image* found = image_for(base.root, image.platform())) return *found;
    throw Error(ErrorKind::input, fmt::format("{} is not for {}", printable(location.text()), image.platform().text()), "it is for: " + platforms_of(base.root));
  }

  void prove_named(const oci::Image& image, BaseFinding& found) {
    const oci::Location& location = *request_.old_base;
    const oci::Image& base = platform_of(open(location), image, location);
    if (const auto why = oci::not_a_base(base.config, image.config)) {
      throw Error(ErrorKind::input, fmt::format("{} is not the base of the image: {}", printable(location.text()), *why), "name the very base that the image was built on, best by its digest");
    }
    found.old_base = base;
    found.found_by = "--old-base";
    found.old_reference = location.text();
    name_ = location;
  }

  // The first hint that is proven decides.
  void try_hint(const oci::Image& image, const oci::BaseHint& hint, BaseFinding& found) {
    if (found.named.empty()) {
      found.named = hint.name;
      found.named_by = hint.found_by;
    }
    const auto& diff_ids = image.config.diff_ids();
    if (const auto top = std::ranges::find(diff_ids, hint.top_layer); !hint.top_layer.empty() && top != diff_ids.end() && found.seam == 0) {
      found.seam = static_cast<std::size_t>(top - diff_ids.begin()) + 1;
    }
    if (found.old_base || hint.name.empty()) return;
    const auto remark = [&](const std::string& why) { found.remarks.push_back(fmt::format("{} ({}): {}", printable(hint.name, 120), hint.found_by, why)); };
    try {
      oci::Location name{.transport = oci::Transport::docker, .path = {}, .tag = {}, .digest = {}, .reference = oci::Reference::parse(hint.name)};
      oci::Location then = name;
      if (!hint.digest.empty()) then.reference->digest = hint.digest;
      if (!may_be_asked(then)) return remark("its registry was not named, so it is not asked (--base-registry " + then.reference->registry + ")");
      const oci::Image& base = platform_of(open(then), image, then);
      if (const auto why = oci::not_a_base(base.config, image.config)) return remark("not the base: " + *why);
      found.old_base = base;
      found.found_by = hint.found_by;
      found.old_reference = then.text();
      name_ = name;
    } catch (const Error& error) {
      remark(error.message());
    }
  }

  // What BuildKit wrote beside the image about how it was built.
  std::vector<oci::BaseHint> provenance_of(const oci::Image& image) const {
    std::vector<oci::BaseHint> hints;
    if (!image_.root.index) return hints;
    for (const oci::IndexEntry& entry : image_.root.index->entries()) {
      if (!entry.attestation || entry.attestation_of != image.descriptor.digest.text()) continue;
      try {
        const oci::References parts = oci::references_of(image_.store->manifest(entry.descriptor), entry.descriptor.media_type, "attestation");
        for (const oci::Descriptor& blob : parts.blobs) {
          if (blob.media_type != "application/vnd.in-toto+json" || blob.size > kLargestStatement) continue;
          for (oci::BaseHint& hint : oci::provenance_hints(bytes_of(*image_.store, blob))) hints.push_back(std::move(hint));
        }
      } catch (const Error& error) {
        tools_.reporter.debug("provenance cannot be read: " + error.message());
      }
    }
    return hints;
  }

  void find_new(const oci::Image& image, BaseFinding& found) {
    std::optional<oci::Location> location = request_.new_base;
    if (!location && name_ && (!name_->reference || !name_->reference->tag.empty())) {
      location = name_;  // what it is now
      if (location->reference) location->reference->digest = {};
    }
    if (!location) return found.remarks.push_back("the old base has no tag that could have moved (--new-base)");
    if (!request_.new_base && location->transport == oci::Transport::docker && !may_be_asked(*location)) {
      return found.remarks.push_back(fmt::format("{} is not asked what it is now (--base-registry)", printable(location->text(), 120)));
    }
    try {
      const OpenedBase& opened = open(*location);
      found.new_base = platform_of(opened, image, *location);
      found.reference = location->text();
      found.root = opened.root.descriptor.digest;
      found.store = opened.store;
    } catch (const Error& error) {
      if (request_.new_base) throw;
      found.remarks.push_back(error.message());
    }
  }

  const ImageView& image_;
  const BaseRequest& request_;
  const Tools& tools_;
  std::map<std::string, OpenedBase> opened_;
  std::optional<oci::Location> name_;
};

}  // namespace

std::vector<BaseFinding> find_bases(const ImageView& image, const BaseRequest& request, const Tools& tools) {
  std::vector<BaseFinding> found;
  if (!request.asks()) return found;
  Phase phase(tools.reporter, "finding the base");
  BaseFinder finder(image, request, tools);
  for (const std::size_t position : image.positions) found.push_back(finder.find(image.root.images[position]));
  return found;
}

BaseFinding planned_base(const oci::Image& image, const document::PlannedBase& base, const Tools& tools) {
  const auto read = [&](const std::string& text) { return open_base(oci::Location::parse(text), tools); };
  const OpenedBase before = read(base.old_reference), now = read(base.reference);
  const oci::Image *old_base = image_for(before.root, image.platform()), *new_base = image_for(now.root, image.platform());
  const auto refuse = [](std::string what) { throw Error(ErrorKind::input, std::move(what), "plan again"); };
  if (!old_base || oci::not_a_base(old_base->config, image.config)) refuse(fmt::format("{} is not the base of the image", printable(base.old_reference)));
  if (now.root.descriptor.digest != base.root || !new_base || new_base->descriptor.digest != base.new_digest || new_base->config.diff_ids() != base.new_diff_ids) {
    refuse(fmt::format("the plan moves to {} as {}, which is {} now", printable(base.reference), base.root.short_text(), now.root.descriptor.digest.short_text()));
  }
  if (old_base->config.diff_ids().size() != base.layers) refuse("the plan's base has another number of layers");
  return {.found_by = base.found_by,
          .old_reference = base.old_reference,
          .reference = base.reference,
          .old_base = *old_base,
          .new_base = *new_base,
          .root = base.root,
          .store = now.store,
          .named = {},
          .named_by = {},
          .seam = 0,
          .remarks = {}};
}

}  // namespace resole::patch
