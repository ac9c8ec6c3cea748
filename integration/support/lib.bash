# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every bats file of this directory loads: where things are, what a test needs, how resole is called.

bats_require_minimum_version 1.5.0

SUPPORT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$SUPPORT/../.." && pwd)
RESOLE=${RESOLE:-$ROOT/build/release/resole}
export RESOLE LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset SOURCE_DATE_EPOCH
# The machine's own configuration of resole must not decide a test.
for name in $(compgen -e RESOLE_ || true); do
    [[ $name == RESOLE_TEST_* || $name == RESOLE_SHARED_DATA ]] || unset "$name"
done
export XDG_CONFIG_HOME=${BATS_RUN_TMPDIR:-/nonexistent}/no-config

# ---------------------------------------------------------------- what a test needs

need_resole() {
    if [ ! -x "$RESOLE" ]; then
        echo "resole is not built: $RESOLE does not exist (cmake --preset release && cmake --build --preset release, or set \$RESOLE)" >&2
        return 1
    fi
}

# Skips, and names what is missing: a skipped proof is counted by `run`.
need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || skip "needs $tool"
    done
}

need_root() { [ "$(id -u)" = 0 ] || skip "needs root (chroot, mounts)"; }

# ---------------------------------------------------------------- images

# base_tree SET [SHAPE]: the tar of a real Debian tree (cached).
base_tree() { "$SUPPORT/make-base-tree" "$1" --sources "${2:-one-line}"; }

# oci_arch ARCH: what images call Debian's architecture.
oci_arch() { case $1 in armhf) echo arm/v7 ;; i386) echo 386 ;; ppc64el) echo ppc64le ;; *) echo "$1" ;; esac; }

