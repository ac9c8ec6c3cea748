// SPDX-License-Identifier: Apache-2.0
#include "cli/option_table.hpp"

#include <algorithm>
#include <cctype>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/option_values.hpp"

namespace resole::cli {

namespace {

using Text = std::string_view;
using enum Verb;

constexpr VerbSet kAll = {inspect, plan, fetch, build, patch, verify, diff, rollout_edit, rollout_status, rollout_revert, propose, feed_update, feed_import, feed_status};
constexpr VerbSet kNotPlan = {inspect, fetch, build, patch, verify, diff, rollout_edit, rollout_status, rollout_revert, propose, feed_update, feed_import, feed_status};
constexpr VerbSet kFeeds = {feed_update, feed_import, feed_status};
constexpr VerbSet kRollout = {rollout_edit, rollout_revert};
constexpr VerbSet kBases = {inspect, plan, patch};
constexpr VerbSet kPlanning = {plan, patch}, kBuilding = {build, patch}, kRepositories = {plan, fetch, build, patch};
constexpr VerbSet kImages = {inspect, plan, patch, verify}, kTree = {inspect, plan, fetch, build, patch, verify, diff};
constexpr VerbSet kReadsImages = {inspect, plan, build, patch, verify, diff, propose}, kWritesImages = {build, patch};
constexpr Text kRepositoryGroup = "Repositories", kRegistryGroup = "Registries", kCommonGroup = "Common";

// A place whose tag is made when the plan is known is checked with words in its stead.
void add_destination(BuildingOptions& building, Text text) {
  building.to.push_back(oci::Location::parse(sample_of_form(text)));
  building.to_forms.emplace_back(text);
}

template <class T>
void append(std::vector<T>& to, std::vector<T> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

const std::vector<OptionRow> kTable = {
    // ---- arguments
    {"IMAGE", Takes::one, "", "required", "", kImages, [](Options& o, Text t) { o.image = oci::Location::parse(t); },
     "[docker://]HOST/REPO:TAG, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF], docker-daemon:REF"},
    {"A", Takes::one, "", "required", "", {diff}, [](Options& o, Text t) { o.image = oci::Location::parse(t); }, "The first image, written as IMAGE"},
    {"B", Takes::one, "", "required", "", {diff}, [](Options& o, Text t) { o.other = oci::Location::parse(t); }, "The second; the same one for two of its platforms"},
    {"PLAN", Takes::one, "", "required", "", {fetch, build}, [](Options& o, Text t) { o.plan_file = file_value(t); }, "plan.json"},
    {"RESULT", Takes::many, "", "required", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.results.push_back(file_value(t)); },
     "result.json of build or patch"},
    {"ROLLOUT", Takes::one, "", "required", "", {rollout_status, rollout_revert, propose}, [](Options& o, Text t) { o.rollout.rollout = file_value(t); }, "rollout.json of rollout edit"},

    {"NAME", Takes::many, "", "", "", {feed_update}, [](Options& o, Text t) { o.feed.names.emplace_back(t); }, "Feeds to update; none: all that --from names"},
    {"FILES", Takes::many, "", "required", "", {feed_import}, [](Options& o, Text t) { o.feed.places.emplace_back(place_value(t)); },
     "Files of the feed, as published (compressed, zip and tar too), or directories of them"},

    // ---- results
    {"--to", Takes::many, "IMAGE", "required", "", kBuilding, [](Options& o, Text t) { add_destination(o.building, t); },
     "Where the patched image goes; {tag} in its tag is the source's, {plan8} the first digits of the plan's digest"},
    {"-o,--output", Takes::one, "FILE", "", "", {inspect, verify, diff}, [](Options& o, Text t) { o.output = t; }, "Write the document here"},
    {"-o,--output", Takes::one, "FILE", "", "", {plan}, [](Options& o, Text t) { o.output = t; }, "Write the plan here"},
    {"-o,--output", Takes::one, "PATH", "required", "", {fetch}, [](Options& o, Text t) { o.output = t; }, "The bundle: a directory, or FILE.tar"},
    {"-o,--output", Takes::one, "FILE", "", "", kBuilding, [](Options& o, Text t) { o.output = t; }, "Write the result here"},
    {"-o,--output", Takes::one, "FILE", "", "", {rollout_edit}, [](Options& o, Text t) { o.output = t; }, "Write rollout.json here"},
    {"-f,--format", Takes::one, "table|json", "table", "", kNotPlan, [](Options& o, Text t) { o.format = t; },
     "Form of standard output; json is the document, unless -o takes it"},
    {"-f,--format", Takes::one, "table|json|markdown", "table", "", {plan}, [](Options& o, Text t) { o.format = t; },
     "Form of standard output; json is the document, unless -o takes it; markdown is for tickets"},
    {"--explain", Takes::one, "ADVISORY|PACKAGE", "", "", {plan}, [](Options& o, Text t) { o.explain = subject_value(t); },
     "Tell why this is fixed, held or absent, instead of the table"},
    {"--plan", Takes::one, "FILE", "", "", {patch}, [](Options& o, Text t) { o.plan_output = t; }, "Write the plan here too"},
    {"--plan", Takes::one, "FILE", "", "", {verify}, [](Options& o, Text t) { o.plan_file = file_value(t); }, "The plan that the image was built from"},
    {"--detailed-exitcode", Takes::nothing, "", "", "", {plan}, [](Options& o, Text t) { o.detailed_exitcode = switch_value(t); },
     "Exit 10 when there are changes"},

    // ---- what to change
    {"--platform", Takes::many, "OS/ARCH[/VARIANT]", "all", "", {inspect, verify},
     [](Options& o, Text t) { o.planning.platforms.push_back(oci::Platform::parse(t)); }, "Only these platforms"},
    {"--platform", Takes::many, "OS/ARCH[/VARIANT]", "all", "", kPlanning,
     [](Options& o, Text t) { o.planning.platforms.push_back(oci::Platform::parse(t)); }, "Only these platforms; the others are carried as they are"},
    {"--platform", Takes::many, "OS/ARCH[/VARIANT]", "all that both have", "", {diff},
     [](Options& o, Text t) { o.planning.platforms.push_back(oci::Platform::parse(t)); }, "This platform of both; given twice, the first image's and the second's"},
    {"--report", Takes::many, "FILE|DIR", "", "", kPlanning, [](Options& o, Text t) { o.planning.reports.push_back(place_value(t)); },
     "Scanner report or SBOM, of any scanner, or a directory of which those about the image are taken (docs/inputs.md)"},
    {"--scanner", Takes::one, "NAME|FILE", "", "", kPlanning, [](Options& o, Text t) { o.planning.scanner = t; },
     "Program that turns the reports into Copa's JSON: FILE, or copa-NAME in PATH; it is run with each report"},
    {"--feed", Takes::many, "FILE|DIR|NAME|all", "", "", kPlanning, [](Options& o, Text t) { append(o.planning.feeds, list_value(t)); },
     "Advisory feed: files, one that `resole feed` keeps, or all of those"},
    {"--max-feed-age", Takes::one, "AGE", "any", "", kPlanning, [](Options& o, Text t) { o.planning.max_feed_age = age_value(t); },
     "Refuse feeds that were last known to be the newest longer ago than this (\"3d\", \"12h\")"},
    {"--force-report", Takes::nothing, "", "", "", kPlanning, [](Options& o, Text t) { o.planning.force_report = switch_value(t); },
     "Use reports that are not proven to be about this image"},
    {"--vex", Takes::many, "FILE", "", "", kPlanning, [](Options& o, Text t) { o.planning.vex.push_back(file_value(t)); },
     "Findings that do not count: OpenVEX, CSAF VEX, CycloneDX VEX, .trivyignore, Grype's ignore rules"},
    {"--policy", Takes::one, "FILE", "", "", kPlanning, [](Options& o, Text t) { o.planning.policy = file_value(t); },
     "What to take, to leave and to refuse (YAML or JSON, docs/policy.md)"},
    {"--update", Takes::one, "reported|security|all", "reported with --report or --feed, else security", "", kPlanning, [](Options& o, Text t) { o.planning.update = t; },
     "Which packages: those that the reports name, security updates, or all"},
    {"--strategy", Takes::one, "append|rebase|auto", "append", "", kPlanning, [](Options& o, Text t) { o.planning.strategy = t; },
     "Layers on top; or another base below the application's layers first; auto: that when it is safe (docs/rebase.md)"},
    {"--old-base", Takes::one, "IMAGE", "as the image says", "", kBases, [](Options& o, Text t) { o.planning.old_base = oci::Location::parse(t); },
     "The base that the image was built on, best with its digest"},
    {"--new-base", Takes::one, "IMAGE", "what the base's name means now", "", kPlanning, [](Options& o, Text t) { o.planning.new_base = oci::Location::parse(t); },
     "The base to move to"},
    {"--base-registry", Takes::many, "HOST", "", "", kBases, [](Options& o, Text t) { append(o.planning.base_registries, list_value(t)); },
     "A base that only the image names may be looked up there; at the image's own registry it may"},
    {"--allow", Takes::many, "interpreter|removed", "", "", kPlanning, [](Options& o, Text t) { append(o.planning.allow, list_value(t)); },
     "Change the base although an interpreter's minor version changes, or packages go"},
    {"--min-severity", Takes::one, "LEVEL|LIST", "", "", kPlanning, [](Options& o, Text t) { o.planning.severities = severities_value(t); },
     "Findings to fix: a level (\"high\" and above) or a list (\"low,critical\")"},
    {"--only", Takes::many, "PACKAGE", "", "", kPlanning, [](Options& o, Text t) { append(o.planning.only, list_value(t)); },
     "Only these packages (names or globs, binary or source)"},
    {"--hold", Takes::many, "PACKAGE", "", "", kPlanning, [](Options& o, Text t) { append(o.planning.hold, list_value(t)); }, "Not these packages"},
    {"--scripts", Takes::one, "hold|sandbox|refuse", "hold, or as --policy says", "", kPlanning, [](Options& o, Text t) { o.planning.scripts = t; },
     "Packages whose maintainer scripts are not covered: leave them, run the scripts in a sandbox, or stop"},
    {"--on-modified", Takes::one, "hold|overwrite|keep", "hold", "", kPlanning, [](Options& o, Text t) { o.planning.on_modified = t; },
     "Packages with locally changed files"},
    {"--on-eol", Takes::one, "warn|refuse", "warn", "", kPlanning, [](Options& o, Text t) { o.planning.on_eol = t; }, "Releases past their end of life"},
    {"--compression", Takes::one, "gzip|zstd", "gzip", "", kPlanning, [](Options& o, Text t) { o.planning.compression = t; }, "Of the new layers"},
    {"--lockstep", Takes::nothing, "", "", "", kPlanning, [](Options& o, Text t) { o.planning.lockstep = switch_value(t); },
     "Hold versions that not every platform gets"},
    {"--source-deployed-as", Takes::one, "REFERENCE", "", "", kPlanning, [](Options& o, Text t) { o.planning.deployed_as = reference_value(t); },
     "Under which reference the source image runs"},

    // ---- how it is built
    {"--source", Takes::one, "IMAGE", "where it was planned", "", {build}, [](Options& o, Text t) { o.image = oci::Location::parse(t); },
     "Where the source image is now"},
    {"--deployed-as", Takes::many, "REFERENCE", "", "", kBuilding, [](Options& o, Text t) { o.building.deployed_as.push_back(reference_form_value(t)); },
     "Under which reference the result will run; one per --to, in the same order"},
    {"--on-unchanged", Takes::one, "copy|skip|fail", "copy", "", kBuilding, [](Options& o, Text t) { o.building.on_unchanged = t; },
     "When there is nothing to change"},
    {"--bundle", Takes::one, "DIR|FILE", "", "", kBuilding, [](Options& o, Text t) { o.building.bundle = place_value(t); },
     "Bundle of `resole fetch`: nothing else is needed"},
    {"--trust-plan", Takes::nothing, "", "", "", kBuilding, [](Options& o, Text t) { o.building.trust_plan = switch_value(t); },
     "Do not prove the plan's packages again"},
    {"--script-timeout", Takes::one, "TIME", "10m", "", kBuilding, [](Options& o, Text t) { o.building.script_timeout = duration_value(t); },
     "How long one maintainer script may run in the sandbox (\"90s\", \"30m\")"},
    {"--force", Takes::nothing, "", "", "", kBuilding, [](Options& o, Text t) { o.building.force = switch_value(t); },
     "Overwrite the destination's tag whatever it is"},

    // ---- feed
    {"--from", Takes::many, "\"NAME URL [os=ID:VERSION] [sha256] [signed]\"", "", "", {feed_update},
     [](Options& o, Text t) { o.feed.sources.push_back(patch::FeedSource::parse(t)); },
     "Where a feed is; sha256, signed: its digest, its signature stand beside it; repomd.xml stands for the repository's updateinfo"},
    {"--name", Takes::one, "NAME", "required", "", {feed_import}, [](Options& o, Text t) { o.feed.name = feed_name_value(t); }, "Name under which the feed is kept"},
    {"--os", Takes::one, "ID:VERSION", "", "", {feed_import}, [](Options& o, Text t) { o.feed.os = os_value(t); },
     "Release that the files are about, where they do not say it (\"azurelinux:3\")"},
    {"-o,--output", Takes::one, "FILE", "", "", kFeeds, [](Options& o, Text t) { o.output = t; }, "Write the list of feeds here"},

    // ---- rollout
    {"--manifests", Takes::one, "DIR", "required", "", kRollout, [](Options& o, Text t) { o.rollout.manifests = directory_value(t); }, "Tree of manifests"},
    {"--write", Takes::nothing, "", "", "", kRollout, [](Options& o, Text t) { o.rollout.write = switch_value(t); },
     "Edit the files; without it the edits are shown as a unified diff"},
    {"--pin", Takes::one, "auto|tag|digest|both", "auto", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.pin = t; },
     "What the edited reference carries; auto keeps what is there"},
    {"--moving-tag", Takes::one, "FORM", "{tag}", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.moving_tag = tag_form_value(t); },
     "Which published tag moves with each patch: {tag} is the source's, {plan8} the plan"},
    {"--immutable-tag", Takes::one, "FORM", "{tag}-r{plan8}", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.immutable_tag = tag_form_value(t); },
     "Which published tag never moves; a tag that stands without a digest becomes it"},
    {"--dockerfiles", Takes::nothing, "", "", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.dockerfiles = switch_value(t); },
     "Edit FROM and COPY --from of Dockerfiles too"},
    {"--running", Takes::one, "FILE", "", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.running = file_value(t); },
     "What runs, one JSON object per line: {cluster, namespace, kind, name, container, image, imageID}"},
    {"--render", Takes::many, "NAME", "", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.renderings.emplace_back(t); },
     "Renderings to write into --render-dir: argocd, compose, flux, github-output, gitlab-dotenv, helm-values, kubectl-json-patch, kubectl-patch, kubectl-set-image, kustomize, "
     "markdown, markdown-compact, markdown-short"},
    {"--render-dir", Takes::one, "DIR", "", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.render_dir = t; }, "Where renderings go"},
    {"--rollback", Takes::nothing, "", "", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.rollback = switch_value(t); },
     "Render the way back: the sources by their digests"},
    {"--templates", Takes::one, "DIR", "built in", "", {rollout_edit}, [](Options& o, Text t) { o.rollout.templates = directory_value(t); },
     "Templates that replace the built-in ones"},

    {"--live", Takes::many, "FILE|-", "-", "", {rollout_status}, [](Options& o, Text t) { o.rollout.live.emplace_back(t == "-" ? "-" : file_value(t)); },
     "What the cluster says: kubectl get deployments,replicasets,pods,... -A -o json, or one JSON object per line as for --running; - is standard input"},
    {"--manifests", Takes::one, "DIR", "", "", {rollout_status}, [](Options& o, Text t) { o.rollout.manifests = directory_value(t); },
     "The tree that the cluster is fed from: says whether the edits are in it"},
    {"-o,--output", Takes::one, "FILE", "", "", {rollout_status}, [](Options& o, Text t) { o.output = t; }, "Write the status here"},

    // ---- propose
    {"--manifests", Takes::one, "DIR", "here", "", {propose}, [](Options& o, Text t) { o.propose.manifests = directory_value(t); },
     "Tree of manifests in a clone: says the remote and the directory in it"},
    {"--remote", Takes::one, "URL", "origin of --manifests", "", {propose}, [](Options& o, Text t) { o.propose.remote = remote_value(t); }, "Repository that the manifests are kept in"},
    {"--path", Takes::one, "DIR", "where --manifests stands in its clone", "", {propose}, [](Options& o, Text t) { o.propose.path = inner_path_value(t); },
     "Directory of the manifests in the repository; . is all of it"},
    {"--base", Takes::one, "BRANCH", "the remote's main branch", "", {propose}, [](Options& o, Text t) { o.propose.base = branch_value(t); }, "Branch that the change goes into"},
    {"--branch", Takes::one, "NAME", "named by the target", "", {propose}, [](Options& o, Text t) { o.propose.branch = branch_value(t); }, "Branch of the change"},
    {"--branch-prefix", Takes::one, "TEXT", "resole/", "", {propose}, [](Options& o, Text t) { o.propose.branch_prefix = branch_prefix_value(t); }, "Begin of the names of branches"},
    {"--group", Takes::one, "NAME", "the images", "", {propose}, [](Options& o, Text t) { o.propose.group = t; },
     "Target of this name: whatever images are in the rollout, they share one branch and one request"},
    {"--forge", Takes::one, "auto|github|gitlab|gitea|forgejo", "auto", "", {propose}, [](Options& o, Text t) { o.propose.forge = t; }, "Kind of the forge; auto knows it by the remote's host"},
    {"--forge-api", Takes::one, "URL", "by the remote", "", {propose}, [](Options& o, Text t) { o.propose.forge_api = api_value(t); }, "Where the forge's API is, as in https://git.example.org/api/v3"},
    {"--project", Takes::one, "PATH", "by the remote", "", {propose}, [](Options& o, Text t) { o.propose.project = project_value(t); }, "Name of the repository at the forge"},
    {"--token-file", Takes::one, "FILE", "RESOLE_FORGE_TOKEN, then what the forge's pipelines set", "", {propose}, [](Options& o, Text t) { o.propose.token_file = file_value(t); },
     "File with the token for git and the forge"},
    {"--forge-ca", Takes::one, "FILE", "the system's", "", {propose}, [](Options& o, Text t) { o.propose.forge_authorities = file_value(t); }, "Authority (PEM) of the forge's certificate"},
    {"--title", Takes::one, "TEXT", "says the images", "", {propose}, [](Options& o, Text t) { o.propose.title = t; }, "Title of commit and request"},
    {"--author", Takes::one, "\"NAME <EMAIL>\"", "git's", "", {propose}, [](Options& o, Text t) { o.propose.author = author_value(t); }, "Author of the commit"},
    {"--label", Takes::many, "NAME", "", "", {propose}, [](Options& o, Text t) { append(o.propose.labels, list_value(t)); }, "Label of the request"},
    {"--reviewer", Takes::many, "NAME", "", "", {propose}, [](Options& o, Text t) { append(o.propose.reviewers, list_value(t)); }, "Who is asked for a review; ORGANISATION/TEAM where the forge has teams"},
    {"--draft", Takes::nothing, "", "", "", {propose}, [](Options& o, Text t) { o.propose.draft = switch_value(t); }, "Open it as a draft"},
    {"--auto-merge", Takes::nothing, "", "", "", {propose}, [](Options& o, Text t) { o.propose.auto_merge = switch_value(t); }, "Merge it when the forge's rules are met"},
    {"--reopen", Takes::nothing, "", "", "", {propose}, [](Options& o, Text t) { o.propose.reopen = switch_value(t); }, "Propose again what somebody closed without merging"},
    {"--branch-only", Takes::nothing, "", "", "", {propose}, [](Options& o, Text t) { o.propose.branch_only = switch_value(t); }, "Push the branch and open nothing: for forges that are not known here"},
    {"--patch-only", Takes::nothing, "", "", "", {propose}, [](Options& o, Text t) { o.propose.patch_only = switch_value(t); },
     "Write the commit as a patch for git am or git apply, without any network"},
    {"--signatures", Takes::one, "check|recorded|ignore", "check", "", {propose}, [](Options& o, Text t) { o.propose.signatures = t; },
     "Images whose source is signed and that are not: refuse after asking the registries, after what rollout.json says, or never"},
    {"--templates", Takes::one, "DIR", "built in", "", {propose}, [](Options& o, Text t) { o.propose.templates = directory_value(t); }, "Templates of the text that replace the built-in ones"},
    {"-o,--output", Takes::one, "FILE", "", "", {propose}, [](Options& o, Text t) { o.output = t; }, "Write what was done here; with --patch-only the patch"},

    // ---- repositories
    {"--package-mirror", Takes::many, "FROM=TO", "", kRepositoryGroup, kRepositories,
     [](Options& o, Text t) { o.planning.package_mirrors.push_back(mirror_value(t)); },
     "Read repositories below URL FROM at TO instead ('*' = any)"},
    {"--package-repo", Takes::many, "\"URI [SUITE COMPONENT...]\"", "", kRepositoryGroup, kRepositories,
     [](Options& o, Text t) { o.planning.package_repos.push_back(repository_value(t)); }, "One more repository, as in apt's sources.list or apk's repositories"},
    {"--snapshot", Takes::one, "TIME", "", kRepositoryGroup, kRepositories, [](Options& o, Text t) { o.planning.snapshot = time_value(t); },
     "Repositories as they were then: fills in {snapshot} in --package-mirror and --package-repo"},
    {"--package-authfile", Takes::many, "FILE", "", kRepositoryGroup, kRepositories,
     [](Options& o, Text t) { o.planning.package_authfiles.push_back(file_value(t)); }, "Logins for repositories, as in apt_auth.conf(5)"},
    {"--package-cert-dir", Takes::one, "DIR", "", kRepositoryGroup, kRepositories,
     [](Options& o, Text t) { o.planning.package_cert_dir = directory_value(t); },
     "Folders HOST[:PORT] with authorities (*.crt) and a client certificate (*.cert, *.key) for repositories"},
    {"--add-keyring", Takes::many, "FILE", "", kRepositoryGroup, {plan, fetch, build, patch, feed_update},
     [](Options& o, Text t) { o.planning.add_keyrings.push_back(keyring_value(t)); }, "Trust this OpenPGP keyring, or this key of apk, too"},
    {"--replace-keyring", Takes::many, "FILE", "", kRepositoryGroup, kRepositories,
     [](Options& o, Text t) { o.planning.replace_keyrings.push_back(keyring_value(t)); }, "Trust only this OpenPGP keyring, or this key of apk"},
    {"--allow-private", Takes::many, "HOST[:PORT]", "", kRepositoryGroup, {plan, fetch, build, patch, feed_update},
     [](Options& o, Text t) { o.planning.private_hosts.push_back(host_value(t)); }, "Host with a private address that may be contacted"},
    {"--max-index-age", Takes::one, "AGE", "Valid-Until", kRepositoryGroup, kRepositories,
     [](Options& o, Text t) { o.planning.max_index_age = age_value(t); }, "Accept indexes up to this age (\"14d\", \"12h\")"},
    {"--as-of", Takes::one, "TIME", "--snapshot, or now", kRepositoryGroup, kRepositories, [](Options& o, Text t) { o.planning.as_of = time_value(t); },
     "Judge ages and end of life at this time (RFC 3339)"},
    {"--offline", Takes::nothing, "", "", kRepositoryGroup, kRepositories, [](Options& o, Text t) { o.planning.offline = switch_value(t); },
     "No package network: cache and bundle only"},
    {"--recipes", Takes::one, "DIR", "built in", kRepositoryGroup, kTree, [](Options& o, Text t) { o.planning.recipes_dir = directory_value(t); },
     "Recipes that replace the built-in ones"},

    // ---- of every verb
    {"--config", Takes::one, "FILE", "$XDG_CONFIG_HOME/resole/config.toml", kCommonGroup, kAll, [](Options& o, Text t) { o.common.config = file_value(t); },
     "Configuration file"},
    {"--src-authfile", Takes::one, "FILE", "docker's and podman's places", kRegistryGroup, kReadsImages,
     [](Options& o, Text t) { o.registry.source_authfile = file_value(t); }, "Logins for the registry that is read from"},
    {"--dest-authfile", Takes::one, "FILE", "docker's and podman's places", kRegistryGroup, kWritesImages,
     [](Options& o, Text t) { o.registry.destination_authfile = file_value(t); }, "Logins for the registries that are written to"},
    {"--src-tls-verify", Takes::one, "true|false", "true", kRegistryGroup, kReadsImages,
     [](Options& o, Text t) { o.registry.source_tls_verify = switch_value(t); }, "false: no verification, and plain http, for the registry that is read from"},
    {"--dest-tls-verify", Takes::one, "true|false", "true", kRegistryGroup, kWritesImages,
     [](Options& o, Text t) { o.registry.destination_tls_verify = switch_value(t); }, "false: no verification, and plain http, for the registries that are written to"},
    {"--cert-dir", Takes::one, "DIR", "the certs.d folders", kRegistryGroup, kReadsImages, [](Options& o, Text t) { o.registry.cert_dir = directory_value(t); },
     "Authorities (*.crt) and client certificates (*.cert, *.key) for registries"},

    {"--cache-dir", Takes::one, "DIR", "$XDG_CACHE_HOME/resole", kCommonGroup, kAll, [](Options& o, Text t) { o.common.cache_dir = t; },
     "Where downloads and layer indexes are kept"},
    {"--jobs", Takes::one, "N", "processors, at most 8", kCommonGroup, kAll, [](Options& o, Text t) { o.common.jobs = number_value(t, 1, 256); },
     "Threads and downloads at once"},
    {"--progress", Takes::one, "auto|plain|json|none", "auto", kCommonGroup, kAll, [](Options& o, Text t) { o.common.progress = t; },
     "Progress on standard error"},
    {"--log-format", Takes::one, "text|json", "text", kCommonGroup, kAll, [](Options& o, Text t) { o.common.log_format = t; }, "Form of messages"},
    {"--color", Takes::one, "auto|always|never", "auto", kCommonGroup, kAll, [](Options& o, Text t) { o.common.color = t; }, "Colour of tables and messages"},
    {"-q,--quiet", Takes::nothing, "", "", kCommonGroup, kAll, [](Options& o, Text t) { o.common.quiet = switch_value(t); }, "Only warnings and errors"},
    {"-v,--verbose", Takes::count, "", "", kCommonGroup, kAll, [](Options& o, Text t) { o.common.verbose += count_value(t); },
     "Each phase with its time; twice: more"},
};

