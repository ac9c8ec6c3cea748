# SPDX-License-Identifier: Apache-2.0
# crash.bats with a real registry at the other end: kill -9 at every write to it and to the cache, full disks on both sides, several runs at
# once. After each the tag is the old image or the new one, complete; and the same again succeeds with the cache as it was left.

load support/lib
load support/registry

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    local tiny=$BATS_FILE_TMPDIR/tiny
    "$SUPPORT/tiny-archive" init "$tiny"
    [ -x "$RESOLE" ] || return 0
    # The old state: patched at level 2. The new one: level 3.
    "$SUPPORT/tiny-archive" publish "$tiny" security --without-changing
    start_mirror "$tiny"
    patch_tiny "oci:$tiny/oci:base" --update all --to "oci:$BATS_FILE_TMPDIR/old:x" >/dev/null
    "$SUPPORT/tiny-archive" publish "$tiny" security --level 3 --without-changing
    patch_tiny "oci:$tiny/oci:base" --update all --to "oci:$BATS_FILE_TMPDIR/new:x" >/dev/null
    stop_mirror
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq skopeo docker-registry curl
    need_resole
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny REGISTRY_PID=
    OLD=$(digest_of "$BATS_FILE_TMPDIR/old" x)
    NEW=$(digest_of "$BATS_FILE_TMPDIR/new" x)
    start_mirror "$TINY"
    if [[ $BATS_TEST_DESCRIPTION != *"registry's disk"* ]]; then fill_registry; fi
}
teardown() {
    stop_mirror
    stop_registry
    if mountpoint -q "$BATS_TEST_TMPDIR/small"; then umount "$BATS_TEST_TMPDIR/small"; fi
}

# The source is there, and the old image in a repository that others can mount it from.
fill_registry() {
    start_registry
    upload "oci:$TINY/oci:base" "docker://$HOST/team/app:1"
    upload "oci:$BATS_FILE_TMPDIR/old:x" "docker://$HOST/team/old:x"
}

