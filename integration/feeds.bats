# SPDX-License-Identifier: Apache-2.0
# Advisory feeds instead of a scanner: imported, fetched when they changed, planned by, and never taken for something that they are not.

load support/lib

setup_file() {
    load support/lib
    make_tiny
}
teardown_file() { load support/lib; drop_tiny; }

setup() {
    use_tiny
    CACHE=$T/cache
    mkdir -p "$TINY/repo/feeds"
    start_mirror "$TINY"
    tracker >"$TINY/repo/feeds/tracker.json"
}
teardown() { stop_mirror; }

# What the tracker would say about the small archive: one fix that the security archive has, one that it does not have yet, and the other states.
tracker() {
    jq -n '{"demo": {
      "CVE-2026-1": {releases: {bookworm: {status: "resolved", fixed_version: "1.0-1+deb12u1", urgency: "high"}}},
      "CVE-2026-2": {releases: {bookworm: {status: "resolved", fixed_version: "9.0-1", urgency: "low"}}},
      "CVE-2026-3": {releases: {bookworm: {status: "open", urgency: "low", nodsa: "Minor", nodsa_reason: "ignored"}}},
      "CVE-2026-4": {releases: {bookworm: {status: "resolved", fixed_version: "0", urgency: "low"}}}}}'
}

@test "a plan by a feed file needs no scanner" {
    expect 0 plan_tiny "$IMAGE" --feed "$TINY/repo/feeds/tracker.json" -o "$T/plan.json"
    jq -e '[.platforms[0].packages[] | select(.name == "demo-lib") | .fixes[]] | index("CVE-2026-1")' "$T/plan.json"
    jq -e '[.platforms[0] | .. | objects | select(.id? == "CVE-2026-3")] | length > 0' "$T/plan.json"
    not grep -q CVE-2026-4 "$T/plan.json"
    jq -e '.inputs | any(.kind == "feed" and .name == "tracker.json")' "$T/plan.json"
    jq -e '.options.update == "reported"' "$T/plan.json"
}

@test "what was imported is kept, listed, and planned by without network" {
    expect 0 resole feed import --name debian "$TINY/repo/feeds/tracker.json" -f json
    jq -e '.feeds[0] | .name == "debian" and .format == "debian-tracker" and .records == 4 and .scopes == ["debian:bookworm"]' <<<"$output"
    expect 0 resole feed status
    [[ $output == *debian-tracker* ]]
    expect 0 plan_tiny "$IMAGE" --feed debian -o "$T/plan.json"
    [[ $stderr == *"feed debian: as of "* ]]
    expect 0 plan_tiny "$IMAGE" --feed all --max-feed-age 1d -o "$T/again.json"
    touch -d '5 days ago' "$TINY/repo/feeds/tracker.json"
    expect 0 resole feed import --name debian "$TINY/repo/feeds/tracker.json"
    expect 6 plan_tiny "$IMAGE" --feed debian --max-feed-age 3d
    [[ $stderr == *"5 d ago"* ]]
}

@test "a feed is fetched again only when it changed, and the last copy stays when it is out of reach" {
    local from="debian $MIRROR/feeds/tracker.json"
    expect 0 resole feed update --from "$from" -f json
    [ "$(jq -r '.feeds[0].records' <<<"$output")" = 4 ]
    local before; before=$(jq -r '.feeds[0].changed' <<<"$output")
    sleep 1.1
    expect 0 resole feed update --from "$from" -f json
    [ "$(jq -r '.feeds[0].changed' <<<"$output")" = "$before" ]
    [ "$(jq -r '.feeds[0].checked' <<<"$output")" != "$before" ]
    stop_mirror
    expect 5 resole feed update --from "$from"
    [[ $stderr == *"the copy of "*" stays"* ]]
    expect 0 resole feed status
    [[ $output == *debian* ]]
}

@test "a digest beside the feed is believed, not the feed" {
    (cd "$TINY/repo/feeds" && sha256sum tracker.json >tracker.json.sha256)
    expect 0 resole feed update --from "debian $MIRROR/feeds/tracker.json sha256"
    sha256sum /dev/null >"$TINY/repo/feeds/tracker.json.sha256"
    expect 4 resole feed update --from "debian $MIRROR/feeds/tracker.json sha256" --cache-dir "$T/other"
    rm "$TINY/repo/feeds/tracker.json.sha256"
}

