#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the findings of real reports, knowing nothing of resole: count_rows.py DIRECTORY > report_rows.tsv

What one finding is, per format, stands below beside the place where it is counted; a file that is no report of findings is left out. The table is what
tests/advisory/accounting_test.cpp holds resole against.
"""
import gzip
import json
import os
import sys
import xml.etree.ElementTree as tree


def lists(value):
    return value if isinstance(value, list) else []


def count(doc):
    """-> (name of the format, number of findings), or None."""
    if isinstance(doc, list):
        if doc and all("Target" in each for each in doc):                       # Trivy, schema 1: one per vulnerability of a result
            return "trivy", sum(len(lists(each.get("Vulnerabilities"))) for each in doc)
        if doc and all("vulnerabilities" in each and "packageManager" in each for each in doc):
            return "snyk", sum(snyk(each) for each in doc)
        if doc and "feedGroup" in doc[0]:                                       # anchorectl: the rows
            return "anchore", len(doc)
        if doc and all("components" in v for each in doc for v in lists(each.get("vulnerabilities"))):
            return "jfrog", sum(len(v["components"]) for each in doc for v in each["vulnerabilities"])
        return None
    if "input" in doc or "ClusterName" in doc:
        return None
    if doc.get("SchemaVersion") == 2:                                           # Trivy: vulnerabilities, and those that it suppressed itself
        results = lists(doc.get("Results"))
        modified = [m for r in results for m in lists(r.get("ExperimentalModifiedFindings")) if m.get("Type") == "vulnerability"]
        return "trivy", sum(len(lists(r.get("Vulnerabilities"))) for r in results) + len(modified)
    if str(doc.get("kind", "")).endswith("VulnerabilityReport"):
        return "trivy", len(doc["report"]["vulnerabilities"])
    if "items" in doc and str(doc["items"][0].get("kind", "")).endswith("VulnerabilityReport"):
        return "trivy", sum(len(each["report"]["vulnerabilities"]) for each in doc["items"])
    if "matches" in doc:                                                        # Grype: matches, and those that it ignored itself
        return "grype", len(doc["matches"]) + len(lists(doc.get("ignoredMatches")))
    if "package_vulnerabilities" in doc:
        return "clair", sum(len(each) for each in doc["package_vulnerabilities"].values())
    if "results" in doc and any("packages" in each and "source" in each for each in lists(doc["results"])):   # osv-scanner: advisories of a named package
        return "osv-scanner", sum(len(lists(p.get("vulnerabilities"))) for r in doc["results"] for p in lists(r.get("packages")) if p.get("package", {}).get("name"))
    if "runs" in doc:
        return "sarif", sum(len(lists(each.get("results"))) for each in doc["runs"])
    if "vulnerabilities" in doc and "packageManager" in doc:
        return "snyk", snyk(doc)
    rows = lists(doc.get("findings"))
    if any("packageVulnerabilityDetails" in each for each in rows):             # Inspector: each package of a finding
        return "inspector", sum(len(each["packageVulnerabilityDetails"]["vulnerablePackages"]) for each in rows if "packageVulnerabilityDetails" in each)
    if doc.get("bomFormat") == "CycloneDX" and doc.get("vulnerabilities") and doc.get("components"):   # each component that one affects
        return "cyclonedx", sum(len(lists(each.get("affects"))) for each in doc["vulnerabilities"])
    if "OSType" in doc:
        return "copa-example", len(doc["Packages"])
    if "os" in doc.get("metadata", {}) if isinstance(doc.get("metadata"), dict) else False:
        return "copa", sum(len(lists(doc.get(key))) for key in ("updates", "osupdates", "langupdates"))
    if "securityEvaluation" in doc:
        return "anchore", len(doc["securityEvaluation"])
    if "results" in doc and any("distro" in each for each in lists(doc["results"])):
        return "prisma", sum(len(lists(each.get("vulnerabilities"))) for each in doc["results"])
    if "resources" in doc:                                                      # Aqua: of each resource
        return "aqua", sum(len(lists(each.get("vulnerabilities"))) for each in doc["resources"])
    if "cves" in doc:
        return "aqua", len(doc["cves"])
    if "report" in doc and "vulnerabilities" in doc["report"]:
        return "neuvector", len(doc["report"]["vulnerabilities"])
    if isinstance(doc.get("Vulnerabilities"), dict):
        return "klar", sum(len(each) for each in doc["Vulnerabilities"].values())
    if "unapproved" in doc:
        return "clair-scanner", len(doc["vulnerabilities"])
    if doc and all(isinstance(each, dict) and "vulnerabilities" in each for each in doc.values()):
        return "harbor", sum(len(each["vulnerabilities"]) for each in doc.values())
    rows = lists(doc.get("vulnerabilities"))
    if rows and "feed_group" in rows[0]:
        return "anchore", len(rows)
    return None


def snyk(project):
    """A vulnerability is repeated for every path that leads to its package: each once."""
    projects = [project] + lists(project.get("applications"))
    return sum(len({(v["id"], v["name"], v["version"]) for v in lists(each.get("vulnerabilities"))}) for each in projects)


def count_xml(text):
    """CycloneDX: each component that a vulnerability affects; the extension of 1.x puts them into the component, or names it by an attribute."""
    root = tree.fromstring(text)
    local = lambda element: element.tag.rsplit("}", 1)[-1]
    if local(root) != "bom":
        return None
    total = 0
    for element in root.iter():
        if local(element) == "vulnerability":
            targets = [each for each in element.iter() if local(each) == "target"]
            total += len(targets) if any(local(each) == "affects" for each in element) else 1
    return ("cyclonedx", total) if total else None


def main():
    print("# file\tformat\tfindings; written by count_rows.py")
    for folder, _, files in sorted(os.walk(sys.argv[1])):
        for name in sorted(files):
            path = os.path.join(folder, name)
            data = (gzip.open if name.endswith(".gz") else open)(path, "rb").read()
            try:
                found = count_xml(data) if data.lstrip()[:1] == b"<" else count(json.loads(data))
            except (ValueError, tree.ParseError):
                continue
            if found:
                print(os.path.relpath(path, sys.argv[1]), *found, sep="\t")


main()
