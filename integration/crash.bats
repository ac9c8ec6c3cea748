# SPDX-License-Identifier: Apache-2.0
# A full disk, a kill -9 at any moment, an interrupt, two runs at once: the destination is the old one or the complete
# new one, and the next run succeeds.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    local tiny=$BATS_FILE_TMPDIR/tiny
    "$SUPPORT/tiny-archive" init "$tiny"
    [ -x "$RESOLE" ] || return 0
    # The old state: patched at level 2. The new one: level 3.
    "$SUPPORT/tiny-archive" publish "$tiny" security --without-changing
    start_mirror "$tiny"
    patch_tiny "oci:$tiny/oci:base" --update all --to "oci:$BATS_FILE_TMPDIR/old:x" --to "oci-archive:$BATS_FILE_TMPDIR/old.tar:x" >/dev/null
    "$SUPPORT/tiny-archive" publish "$tiny" security --level 3 --without-changing
    patch_tiny "oci:$tiny/oci:base" --update all --to "oci:$BATS_FILE_TMPDIR/new:x" >/dev/null
    stop_mirror
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq skopeo
    need_resole
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny
    OLD=$(digest_of "$BATS_FILE_TMPDIR/old" x)
    NEW=$(digest_of "$BATS_FILE_TMPDIR/new" x)
    start_mirror "$TINY"
}
teardown() {
    stop_mirror
    if mountpoint -q "$BATS_TEST_TMPDIR/small"; then umount "$BATS_TEST_TMPDIR/small"; fi
}

# old_or_new DIR: the layout is whole: its digest is one of the two, every blob is what it should be, others read it.
old_or_new() {
    local now
    now=$(digest_of "$1" x) || { echo "$1: no image" >&2; return 1; }
    [ "$now" = "$OLD" ] || [ "$now" = "$NEW" ] || { echo "$1: $now is neither old nor new" >&2; return 1; }
    "$SUPPORT/lint-layers" --from 2 "$1" x >&2 || return 1
    skopeo inspect "oci:$1:x" >/dev/null || return 1
    resole verify "oci:$1:x" --cache-dir "$T/verify.cache" >&2 || return 1
    echo "$now"
}

command_to() { echo "$RESOLE" patch "oci:$TINY/oci:base" --update all --to "$1" --progress none $(mirror_flags); }

@test "kill -9 at many moments of a run into a layout" {
    # How long an undisturbed run takes, then kills spread over that time and a little more.
    local out=$T/out seen="" wall step delay pid
    "$SUPPORT/measure" --json "$T/cost" -- $(command_to "oci:$T/warmup:x") --cache-dir "$T/c0" >/dev/null
    wall=$(jq .wall "$T/cost")
    for step in $(seq 1 24); do
        rm -rf "$out" "$T/cache"
        cp -a "$BATS_FILE_TMPDIR/old" "$out"
        delay=$(/usr/bin/python3 -c "print($wall * 1.15 * $step / 24)")
        $(command_to "oci:$out:x") --cache-dir "$T/cache" >/dev/null 2>&1 3>&- &
        pid=$!
        sleep "$delay"
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        seen+=" $(old_or_new "$out" 2>"$T/why" || { cat "$T/why" >&3; echo broken; })"
        # The rest of the killed run does not disturb the next one.
        expect 0 $(command_to "oci:$out:x") --cache-dir "$T/cache"
        [ "$(digest_of "$out" x)" = "$NEW" ]
    done
    echo "$seen"
    [[ $seen != *broken* ]]
}

@test "kill -9 at each system call that changes the disk" {
    need strace
    local out=$T/out call n code limit=8
    [ -z "${RESOLE_TEST_FULL:-}" ] || limit=60
    # The cache is warm, so that the calls are those of the destination; the test above kills with a cold one.
    $(command_to "oci:$T/warmup:x") --cache-dir "$T/warm" >/dev/null
    for call in rename renameat2 link linkat unlink unlinkat fsync fdatasync ftruncate mkdir mkdirat pwrite64 write; do
        for n in $(seq 1 $limit); do
            rm -rf "$out" "$T/cache"
            cp -a "$BATS_FILE_TMPDIR/old" "$out"
            cp -a "$T/warm" "$T/cache"
            code=0
            strace -f -qq -o /dev/null -e trace="?$call" -e inject="?$call:signal=KILL:when=$n" \
                $(command_to "oci:$out:x") --cache-dir "$T/cache" >/dev/null 2>&1 || code=$?
            old_or_new "$out" >/dev/null || { echo "$call number $n, exit $code" >&2; return 1; }
            [ "$code" -ne 0 ] || break      # this call is not made so often: nothing was killed
        done
    done
}

@test "kill -9 of a run into an archive" {
    local out=$T/out.tar wall step pid
    "$SUPPORT/measure" --json "$T/cost" -- $(command_to "oci-archive:$T/warmup.tar:x") --cache-dir "$T/c0" >/dev/null
    wall=$(jq .wall "$T/cost")
    for step in $(seq 1 12); do
        cp "$BATS_FILE_TMPDIR/old.tar" "$out"
        $(command_to "oci-archive:$out:x") --cache-dir "$T/cache.$step" >/dev/null 2>&1 3>&- &
        pid=$!
        sleep "$(/usr/bin/python3 -c "print($wall * 1.15 * $step / 12)")"
        kill -9 "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
        rm -rf "$T/x"
        mkdir "$T/x"
        tar -C "$T/x" -xf "$out"
        old_or_new "$T/x" >/dev/null
    done
    expect 0 $(command_to "oci-archive:$out:x") --cache-dir "$T/cache.1"
}

