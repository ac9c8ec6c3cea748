# SPDX-License-Identifier: Apache-2.0
# Unpackers disagree on careless layers; on ours they must not: podman's overlay and vfs stores, umoci, and the tests' own.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null && "$SUPPORT/tiny-archive" init "$BATS_FILE_TMPDIR/tiny"
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() { need_root; need podman umoci skopeo jq; }

teardown() {
    stop_mirror
    local driver
    for driver in overlay vfs; do
        [ ! -d "$BATS_TEST_TMPDIR/$driver" ] || store "$driver" image umount -a -f >/dev/null 2>&1 || true
        umount "$BATS_TEST_TMPDIR/$driver/root/overlay" 2>/dev/null || true
    done
}

store() {
    local driver=$1
    shift
    podman --root "$BATS_TEST_TMPDIR/$driver/root" --runroot "$BATS_TEST_TMPDIR/$driver/run" --storage-driver "$driver" "$@"
}

# all_equal DIR TAG: four ways to unpack, one tree.
all_equal() {
    local driver id place
    unpack "$1" "$2" "$BATS_TEST_TMPDIR/umoci" || return 1
    echo "own reader"
    "$SUPPORT/compare-trees" --strict "$BATS_TEST_TMPDIR/umoci/rootfs" "oci:$1:$2" || return 1
    for driver in overlay vfs; do
        # Not `podman pull`: it makes a name from the path, which may not be one.
        id=docker.io/tests/image:x
        skopeo copy -q "oci:$1:$2" \
            "containers-storage:[$driver@$BATS_TEST_TMPDIR/$driver/root+$BATS_TEST_TMPDIR/$driver/run]$id" || return 1
        place=$(store "$driver" image mount "$id" 2>"$BATS_TEST_TMPDIR/podman.err") || { cat "$BATS_TEST_TMPDIR/podman.err"; return 1; }
        echo "podman $driver"
        "$SUPPORT/compare-trees" --strict --ignore "=podman's overlay store makes the root 0555 by itself" \
            "$BATS_TEST_TMPDIR/umoci/rootfs" "$place" || return 1
        store "$driver" image umount "$id" >/dev/null 2>&1
        store "$driver" rmi -f "$id" >/dev/null 2>&1
    done
}

# Others read it, rewrite it and find the same layers.
others_read() {
    skopeo inspect "oci:$1:$2" | jq -e '.Layers | length > 0' >/dev/null
    skopeo inspect --config "oci:$1:$2" | jq -e '.rootfs.diff_ids | length > 0' >/dev/null
    skopeo copy -q "oci:$1:$2" "dir:$BATS_TEST_TMPDIR/dir"
    skopeo copy -q "oci:$1:$2" "docker-archive:$BATS_TEST_TMPDIR/archive.tar:x/y:z"
    umoci stat --image "$1:$2" --json | jq -e '.history | length > 0' >/dev/null
}

@test "the given small image" { all_equal "$BATS_FILE_TMPDIR/tiny/oci" base; others_read "$BATS_FILE_TMPDIR/tiny/oci" base; }
@test "the given demo image" { need mmdebstrap; all_equal "$(base_image demo)" base; }

@test "this proof can fail: a layer without parents, or through a link, is not one tree" {
    local dir=$BATS_TEST_TMPDIR tiny=$BATS_FILE_TMPDIR/tiny
    mkdir -p "$dir/l/tmp"; echo x >"$dir/l/tmp/careless"
    tar -C "$dir/l" --owner=0 --group=0 --numeric-owner -cf "$dir/l.tar" tmp/careless
    "$SUPPORT/tar-to-oci" --layout "$dir/bad" --tag x "$(tiny_tree "$tiny")" "$dir/l.tar"
    run all_equal "$dir/bad" x
    [ "$status" -ne 0 ]
    grep -Eq '^ +tmp +mode +1777' <<<"$output" || { echo "$output" >&2; return 1; }
}

