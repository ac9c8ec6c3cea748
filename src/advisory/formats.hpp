// SPDX-License-Identifier: Apache-2.0
// The table of report formats. A rich one is a file in report/ and a line in formats.cpp; one that is a list of rows is an entry of report/flat_table.cpp. Which fields
// are read of each is written into docs/inputs.md by a test.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/finding.hpp"
#include "base/json_fwd.hpp"

namespace resole::advisory {

struct Format {
  std::string name;                                // Report::format
  std::string title;                               // for the message that lists the known formats
  std::vector<std::string> fields;                 // JSON pointers: only these are built (base/json_fields)
  std::function<bool(const Json& report)> recognise;          // by shape only; never throws
  std::function<void(const Json& report, Report& out)> read;  // fills subject and findings; Error(input) names the place inside the report
};

// In the order in which they are tried.
const std::vector<Format>& formats();

// XML has other readers, chosen by the name of the root element.
struct XmlFormat {
  std::string_view name, title, root;
  std::vector<std::string> elements;               // what is read, for the documentation
};
const std::vector<XmlFormat>& xml_formats();

}  // namespace resole::advisory
