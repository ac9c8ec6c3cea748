# SPDX-License-Identifier: Apache-2.0
# Each bad input has its exit code and its message, writes nothing, and never hangs, grows or escapes.
#
# Codes as in docs/commands.md: 2 usage, 3 bad input, 4 verification failed, 5 network, 6 refused, 7 in part, 8 unsupported.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    "$SUPPORT/tiny-archive" init "$BATS_FILE_TMPDIR/tiny"
    "$SUPPORT/tiny-archive" publish "$BATS_FILE_TMPDIR/tiny" security --without-changing
    cp -a "$BATS_FILE_TMPDIR/tiny/repo" "$BATS_FILE_TMPDIR/repo.good"
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq
    need_resole
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny CACHE=$BATS_TEST_TMPDIR/cache
    TREE=$(tiny_tree "$TINY")
    rm -rf "$TINY/repo" "$TINY/script.json" /tmp/resole-escaped
    cp -a "$BATS_FILE_TMPDIR/repo.good" "$TINY/repo"
    start_mirror "$TINY"
}
teardown() { stop_mirror; rm -f /tmp/resole-escaped; }

script() { printf '%s' "$1" >"$TINY/script.json"; }

# refuses CODE COMMAND...: within two minutes, with a message, without a destination at $T/out.
refuses() {
    local code=$1
    shift
    expect "$code" "$@"
    is_a_message
    [ ! -e "$T/out" ] || not digest_of "$T/out" x 2>/dev/null
    [ ! -e /tmp/resole-escaped ] || { echo "a path outside was written" >&2; return 1; }
    # Nothing half-made is left beside the destination.
    [ -z "$(find "$T" -maxdepth 1 -name 'out?*' -o -maxdepth 1 -name '.out*')" ]
}
patch_base() { patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:x" "$@"; }
plan_base() { plan_tiny "oci:$TINY/oci:base" --update all -o "$T/plan.json" "$@"; }

# ---------------------------------------------------------------- the control: all of the above works when nothing is wrong

@test "good input is patched" { expect 0 patch_base; }

# ---------------------------------------------------------------- indexes

@test "tampered InRelease" {
    script '[{"match": "*security*/InRelease", "replace": ["Description: tests", "Description: tampered"]}]'
    refuses 4 patch_base
    says 'signature' 'bookworm-security|security\.test'
}
@test "text outside the signature" {
    local file=$TINY/repo/security/dists/bookworm-security/InRelease
    { echo 'Codename: other'; cat "$file"; } >"$T/x" && cat "$T/x" >"$file"
    refuses 4 patch_base
}
@test "text after the signature is not read" {
    # What stands behind the signature is nobody's: either refused, or the same as without it.
    local file=$TINY/repo/security/dists/bookworm-security/InRelease
    printf 'SHA256:\n %064d 10 main/binary-amd64/Packages.xz\n' 0 >>"$file"
    run --separate-stderr patch_base
    [ "$status" -eq 4 ] || [ "$status" -eq 0 ]
}
@test "signed by another key" {
    "$SUPPORT/tiny-archive" publish "$TINY" security --key other --without-changing
    refuses 4 patch_base
    says 'key'
}
@test "another key that the operator adds" {
    "$SUPPORT/tiny-archive" publish "$TINY" security --key other --without-changing
    expect 0 patch_base --add-keyring "$TINY/keys/other.gpg"
}
@test "the operator's keys instead of the image's" {
    refuses 4 patch_base --replace-keyring "$TINY/keys/other.gpg"
    says 'key'
}
@test "missing keyring" {
    "$SUPPORT/evil-layer" no-keyring "$T/l.tar"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$T/l.tar"
    refuses 4 patch_tiny "oci:$T/in:x" --update all --to "oci:$T/out:x"
    says '/usr/share/keyrings/test.gpg' '--add-keyring'
    expect 0 patch_tiny "oci:$T/in:x" --update all --to "oci:$T/out:x" --add-keyring "$TINY/keys/main.gpg"
}
@test "expired index" {
    "$SUPPORT/tiny-archive" publish "$TINY" security --date 2026-01-01T00:00:00 --valid-days 7 --without-changing
    refuses 4 patch_base
    says 'valid-until|expired' '--max-index-age'
}
@test "expired index that the operator accepts" {
    "$SUPPORT/tiny-archive" publish "$TINY" security --date "$(date -u -d '10 days ago' +%FT%TZ)" --valid-days 7 --without-changing
    expect 0 patch_base --max-index-age 14d
}
@test "an index from the past by --as-of" {
    "$SUPPORT/tiny-archive" publish "$TINY" debian --date 2026-01-01T00:00:00 --without-changing
    "$SUPPORT/tiny-archive" publish "$TINY" security --date 2026-01-01T00:00:00 --valid-days 7 --without-changing
    expect 0 patch_base --as-of 2026-01-03T00:00:00Z
}
@test "rolled-back index" {
    "$SUPPORT/tiny-archive" publish "$TINY" security --date "$(date -u -d '1 hour ago' +%FT%TZ)" --without-changing
    expect 0 plan_base
    "$SUPPORT/tiny-archive" publish "$TINY" security --date "$(date -u -d '2 days ago' +%FT%TZ)" --without-changing
    refuses 4 patch_base
    says 'older'
}
@test "another suite's index in the place of this one" {
    cp "$TINY/repo/debian/dists/bookworm/InRelease" "$TINY/repo/security/dists/bookworm-security/InRelease"
    refuses 4 patch_base
}
@test "Packages file that the release does not know" {
    script '[{"match": "*security*Packages*", "flip": 70}, {"match": "*security*by-hash*", "flip": 70}]'
    refuses 4 patch_base
    says 'sha256|digest|hash'
}
@test "cut Packages file" {
    script '[{"match": "*security*Packages*", "truncate": 100}, {"match": "*security*by-hash*", "truncate": 100}]'
    run --separate-stderr patch_base
    [[ $status =~ ^[45]$ ]]
    is_a_message
}
@test "no index at all" {
    script '[{"match": "*/InRelease", "status": 404}]'
    refuses 5 patch_base
    says '404|not found'
}
@test "the security archive is not there: said, never taken for 'nothing to do'" {
    script '[{"match": "*security*", "status": 404}]'
    run --separate-stderr patch_base
    [ "$status" -ne 0 ]
    says 'security\.test|bookworm-security'
}
@test "nothing listens" {
    stop_mirror
    refuses 5 patch_base
}
@test "a private address that only the image names is not contacted" {
    "$SUPPORT/app-layer" "$T/l.tar" --file "etc/apt/sources.list=deb [signed-by=/usr/share/keyrings/test.gpg] $MIRROR/security bookworm-security main\\n"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$T/l.tar"
    : >"$MIRROR_LOG"
    run --separate-stderr resole patch "oci:$T/in:x" --update all --to "oci:$T/out:x"
    [[ $status =~ ^[56]$ ]] || { echo "exit $status: $stderr" >&2; return 1; }
    says 'private'
    [ ! -s "$MIRROR_LOG" ]
}
@test "trusted=yes of the image does not help an unsigned archive" {
    "$SUPPORT/app-layer" "$T/l.tar" --file "etc/apt/sources.list=deb [trusted=yes] $TINY_SECURITY bookworm-security main\\n"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$T/l.tar"
    "$SUPPORT/tiny-archive" publish "$TINY" security --key other --without-changing
    refuses 4 patch_tiny "oci:$T/in:x" --update all --to "oci:$T/out:x"
}

# ---------------------------------------------------------------- packages

@test "package with another hash" {
    script '[{"match": "*demo-lib*.deb", "flip": 900}]'
    refuses 4 patch_base
    says 'demo-lib' 'sha256|digest|hash'
}
@test "package gone from the mirror" {
    script '[{"match": "*demo-lib*.deb", "status": 404}]'
    refuses 5 patch_base
    says 'demo-lib' '404|not found|gone'
}
@test "package gone after the plan: plan again" {
    expect 0 plan_base
    "$SUPPORT/tiny-archive" publish "$TINY" security --level 3 --without-changing
    refuses 6 build_tiny "$T/plan.json" --to "oci:$T/out:x" --cache-dir "$T/other"
    says 'plan again'
}
@test "connection that drops once is taken up again" {
    script '[{"match": "*.deb", "truncate": 300, "times": 2}]'
    expect 0 patch_base
}
@test "connection that always drops" {
    script '[{"match": "*demo-lib*.deb", "truncate": 300}]'
    refuses 5 timeout 120 "$RESOLE" patch "oci:$TINY/oci:base" --update all --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags)
}
@test "a server that asks to wait" {
    script '[{"match": "*.deb", "status": 429}]'
    refuses 75 timeout 300 "$RESOLE" patch "oci:$TINY/oci:base" --update all --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags)
}
@test "errors that pass" {
    script '[{"match": "*", "status": 503, "times": 2}]'
    expect 0 patch_base
}
evil_deb() {
    "$SUPPORT/tiny-archive" evil "$TINY" "$1"
    run --separate-stderr timeout 120 "$RESOLE" patch "oci:$TINY/oci:base" --update all --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags)
    [[ $status =~ ^[34]$ ]] || { echo "$1: exit $status: $stderr" >&2; return 1; }
    is_a_message
    says 'demo-lib'
    [ ! -e /tmp/resole-escaped ]
    not digest_of "$T/out" x 2>/dev/null
}
@test "package with a path that leaves the root" { evil_deb traversal; }
@test "package with a hard link that leaves the root" { evil_deb hardlink; }
@test "package that is cut" { evil_deb truncated; }
@test "package of another name, architecture or version than the index says" {
    local kind
    for kind in wrong-name wrong-arch wrong-version; do
        evil_deb "$kind"
        rm -rf "$CACHE"
    done
}
@test "package whose control part is a bomb, or has a script of 100 MB: bounded, and named" {
    local kind
    for kind in control-bomb huge-script; do
        "$SUPPORT/tiny-archive" evil "$TINY" "$kind"
        refuses 3 "$SUPPORT/measure" --limit-seconds 120 --json "$T/cost.json" -- "$RESOLE" patch "oci:$TINY/oci:base" --update all \
            --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags)
        says 'demo-lib'
        jq -e '.peakMiB < 400' "$T/cost.json"
    done
}
@test "package with a script that holds NUL bytes is held, and nothing else is lost" {
    "$SUPPORT/tiny-archive" evil "$TINY" nul-script
    expect 7 patch_base -o "$T/result.json"
    jq -e '.platforms[].held | any(.name == "demo-lib" and .reason == "scripts")' "$T/result.json"
    jq -e '.platforms[].packages | any(.name == "sample-conf")' "$T/result.json"
}
@test "package that is a bomb" {
    evil_deb bomb
    [ "$(du -sm "$T" | cut -f1)" -lt 500 ]
}
@test "package with absolute paths, or a path through its own link: inside the root, or refused" {
    local kind
    for kind in absolute through-link; do
        "$SUPPORT/tiny-archive" evil "$TINY" "$kind"
        run --separate-stderr patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:x" --cache-dir "$T/cache.$kind"
        [[ $status =~ ^[0347]$ ]] || { echo "$kind: exit $status: $stderr" >&2; return 1; }
        [ ! -e /tmp/resole-escaped ]
        [ "$status" -ne 0 ] || "$SUPPORT/lint-layers" --from 2 "$T/out" x
        rm -rf "$T/out"
    done
}

