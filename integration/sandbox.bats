# SPDX-License-Identifier: Apache-2.0
# Maintainer scripts in the sandbox: what they leave is what they leave in a chroot under the real dpkg, path by path; and whatever a hostile script does,
# there is a clear error, nothing is written, and nothing is left running, mounted or on disk.

load support/lib

# The archive and the image are made once; hostile scripts replace one package of it.
setup_file() {
    load support/lib
    command -v gpg >/dev/null && command -v mmdebstrap >/dev/null && command -v bwrap >/dev/null && [ "$(id -u)" = 0 ] || return 0
    "$SUPPORT/tiny-archive" init "$BATS_FILE_TMPDIR/tiny" --packages script_packages --over "$(base_tree demo)"
    cp -a "$BATS_FILE_TMPDIR/tiny/repo" "$BATS_FILE_TMPDIR/repo.good"
}
teardown_file() { load support/lib; [ ! -d "$BATS_FILE_TMPDIR/tiny" ] || "$SUPPORT/tiny-archive" cleanup "$BATS_FILE_TMPDIR/tiny"; }

setup() {
    need_root
    need gpg dpkg jq mmdebstrap umoci chroot bwrap
    need_resole
    bwrap --unshare-user --unshare-pid --unshare-net --uid 0 --ro-bind / / --proc /proc true 2>/dev/null || skip "needs a kernel that lets bubblewrap make user namespaces"
    T=$BATS_TEST_TMPDIR TINY=$BATS_FILE_TMPDIR/tiny CACHE=$BATS_FILE_TMPDIR/cache
    rm -rf "$TINY/repo"
    cp -a "$BATS_FILE_TMPDIR/repo.good" "$TINY/repo"
    start_mirror "$TINY"
}
teardown() { stop_mirror; }

NAMES="script-writes script-owners script-order script-alternatives script-debconf script-conffiles script-diverts script-diverted script-users script-triggers hostile"

# patched: the honest packages through the sandbox, once for the file; sets P.
patched() {
    P=$BATS_FILE_TMPDIR/patched
    [ ! -f "$P/done" ] || return 0
    mkdir -p "$P"
    expect 0 patch_tiny "oci:$TINY/oci:base" --update all --scripts sandbox --to "oci:$P/out:new" -o "$P/result.json" --plan "$P/plan.json" || return 1
    unpack "$P/out" new "$P/bundle" || return 1
    touch "$P/done"
}

nothing_left() {
    [ -z "$(find "$CACHE/tmp" -maxdepth 1 -name 'scripts-*' 2>/dev/null)" ] || { find "$CACHE/tmp" -maxdepth 2 >&2; return 1; }
    not grep -q "$CACHE" /proc/self/mountinfo
    # The sandbox is the only one that gives a program this host name.
    not pgrep -f -- '--hostname localhost --die-with-parent' >&2
}

# ---------------------------------------------------------------- honest scripts

@test "the tree equals what dpkg left in a chroot, path by path" {
    patched
    "$SUPPORT/tiny-archive" dpkg "$TINY" "$T/after.tar" $NAMES
    "$SUPPORT/compare-trees" --ignore 'tmp/*=temporary files, which are not kept' --ignore 'var/lib/dpkg/diversions-old=backup of dpkg-divert' --ignore 'var/lib/dpkg/statoverride-old=backup of dpkg-statoverride' \
        "$T/after.tar" "$P/bundle/rootfs"
    nothing_left
}

@test "the plan and the result say what ran" {
    patched
    jq -e '[.platforms[].packages[] | select(.verdict.kind == "sandbox") | .reproducible] | length >= 9 and all(. == false)' "$P/plan.json"
    jq -e '.platforms[].packages[] | select(.name == "script-diverted") | .reproducible and .verdict.kind == "none"' "$P/plan.json"
    jq -e '.platforms[].scripts | index("script-order prerm upgrade 1.0-1+deb12u1") < index("script-order preinst upgrade 1.0-1 1.0-1+deb12u1")' "$P/result.json"
    jq -e '.platforms[].scripts | index("script-order preinst upgrade 1.0-1 1.0-1+deb12u1") < index("script-order postrm upgrade 1.0-1+deb12u1")' "$P/result.json"
    jq -e '.platforms[].scripts | index("script-order postrm upgrade 1.0-1+deb12u1") < index("script-order postinst configure 1.0-1")' "$P/result.json"
    jq -e '[.platforms[].scripts[] | select(startswith("watcher postinst triggered"))] | length == 1' "$P/result.json"
    jq -e '[.platforms[].scripts[] | select(startswith("watcher"))] == ["watcher postinst triggered named-trigger /usr/share/watched"]' "$P/result.json"
    python3 -c 'import jsonschema' 2>/dev/null || skip "needs python3-jsonschema"
    for kind in plan result; do
        python3 -c 'import json, sys, jsonschema; jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' "$P/$kind.json" "$ROOT/docs/schema/$kind.json"
    done
}

