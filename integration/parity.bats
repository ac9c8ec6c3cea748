# SPDX-License-Identifier: Apache-2.0
# What resole makes of an image is what apt makes of it: the same trees, path by path, and the same packages.

load support/lib

setup() { need_root; need mmdebstrap umoci chroot jq; need_resole; }
teardown() { stop_mirror; }

# patched SET SHAPE: resole patch --update all, once per file; leaves out/ (layout, tag patched), result.json, plan.json,
# rootfs and the names of the packages that were held for their scripts.
patched() {
    local dir=$BATS_FILE_TMPDIR/$1-$2 base
    [ ! -f "$dir/done" ] || { echo "$dir"; return; }
    mkdir -p "$dir"
    base=$(base_image "$1" "$2")
    expect_done_or_partial resole plan "oci:$base:base" --update all -o "$dir/plan.json" || return 1
    expect_done_or_partial resole patch "oci:$base:base" --update all --to "oci:$dir/out:patched" -o "$dir/result.json" || return 1
    # Held packages: for their scripts, or together with one. Any other reason is a failure of this proof.
    jq -r '.platforms[].held[] | select(.reason != "scripts" and .reason != "held-with") | "\(.name): \(.reason)"' \
        "$dir/result.json" >"$dir/unexpected"
    [ ! -s "$dir/unexpected" ] || { cat "$dir/unexpected" >&2; return 1; }
    held_names "$dir/result.json" >"$dir/held"
    unpack "$dir/out" patched "$dir/bundle" || return 1
    touch "$dir/done"
    echo "$dir"
}

expect_done_or_partial() {
    local code=0
    "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 7 ] || { echo "exit $code: $*" >&2; cat "$BATS_TEST_TMPDIR/err" >&2; return 1; }
}

reference_for() { mapfile -t held <"$2/held"; reference "$1" "${held[@]}"; }

same_tree() {
    local dir ref
    dir=$(patched "$1" one-line)
    ref=$(reference_for "$1" "$dir")
    echo "held for scripts: $(paste -sd' ' "$dir/held")" >&3
    "$SUPPORT/compare-trees" "$ref/tree.tar" "$dir/bundle/rootfs"
}

same_packages() {
    local dir ref
    dir=$(patched "$1" "$2")
    ref=$(reference_for "$1" "$dir")
    dpkg-query --admindir="$dir/bundle/rootfs/var/lib/dpkg" -W \
        -f '${Package}\t${Architecture}\t${Version}\t${Status}\n' | LC_ALL=C sort >"$dir/packages.tsv"
    equal "$ref/packages.tsv" "$dir/packages.tsv"
    # The plan and the result say the same as the database.
    equal <(cut -f1,3,4 "$ref/upgraded.tsv") <(packages_of_plan "$dir/plan.json" | cut -f1,3,4)
    equal <(packages_of_plan "$dir/plan.json") <(packages_of_plan "$dir/result.json")
}

runs() {
    local dir
    dir=$(patched "$1" one-line)
    "$SUPPORT/apt-reference" --run "
        set -e
        test -z \"\$(dpkg --audit)\"
        apt-get -q check
        nginx -t
        python3 -c 'import base64, re, sys; print(sys.version)'
        openssl version
        curl --version | head -1
        openssl verify -CAfile /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ISRG_Root_X1.pem
        dpkg --verify > /tmp/verify || true
        if grep -v ' c /etc' /tmp/verify; then exit 1; fi
        $2" "$dir/bundle/rootfs"
}

@test "demo: the patched tree equals the tree that apt upgraded" { same_tree demo; }
@test "demo: the same packages, in the database, the plan and the result" { same_packages demo one-line; }
@test "demo with deb822 sources: the same packages" { same_packages demo deb822; }
@test "demo: nginx, python, openssl run in the patched tree; dpkg and apt find nothing wrong" { runs demo true; }

@test "large: the patched tree equals the tree that apt upgraded" { same_tree large; }
@test "large: the same packages" { same_packages large one-line; }
@test "large: its programs run too" { runs large 'perl -MStorable -e "print 1"; git --version; java -version 2>&1; /usr/lib/postgresql/*/bin/postgres --version'; }

@test "demo: the application layer and the configuration are untouched; labels, order and history stay" {
    local dir base
    dir=$(patched demo one-line)
    base=$(base_image demo)
    # The given layers are the bottom ones, byte for byte.
    equal <(layers_of "$base" base) <(layers_of "$dir/out" patched | head -n "$(layers_of "$base" base | wc -l)")
    equal <(config_of "$base" base | jq -S '.config | del(.Labels)') <(config_of "$dir/out" patched | jq -S '.config | del(.Labels)')
    config_of "$dir/out" patched | jq -e --argjson n "$(config_of "$base" base | jq '.history | length')" \
        '.history[:$n] | length == $n'
    [ "$(layers_of "$dir/out" patched | wc -l)" -le $(($(layers_of "$base" base | wc -l) + 2)) ]
}

@test "demo: verify proves the patched image, against its plan and alone" {
    local dir
    dir=$(patched demo one-line)
    expect 0 resole verify "oci:$dir/out:patched"
    expect 0 resole verify "oci:$dir/out:patched" --plan "$dir/plan.json"
}

@test "demo: the layers keep to the rules on which unpackers agree" {
    local dir
    dir=$(patched demo one-line)
    "$SUPPORT/lint-layers" --from "$(layers_of "$(base_image demo)" base | wc -l)" "$dir/out" patched
}

@test "small: conffiles, links, hard links, owners and removed files are as dpkg itself leaves them" {
    local tiny=$BATS_TEST_TMPDIR/tiny
    "$SUPPORT/tiny-archive" init "$tiny"
    start_mirror "$tiny"
    expect 7 patch_tiny "oci:$tiny/oci:base" --update all --to "oci:$tiny/out:new" -o "$tiny/result.json"
    "$SUPPORT/tiny-archive" cleanup "$tiny"
    [ "$(held_names "$tiny/result.json")" = changing ]
    "$SUPPORT/tiny-archive" dpkg "$tiny" "$tiny/after.tar" demo-lib demo-tools sample-conf scripted shapes
    unpack "$tiny/out" new "$tiny/bundle"
    "$SUPPORT/compare-trees" "$tiny/after.tar" "$tiny/bundle/rootfs"
    "$SUPPORT/compare-trees" "$tiny/after.tar" "oci:$tiny/out:new"
    "$SUPPORT/lint-layers" --from 2 "$tiny/out" new
}
