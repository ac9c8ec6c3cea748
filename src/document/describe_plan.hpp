// SPDX-License-Identifier: Apache-2.0
// Fields of the plan.
#pragma once
#include "document/describe_package.hpp"

namespace resole::document {

template <class Form, class T>
requires Of<T, pkg::OsRelease>
void describe(Form& form, T& value) {
  form.optional("id", value.id);
  form.optional("versionId", value.version_id);
  form.optional("codename", value.codename);
  form.optional("prettyName", value.pretty_name);
  form.optional("variantId", value.variant_id);
  form.optional("idLike", value.id_like);
}

template <class Form, class T>
requires Of<T, PlannedBase>
void describe(Form& form, T& value) {
  form.field("name", value.name);
  form.optional("foundBy", value.found_by);
  form.optional("oldDigest", value.old_digest);
  form.optional("newDigest", value.new_digest);
  form.field("layers", value.layers);
}

// One index of a repository: path below the suite, digest as downloaded.
template <class Form, class T>
requires Of<T, std::pair<std::string, Digest>>
void describe(Form& form, T& value) {
  form.field("path", value.first);
  form.field("sha256", value.second);
}

template <class Form, class T>
requires Of<T, pkg::RepositoryState>
void describe(Form& form, T& value) {
  form.field("uri", value.uri);
  form.field("suite", value.suite);
  form.optional("codename", value.codename);
  form.optional("label", value.label);
  form.optional("origin", value.origin);
  form.optional("key", value.key);
  form.field("release", value.release);
  form.field("indexes", value.indexes);
  form.time("date", value.date);
  form.time("validUntil", value.valid_until);
}

template <class Form, class T>
requires Of<T, pkg::RepositoryFailure>
void describe(Form& form, T& value) {
  form.field("uri", value.uri);
  form.optional("suite", value.suite);
  form.field("message", value.message);
}

template <class Form, class T>
requires Of<T, PlatformPlan>
void describe(Form& form, T& value) {
  form.field("platform", value.platform);
  form.field("patched", value.patched);
  form.optional("carriedBecause", value.carried_because);
  form.field("manifest", value.manifest);
  form.field("config", value.config);
  form.optional("configContent", value.config_content);
  form.field("diffIds", value.diff_ids);
  form.field("ownLayers", value.own_layers);
  form.field("os", value.os);
  form.optional("endOfLife", value.end_of_life);
  form.field("pastEndOfLife", value.past_end_of_life);
  form.optional("base", value.base);
  form.field("strategy", value.strategy);
  form.optional("family", value.family);
  form.optional("arch", value.arch);
  form.field("packages", value.packages);
  form.field("held", value.held);
  form.field("unfixed", value.unfixed);
  form.optional("suppressed", value.suppressed);
  form.optional("alreadyFixed", value.already_fixed);
  form.field("notInImage", value.not_in_image);
  form.field("shadowCopies", value.shadow_copies);
  form.field("staleMetadata", value.stale_metadata);
  form.field("repositories", value.repositories);
  form.field("repositoryFailures", value.repository_failures);
  form.field("notes", value.notes);
}

template <class Form, class T>
requires Of<T, Input>
void describe(Form& form, T& value) {
  form.field("kind", value.kind);
  form.optional("name", value.name);
  form.field("sha256", value.sha256);
}

template <class Form, class T>
requires Of<T, Skew>
void describe(Form& form, T& value) {
  form.field("package", value.package);
  form.field("versions", value.versions);
}

template <class Form, class T>
requires Of<T, GrowthLimit>
void describe(Form& form, T& value) {
  form.optional("bytes", value.bytes);
  form.optional("percent", value.percent);
}

template <class Form, class T>
requires Of<T, AppliedPolicy>
void describe(Form& form, T& value) {
  form.field("name", value.name);
  form.field("sha256", value.sha256);
  form.field("onPartial", value.on_partial);
  form.optional("maxGrowth", value.growth);
}

template <class Form, class T>
requires Of<T, Plan>
void describe(Form& form, T& value) {
  form.optional("asOf", value.as_of);
  form.field("toolVersion", value.tool_version);
  form.field("compressors", value.compressors);
  form.field("compression", value.compression);
  form.optional("sourceReference", value.source_reference);
  form.optional("sourceDeployedAs", value.source_deployed_as);
  form.field("source", value.source);
  form.field("options", value.options);
  form.field("platforms", value.platforms);
  form.field("inputs", value.inputs);
  form.field("skew", value.skew);
  form.optional("policy", value.policy);
}

}  // namespace resole::document