# base_image SET [SHAPE]: an OCI layout with tag `base`: the tree and an application layer (cached, read only).
base_image() {
    local tree key place platform=()
    tree=$(base_tree "$@") || return 1
    [[ $1 != *@* ]] || platform=(--platform "linux/$(oci_arch "${1#*@}")")
    key=$(cat "$(dirname "$tree")/key")
    place=$(dirname "$(dirname "$tree")")/oci-$key-$(sha256sum "$SUPPORT/app-layer" "$SUPPORT/tar-to-oci" | sha256sum | cut -c1-12)
    (
        flock 9
        if [ ! -d "$place" ]; then
            rm -rf "$place".* "$(dirname "$place")/oci-$key"-*
            "$SUPPORT/app-layer" "$place.app.tar"
            "$SUPPORT/tar-to-oci" --layout "$place.part" --tag base "${platform[@]}" "$tree" "$place.app.tar" >&2
            mv "$place.app.tar" "$place.part/app.tar"
            mv "$place.part" "$place"
        fi
    ) 9>"$(dirname "$place")/.oci-$key.lock" || return 1
    echo "$place"
}

# reference SET [HOLD...]: the directory of the recorded apt run on the same tree and application layer.
reference() {
    local set=$1 tree holds=() name
    shift
    for name in "$@"; do holds+=(--hold "$name"); done
    tree=$(base_tree "$set") || return 1
    [[ $set != *:* ]] || holds+=(--release "${set%%:*}")
    "$SUPPORT/apt-reference" "${holds[@]}" "$tree" "$(base_image "$set")/app.tar"
}

# unpacked_reference SET@ARCH [HOLD...]: the same for an architecture that cannot run here: upgraded by dpkg, no maintainer script being run.
unpacked_reference() {
    local set=$1 tree holds=() name
    shift
    for name in "$@"; do holds+=(--hold "$name"); done
    tree=$(base_tree "$set") || return 1
    "$SUPPORT/unpacked-upgrade" "$set" "${holds[@]}" "$tree" "$(base_image "$set")/app.tar"
}

# unpack OCI-DIR TAG TO: the root tree as umoci sees it, in TO/rootfs.
unpack() { umoci unpack --image "$1:$2" "$3" >&2; }

# manifest_of DIR TAG: the manifest (or index) as JSON; config_of: the config of a single-platform image.
blob() { cat "$1/blobs/${2/://}"; }
digest_of() { jq -er --arg t "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $t) | .digest' "$1/index.json"; }
manifest_of() { blob "$1" "$(digest_of "$1" "$2")"; }
config_of() { blob "$1" "$(manifest_of "$1" "$2" | jq -er .config.digest)"; }
layers_of() { manifest_of "$1" "$2" | jq -er '.layers[].digest'; }

# ---------------------------------------------------------------- calling resole

# resole ARGS...: with the cache of this test file unless the test names one, and without progress on stderr.
resole() {
    local cache=(--cache-dir "${CACHE:-$BATS_FILE_TMPDIR/cache}") word
    for word in "$@"; do [[ $word == --cache-dir* ]] && cache=(); done
    "$RESOLE" "$@" "${cache[@]}" --progress none
}

# expect CODE COMMAND...: runs it, keeps $output (stdout) and $stderr, and fails with both when the code is another.
expect() {
    local code=$1
    shift
    run --separate-stderr "$@"
    if [ "$status" -ne "$code" ]; then
        echo "expected exit $code, got $status: $*" >&2
        echo "--- stdout"; printf '%s\n' "$output"
        echo "--- stderr"; printf '%s\n' "$stderr"
        return 1
    fi >&2
}

# says TEXT...: each extended regular expression occurs in what the last command wrote to stderr.
says() {
    local text
    for text in "$@"; do
        if ! grep -Eqi -- "$text" <<<"$stderr"; then
            echo "stderr does not say /$text/:" >&2
            printf '%s\n' "$stderr" >&2
            return 1
        fi
    done
}

# A refusal is a message and a hint, never a trace or an empty line.
is_a_message() {
    [ -n "$stderr" ] || { echo "stderr is empty" >&2; return 1; }
    ! grep -Eq 'terminate called|std::|what\(\)|Segmentation|AddressSanitizer|runtime error' <<<"$stderr"
}

# Why every package that a plan or result holds is held: names only.
held_names() { jq -r '[.platforms[] | .held[]? | .package.name // .name] | unique | .[]' "$1"; }

# packages_of_plan FILE: name, arch, from, to; one line each, sorted.
packages_of_plan() { jq -r '.platforms[].packages[] | [.name, .arch, .from, .to] | @tsv' "$1" | LC_ALL=C sort -u; }

# equal A B: two files are the same; prints the difference.
equal() { diff -u "$1" "$2" >&2; }

# ---------------------------------------------------------------- the small archive of our own (tiny-archive, mirror)

# What the images of the small archive name as their mirror: reserved names, which resolve nowhere.
TINY_DEBIAN=http://archive.test/debian
TINY_SECURITY=http://security.test/debian-security

# Of a file whose tests share one: make_tiny in setup_file, drop_tiny in teardown_file, use_tiny in setup.
make_tiny() { if command -v gpg >/dev/null; then "$SUPPORT/tiny-archive" init "$BATS_FILE_TMPDIR/tiny"; fi; }
drop_tiny() { "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }
use_tiny() {
    need gpg dpkg jq
    need_resole
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny IMAGE=oci:$BATS_FILE_TMPDIR/tiny/oci:base
}
# tiny_tree DIR: the tar of its root tree for this machine's architecture.
tiny_tree() { echo "$1/tree-$(dpkg --print-architecture).tar"; }

# start_mirror DIR [FLAG...]: serves DIR/repo on loopback; sets MIRROR (URL), MIRROR_PID, MIRROR_LOG.
start_mirror() {
    local dir=$1
    shift
    rm -f "$dir/port"
    "$SUPPORT/mirror" --root "$dir/repo" --port-file "$dir/port" --script "$dir/script.json" --log "$dir/requests.log" "$@" \
        >/dev/null 2>"$dir/mirror.err" 3>&- &
    MIRROR_PID=$!
    local _
    for _ in $(seq 100); do [ -s "$dir/port" ] && break; sleep 0.05; done
    [ -s "$dir/port" ] || { cat "$dir/mirror.err" >&2; return 1; }
    MIRROR=http://127.0.0.1:$(cat "$dir/port")
    [[ " $* " != *" --tls "* ]] || MIRROR=${MIRROR/http:/https:}
    # shellcheck disable=SC2034
    MIRROR_LOG=$dir/requests.log
}

stop_mirror() { [ -z "${MIRROR_PID:-}" ] || { kill "$MIRROR_PID" 2>/dev/null; wait "$MIRROR_PID" 2>/dev/null; } || true; }

# The one place that knows how an operator allows a mirror on a private address.
mirror_flags() {
    echo --package-mirror "$TINY_DEBIAN=$MIRROR/debian" --package-mirror "$TINY_SECURITY=$MIRROR/security"
}

# patch_tiny ARGS...: resole patch over the small archive.
# shellcheck disable=SC2046
patch_tiny() { resole patch "$@" $(mirror_flags); }
# shellcheck disable=SC2046
plan_tiny() { resole plan "$@" $(mirror_flags); }
# shellcheck disable=SC2046
build_tiny() { resole build "$@" $(mirror_flags); }

# not COMMAND...: fails when the command succeeds (`!` alone does not fail a bats test).
not() { ! "$@"; }