@test "a signature beside the feed, by a key that the operator names" {
    local feed=$TINY/repo/feeds/tracker.json
    gpg --homedir "$TINY/gnupg" --batch --yes --pinentry-mode loopback --passphrase "" -u main@archive.test --armor -o "$feed.asc" --detach-sign "$feed" 2>/dev/null
    expect 0 resole feed update --from "debian $MIRROR/feeds/tracker.json signed" --add-keyring "$TINY/keys/main.gpg"
    expect 4 resole feed update --from "debian $MIRROR/feeds/tracker.json signed" --add-keyring "$TINY/keys/other.gpg"
    [[ $stderr == *"not trusted here"* ]]
    echo >>"$feed"
    expect 4 resole feed update --from "debian $MIRROR/feeds/tracker.json signed" --add-keyring "$TINY/keys/main.gpg" --cache-dir "$T/other"
    [[ $stderr == *"does not fit"* ]]
    rm "$feed.asc"
}

@test "updateinfo by the digest that repomd.xml names" {
    local dir=$TINY/repo/rocky/repodata
    mkdir -p "$dir"
    echo '<updates><update type="security"><id>RLSA-1</id><references><reference type="cve" id="CVE-2026-9"/></references><pkglist><collection><name>Rocky Linux 9</name><package name="a" version="1" release="2" epoch="0" arch="x86_64"/></collection></pkglist></update></updates>' >"$dir/updateinfo.xml"
    echo "<repomd><data type=\"updateinfo\"><checksum type=\"sha256\">$(sha256sum <"$dir/updateinfo.xml" | cut -d' ' -f1)</checksum><location href=\"repodata/updateinfo.xml\"/></data></repomd>" >"$dir/repomd.xml"
    expect 0 resole feed update --from "rocky $MIRROR/rocky/repodata/repomd.xml" -f json
    jq -e '.feeds[0] | .scopes == ["rocky:9"] and .format == "updateinfo"' <<<"$output"
    echo '<updates/>' >"$dir/updateinfo.xml"
    expect 4 resole feed update --from "rocky $MIRROR/rocky/repodata/repomd.xml" --cache-dir "$T/other"
}

@test "zip, tar and directories; what is none of ours is told" {
    mkdir -p "$T/osv"
    local i
    for i in 1 2 3; do
        echo "{\"id\": \"X-$i\", \"modified\": \"2026-01-0${i}T00:00:00Z\", \"aliases\": [\"CVE-2026-$i\"], \"affected\": [{\"package\": {\"ecosystem\": \"Debian:12\", \"name\": \"demo-lib\"}, \"ranges\": [{\"type\": \"ECOSYSTEM\", \"events\": [{\"introduced\": \"0\"}, {\"fixed\": \"2\"}]}]}]}" >"$T/osv/X-$i.json"
    done
    echo hello >"$T/osv/readme.txt"
    expect 0 resole feed import --name folder "$T/osv"
    [[ $stderr == *"readme.txt is no advisory feed"* ]]
    tar -C "$T/osv" -cJf "$T/osv.tar.xz" .
    /usr/bin/python3 -c 'import shutil,sys; shutil.make_archive(sys.argv[1], "zip", sys.argv[2])' "$T/osv-all" "$T/osv"
    expect 0 resole feed import --name tarball "$T/osv.tar.xz"
    expect 0 resole feed import --name zipped "$T/osv-all.zip" -f json
    jq -e '[.feeds[] | .records] == [3, 3, 3]' <<<"$output"
    jq -e '.feeds[0].date == "2026-01-03T00:00:00Z"' <<<"$output"
}

@test "what is no feed, or about another release, is refused with a reason" {
    echo '{"SchemaVersion": 2, "Results": []}' >"$T/report.json"
    expect 3 resole feed import --name x "$T/report.json"
    [[ $stderr == *report.json*"a scanner's report"*--report* ]]
    head -c 100 "$TINY/repo/feeds/tracker.json" >"$T/cut.json"
    expect 3 resole feed import --name x "$T/cut.json"
    [[ $stderr == *cut.json*"it ends too early"* ]]
    echo '{"distroversion": "v3.20", "reponame": "main", "packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2026-1"]}}}]}' >"$T/alpine.json"
    expect 3 plan_tiny "$IMAGE" --feed "$T/alpine.json"
    [[ $stderr == *"none of the feeds is about Debian GNU/Linux 12"*alpine:3.20* ]]
    expect 3 plan_tiny "$IMAGE" --feed all
    [[ $stderr == *"no feed is kept"* ]]
    expect 2 resole feed update --from "onlyname"
    expect 2 resole feed update
    expect 2 resole feed import --name x --os nonsense:1 "$T/alpine.json"
}
