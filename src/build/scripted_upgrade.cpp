// SPDX-License-Identifier: Apache-2.0
#include "build/scripted_upgrade.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/tree_difference.hpp"

namespace resole::build {

namespace {

class NoBytes : public Sink {
 public:
  void write(std::string_view) override {}
};

// The end of what a script said, for a message: a few lines, safe to show.
std::string last_words(std::string_view text) {
  constexpr std::size_t kLines = 6;
  auto all = lines(trim(text));
  if (all.size() > kLines) all.erase(all.begin(), all.end() - kLines);
  std::vector<std::string> shown;
  for (const auto line : all) shown.push_back(printable(trim(line), 300));
  return join(shown, " | ");
}

std::string hint_for(const pkg::ScriptCall& call) {
  return fmt::format("nothing was written; --hold {} leaves the package as it is", printable(call.package));
}

class ScriptedUpgrader {
 public:
  ScriptedUpgrader(const ScriptedRequest& request, Sandbox& sandbox)
      : request_(request), sandbox_(sandbox), disk_(request.scratch), given_(request.upgrade.tree), order_(request.family.scripts(request.upgrade)) {}

  ScriptedUpgrade run() {
    {
      Phase phase(request_.upgrade.reporter, "unpacking the image for its scripts");
      disk_.become(nullptr, given_, 0, request_.open_layer);
    }
    const rootfs::Tree prepared = changed_by(given_, [&] { run_all(order_->before(disk_.view())); });

    out_.upgrade = upgrade(prepared);
    LayerSettings settings = request_.settings;
    if (out_.upgrade.epoch > 0) settings.epoch = out_.upgrade.epoch;
    const auto payload = write_payload(out_.upgrade, prepared, settings, request_.upgrade.cache);
    const rootfs::Tree outcome = changed_by(unpack(prepared, payload, settings.epoch), [&] {
      run_all(order_->after());
      for (auto calls = order_->next(disk_.view()); !calls.empty(); calls = order_->next(disk_.view())) run_all(calls);
    });
    write_database_layer(outcome, payload, settings);
    for (const std::string& path : left_out_) out_.upgrade.notes.push_back(fmt::format("/{} is a socket that a script left behind; no layer holds it", printable(path)));
    return std::move(out_);
  }

 private:
  pkg::UpgradeResult upgrade(const rootfs::Tree& tree) const {
    const pkg::UpgradeRequest& wish = request_.upgrade;
    return request_.family.upgrade({.tree = tree,
                                    .inventory = wish.inventory,
                                    .items = wish.items,
                                    .recipes = wish.recipes,
                                    .epoch = wish.epoch,
                                    .compression = wish.compression,
                                    .jobs = wish.jobs,
                                    .cache = wish.cache,
                                    .spool = wish.spool,
                                    .reporter = wish.reporter});
  }

  // ---- trees

  // `tree` is what the disk held before `work`.
  rootfs::Tree changed_by(const rootfs::Tree& tree, const std::function<void()>& work) {
    work();
    const ScriptChanges changes = disk_.changes(tree);
    left_out_.insert(left_out_.end(), changes.left_out.begin(), changes.left_out.end());
    NoBytes nowhere;
    auto index = std::make_shared<rootfs::LayerIndex>(changes.draft.write(tree, request_.settings.epoch, nowhere));
    return tree.with(std::move(index));
  }

  // The new files and the new database, on disk.
  rootfs::Tree unpack(const rootfs::Tree& prepared, const std::optional<BuiltLayer>& payload, std::int64_t epoch) {
    rootfs::Tree with_payload = payload ? prepared.with(payload->index) : prepared.with(std::make_shared<rootfs::LayerIndex>());
    std::string database;
    StringSink sink(database);
    auto index = std::make_shared<rootfs::LayerIndex>(out_.upgrade.database.write(with_payload, epoch, sink));
    rootfs::Tree whole = with_payload.with(std::move(index));
    const std::size_t known = prepared.layers().size();
    disk_.become(&prepared, whole, known, [&](std::size_t layer) -> std::unique_ptr<Source> {
      if (layer == known && payload) return archive::decompress(payload->bytes);
      if (layer == known + 1) return source_of(std::string_view(database));
      throw Error(ErrorKind::internal, "a layer is asked for that is on the disk already");
    });
    return whole;
  }

  void write_database_layer(const rootfs::Tree& outcome, const std::optional<BuiltLayer>& payload, const LayerSettings& settings) {
    const rootfs::Tree below = payload ? given_.with(payload->index) : given_.with(std::make_shared<rootfs::LayerIndex>());
    const auto& base = out_.upgrade.database.puts();
    const rootfs::LayerDraft draft = rootfs::difference(below, outcome, settings.epoch, [&](const rootfs::Node& node) {
      // Not from the disk where scripts may have written to what is noise.
      const auto put = base.find(node.entry.path);
      const bool unchanged = put != base.end() && put->second.second.size() == node.entry.size && sha256_of(put->second.second.bytes()) == node.entry.sha256;
      return unchanged ? put->second.second : disk_.content(node.entry.path);
    });
    if (payload) out_.layers.push_back(*payload);
    if (auto database = write_database(draft, below, settings, request_.upgrade.cache)) out_.layers.push_back(std::move(*database));
  }

  // ---- scripts

  void run_all(const std::vector<pkg::ScriptCall>& calls) {
    for (const pkg::ScriptCall& call : calls) run(call);
  }

  void run(const pkg::ScriptCall& call) {
    const ScriptOutcome outcome = run_once(call);
    if (outcome.stopped.empty() && outcome.exit_code == 0) return;
    if (!outcome.stopped.empty()) {
      throw Error(ErrorKind::refused, fmt::format("the script {} was stopped: {}", printable(call.text()), outcome.stopped), hint_for(call));
    }
    if (!call.otherwise.empty()) return run(call.otherwise.front());
    const std::string said = last_words(outcome.last_lines);
    throw Error(ErrorKind::input,
                fmt::format("the script {} failed with exit code {}{}{}", printable(call.text()), outcome.exit_code, said.empty() ? "" : ": ", said),
                hint_for(call));
  }

  ScriptOutcome run_once(const pkg::ScriptCall& call) {
    Phase phase(request_.upgrade.reporter, "running " + printable(call.text()));
    disk_.put_workplace(call.workplace, call.files);
    disk_.make_executable(call.arguments.front().substr(1));
    const ScriptOutcome outcome = sandbox_.run(call, disk_.sandbox());
    disk_.remove_workplace(call.workplace);
    out_.scripts.push_back(call.text());
    return outcome;
  }

  const ScriptedRequest& request_;
  Sandbox& sandbox_;
  ScriptTree disk_;
  const rootfs::Tree& given_;
  const std::unique_ptr<pkg::ScriptOrder> order_;
  ScriptedUpgrade out_;
  std::vector<std::string> left_out_;
};

}  // namespace

ScriptedUpgrade upgrade_with_scripts(const ScriptedRequest& request, Sandbox& sandbox) { return ScriptedUpgrader(request, sandbox).run(); }

}  // namespace resole::build
