// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/outcome.hpp"
#include "cli/verbs.hpp"
#include "io/terminal.hpp"
#include "patch/comparing.hpp"

namespace resole::cli {

namespace {

constexpr std::size_t kMostRows = 200;  // of the table; the document has all

Json compared_layers(const std::vector<oci::Layer>& layers) {
  Json out = Json::array();
  for (const oci::Layer& layer : layers) out.push_back({{"digest", layer.descriptor.digest.text()}, {"diffId", layer.diff_id.text()}, {"size", layer.descriptor.size}});
  return out;
}

Json comparison_json(const patch::Comparison& comparison) {
  Json packages = Json::array(), files = Json::array(), config = Json::array();
  for (const auto& each : comparison.packages) {
    Json package = {{"name", each.name}, {"arch", each.arch}};
    if (!each.from.empty()) package["from"] = each.from;
    if (!each.to.empty()) package["to"] = each.to;
    packages.push_back(std::move(package));
  }
  for (const auto& each : comparison.files) files.push_back({{"path", each.path}, {"change", each.what}});
  for (const auto& each : comparison.config) {
    Json change = {{"place", each.place}};
    if (!each.before.empty()) change["from"] = each.before;
    if (!each.after.empty()) change["to"] = each.after;
    config.push_back(std::move(change));
  }
  return {{"platforms", {comparison.a.text(), comparison.b.text()}},
          {"packages", packages},
          {"files", files},
          {"config", config},
          {"layers", {{"shared", compared_layers(comparison.shared)}, {"onlyA", compared_layers(comparison.only_a)}, {"onlyB", compared_layers(comparison.only_b)}}},
          {"size", {{"a", comparison.size_a}, {"b", comparison.size_b}}}};
}

void print_table(io::Table& table, std::size_t rows, std::string_view title, bool color) {
  if (rows == 0) return;
  std::cout << '\n' << title << " (" << rows << ")\n" << table.render(color);
  if (rows > kMostRows) std::cout << fmt::format("and {} more: -f json has all\n", rows - kMostRows);
}

std::string signed_size(std::uint64_t a, std::uint64_t b) { return b >= a ? "+" + human_size(b - a) : "-" + human_size(a - b); }

void print_comparison(const patch::Comparison& comparison, bool color) {
  std::cout << fmt::format("{}{}\n", comparison.a.text(), comparison.a == comparison.b ? std::string() : " and " + comparison.b.text());
  std::cout << fmt::format("size      {} and {} ({})\nlayers    {} shared, {} only in the first, {} only in the second\n", human_size(comparison.size_a), human_size(comparison.size_b),
                           signed_size(comparison.size_a, comparison.size_b), comparison.shared.size(), comparison.only_a.size(), comparison.only_b.size());
  if (comparison.same()) {
    std::cout << "no difference\n";
    return;
  }
  io::Table packages({"PACKAGE", "FIRST", "SECOND"}), config({"CONFIG", "FIRST", "SECOND"}), files({"FILE", "CHANGE"});
  for (std::size_t i = 0; i < comparison.packages.size() && i < kMostRows; ++i) {
    const auto& each = comparison.packages[i];
    packages.row({{each.name + ":" + each.arch, io::Tone::strong}, {each.from.empty() ? "-" : each.from}, {each.to.empty() ? "-" : each.to}});
  }
  for (std::size_t i = 0; i < comparison.config.size() && i < kMostRows; ++i) {
    const auto& each = comparison.config[i];
    config.row({{printable(each.place, 80), io::Tone::strong}, {each.before.empty() ? "-" : printable(each.before, 80)}, {each.after.empty() ? "-" : printable(each.after, 80)}});
  }
  for (std::size_t i = 0; i < comparison.files.size() && i < kMostRows; ++i) files.row({{printable(comparison.files[i].path, 120)}, {comparison.files[i].what, io::Tone::dim}});
  print_table(packages, comparison.packages.size(), "packages", color);
  print_table(config, comparison.config.size(), "config", color);
  print_table(files, comparison.files.size(), "files", color);
}

}  // namespace

int diff(const Options& options, Workplace& workplace) {
  const auto& named = options.planning.platforms;
  const auto only = [&](std::size_t i) { return named.empty() ? std::vector<oci::Platform>() : std::vector<oci::Platform>{named[std::min(i, named.size() - 1)]}; };
  const patch::ImageView a = patch::look(*options.image, only(0), workplace.tools()), b = patch::look(*options.other, only(1), workplace.tools());
  Json platforms = Json::array();
  std::vector<patch::Comparison> comparisons;
  for (const auto& [one, other] : patch::pairs_of(a, b, !named.empty())) {
    comparisons.push_back(patch::compare(*one, *other));
    platforms.push_back(comparison_json(comparisons.back()));
  }
  put_document(options, dump_document({{"schema", "resole/comparison/v1"},
                                       {"a", {{"reference", a.location.text()}, {"digest", a.root.descriptor.digest.text()}}},
                                       {"b", {{"reference", b.location.text()}, {"digest", b.root.descriptor.digest.text()}}},
                                       {"platforms", platforms}}));
  if (options.format == "json") return kExitDone;
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    if (i > 0) std::cout << '\n';
    print_comparison(comparisons[i], workplace.color());
  }
  return kExitDone;
}

}  // namespace resole::cli
