# SPDX-License-Identifier: Apache-2.0
# From and to a real registry (docker-registry), plain, with a login over TLS, with tokens; docker archives and engines. skopeo and podman say whether it is right.

load support/lib

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
    [ -z "$REGISTRY_PID" ] || { kill "$REGISTRY_PID" 2>/dev/null; wait "$REGISTRY_PID" 2>/dev/null; } || true
}

# start_registry ARGS...: sets HOST (host:port).
start_registry() {
    "$SUPPORT/real-registry" --dir "$T/registry" --port-file "$T/port" "$@" >"$T/registry.log" 2>&1 3>&- &
    REGISTRY_PID=$!
    local _
    for _ in $(seq 200); do [ -s "$T/port" ] && break; sleep 0.05; done
    [ -s "$T/port" ] || { cat "$T/registry.log" >&2; return 1; }
    HOST=127.0.0.1:$(cat "$T/port")
}
login() { printf '{"auths":{"%s":{"auth":"%s"}}}' "$HOST" "$(printf me:secret | base64)" >"$T/auth.json"; }
upload() { skopeo copy -q --all --preserve-digests --dest-tls-verify=false "$@"; }
remote_digest() { skopeo inspect --raw "${@:2}" "docker://$HOST/$1" | sha256sum | sed 's/ .*//; s/^/sha256:/'; }

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
    run --separate-stderr patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:2" --cert-dir "$T/certs" --src-authfile "$T/none.json" --dest-authfile "$T/none.json"
    [[ $status =~ ^[56]$ ]]
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
@test "kill -9 at any time of a push: the tag is the old image or the new one" {
    start_registry
    upload "oci:$TINY/oci:base" "docker://$HOST/team/app:1"
    local i now
    expect 0 patch_tiny "oci:$TINY/oci:base" --update all --to "oci:$T/out:x"
    for i in $(seq 1 12); do
        # shellcheck disable=SC2046
        timeout -s KILL "0.$((i * 3 + 10))" "$RESOLE" patch "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:k$i" $(mirror_flags) --cache-dir "$CACHE.k" --progress none >/dev/null 2>&1 || true
        if skopeo inspect --raw --tls-verify=false "docker://$HOST/team/app:k$i" >"$T/raw" 2>/dev/null; then
            now=sha256:$(sha256sum <"$T/raw" | cut -d' ' -f1)
            [ "$now" = "$(digest_of "$T/out" x)" ]
        fi
    done
    CACHE=$CACHE.k
    expect 0 patch_tiny "docker://$HOST/team/app:1" --update all --to "docker://$HOST/team/app:last"
    [ "$(remote_digest team/app:last --tls-verify=false)" = "$(digest_of "$T/out" x)" ]
}