# ---------------------------------------------------------------- plans

edit_plan() { expect 0 plan_base; jq "$1" "$T/plan.json" >"$T/edited.json"; }
build_edited() { build_tiny "$T/edited.json" --to "oci:$T/out:x" "$@"; }

@test "plan edited by hand: another hash, version, path or repository" {
    local edit
    for edit in '.repository.sha256 = "sha256:" + ("0" * 64)' '.to = "9.9-9"' '.repository.path |= sub("demo-lib"; "demo-evil")' '.repository.size = 1'; do
        edit_plan "(.platforms[].packages[] | select(.name == \"demo-lib\")) |= ($edit)"
        not cmp -s "$T/plan.json" "$T/edited.json"
        run --separate-stderr build_edited
        [[ $status =~ ^[346]$ ]] || { echo "$edit: exit $status: $stderr" >&2; return 1; }
        is_a_message
        says 'demo'
        [ ! -e "$T/out" ] || not digest_of "$T/out" x
    done
}
@test "plan edited by hand and --trust-plan: the bytes still are what the plan says" {
    edit_plan '(.platforms[].packages[] | select(.name == "demo-lib") | .repository.sha256) |= sub("[0-9a-f]{8}$"; "00000000")'
    run --separate-stderr build_edited --trust-plan
    [[ $status =~ ^[45]$ ]] || { echo "exit $status: $stderr" >&2; return 1; }
}
@test "a verdict edited by hand is found out" {
    "$SUPPORT/tiny-archive" publish "$TINY" security
    expect 7 plan_base
    # The package that was held is put among the others, with a friendly verdict.
    jq '(.platforms[]) |= (.packages += [(.packages[] | select(.name == "scripted")) | .name = "changing" | .source.name = "changing"] )' \
        "$T/plan.json" >"$T/edited.json"
    run --separate-stderr build_edited
    [[ $status =~ ^[346]$ ]] || { echo "exit $status: $stderr" >&2; return 1; }
}
@test "a plan for another image" {
    expect 0 plan_base
    "$SUPPORT/app-layer" "$T/l.tar"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$T/l.tar"
    refuses 3 build_tiny "$T/plan.json" --source "oci:$T/in:x" --to "oci:$T/out:x"
}
@test "plan that is no plan: not JSON, another schema, duplicate keys, a wrong type" {
    expect 0 plan_base
    echo '{' >"$T/edited.json"; refuses 3 build_edited
    jq '.schema = "resole/plan/v99"' "$T/plan.json" >"$T/edited.json"; refuses 3 build_edited; says 'schema|v99'
    sed '1s/{/{"platforms": [], /' "$T/plan.json" >"$T/edited.json"; refuses 3 build_edited; says 'platforms'
    jq '.platforms[0].packages[0].to = 7' "$T/plan.json" >"$T/edited.json"; refuses 3 build_edited; says 'packages\[0\]'
    jq '.extra = 1 | .platforms[0].packages[0].extra = {}' "$T/plan.json" >"$T/edited.json"; expect 0 build_edited
}