@test "verify proves the image; the layers keep to the rules" {
    patched
    expect 0 resole verify "oci:$P/out:new" --plan "$P/plan.json"
    "$SUPPORT/lint-layers" --from 1 "$P/out" new
    [ "$(layers_of "$P/out" new | wc -l)" -eq 3 ]
}

@test "nothing of the run is in the image" {
    patched
    local root=$P/bundle/rootfs
    for path in var/lib/dpkg/tmp.ci tmp/script-writes-2 usr/sbin/policy-rc.d var/lib/dpkg/lock; do
        [ ! -e "$root/$path" ] || { echo "$path is there" >&2; return 1; }
    done
    # The base's own run of the script has written to its log as well.
    equal <(tar -xOf "$(tiny_tree "$TINY")" ./var/log/script-writes.log) "$root/var/log/script-writes.log"
}

@test "planning again finds nothing to do" {
    patched
    expect 0 plan_tiny "oci:$P/out:new" --update all --scripts sandbox -o "$T/plan.json"
    jq -e '[.platforms[].packages[]] | length == 0' "$T/plan.json"
}

@test "as an ordinary user the same tree comes out" {
    need setpriv
    patched
    # shellcheck disable=SC2046
    install -d -o nobody -g nogroup "$T/user"
    chmod a+rx "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$T" "$(dirname "$T")" 2>/dev/null || true
    setpriv --reuid nobody --regid nogroup --clear-groups test -r "$TINY/oci/index.json" -a -x "$RESOLE" || skip "needs a place that other users can read"
    setpriv --reuid nobody --regid nogroup --clear-groups bwrap --unshare-user --uid 0 --ro-bind / / true 2>/dev/null || skip "needs user namespaces for ordinary users"
    # shellcheck disable=SC2046
    expect 0 setpriv --reuid nobody --regid nogroup --clear-groups "$RESOLE" patch "oci:$TINY/oci:base" --update all --scripts sandbox --to "oci:$T/user/out:new" \
        --cache-dir "$T/user/cache" --progress none $(mirror_flags)
    "$SUPPORT/compare-trees" "$P/bundle/rootfs" "oci:$T/user/out:new"
}

@test "without --scripts sandbox they are held, and the plan names the option" {
    expect 7 plan_tiny "oci:$TINY/oci:base" --update all -o "$T/plan.json"
    jq -e '[.platforms[].held[] | select(.reason == "scripts") | .option] | length >= 9 and all(. == "--scripts sandbox")' "$T/plan.json"
}

@test "without bubblewrap they are held, with what to install" {
    mkdir "$T/bin"
    expect 7 env PATH="$T/bin" "$RESOLE" plan "oci:$TINY/oci:base" --update all --scripts sandbox -o "$T/plan.json" --cache-dir "$CACHE" --progress none $(mirror_flags)
    jq -e '[.platforms[].held[] | select(.reason == "needs-sandbox") | .detail | contains("install the package bubblewrap")] | length >= 9 and all' "$T/plan.json"
}

@test "a plan with scripts cannot be built without bubblewrap" {
    patched
    mkdir "$T/bin"
    expect 6 env PATH="$T/bin" "$RESOLE" build "$P/plan.json" --to "oci:$T/out:x" --cache-dir "$T/cache" --progress none $(mirror_flags)
    says 'bubblewrap is not installed'
    [ ! -e "$T/out" ]
}

@test "programs of another architecture do not run: held" {
    "$SUPPORT/tar-to-oci" --layout "$T/oci" --tag base --platform linux/s390x "$(tiny_tree "$TINY")" 2>/dev/null || skip "needs tar-to-oci with one platform"
    run --separate-stderr plan_tiny "oci:$T/oci:base" --update all --scripts sandbox -o "$T/plan.json"
    [ "$status" -eq 7 ]
    jq -e '[.platforms[].held[] | select(.reason == "needs-emulator")] | length >= 9' "$T/plan.json"
}

# ---------------------------------------------------------------- scripts that fail, and hostile ones

# hostile CODE TEXT [ARGS...]: the postinst of `hostile` does TEXT.
hostile() {
    local code=$1 text=$2
    shift 2
    "$SUPPORT/tiny-archive" evil "$TINY" "$text"
    expect "$code" timeout 300 "$RESOLE" patch "oci:$TINY/oci:base" --update all --scripts sandbox --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags) "$@"
    is_a_message
    [ "$code" -eq 0 ] || [ ! -e "$T/out" ] || not digest_of "$T/out" x 2>/dev/null
    nothing_left
}

