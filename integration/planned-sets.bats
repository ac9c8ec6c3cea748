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
    while IFS=$'\t' read -r name _ from to; do
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