const std::vector<VerbRow> kVerbs = {
    {inspect, "inspect", "What an image is: system, base, layers, packages, lineage"},
    {plan, "plan", "What would change, and why; writes nothing but the plan"},
    {fetch, "fetch", "Everything a plan needs, for an offline build"},
    {build, "build", "Exactly the plan"},
    {patch, "patch", "plan and build in one go"},
    {verify, "verify", "Prove that an image is what its plan says"},
    {diff, "diff", "What differs between two images: packages, files, config, layers, size"},
    {rollout_edit, "rollout edit", "Find the workloads that run an image; show or write the edits, render"},
    {rollout_status, "rollout status", "How far a rollout is: per workload, from edited to running the patched image"},
    {rollout_revert, "rollout revert", "Take the edits of a rollout back"},
    {propose, "propose", "Branch, commit and pull request of a rollout"},
    {feed_update, "feed update", "Fetch advisory feeds, when they changed, and compile them"},
    {feed_import, "feed import", "Take an advisory feed from files"},
    {feed_status, "feed status", "Which feeds are kept, how old they are, what they are about"},
};

}  // namespace

std::string OptionRow::variable() const {
  std::string out = "RESOLE_";
  for (const char c : name()) out += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

const std::vector<OptionRow>& option_table() { return kTable; }

std::vector<const OptionRow*> options_of(Verb verb) {
  std::vector<const OptionRow*> rows;
  for (const OptionRow& row : kTable) {
    if (row.verbs.has(verb)) rows.push_back(&row);
  }
  return rows;
}

const std::vector<VerbRow>& verb_table() { return kVerbs; }

std::string_view verb_name(Verb verb) {
  return std::find_if(kVerbs.begin(), kVerbs.end(), [&](const VerbRow& row) { return row.verb == verb; })->name;
}

std::string section_of(Verb verb) {
  std::string out(verb_name(verb));
  std::replace(out.begin(), out.end(), ' ', '.');
  return out;
}

}  // namespace resole::cli