@test "interrupt and terminate: exit 130, nothing left behind" {
    local signal pid code
    printf '[{"match": "*.deb", "delay": 3}]' >"$TINY/script.json"
    for signal in INT TERM; do
        rm -rf "$T/out" "$T/cache"
        cp -a "$BATS_FILE_TMPDIR/old" "$T/out"
        # Not a plain background job: those ignore SIGINT.
        "$SUPPORT/signalled" "$signal" 1 $(command_to "oci:$T/out:x") --cache-dir "$T/cache" >"$T/log" 2>&1 3>&- && code=0 || code=$?
        rm -f "$TINY/script.json.done"
        [ "$code" -eq 130 ] || { echo "$signal: exit $code" >&2; cat "$T/log" >&2; return 1; }
        [ "$(old_or_new "$T/out")" = "$OLD" ]
        diff -rq "$BATS_FILE_TMPDIR/old" "$T/out"
    done
    rm "$TINY/script.json"
    expect 0 $(command_to "oci:$T/out:x") --cache-dir "$T/cache"
}

small_disk() { need_root; mkdir -p "$T/small"; mount -t tmpfs -o "size=$1" tmpfs "$T/small" || skip "needs tmpfs mounts"; }

@test "a full disk at the destination, at every size: old or new, then room, then success" {
    small_disk 16m
    local base size
    cp -a "$BATS_FILE_TMPDIR/old" "$T/small/out"
    base=$(du -sk "$T/small" | cut -f1)
    for size in 0 4 8 12 16 20 24 32 48 64; do
        rm -rf "$T/small/"*
        mount -o remount,size=16m "$T/small"
        cp -a "$BATS_FILE_TMPDIR/old" "$T/small/out"
        mount -o "remount,size=$((base + size))k" "$T/small"
        run --separate-stderr $(command_to "oci:$T/small/out:x") --cache-dir "$T/cache.$size"
        if [ "$status" -ne 0 ]; then
            [ "$status" -ne 1 ] || { echo "a full disk is no bug: $stderr" >&2; return 1; }
            says 'space'
            is_a_message
        fi
        old_or_new "$T/small/out" >/dev/null
        mount -o remount,size=16m "$T/small"
        expect 0 $(command_to "oci:$T/small/out:x") --cache-dir "$T/cache.$size"
        [ "$(digest_of "$T/small/out" x)" = "$NEW" ]
    done
}

@test "a full disk at an archive's place: the old file or the new one" {
    small_disk 1m
    local size
    cp "$BATS_FILE_TMPDIR/old.tar" "$T/small/out.tar"
    size=$(du -sk "$T/small" | cut -f1)
    mount -o "remount,size=$((size + 12))k" "$T/small"
    run --separate-stderr $(command_to "oci-archive:$T/small/out.tar:x") --cache-dir "$T/cache"
    [ "$status" -ne 0 ] && [ "$status" -ne 1 ]
    says 'space'
    cmp "$BATS_FILE_TMPDIR/old.tar" "$T/small/out.tar"
    [ "$(find "$T/small" -type f | wc -l)" -eq 1 ]
}

@test "a full disk at the cache: the run goes on without it, or says so; a later run is right" {
    small_disk 24k
    run --separate-stderr $(command_to "oci:$T/out:x") --cache-dir "$T/small/cache"
    if [ "$status" -ne 0 ]; then
        [ "$status" -ne 1 ]
        says 'space'
    else
        [ "$(digest_of "$T/out" x)" = "$NEW" ]
    fi
    mount -o remount,size=16m "$T/small"
    expect 0 $(command_to "oci:$T/again:x") --cache-dir "$T/small/cache"
    [ "$(digest_of "$T/again" x)" = "$NEW" ]
}

@test "two runs at once into one layout, with one cache: both names are there" {
    local pids=() n pid
    for n in 1 2 3 4; do
        "$RESOLE" patch "oci:$TINY/oci:base" --update all --to "oci:$T/out:n$n" --cache-dir "$T/cache" --progress none \
            $(mirror_flags) >"$T/log.$n" 2>&1 3>&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || { cat "$T"/log.* >&2; return 1; }; done
    for n in 1 2 3 4; do [ "$(digest_of "$T/out" "n$n")" = "$NEW" ]; done
    resole verify "oci:$T/out:n1"
}

@test "a damaged cache is noticed and does no harm" {
    expect 0 $(command_to "oci:$T/out:x") --cache-dir "$T/cache"
    local file
    while read -r file; do
        /usr/bin/python3 - "$file" <<'X'
import os, sys
path = sys.argv[1]
size = os.path.getsize(path)
if size:
    os.chmod(path, 0o600)
    with open(path, "r+b") as handle:
        handle.seek(size // 2)
        byte = handle.read(1)
        handle.seek(size // 2)
        handle.write(bytes([byte[0] ^ 1]))
X
    done < <(find "$T/cache" -type f)
    expect 0 $(command_to "oci:$T/again:x") --cache-dir "$T/cache"
    [ "$(digest_of "$T/again" x)" = "$NEW" ]
    # Cut instead of changed.
    find "$T/cache" -type f -exec truncate -s -1 {} + 2>/dev/null || true
    expect 0 $(command_to "oci:$T/third:x") --cache-dir "$T/cache"
    [ "$(digest_of "$T/third" x)" = "$NEW" ]
}
