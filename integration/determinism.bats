# SPDX-License-Identifier: Apache-2.0
# The same plan gives the same image: whatever the cache, the number of threads, the directory, the environment, and
# whether the packages come from the mirror or from a bundle. Images of a family share the payload.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    "$SUPPORT/tiny-archive" init "$BATS_FILE_TMPDIR/tiny"
    "$SUPPORT/tiny-archive" publish "$BATS_FILE_TMPDIR/tiny" security --without-changing
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq
    need_resole
    TINY=$BATS_FILE_TMPDIR/tiny T=$BATS_TEST_TMPDIR
    start_mirror "$TINY"
}
teardown() { stop_mirror; }

planned() { expect 0 plan_tiny "oci:$TINY/oci:base" --update all -o "$T/plan.json"; }

@test "another cache, other --jobs, another directory, another environment" {
    planned
    expect 0 build_tiny "$T/plan.json" --to "oci:$T/one:x" --cache-dir "$T/cache1" --jobs 1
    expect 0 build_tiny "$T/plan.json" --to "oci:$T/two:x" --cache-dir "$T/cache2" --jobs 7
    mkdir "$T/elsewhere"
    # shellcheck disable=SC2046
    (cd "$T/elsewhere" && umask 077 && TZ=Asia/Tokyo LC_ALL=C HOME=$T/elsewhere expect 0 build_tiny "$T/plan.json" \
        --to "oci:three:y" --cache-dir "$T/cache3")
    expect 0 build_tiny "$T/plan.json" --to "oci:$T/warm:x" --cache-dir "$T/cache1"
    local digest
    digest=$(digest_of "$T/one" x)
    [ "$digest" = "$(digest_of "$T/two" x)" ]
    [ "$digest" = "$(digest_of "$T/elsewhere/three" y)" ]
    [ "$digest" = "$(digest_of "$T/warm" x)" ]
}

@test "planning again gives the same plan, but for its time" {
    planned
    expect 0 plan_tiny "oci:$TINY/oci:base" --update all -o "$T/again.json" --cache-dir "$T/other" --jobs 1
    equal <(jq -S 'del(.asOf)' "$T/plan.json") <(jq -S 'del(.asOf)' "$T/again.json")
    expect 0 plan_tiny "oci:$TINY/oci:base" --update all -o "$T/a.json" --as-of "$(jq -r .asOf "$T/plan.json")"
    cmp "$T/plan.json" "$T/a.json"
}

@test "patch is plan and build" {
    planned
    expect 0 build_tiny "$T/plan.json" --to "oci:$T/one:x"
    expect 0 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/two:x" --as-of "$(jq -r .asOf "$T/plan.json")"
    [ "$(digest_of "$T/one" x)" = "$(digest_of "$T/two" x)" ]
}

@test "a bundle instead of the mirror, as a directory and as a tar, with no network at all" {
    planned
    expect 0 build_tiny "$T/plan.json" --to "oci:$T/one:x"
    # shellcheck disable=SC2046
    expect 0 resole fetch "$T/plan.json" -o "$T/bundle" $(mirror_flags)
    # shellcheck disable=SC2046
    expect 0 resole fetch "$T/plan.json" -o "$T/bundle.tar" $(mirror_flags)
    stop_mirror
    expect 0 resole build "$T/plan.json" --bundle "$T/bundle" --offline --to "oci:$T/two:x" --cache-dir "$T/empty1"
    expect 0 resole build "$T/plan.json" --bundle "$T/bundle.tar" --offline --to "oci:$T/three:x" --cache-dir "$T/empty2"
    [ "$(digest_of "$T/one" x)" = "$(digest_of "$T/two" x)" ]
    [ "$(digest_of "$T/one" x)" = "$(digest_of "$T/three" x)" ]
}