@test "the patched small image" {
    need_resole
    local tiny=$BATS_FILE_TMPDIR/tiny
    start_mirror "$tiny"
    expect 7 patch_tiny "oci:$tiny/oci:base" --update all --to "oci:$BATS_TEST_TMPDIR/out:new"
    all_equal "$BATS_TEST_TMPDIR/out" new
    others_read "$BATS_TEST_TMPDIR/out" new
}

@test "the patched small image: Docker's media types stay Docker's, also in an archive" {
    need_resole
    local tiny=$BATS_FILE_TMPDIR/tiny out=$BATS_TEST_TMPDIR/out
    "$SUPPORT/tar-to-oci" --layout "$BATS_TEST_TMPDIR/in" --media-types docker --tag base \
        "$(tiny_tree "$tiny")" "$tiny/app.tar"
    start_mirror "$tiny"
    expect 7 patch_tiny "oci:$BATS_TEST_TMPDIR/in:base" --update all --to "oci-archive:$BATS_TEST_TMPDIR/out.tar:new"
    mkdir "$out"
    tar -C "$out" -xf "$BATS_TEST_TMPDIR/out.tar"
    manifest_of "$out" new | jq -e '[.mediaType, .config.mediaType, .layers[].mediaType] | all(startswith("application/vnd.docker."))'
    "$SUPPORT/lint-layers" --from 2 "$out" new
}

@test "the patched small index: every platform patched, order and platforms kept, never one child over the index" {
    need_resole
    local tiny=$BATS_FILE_TMPDIR/tiny out=$BATS_TEST_TMPDIR/out platform
    start_mirror "$tiny"
    expect 7 patch_tiny "oci:$tiny/oci:multi" --update all --to "oci:$out:new" -o "$BATS_TEST_TMPDIR/result.json"
    manifest_of "$out" new | jq -e '.manifests | length == 2'
    equal <(manifest_of "$tiny/oci" multi | jq -cS '.manifests[].platform') <(manifest_of "$out" new | jq -cS '.manifests[].platform')
    jq -e '[.platforms[].outcome] == ["patched", "patched"]' "$BATS_TEST_TMPDIR/result.json"
    "$SUPPORT/lint-layers" --from 2 "$out" new
    for platform in linux/amd64 linux/arm64; do
        mkdir -p "$BATS_TEST_TMPDIR/$platform"
        skopeo --override-os linux --override-arch "${platform#*/}" inspect "oci:$out:new" | jq -er .Architecture
    done
}

@test "the patched small index with --platform: the other one is carried as it is" {
    need_resole
    local tiny=$BATS_FILE_TMPDIR/tiny out=$BATS_TEST_TMPDIR/out
    start_mirror "$tiny"
    expect 7 patch_tiny "oci:$tiny/oci:multi" --platform linux/arm64 --update all --to "oci:$out:new" -o "$BATS_TEST_TMPDIR/result.json"
    [ "$(manifest_of "$tiny/oci" multi | jq -r '.manifests[0].digest')" = "$(manifest_of "$out" new | jq -r '.manifests[0].digest')" ]
    [ "$(manifest_of "$tiny/oci" multi | jq -r '.manifests[1].digest')" != "$(manifest_of "$out" new | jq -r '.manifests[1].digest')" ]
    jq -e '[.platforms[].outcome] == ["carried", "patched"]' "$BATS_TEST_TMPDIR/result.json"
}

@test "the patched demo image" {
    need mmdebstrap; need_resole
    expect 0 resole patch "oci:$(base_image demo):base" --update all --to "oci:$BATS_TEST_TMPDIR/out:new"
    all_equal "$BATS_TEST_TMPDIR/out" new
    others_read "$BATS_TEST_TMPDIR/out" new
}

@test "the patched small image with zstd layers" {
    need_resole; need zstd
    local tiny=$BATS_FILE_TMPDIR/tiny out=$BATS_TEST_TMPDIR/out
    start_mirror "$tiny"
    expect 7 patch_tiny "oci:$tiny/oci:base" --update all --compression zstd --to "oci:$out:new"
    manifest_of "$out" new | jq -e '.layers[2:] | length > 0 and all(.mediaType | endswith("+zstd"))'
    "$SUPPORT/lint-layers" --from 2 "$out" new
}
