// SPDX-License-Identifier: Apache-2.0
// A planning problem and its answer as a small text file (tests/plan/cases/*.case), after the solver tests of apk-tools:
//
//   # what it is about
//   installed NAME[:ARCH] VERSION [| Field: value]...
//   main|updates|security|vendor NAME[:ARCH] VERSION [| Field: value]...     an offer of that archive; vendor is a third party
//   pin PACKAGE PIN PRIORITY                     modified NAME PATH                floor NAME[:ARCH] VERSION
//   finding ID PACKAGE FIXED|- [SEVERITY] [key=value]...    (status=, source=, arch=, os=no, purl=, cpe=yes,
//     selector=yes, inferred=yes, fixof=binary|source; several FIXED are separated by commas)
//   verdict NAME VERSION KIND REASON...          policy key=value...               failure URI SUITE MESSAGE...
//   noise GLOB   data GLOB   foreign ARCH        obstacle REASON TEXT...  (why there is no sandbox)
//   waits-for-phases (as the image's apt.conf can say)
//   policy-file LINE...        (a line of the file that --policy names, indented as it stands)
//   image NAME                 now TIME             public NAME VERSION TIME    (since when that version is known)
//   explain ADVISORY|PACKAGE   (appended to the answer)
//   =>
//   the plan, one line per package, held package, finding (render() says how)
//
// The lines become real dpkg status and Packages stanzas, read by the real code. Verdicts that are not given are "unchanged".
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace resole::plan {

struct Case {
  std::string problem, answer;
};
Case read_case(const std::string& file);

// Plans the problem and renders the answer. `shuffle`: the order of findings, floors and stanzas is changed by it; the answer must not be.
std::string answer_to(std::string_view problem, unsigned shuffle = 0);

// The same problem as files of apt.
struct CaseSystem {
  std::string status;
  std::map<std::string, std::string> archives;  // "security" -> its Packages
  std::string preferences, architectures;       // one per line, the native one first
};
CaseSystem system_of(std::string_view problem);

}  // namespace resole::plan