# ---------------------------------------------------------------- reports

@test "report of another image" {
    "$SUPPORT/trivy-report" --other-image "$TINY/oci" base demo-lib=1.0-1=1.0-1+deb12u1 >"$T/report.json"
    refuses 3 patch_tiny "oci:$TINY/oci:base" --report "$T/report.json" --to "oci:$T/out:x"
    says 'report' 'image'
}
@test "report of this image: what it names is fixed, with its siblings, and nothing else" {
    "$SUPPORT/trivy-report" "$TINY/oci" base demo-tools=1.0-1=1.0-1+deb12u1 settled=1.0-1= >"$T/report.json"
    expect 0 patch_tiny "oci:$TINY/oci:base" --report "$T/report.json" --to "oci:$T/out:x" -o "$T/result.json"
    equal <(packages_of_plan "$T/result.json" | cut -f1) <(printf 'demo-lib\ndemo-tools\n')
    jq -e '.platforms[].unfixed | any(.package == "settled")' "$T/result.json"
    jq -e '.platforms[].packages[] | select(.name == "demo-tools") | .fixes == ["CVE-2026-10000"]' "$T/result.json"
}
@test "report with a fix that no repository offers" {
    "$SUPPORT/trivy-report" "$TINY/oci" base demo-lib=1.0-1=7.0-1 >"$T/report.json"
    expect 0 plan_tiny "oci:$TINY/oci:base" --report "$T/report.json" -o "$T/plan.json"   # nothing that could be done here was left
    jq -e '.platforms[].held[] | select(.name == "demo-lib") | .reason == "upstream-bump"' "$T/plan.json"
    not grep -qi 'nothing to do' <<<"$output$stderr"
    grep -q 'out of reach' <<<"$output"
}
@test "report with rows that cannot be read: told where, and the rest is planned" {
    "$SUPPORT/trivy-report" "$TINY/oci" base demo-lib=1.0-1=1.0-1+deb12u1 | jq '.Results[0].Vulnerabilities += [{"PkgName": "settled"}]' >"$T/report.json"
    expect 0 plan_tiny "oci:$TINY/oci:base" --report "$T/report.json" -o "$T/plan.json"
    says '1 row could not be read and is left out; the first: Results\[0\]: Vulnerabilities\[1\]: "VulnerabilityID" is missing'
    jq -e '.platforms[0] | (.notes | any(test("1 row could not be read"))) and (.packages | length > 0)' "$T/plan.json"
}
@test "report of what is fixed already, or not there: by name, in plan and table" {
    "$SUPPORT/trivy-report" "$TINY/oci" base demo-lib=1.0-1=0.9-1 settled=1.0-1=1.0-1 ghost=1=2 >"$T/report.json"
    expect 0 plan_tiny "oci:$TINY/oci:base" --report "$T/report.json" -o "$T/plan.json"
    jq -e '.platforms[0] | [.alreadyFixed[] | [.id, .package]] == [["CVE-2026-10000", "demo-lib"], ["CVE-2026-10001", "settled"]]
           and .notInImage == [{id: "CVE-2026-10002", package: "ghost"}]' "$T/plan.json"
    grep -q '^fixed already$' <<<"$output"
    grep -q '^ghost *CVE-2026-10002$' <<<"$output"
    grep -q '2 were fixed already, 1 names a package that is not there' <<<"$output"
    expect 0 plan_tiny "oci:$TINY/oci:base" --report "$T/report.json" --explain CVE-2026-10000
    grep -q 'fixed already: the installed source version 1.0-1 is not below 0.9-1' <<<"$output"
}
@test "report that is no report" {
    echo '{"hello": 1}' >"$T/report.json"
    refuses 3 patch_tiny "oci:$TINY/oci:base" --report "$T/report.json" --to "oci:$T/out:x"
    head -c 300 /dev/zero >"$T/report.json"
    refuses 3 patch_tiny "oci:$TINY/oci:base" --report "$T/report.json" --to "oci:$T/out:x"
    "$SUPPORT/trivy-report" "$TINY/oci" base demo-lib=1.0-1=1.0-1+deb12u1 | head -c 400 >"$T/report.json"
    refuses 3 patch_tiny "oci:$TINY/oci:base" --report "$T/report.json" --to "oci:$T/out:x"
}

