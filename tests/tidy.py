#!/usr/bin/env python3
"""clang-tidy over batches of source files, of which each reads the same headers only once.

    tidy.py plan BUILD [STATES]   writes BUILD/tidy.ninja, from BUILD/compile_commands.json
    tidy.py batch BATCH           examines one; prints what was found, and exits 1 if anything was

Most of clang-tidy's time goes into the standard library's headers, which it searches again for
every file. A batch is a source file that includes up to BATCH_FILES_MAX of ours. Its name begins
with UnifiedSource, by which the analyzer knows that these are not headers. What each program has
one of is given another name in each file.

A test, or fuzz target, whose names nobody else uses stands in a namespace of its own, behind what
it includes. Others that declare the same name outside of functions are not put together. If a
batch doesn't compile nevertheless, its files are examined one by one. (Unused using declarations
are the only thing that clang-tidy finds in the main file alone: house_rules.py looks for those.)
"""
import collections
import functools
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

BATCH_FILES_MAX = 48
CHECKS = ('--checks=clang-diagnostic-*,-clang-diagnostic-macro-redefined,'
          '-bugprone-suspicious-include')
# States that the analyzer looks at in one function, of 225,000 that are its own limit and take four
# times as long: `./dev lint deep` looks at these.
STATES = '25000'
ROOT = pathlib.Path(__file__).resolve().parent.parent

# What stands at the left margin is outside of functions and classes, as clang-format indents all
# else: a type, or another name.
TYPE = re.compile(r'^(?:struct|class|enum class|enum|union|using) (?!namespace)(?:\w+::)*'
                  r'(\w+)(?!;|\w|:)', re.M)
OTHER = re.compile(r'^(?!namespace|using)[A-Za-z_][^()={;/\n]*?(?<![:~])\b(\w+)(?:\(|\[| = |\{|;)',
                   re.M)
USING = re.compile(r'^using ((?:\w+::)+(\w+));', re.M)
SPACE = re.compile(r'^namespace ([\w:]+) {', re.M)
ONCE = re.compile(r'^int (main)\(', re.M)
OURS = re.compile(r'^#include "(.*)"', re.M)
INCLUDE = re.compile(r'^#include .*', re.M)
TESTS = re.compile(r'^(?:TEST_CASE|void one_input\()', re.M)  # the latter of a fuzz target
REPLACES = re.compile(r'^(?:void\*? operator (?:new|delete)|extern "C" )', re.M)
WORD = re.compile(r'\w+')
DEFINED = re.compile(r'-D(\w+)')


class Source:
    """A file: what it declares, which types it sees in headers, and what it is compiled with."""

    def __init__(self, path, flags):
        text = text_of(path)
        self.path = path
        self.given = {flag for flag in flags if flag.startswith('-D')}
        self.defined = used(self.given, path)
        self.flags = [flag for flag in flags if flag not in self.given]
        # Not what defines a name that the C library has, or the C++ one.
        self.alone = (path.startswith('tests/') and not REPLACES.search(text) and
                      (TESTS.search(text) or ONCE.search(text)) is not None)
        self.redeclares = re.search('^extern "C" {', text, re.M) is not None
        self.apart = re.search(rf'^namespace (\w+::)*{pathlib.Path(path).stem} {{', text,
                               re.M) is not None
        # The product's folders are namespaces.
        self.space = [] if path.startswith('tests/') else SPACE.findall(text)[:1]
        self.own = types_of(path) | set(OTHER.findall(text))
        self.own -= set(ONCE.findall(text))
        self.seen = frozenset().union(*(types_of(header) for header in headers_of(path)))
        self.using = {name: whole for whole, name in USING.findall(text)}

    def clash(self, other):
        """Whether one name may mean two things where both files are put together."""
        if self.redeclares or other.redeclares:
            return True
        together = self.given | other.given
        if used(together, self.path) != self.defined or used(together, other.path) != other.defined:
            return True
        if self.alone and other.alone or self.apart and other.apart:
            return False
        if self.space and other.space and self.space != other.space:
            return False
        return bool(self.own & (other.own | other.seen | other.using.keys()) or
                    other.own & (self.seen | self.using.keys()) or
                    any(other.using.get(name, whole) != whole
                        for name, whole in self.using.items()))


@functools.cache
def text_of(path):
    return (ROOT / path).read_text()


@functools.cache
def types_of(path):
    return set(TYPE.findall(text_of(path)))


@functools.cache
def headers_of(path):
    """Our headers that a file includes, be it by another."""
    found = set()
    for header in OURS.findall(text_of(path)):
        if header not in found:
            found |= {header} | headers_of(header)
    return frozenset(found)


def flags_of(command):
    """The flags of a compile command that decide what the source means."""
    return tuple(word for word in shlex.split(command)
                 if re.match(r'-(D|W|-?std|f(no-)?(exceptions|rtti))', word))


@functools.cache
def words_of(path):
    """All that a file says, be it in headers of ours."""
    words = set(WORD.findall(text_of(path)))
    return words.union(*(words_of(header) for header in OURS.findall(text_of(path))))


