// SPDX-License-Identifier: Apache-2.0
// What registries and people hand in: references, platforms, manifests, configs, indexes, and our edits of them.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/targets.hpp"
#include "oci/image.hpp"
#include "oci/reference.hpp"

namespace resole::fuzz {

inline void reference(std::string_view text) {
  tolerate(
      [&] {
        const oci::Reference read = oci::Reference::parse(text);
        require(read.name().size() <= 255 && !read.registry.empty() && !read.repository.empty(), "parts of the name");
        require(!read.tag.empty() || !read.digest.empty(), "neither tag nor digest");
        require(oci::Reference::parse(read.text()).text() == read.text(), "written and read again it differs");
      },
      ErrorKind::usage);
  tolerate(
      [&] {
        const oci::Location read = oci::Location::parse(text);
        require(oci::Location::parse(read.text()).text() == read.text(), "a location written and read again differs");
      },
      ErrorKind::usage);
}

inline void platform(std::string_view text) {
  tolerate(
      [&] {
        const oci::Platform read = oci::Platform::parse(text), normal = read.normalized();
        require(oci::Platform::parse(read.text()) == read, "written and read again it differs");
        require(normal.normalized() == normal, "normalised twice it differs");
        require(read.matches(normal) && normal.matches(read), "does not match itself");
      },
      ErrorKind::usage);
}

inline void same_descriptor(const oci::Descriptor& read) {
  const OrderedJson json = read.to_json();
  require(oci::Descriptor::from_json(json, "again").to_json() == json, "a descriptor written and read again differs");
}

inline void manifest(std::string_view bytes) {
  for (const std::string_view type : {oci::media_type::kOciManifest, oci::media_type::kDockerManifest}) {
    tolerate(
        [&] {
          const auto read = oci::Manifest::parse(std::string(bytes), type, "input", oci::Families::any);
          require(read.bytes() == bytes && read.digest() == Digest::of(bytes), "the bytes are not those that came");
          require(read.layers().size() <= 1000, "layers");
          same_descriptor(read.config());
          for (const oci::Descriptor& layer : read.layers()) same_descriptor(layer);
          const oci::References all = oci::references_of(bytes, type, "input");
          require(all.manifests.empty() && all.blobs.size() == 1 + read.layers().size(), "references");
        },
        ErrorKind::verification);
  }
}

inline void image_index(std::string_view bytes) {
  tolerate(
      [&] {
        const auto read = oci::Index::parse(std::string(bytes), oci::media_type::kOciIndex, "input");
        oci::Descriptor root, next;
        next.media_type = oci::media_type::kOciManifest;
        next.digest = Digest::of("patched");
        next.size = 7;
        std::map<Digest, oci::Descriptor> replaced;
        for (const oci::IndexEntry& entry : read.entries()) {
          same_descriptor(entry.descriptor);
          if (entry.runnable) replaced.emplace(entry.descriptor.digest, next);
        }
        require(oci::replace_children(read, root, {}, {}).bytes == bytes, "an edit of nothing changes the bytes");
        const oci::EditedIndex edited = oci::replace_children(read, root, replaced, {{"org.example.note", "x"}});
        const auto again = oci::Index::parse(edited.bytes, oci::media_type::kOciIndex, "edited");
        require(again.entries().size() + edited.dropped.size() == read.entries().size(), "entries were lost");
        require(again.annotations().at("org.example.note") == "x", "the annotation is missing");
        for (const oci::IndexEntry& entry : again.entries()) require(!replaced.contains(entry.descriptor.digest), "an old child is left");
      },
      ErrorKind::verification);
}

// `bytes` is a config; a manifest that fits is put over it, a layer appended and taken off again.
inline void image_config(std::string_view bytes) {
  tolerate([&] {
    const auto read = oci::Config::parse(std::string(bytes), "input");
    require(read.bytes() == bytes, "the bytes are not those that came");
    const std::size_t layers = read.diff_ids().size();
    if (layers > 100) return;
    const auto described = [](std::string_view type, const std::string& content) {
      oci::Descriptor out;
      out.media_type = type;
      out.digest = Digest::of(content);
      out.size = content.size();
      return out;
    };
    OrderedJson json = {{"schemaVersion", 2}, {"config", described(oci::media_type::kOciConfig, std::string(bytes)).to_json()}};
    json["layers"] = OrderedJson::array();
    for (std::size_t i = 0; i < layers; ++i)
      json["layers"].push_back(described(oci::media_type::kOciLayerGzip, "layer " + std::to_string(i)).to_json());
    const auto manifest_of = [](const std::string& text) { return oci::Manifest::parse(text, oci::media_type::kOciManifest, "manifest"); };
    const oci::Image image{.descriptor = {}, .manifest = manifest_of(dump_compact(json)), .config = read};

    oci::ImageEdit change;
    change.created = "2026-11-21T18:00:00Z";
    change.labels["org.example.label"] = "y";
    change.append.push_back({{described(oci::media_type::kOciLayerGzip, "new"), Digest::of("new, raw")}, "resole"});
    const oci::EditedImage edited = oci::edit(image, change);
    const oci::Image patched{
        .descriptor = {}, .manifest = manifest_of(edited.manifest_bytes), .config = oci::Config::parse(edited.config_bytes, "edited")};
    const std::vector<Digest>& ids = patched.config.diff_ids();
    require(ids.size() == layers + 1 && std::equal(read.diff_ids().begin(), read.diff_ids().end(), ids.begin()), "diff_ids");
    require(patched.config.labels().at("org.example.label") == "y" && patched.config.env() == read.env(), "settings");
    const auto stands = [](const oci::HistoryEntry& entry) { return !entry.empty_layer; };
    require(std::ranges::count_if(patched.config.history(), stands) > static_cast<std::ptrdiff_t>(layers), "history is short");

    oci::ImageEdit back;
    back.strip_layers = 1;
    const auto stripped = oci::Config::parse(oci::edit(patched, back).config_bytes, "stripped");
    require(stripped.diff_ids() == read.diff_ids(), "taking the layer off leaves other layers");
  });
}

}  // namespace resole::fuzz
