// SPDX-License-Identifier: Apache-2.0
// The only file with CLI11, which cuts the command line into words per option and prints help. Values, required options, the environment and the
// configuration file are ours (option_table.cpp, settings.cpp): what was typed must win, and what belongs to other verbs must not count.
#include "cli/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/exit_codes.hpp"
#include "cli/option_rules.hpp"
#include "cli/option_table.hpp"
#include "cli/option_values.hpp"
#include "cli/settings.hpp"

namespace resole::cli {

namespace {

constexpr const char* kAbout = "resole patches container images by rebuilding them: no daemon, no root, no shell in the image.";

std::string footer() {
  std::string text =
      "Every option is also RESOLE_<NAME> in the environment (lists: comma separated, or one per line) and a key of the\n"
      "configuration file; the command line wins, then the environment, then the file.\n\nExit codes:\n";
  for (const auto& row : exit_code_table()) text += fmt::format("  {:>3}  {}\n", row.code, row.meaning);
  return text;
}

std::string see_help(std::string_view verb) { return verb.empty() ? "see resole --help" : fmt::format("see resole {} --help", verb); }

std::string all_verbs() {
  std::string text = "verbs are:";
  for (const VerbRow& row : verb_table()) text += (&row == &verb_table().front() ? " " : ", ") + std::string(row.name);
  return text;
}

// "--render kustomize|kubectl-patch" in help, with what holds otherwise.
std::string help_of(const OptionRow& row) {
  std::string help(row.help);
  if (row.takes == Takes::many && !row.is_argument()) help += " (repeatable)";
  if (!row.standard.empty() && !row.is_argument()) help += row.is_required() ? " (required)" : fmt::format(" [{}]", row.standard);
  return help;
}

// "Usage: resole patch [OPTIONS] IMAGE": CLI11 would put arguments that it does not check itself into brackets.
class Formatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string line = CLI::Formatter::make_usage(app, std::move(name));
    if (const std::size_t at = line.find("[VERB]"); at != std::string::npos) line.replace(at, 6, "VERB");
    for (const CLI::Option* option : app->get_options([](const CLI::Option* one) { return one->get_positional(); })) {
      const std::size_t at = line.find("[" + option->get_name(true));
      const std::size_t end = at == std::string::npos ? at : line.find(']', at);
      if (end == std::string::npos) continue;
      line.erase(end, 1);
      line.erase(at, 1);
    }
    return line;
  }
};

class CommandLine {
 public:
  CommandLine() : app_(kAbout, "resole") {
    app_.formatter(std::make_shared<Formatter>());
    app_.get_formatter()->column_width(38);
    app_.get_formatter()->label("SUBCOMMAND", "VERB");
    app_.footer(footer());
    app_.set_version_flag("--version", std::string("resole ") + RESOLE_VERSION);
    app_.allow_extras();
    app_.require_subcommand(0, 1);
    for (const OptionRow& row : option_table()) {
      if (row.group == "Common") before_verb_.push_back({&row, add(app_, row)});
    }
    for (const VerbRow& verb : verb_table()) add_verb(verb);
  }

