// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/control.hpp"
#include "pkg/deb/relations.hpp"
#include "pkg/deb/slices.hpp"

namespace resole::deb {
namespace {

constexpr std::size_t kPackageLimit = 200'000;

// dpkg's seven states (dpkg(1)) as the three that matter to a planner.
pkg::InstallState state_of(std::string_view word, std::string_view what) {
  if (word == "installed") return pkg::InstallState::installed;
  if (word == "not-installed" || word == "config-files") return pkg::InstallState::removed;
  for (std::string_view broken : {"half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending"}) {
    if (word == broken) return pkg::InstallState::broken;
  }
  throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not a package state", what, printable(word, 60)));
}

// dpkg refuses other words (lib/dpkg/namevalue.c); to read them as something else would be a guess about what the image wants.
void require_word(std::string_view word, std::span<const std::string_view> known, std::string_view meaning, std::string_view what) {
  if (std::ranges::find(known, word) != known.end()) return;
  throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not a {} of a package (Status)", what, printable(word, 60), meaning));
}

void read_state(StatusStanza& stanza, std::string_view value, std::string_view what) {
  constexpr std::array<std::string_view, 5> kWants = {"install", "hold", "deinstall", "purge", "unknown"};
  constexpr std::array<std::string_view, 2> kFlags = {"ok", "reinstreq"};
  const auto words = split_words(value);
  if (words.size() != 3) throw Error(ErrorKind::input, fmt::format("{}: \"Status: {}\" has not three words", what, printable(value, 60)));
  require_word(words[0], kWants, "selection", what);
  require_word(words[1], kFlags, "flag", what);
  stanza.want = words[0];
  stanza.flag = words[1];
  stanza.state = words[2];
  stanza.package.state = words[1] == "reinstreq" ? pkg::InstallState::broken : state_of(words[2], what);
  stanza.package.hold = words[0] == "hold";
}

// What dpkg refuses (lib/dpkg/parse.c, parsedb()): a state that speaks of triggers and none that is named, or the other way round.
void check_triggers(const StatusStanza& stanza, const Paragraph& paragraph, std::string_view what) {
  const bool pending = !trim(paragraph.get("Triggers-Pending")).empty(), awaited = !trim(paragraph.get("Triggers-Awaited")).empty();
  const auto refuse = [&](std::string_view problem) {
    throw Error(ErrorKind::input, fmt::format("{}: the state is {}, but {}", what, stanza.state, problem));
  };
  if (stanza.state == "triggers-awaited" && !awaited) refuse("no triggers are awaited");
  if (stanza.state == "triggers-pending" && !pending) refuse("no triggers are pending");
  if (awaited && stanza.state != "triggers-awaited") refuse("triggers are awaited");
  if (pending && stanza.state != "triggers-pending" && stanza.state != "triggers-awaited") refuse("triggers are pending");
}

// One line of Conffiles: " /path with blanks md5 [obsolete] [remove-on-upgrade]". Flags and hash are taken from the end, so that the path
// keeps its blanks.
Conffile read_conffile(std::string_view line, std::string_view what) {
  Conffile conffile;
  const auto take_last = [&line]() {
    line = trim(line);
    const auto blank = line.find_last_of(" \t");
    const std::string_view word = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    if (blank != std::string_view::npos) line = line.substr(0, blank);
    return word;
  };
  std::string_view word = take_last();
  for (; word == "obsolete" || word == "remove-on-upgrade"; word = take_last()) {
    (word == "obsolete" ? conffile.obsolete : conffile.remove_on_upgrade) = true;
  }
  conffile.md5 = word;
  conffile.path = trim(line);
  if (conffile.md5.empty() || !conffile.path.starts_with('/')) {
    throw Error(ErrorKind::input, fmt::format("{}: broken line in Conffiles: \"{}\"", what, printable(line, 120)));
  }
  return conffile;
}

std::vector<Conffile> read_conffiles(std::string_view value, std::string_view what) {
  std::vector<Conffile> conffiles;
  for (std::string_view line : lines(value)) {
    if (!trim(line).empty()) conffiles.push_back(read_conffile(line, what));
  }
  return conffiles;
}

StatusStanza read_stanza(const Paragraph& paragraph, std::string_view text, std::string_view file) {
  StatusStanza stanza;
  const std::string what = fmt::format("{}, line {}, package {}", file, paragraph.line, printable(paragraph.require("Package", file), 100));
  fill_package(stanza.package, paragraph, what);
  if (paragraph.find("Status")) {
    read_state(stanza, paragraph.get("Status"), what);
  } else {
    // Stanzas of status.d are control files as packages ship them; being there means being installed.
    read_state(stanza, "install ok installed", what);
  }
  check_triggers(stanza, paragraph, what);
  if (stanza.package.state != pkg::InstallState::removed) {
    paragraph.require("Version", what);
    paragraph.require("Architecture", what);
  }
  stanza.package.maintainer = paragraph.get("Maintainer");
  stanza.package.origin = paragraph.get("Origin");
  stanza.conffiles = read_conffiles(paragraph.get("Conffiles"), what);
  stanza.config_version = paragraph.get("Config-Version");
  stanza.file = file;
  stanza.text = paragraph.text;
  stanza.offset = static_cast<std::size_t>(paragraph.text.data() - text.data());
  return stanza;
}

// Files of status.d: "NAME" beside "NAME.md5sums", or "NAME/control" beside "NAME/md5sums" (newer rules). Names are odd or encoded in old
// images, so only the ending tells what a file is.
void list_status_directory(const rootfs::Tree& tree, const std::string& directory, std::vector<std::string>& files) {
  for (const std::string& name : tree.children(directory)) {
    const std::string path = directory + "/" + name;
    const rootfs::Node* node = tree.find(path);
    if (!node) continue;
    if (node->entry.type == tar::Type::directory) {
      if (tree.find(path + "/control")) files.push_back(path + "/control");
    } else if (node->entry.type == tar::Type::file && !name.ends_with(".md5sums")) {
      files.push_back(path);
    }
  }
}

}  // namespace

namespace {

std::vector<StatusStanza> read_stanzas(std::string_view text, std::string_view file) {
  std::vector<StatusStanza> stanzas;
  ParagraphReader reader(text, std::string(file));
  Paragraph paragraph;
  while (reader.next(paragraph)) {
    if (stanzas.size() == kPackageLimit) {
      throw Error(ErrorKind::input, fmt::format("{}: more than {} packages", printable(file), kPackageLimit));
    }
    stanzas.push_back(read_stanza(paragraph, text, file));
  }
  return stanzas;
}

}  // namespace

std::vector<StatusStanza> parse_status(std::string_view text, std::string_view file) {
  try {
    return read_stanzas(text, file);
  } catch (const Error& error) {
    throw Error(error.kind(), error.message(),
                "the package database of the image is damaged, and dpkg would refuse it too: repair it there (dpkg keeps the one before in "
                "/var/lib/dpkg/status-old)");
  }
}

namespace {

// dpkg would let the last one win, and an edit of the first would be for nothing.
void require_unique(const std::vector<StatusStanza>& stanzas, std::string_view file, std::string_view text) {
  std::map<std::string, const StatusStanza*, std::less<>> seen;
  const auto line_of = [&](const StatusStanza& stanza) { return 1 + std::ranges::count(text.substr(0, stanza.offset), '\n'); };
  for (const StatusStanza& stanza : stanzas) {
    const auto [first, fresh] = seen.emplace(stanza.package.key(), &stanza);
    if (fresh) continue;
    throw Error(ErrorKind::input,
                fmt::format("{}, line {}: package {} stands in the database a second time (first in line {})", printable(file), line_of(stanza),
                            printable(stanza.package.key()), line_of(*first->second)),
                "the package database of the image is damaged: remove the stanza that is wrong");
  }
}

// Slices of packages: no relations, no scripts, no source are known of them.
void read_sliced(const rootfs::Tree& tree, std::vector<StatusStanza>& all) {
  const auto compressed = tree.content(kSlicesPath);
  if (!compressed) return;
  for (const SlicedPackage& each : parse_slices(*compressed, kSlicesPath).packages) {
    StatusStanza stanza;
    stanza.package.name = each.name;
    stanza.package.version = each.version;
    stanza.package.arch = each.arch;
    stanza.package.source = {each.name, each.version};
    stanza.package.sliced = true;
    read_state(stanza, "install ok installed", kSlicesPath);
    stanza.file = kSlicesPath;
    all.push_back(std::move(stanza));
  }
}

}  // namespace

std::vector<StatusStanza> read_status(const rootfs::Tree& tree) {
  std::vector<std::string> files;
  if (tree.resolve(kStatusPath, true).node) files.emplace_back(kStatusPath);
  const rootfs::Resolved directory = tree.resolve(kStatusDirectory, true);
  if (directory.node) list_status_directory(tree, directory.path, files);

  std::vector<StatusStanza> all;
  for (const std::string& file : files) {
    const auto text = tree.content(file);
    if (!text)
      throw Error(ErrorKind::input, fmt::format("{} is there but cannot be read", printable(file)),
                  "the file is not a regular file or larger than the limits allow");
    auto stanzas = parse_status(*text, file);
    require_unique(stanzas, file, *text);
    all.insert(all.end(), std::make_move_iterator(stanzas.begin()), std::make_move_iterator(stanzas.end()));
  }
  read_sliced(tree, all);
  return all;
}

std::string info_name(const pkg::Package& package) {
  return package.multi_arch == "same" ? package.name + ":" + package.arch : package.name;
}

}  // namespace resole::deb
