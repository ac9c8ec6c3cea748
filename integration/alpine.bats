# SPDX-License-Identifier: Apache-2.0
# Real Alpine root filesystems, upgraded from a signed repository that the test makes, beside what the real apk made of the same root and the same packages
# (integration/apk/*.expected, recorded by apk-oracle): databases byte by byte, the tree by path, mode, owner and content.

load support/lib

# The repository's own address resolves nowhere: the operator maps it to loopback.
setup() {
    need openssl jq python3
    need_resole
    T=$BATS_TEST_TMPDIR
    IMAGES=${RESOLE_SHARED_DATA:-/nonexistent}/images
    [ -d "$IMAGES" ] || skip 'needs the real Alpine roots below $RESOLE_SHARED_DATA'
}
teardown() { stop_mirror; }

# alpine VERSION ARCH PLATFORM [MAKE-OPTION...]: $T/edited.tar, $T/repo served at $MIRROR, the image $T/in:x. Releases differ in their end of life only.
alpine() {
    local version=$1 arch=$2 platform=$3
    shift 3
    zcat "$IMAGES/alpine-minirootfs-$version-$arch.tar.gz" >"$T/root.tar"
    "$SUPPORT/apk-repository" make "$T/root.tar" "$T" --arch "$arch" --description "v$version-5-g0000000" "$@"
    "$SUPPORT/apk-repository" edit "$T/root.tar" "$T/edited.tar" "$T"
    "$SUPPORT/tar-to-oci" --layout "$T/in" --tag x --platform "$platform" "$T/edited.tar"
    start_mirror "$T"
    MAPPED=(--package-mirror "http://mirror.test/alpine=$MIRROR")
}

as_apk() {
    local version=$1 arch=$2 platform=$3
    alpine "$version" "$arch" "$platform"
    if [ -n "${RESOLE_TEST_APK:-}" ]; then # the record is made anew, and must be the one that is here
        need_root
        "$SUPPORT/apk-oracle" record "$T/edited.tar" "$T" "$arch" "$T/recorded" >&2
        [ -n "${RESOLE_TEST_WRITE_EXPECTED:-}" ] && cp "$T/recorded" "$ROOT/integration/apk/$version-$arch.expected"
        equal "$T/recorded" "$ROOT/integration/apk/$version-$arch.expected"
    fi
    expect 0 resole plan "oci:$T/in:x" -o "$T/plan.json" "${MAPPED[@]}"
    jq -e '.platforms[0] | .held == [] and (.packages | length) >= 10 and all(.packages[]; .repository.checksum and .repository.sha256)' "$T/plan.json"
    expect 0 resole build "$T/plan.json" --to "oci:$T/out:x" -o "$T/result.json" "${MAPPED[@]}"
    "$SUPPORT/apk-oracle" compare "$ROOT/integration/apk/$version-$arch.expected" "$T/edited.tar" "oci:$T/out:x" >&2
    expect 0 resole verify "oci:$T/out:x"
}

@test "3.20 x86_64: as apk" { as_apk 3.20.3 x86_64 linux/amd64; }
@test "3.20 aarch64, from any host: as apk" { as_apk 3.20.3 aarch64 linux/arm64; }
@test "3.16 x86_64: as apk" { as_apk 3.16.9 x86_64 linux/amd64; }
@test "3.16 aarch64: as apk" { as_apk 3.16.9 aarch64 linux/arm64; }

@test "inspect, a second run, two builds, and a bundle without network" {
    alpine 3.20.3 x86_64 linux/amd64
    expect 0 resole inspect "oci:$T/in:x" -f json
    jq -e '.platforms[0].packages | length == 14 and any(.name == "libssl3" and .source.name == "openssl")' <<<"$output"
    expect 0 resole plan "oci:$T/in:x" -o "$T/plan.json" "${MAPPED[@]}"
    expect 0 resole fetch "$T/plan.json" -o "$T/bundle" "${MAPPED[@]}"
    expect 0 resole build "$T/plan.json" --to "oci:$T/one:x" "${MAPPED[@]}"
    first=$output
    stop_mirror
    CACHE=$T/other expect 0 resole build "$T/plan.json" --to "oci:$T/two:x" --bundle "$T/bundle" --offline
    [ "${first##*@}" = "${output##*@}" ]
    start_mirror "$T"
    MAPPED=(--package-mirror "http://mirror.test/alpine=$MIRROR")
    expect 0 resole plan "oci:$T/one:x" -o "$T/again.json" "${MAPPED[@]}"
    jq -e '[.platforms[].packages[]] == []' "$T/again.json"
}

@test "what was reported: an advisory moves the packages of its origin together, and nothing else" {
    alpine 3.20.3 x86_64 linux/amd64
    jq -n '{distroversion: "v3.20", reponame: "main", urlprefix: "https://example.org/alpine", apkurl: "", packages: [{pkg: {name: "openssl", secfixes: {"3.3.2-r1": ["CVE-2026-0001"]}}}]}' >"$T/main.json"
    expect 0 resole plan "oci:$T/in:x" --feed "$T/main.json" --update reported -o "$T/plan.json" "${MAPPED[@]}"
    [ "$(packages_of_plan "$T/plan.json" | cut -f1 | xargs)" = "libcrypto3 libssl3" ]
    jq -e '.platforms[0].packages | all(.fixes == ["CVE-2026-0001"])' "$T/plan.json"
}

@test "what must not pass: no signature, another key, damaged packages, another release" {
    alpine 3.20.3 x86_64 linux/amd64 --sign none
    expect 4 resole plan "oci:$T/in:x" -o "$T/plan.json" "${MAPPED[@]}"
    says 'not signed'
    for bad in zlib=checksum zlib=outside zlib=datahash zlib=truncated; do
        rm -rf "$T/repo"
        "$SUPPORT/apk-repository" make "$T/root.tar" "$T" --description v3.20.3-5-g0 --bad "$bad"
        CACHE=$T/cache-$bad run --separate-stderr resole patch "oci:$T/in:x" --to "oci:$T/$bad:x" "${MAPPED[@]}"
        [[ $status == 3 || $status == 4 ]]
        is_a_message
        [ ! -e "$T/$bad" ]
    done
    rm -rf "$T/repo"
    "$SUPPORT/apk-repository" make "$T/root.tar" "$T" --description v3.21.0-1-g0
    CACHE=$T/newer expect 6 resole plan "oci:$T/in:x" -o "$T/plan.json" "${MAPPED[@]}"
    says 'release 3.21'
    rm -rf "$T/repo" "$T/keys"
    "$SUPPORT/apk-repository" make "$T/root.tar" "$T" --description v3.20.3-5-g0
    CACHE=$T/key expect 4 resole plan "oci:$T/in:x" -o "$T/plan.json" "${MAPPED[@]}"
}

@test "a repository that signs with SHA-1 only: taken, and said" {
    alpine 3.16.9 x86_64 linux/amd64 --sign RSA
    expect 0 resole plan "oci:$T/in:x" -o "$T/plan.json" "${MAPPED[@]}"
    jq -e '[.platforms[].notes[] | select(test("SHA-1"))] | length == 1' "$T/plan.json"
}