  // "" or the text of --help or --version.
  std::string parse(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      if (word == "--") break;
      // CLI11 would take the next word instead.
      if (word.starts_with("--") && word.ends_with('=') && word.find('=') == word.size() - 1) throw Error(ErrorKind::usage, printable(word) + ": no value is given", see_help(""));
    }
    try {
      app_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::CallForVersion&) {
      return app_.version() + "\n";
    } catch (const CLI::Success&) {
      return app_.help();
    } catch (const CLI::ParseError& error) {
      const App* chosen = chosen_app();
      throw Error(ErrorKind::usage, printable(error.what(), 400), see_help(chosen ? chosen->name : ""));
    }
    require_nothing_left();
    return {};
  }

  Verb verb() const { return chosen_app()->verb; }

  // A common option behind the verb wins over the same before it; counts add up.
  std::optional<Given> find(const OptionRow& row) const {
    Given given{row.is_argument() ? std::string(row.name()) : "--" + std::string(row.name()), {}};
    const std::vector<std::string> before = texts_of(before_verb_, row), behind = texts_of(chosen_app()->options, row);
    if (row.takes == Takes::count || behind.empty()) given.texts = before;
    given.texts.insert(given.texts.end(), behind.begin(), behind.end());
    if (given.texts.empty()) return std::nullopt;
    return given;
  }

 private:
  struct Placed {
    const OptionRow* row;
    CLI::Option* option;
  };
  struct App {
    Verb verb;
    std::string name;
    CLI::App* app;
    std::vector<Placed> options;
  };

  static CLI::Option* add(CLI::App& app, const OptionRow& row) {
    const std::string names(row.names);
    CLI::Option* option = nullptr;
    if (row.takes == Takes::nothing || row.takes == Takes::count) {
      option = app.add_flag(names);
      option->description(help_of(row));
    } else {
      option = app.add_option(names, [](const CLI::results_t&) { return true; }, help_of(row));
      option->type_name(std::string(row.value))->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      if (row.is_argument() && row.takes == Takes::many) option->expected(-1);
    }
    if (!row.group.empty()) option->group(std::string(row.group));
    return option;
  }

  void add_verb(const VerbRow& verb) {
    CLI::App* parent = &app_;
    std::string name(verb.name);
    if (const std::size_t blank = name.find(' '); blank != std::string::npos) {
      const std::string group = name.substr(0, blank), line = name.substr(blank + 1) + ": " + std::string(verb.help);
      const auto groups = app_.get_subcommands([&](const CLI::App* each) { return each->get_name() == group; });
      parent = groups.empty() ? nullptr : groups.front();
      if (parent == nullptr) {
        parent = app_.add_subcommand(group, line);
        parent->require_subcommand(0, 1);
      } else {
        parent->description(parent->get_description() + "; " + line);
      }
      name = name.substr(blank + 1);
    }
    App entry{verb.verb, std::string(verb.name), parent->add_subcommand(name, std::string(verb.help)), {}};
    for (const OptionRow* row : options_of(verb.verb)) entry.options.push_back({row, add(*entry.app, *row)});
    apps_.push_back(std::move(entry));
  }

  const App* chosen_app() const {
    const auto chosen = std::find_if(apps_.begin(), apps_.end(), [](const App& one) { return one.app->parsed(); });
    return chosen == apps_.end() ? nullptr : &*chosen;
  }

  static std::vector<std::string> texts_of(const std::vector<Placed>& options, const OptionRow& row) {
    const auto placed = std::find_if(options.begin(), options.end(), [&](const Placed& one) { return one.row == &row; });
    return placed == options.end() ? std::vector<std::string>{} : placed->option->results();
  }

  // The first word that is no option, verb or argument; `--` only parts options from arguments.
  static std::string left_of(const CLI::App& app) {
    for (const std::string& word : app.remaining(false)) {
      if (word != "--") return word;
    }
    return {};
  }

  // What is left of each level in turn (resole, rollout, edit) names what is wrong; then a verb must have been found.
  void require_nothing_left() const {
    const App* chosen = chosen_app();
    std::string before;  // "rollout "
    for (const CLI::App* level = &app_;;) {
      const bool is_verb = chosen && level == chosen->app;
      const std::string word = left_of(*level);
      if (word.starts_with('-') && word != "-") throw unknown_option(word, is_verb ? chosen : nullptr);
      if (!word.empty() && is_verb) throw Error(ErrorKind::usage, fmt::format("{}: unexpected argument {}", chosen->name, printable(word)), see_help(chosen->name));
      if (!word.empty()) throw Error(ErrorKind::usage, fmt::format("unknown verb {}{}", before, printable(word)), all_verbs());
      if (is_verb) return;
      const auto next = level->get_subcommands();
      if (next.empty()) throw Error(ErrorKind::usage, before.empty() ? "no verb is given" : before + "what?", all_verbs());
      level = next.front();
      before += level->get_name() + " ";
    }
  }

  Error unknown_option(const std::string& word, const App* chosen) const {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> names;
    for (const auto& [row, option] : chosen ? chosen->options : before_verb_) {
      if (!row->is_argument()) names.push_back("--" + std::string(row->name()));
    }
    std::string hint = see_help(chosen ? chosen->name : "");
    const auto elsewhere = std::find_if(option_table().begin(), option_table().end(), [&](const OptionRow& row) { return "--" + std::string(row.name()) == name; });
    if (const std::string meant = nearest(name, names); !meant.empty()) {
      hint = "did you mean " + meant + "? " + hint;
    } else if (!chosen && elsewhere != option_table().end()) {
      hint = "give it behind the verb";
    }
    return {ErrorKind::usage, fmt::format("{}unknown option {}", chosen ? chosen->name + ": " : "", printable(name)), hint};
  }

  CLI::App app_;
  std::vector<Placed> before_verb_;
  std::vector<App> apps_;
};

