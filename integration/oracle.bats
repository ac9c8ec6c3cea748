# SPDX-License-Identifier: Apache-2.0
# The reference is one: a recorded apt run equals another way to the same packages, and not a half way.

load support/lib

setup() { need_root; need mmdebstrap umoci chroot; }

# The debs that apt installed stand in its tree; a tar that puts them into a tree again.
debs_of_reference() {
    mkdir -p "$BATS_TEST_TMPDIR/debs"
    tar -C "$BATS_TEST_TMPDIR/debs" --wildcards -xf "$1/tree.tar" './var/cache/apt/archives/*.deb'
    tar -C "$BATS_TEST_TMPDIR/debs" --owner=0 --group=0 -cf "$BATS_TEST_TMPDIR/debs.tar" var/cache/apt/archives
}

by_hand() {  # by_hand DPKG-ARGS OUT
    "$SUPPORT/apt-reference" --keep "$2" --run "dpkg --force-confold --force-unsafe-io $1 /var/cache/apt/archives/*.deb" \
        "$(base_tree demo)" "$(base_image demo)/app.tar" "$BATS_TEST_TMPDIR/debs.tar" >"$BATS_TEST_TMPDIR/dpkg.log" 2>&1 ||
        { tail -20 "$BATS_TEST_TMPDIR/dpkg.log" >&2; return 1; }
}

@test "fixes are outstanding in the demo tree, and apt -s plans what the recorded apt run did" {
    local dir
    dir=$(reference demo)
    "$SUPPORT/apt-reference" --simulate "$(base_tree demo)" 2>/dev/null >"$BATS_TEST_TMPDIR/planned"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/planned")" -gt 0 ]
    # Columns: name, architecture of the index entry ("all" for all), old, new.
    equal <(cut -f1,3,4 "$BATS_TEST_TMPDIR/planned" | LC_ALL=C sort) <(cut -f1,3,4 "$dir/upgraded.tsv" | LC_ALL=C sort)
}

@test "the tree that apt upgraded equals the tree that dpkg -i upgrades by hand" {
    local dir
    dir=$(reference demo)
    debs_of_reference "$dir"
    by_hand -i "$BATS_TEST_TMPDIR/hand.tar"
    "$SUPPORT/compare-trees" "$dir/tree.tar" "$BATS_TEST_TMPDIR/hand.tar"
}

@test "a tree that is only unpacked differs, in the database and in what scripts make, and nowhere in the packages' files" {
    local dir paths
    dir=$(reference demo)
    debs_of_reference "$dir"
    by_hand --unpack "$BATS_TEST_TMPDIR/unpacked.tar"
    run "$SUPPORT/compare-trees" --json "$dir/tree.tar" "$BATS_TEST_TMPDIR/unpacked.tar"
    [ "$status" -eq 1 ]
    paths=$(jq -r '.differences[].path' <<<"$output" | sort -u)
    grep -qx var/lib/dpkg/status <<<"$paths"
    grep -qx etc/ssl/certs/ca-certificates.crt <<<"$paths"
    # Everything else that a package ships is as in the reference, but for conffiles that wait to be configured.
    run grep -Ev '^(var/lib/dpkg/|etc/ssl/certs/|etc/ca-certificates\.conf|var/cache/debconf/|etc/.*\.dpkg-new$|usr/lib/python3/|.*\.pyc$)' <<<"$paths"
    echo "$output"
    [ -z "$output" ]
}

@test "a held package stays behind in the reference, and its want state is put back" {
    local dir
    dir=$(reference demo ca-certificates)
    not grep -q '^ca-certificates' "$dir/upgraded.tsv"
    grep -q '^openssl' "$dir/upgraded.tsv"
    not grep -q hold "$dir/packages.tsv"
}

@test "both shapes of apt sources are in the trees" {
    tar -tf "$(base_tree demo one-line)" | grep -qx ./etc/apt/sources.list
    tar -tf "$(base_tree demo deb822)" | grep -qx ./etc/apt/sources.list.d/debian.sources
    tar -tf "$(base_tree demo deb822)" >"$BATS_TEST_TMPDIR/names"
    not grep -qx ./etc/apt/sources.list "$BATS_TEST_TMPDIR/names"
}
