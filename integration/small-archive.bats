# SPDX-License-Identifier: Apache-2.0
# The small archive of our own is a real one: dpkg reads its packages, gpgv its signature, apt its indexes.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    "$SUPPORT/tiny-archive" init "$BATS_FILE_TMPDIR/tiny"
}

teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() { need gpg dpkg apt-get; TINY=$BATS_FILE_TMPDIR/tiny; }
teardown() { stop_mirror; }

@test "dpkg-deb reads every package, and md5sums are right" {
    local deb out
    for deb in "$TINY"/debs/*.deb; do
        dpkg-deb --info "$deb" >/dev/null
        out=$(mktemp -d "$BATS_TEST_TMPDIR/x.XXXX")
        dpkg-deb --raw-extract "$deb" "$out/tree"
        [ ! -f "$out/tree/DEBIAN/md5sums" ] || (cd "$out/tree" && md5sum --quiet -c DEBIAN/md5sums)
    done
}

# apt with nothing of this machine: own lists, own sources, the status of the small tree.
private_apt() {
    local dir=$BATS_TEST_TMPDIR/apt
    mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/etc/preferences.d" "$dir/etc/apt.conf.d"
    tar -xOf "$(tiny_tree "$TINY")" ./var/lib/dpkg/status >"$dir/status"
    cat >"$dir/sources.list" <<X
deb [signed-by=$TINY/keys/main.gpg] $MIRROR/debian bookworm main
deb [signed-by=$TINY/keys/main.gpg] $MIRROR/security bookworm-security main
X
    apt-get -q -o Dir::Etc="$dir/etc" -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$dir/lists" -o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o APT::Get::List-Cleanup=false "$@"
}

@test "apt verifies the indexes and plans every package that has a fix" {
    start_mirror "$TINY"
    private_apt update
    run private_apt -s upgrade
    echo "$output"
    [ "$(grep -c '^Inst ' <<<"$output")" -eq 6 ]
    not grep -q '^Inst settled' <<<"$output"
}

@test "apt refuses what the mirror tampers with, and another key" {
    start_mirror "$TINY"
    echo '[{"match": "*security*/InRelease", "replace": ["Description: tests", "Description: tampered"]}]' >"$TINY/script.json"
    run private_apt -o Acquire::AllowInsecureRepositories=false update
    rm "$TINY/script.json"
    grep -qi 'bad\|invalid\|not signed' <<<"$output"
    "$SUPPORT/tiny-archive" publish "$TINY" security --key other
    rm -rf "$BATS_TEST_TMPDIR/apt"
    run private_apt update
    grep -q NO_PUBKEY <<<"$output"
    "$SUPPORT/tiny-archive" publish "$TINY" security
}

@test "the mirror does conditional GET, ranges, errors and truncation" {
    need curl
    start_mirror "$TINY"
    local url=$MIRROR/security/dists/bookworm-security/InRelease tag
    tag=$(curl -sfI "$url" | tr -d '\r' | awk 'tolower($1) == "etag:" { print $2 }')
    [ "$(curl -s -o /dev/null -w '%{http_code}' -H "If-None-Match: $tag" "$url")" = 304 ]
    [ "$(curl -s -r 0-9 "$url" | wc -c)" -eq 10 ]
    echo '[{"match": "*/InRelease", "truncate": 20}]' >"$TINY/script.json"
    run curl -s -o /dev/null "$url"
    [ "$status" -eq 18 ]
    echo '[{"match": "*/InRelease", "status": 503, "times": 1}]' >"$TINY/script.json"
    [ "$(curl -s -o /dev/null -w '%{http_code}' "$url")" = 503 ]
    [ "$(curl -s -o /dev/null -w '%{http_code}' "$url")" = 200 ]
    rm "$TINY/script.json"
    jq -se 'map(.status) | contains([304, 206, 503])' "$MIRROR_LOG"
}

@test "dpkg's own upgrade of the small tree shows every rule that the packages are made for" {
    "$SUPPORT/tiny-archive" dpkg "$TINY" "$BATS_TEST_TMPDIR/after.tar" demo-lib demo-tools sample-conf scripted shapes
    tar -tf "$BATS_TEST_TMPDIR/after.tar" >"$BATS_TEST_TMPDIR/names"
    grep -qx ./etc/sample/edited.conf.dpkg-dist "$BATS_TEST_TMPDIR/names"
    grep -qx ./etc/sample/deleted.conf.dpkg-dist "$BATS_TEST_TMPDIR/names"
    not grep -qx ./etc/sample/deleted.conf "$BATS_TEST_TMPDIR/names"
    grep -qx ./etc/sample/obsolete.conf "$BATS_TEST_TMPDIR/names"
    not grep -q only-in-1 "$BATS_TEST_TMPDIR/names"
    grep -qx ./usr/share/shapes/user-dir/mine-too "$BATS_TEST_TMPDIR/names"
    not grep -qx ./usr/share/shapes/a-dir/ "$BATS_TEST_TMPDIR/names"
    tar -xOf "$BATS_TEST_TMPDIR/after.tar" ./usr/share/changing/data | grep -qx 1
}
