# SPDX-License-Identifier: Apache-2.0
"""The least that the upgrade costs on this machine, whatever program does it: decoding the packages on two cores, and compressing once what is
new in them. Measured with dpkg-deb and gzip, on the packages of a bundle and on the layer that resole wrote.
"""
import glob
import os
import shutil
import subprocess


def decode(measure, packages):
    """Every package's data decoded, two at a time, the biggest first."""
    return measure("bash", "-c", "printf '%s\\0' \"$@\" | xargs -0 -P 2 -n 1 sh -c 'dpkg-deb --fsys-tarfile \"$1\" >/dev/null' sh", "decode", *packages)


def compress(measure, layer):
    """The layer's tar compressed once on one core, with the library that resole uses when its program is installed, else with gzip."""
    tar = layer + ".tar"
    with open(tar, "wb") as out:
        subprocess.run(["gzip", "-dc", layer], stdout=out, check=True)
    program = "libdeflate-gzip" if shutil.which("libdeflate-gzip") else "gzip"
    return program, measure("bash", "-c", f"{program} -6 -c <\"$1\" >/dev/null", "compress", tar)


def measure_all(resole, measure, layers):
    """Lines for the table: the floor on this machine."""
    bundle, plan = os.path.join(resole.directory, "bundle"), os.path.join(resole.directory, "plan.json")
    options = ["--cache-dir", resole.cache, "--progress", "none"]
    measure(resole.program, "plan", f"{resole.host}/demo:base", "--update", "all", "-o", plan, *options, accept=(0, 7))
    measure(resole.program, "fetch", plan, "-o", bundle, *options)
    files = [path for path in glob.glob(os.path.join(bundle, "**", "*"), recursive=True) if os.path.isfile(path)]
    packages = sorted((path for path in files if open(path, "rb").read(8) == b"!<arch>\n"), key=lambda path: (-os.path.getsize(path), path))
    decoding = decode(measure, packages)
    program, compressing = compress(measure, max(layers)[1])
    return ["floor, whatever the program",
            f"decoding {len(packages)} packages on two cores: {decoding['wall']:.2f} s wall, {decoding['cpu']:.2f} s CPU",
            f"compressing the new layer once with {program} -6: {compressing['wall']:.2f} s on one core"]
