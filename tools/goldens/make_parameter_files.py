#!/usr/bin/env python3
"""Makes packages/parameters/test/fixtures/parameter-files.json: tiny pictures with generation parameters as other tools store them.

Requirement: pip install pillow==13.0.0
Run from the root of the repository: python3 tools/goldens/make_parameter_files.py
"""

import base64
import io
import json
from pathlib import Path

import PIL
from PIL import Image
from PIL.PngImagePlugin import PngInfo

TARGET = Path(__file__).resolve().parents[2] / 'packages/parameters/test/fixtures/parameter-files.json'

LATIN1 = 'a café\nNegative prompt: dark\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 8x8'
UNICODE = '東京タワー 👩‍🚀\nNegative prompt: dark\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 8x8'
ASCII = 'a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 8x8'

EXIF_IFD, USER_COMMENT = 0x8769, 0x9286


def png(text, add):
    info = PngInfo()
    info.add_text('Software', 'something else')
    add(info, text)
    return save('PNG', pnginfo=info)


def exif(format, comment, endian):
    block = Image.Exif()
    block.endian = endian
    block.get_ifd(EXIF_IFD)[USER_COMMENT] = comment
    return save(format, exif=block)


def save(format, **options):
    file = io.BytesIO()
    Image.new('RGB', (8, 8), (200, 30, 30)).save(file, format, **options)
    return file.getvalue()


def main():
    unicode = b'UNICODE\0'
    files = [
        ('PNG tEXt', LATIN1, png(LATIN1, lambda info, text: info.add_text('parameters', text))),
        ('PNG zTXt', LATIN1, png(LATIN1, lambda info, text: info.add_text('parameters', text, zip=True))),
        ('PNG iTXt', UNICODE, png(UNICODE, lambda info, text: info.add_itxt('parameters', text, 'ja', 'パラメータ'))),
        ('PNG iTXt compressed', UNICODE, png(UNICODE, lambda info, text: info.add_itxt('parameters', text, zip=True))),
        ('JPEG UTF-16BE in a big-endian block', UNICODE, exif('JPEG', unicode + UNICODE.encode('utf-16-be'), '>')),
        ('JPEG UTF-16BE in a little-endian block', UNICODE, exif('JPEG', unicode + UNICODE.encode('utf-16-be'), '<')),
        ('JPEG UTF-16LE in a little-endian block', UNICODE, exif('JPEG', unicode + UNICODE.encode('utf-16-le'), '<')),
        ('JPEG UTF-16LE in a big-endian block', UNICODE, exif('JPEG', unicode + UNICODE.encode('utf-16-le'), '>')),
        ('JPEG ASCII', ASCII, exif('JPEG', b'ASCII\0\0\0' + ASCII.encode(), '<')),
        ('WebP UTF-16BE', UNICODE, exif('WEBP', unicode + UNICODE.encode('utf-16-be'), '>')),
        ('WebP UTF-8 without a charset', UNICODE, exif('WEBP', bytes(8) + UNICODE.encode(), '<')),
    ]
    cases = [{'name': name, 'text': text, 'file': base64.b64encode(file).decode()} for name, text, file in files]
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({'pillow': PIL.__version__, 'cases': cases}, indent=2, ensure_ascii=False)
    TARGET.write_text(text + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
