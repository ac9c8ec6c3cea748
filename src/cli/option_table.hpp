// SPDX-License-Identifier: Apache-2.0
// The one table of options: the command line, RESOLE_* in the environment, the keys of the configuration file, --help and docs/commands.md are made from it.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.hpp"

namespace resole::cli {

class VerbSet {
 public:
  constexpr VerbSet(std::initializer_list<Verb> verbs) {
    for (const Verb verb : verbs) bits_ |= 1u << static_cast<unsigned>(verb);
  }
  constexpr bool has(Verb verb) const { return (bits_ >> static_cast<unsigned>(verb) & 1u) != 0; }

 private:
  unsigned bits_ = 0;
};

enum class Takes {
  nothing,  // a switch: true or false
  count,    // a switch that counts
  one,      // a value, at most once
  many,     // a value, as often as wanted
};

struct OptionRow {
  std::string_view names;     // "-o,--output"; an argument without a name of its own: "IMAGE"
  Takes takes = Takes::one;
  std::string_view value;     // for help: "FILE"; or the words it must be one of: "gzip|zstd"
  std::string_view standard;  // for help: what holds when it is not given; "required" when it must be
  std::string_view group;     // heading in help; "" = the verb's own
  VerbSet verbs;
  void (*set)(Options&, std::string_view text);  // checks and takes one value; Error(usage) otherwise
  std::string_view help;

  bool is_argument() const { return !names.starts_with('-'); }
  bool has_words() const { return !value.empty() && value.front() >= 'a' && value.front() <= 'z'; }
  bool is_required() const { return standard == "required"; }
  std::string_view name() const { return is_argument() ? names : names.substr(names.find("--") + 2); }  // "output": the key of the file
  std::string variable() const;                                                                          // "RESOLE_OUTPUT"
};
const std::vector<OptionRow>& option_table();
std::vector<const OptionRow*> options_of(Verb verb);

struct VerbRow {
  Verb verb;
  std::string_view name;  // as typed: "rollout edit"
  std::string_view help;
};
const std::vector<VerbRow>& verb_table();
std::string_view verb_name(Verb verb);
std::string section_of(Verb verb);  // of the configuration file: "rollout.edit"

}  // namespace resole::cli
