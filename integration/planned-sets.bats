# SPDX-License-Identifier: Apache-2.0
# What one finding moves: the same set that apt moves when it is asked for that package and its source.

load support/lib

setup() { need_root; need mmdebstrap chroot jq; need_resole; }

@test "for each outstanding upgrade of the large tree, a report on it plans what apt plans" {
    local base tree ref name from to failed=0
    base=$(base_image large)
    tree=$(base_tree large)
    ref=$(reference large)
    cut -f1 "$ref/upgraded.tsv" >"$BATS_TEST_TMPDIR/names"
    # One chroot: for each name a line `= NAME`, then what apt would install.
    "$SUPPORT/apt-reference" --run "apt-get -q update >/dev/null
        for name in $(paste -sd' ' "$BATS_TEST_TMPDIR/names"); do
            echo \"= \$name\"
            apt-get -s -q -o APT::Get::Upgrade-By-Source-Package=true --no-install-recommends install \$name | grep ^Inst || true
        done" "$tree" >"$BATS_TEST_TMPDIR/apt"
    # A report names the fixed version of the SOURCE (postgresql 15+248 is of source 248): as the candidates themselves have it.
    resole plan "oci:$base:base" --update all -o "$BATS_TEST_TMPDIR/all.json" >/dev/null 2>&1 || true
    while IFS=$'\t' read -r name _ from to; do
        to=$(jq -er --arg name "$name" 'first(.platforms[] | (.packages[] | {name, fix: .source.version}), (.held[] | {name, fix: .candidate}) | select(.name == $name) | .fix)' "$BATS_TEST_TMPDIR/all.json") || to=""
        [ -n "$to" ] || { echo "$name is not in the plan of all"; failed=1; continue; }
        awk -v want="$name" '$1 == "=" { on = $2 == want; next } on { gsub(/\(/, ""); print $2 "\t" ($3 ~ /^\[/ ? $4 : $3) }' "$BATS_TEST_TMPDIR/apt" |
            LC_ALL=C sort >"$BATS_TEST_TMPDIR/expected"
        "$SUPPORT/trivy-report" "$base" base "$name=$from=$to" >"$BATS_TEST_TMPDIR/report.json"
        run --separate-stderr resole plan "oci:$base:base" --report "$BATS_TEST_TMPDIR/report.json" -o "$BATS_TEST_TMPDIR/plan.json"
        if [ "$status" -ne 0 ] && [ "$status" -ne 7 ]; then
            echo "$name: exit $status: $stderr"; failed=1; continue
        fi
        # Those that are held count: apt has no notion of scripts that must not run.
        jq -r '.platforms[] | (.packages[] | [.name, .to]), (.held[] | select(.requested or .reason == "held-with" or .reason == "scripts") | [.name, .candidate]) | @tsv' \
            "$BATS_TEST_TMPDIR/plan.json" | LC_ALL=C sort -u >"$BATS_TEST_TMPDIR/got"
        diff -u --label "apt: $name" --label "resole: $name" "$BATS_TEST_TMPDIR/expected" "$BATS_TEST_TMPDIR/got" || failed=1
    done <"$ref/upgraded.tsv"
    [ "$failed" -eq 0 ]
}
