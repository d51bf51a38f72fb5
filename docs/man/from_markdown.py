#!/usr/bin/env python3
"""usage: from_markdown.py NAME SECTION SUMMARY FILE.md: prints that page of ours for scdoc

So a manual page and a page of docs/ are one text. It takes the Markdown that our pages have:
headings, paragraphs, lists, tables, blocks of code; and within a line `code`, **bold**, *italic* and
links, of which the text is left.
"""
import re
import sys

INLINE = re.compile(r'`(?P<code>[^`]+)`|\*\*(?P<bold>[^*]+)\*\*|\*(?P<italic>[^*]+)\*|'
                    r'\[(?P<text>[^]]+)\]\((?P<target>[^)]+)\)')
PAGES = {'configuration.md': '*herd.json*(5)', 'protocol.md': '*herd-protocol*(7)',
         'metrics.md': '*herd-metrics*(7)'}


def plain(text):
    """Text in which scdoc finds nothing but text."""
    return re.sub(r'([\\*_+`<>\[\]#|~])', r'\\\1', text)


def inline(text):
    """A piece of a paragraph."""
    parts, at = [], 0
    for found in INLINE.finditer(text):
        parts.append(plain(text[at:found.start()]))
        at = found.end()
        if found['text']:
            page = PAGES.get(found['target'].split('#')[0])
            parts.append(page or inline(found['text']))
        elif found['italic']:
            parts.append(f'_{plain(found["italic"])}_')
        else:
            parts.append(f'*{plain(found["code"] or found["bold"])}*')
    return ''.join([*parts, plain(text[at:])])


def paragraph(lines):
    """One line, that begins with nothing which scdoc would take for a sign."""
    text = inline(' '.join(' '.join(lines).split()))
    return '\\' + text if re.match(r'[-.;:{]', text) else text


def table(lines):
    """A list of what its first column has: a screen has no room for more beside that."""
    rows = [[cell.strip() for cell in line.strip().strip('|').split('|')] for line in lines]
    head = rows[0]
    entries = []
    for row in rows[2:]:
        named = [f'{name}: {cell}' for name, cell in zip(head[1:], row[1:])]
        rest = row[1] if len(head) == 2 else '; '.join(named)
        entries.append(f'{paragraph(row[:1])}\n\t{paragraph([rest])}')
    return '\n'.join(entries)


def listed(lines):
    """Each entry in one line; a number where it has one."""
    entries = []
    for line in lines:
        found = re.match(r'(-|\d+\.) (.*)', line)
        if found:
            entries.append(['-' if found[1] == '-' else '.', found[2]])
        else:
            entries[-1][1] += ' ' + line.strip()
    return '\n'.join(f'{sign} {paragraph([text])}' for sign, text in entries)


def kind_of(line):
    """What a line is, or goes on."""
    if line.startswith('#'):
        return 'heading'
    if line.startswith('|'):
        return 'table'
    if re.match(r'(-|\d+\.) |  ', line):
        return 'list'
    return 'text' if line.strip() else 'blank'


def heading(lines):
    """The first level of a manual page is the second one of ours."""
    level, text = lines[0].split(' ', 1)
    return f'# {inline(text).upper()}' if len(level) == 2 else f'## {inline(text)}'


def blocks(text):
    """Yields (kind, lines) in turns; blocks of code as they stand."""
    text = re.sub(r'\A(<!--[^\n]*\n)?# [^\n]*\n', '', text)
    kind, lines, code = 'blank', [], False
    for line in text.split('\n'):
        if line.startswith('```'):
            yield kind, lines
            kind, lines, code = 'blank' if code else 'code', [], not code
        elif code:
            lines.append(line)
        else:
            # A line that begins with blanks goes on with what the one before it began.
            now = kind if line.startswith('  ') and kind != 'blank' else kind_of(line)
            if now != kind or now == 'heading':
                yield kind, lines
                kind, lines = now, []
            lines.append(line)
    yield kind, lines


FORMS = {'heading': heading, 'table': table, 'list': listed, 'text': paragraph,
         'code': lambda lines: '\n'.join(['```', *(line.replace('\\', '\\\\') for line in lines),
                                          '```'])}


def main(name, section, summary, path):
    with open(path, encoding='utf-8') as page:
        found = [FORMS[kind](lines) for kind, lines in blocks(page.read()) if kind in FORMS]
    print('\n\n'.join([f'{name}({section})', '# NAME', f'{name} - {summary}', '# DESCRIPTION',
                       *found, '# SEE ALSO', '*herd*(1), _/usr/share/doc/herd/_']))


if __name__ == '__main__':
    main(*sys.argv[1:])
