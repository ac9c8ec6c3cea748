// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "oci/image.hpp"
#include "oci/json_fields.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::oci {

namespace {

std::vector<Digest> read_diff_ids(const OrderedJson& json, std::string_view what) {
  const OrderedJson* rootfs = fields::find(json, "rootfs");
  if (!rootfs) throw Error(ErrorKind::input, fmt::format("{}: \"rootfs\" is missing", what));
  const std::string where = fmt::format("{}, rootfs", what);
  fields::require_object(*rootfs, where);
  if (fields::required_string(*rootfs, "type", where) != "layers") {
    throw Error(ErrorKind::input, fmt::format("{}: \"type\" must be \"layers\"", where));
  }
  std::vector<Digest> out;
  const OrderedJson* ids = fields::optional_array(*rootfs, "diff_ids", kMostLayers, where);
  if (!ids) return out;  // null is how Go writes the list of an image without layers
  for (const OrderedJson& id : *ids) {
    const std::optional<Digest> digest = id.is_string() ? Digest::try_parse(id.get_ref<const std::string&>()) : std::nullopt;
    if (!digest) throw Error(ErrorKind::input, fmt::format("{}: diff_ids[{}] is not a digest", where, out.size()));
    out.push_back(*digest);
  }
  return out;
}

std::vector<HistoryEntry> read_history(const OrderedJson& json, std::string_view what) {
  std::vector<HistoryEntry> out;
  const OrderedJson* history = fields::optional_array(json, "history", kMostHistory, what);
  if (!history) return out;
  for (const OrderedJson& entry : *history) {
    const std::string where = fmt::format("{}, history[{}]", what, out.size());
    fields::require_object(entry, where);
    out.push_back({.created = fields::optional_string(entry, "created", where),
                   .created_by = fields::optional_string(entry, "created_by", where),
                   .comment = fields::optional_string(entry, "comment", where),
                   .author = fields::optional_string(entry, "author", where),
                   .empty_layer = fields::optional_bool(entry, "empty_layer", where)});
  }
  return out;
}

}  // namespace

Config Config::parse(std::string bytes, std::string_view what) {
  const OrderedJson json = parse_json_ordered(bytes, what, {.bytes = kConfigLimit, .depth = 64});
  fields::require_object(json, what);
  Config out;
  out.platform_.os = fields::required_string(json, "os", what);
  out.platform_.architecture = fields::required_string(json, "architecture", what);
  out.platform_.variant = fields::optional_string(json, "variant", what);
  out.platform_.os_version = fields::optional_string(json, "os.version", what);
  out.platform_.os_features = fields::string_list(json, "os.features", what);
  out.created_ = fields::optional_string(json, "created", what);
  out.diff_ids_ = read_diff_ids(json, what);
  out.history_ = read_history(json, what);
  if (const OrderedJson* run = fields::find(json, "config")) {
    const std::string where = fmt::format("{}, config", what);
    fields::require_object(*run, where);
    out.labels_ = fields::string_map(*run, "Labels", where);
    out.env_ = fields::string_list(*run, "Env", where);
    out.user_ = fields::optional_string(*run, "User", where);
  }
  out.bytes_ = std::move(bytes);
  return out;
}

}  // namespace resole::oci