# old_at REPO: the old image gets the tag `x` there: its blobs mounted, its manifest put.
old_at() {
    local blob manifest=$BATS_FILE_TMPDIR/old/blobs/${OLD/://}
    for blob in $(jq -r '.config.digest, .layers[].digest' "$manifest"); do
        curl -sf -o /dev/null -X POST "http://$HOST/v2/$1/blobs/uploads/?mount=$blob&from=team/old"
    done
    curl -sf -o /dev/null -X PUT -H "Content-Type: $(jq -r .mediaType "$manifest")" --data-binary "@$manifest" "http://$HOST/v2/$1/manifests/x"
}

# old_or_new REPO: the tag is one of the two, and every blob of it is there with its digest. Prints it.
old_or_new() {
    local raw=$T/raw now blob
    curl -sf -H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://$HOST/v2/$1/manifests/x" >"$raw" || { echo "$1: no image" >&2; return 1; }
    now=sha256:$(sha256sum <"$raw" | cut -d' ' -f1)
    [ "$now" = "$OLD" ] || [ "$now" = "$NEW" ] || { echo "$1: $now is neither old nor new" >&2; return 1; }
    for blob in $(jq -r '.config.digest, .layers[].digest' "$raw"); do
        [ "sha256:$(curl -sf "http://$HOST/v2/$1/blobs/$blob" | sha256sum | cut -d' ' -f1)" = "$blob" ] || { echo "$1: blob $blob is not there" >&2; return 1; }
    done
    echo "$now"
}

# The cache holds nothing under a digest that is not its own.
good_cache() {
    local file
    [ -d "$1/download" ] || return 0
    while read -r file; do
        [ "$(sha256sum <"$file" | cut -d' ' -f1)" = "$(basename "$file")" ] || { echo "$file is damaged" >&2; return 1; }
    done < <(find "$1/download" -type f)
}

from_to() { echo "$RESOLE" patch "$1" --update all --to "$2" --progress none $(mirror_flags); }
command_to() { from_to "docker://$HOST/team/app:1" "docker://$HOST/$1:x"; }

# How often an undisturbed run makes a system call: count CALL COMMAND...
count() {
    local call=$1
    shift
    strace -f -qq -o "$T/calls" -e trace="?$call" "$@" >/dev/null 2>&1
    grep -c "$call(" "$T/calls" || true
}

# steps CALL MOST: which of an undisturbed run's calls are tried: all of them with --full, else at most MOST, spread over all.
steps() {
    local most=$2
    [ -z "${RESOLE_TEST_FULL:-}" ] || most=100000
    awk -v all="$1" -v most="$most" 'BEGIN { if (most > all) most = all; for (i = 0; i < most; i++) print int(i * all / most) + 1 }'
}

# killed N CALL COMMAND...: the Nth call of this kind ends the run.
killed() {
    local n=$1 call=$2
    shift 2
    strace -f -qq -o /dev/null -e trace="?$call" -e inject="?$call:signal=KILL:when=$n" "$@" >/dev/null 2>&1 || true
}

@test "kill -9 at the writes to a registry: the tag is the old image or the new one" {
    need strace
    local n repo seen="" all
    old_at "first/app"
    all=$(count sendto $(command_to first/app) --cache-dir "$T/warm")
    [ "$all" -gt 20 ]
    for n in $(steps "$all" 24); do
        repo=k$n/app
        old_at "$repo"
        rm -rf "$T/cache"
        killed "$n" sendto $(command_to "$repo") --cache-dir "$T/cache"
        seen+=" $(old_or_new "$repo")" || return 1
        good_cache "$T/cache"
        expect 0 $(command_to "$repo") --cache-dir "$T/cache"
        [ "$(old_or_new "$repo")" = "$NEW" ]
    done
    # At some of them the old one still stood there.
    [[ $seen == *"$OLD"* ]]
}

@test "kill -9 at the calls that change the disk, from registry to registry with a cold cache" {
    need strace
    local call n all repo
    old_at "first/app"
    for call in rename write pwrite64 ftruncate mkdir unlink; do
        rm -rf "$T/warm"
        all=$(count "$call" $(command_to first/app) --cache-dir "$T/warm")
        for n in $(steps "$all" 5); do
            repo=$call$n/app
            old_at "$repo"
            rm -rf "$T/cache"
            killed "$n" "$call" $(command_to "$repo") --cache-dir "$T/cache"
            old_or_new "$repo" >/dev/null
            good_cache "$T/cache"
            expect 0 $(command_to "$repo") --cache-dir "$T/cache"
            [ "$(old_or_new "$repo")" = "$NEW" ]
        done
    done
}

@test "kill -9 while a registry is read: the layout is the old one or the new one" {
    need strace
    local n all out=$T/out now
    all=$(count recvfrom $(from_to "docker://$HOST/team/app:1" "oci:$T/first:x") --cache-dir "$T/warm")
    [ "$all" -gt 10 ]
    for n in $(steps "$all" 10); do
        rm -rf "$out" "$T/cache"
        cp -a "$BATS_FILE_TMPDIR/old" "$out"
        killed "$n" recvfrom $(from_to "docker://$HOST/team/app:1" "oci:$out:x") --cache-dir "$T/cache"
        now=$(digest_of "$out" x)
        [ "$now" = "$OLD" ] || [ "$now" = "$NEW" ]
        "$SUPPORT/lint-layers" --from 2 "$out" x >&2
        good_cache "$T/cache"
        expect 0 $(from_to "docker://$HOST/team/app:1" "oci:$out:x") --cache-dir "$T/cache"
        [ "$(digest_of "$out" x)" = "$NEW" ]
    done
}

small_disk() { need_root; mkdir -p "$T/small"; mount -t tmpfs -o "size=$1" tmpfs "$T/small" || skip "needs tmpfs mounts"; }

@test "a full disk at the cache, at every size, between two repositories" {
    small_disk 16m
    local size repo
    for size in 4 16 28 40 60 90 130 200 300; do
        rm -rf "$T/small/"*
        mount -o "remount,size=${size}k" "$T/small"
        repo=full$size/app
        old_at "$repo"
        run --separate-stderr $(command_to "$repo") --cache-dir "$T/small/cache"
        if [ "$status" -ne 0 ]; then
            [ "$status" -ne 1 ] || { echo "a full disk is no bug: $stderr" >&2; return 1; }
            says 'space'
            is_a_message
        else
            [ "$(old_or_new "$repo")" = "$NEW" ]
        fi
        old_or_new "$repo" >/dev/null
        mount -o remount,size=16m "$T/small"
        good_cache "$T/small/cache"
        expect 0 $(command_to "$repo") --cache-dir "$T/small/cache"
        [ "$(old_or_new "$repo")" = "$NEW" ]
    done
}

@test "a full disk at every size of the registry's disk: the tag is the old image, then room, then success" {
    small_disk 16m
    local used size
    REGISTRY_DIR=$T/small/registry
    fill_registry
    old_at team/patched
    used=$(du -sk "$T/small" | cut -f1)
    for size in 0 8 20 28 36 44 52 60; do
        mount -o "remount,size=$((used + size))k" "$T/small"
        run --separate-stderr $(command_to team/patched) --cache-dir "$T/cache"
        mount -o remount,size=16m "$T/small"
        if [ "$status" -eq 0 ]; then
            [ "$(old_or_new team/patched)" = "$NEW" ]
            break
        fi
        [ "$status" -eq 5 ] || { echo "exit $status: $stderr" >&2; return 1; }
        is_a_message
        [ "$(old_or_new team/patched)" = "$OLD" ]
        good_cache "$T/cache"
    done
    expect 0 $(command_to team/patched) --cache-dir "$T/cache"
    [ "$(old_or_new team/patched)" = "$NEW" ]
}

@test "several runs at once with one cache, into one registry: to the same tag and to others" {
    local pids=() n pid to
    old_at same/app
    for n in 1 2 3 4 5 6; do
        to=same/app
        [ "$n" -gt 3 ] && to=own$n/app
        $(command_to "$to") --cache-dir "$T/cache" >"$T/log.$n" 2>&1 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || { cat "$T"/log.* >&2; return 1; }; done
    for to in same/app own4/app own5/app own6/app; do [ "$(old_or_new "$to")" = "$NEW" ]; done
    good_cache "$T/cache"
    expect 0 $(command_to same/app) --cache-dir "$T/cache"
}
