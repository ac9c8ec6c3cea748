# SPDX-License-Identifier: Apache-2.0
# What does not count (--vex), what is taken, left and refused (--policy), and why (--explain): over the small archive.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    local tiny=$BATS_FILE_TMPDIR/tiny
    "$SUPPORT/tiny-archive" init "$tiny"
    "$SUPPORT/tiny-archive" publish "$tiny" security --without-changing
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq
    need_resole
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny IMAGE=oci:$BATS_FILE_TMPDIR/tiny/oci:base
    start_mirror "$TINY"
    # CVE-2026-10000 (demo-lib), 10001 (sample-conf), 10002 (shapes), 10003: no fix.
    "$SUPPORT/trivy-report" "$TINY/oci" base demo-lib=1.0-1=1.0-1+deb12u1 sample-conf=1.0-1=1.0-1+deb12u1 shapes=1.0-1=1.0-1+deb12u1 scripted=1.0-1= >"$T/report.json"
}
teardown() { stop_mirror; }

moved() { jq -r '[.platforms[].packages[].name] | sort | join(" ")' "$1"; }
# fits SCHEMA FILE: by an implementation of JSON Schema that is not ours.
fits() {
    /usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
    /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))' "$ROOT/docs/schema/$1.json" "$2"
}
openvex() {  # PRODUCT CVE STATUS
    jq -n --arg product "$1" --arg cve "$2" --arg status "$3" '{"@context": "https://openvex.dev/ns/v0.2.0", author: "team", timestamp: "2026-01-01T00:00:00Z",
        statements: [{vulnerability: {name: $cve}, products: [{"@id": $product}], status: $status, justification: "component_not_present"}]}'
}

@test "without anything said, what the report names moves" {
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" -o "$T/plan.json"
    [ "$(moved "$T/plan.json")" = "demo-lib demo-tools sample-conf shapes" ]
    grep -qx '3 fixed here, 1 has no fix yet' <<<"$output"
    fits plan "$T/plan.json"
}

@test "a VEX document takes a finding out, and the plan names it" {
    openvex pkg:deb/debian/demo-lib CVE-2026-10000 not_affected >"$T/team.json"
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" --vex "$T/team.json" -o "$T/plan.json"
    [ "$(moved "$T/plan.json")" = "sample-conf shapes" ]
    jq -e '.platforms[0].suppressed == [{"by": "team.json statements[0]", "id": "CVE-2026-10000", "installed": "1.0-1", "package": "demo-lib",
        "reason": "component_not_present", "says": "not_affected", "severity": "HIGH"}]' "$T/plan.json"
    jq -e '[.inputs[] | select(.kind == "vex" and .name == "team.json")] | length == 1' "$T/plan.json"
    fits plan "$T/plan.json"
}

@test "an ignore list counts until its day, and a kept plan does not outlive it" {
    local day; day=$(date -u -d '+2 days' +%F)
    echo "CVE-2026-10000 exp:$day # waits for the migration" >"$T/.trivyignore"
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" --vex "$T/.trivyignore" -o "$T/before.json"
    jq -e --arg until "${day}T00:00:00Z" '.platforms[0].suppressed[0] | .until == $until and .says == "ignored"' "$T/before.json"
    [ "$(moved "$T/before.json")" = "sample-conf shapes" ]
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" --vex "$T/.trivyignore" --as-of "$day" -o "$T/after.json"
    [ "$(moved "$T/after.json")" = "demo-lib demo-tools sample-conf shapes" ]
    jq -e '.platforms[0].suppressed == null' "$T/after.json"
}

