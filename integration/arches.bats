# SPDX-License-Identifier: Apache-2.0
# Images of every architecture are patched on this machine, nothing being executed. The trees are made of real packages by unpacking
# (support/unpacked.py); the reference is apt and dpkg over the same tree, no maintainer script being run (support/unpacked-upgrade).
# arm64 and s390x, the big-endian one, in every run; the others with RESOLE_TEST_FULL. With qemu-user's static programs in PATH the linker's
# caches are compared with those of the images' own ldconfig; resole and the references never need them.

load support/lib

setup() { need_root; need umoci jq dpkg apt-get gpg; need_resole; }
teardown() { stop_mirror; }

full() { [ -n "${RESOLE_TEST_FULL:-}" ] || skip "only with scripts/test --full"; }

# patched SET@ARCH: once per file; leaves out/ (layout, tag patched), plan.json, result.json, bundle/rootfs.
patched() {
    local dir=$BATS_FILE_TMPDIR/${1//[:@]/-} base code=0
    [ ! -f "$dir/done" ] || { echo "$dir"; return; }
    mkdir -p "$dir"
    base=$(base_image "$1") || return 1
    resole patch "oci:$base:base" --update all --to "oci:$dir/out:patched" --plan "$dir/plan.json" -o "$dir/result.json" >"$dir/log" 2>&1 || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 7 ] || { cat "$dir/log" >&2; return 1; }
    # Held for their scripts, or together with such a package: held for apt too. Any other reason is a failure of this proof.
    jq -r '.platforms[].held[] | select(.reason != "scripts" and .reason != "held-with") | "\(.name): \(.reason)"' "$dir/result.json" >"$dir/unexpected"
    [ ! -s "$dir/unexpected" ] || { cat "$dir/unexpected" >&2; return 1; }
    unpack "$dir/out" patched "$dir/bundle" || return 1
    touch "$dir/done"
    echo "$dir"
}

same_as_dpkg() {
    local dir ref held
    dir=$(patched "$1") || return 1
    mapfile -t held < <(held_names "$dir/result.json")
    ref=$(unpacked_reference "$1" "${held[@]}") || return 1
    echo "$(wc -l <"$ref/upgraded.tsv") upgrades, held: ${held[*]:-none}" >&3
    dpkg-query --admindir="$dir/bundle/rootfs/var/lib/dpkg" -W -f '${Package}\t${Architecture}\t${Version}\t${Status}\n' | LC_ALL=C sort >"$dir/packages.tsv"
    equal "$ref/packages.tsv" "$dir/packages.tsv"
    equal <(cut -f1,3,4 "$ref/upgraded.tsv") <(packages_of_plan "$dir/plan.json" | cut -f1,3,4)
    "$SUPPORT/compare-trees" "$ref/tree.tar" "$dir/bundle/rootfs"
    expect 0 resole verify "oci:$dir/out:patched" --plan "$dir/plan.json"
    "$SUPPORT/lint-layers" --from 2 "$dir/out" patched
}

