# SPDX-License-Identifier: Apache-2.0
# A plan is reviewed, not trusted; a destination is somebody's until it is known to be ours; a patched image is what its plan says, in every part.

load support/lib

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    "$SUPPORT/tiny-archive" init "$BATS_FILE_TMPDIR/tiny"
    "$SUPPORT/tiny-archive" publish "$BATS_FILE_TMPDIR/tiny" security --without-changing
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq umoci skopeo
    need_resole
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny CACHE=$BATS_TEST_TMPDIR/cache
    start_mirror "$TINY"
}
teardown() { stop_mirror; }

plan_of() { expect 0 plan_tiny "oci:$TINY/oci:$1" --update all -o "$T/plan.json"; }
edit_plan() { jq "$1" "$T/plan.json" >"$T/edited.json"; not cmp -s "$T/plan.json" "$T/edited.json"; }
refuses_plan() {  # CODE TEXT...
    local code=$1
    shift
    expect "$code" build_tiny "$T/edited.json" --to "oci:$T/out:x"
    says "$@"
    is_a_message
    [ ! -e "$T/out" ] || not digest_of "$T/out" x
}
first() { expect 0 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:one" -o "$T/one.json" --plan "$T/plan.json"; }

# ---------------------------------------------------------------- plans

@test "a plan with a platform less, or none" {
    plan_of multi
    edit_plan '.platforms |= .[1:]'
    refuses_plan 3 'platforms' 'plan again'
    edit_plan '.platforms = []'
    refuses_plan 3 'platforms'
}
@test "a plan whose platforms changed places" {
    plan_of multi
    [ "$(jq '.platforms | length' "$T/plan.json")" -gt 1 ]
    edit_plan '.platforms |= reverse'
    refuses_plan 3 'plan again'
}
@test "a plan without a package that another one needs" {
    plan_of base
    edit_plan '.platforms[].packages |= map(select(.name != "demo-lib"))'
    refuses_plan 6 'demo-tools' 'does not hold'
}
@test "a package twice, of another version than is installed, of another architecture" {
    plan_of base
    edit_plan '.platforms[].packages |= . + [.[0]]'
    refuses_plan 3 'twice'
    edit_plan '(.platforms[].packages[] | select(.name == "demo-lib") | .from) = "0.9"'
    refuses_plan 3 'demo-lib' '0\.9'
    edit_plan '.platforms[].arch = "s390x"'
    refuses_plan 3 's390x'
}
@test "a version that goes back" {
    first
    local back
    back=$(jq -c '[.platforms[].packages[] | select(.name == "demo-lib" or .name == "demo-tools") | .from as $from | .from = .to | .to = $from]' "$T/plan.json")
    expect 0 plan_tiny "oci:$T/out:one" --update all -o "$T/plan.json"
    edit_plan ".platforms[0].packages = $back | .platforms[0].ownLayers = 0"
    expect 6 build_tiny "$T/edited.json" --to "oci:$T/out:x" --trust-plan
    says 'goes back'
    not digest_of "$T/out" x
}
@test "built through another mirror than it was planned with, and fetched through another one with another cache" {
    plan_of base
    stop_mirror
    start_mirror "$TINY"
    rm -rf "$CACHE"
    expect 0 build_tiny "$T/plan.json" --to "oci:$T/out:x"
    rm -rf "$CACHE"
    # shellcheck disable=SC2046
    expect 0 resole fetch "$T/plan.json" -o "$T/bundle" --package-mirror "$(jq -r '[.platforms[].packages[].repository.uri][0]' "$T/plan.json")=$MIRROR/security" \
        --package-mirror "$(jq -r '[.platforms[].repositories[].uri | select(endswith("/debian"))][0]' "$T/plan.json")=$MIRROR/debian"
    stop_mirror
    rm -rf "$CACHE"
    expect 0 resole build "$T/plan.json" --bundle "$T/bundle" --to "oci:$T/out2:x"
    [ "$(digest_of "$T/out" x)" = "$(digest_of "$T/out2" x)" ]
}

# ---------------------------------------------------------------- destinations

@test "the source's own tag, spelt otherwise" {
    cp -a "$TINY/oci" "$T/copy"
    ln -s copy "$T/link"
    local before place
    before=$(digest_of "$T/copy" base)
    for place in "$T/./copy" "$T/link" "$T/copy/../copy"; do
        expect 6 patch_tiny "oci:$T/copy:base" --update all --to "oci:$place:base"
        says 'source itself|--force'
        [ "$(digest_of "$T/copy" base)" = "$before" ]
    done
}
@test "somebody's tag that is the source's image: copied over it is fine, moved it is not" {
    cp -a "$TINY/oci" "$T/copy"
    umoci tag --image "$T/copy:base" prod
    expect 6 patch_tiny "oci:$T/copy:base" --update all --to "oci:$T/copy:prod"
    says '--force'
    [ "$(digest_of "$T/copy" prod)" = "$(digest_of "$T/copy" base)" ]
    expect 0 patch_tiny "oci:$T/copy:base" --update all --hold '*' --to "oci:$T/copy:prod" || [ "$status" = 7 ]
}
@test "an image that somebody built on a patched one is not ours" {
    first
    mkdir "$T/above"
    echo 'app' >"$T/above/file"
    tar -C "$T/above" -cf "$T/above.tar" file
    umoci raw add-layer --image "$T/out:one" --tag theirs "$T/above.tar"
    expect 6 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:theirs"
    says '--force'
}
@test "of two destinations none is written when one cannot be" {
    mkdir "$T/folder"
    echo x >"$T/folder/file"
    expect 3 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:x" --to "oci:$T/folder:y"
    [ ! -e "$T/out" ] || not digest_of "$T/out" x
}
@test "a layer that was damaged after it was indexed is not passed on" {
    cp -a "$TINY/oci" "$T/copy"
    expect 0 plan_tiny "oci:$T/copy:base" --update all
    local layer
    layer=$T/copy/blobs/$(layers_of "$T/copy" base | head -1 | tr : /)
    chmod u+w "$layer"
    printf 'xxxx' | dd of="$layer" bs=1 seek=100 conv=notrunc status=none
    expect 4 patch_tiny "oci:$T/copy:base" --update all --to "oci:$T/out:x"
    [ ! -e "$T/out" ] || not digest_of "$T/out" x
}

# ---------------------------------------------------------------- verify

tampered() {  # TEXT...: verify --plan of out:two fails and says so
    expect 4 resole verify "oci:$T/out:two" --plan "$T/plan.json"
    local text
    for text in "$@"; do grep -Eqi -- "$text" <<<"$output$stderr" || { echo "nothing about /$text/: $output $stderr" >&2; return 1; }; done
}

@test "verify: a patched image as it is" {
    first
    expect 0 resole verify "oci:$T/out:one" --plan "$T/plan.json"
}
@test "verify: another user, another entrypoint" {
    first
    umoci config --image "$T/out:one" --tag two --config.user nobody
    tampered config
    umoci config --image "$T/out:one" --tag two --config.entrypoint /bin/evil
    tampered config
}
@test "verify: a layer above ours" {
    first
    mkdir "$T/above"
    echo 'root::0:0::/:/bin/sh' >"$T/above/passwd"
    tar -C "$T/above" -cf "$T/above.tar" passwd
    umoci raw add-layer --image "$T/out:one" --tag two "$T/above.tar"
    tampered 'layers'
}
@test "verify: a platform that is gone from the index" {
    expect 0 patch_tiny "oci:$TINY/oci:multi" --update all --to "oci:$T/out:one" --plan "$T/plan.json"
    /usr/bin/python3 - "$T/out" <<'PY'
import hashlib, json, os, sys
layout = sys.argv[1]
top = json.load(open(layout + "/index.json"))
entry = top["manifests"][0]
index = json.load(open(layout + "/blobs/" + entry["digest"].replace(":", "/")))
index["manifests"] = index["manifests"][1:]
data = json.dumps(index).encode()
digest = hashlib.sha256(data).hexdigest()
open(layout + "/blobs/sha256/" + digest, "wb").write(data)
top["manifests"].append({**entry, "digest": "sha256:" + digest, "size": len(data), "annotations": {"org.opencontainers.image.ref.name": "two"}})
json.dump(top, open(layout + "/index.json", "w"))
PY
    tampered 'not in the image'
}

# ---------------------------------------------------------------- what stays

@test "--only in a second run leaves the others at what the first one gave them" {
    first
    "$SUPPORT/tiny-archive" publish "$TINY" security
    expect 0 patch_tiny "oci:$T/out:one" --update all --only scripted --to "oci:$T/out:two" || [ "$status" = 7 ]
    unpack "$T/out" one "$T/one"
    unpack "$T/out" two "$T/two"
    local query=(dpkg-query -W -f '${Package} ${Version}\n')
    "${query[@]}" --admindir="$T/one/rootfs/var/lib/dpkg" | grep -v '^scripted ' >"$T/one.txt"
    "${query[@]}" --admindir="$T/two/rootfs/var/lib/dpkg" | grep -v '^scripted ' >"$T/two.txt"
    equal "$T/one.txt" "$T/two.txt"
}
@test "a misspelt --only is said" {
    expect 0 plan_tiny "oci:$TINY/oci:base" --update all --only demo-lbi
    grep -q 'demo-lbi' <<<"$output$stderr"
}
