#!/usr/bin/env python3
"""clang-tidy over batches of source files, of which each reads the same headers only once.

    tidy.py plan BUILD [STATES]   writes BUILD/tidy.ninja, from BUILD/compile_commands.json
    tidy.py batch BATCH           examines one; prints what was found, and exits 1 if anything was

Most of clang-tidy's time goes into the standard library's headers, which it searches again for
every file. A batch is a source file that includes up to BATCH_FILES_MAX of ours. Its name begins
with UnifiedSource, by which the analyzer knows that these are not headers. Files that declare the
same name outside of functions are not put together; if a batch doesn't compile nevertheless, its
files are examined one by one. (Unused using declarations are the only thing that clang-tidy finds in the
main file alone: house_rules.py looks for those.) What each program, or fuzz target, has one of is
given another name in each file.
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

BATCH_FILES_MAX = 24
CHECKS = ('--checks=clang-diagnostic-*,-clang-diagnostic-macro-redefined,'
          '-bugprone-suspicious-include')
# States that the analyzer looks at in one function, of 225,000 that are its own limit and take four
# times as long: `./dev lint deep` looks at these.
STATES = '25000'
ROOT = pathlib.Path(__file__).resolve().parent.parent

# What stands at the left margin is outside of functions and classes, as clang-format indents all
# else: a type, or another name.
TYPE = re.compile(r'^(?:struct|class|enum class|enum|union|using) (?!namespace)(?:\w+::)*'
                  r'(\w+)(?!;|\w|:)|^using (?!namespace)(?:\w+::)+(\w+);', re.M)
OTHER = re.compile(r'^(?!namespace|using)[A-Za-z_][^()={;/\n]*?(?<!:)\b(\w+)(?:\(|\[| = |\{|;)', re.M)
SPACE = re.compile(r'^namespace ([\w:]+) {', re.M)
ONCE = re.compile(r'^(?:extern "C" )?int (main|LLVMFuzzerTestOneInput)\(', re.M)
OURS = re.compile(r'^#include "(.*)"', re.M)


class Names:
    """What a source file declares itself, and which types it sees in headers."""

    def __init__(self, path):
        stem = pathlib.Path(path).stem
        self.apart = re.search(rf'^namespace (\w+::)*{stem} {{', text_of(path), re.M) is not None
        # The product's folders are namespaces.
        self.space = [] if path.startswith('tests/') else SPACE.findall(text_of(path))[:1]
        self.own = types_of(path) | set(OTHER.findall(text_of(path)))
        self.own -= set(ONCE.findall(text_of(path)))
        self.seen = collections.defaultdict(set)  # of each name: the headers that have it
        for header in headers_of(path):
            for name in types_of(header):
                self.seen[name].add(header)

    def clash(self, other):
        """Whether one name may mean two things where both files are put together."""
        if self.apart and other.apart:  # Each has a namespace named after it.
            return False
        if self.space and other.space and self.space != other.space:
            return False
        return bool(self.own & other.own or self.own & other.seen.keys() or
                    self.seen.keys() & other.own or
                    any(header.startswith('tests/')
                        for name in self.seen.keys() & other.seen.keys()
                        for header in self.seen[name] ^ other.seen[name]))


@functools.cache
def text_of(path):
    return (ROOT / path).read_text()


@functools.cache
def types_of(path):
    return {name for found in TYPE.findall(text_of(path)) for name in found if name}


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
                 if re.match(r'-(D|W|std|f(no-)?(exceptions|rtti))', word))


def batches(build):
    """Lists of files that have flags and checks in common, and no name."""
    alike = collections.defaultdict(list)
    for entry in json.loads((ROOT / build / 'compile_commands.json').read_text()):
        path = os.path.relpath(os.path.join(entry['directory'], entry['file']), ROOT)
        if path.startswith(f'{build}/'):  # It is generated.
            continue
        group = (path.startswith('tests/'), flags_of(entry['command']))
        if path not in alike[group]:
            alike[group].append(path)
    for (_, flags), paths in alike.items():
        begun = []  # lists of (path, names)
        for path in sorted(paths):
            names = Names(path)
            for members in begun:
                if len(members) < BATCH_FILES_MAX and \
                        not any(names.clash(others) for _, others in members):
                    members.append((path, names))
                    break
            else:
                begun.append([(path, names)])
        yield from (([path for path, _ in members], flags) for members in begun)


def included(path, number):
    """What a batch has of a file, with a name of its own for what there may be only one of."""
    names = ONCE.findall(text_of(path))
    return (''.join(f'#define {name} {name}_{number}\n' for name in names) +
            f'#include "{path}"\n' + ''.join(f'#undef {name}\n' for name in names))


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
    for number, (files, flags) in enumerate(batches(build)):
        tests = 'tests/' if files[0].startswith('tests/') else ''
        # Not what Catch2's macros expand to.
        flags += () if tests else ('-Wreserved-identifier',)
        # Of a name in another file; gcc sees to it where it matters.
        flags += ('-Wno-shadow',)
        name = f'{folder}/{tests}UnifiedSource-{pathlib.Path(files[0]).stem}-{number}.cpp'
        flags += ('-Xclang', '-analyzer-config', '-Xclang', f'max-nodes={states}')
        write(ROOT / name, ''.join(included(file, at) for at, file in enumerate(files)))
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
