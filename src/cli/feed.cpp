// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"
#include "io/terminal.hpp"

namespace resole::cli {

namespace {

std::string age_words(std::int64_t seconds) {
  seconds = std::max<std::int64_t>(seconds, 0);
  return seconds >= 86400 ? fmt::format("{} d", seconds / 86400) : seconds >= 3600 ? fmt::format("{} h", seconds / 3600) : fmt::format("{} min", seconds / 60);
}

void tell_left_out(const patch::KeptFeed& feed, Reporter& reporter) {
  for (const auto& [reason, count] : feed.left_out) reporter.note(fmt::format("{}: left out {} times: {}", feed.name, count, printable(reason, 300)));
}

void put_feeds(const Options& options, Workplace& workplace) {
  const auto feeds = patch::kept_feeds(workplace.tools());
  put_document(options, patch::feeds_document(feeds));
  if (options.format != "table") return;
  io::Table table({"FEED", "FORMAT", "FACTS", "CHECKED", "AGE", "ITS DATE", "ABOUT"});
  const std::int64_t now = workplace.tools().clock.now();
  for (const patch::KeptFeed& feed : feeds) {
    const std::string about = feed.scopes.empty() ? "vulnerabilities" : join(feed.scopes, " ");
    table.row({{feed.name}, {feed.format}, {std::to_string(feed.records + feed.attributes)}, {format_time(feed.checked).substr(0, 10)}, {age_words(now - feed.checked)}, {feed.date.substr(0, 10)}, {about}});
  }
  std::cout << table.render(workplace.color());
}

}  // namespace

int feed_update(const Options& options, Workplace& workplace) {
  const patch::Tools& tools = workplace.tools();
  const auto& sources = options.feed.sources;
  if (sources.empty()) throw Error(ErrorKind::usage, "feed update: no feed is configured", "give --from \"NAME URL\", or `from` in the section [feed.update] of the configuration file");
  for (const std::string& name : options.feed.names) {
    if (std::ranges::none_of(sources, [&](const auto& source) { return source.name == name; })) throw Error(ErrorKind::usage, fmt::format("feed update: no feed {} is configured", printable(name)));
  }
  std::vector<pkg::Keyring> keyrings;
  for (const std::string& file : options.planning.add_keyrings) keyrings.push_back({file, io::read_file(file, 16u << 20)});
  // One that is out of reach does not keep the others from being updated.
  std::optional<Error> first;
  for (const patch::FeedSource& source : sources) {
    if (!options.feed.names.empty() && std::ranges::find(options.feed.names, source.name) == options.feed.names.end()) continue;
    try {
      const patch::KeptFeed feed = patch::update_feed(source, keyrings, tools);
      tools.reporter.note(fmt::format("{}: {} facts, changed {}", feed.name, feed.records + feed.attributes, format_time(feed.changed)));
      tell_left_out(feed, tools.reporter);
    } catch (const Error& error) {
      std::string last = "there is no earlier copy";
      for (const patch::KeptFeed& kept : patch::kept_feeds(tools)) {
        if (kept.name == source.name) last = fmt::format("the copy of {} stays, {} old", format_time(kept.checked), age_words(tools.clock.now() - kept.checked));
      }
      tools.reporter.warn(fmt::format("{}: {}; {}", source.name, error.what(), last));
      if (!first) first = error;
    }
  }
  put_feeds(options, workplace);
  if (first) throw *first;
  return kExitDone;
}

int feed_import(const Options& options, Workplace& workplace) {
  const patch::KeptFeed feed = patch::import_feed(options.feed.name, options.feed.places, options.feed.os, workplace.tools());
  tell_left_out(feed, workplace.reporter());
  put_feeds(options, workplace);
  return kExitDone;
}

int feed_status(const Options& options, Workplace& workplace) {
  put_feeds(options, workplace);
  return kExitDone;
}

}  // namespace resole::cli
