#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long it takes to find and edit images in many manifests, with a warm disk, and how much memory.

    bench/rollout.py MANIFESTS [--files 10000] [--resole build/release/resole]

MANIFESTS is a directory of real ones; it is copied until there are as many files as wanted. Three cases: one image that few files name, one that many name, all
images at once. Each is run three times; the best counts.
"""
import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
RESULT_FOR = HERE.parent / "integration" / "support" / "result-for"


def replicate(source, target, wanted):
    files = sorted(path for path in source.rglob("*") if path.is_file())
    made = 0
    for copy in range(1 + wanted // len(files)):
        for path in files[: wanted - made]:
            place = target / f"copy-{copy:04}" / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            made += 1
    return made


def run(resole, results, tree):
    """Seconds, seconds of CPU, MiB, and the counts of the rollout."""
    document = tree.parent / "rollout.json"
    command = [resole, "rollout", "edit", *results, "--manifests", str(tree), "-o", str(document), "-q"]
    best = None
    for _ in range(3):
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if status != 0:
            sys.exit(f"{command[:3]} failed with {status}")
        cpu = usage.ru_utime + usage.ru_stime
        if best is None or seconds < best[0]:
            best = (seconds, cpu, usage.ru_maxrss / 1024)
    rollout = json.loads(document.read_text())
    return (*best, len(rollout["edits"]), len(rollout["files"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("manifests", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=10000)
    parser.add_argument("--resole", default=str(HERE.parent / "build/release/resole"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        count = replicate(options.manifests, folder / "tree", options.files)
        size = sum(path.stat().st_size for path in (folder / "tree").rglob("*") if path.is_file())
        subprocess.run([str(RESULT_FOR), "--tree", str(options.manifests), str(folder / "results")], check=True)
        results = sorted(str(path) for path in (folder / "results").glob("*.json"))
        named = collections.Counter()
        texts = [path.read_text(errors="replace") for path in options.manifests.rglob("*") if path.is_file()]
        for result in results:
            name = json.loads(pathlib.Path(result).read_text())["sourceReference"].rsplit("/", 1)[-1].rsplit(":", 1)[0]
            named[result] = sum(name in text for text in texts)
        order = [result for result, _ in named.most_common()]
        print(f"{count} files, {size / 1e6:.1f} MB, {len(results)} images")
        print(f"{'case':<16}{'seconds':>9}{'CPU':>8}{'MiB':>7}{'edits':>8}{'files':>7}")
        for case, chosen in (("rare image", order[-1:]), ("common image", order[:1]), ("all images", results)):
            seconds, cpu, memory, edits, files = run(options.resole, chosen, folder / "tree")
            print(f"{case:<16}{seconds:>9.2f}{cpu:>8.2f}{memory:>7.0f}{edits:>8}{files:>7}")


if __name__ == "__main__":
    main()
