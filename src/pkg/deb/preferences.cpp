// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/preferences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/apt_config.hpp"
#include "pkg/deb/control.hpp"

namespace resole::deb {
namespace {

constexpr std::size_t kPinLimit = 10'000;
constexpr std::size_t kExpressionLimit = 64;  // regular expressions: a compiled one may take ten megabytes

// At most so many expressions between slashes can be in a field.
std::size_t expressions_in(std::string_view field) { return static_cast<std::size_t>(std::ranges::count(field, '/')) / 2; }

bool fits(const std::optional<Pattern>& pattern, std::string_view text) { return !pattern || pattern->matches(text); }

int read_priority(std::string_view value, const std::string& what) {
  if (value == "never") return kNeverPriority;
  int priority = 0;
  std::string_view digits = value.starts_with('+') ? value.substr(1) : value;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), priority);
  constexpr int most = std::numeric_limits<short>::max();
  if (error != std::errc() || end != digits.data() + digits.size() || priority == 0 || priority < -most - 1 || priority > most) {
    throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not a pin priority", what, printable(value, 40)));
  }
  return std::max(priority, kNeverPriority + 1);
}

std::optional<PinTarget::Kind> kind_of(std::string_view word, bool whole_index) {
  const std::string kind = lower(word);
  if (kind == "release") return PinTarget::Kind::release;
  if (kind == "origin") return PinTarget::Kind::origin;
  if (kind == "version" && !whole_index) return PinTarget::Kind::version;
  if (kind == "source-version" && !whole_index) return PinTarget::Kind::source_version;
  return std::nullopt;
}

// "src:NAME:ARCH" -> a pin without target.
Pin named_pin(std::string_view name, const PinTarget& target, int priority) {
  Pin pin{.name = {}, .of_source = name.starts_with("src:"), .arch = {}, .target = target, .priority = priority};
  if (pin.of_source) name.remove_prefix(4);
  if (const auto colon = name.rfind(':'); colon != std::string_view::npos) {
    pin.arch = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  pin.name.emplace(name);
  return pin;
}

class Reader {
 public:
  explicit Reader(Preferences& out) : out_(out) {}

  void file(const std::string& name, const std::string& content) {
    const std::string text = without_comments(content);
    ParagraphReader reader(text, name);
    Paragraph paragraph;
    while (reader.next(paragraph)) {
      const std::string what = fmt::format("{}, pin of {}", printable(name), printable(paragraph.get("Package"), 60));
      with_context([&] { return what; }, [&] { record(paragraph, name, what); });
    }
  }

 private:
  void record(const Paragraph& paragraph, const std::string& file, const std::string& what) {
    const std::string_view names = paragraph.require("Package", file);
    const bool whole_index = names == "*";
    const std::string_view pin = paragraph.get("Pin");
    if (pin.empty()) return;
    if ((expressions_ += expressions_in(names) + expressions_in(pin)) > kExpressionLimit)
      throw Error(ErrorKind::input, fmt::format("more than {} regular expressions", kExpressionLimit));
    const std::string_view word = pin.substr(0, pin.find_first_of(" \t\n"));
    const auto kind = kind_of(word, whole_index);
    if (!kind) {
      out_.warnings.push_back(fmt::format("{}: \"Pin: {}\" is not understood and ignored, as apt does", what, printable(word, 40)));
      return;
    }
    const int priority = read_priority(paragraph.get("Pin-Priority"), what);
    if (priority == kNeverPriority && !whole_index) {
      throw Error(ErrorKind::input, fmt::format("{}: priority \"never\" is only for \"Package: *\"", what));
    }
    const PinTarget target(*kind, trim(pin.substr(word.size())));
    if (whole_index) {
      add({.name = {}, .of_source = false, .arch = {}, .target = target, .priority = priority});
    } else {
      for (std::string_view name : split_words(names)) add(named_pin(name, target, priority));
    }
  }

  void add(Pin pin) {
    if (out_.pins.size() == kPinLimit) throw Error(ErrorKind::input, fmt::format("more than {} pins", kPinLimit));
    out_.pins.push_back(std::move(pin));
  }

  Preferences& out_;
  std::size_t expressions_ = 0;
};

}  // namespace

PinTarget::PinTarget(Kind kind, std::string_view data) : kind_(kind) {
  switch (kind) {
    case Kind::release:
      read_release(data);
      break;
    case Kind::origin:
      if (data.size() >= 2 && data.front() == '"' && data.back() == '"') data = data.substr(1, data.size() - 2);
      site_.emplace(data);
      break;
    case Kind::version:
    case Kind::source_version:
      version_.emplace(data);
      is_prefix_ = data.ends_with('*');
      prefix_ = lower(is_prefix_ ? data.substr(0, data.size() - 1) : data);
      break;
  }
}

// "*"; "stable" or "12" alone; or "a=stable, n=bookworm, v=12*, o=Debian, l=Debian-Security, c=main, b=amd64".
void PinTarget::read_release(std::string_view data) {
  everything_ = data == "*";
  if (everything_ || data.empty()) return;
  if (data.find('=') == std::string_view::npos) {
    (data.front() >= '0' && data.front() <= '9' ? version_ : release_).emplace(data);
    return;
  }
  for (std::string_view part : split(data, ',')) {
    part = trim(part);
    if (part.size() < 3 || part[1] != '=') continue;
    const std::string_view value = part.substr(2);
    switch (part.front()) {
      case 'a':
      case 'A':
        archive_.emplace(value);
        break;
      case 'n':
      case 'N':
        codename_.emplace(value);
        break;
      case 'v':
      case 'V':
        version_.emplace(value);
        break;
      case 'o':
      case 'O':
        origin_.emplace(value);
        break;
      case 'l':
      case 'L':
        label_.emplace(value);
        break;
      case 'c':
      case 'C':
        component_.emplace(value);
        break;
      case 'b':
      case 'B':
        architecture_.emplace(value);
        break;
      default:
        break;
    }
  }
}

bool PinTarget::matches_index(const IndexTraits& index) const {
  if (kind_ == Kind::origin) return !index.installed && site_->matches(index.site);
  if (kind_ != Kind::release) return false;
  if (everything_) return true;
  if (!version_ && !origin_ && !archive_ && !codename_ && !label_ && !component_ && !architecture_ && !release_) return false;
  if (index.installed && (version_ || origin_ || codename_ || label_)) return false;
  if (release_ && !release_->matches(index.archive) && !release_->matches(index.codename)) return false;
  return fits(version_, index.version) && fits(origin_, index.origin) && fits(archive_, index.archive) && fits(codename_, index.codename) &&
         fits(label_, index.label) && fits(component_, index.component) && fits(architecture_, index.architecture);
}

bool PinTarget::matches_version(std::string_view version) const {
  if (kind_ != Kind::version && kind_ != Kind::source_version) return false;
  const std::string text = lower(version);
  return (is_prefix_ ? text.starts_with(prefix_) : text == prefix_) || version_->matches(text);
}

Preferences Preferences::parse(const std::vector<std::pair<std::string, std::string>>& files) {
  Preferences preferences;
  Reader reader(preferences);
  for (const auto& [name, content] : files) reader.file(name, content);
  return preferences;
}

Preferences Preferences::read(const rootfs::Tree& tree) {
  Preferences preferences = parse(read_configuration(tree, "etc/apt/preferences", "etc/apt/preferences.d", {"", "pref"}));
  preferences.default_release = deb::default_release(tree);
  preferences.waits_for_phases = deb::waits_for_phases(tree);
  return preferences;
}

}  // namespace resole::deb
