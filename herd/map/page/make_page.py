#!/usr/bin/env python3
"""Makes one document of the map's page, its parts and the outlines of land, as a C++ source file.

    make_page.py PAGE.html STYLE.css SCRIPT.js... LAND.txt OUT.cpp

Of the parts, what is there for readers only is left out: comments, indentation, and blanks beside
signs.
"""
import gzip
import re
import sys

HEAD = '''// Made by make_page.py. NOLINTBEGIN
#include "herd/map/page.hpp"

namespace herd::map {
'''
FUNCTION = '''
std::string_view {}() {{
    static constexpr std::string_view bytes({}, {});
    return bytes;
}}
'''


def read(path):
    with open(path, encoding='ascii') as file:
        return file.read()


# What stands in quotes stays as it is; so a part has no quote in a regular expression.
QUOTED = re.compile(r"""('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)""")


def stripped(text, signs=''):
    """Without whole-line comments, empty lines, indentation, and blanks beside these signs."""
    text = re.sub(r'^\s*(//.*|/\*.*?\*/)\n', '', text, flags=re.MULTILINE)
    text = ''.join(line.strip() + '\n' for line in text.splitlines() if line.strip())
    if not signs:
        return text
    text = re.sub(r'  // .*', '', text)
    pieces = QUOTED.split(text)
    beside = re.compile(rf' *([{re.escape(signs)}]) *')
    pieces[::2] = [beside.sub(r'\1', piece) for piece in pieces[::2]]
    return ''.join(pieces)


def literal(data):
    """The bytes as a string literal, in lines."""
    def escaped(byte):
        plain = 32 <= byte < 127 and byte not in b'"\\\\?'  # two question marks begin a trigraph
        return chr(byte) if plain else f'\\{byte:03o}'
    return ''.join('\n        "' + ''.join(map(escaped, data[at:at + 80])) + '"'
                   for at in range(0, len(data), 80))


def main(page, style, *rest):
    *scripts, land, out = rest
    script = ''.join(stripped(read(path), '{}()[];,:?=<>&|!*/%') for path in scripts)
    document = stripped(read(page))
    for mark, text in [('@STYLE@', stripped(read(style), '{};,').replace('\n', '')), ('@SCRIPT@', script),
                       ('@LAND@', read(land))]:
        if document.count(mark) != 1:
            raise SystemExit(f'{page}: {mark} is not there once')
        document = document.replace(mark, text.rstrip('\n'))
    data = document.encode('ascii')
    with open(out, 'w', encoding='ascii') as file:
        file.write(HEAD)
        for name, each in [('page', data), ('page_gzip', gzip.compress(data, 9, mtime=0))]:
            file.write(FUNCTION.format(name, literal(each), len(each)))
        file.write('\n}  // namespace herd::map\n// NOLINTEND\n')


if __name__ == '__main__':
    main(*sys.argv[1:])
