// SPDX-License-Identifier: Apache-2.0
// The readers with a file of their own; advisory/formats.cpp is their table. Each has three functions: the fields it reads (only these are built, base/json_fields),
// whether a document has its shape (never throws), and the reading, whose Error(input) names the place inside the report.
#pragma once
#include <string>
#include <vector>

#include "advisory/finding.hpp"
#include "base/bytes.hpp"
#include "base/json_fwd.hpp"

namespace resole::advisory {

#define RESOLE_REPORT_FORMAT(name)           \
  namespace name {                           \
  std::vector<std::string> fields();         \
  bool recognise(const Json& report);        \
  void read(const Json& report, Report& out); \
  }

RESOLE_REPORT_FORMAT(trivy)       // aquasecurity/trivy pkg/types/report.go: schema 2 and 1, operator's VulnerabilityReport
RESOLE_REPORT_FORMAT(grype)       // anchore/grype grype/presenter/models
RESOLE_REPORT_FORMAT(clair)       // quay/claircore VulnerabilityReport and IndexReport
RESOLE_REPORT_FORMAT(osv_scanner) // google/osv-scanner pkg/models
RESOLE_REPORT_FORMAT(sarif)       // OASIS SARIF 2.1.0 of Trivy, Grype, Snyk, Docker Scout
RESOLE_REPORT_FORMAT(snyk)        // snyk container test --json
RESOLE_REPORT_FORMAT(inspector)   // Amazon Inspector 2 and ECR findings
RESOLE_REPORT_FORMAT(asff)        // AWS Security Hub's finding format
RESOLE_REPORT_FORMAT(cyclonedx)   // CycloneDX 1.2 to 1.7, with or without vulnerabilities
RESOLE_REPORT_FORMAT(spdx)        // SPDX 2.2 and 2.3 as JSON
RESOLE_REPORT_FORMAT(syft)        // anchore/syft's own JSON
RESOLE_REPORT_FORMAT(sysdig)      // sysdig-cli-scanner's JSON with tables, and the results API of Sysdig Secure

#undef RESOLE_REPORT_FORMAT

namespace cyclonedx {
Json from_xml(Source& source, std::string_view what);  // the same document in the JSON form, as far as `fields` goes
}

namespace oval_results {
void read(Source& source, std::string_view what, Report& out);  // OVAL 5 results, bare or in an ARF data stream, as OpenSCAP writes them
}

}  // namespace resole::advisory