@test "a bundle is proven, not trusted" {
    planned
    # shellcheck disable=SC2046
    expect 0 resole fetch "$T/plan.json" -o "$T/bundle" $(mirror_flags)
    stop_mirror
    # Every byte range that matters is below the files of the bundle: damage each file in turn.
    local file
    while read -r file; do
        cp -a "$T/bundle" "$T/damaged"
        /usr/bin/python3 - "$T/damaged/$file" <<'X'
import sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
if data:
    data[len(data) // 2] ^= 1
open(path, "wb").write(data)
X
        run --separate-stderr resole build "$T/plan.json" --bundle "$T/damaged" --offline --to "oci:$T/out:x" --cache-dir "$T/c.$RANDOM"
        [[ $status =~ ^[3456]$ ]] || [ "$status" -eq 0 ] || { echo "$file: exit $status: $stderr" >&2; return 1; }
        if [ "$status" -eq 0 ]; then    # a file that nothing depends on: then the result is the right one
            expect 0 resole build "$T/plan.json" --bundle "$T/bundle" --offline --to "oci:$T/right:x" --cache-dir "$T/right.cache"
            [ "$(digest_of "$T/out" x)" = "$(digest_of "$T/right" x)" ]
        fi
        rm -rf "$T/damaged" "$T/out"
    done < <(cd "$T/bundle" && find . -type f | sort)
}

payload_of() { jq -er '.platforms[].layers[] | select(.role == "payload") | .digest' "$1"; }

@test "two images on one base share the payload; one with a locally changed file does not" {
    local tree app
    tree=$(tiny_tree "$TINY")
    for app in first second; do
        "$SUPPORT/app-layer" "$T/$app.tar" --version "$app" --file "srv/$app=text of $app"
        "$SUPPORT/tar-to-oci" --layout "$T/in" --tag "$app" --label "app=$app" "$tree" "$T/$app.tar"
        expect 0 patch_tiny "oci:$T/in:$app" --update all --to "oci:$T/out:$app" -o "$T/$app.json"
    done
    [ "$(payload_of "$T/first.json")" = "$(payload_of "$T/second.json")" ]
    jq -e '.platforms[].layers[] | select(.role == "payload") | .reused' "$T/second.json"
    "$SUPPORT/app-layer" "$T/third.tar" --file "usr/share/demo/same=changed by the application"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag third "$tree" "$T/third.tar"
    expect 0 patch_tiny "oci:$T/in:third" --update all --on-modified overwrite --to "oci:$T/out:third" -o "$T/third.json"
    [ "$(payload_of "$T/third.json")" != "$(payload_of "$T/first.json")" ]
    unpack "$T/out" third "$T/bundle"
    grep -qx 'the same at every level' "$T/bundle/rootfs/usr/share/demo/same"
}

@test "a locally changed file holds its package and its siblings, unless told otherwise; a deleted one stays deleted" {
    local tree
    tree=$(tiny_tree "$TINY")
    "$SUPPORT/app-layer" "$T/app.tar" --file "usr/bin/demo-root=changed" --file "usr/share/doc/demo-lib/.wh.copyright="
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x "$tree" "$T/app.tar"
    expect 7 patch_tiny "oci:$T/in:x" --update all --to "oci:$T/out:held" -o "$T/held.json"
    equal <(held_names "$T/held.json") <(printf 'demo-lib\ndemo-tools\n')
    jq -e '.platforms[].held[] | select(.name == "demo-tools") | .reason == "locally-modified" and (.detail | contains("usr/bin/demo-root")) and (.option | contains("--on-modified"))' "$T/held.json"
    # Kept files may hold the hole: the package moves, its fixes are not claimed.
    expect 7 patch_tiny "oci:$T/in:x" --update all --on-modified keep --to "oci:$T/out:kept" -o "$T/kept.json"
    jq -e '.platforms[] | (.packages[] | select(.name == "demo-tools") | .fixes == []) and (.held[] | select(.name == "demo-tools") | .detail | contains("stays as it is"))' "$T/kept.json"
    unpack "$T/out" kept "$T/kept"
    grep -qx changed "$T/kept/rootfs/usr/bin/demo-root"
    [ ! -e "$T/kept/rootfs/usr/share/doc/demo-lib/copyright" ]
    grep -q 'demo 2' "$T/kept/rootfs/usr/bin/demo"
}

@test "a warm run downloads no package and no index that is known" {
    expect 0 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/one:x" --cache-dir "$T/cache"
    : >"$MIRROR_LOG"
    expect 0 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/two:x" --cache-dir "$T/cache"
    jq -se 'all(.bytes == 0) and all(.path | test("InRelease$"))' "$MIRROR_LOG" || { cat "$MIRROR_LOG" >&2; return 1; }
}

@test "the demo image: two caches, --jobs 1 and 2, one digest" {
    need mmdebstrap
    local base
    base=$(base_image demo)
    expect 0 resole plan "oci:$base:base" --update all -o "$T/plan.json"
    expect 0 resole build "$T/plan.json" --to "oci:$T/one:x" --cache-dir "$T/cache1" --jobs 1
    expect 0 resole build "$T/plan.json" --to "oci:$T/two:x" --cache-dir "$T/cache2" --jobs 2
    [ "$(digest_of "$T/one" x)" = "$(digest_of "$T/two" x)" ]
}