@test "what was said of the original's digest is not said of the patched image" {
    local digest url
    digest=$(digest_of "$TINY/oci" base) url=pkg:oci/app@sha256%3A
    openvex "$url${digest#sha256:}" CVE-2026-10000 not_affected >"$T/vex.json"
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" --vex "$T/vex.json" -o "$T/plan.json"
    [ "$(moved "$T/plan.json")" = "sample-conf shapes" ]

    expect 0 patch_tiny "$IMAGE" --update all --only shapes --to "oci:$T/out:one"
    "$SUPPORT/trivy-report" "$T/out" one demo-lib=1.0-1=1.0-1+deb12u1 >"$T/patched.json"
    expect 0 plan_tiny "oci:$T/out:one" --report "$T/patched.json" --vex "$T/vex.json" -o "$T/plan.json"
    moved "$T/plan.json" | grep -q demo-lib
    jq -e '.platforms[0].suppressed == null' "$T/plan.json"
}

@test "bad documents: exit 3 with file, place and reason" {
    printf '{"@context": "https://openvex.dev/ns", "author": "x", "statements": [{"vulnerability": {}}]}' >"$T/bad.json"
    expect 3 plan_tiny "$IMAGE" --report "$T/report.json" --vex "$T/bad.json"; says 'bad\.json: statements\[0\]: "vulnerability" has no name'; is_a_message
    head -c 50 "$T/report.json" >"$T/cut.json"
    expect 3 plan_tiny "$IMAGE" --vex "$T/cut.json"; says 'cut\.json' 'byte'; is_a_message
    expect 3 plan_tiny "$IMAGE" --vex "$T/report.json"; says 'report\.json is no VEX document'
    printf 'CVE-1\nCVE-2 # caf\351\n' >"$T/latin"
    expect 3 plan_tiny "$IMAGE" --vex "$T/latin"; says 'latin: line 2: it is not UTF-8'
    printf 'severityfloor: high\n' >"$T/p.yaml"
    expect 3 plan_tiny "$IMAGE" --policy "$T/p.yaml"; says 'policy p\.yaml: "severityfloor" is not known here' 'severityFloor'
    printf 'rules:\n  - {action: hold, packages: [a]}\n  - {action: hold}\n' >"$T/p.yaml"
    expect 3 plan_tiny "$IMAGE" --policy "$T/p.yaml"; says 'rules\[1\]: the rule does not say what it is about'
    expect 2 plan_tiny "$IMAGE" --policy "$T/absent.yaml"
}

@test "a rule holds, the plan says which, and what a partial fix means is the policy's" {
    printf 'rules:\n  - {action: hold, name: ours, packages: [shapes], reason: certified}\n' >"$T/p.yaml"
    expect 7 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" -o "$T/plan.json"
    [ "$(moved "$T/plan.json")" = "demo-lib demo-tools sample-conf" ]
    jq -e '.platforms[0].held[] | select(.name == "shapes") | .reason == "policy" and .rule == "p.yaml rules[0] \"ours\""' "$T/plan.json"
    fits plan "$T/plan.json"
    echo 'onPartial: accept' >>"$T/p.yaml"
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml"
    expect 0 patch_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --to "oci:$T/out:one"
    sed -i s/accept/refuse/ "$T/p.yaml"
    expect 6 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" -o "$T/plan.json"; says 'p\.yaml refuses partial fixes' 'shapes \(policy\)'
    expect 6 patch_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --to "oci:$T/refused:one"
    [ ! -e "$T/refused" ]
    expect 6 build_tiny "$T/plan.json" --to "oci:$T/refused:one"
    [ ! -e "$T/refused" ]
}

@test "deny refuses the image; by its name too" {
    printf 'rules:\n  - {action: deny, images: ["registry.example.org/db/*"]}\n' >"$T/p.yaml"
    expect 6 plan_tiny "$IMAGE" --update all --policy "$T/p.yaml" --source-deployed-as registry.example.org/db/main:1; says 'the policy denies' 'p\.yaml rules\[0\]'
    expect 0 plan_tiny "$IMAGE" --update all --policy "$T/p.yaml" --source-deployed-as registry.example.org/web/main:1
}

