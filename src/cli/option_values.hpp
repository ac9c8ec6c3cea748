// SPDX-License-Identifier: Apache-2.0
// Values of options from text. Each throws Error(usage) with what is wrong and, where it helps, how it is written; none repeats a value that may hold secrets.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/finding.hpp"

namespace resole::cli {


bool switch_value(std::string_view text);                          // true, false, yes, no, on, off, 1, 0
unsigned number_value(std::string_view text, unsigned least, unsigned most);
int count_value(std::string_view text);                            // a number, or a switch for one
std::string word_value(std::string_view text, std::string_view words);  // one of "a|b|c"
std::vector<std::string> list_value(std::string_view text);        // comma separated, no empty parts
std::int64_t time_value(std::string_view text);                    // RFC 3339
std::int64_t age_value(std::string_view text);                     // "14d", "12h", "30m" in seconds
std::int64_t duration_value(std::string_view text);                // "90s", "30m", "2h" in seconds; at least 1
std::set<advisory::Severity> severities_value(std::string_view text);  // one level (and above), or a list
std::string reference_value(std::string_view text);
std::string host_value(std::string_view text);                     // host[:port]

// FROM=TO, both URLs (or FROM '*'); TO may have a place for a time in it.
std::pair<std::string, std::string> mirror_value(std::string_view text);
std::string repository_value(std::string_view text);               // "URI SUITE COMPONENT...", of apk "URI" or "@TAG URI"
// Is there a place for a time: "{snapshot}", or "{snapshot:FORM}"?
bool waits_for_snapshot(std::string_view text);
// The places filled in: "{snapshot}" as snapshot services write times (20260131T000000Z), "{snapshot:%Y/%m/%d}" as FORM says, of which %Y %m %d %H %M %S are
// known. Error(usage) for another one.
std::string at_snapshot(std::string_view text, std::int64_t time);

std::string subject_value(std::string_view text);                  // an advisory id or the name of a package
std::string feed_name_value(std::string_view text);
std::string os_value(std::string_view text);                       // "ID:VERSION" of a distribution that feeds are about

// Of git and forges.
std::string remote_value(std::string_view text);
std::string inner_path_value(std::string_view text);               // a directory in a repository: relative, nothing that leads out
std::string branch_value(std::string_view text);
std::string branch_prefix_value(std::string_view text);
std::string api_value(std::string_view text);                      // an http or https URL without a login
std::string project_value(std::string_view text);
std::string author_value(std::string_view text);                   // "NAME <EMAIL>"

// Paths that must be there.
std::string file_value(std::string_view text);
std::string directory_value(std::string_view text);
// "registry.example.org/app:{tag}-r{plan8}" with words for what is in braces; they may stand in the tag only. Error(usage) otherwise.
std::string sample_of_form(std::string_view text);
std::string reference_form_value(std::string_view text);
std::string tag_form_value(std::string_view text);  // "{tag}-r{plan8}"
std::string place_value(std::string_view text);                    // file or directory
std::string keyring_value(std::string_view text);                  // a file with OpenPGP public keys
// "" when these are OpenPGP public keys (binary or armored), else what they are instead.
std::string keyring_problem(std::string_view bytes);

}  // namespace resole::cli
