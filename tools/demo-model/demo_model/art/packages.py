"""Fetches the art from the npm registry, by exact versions."""

import subprocess
import tarfile

from ..settings import ART

PACKAGES = {
    "fluent-3d": "@lobehub/fluent-emoji-3d@1.1.0",
    "fluent-flat": "@iconify-json/fluent-emoji-flat@1.2.6",
    "fluent-line": "@iconify-json/fluent-emoji-high-contrast@1.2.6",
    "emojibase-data": "emojibase-data@17.0.0",
}
"""Folder below `art` and package.  All MIT; the last gives words only."""


def main(_arguments: list[str]) -> None:
    ART.mkdir(parents=True, exist_ok=True)
    for folder, package in PACKAGES.items():
        if (ART / folder).exists():
            continue
        packed = subprocess.run(
            ["npm", "pack", package, "--silent"], cwd=ART, check=True, capture_output=True, text=True
        ).stdout.split()[-1]
        with tarfile.open(ART / packed) as archive:
            archive.extractall(ART / f"{folder}.unpacked", filter="data")
        (ART / f"{folder}.unpacked" / "package").rename(ART / folder)
        (ART / f"{folder}.unpacked").rmdir()
        (ART / packed).unlink()
        print(f"{package} -> {ART / folder}", flush=True)
