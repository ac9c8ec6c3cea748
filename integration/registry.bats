# SPDX-License-Identifier: Apache-2.0
# From and to a real registry (docker-registry), plain, with a login over TLS, with tokens; docker archives and engines. skopeo and podman say whether it is right.

load support/lib
load support/registry

setup_file() {
    load support/lib
    command -v gpg >/dev/null || return 0
    "$SUPPORT/tiny-archive" init "$BATS_FILE_TMPDIR/tiny"
    "$SUPPORT/tiny-archive" publish "$BATS_FILE_TMPDIR/tiny" security --without-changing
}
teardown_file() { load support/lib; "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need gpg dpkg jq skopeo docker-registry
    need_resole
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny CACHE=$BATS_TEST_TMPDIR/cache REGISTRY_PID=
    start_mirror "$TINY"
}
teardown() {
    stop_mirror
    stop_registry
}

@test "registry to registry: the same digests as from and to a layout, and nothing uploaded but what is new" {
    start_registry
    upload "oci:$TINY/oci:base" "docker://$HOST/team/app:1"
    expect 0 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:1-patched" -o "$T/result.json"
    [[ $output == "$HOST/team/app@sha256:"* ]]
    expect 0 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:x"
    [ "$(remote_digest team/app:1-patched --tls-verify=false)" = "$(digest_of "$T/out" x)" ]
    skopeo copy -q --src-tls-verify=false "docker://$HOST/team/app:1-patched" "oci:$T/back:x"
    expect 0 resole verify "docker://$HOST/team/app:1-patched"
    expect 0 plan_tiny "docker://$HOST/team/app:1-patched" --update all
    grep -qi 'nothing to do' <<<"$output$stderr"
}
@test "an index of several platforms, into another repository: layers are mounted" {
    start_registry
    upload "oci:$TINY/oci:multi" "docker://$HOST/team/app:1"
    expect 0 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/patched/app:1" -v
    expect 0 patch_tiny "oci:$TINY/oci:multi" --update all --to "oci:$T/out:x"
    [ "$(remote_digest patched/app:1 --tls-verify=false)" = "$(digest_of "$T/out" x)" ]
}
@test "Basic over TLS: with the authority's certificate and a login; not without" {
    start_registry --auth basic --tls
    login
    mkdir "$T/certs"
    cp "$T/registry/ca.pem" "$T/certs/ca.crt"
    upload --authfile "$T/auth.json" "oci:$TINY/oci:base" "docker://$HOST/team/app:1"
    local given=(--src-authfile "$T/auth.json" --dest-authfile "$T/auth.json" --cert-dir "$T/certs")
    expect 5 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:2" --src-authfile "$T/auth.json" --dest-authfile "$T/auth.json"
    says 'certificate'
    echo '{}' >"$T/none.json"
    expect 5 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:2" --cert-dir "$T/certs" --src-authfile "$T/none.json" --dest-authfile "$T/none.json"
    says 'log ?in'
    expect 0 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:2" "${given[@]}"
    not grep -q secret <<<"$output$stderr"
    remote_digest team/app:2 --tls-verify=false --authfile "$T/auth.json"
    # Without verification, when it is asked for.
    expect 0 resole inspect "docker://$HOST/team/app:2" --src-authfile "$T/auth.json" --src-tls-verify false
}
@test "tokens: pull and push with scopes, a mount with the source's" {
    start_registry --auth token --log "$T/tokens"
    login
    upload --authfile "$T/auth.json" "oci:$TINY/oci:base" "docker://$HOST/team/app:1"
    : >"$T/tokens"
    expect 0 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/patched/app:1" --src-authfile "$T/auth.json" --dest-authfile "$T/auth.json"
    grep -q 'repository:team/app:pull' "$T/tokens"
    grep -q 'repository:patched/app:pull,push' "$T/tokens"
}
@test "a tag that is not ours, an image that is not there, a bare name" {
    start_registry
    upload "oci:$TINY/oci:base" "docker://$HOST/team/app:1"
    upload "oci:$TINY/oci:multi" "docker://$HOST/team/app:2"
    expect 6 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:1"
    says '--force'
    expect 6 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:2"
    says '--force'
    expect 3 resole inspect "$HOST/team/nothing:1"
    says 'docker-daemon:'
}
@test "docker-archive: read and written; the image id is the config's digest" {
    skopeo copy -q "oci:$TINY/oci:base" "docker-archive:$T/in.tar:example.org/team/app:1"
    expect 0 patch_tiny "docker-archive:$T/in.tar" --update all --to "docker-archive:$T/out.tar:example.org/team/app:2" -o "$T/result.json"
    local config
    config=$(jq -r '.platforms[0].config' "$T/result.json")
    [ "$(skopeo inspect --raw "docker-archive:$T/out.tar" | jq -r .config.digest)" = "$config" ]
    expect 0 resole verify "docker-archive:$T/out.tar"
    skopeo copy -q "docker-archive:$T/out.tar" "oci:$T/back:x"
}
@test "least work: what a real registry is asked for a patch, a plan of a known image, and nothing to do" {
    start_registry
    upload "oci:$TINY/oci:base" "docker://$HOST/team/app:1"
    local layers
    layers=$(manifest_of "$TINY/oci" base | jq '.layers | length')
    expect 0 plan_tiny "docker://$HOST/team/app:1" --update all -o "$T/plan.json"
    forget_requests
    # A plan of an image whose layers are indexed.
    expect 0 plan_tiny "docker://$HOST/team/app:1" --update all
    equal <(requests) <(echo "1 HEAD manifest")
    # A patch: new layers, config and manifest go up; nothing comes down.
    forget_requests
    expect 0 build_tiny "$T/plan.json" --to "docker://$HOST/team/app:2"
    equal <(requests) <(printf '%s\n' "$((layers + 3)) HEAD blob" "4 HEAD manifest" "3 PATCH upload" "3 POST upload" "1 PUT manifest" "3 PUT upload")
    # Nothing to do.
    expect 0 patch_tiny "docker://$HOST/team/app:2" --update all --to "docker://$HOST/team/app:3"
    forget_requests
    expect 0 patch_tiny "docker://$HOST/team/app:2" --update all --to "docker://$HOST/team/app:3"
    requests >"$T/asked"
    cat "$T/asked"
    not grep -v ' HEAD ' "$T/asked"
}
@test "two platforms at different versions: told, and with --lockstep held" {
    start_registry
    upload "oci:$TINY/oci:multi" "docker://$HOST/team/app:1"
    # One architecture is ahead in the archive, as while a port is still being built.
    "$SUPPORT/tiny-archive" publish "$TINY" security --without-changing --ahead amd64
    expect 0 plan_tiny "docker://$HOST/team/app:1" --update all -o "$T/plan.json"
    [ "$(jq -r '.skew[] | select(.package == "demo-lib") | .versions | to_entries | map(.value) | unique | length' "$T/plan.json")" -eq 2 ]
    expect 7 plan_tiny "docker://$HOST/team/app:1" --update all --lockstep -o "$T/plan.json"
    [ "$(jq '.skew | length' "$T/plan.json")" -eq 0 ]
    [ "$(jq -r '[.platforms[].held[].reason] | unique | .[]' "$T/plan.json")" = version-skew ]
    "$SUPPORT/tiny-archive" publish "$TINY" security --without-changing
    expect 0 patch_tiny "docker://$HOST/team/app:1" --update all --lockstep --to "docker://$HOST/team/app:2" -o "$T/result.json"
    [ "$(jq -r '[.platforms[].packages[] | select(.name == "demo-lib") | .to] | unique | length' "$T/result.json")" -eq 1 ]
}
