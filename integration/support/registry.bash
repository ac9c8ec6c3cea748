# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A real registry for one test: real-registry in the background, and other clients to look at what is in it.

# start_registry ARGS...: sets HOST (host:port), REGISTRY_PID; what it was asked goes to $T/requests.
start_registry() {
    "$SUPPORT/real-registry" --dir "${REGISTRY_DIR:-$T/registry}" --port-file "$T/port" --access-log "$T/requests" "$@" >"$T/registry.log" 2>&1 3>&- &
    REGISTRY_PID=$!
    local _
    for _ in $(seq 200); do [ -s "$T/port" ] && break; sleep 0.05; done
    [ -s "$T/port" ] || { cat "$T/registry.log" >&2; return 1; }
    HOST=127.0.0.1:$(cat "$T/port")
}
stop_registry() { [ -z "${REGISTRY_PID:-}" ] || { kill "$REGISTRY_PID" 2>/dev/null; wait "$REGISTRY_PID" 2>/dev/null; } || true; }

login() { printf '{"auths":{"%s":{"auth":"%s"}}}' "$HOST" "$(printf me:secret | base64)" >"$T/auth.json"; }
upload() { skopeo copy -q --all --preserve-digests --dest-tls-verify=false "$@"; }
remote_digest() { skopeo inspect --raw "${@:2}" "docker://$HOST/$1" | sha256sum | sed 's/ .*//; s/^/sha256:/'; }

# What resole asked of the registry since `forget_requests`: "3 PUT upload", one line each, sorted.
requests() {
    awk -F'"' '$6 ~ /^resole\// {
        split($2, word, " ")
        path = word[2]
        noun = path ~ /\/blobs\/uploads\// ? (path ~ /[?&]mount=/ ? "mount" : "upload") : path ~ /\/blobs\// ? "blob" : path ~ /\/manifests\// ? "manifest" : "other"
        count[word[1] " " noun]++
    } END { for (kind in count) print count[kind], kind }' "$T/requests" | LC_ALL=C sort -k2
}
forget_requests() { : >"$T/requests"; }
