# SPDX-License-Identifier: Apache-2.0
# Repositories of other kinds: behind a login or a client certificate, in a dated layout, with the signature beside the release, flat, without the image's
# architecture. docs/archives.md says the same for people.

load support/lib

setup_file() {
    load support/lib
    make_tiny
}
teardown_file() { load support/lib; drop_tiny; }

setup() {
    use_tiny
    "$SUPPORT/tiny-archive" publish "$TINY" security --without-changing
    rm -f "$TINY/script.json"
    start_mirror "$TINY"
}
teardown() { stop_mirror; }

security_of() { jq -c '[.platforms[].repositories[] | select(.suite == "bookworm-security")][0]' "$1"; }
# upgraded PLAN: what goes to which version.
upgraded() { jq -c '[.platforms[].packages[] | {name, to}]' "$1"; }

@test "logins for a repository: from a file, sent to nobody else, written nowhere" {
    echo '[{"match": "/security/*", "auth": "bob:s3cret%:x"}]' >"$TINY/script.json"
    expect 5 plan_tiny "$IMAGE" -o "$T/p.json" --cache-dir "$T/cache"
    says '401' 'credentials'
    printf 'machine example.org login eve password other\nmachine %s/security\nlogin bob\npassword s3cret%%:x\n' "$MIRROR" >"$T/auth.conf"
    expect 0 patch_tiny "$IMAGE" --to "oci:$T/out:x" --plan "$T/p.json" -o "$T/r.json" --package-authfile "$T/auth.conf" --cache-dir "$T/cache" -v
    [ "$(jq '[.platforms[].packages[]] | length' "$T/p.json")" -gt 3 ]
    not grep -rqa 's3cret' "$T/out" "$T/p.json" "$T/r.json" "$T/cache"
    [[ $output$stderr != *s3cret* ]]
    # The image's own file is no operator's word, and a file without logins is no file of logins.
    echo 'machine example.org' >"$T/empty.conf"
    expect 3 plan_tiny "$IMAGE" --package-authfile "$T/empty.conf" --cache-dir "$T/cache"
    says 'names no machine with a login'
}

@test "indexes for everybody, packages for subscribers: without a login the rest is patched" {
    "$SUPPORT/tiny-archive" publish "$TINY" security --level 3 --without-changing
    rm -rf "$TINY/repo/esm"
    cp -a "$TINY/repo/security" "$TINY/repo/esm"
    "$SUPPORT/tiny-archive" publish "$TINY" security --without-changing
    echo '[{"match": "/esm/pool/*", "auth": "bearer:t0ken"}]' >"$TINY/script.json"
    local esm=(--package-repo "[signed-by=/usr/share/keyrings/test.gpg] $MIRROR/esm bookworm-security main")
    expect 0 plan_tiny "$IMAGE" -o "$T/without.json" --cache-dir "$T/cache" "${esm[@]}"
    says "repository $MIRROR/esm bookworm-security is left out" '401' '--package-authfile'
    jq -e '[.platforms[].packages[].to] | length > 3 and all(. == "1.0-1+deb12u1")' "$T/without.json"
    jq -e --arg uri "$MIRROR/esm" '[.platforms[].repositoryFailures[].uri] == [$uri]' "$T/without.json"
    echo "machine $MIRROR/esm/ login bearer password t0ken" >"$T/auth.conf"
    expect 0 patch_tiny "$IMAGE" --to "oci:$T/out:x" --plan "$T/with.json" --cache-dir "$T/cache" "${esm[@]}" --package-authfile "$T/auth.conf"
    jq -e '[.platforms[].packages[].to] | length > 3 and all(. == "1.0-1+deb12u2")' "$T/with.json"
    rm -rf "$TINY/repo/esm"
}

@test "client certificates, by host" {
    need openssl
    mkdir -p "$T/tls" "$T/certs/127.0.0.1"
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority -keyout "$T/tls/ca.key" -out "$T/tls/ca.crt"
        local name
        for name in server client; do
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout "$T/tls/$name.key" -out "$T/tls/$name.csr"
            openssl x509 -req -in "$T/tls/$name.csr" -CA "$T/tls/ca.crt" -CAkey "$T/tls/ca.key" -CAcreateserial -days 2 -out "$T/tls/$name.crt" \
                -extfile <(echo subjectAltName=IP:127.0.0.1)
        done
    } 2>/dev/null
    cat "$T/tls/server.crt" "$T/tls/server.key" >"$T/tls/server.pem"
    stop_mirror
    start_mirror "$TINY" --tls "$T/tls"
    [[ $MIRROR == https:* ]]
    expect 5 plan_tiny "$IMAGE" --cache-dir "$T/cache"
    cp "$T/tls/ca.crt" "$T/certs/127.0.0.1/"
    expect 5 plan_tiny "$IMAGE" --cache-dir "$T/cache" --package-cert-dir "$T/certs"
    cp "$T/tls/client.crt" "$T/certs/127.0.0.1/client.cert"
    cp "$T/tls/client.key" "$T/certs/127.0.0.1/client.key"
    expect 0 patch_tiny "$IMAGE" --to "oci:$T/out:x" --plan "$T/p.json" --cache-dir "$T/cache" --package-cert-dir "$T/certs"
    [ "$(security_of "$T/p.json" | jq -r .uri)" = "$MIRROR/security" ]
    # For another host, and for nobody.
    mkdir "$T/other" && cp -r "$T/certs/127.0.0.1" "$T/other/mirror.example.org"
    expect 5 plan_tiny "$IMAGE" --cache-dir "$T/cache2" --package-cert-dir "$T/other"
    mkdir "$T/nothing"
    expect 3 plan_tiny "$IMAGE" --cache-dir "$T/cache" --package-cert-dir "$T/nothing"
    says 'no folder in it holds certificates'
}

