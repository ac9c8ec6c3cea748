# SPDX-License-Identifier: Apache-2.0
# The parity matrix: releases of Debian by sets of packages, installed from the main suite, upgraded from updates and security, by resole and by
# real apt; the trees are compared path by path. One set per release in every run, all of them with RESOLE_TEST_FULL (scripts/test --full).
# Each comparison leaves a row in the cache of the tests; `integration/matrix` writes docs/parity.md from them.

load support/lib

setup() { need_root; need mmdebstrap umoci chroot jq; need_resole; }

full() { [ -n "${RESOLE_TEST_FULL:-}" ] || skip "only with scripts/test --full"; }

# same_as_apt RELEASE SET: patches, upgrades by apt, compares, notes the row.
same_as_apt() {
    local name=$1:$2 dir=$BATS_TEST_TMPDIR/$1-$2 base code=0 began took held ref
    base=$(base_image "$name") || return 1
    mkdir -p "$dir"
    expect_done resole plan "oci:$base:base" --update all -o "$dir/plan.json" || return 1
    began=$EPOCHREALTIME
    expect_done resole patch "oci:$base:base" --update all --to "oci:$dir/out:patched" -o "$dir/result.json" || return 1
    took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
    # Held for their scripts, or together with such a package: held for apt too. Any other reason is a failure of this proof.
    jq -r '.platforms[].held[] | select(.reason != "scripts" and .reason != "held-with") | "\(.name): \(.reason)"' "$dir/result.json" >"$dir/unexpected"
    [ ! -s "$dir/unexpected" ] || { cat "$dir/unexpected" >&2; return 1; }
    mapfile -t held < <(held_names "$dir/result.json")
    ref=$(reference "$name" "${held[@]}") || return 1
    unpack "$dir/out" patched "$dir/bundle" || return 1
    dpkg-query --admindir="$dir/bundle/rootfs/var/lib/dpkg" -W -f '${Package}\t${Architecture}\t${Version}\t${Status}\n' | LC_ALL=C sort >"$dir/packages.tsv"
    equal "$ref/packages.tsv" "$dir/packages.tsv" || return 1
    "$SUPPORT/compare-trees" --json "$ref/tree.tar" "$dir/bundle/rootfs" >"$dir/compared.json" || code=$?
    "$SUPPORT/matrix-row" "$name" "$dir/plan.json" "$dir/compared.json" "$ref" "$base" "$took" || return 1
    [ "$code" -eq 0 ] || "$SUPPORT/compare-trees" "$ref/tree.tar" "$dir/bundle/rootfs" >&2
    return "$code"
}

expect_done() {
    local code=0
    "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 7 ] || { echo "exit $code: $*" >&2; cat "$BATS_TEST_TMPDIR/err" >&2; return 1; }
}

@test "bullseye, web" { same_as_apt bullseye web; }
@test "bookworm, tools" { same_as_apt bookworm tools; }
@test "trixie, web" { same_as_apt trixie web; }

@test "bullseye, database" { full; same_as_apt bullseye database; }
@test "bullseye, language" { full; same_as_apt bullseye language; }
@test "bullseye, desktop" { full; same_as_apt bullseye desktop; }
@test "bullseye, tools" { full; same_as_apt bullseye tools; }
@test "bookworm, web" { full; same_as_apt bookworm web; }
@test "bookworm, database" { full; same_as_apt bookworm database; }
@test "bookworm, language" { full; same_as_apt bookworm language; }
@test "bookworm, desktop" { full; same_as_apt bookworm desktop; }
@test "trixie, database" { full; same_as_apt trixie database; }
@test "trixie, language" { full; same_as_apt trixie language; }
@test "trixie, desktop" { full; same_as_apt trixie desktop; }
@test "trixie, tools" { full; same_as_apt trixie tools; }