def used(flags, path):
    """Of flags that define names: those whose name a file knows."""
    return {flag for flag in flags if DEFINED.match(flag)[1] in words_of(path)}


def sources(build):
    """Each file once for each meaning that it has."""
    found = {}
    for entry in json.loads((ROOT / build / 'compile_commands.json').read_text()):
        path = os.path.relpath(os.path.join(entry['directory'], entry['file']), ROOT)
        if path.startswith(f'{build}/'):  # It is generated.
            continue
        source = Source(path, flags_of(entry['command']))
        found[path, *source.flags, *sorted(source.defined)] = source
    return [found[key] for key in sorted(found)]


def batches(build):
    """Lists of sources that have flags and checks in common, and no name."""
    alike = collections.defaultdict(list)
    for source in sources(build):
        alike[source.path.startswith('tests/'), source.alone, *source.flags].append(source)
    for group in alike.values():
        begun = []
        for source in group:
            for members in begun:
                if len(members) < BATCH_FILES_MAX and \
                        not any(source.clash(other) for other in members):
                    members.append(source)
                    break
            else:
                begun.append([source])
        yield from begun


def included(source, number):
    """What a batch has of a file, with a name of its own for what there may be only one of."""
    text = text_of(source.path)
    names = ONCE.findall(text)
    lines = [f'#define {name} {name}_{number}' for name in names]
    if source.alone:
        lines += INCLUDE.findall(text)
        # Within the namespace that the file adds to, so that names are looked up in the same order;
        # its own of that name has all that is in the first.
        space = SPACE.findall(text)[:1]
        lines += [f'namespace {name} {{' for name in [*space, f'alone_{number}']]
        parts = space[0].split('::') if space else []
        for upto in range(1, len(parts) + 1):
            name = '::'.join(parts[:upto])
            lines.append(f'namespace {name} {{ using namespace ::{name}; }}')
        lines += [f'#include "{source.path}"', '}' * (len(space) + 1)]
    else:
        lines.append(f'#include "{source.path}"')
    return '\n'.join(lines + [f'#undef {name}' for name in names]) + '\n'


def write(path, text):
    """Leaves a file that is right as it is, for ninja."""
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def plan(build, states):
    folder = pathlib.Path(build, 'tidy')
    write(ROOT / folder / 'tests/.clang-tidy', (ROOT / 'tests/.clang-tidy').read_text())
    lines = [f'builddir = {folder}',
             'rule tidy',
             '  command = tests/tidy.py batch $in && touch $out',
             '  depfile = $in.d', '  deps = gcc', '  description = tidy $in ($files)']
    for number, members in enumerate(batches(build)):
        files = [source.path for source in members]
        flags = [*members[0].flags, *sorted(set().union(*(source.given for source in members)))]
        tests = 'tests/' if files[0].startswith('tests/') else ''
        # Not what Catch2's macros expand to.
        flags += [] if tests else ['-Wreserved-identifier']
        # Of a name in another file; gcc sees to it where it matters.
        flags += ['-Wno-shadow']
        name = f'{folder}/{tests}UnifiedSource-{pathlib.Path(files[0]).stem}-{number}.cpp'
        flags += ['-Xclang', '-analyzer-config', '-Xclang', f'max-nodes={states}']
        write(ROOT / name, ''.join(included(source, at) for at, source in enumerate(members)))
        write(ROOT / f'{name}.flags', '\n'.join(flags))
        lines += [f'build {name}.ok: tidy {name} | .clang-tidy tests/.clang-tidy {name}.flags',
                  f'  files = {" ".join(files)}']
    write(ROOT / build / 'tidy.ninja', '\n'.join(lines) + '\n')


def examine(path, flags):
    """What clang-tidy prints of a file, and whether it found nothing."""
    done = subprocess.run(['clang-tidy', '--quiet', CHECKS, path, '--', *flags], cwd=ROOT,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.stdout + ('' if done.returncode == 0 else done.stderr), done.returncode == 0


def batch(name):
    flags = [*pathlib.Path(f'{name}.flags').read_text().split('\n'), f'-I{ROOT}']
    subprocess.run(['clang++', *flags, '-MM', '-MF', f'{name}.d', '-MT', f'{name}.ok', name],
                   cwd=ROOT, stderr=subprocess.DEVNULL, check=False)
    printed, clean = examine(name, flags)
    if not clean:
        files = OURS.findall(pathlib.Path(name).read_text())
        print(f'{name}: one by one, as it is not clean as a whole:\n{printed[:2000]}')
        results = [examine(file, flags) for file in files]
        printed, clean = ''.join(text for text, _ in results), all(good for _, good in results)
    if not clean:
        print(printed)
    return clean


if __name__ == '__main__':
    if sys.argv[1] == 'plan':
        plan(sys.argv[2], *(sys.argv[3:] or [STATES]))
    else:
        sys.exit(0 if batch(sys.argv[2]) else 1)