@test "a dated layout: planned as of then, and built again from there on another machine" {
    mkdir -p "$TINY/repo/2026/01/31"
    mv "$TINY/repo/security" "$TINY/repo/2026/01/31/security"
    "$SUPPORT/tiny-archive" publish "$TINY" security --level 3 --without-changing
    local flags=(--package-mirror "$TINY_SECURITY=$MIRROR/{snapshot:%Y/%m/%d}/security" --snapshot 2026-01-31 --as-of "$(date -u +%FT%TZ)")
    expect 0 plan_tiny "$IMAGE" -o "$T/p.json" --cache-dir "$T/cache" "${flags[@]}"
    [ "$(security_of "$T/p.json" | jq -r .uri)" = "$MIRROR/2026/01/31/security" ]
    jq -e '[.platforms[].packages[].to] | all(. == "1.0-1+deb12u1")' "$T/p.json"
    # Without the way back the newer archive proves nothing of it; with it, it does.
    expect 6 build_tiny "$T/p.json" --to "oci:$T/no:x" --cache-dir "$T/empty"
    expect 0 build_tiny "$T/p.json" --to "oci:$T/out:x" --cache-dir "$T/empty2" "${flags[@]}"
    expect 0 plan_tiny "$IMAGE" -o "$T/now.json" --cache-dir "$T/cache"
    jq -e '[.platforms[].packages[].to] | all(. == "1.0-1+deb12u2")' "$T/now.json"
    rm -rf "$TINY/repo/2026"
}

@test "a signature beside the release: planned, recalled, carried in a bundle, built offline" {
    expect 0 plan_tiny "$IMAGE" -o "$T/inline.json" --cache-dir "$T/cache0"
    "$SUPPORT/tiny-archive" publish "$TINY" security --without-changing --beside
    [ ! -e "$TINY/repo/security/dists/bookworm-security/InRelease" ]
    expect 0 plan_tiny "$IMAGE" -o "$T/p.json" --cache-dir "$T/cache"
    [ "$(upgraded "$T/p.json")" = "$(upgraded "$T/inline.json")" ]
    [ "$(security_of "$T/p.json" | jq -r .key)" = "$(security_of "$T/inline.json" | jq -r .key)" ]
    expect 0 plan_tiny "$IMAGE" -o "$T/offline.json" --cache-dir "$T/cache" --offline
    [ "$(upgraded "$T/offline.json")" = "$(upgraded "$T/p.json")" ]
    # shellcheck disable=SC2046
    expect 0 resole fetch "$T/p.json" -o "$T/bundle" --cache-dir "$T/another" $(mirror_flags)
    stop_mirror
    expect 0 build_tiny "$T/p.json" --bundle "$T/bundle" --to "oci:$T/out:x" --cache-dir "$T/empty"
    # What was signed is what is read.
    start_mirror "$TINY"
    sed -i 's/^Label: Debian-Security/Label: Debian-Securitz/' "$TINY/repo/security/dists/bookworm-security/Release"
    expect 4 plan_tiny "$IMAGE" --cache-dir "$T/cache3"
    says 'does not fit the text'
}

@test "a suite that has dropped the image's architecture holds its fixes by name" {
    local native
    native=$(dpkg --print-architecture)
    "$SUPPORT/tiny-archive" publish "$TINY" security --lacking "$native"
    expect 0 plan_tiny "$IMAGE" -o "$T/p.json" --cache-dir "$T/cache"
    jq -e '[.platforms[].packages[]] | length == 0' "$T/p.json"
    jq -e --arg native "$native" '[.platforms[].held[] | select(.reason == "architecture-not-in-suite")]
        | (map(.name) | contains(["demo-lib", "demo-tools", "sample-conf"]))
          and all((.requested | not) and .scope == "rebase" and (.detail | contains("bookworm-security has no packages for " + $native)))' "$T/p.json"
    jq -e '.platforms[].notes | any(contains("has no packages for"))' "$T/p.json"
    fits_schema plan "$T/p.json"
    # Both platforms of an index: the one is patched, the other told.
    expect 7 plan_tiny "oci:$TINY/oci:multi" -o "$T/m.json" --cache-dir "$T/cache"
    jq -e --arg native "$native" '[.platforms[] | {arch: .platform.architecture, n: (.packages | length), held: ([.held[].reason] | unique)}]
        | all(if .arch == $native then .n == 0 and (.held | contains(["architecture-not-in-suite"])) else .n > 0 and (.held | contains(["architecture-not-in-suite"]) | not) end)' "$T/m.json"
}

# fits_schema SCHEMA FILE: by an implementation of JSON Schema that is not ours, when there is one.
fits_schema() {
    /usr/bin/python3 -c 'import jsonschema' 2>/dev/null || return 0
    /usr/bin/python3 -c 'import json, sys, jsonschema; jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))' "$ROOT/docs/schema/$1.json" "$2"
}