@test "a minimum age: first seen, then long enough known; the release's own date counts" {
    local now; now=$(date -u +%s)
    printf 'minReleaseAge: 3d\n' >"$T/p.yaml"
    expect 7 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --cache-dir "$T/cache" -o "$T/young.json"
    [ -z "$(moved "$T/young.json")" ]
    jq -e '.platforms[0].held[] | select(.name == "shapes") | .reason == "too-new" and .rule == "p.yaml minReleaseAge" and (.until | fromdate) > now' "$T/young.json"
    # Three days later, with the same cache; with another cache the release's date of three days ago says it as well.
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --cache-dir "$T/cache" --max-index-age 30d \
        --as-of "$(date -u -d "@$((now + 3 * 86400 + 3600))" +%Y-%m-%dT%H:%M:%SZ)" -o "$T/old.json"
    [ "$(moved "$T/old.json")" = "demo-lib demo-tools sample-conf shapes" ]
}

@test "growth beyond the policy is refused before anything is published" {
    printf 'maxGrowth: 10\n' >"$T/p.yaml"
    expect 6 patch_tiny "$IMAGE" --update all --policy "$T/p.yaml" --to "oci:$T/out:one"; says 'would grow by' 'p\.yaml maxGrowth allows'
    [ ! -e "$T/out" ]
    printf 'maxGrowth: 10GB\n' >"$T/p.yaml"
    expect 0 patch_tiny "$IMAGE" --update all --policy "$T/p.yaml" --to "oci:$T/out:one"
}

@test "no new digest for unimportant findings alone" {
    printf 'newDigestFor: critical\n' >"$T/p.yaml"
    expect 0 patch_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --to "oci:$T/out:one" --plan "$T/plan.json"
    [ "$(digest_of "$T/out" one)" = "$(digest_of "$TINY/oci" base)" ]
    jq -e '[.platforms[0].held[] | select(.reason != "not-selected") | .reason] | unique == ["unimportant"]' "$T/plan.json"
}

@test "scripts: the policy's word holds, and the command line cannot be laxer" {
    printf 'scripts: refuse\n' >"$T/p.yaml"
    expect 6 plan_tiny "$IMAGE" --update all --policy "$T/p.yaml" --scripts sandbox; says '--scripts sandbox goes beyond what p\.yaml scripts allows, refuse'
    printf 'scripts: sandbox\n' >"$T/p.yaml"
    expect 0 plan_tiny "$IMAGE" --update all --policy "$T/p.yaml" --scripts hold -o "$T/plan.json"
    jq -e '.options.scripts == "hold"' "$T/plan.json"
}

@test "explain tells versions, source and rule" {
    printf 'rules:\n  - {action: hold, packages: [shapes], reason: certified}\n' >"$T/p.yaml"
    expect 7 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --explain CVE-2026-10000
    grep -q 'demo-lib:.* is at 1.0-1 (source demo)' <<<"$output"
    grep -q 'fixed here: goes to 1.0-1+deb12u1 (source demo) from bookworm-security, reported, signed by' <<<"$output"
    expect 7 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --explain shapes
    grep -q 'held (policy): .*certified' <<<"$output"
    grep -q 'decided by p.yaml rules\[0\]' <<<"$output"
    expect 7 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --explain CVE-2026-10003
    grep -q 'no fix yet: no-fix' <<<"$output"
    expect 7 plan_tiny "$IMAGE" --report "$T/report.json" --policy "$T/p.yaml" --explain CVE-1999-1
    grep -q 'no report or feed names it' <<<"$output"
}

@test "tables fit 100 columns; markdown is for tickets" {
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" --color always
    [ "$(sed 's/\x1b\[[0-9;]*m//g' <<<"$output" | grep -v '^next:\|^note:' | awk '{ if (length($0) > 100) print }' | wc -l)" -eq 0 ]
    expect 0 plan_tiny "$IMAGE" --report "$T/report.json" -f markdown
    grep -qx '### fixed here' <<<"$output"
    grep -q '^| H | demo-lib | 1.0-1 | 1.0-1+deb12u1 | reported | CVE-2026-10000 |$' <<<"$output"
}
