#!/usr/bin/env python3
"""Makes packages/engine/test/fixtures-pillow/lanczos.json: what Pillow's LANCZOS gives for generated pictures.

Requirement: pip install pillow==13.0.0
Run from the root of the repository: python3 tools/goldens/make_lanczos.py

The input pixels are not stored: byte i of a picture is the high byte of the i-th number of the generator
x <- (1664525 x + 1013904223) mod 2^32 that starts at `seed`; kind "edges" turns each byte into 0 or 255 by its top bit,
so that the kernel's negative lobes have to be clipped at both ends. Outputs are stored as SHA-256, the first one whole.
"""

import base64
import hashlib
import json
import re
from pathlib import Path

import PIL
from PIL import Image

TARGET = Path(__file__).resolve().parents[2] / 'packages/engine/test/fixtures-pillow/lanczos.json'

SIZES = [
    # (width, height) -> (width, height)
    ((7, 5), (8, 8)),
    ((64, 64), (64, 64)),
    ((64, 48), (64, 40)),
    ((50, 64), (48, 64)),
    ((100, 75), (96, 72)),
    ((101, 131), (96, 128)),
    ((33, 17), (128, 136)),
    ((300, 200), (64, 40)),
    ((511, 257), (8, 8)),
    ((1, 1), (16, 8)),
    ((2, 300), (8, 296)),
    ((3, 3), (1, 1)),
    ((129, 64), (128, 64)),
    ((640, 9), (24, 8)),
    ((16, 16), (257, 3)),
    # Pillow 13 goes along the columns first when more than twice as many rows as columns disappear.
    ((65, 103), (64, 96)),
    ((67, 70), (64, 64)),
]


def generated(width, height, seed, kind):
    x, data = seed, bytearray()
    for _ in range(width * height * 3):
        x = (1664525 * x + 1013904223) % 2**32
        byte = x >> 24
        data.append(byte if kind == 'noise' else 255 if byte >= 128 else 0)
    return Image.frombytes('RGB', (width, height), bytes(data))


def main():
    cases = []
    for seed, (source, target) in enumerate(SIZES, start=1):
        for kind in ('noise', 'edges'):
            pixels = generated(*source, seed, kind).resize(target, Image.LANCZOS).tobytes()
            case = {'source': source, 'target': target, 'seed': seed, 'kind': kind}
            case['sha256'] = hashlib.sha256(pixels).hexdigest()
            if not cases:
                case['pixels'] = base64.b64encode(pixels).decode()
            cases.append(case)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({'pillow': PIL.__version__, 'cases': cases}, indent=2)
    TARGET.write_text(re.sub(r'\[\s+(\d+),\s+(\d+)\s+\]', r'[\1, \2]', text) + '\n')  # sizes on one line


if __name__ == '__main__':
    main()
