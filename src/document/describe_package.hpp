// SPDX-License-Identifier: Apache-2.0
// Fields of packages and of what is said about them, as they stand in plan and result (form.hpp says how this is read).
#pragma once
#include "document/form.hpp"
#include "document/plan.hpp"

namespace resole::document {

bool stays_below(const std::string& path);  // neither absolute nor with ".."

template <class Form, class T>
requires Of<T, pkg::SourceRef>
void describe(Form& form, T& value) {
  form.field("name", value.name);
  form.field("version", value.version);
}

template <class Form, class T>
requires Of<T, oci::Platform>
void describe(Form& form, T& value) {  // the names of image-spec image-index.md
  form.field("os", value.os);
  form.field("architecture", value.architecture);
  form.optional("variant", value.variant);
  form.optional("os.version", value.os_version);
  form.optional("os.features", value.os_features);
}

template <class Form, class T>
requires Of<T, pkg::RepositoryEntry>
void describe(Form& form, T& value) {
  form.field("uri", value.uri);
  form.field("suite", value.suite);
  form.optional("component", value.component);
  form.field("path", value.path);
  form.field("sha256", value.sha256);
  form.optional("checksum", value.checksum);
  form.field("size", value.size);
  form.optional("index", value.index);
  form.optional("release", value.release);
  form.optional("key", value.key);
  form.optional("origin", value.origin);
  form.optional("label", value.label);
  form.optional("codename", value.codename);
  form.field("security", value.security);
  // A plan is reviewed, not trusted: no path of it may leave the repository or the bundle it is looked up in.
  form.check(stays_below(value.path), "\"path\" leaves the repository");
}

template <class Form, class T>
requires Of<T, pkg::Verdict>
void describe(Form& form, T& value) {
  form.field("kind", value.kind);
  form.optional("reason", value.reason);
  form.field("actions", value.actions);
  form.optional("against", value.against);
}

template <class Form, class T>
requires Of<T, PlannedPackage>
void describe(Form& form, T& value) {
  form.field("name", value.name);
  form.field("arch", value.arch);
  form.optional("from", value.from);
  form.field("to", value.to);
  form.field("source", value.source);
  if (!value.from.empty()) form.field("fromSource", value.from_source);
  form.field("repository", value.repository);
  form.field("why", value.why);
  form.optional("whyDetail", value.why_detail);
  form.field("fixes", value.fixes);
  form.field("severity", value.severity);
  form.field("verdict", value.verdict);
  form.field("noise", value.noise);
  form.field("reproducible", value.reproducible);
  form.field("overwrite", value.overwrite);
  form.field("keep", value.keep);
  form.optional("inferred", value.inferred);
  form.optional("knownExploited", value.known_exploited);
  form.optional("rule", value.rule);
}

template <class Form, class T>
requires Of<T, HeldPackage>
void describe(Form& form, T& value) {
  form.field("name", value.name);
  form.field("arch", value.arch);
  form.field("installed", value.installed);
  form.optional("candidate", value.candidate);
  form.field("source", value.source);
  form.field("reason", value.reason);
  form.optional("detail", value.detail);
  form.optional("option", value.option);
  form.field("fixes", value.fixes);
  form.field("severity", value.severity);
  form.field("requested", value.requested);
  form.field("noise", value.noise);
  form.field("scope", value.scope);
  form.optional("inferred", value.inferred);
  form.optional("knownExploited", value.known_exploited);
  form.optional("rule", value.rule);
  form.optional("until", value.until);
}

template <class Form, class T>
requires Of<T, UnfixedFinding>
void describe(Form& form, T& value) {
  form.field("id", value.id);
  form.field("package", value.package);
  form.optional("installed", value.installed);
  form.optional("needed", value.needed);
  form.field("severity", value.severity);
  form.field("reason", value.reason);
  form.optional("detail", value.detail);
  form.field("scope", value.scope);
  form.optional("inferred", value.inferred);
}

template <class Form, class T>
requires Of<T, AlreadyFixed>
void describe(Form& form, T& value) {
  form.field("id", value.id);
  form.field("package", value.package);
  form.field("installed", value.installed);
  form.optional("source", value.source);
  form.field("fixed", value.fixed);
  form.optional("inferred", value.inferred);
}

template <class Form, class T>
requires Of<T, SuppressedFinding>
void describe(Form& form, T& value) {
  form.field("id", value.id);
  form.field("package", value.package);
  form.optional("installed", value.installed);
  form.field("severity", value.severity);
  form.field("by", value.by);
  form.field("says", value.says);
  form.optional("reason", value.reason);
  form.optional("until", value.until);
}

template <class Form, class T>
requires Of<T, NotInImage>
void describe(Form& form, T& value) {
  form.field("id", value.id);
  form.field("package", value.package);
}

template <class Form, class T>
requires Of<T, ShadowCopy>
void describe(Form& form, T& value) {
  form.field("path", value.path);
  form.field("soname", value.soname);
  form.field("package", value.package);
  form.optional("layer", value.layer);
  form.optional("proof", value.proof);
  form.optional("version", value.version);
}

template <class Form, class T>
requires Of<T, StaleMetadata>
void describe(Form& form, T& value) {
  form.field("where", value.where);
  form.field("name", value.name);
  form.field("value", value.value);
  form.field("package", value.package);
}

}  // namespace resole::document