@test "a script that fails: its code and its last lines" {
    hostile 3 'echo the first line; echo it is broken >&2; exit 42'
    says 'hostile postinst configure 1.0-1' 'exit code 42' 'it is broken' '--hold hostile'
}
@test "what a script says cannot harm the terminal" {
    hostile 3 'printf "\033[31mred\007" >&2; exit 1'
    not grep -q $'\033' <<<"$stderr"
    says 'red'
}
@test "a script that sleeps for ever" { hostile 6 'sleep 100000' --script-timeout 3s; says 'did not end within'; }
@test "a script that forks without end" {
    hostile 6 'f() { f | f & }; f; sleep 1000'
    says 'processes'
}
@test "a script that fills the disk" { hostile 6 'i=0; while :; do head -c 100000000 /dev/zero > /fill-$i; i=$((i+1)); done'; says 'wrote more than'; }
@test "a script that fills shared memory and /tmp" { hostile 6 'i=0; while :; do head -c 100000000 /dev/zero > /dev/shm/f-$i; head -c 100000000 /dev/zero > /tmp/f-$i; i=$((i+1)); done'; says 'wrote more than'; }
@test "a script that fills memory" { hostile 6 'for i in 1 2 3 4; do perl -e "\$x = q(x) x 1500000000; sleep 1000" & done; wait'; says 'memory'; }
@test "a script that tries the network" {
    hostile 3 'perl -e "use Socket; socket(S, PF_INET, SOCK_STREAM, 0) or die; connect(S, sockaddr_in('"${MIRROR##*:}"', inet_aton(q(127.0.0.1)))) or die qq(no network: \$!\n); print STDERR qq(connected\n)"'
    says 'no network'
}
@test "a script that kills its parents" { hostile 0 'kill -9 -1 2>/dev/null || true; kill -9 1 2>/dev/null || true; kill -9 $PPID 2>/dev/null || true'; }
@test "a script that stays in the background" { hostile 0 'setsid sh -c "while :; do date >> /background; sleep 0.1; done" >/dev/null 2>&1 & sleep 1'; }
@test "a script that writes outside through links" {
    rm -f /tmp/resole-escaped
    hostile 0 'ln -s ../../../../../../../../tmp/resole-escaped /srv/link; echo x > /srv/link || true; ln -s /proc/1/root/tmp /srv/root; echo x > /srv/root/resole-escaped || true; rm -rf /var/lib/dpkg/triggers/Unincorp; ln -s /tmp/resole-escaped /var/lib/dpkg/triggers/Unincorp'
    [ ! -e /tmp/resole-escaped ]
}
@test "a script that makes whiteouts" { hostile 3 'touch /srv/.wh.passwd'; says 'whiteout'; }
@test "a script that makes the deepest directory" {
    hostile 6 'perl -e "mkdir q(/deep); chdir q(/deep); for (1..3000) { mkdir q(dddd); chdir q(dddd) or last }"'
    says 'deep|long'
}
@test "a script that closes directories" { hostile 0 'mkdir -p /srv/closed/inside; touch /srv/closed/file; chmod 0 /srv/closed/file /srv/closed; chmod 0 /usr/share/hostile'; }
@test "triggers without end" {
    "$SUPPORT/tiny-archive" evil "$TINY" 'dpkg-trigger named-trigger; printf "#!/bin/sh\ndpkg-trigger named-trigger\n" > /var/lib/dpkg/info/watcher.postinst'
    expect 6 timeout 300 "$RESOLE" patch "oci:$TINY/oci:base" --update all --scripts sandbox --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags)
    says 'without end'
}
@test "killed while a script runs: nothing keeps running, and the next run cleans up" {
    "$SUPPORT/tiny-archive" evil "$TINY" 'sleep 1000'
    "$RESOLE" patch "oci:$TINY/oci:base" --update all --scripts sandbox --to "oci:$T/out:x" --cache-dir "$CACHE" --progress none $(mirror_flags) >/dev/null 2>&1 3>&- &
    local pid=$! _
    for _ in $(seq 600); do pgrep -f 'hostname localhost --die-with-parent' >/dev/null && break; sleep 0.1; done
    sleep 0.5
    kill -9 "$pid"
    wait "$pid" 2>/dev/null || true
    sleep 1
    not pgrep -f -- '--hostname localhost --die-with-parent'
    hostile 0 'true'
}

# ---------------------------------------------------------------- real packages

@test "large: with the sandbox every package is upgraded, and the tree equals apt's" {
    [ -n "${RESOLE_TEST_FULL:-}" ] || skip "only with scripts/test --full"
    local dir=$T/large base ref
    base=$(base_image large)
    expect 0 resole patch "oci:$base:base" --update all --scripts sandbox --to "oci:$dir/out:patched" -o "$dir.json" || return 1
    jq -r '.platforms[].scripts[]' "$dir.json" >&3
    unpack "$dir/out" patched "$dir/bundle"
    ref=$(reference large)
    "$SUPPORT/compare-trees" --ignore 'etc/ssl/certs/java/cacerts=each entry has the time when it was made' "$ref/tree.tar" "$dir/bundle/rootfs"
    # The keystore, without times: the same names and fingerprints.
    list='keytool -list -storepass changeit -keystore /etc/ssl/certs/java/cacerts 2>/dev/null | sed "s/, [A-Z][a-z][a-z] [0-9]*, [0-9]*, /, /" | sort'
    "$SUPPORT/apt-reference" --run "$list" "$ref/tree.tar" >"$T/keys.ref"
    "$SUPPORT/apt-reference" --run "$list" "$dir/bundle/rootfs" >"$T/keys.ours"
    [ "$(wc -l <"$T/keys.ref")" -gt 100 ]
    equal "$T/keys.ref" "$T/keys.ours"
}
