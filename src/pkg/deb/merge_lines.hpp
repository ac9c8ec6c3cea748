// SPDX-License-Identifier: Apache-2.0
// Tables merged three ways, record by record.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resole::deb {

// nullopt: the file is not there.
struct ThreeTexts {
  std::optional<std::string_view> old_base, new_base, application;
};

struct MergedText {
  std::optional<std::string> text;     // nullopt: not there
  std::vector<std::string> conflicts;  // keys of records that both sides changed, each in its own way
};

// How a file falls into records, and by what each is known. Records keep their bytes.
struct RecordForm {
  std::function<std::vector<std::string_view>(std::string_view text)> records;
  std::function<std::string(std::string_view record)> key;
  // Of what both changed; nullopt: a conflict. Absent: nobody can tell.
  std::function<std::optional<std::string>(std::string_view old_base, std::string_view new_base, std::string_view application)> settle = {};
};

// Where only one side changed the file, it is that side's, byte for byte. Else the new base's records in their order, and behind them those that the
// application added.
MergedText merge_text(const ThreeTexts& texts, const RecordForm& form);

RecordForm set_of_lines();                        // each line is its own key
RecordForm lines_by_last_word();                  // statoverride, ucf's hashfile
RecordForm lines_by_first_field();                // passwd: up to the first ':'
RecordForm groups();                              // likewise; members that both sides added or took away are put together
RecordForm paragraphs(std::vector<std::string> key_fields);  // extended_states, debconf's answers
RecordForm triples();                             // diversions: by the first line of each
RecordForm certificate_lines();                   // ca-certificates.conf: "!" in front is part of the record, not of its name

}  // namespace resole::deb