# raised SET@ARCH: the same with an archive of our own, which has zlib and xz one version further and one library more: what an archive has
# outstanding for an architecture changes from day to day, and a mirror may not have all of them.
raised() {
    local dir=$BATS_FILE_TMPDIR/raised-${1//[:@]/-} tree
    [ ! -f "$dir/done" ] || { echo "$dir"; return; }
    tree=$(base_tree "$1") || return 1
    mkdir -p "$dir"
    "$SUPPORT/raised-archive" "$dir/archive" "$1" zlib1g liblzma5 xz-utils || return 1
    "$SUPPORT/tar-to-oci" --layout "$dir/in" --tag base --platform "linux/$(oci_arch "${1#*@}")" "$tree" "$dir/archive/sources.tar" >&2
    start_mirror "$dir/archive"
    resole patch "oci:$dir/in:base" --update all --to "oci:$dir/out:patched" --plan "$dir/plan.json" -o "$dir/result.json" \
        --package-mirror "$TINY_SECURITY=$MIRROR/security" >"$dir/log" 2>&1 || { cat "$dir/log" >&2; stop_mirror; return 1; }
    stop_mirror
    unpack "$dir/out" patched "$dir/bundle" || return 1
    touch "$dir/done"
    echo "$dir"
}

raised_as_dpkg() {
    local dir ref
    dir=$(raised "$1") || return 1
    ref=$("$SUPPORT/unpacked-upgrade" "$1" --debs "$dir/archive/debs" "$(base_tree "$1")" "$dir/archive/sources.tar")
    [ "$(jq '[.platforms[].packages[]] | length' "$dir/plan.json")" -eq 3 ]
    jq -e '.platforms[] | .held == [] and ([.packages[].verdict.kind] | all(. == "none" or . == "unchanged"))' "$dir/plan.json"
    "$SUPPORT/compare-trees" "$ref/tree.tar" "$dir/bundle/rootfs"
    expect 0 resole verify "oci:$dir/out:patched" --plan "$dir/plan.json"
    "$SUPPORT/lint-layers" --from 2 "$dir/out" patched
    # The cache names the new library, beside every other one.
    "$SUPPORT/ld_cache.py" --list "$dir/bundle/rootfs/etc/ld.so.cache" >"$BATS_TEST_TMPDIR/list"
    grep -q '^libq\.so\.1' "$BATS_TEST_TMPDIR/list"
    grep -q '^libz\.so\.1' "$BATS_TEST_TMPDIR/list"
}

# own_ldconfig DIR QEMU: the linker's cache of a result is what the image's own ldconfig writes.
own_ldconfig() {
    need "$2"
    cp -a "$1/bundle/rootfs" "$BATS_TEST_TMPDIR/root"
    "$2" "$BATS_TEST_TMPDIR/root/sbin/ldconfig" -r "$BATS_TEST_TMPDIR/root"
    cmp "$BATS_TEST_TMPDIR/root/etc/ld.so.cache" "$1/bundle/rootfs/etc/ld.so.cache"
}

@test "bookworm, arm64: updates of the real archive, as dpkg unpacks them" { same_as_dpkg libraries@arm64; }
@test "trixie, s390x: the patched tree equals the one that dpkg upgraded, the linker's cache with it" { raised_as_dpkg trixie:libraries@s390x; }
@test "trixie, s390x: the linker's cache is what the image's own ldconfig writes" {
    need qemu-s390x-static
    own_ldconfig "$(raised trixie:libraries@s390x)" qemu-s390x-static
}
@test "trixie, s390x: numbers in the linker's cache are big-endian, and every library that it names is there" {
    local dir path
    dir=$(raised trixie:libraries@s390x)
    "$SUPPORT/ld_cache.py" --list "$dir/bundle/rootfs/etc/ld.so.cache" >"$BATS_TEST_TMPDIR/list"
    head -1 "$BATS_TEST_TMPDIR/list" | grep -q '^big'
    grep -q '^ld64\.so\.1' "$BATS_TEST_TMPDIR/list"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/list")" -gt 20 ]
    while IFS=$'\t' read -r _ path _; do
        is_there "$dir/bundle/rootfs" "$path" || { echo "$path is not there" >&2; return 1; }
    done < <(tail -n +2 "$BATS_TEST_TMPDIR/list")
}

# Links of the image start at its own root.
is_there() { [ -e "$1$2" ] || [ -L "$1$2" ]; }

@test "bookworm, arm64: no other program is started" {
    need strace
    local dir
    dir=$(patched libraries@arm64)
    strace -f -qq -e trace=execve,execveat -e signal=none -o "$BATS_TEST_TMPDIR/calls" "$RESOLE" build "$dir/plan.json" --to "oci:$BATS_TEST_TMPDIR/out:x" \
        --cache-dir "$BATS_FILE_TMPDIR/cache" --progress none || [ $? -eq 7 ]
    digest_of "$BATS_TEST_TMPDIR/out" x
    [ "$(grep -c exec "$BATS_TEST_TMPDIR/calls")" -eq 1 ] || { cat "$BATS_TEST_TMPDIR/calls" >&2; return 1; }
}

@test "an index of amd64 and arm64 in one run: each is what it is alone" {
    local one two both=$BATS_TEST_TMPDIR/both arch code=0 entry number=0
    one=$(base_image libraries@amd64)
    two=$(base_image libraries@arm64)
    "$SUPPORT/tar-to-oci" --layout "$both" --tag multi --platform linux/amd64 "$(base_tree libraries@amd64)" "$one/app.tar" \
        --platform linux/arm64 "$(base_tree libraries@arm64)" "$two/app.tar" >&2
    resole patch "oci:$both:multi" --update all --to "oci:$BATS_TEST_TMPDIR/out:x" --plan "$BATS_TEST_TMPDIR/plan.json" >"$BATS_TEST_TMPDIR/log" 2>&1 || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 7 ] || { cat "$BATS_TEST_TMPDIR/log" >&2; return 1; }
    equal <(manifest_of "$both" multi | jq -cS '.manifests[].platform') <(manifest_of "$BATS_TEST_TMPDIR/out" x | jq -cS '.manifests[].platform')
    for arch in amd64 arm64; do
        patched "libraries@$arch"
        entry=$(manifest_of "$BATS_TEST_TMPDIR/out" x | jq -er ".manifests[$number].digest")
        equal <(blob "$BATS_TEST_TMPDIR/out" "$(blob "$BATS_TEST_TMPDIR/out" "$entry" | jq -er .config.digest)" | jq '.rootfs.diff_ids') \
            <(config_of "$BATS_FILE_TMPDIR/libraries-$arch/out" patched | jq '.rootfs.diff_ids')
        number=$((number + 1))
    done
    expect 0 resole verify "oci:$BATS_TEST_TMPDIR/out:x" --plan "$BATS_TEST_TMPDIR/plan.json"
}

@test "bookworm, amd64 by unpacking: the same way to make and to compare trees holds for the machine's own architecture" { same_as_dpkg libraries@amd64; }

another() {
    full
    raised_as_dpkg "$1"
    own_ldconfig "$(raised "$1")" "$2"
}
@test "bookworm, arm64, one version further" { another libraries@arm64 qemu-aarch64-static; }
@test "bookworm, armhf" { another libraries@armhf qemu-arm-static; }
@test "bookworm, i386" { another libraries@i386 qemu-i386-static; }
@test "bookworm, ppc64el" { another libraries@ppc64el qemu-ppc64le-static; }
@test "trixie, riscv64" { another trixie:libraries@riscv64 qemu-riscv64-static; }
