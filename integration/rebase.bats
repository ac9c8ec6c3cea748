# SPDX-License-Identifier: Apache-2.0
# An image on a newer base is what the same application steps make on that base: path by path, and in dpkg's database.

load support/lib

# What apt installs beforehand takes minutes: every run has the copied program, which needs a layer less; the rest is for RESOLE_TEST_FULL.
full() { [ -n "${RESOLE_TEST_FULL:-}" ] || skip "only with scripts/test --full"; }

setup() { need_root; need mmdebstrap umoci chroot jq; need_resole; }

# What the applications do, as in a Dockerfile.
APT='apt-get -q update; apt-get -q -y -o Dpkg::Options::=--force-unsafe-io install --no-install-recommends'
steps() {
    case $1 in
        server) echo "$APT nginx-light python3-venv; useradd --system --uid 4711 app; python3 -m venv --without-pip /srv/venv; echo ok > /srv/index.html" ;;
        copied) echo "cp /bin/true /usr/local/bin/app; mkdir /srv/data; chmod 0700 /srv/data" ;;
        upgraded) echo "$APT liblzma5 perl-base; echo 1 > /etc/app.conf" ;;
    esac
}
case_of() { "$SUPPORT/rebase-case" "$1" "$(steps "$1")"; }

# rebased NAME: resole patch --strategy rebase; leaves out/ (layout, tag new), plan.json, result.json, bundle/rootfs.
rebased() {
    local dir=$BATS_FILE_TMPDIR/$1 case
    [ ! -f "$dir/done" ] || { echo "$dir"; return; }
    mkdir -p "$dir"
    case=$(case_of "$1") || return 1
    expect 0 resole patch "oci:$case/oci:app" --strategy rebase --old-base "oci:$case/oci:v1" --new-base "oci:$case/oci:v2" --update security --only none-of-them \
        --to "oci:$dir/out:new" --plan "$dir/plan.json" -o "$dir/result.json" || return 1
    unpack "$dir/out" new "$dir/bundle" || return 1
    touch "$dir/done"
    echo "$dir"
}

packages() { dpkg-query --admindir="$1/var/lib/dpkg" -W -f '${Package}\t${Architecture}\t${Version}\t${Status}\n' | LC_ALL=C sort; }

same_as_expected() {
    local dir case
    dir=$(rebased "$1")
    case=$(case_of "$1")
    "$SUPPORT/compare-trees" "$case/expected.tar" "$dir/bundle/rootfs" >&2
    mkdir -p "$dir/expected"
    tar -xf "$case/expected.tar" -C "$dir/expected" ./var/lib/dpkg
    equal <(packages "$dir/expected") <(packages "$dir/bundle/rootfs")
    equal <(sort "$dir/expected/var/lib/dpkg/status") <(sort "$dir/bundle/rootfs/var/lib/dpkg/status")
}

@test "an application with nginx, python3 and a user of its own: the same tree, the same packages" { full; same_as_expected server; }
@test "a copied program: the same tree, and no layer of ours" {
    same_as_expected copied
    [ "$(jq '[.platforms[].layers[]] | length' "$(rebased copied)/result.json")" = 0 ]
}
@test "an application that upgraded packages of the base itself: the same tree, the same packages" { full; same_as_expected upgraded; }

@test "a swap of layers alone leaves the old base's packages in the database" {
    full
    local case=$(case_of server) dir=$BATS_TEST_TMPDIR
    unpack "$case/swapped" app "$dir/bundle"
    mkdir "$dir/expected"
    tar -xf "$case/expected.tar" -C "$dir/expected" ./var/lib/dpkg
    not diff <(packages "$dir/expected") <(packages "$dir/bundle/rootfs") >/dev/null
    expect 4 resole verify "oci:$case/swapped:app"
    [[ $output == *"is recorded as "* ]]
}

@test "the database layer is small, and the application's layers are untouched" {
    full
    local dir=$(rebased server) case=$(case_of server)
    equal <(layers_of "$case/oci" app | tail -1) <(layers_of "$dir/out" new | sed -n 2p)
    equal <(layers_of "$case/oci" v2) <(layers_of "$dir/out" new | head -1)
    [ "$(jq '[.platforms[].layers[].size] | add' "$dir/result.json")" -lt 400000 ]
    "$SUPPORT/lint-layers" --from 2 "$dir/out" new
}

@test "verify proves it, against its plan and alone" {
    full
    local dir=$(rebased server)
    expect 0 resole verify "oci:$dir/out:new"
    expect 0 resole verify "oci:$dir/out:new" --plan "$dir/plan.json"
}

@test "dpkg, apt and the programs run on the new base" {
    full
    local dir=$(rebased server)
    "$SUPPORT/apt-reference" --run 'set -e; test -z "$(dpkg --audit)"; apt-get -q check; nginx -t; /srv/venv/bin/python -c "import ssl, sys"; id app' "$dir/bundle/rootfs"
}

@test "diff tells what the new base changed, and nothing between an image and itself" {
    local dir=$(rebased copied) case=$(case_of copied)
    expect 0 resole diff "oci:$case/oci:v1" "oci:$case/oci:v2" -f json
    echo "$output" >"$dir/bases.json"
    jq -e '.platforms[0].packages | length > 0 and all(.from != .to)' "$dir/bases.json"
    jq -e '.platforms[0].files | any(.path == "/var/lib/dpkg/status" and .change == "content")' "$dir/bases.json"
    expect 0 resole diff "oci:$case/oci:app" "oci:$dir/out:new" -f json
    equal <(jq -S '.platforms[0].packages' "$dir/bases.json") <(jq -S '.platforms[0].packages' <<<"$output")
    jq -e '.platforms[0].layers | (.shared | length) == 1 and (.onlyA | length) == 1 and (.onlyB | length) == 1' <<<"$output"
    expect 0 resole diff "oci:$case/oci:app" "oci:$case/oci:app"
    [[ $output == *"no difference"* ]]
}

@test "inspect says which base, by what, and how many layers are the application's; no registry is asked that nobody named" {
    local case=$(case_of copied)
    expect 0 resole inspect "oci:$case/oci:app" -f json
    jq -e '.platforms[0].base | .proven == false and .foundBy == "label" and .name == "registry.example.org/base:12" and (.remarks[0] | contains("--base-registry"))' <<<"$output"
    expect 0 resole inspect "oci:$case/oci:app" --old-base "oci:$case/oci:v1" -f json
    jq -e '.platforms[0].base | .proven and .layers == 1 and .applicationLayers == 1' <<<"$output"
}

@test "podman, umoci and skopeo read the result" {
    full
    need skopeo
    local dir=$(rebased server)
    skopeo copy --quiet "oci:$dir/out:new" "dir:$BATS_TEST_TMPDIR/copy"
    skopeo copy --quiet "oci:$dir/out:new" "docker-archive:$BATS_TEST_TMPDIR/copy.tar:x:1"
    skopeo inspect "oci:$dir/out:new" | jq -e '.Labels["io.resole.base.new"] | startswith("sha256:")'
}