# ---------------------------------------------------------------- images

# image_with KIND [TREE...]: the small image with a hostile layer on top, in $T/in:x.
image_with() {
    "$SUPPORT/evil-layer" "$1" "$T/l.tar"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$T/l.tar" "${@:2}"
}
patch_in() { timeout 120 "$RESOLE" patch "oci:$T/in:x" --update all --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags) "$@"; }

@test "layer with a path that leaves the root" { image_with traversal; refuses 3 patch_in; says 'resole-escaped' 'layer'; }
@test "layer with a whiteout that leaves the root" { image_with dotdot-whiteout; refuses 3 patch_in; }
@test "layer with a hard link that leaves the root" { image_with hardlink-out; refuses 3 patch_in; }
@test "layer with a hard link to nothing" { image_with hardlink-missing; refuses 3 patch_in; says 'srv/missing'; }
@test "layer with an entry below a file" { image_with below-file; refuses 3 patch_in; }
@test "layer with a bare whiteout" { image_with wh-bare; refuses 3 patch_in; }
@test "layer that is cut" { image_with cut; refuses 3 patch_in; }
@test "layer with an absolute path: inside the root, or refused" {
    image_with absolute
    run --separate-stderr patch_in
    [[ $status =~ ^[03]$ ]]
    [ ! -e /tmp/resole-escaped ]
}
@test "symbolic links in a circle" {
    "$SUPPORT/evil-layer" cycle-top "$T/top.tar"
    image_with cycle "$T/top.tar"
    run --separate-stderr patch_in
    [[ $status =~ ^[38]$ ]] || { echo "exit $status: $stderr" >&2; return 1; }
    is_a_message
}
@test "os-release that points out of the image is not followed" {
    image_with os-release-out
    refuses 8 patch_in
}
@test "layer with a path too deep, with a name too long" {
    image_with deep; refuses 3 patch_in
    image_with long; refuses 3 patch_in
}
@test "layer that is a bomb: bounded time, memory and disk" {
    "$SUPPORT/evil-layer" bomb "$T/bomb.tar.gz"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$TINY/app.tar"
    # Put in the place of the last layer, with its digest right.
    /usr/bin/python3 - "$T/in" "$T/bomb.tar.gz" <<'X'
import hashlib, json, os, shutil, sys
layout, bomb = sys.argv[1:]
blob = lambda d: os.path.join(layout, "blobs", *d.split(":"))
index = json.load(open(layout + "/index.json"))
manifest = json.load(open(blob(index["manifests"][0]["digest"])))
digest = "sha256:" + hashlib.file_digest(open(bomb, "rb"), "sha256").hexdigest()
shutil.move(bomb, blob(digest))
manifest["layers"][-1].update(digest=digest, size=os.path.getsize(blob(digest)))
data = json.dumps(manifest).encode()
index["manifests"][0].update(digest="sha256:" + hashlib.sha256(data).hexdigest(), size=len(data))
open(blob(index["manifests"][0]["digest"]), "wb").write(data)
json.dump(index, open(layout + "/index.json", "w"))
X
    local before
    before=$(du -sm "$T" | cut -f1)
    refuses 3 "$SUPPORT/measure" --limit-seconds 120 --json "$T/cost.json" -- "$RESOLE" patch "oci:$T/in:x" --update all \
        --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags)
    jq -e '.peakMiB < 300' "$T/cost.json"
    [ $(($(du -sm "$T" | cut -f1) - before)) -lt 300 ]
}
@test "image without a package database" { image_with no-database; refuses 8 patch_in; says 'package database'; }
@test "unknown operating system" { image_with other-os; refuses 8 patch_in; says 'plan9|Another System'; }
@test "damaged package database" {
    image_with bad-status; refuses 3 patch_in; says 'var/lib/dpkg/status'
    image_with binary-status; refuses 3 patch_in
}

