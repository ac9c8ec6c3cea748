# SPDX-License-Identifier: Apache-2.0
# Real manifests with all their images patched at once, git and kustomize as judges; and files that nobody should trust.

load support/lib

setup() {
    need jq python3 git
    need_resole
    T=$BATS_TEST_TMPDIR
    OLD=sha256:$(printf 'a%.0s' {1..64}) NEW=sha256:$(printf 'b%.0s' {1..64})
    "$SUPPORT/result-for" registry.example.org/team/app:1.4 "$OLD" registry.example.org/patched/app:1.4 "$NEW" >"$T/one.json"
    mkdir "$T/tree"
}

corpus() {
    [ -d "${RESOLE_SHARED_DATA:-/none}/manifests" ] || skip "needs RESOLE_SHARED_DATA"
    cp -r "$RESOLE_SHARED_DATA/manifests/." "$T/tree/"
    chmod -R u+w "$T/tree"
    cp -a "$T/tree" "$T/before"
    "$SUPPORT/result-for" --tree "$T/before" "$T/results"
    results=("$T"/results/*.json)
}

pod() { printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n  - name: a\n    image: registry.example.org/team/app:1.4\n' "${1:-a}"; }
edit_one() { resole rollout edit "$T/one.json" --manifests "$T/tree" -o "$T/rollout.json" "$@"; }
reasons() { jq -r '.notApplied[].reason' "$T/rollout.json" | sort -u | tr '\n' ' '; }

@test "corpus: git apply takes the difference, --write does the same, revert restores every byte" {
    corpus
    resole rollout edit "${results[@]}" --manifests "$T/tree" >"$T/all.diff" 2>"$T/err"
    diff -r "$T/before" "$T/tree"
    cp -a "$T/tree" "$T/applied"
    git -C "$T/applied" init -q
    git -C "$T/applied" apply "$T/all.diff"
    rm -rf "$T/applied/.git"
    resole rollout edit "${results[@]}" --manifests "$T/tree" --write -o "$T/rollout.json" 2>>"$T/err"
    diff -r "$T/applied" "$T/tree"
    [ "$(jq '.edits | length' "$T/rollout.json")" -ge 150 ]
    resole rollout edit "${results[@]}" --manifests "$T/tree" >"$T/again.diff" 2>>"$T/err"
    [ ! -s "$T/again.diff" ]
    resole rollout revert "$T/rollout.json" --manifests "$T/tree" >"$T/back.diff" 2>>"$T/err"
    git -C "$T/applied" init -q
    git -C "$T/applied" apply "$T/back.diff"
    rm -rf "$T/applied/.git"
    diff -r "$T/before" "$T/applied"
    expect 0 resole rollout revert "$T/rollout.json" --manifests "$T/tree" --write
    diff -r "$T/before" "$T/tree"
}

@test "corpus: kustomize builds what it built, but for the images" {
    need kubectl
    corpus
    "$SUPPORT/kustomize-corpus" "$T/before" >&2
    rm -rf "$T/tree" && cp -a "$T/before" "$T/tree"
    resole rollout edit "${results[@]}" --manifests "$T/tree" --write 2>"$T/err"
    "$SUPPORT/kustomize-differences" "$T/before" "$T/tree" "$T/results/images.tsv" 80 >&2
}

@test "the outermost entry decides, as kustomize sees it" {
    need kubectl
    mkdir -p "$T/tree/base" "$T/tree/prod"
    pod >"$T/tree/base/pod.yaml"
    printf 'resources: [pod.yaml]\n' >"$T/tree/base/kustomization.yaml"
    printf 'resources: [../base]\nimages:\n- name: registry.example.org/team/app\n  newTag: "2.0"\n' >"$T/tree/prod/kustomization.yaml"
    expect 0 edit_one --write
    [ "$(reasons)" = "overridden " ]
    kubectl kustomize "$T/tree/prod" | grep -q 'team/app:2.0$'
}

@test "names with dots are regular expressions: the rendering escapes them" {
    need kubectl
    expect 0 edit_one --render kustomize --render-dir "$T/render"
    { cat "$T/render/kustomize/kustomization.yaml"; printf 'resources: [a.yaml]\n'; } >"$T/tree/kustomization.yaml"
    { pod; echo ---; pod b | sed 's/registry.example/registry-example/'; } >"$T/tree/a.yaml"
    kubectl kustomize "$T/tree" >"$T/built"
    grep -q "image: registry.example.org/patched/app:1.4@$NEW" "$T/built"
    grep -q 'image: registry-example.org/team/app:1.4' "$T/built"
}

@test "renderings: kubectl patches and sets images as they say, there and back" {
    need kubectl
    cat >"$T/tree/d.yaml" <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      initContainers: [{name: i, image: registry.example.org/team/app:1.4}]
      containers: [{name: c, image: registry.example.org/team/app:1.4}, {name: other, image: x:1}]
Y
    expect 0 edit_one --render kubectl-patch --render kubectl-json-patch --render kubectl-set-image --render-dir "$T/r"
    kubectl patch --local -f "$T/tree/d.yaml" --type strategic --patch-file "$T/r/kubectl-patch/shop-deployment-web.json" -o yaml >"$T/strategic"
    kubectl patch --local -f "$T/tree/d.yaml" --type json --patch-file "$T/r/kubectl-json-patch/shop-deployment-web.json" -o yaml >"$T/json"
    grep "image:" "$T/strategic" >"$T/s"; grep "image:" "$T/json" >"$T/j"
    diff "$T/s" "$T/j"
    [ "$(grep -c "patched/app:1.4@$NEW" "$T/s")" -eq 2 ]
    grep -q 'image: x:1' "$T/s"
    # The script's own words, but for where it applies them.
    sed -n "s/^kubectl set image --namespace 'shop' 'deployment\/web'/kubectl set image --local -o yaml -f \"\$1\"/p" "$T/r/kubectl-set-image/set-image.sh" >"$T/set.sh"
    sh "$T/set.sh" "$T/tree/d.yaml" | grep "image:" | diff - "$T/s"
    expect 0 edit_one --rollback --render kubectl-patch --render-dir "$T/back"
    kubectl patch --local -f "$T/tree/d.yaml" --type strategic --patch-file "$T/back/kubectl-patch/shop-deployment-web.json" -o yaml | grep -c "team/app:1.4@$OLD" | grep -qx 2
}

@test "every rendering is made, the same each time, and the short one fits the smallest forge" {
    pod >"$T/tree/a.yaml"
    local all=() name
    for name in argocd compose flux github-output gitlab-dotenv helm-values kubectl-json-patch kubectl-patch kubectl-set-image kustomize markdown markdown-compact markdown-short; do all+=(--render "$name"); done
    expect 0 edit_one "${all[@]}" --render-dir "$T/r1"
    expect 0 edit_one "${all[@]}" --render-dir "$T/r2"
    diff -r "$T/r1" "$T/r2"
    [ "$(wc -c <"$T/r1/markdown/rollout-short.md")" -lt 4000 ]
    not grep -rn '{{' "$T/r1"
    for name in "$T"/r1/*/*.sh; do sh -n "$name"; done
    expect 2 edit_one --render nonsense --render-dir "$T/r3"
}

@test "hostile manifests are refused by name and left as they are" {
    pod ok >"$T/tree/ok.yaml"
    { pod; head -c 100000000 /dev/zero | tr '\0' '#'; } >"$T/tree/huge.yaml"
    { pod; printf '# \xff\xfe\n'; } >"$T/tree/bytes.yaml"
    { printf 'deep: '; printf '[%.0s' {1..5000}; echo; pod; } >"$T/tree/deep.yaml"
    python3 - >"$T/tree/laughs.yaml" <<'Y'
print("apiVersion: v1\nkind: Pod\nx: &a0 [lol, lol, 'registry.example.org/team/app:1.4']")
for i in range(1, 40):
    print(f"x{i}: &a{i} [" + ", ".join([f"*a{i-1}"] * 9) + "]")
print("spec: {containers: *a39}")
Y
    cp -a "$T/tree" "$T/before"
    run timeout 20 "$RESOLE" rollout edit "$T/one.json" --manifests "$T/tree" --write -o "$T/rollout.json"
    [ "$status" -eq 0 ]
    grep -q patched/app "$T/tree/ok.yaml"
    cp "$T/before/ok.yaml" "$T/tree/ok.yaml"
    diff -rq "$T/before" "$T/tree"
    [ "$(jq -r '[.notApplied[] | select(.reason == "unreadable") | .file] | unique | join(" ")' "$T/rollout.json")" = "bytes.yaml deep.yaml huge.yaml" ]
}

@test "a read-only file stops everything before anything is written" {
    pod a >"$T/tree/a.yaml"
    pod b >"$T/tree/b.yaml"
    chmod a-w "$T/tree/b.yaml"
    cp -a "$T/tree" "$T/before"
    expect 3 edit_one --write
    is_a_message
    diff -r "$T/before" "$T/tree"
}

@test "revert refuses a file that somebody changed, and paths that leave the tree" {
    pod a >"$T/tree/a.yaml"
    pod b >"$T/tree/b.yaml"
    expect 0 edit_one --write
    echo '# mine' >>"$T/tree/b.yaml"
    cp -a "$T/tree" "$T/before"
    expect 3 resole rollout revert "$T/rollout.json" --manifests "$T/tree" --write
    diff -r "$T/before" "$T/tree"
    pod out >"$T/out.yaml"
    jq '.files[0].file = "../out.yaml" | .edits[0].file = "../out.yaml"' "$T/rollout.json" >"$T/evil.json"
    expect 3 resole rollout revert "$T/evil.json" --manifests "$T/tree" --write
    grep -q 'team/app:1.4$' "$T/out.yaml"
}

@test "helm values: keys are added with their sibling's indentation, --pin both" {
    printf 'web:\n    image:\n        repository: registry.example.org/team/app\n        tag: "1.4" # keep\n    port: 1' >"$T/tree/values.yaml"
    expect 0 edit_one --pin both --write
    printf 'web:\n    image:\n        repository: registry.example.org/patched/app\n        tag: "1.4" # keep\n        digest: %s\n    port: 1' "$NEW" | cmp - "$T/tree/values.yaml"
}