// A value that is itself the name of an option was forgotten before it: `--hold --force`.
bool is_option_name(std::string_view text) {
  return text.starts_with("--") && std::any_of(option_table().begin(), option_table().end(), [&](const OptionRow& row) {
           return !row.is_argument() && text.substr(2) == row.name();
         });
}

void take(Options& options, const OptionRow& row, const Given& given) {
  if (row.takes == Takes::one && given.texts.size() > 1) throw Error(ErrorKind::usage, given.origin + ": takes one value, not several", see_help(verb_name(options.verb)));
  for (const std::string& text : given.texts) {
    try {
      if (text.empty() || is_option_name(text)) throw Error(ErrorKind::usage, "no value is given");
      row.set(options, row.has_words() ? word_value(text, row.value) : text);
    } catch (const Error& error) {
      throw Error(ErrorKind::usage, given.origin + ": " + error.message(), error.hint().empty() ? see_help(verb_name(options.verb)) : error.hint());
    }
  }
}

void require(const Options& options, const OptionRow& row) {
  if (!row.is_required()) return;
  throw Error(ErrorKind::usage, fmt::format("{}: {}{} is required", verb_name(options.verb), row.is_argument() ? "" : "--", row.name()), see_help(verb_name(options.verb)));
}

// Before anything was parsed: how to show that parsing failed.
std::string early_log_format(const std::vector<std::string>& words, const Environment& environment) {
  constexpr std::string_view name = "--log-format";
  for (std::size_t i = words.size(); i-- > 0;) {
    if (words[i] == name && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with(name) && words[i].substr(name.size()).starts_with('=')) return words[i].substr(name.size() + 1);
  }
  const auto variable = environment.find("RESOLE_LOG_FORMAT");
  return variable == environment.end() ? "text" : variable->second;
}

const OptionRow& row_named(std::string_view name) {
  return *std::find_if(option_table().begin(), option_table().end(), [&](const OptionRow& row) { return row.name() == name; });
}

}  // namespace

Parsed parse_options(const std::vector<std::string>& words, const Environment& environment, std::string& log_format) {
  log_format = early_log_format(words, environment);
  CommandLine line;
  if (std::string text = line.parse(words); !text.empty()) return {std::nullopt, std::move(text)};

  Options options;
  options.verb = line.verb();
  options.common.jobs = std::clamp(std::thread::hardware_concurrency(), 1u, 8u);
  const auto typed_or_set = [&](const OptionRow& row) {
    auto given = line.find(row);
    return given ? given : from_environment(row, environment);
  };
  if (const auto place = typed_or_set(row_named("config"))) take(options, row_named("config"), *place);
  const ConfigFile file = ConfigFile::read(options.common.config, environment);

  const auto resolve = [&](const OptionRow& row) {
    auto given = typed_or_set(row);
    if (!given) given = file.find(row, options.verb);
    if (given && !given->texts.empty()) {
      take(options, row, *given);
    } else {
      require(options, row);
    }
  };
  resolve(row_named("log-format"));
  log_format = options.common.log_format;
  for (const OptionRow* row : options_of(options.verb)) {
    if (row->name() != "config" && row->name() != "log-format") resolve(*row);
  }
  fill_in_snapshot(options.planning);
  require_together(options);
  return {std::move(options), {}};
}

}  // namespace resole::cli