@test "package database with a missing field, a stanza twice, half a stanza, unknown words: said with the line, nothing written" {
    local kind
    for kind in missing-field duplicate half unknown-state unknown-want nul; do
        rm -rf "$T/in"
        image_with "status-$kind"
        refuses 3 patch_in
        says 'var/lib/dpkg/status, line [0-9]+'
    done
}
@test "diversions that contradict each other" {
    image_with diversions
    refuses 3 patch_in
    says 'var/lib/dpkg/diversions, line 4' 'conflicting'
}

layout_with() {
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$TINY/app.tar"
    "$SUPPORT/edit-layout" "$1" "$T/in" x
}
@test "truncated blob" { layout_with cut-layer; refuses 4 patch_in; says 'sha256:'; }
@test "blob with another content" { layout_with flip-layer; refuses 4 patch_in; says 'sha256:'; }
@test "lost blob" { layout_with lost-layer; refuses 3 patch_in; says 'sha256:'; }
@test "config with a wrong diff_id" { layout_with wrong-diff-id; refuses 4 patch_in; says 'digest'; }
@test "config with too few diff_ids" { layout_with missing-diff-id; refuses 3 patch_in; says 'diff_ids'; }
@test "duplicate keys in the manifest" { layout_with duplicate-key; refuses 3 patch_in; says 'twice' 'layers'; }
@test "duplicate keys in the config" { layout_with duplicate-config; refuses 3 patch_in; says 'twice' 'rootfs'; }
@test "manifest that is an index too" { layout_with both-kinds; refuses 3 patch_in; says 'both an image manifest and an index'; }
@test "mixed media types" { layout_with mixed-types; refuses 3 patch_in; says 'media type'; }
@test "descriptor of another type than the document" { layout_with wrong-type; refuses 3 patch_in; }
@test "negative size" { layout_with negative-size; refuses 3 patch_in; says 'size'; }
@test "digest that is a path" { layout_with bad-digest; refuses 3 patch_in; says 'digest'; }
@test "manifest that is not JSON" { layout_with not-json; refuses 3 patch_in; }
@test "manifest that nests too deep" { layout_with deep-json; refuses 3 patch_in; }
@test "descriptor of an absurd size" {
    layout_with huge-index
    run --separate-stderr patch_in
    [[ $status =~ ^[34]$ ]] || { echo "exit $status: $stderr" >&2; return 1; }
}
@test "no such layout, no such tag, an ambiguous name: what is there is said" {
    refuses 3 patch_tiny "oci:$T/nowhere:x" --to "oci:$T/out:x"
    refuses 3 patch_tiny "oci:$TINY/oci:absent" --to "oci:$T/out:x"
    says 'base' 'multi'
    refuses 3 patch_tiny "oci:$TINY/oci" --to "oci:$T/out:x"
    says 'base' 'multi'
}

# ---------------------------------------------------------------- usage and refusals

@test "usage" {
    expect 2 resole patch
    expect 2 resole patch "oci:$TINY/oci:base"
    says '--to'
    expect 2 resole patch "oci:$TINY/oci:base" --to "oci:$T/out:x" --no-such-option
    expect 2 resole no-such-verb
    expect 2 resole patch "oci:$TINY/oci:base" --to "oci:$T/out:x" --update everything
    expect 2 resole patch "oci:" --to "oci:$T/out:x"
    expect 0 "$RESOLE" --help
    expect 0 "$RESOLE" --version
}
@test "the source's own tag, and a tag that is not ours, only with --force" {
    cp -a "$TINY/oci" "$T/copy"
    local before
    before=$(digest_of "$T/copy" base)
    expect 6 patch_tiny "oci:$T/copy:base" --update all --to "oci:$T/copy:base"
    says '--force'
    expect 6 patch_tiny "oci:$T/copy:base" --update all --to "oci:$T/copy:multi"
    [ "$(digest_of "$T/copy" base)" = "$before" ]
    expect 0 patch_tiny "oci:$T/copy:base" --update all --to "oci:$T/copy:base" --force
    [ "$(digest_of "$T/copy" base)" != "$before" ]
    skopeo inspect "oci:$T/copy:multi" --raw >/dev/null
}
@test "--scripts refuse" {
    "$SUPPORT/tiny-archive" publish "$TINY" security
    refuses 6 patch_base --scripts refuse
    says 'changing'
}
@test "secrets in a location or mirror are not repeated" {
    run --separate-stderr resole patch "oci:$TINY/oci:base" --update all --to "oci:$T/out:x" -v \
        --package-mirror "$TINY_DEBIAN=http://user:hunter2@127.0.0.1:9/x" --package-mirror "$TINY_SECURITY=http://user:hunter2@127.0.0.1:9/x"
    [ "$status" -ne 0 ]
    not grep -q hunter2 <<<"$output$stderr"
}
@test "the image's credentials are nowhere: not sent, not in the plan, not said, not in the cache" {
    "$SUPPORT/app-layer" "$T/l.tar" --file "etc/apt/sources.list.d/third.list=deb http://bob:hunter2@third.test/x?token=hunter2 stable main\\n"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$T/l.tar"
    run --separate-stderr patch_tiny "oci:$T/in:x" --update all --to "oci:$T/out:x" --plan "$T/plan.json" -o "$T/result.json" -v
    says 'third\.test'
    # The index of the image's own layers is the image's files; nothing else of the cache may know.
    not grep -rq --exclude-dir=layer-index hunter2 "$T/plan.json" "$T/result.json" "$CACHE"
    not grep -q hunter2 <<<"$output$stderr"
}
@test "the operator's credentials of a mirror are used, and nowhere else" {
    script '[{"match": "*", "auth": "bob:hunter2"}]'
    refuses 5 patch_base
    says '401'
    local flags=(--package-mirror "$TINY_DEBIAN=${MIRROR/:\/\//://bob:hunter2@}/debian" --package-mirror "$TINY_SECURITY=${MIRROR/:\/\//://bob:hunter2@}/security")
    expect 0 resole plan "oci:$TINY/oci:base" --update all -o "$T/plan.json" "${flags[@]}" -v
    not grep -q hunter2 <<<"$output$stderr"
    expect 0 resole build "$T/plan.json" --to "oci:$T/out:x" -o "$T/result.json" "${flags[@]}" -v
    not grep -q hunter2 <<<"$output$stderr"
    not grep -rq hunter2 "$T/plan.json" "$T/result.json" "$CACHE" "$T/out"
}
@test "a tampered InRelease is not kept" {
    script '[{"match": "*security*/InRelease", "replace": ["Description: tests", "Description: tampered"], "times": 1}]'
    refuses 4 patch_base
    rm -f "$TINY/script.json"
    expect 0 patch_base
}
@test "Signed-By that names another key says that it restricts the keys" {
    cp "$TINY/keys/other.gpg" "$T/other.gpg"
    "$SUPPORT/tiny-archive" publish "$TINY" security --key other --without-changing
    refuses 4 patch_base
    says 'Signed-By of etc/apt/sources.list:2 restricts'
}
@test "a keyring that holds no key" {
    refuses 2 patch_base --add-keyring /etc/passwd
    says '--add-keyring' 'not an OpenPGP keyring'
}
@test "no release of that name: the hint is about the source" {
    script '[{"match": "*security*/InRelease", "status": 404}]'
    refuses 5 patch_base
    says 'suite of etc/apt/sources.list:2'
    not grep -q 'drop old files' <<<"$stderr"
}
@test "directories of dpkg's database that the image removed are made again" {
    mkdir -p "$T/del/var/lib/dpkg"
    : >"$T/del/var/lib/dpkg/.wh.info"
    : >"$T/del/var/lib/dpkg/.wh.triggers"
    tar -C "$T/del" --owner=0 --group=0 -cf "$T/del.tar" var
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$T/del.tar"
    run --separate-stderr patch_tiny "oci:$T/in:x" --update all --to "oci:$T/out:x"
    [[ $status =~ ^[07]$ ]] || { echo "exit $status: $stderr" >&2; return 1; }
    mkdir -p "$T/link/var/lib/dpkg"
    ln -s /nowhere "$T/link/var/lib/dpkg/info"
    tar -C "$T/link" --owner=0 --group=0 -cf "$T/link.tar" var
    "$SUPPORT/tar-to-oci" --layout "$T/in2" --tag x "$TREE" "$T/del.tar" "$T/link.tar"
    rm -rf "$T/out"
    refuses 3 patch_tiny "oci:$T/in2:x" --update all --to "oci:$T/out:x"
    says '/var/lib/dpkg/info is a link to nowhere'
}
@test "verify: deleted documentation is no problem, a changed file is one" {
    mkdir -p "$T/slim/usr/share"
    : >"$T/slim/usr/share/.wh.doc"
    tar -C "$T/slim" --owner=0 --group=0 -cf "$T/slim.tar" usr
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$TREE" "$T/slim.tar"
    expect 0 resole verify "oci:$T/in:x"
}
