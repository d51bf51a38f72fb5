#!/usr/bin/env python3
"""The house rules as a test: who may include whom, which words and sizes are out of the question.

    house_rules.py [--compile CXX FLAG...]              prints each breach in this tree
    house_rules.py --self-test [--compile CXX FLAG...]  proves each rule on a bad example

With --compile every header must also compile alone; those that a source file includes first do so
where that is compiled alone, as in the builds with clang. Exits 1 if anything was found.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FOLDERS = {  # a folder of ours: what it may include the headers of
    'reactor': {'reactor'},
    'protocol': {'protocol'},
    'herd': {'reactor', 'protocol', 'herd'},
    'bench': {'reactor', 'protocol', 'herd/tls', 'bench'},
    'tests': {'reactor', 'protocol', 'herd', 'bench', 'tests'},
}

SYSTEM = r'(sys|netinet|arpa|linux)/.*|(unistd|fcntl|signal|spawn|poll|netdb|pthread)\.h|csignal'
INCLUDES = [  # header in <>; who may include it (a file, or a folder with its slash); of whom
    # address.cpp reads and writes addresses as text; reset.cpp resets on purpose, as a fault;
    # files.cpp makes files of keys, which no server does; writable.cpp asks what may be written,
    # room.cpp what a file takes of the disk.
    (SYSTEM, {'reactor/sys_linux.cpp', 'reactor/files_linux.cpp', 'reactor/process_linux.cpp', 'reactor/sockets_linux.cpp',
              'reactor/sync_linux.cpp', 'reactor/address.cpp', 'herd/program/processes.cpp', 'herd/program/writable.cpp', 'herd/program/room.cpp', 'herd/offline/reset.cpp',
              'herd/keys/files.cpp', 'tests/', 'bench/reference/', 'bench/floor/'}, ''),
    (r'curl/.*', {'herd/places/curl_library.hpp', 'bench/floor/'}, ''),
    (r'rapidjson/.*', {'protocol/places_json.cpp', 'herd/config/file.cpp', 'herd/watch/status.cpp',
                       'herd/program/status_facts.cpp', 'herd/program/status_table.cpp',
                       'herd/offline/new_search_body.cpp', 'herd/web/report_json.cpp', 'bench/target.cpp',
                       'bench/result.cpp', 'tests/'}, ''),
    (r'openssl/.*', {'herd/access/', 'herd/bridge/sha256.cpp', 'herd/places/curl_library.cpp', 'herd/keys/', 'herd/tls/', 'herd/wiping.cpp', 'bench/floor/', 'tests/'}, ''),
    (r'boost/.*', {'herd/http/request_parser.cpp'}, ''),
    (r'libdeflate\.h', {'herd/bridge/subjects.cpp', 'herd/journal/format.cpp'}, ''),
    (r'qrencode\.h', {'herd/program/qr_code.cpp'}, ''),
    (r'CLI/.*', {'herd/arguments.hpp', 'herd/help.hpp', 'herd/completion.hpp', 'herd/main.cpp',
                'bench/main.cpp'}, ''),
    (r'catch2/.*', {'tests/'}, ''),
    (r'c?time(\.h)?|chrono', set(), 'protocol/'),
    (r'iostream|map|unordered_map', set(), 'reactor/ protocol/'),
    (r'iostream|unordered_map', {'herd/main.cpp'}, 'herd/'),
]

WORDS = [  # folders, files let off, what no line of code there may contain
    ('reactor/ protocol/', set(), [
        r'std::string\b', r'std::function\b', r'\w*shared_ptr\b', r'make_shared\b',
        r'std::(unordered_)?(multi)?map\b', r'\bthrow\b', r'\btry\b', r'\bcatch\b',
        r'\bnew\b(?!\s*\()', r'\bnew\s*\(\s*std::nothrow', r'\b[mc]alloc\s*\(']),
    ('herd/', {'herd/main.cpp'}, [
        r'std::function\b', r'\w*shared_ptr\b', r'make_shared\b', r'\bunordered_map\b',
        r'\bthrow\b']),
]

FILE_LINES_MAX, FUNCTION_LINES_MAX, COLUMNS_MAX = 400, 70, 100
SUBJECT = re.compile(r'(reactor|protocol|herd|bench|tests|build|docs|findings|packaging|ops): '
                     r'[a-z].*[^.]')
SUBJECT_COLUMNS_MAX = 72
REQUIRED = ['README.md', 'ARCHITECTURE.md']

# The odd brackets keep these patterns from finding themselves.
TEXT = [  # what no line of any file of the tree may contain
    (re.compile(r'\b(TO[D]O|FIX[M]E|X[X]X)\b'), 'unfinished work is an issue, not a comment'),
    (re.compile(r'/w[o]rk/'), 'a path of somebody\'s machine'),
    (re.compile(r'\b(registry|deb|security|archive|snapshot|proxy)\.\w+\.(org|com)\b|'
                r'\bp[y]pi\.|n[p]mjs|pythonh[o]sted|crates\.[i]o'), 'a package registry\'s host'),
]
ASCII_EXEMPT = ('tests/', 'data/', 'README.md', 'ARCHITECTURE.md')


def inside(path, places):
    """Whether the path is one of these files, or in one of these folders (`tests/`)."""
    return any(path == place or (place.endswith('/') and path.startswith(place))
               for place in places)


# Reading --------------------------------------------------------------------------------------

def git(root, *arguments):
    """What git prints; nothing where there is no git or no repository."""
    if not (root / '.git').exists():
        return ''
    try:
        return subprocess.run(['git', '-C', root, *arguments], capture_output=True, text=True,
                              check=False).stdout
    except OSError:
        return ''


def files_of(root):
    """Every file that is or would be under version control, by its path from the root."""
    names = git(root, 'ls-files', '-z', '-co', '--exclude-standard').split('\0')[:-1]
    names = names or [str(path.relative_to(root)) for path in root.rglob('*')]
    away = re.compile(r'(^|/)(\.git|build[^/]*|__pycache__)/')
    return sorted(name for name in set(names) if not away.search(name) and (root / name).is_file())


def read(path):
    """The text of a file; None if it is not text."""
    data = path.read_bytes()
    try:
        return None if b'\0' in data else data.decode('utf-8')
    except UnicodeDecodeError:
        return None


NOISE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|'
    r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:\\\n|[^\n])*", re.DOTALL | re.MULTILINE)


def code_of(text):
    """The text without comments, literals and preprocessor lines, each line where it was."""
    def blank(found):
        return '""' * (found[0][0] in 'R"\'') + '\n' * found[0].count('\n')
    return NOISE.sub(blank, text)


# Rules: each takes a path, its text and all paths, and yields (line, rule) ---------------------

def include_rules(path, text, _):
    """Who may include whom."""
    folder = path.split('/')[0]
    for number, line in enumerate(text.split('\n'), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)', line)
        if not found:
            continue
        quote, name = found.groups()
        if quote == '"':
            target = name.split('/')[0]
            if '/' not in name or target not in FOLDERS:
                yield number, f'"{name}" is not a path from the top of the tree'
            elif not any(name.startswith(place + '/') for place in FOLDERS[folder]):
                yield number, f'{folder}/ may not include {target}/'
            continue
        for pattern, allowed, where in INCLUDES:
            looked_at = not where or inside(path, where.split())
            if looked_at and re.fullmatch(pattern, name) and not inside(path, allowed):
                yield number, f'<{name}> may not be included here'


def room_of(path):
    """The room of a file of herd/: its folder with a slash, or its name without an ending."""
    parts = path.split('/')
    return parts[1] + '/' if len(parts) > 2 else parts[1].split('.')[0]


def plan_of(architecture):
    """Room of herd/: the rooms that it may include, by the table in ARCHITECTURE.md.

    What those may include, it may, too. A row is `| `room` | what | `room` ... |`.
    """
    rows = re.findall(r'^\| `([a-z_]+/?)` \|[^|]*\|([^|]*)\|$', architecture, re.MULTILINE)
    plan = {room: set(re.findall(r'`([a-z_]+/?)`', beside)) for room, beside in rows}
    grew = True
    while grew:
        grew = False
        for allowed in plan.values():
            more = set().union(*(plan.get(room, set()) for room in allowed)) - allowed
            allowed |= more
            grew = grew or bool(more)
    return plan


def plan_rules(path, text, plan):
    """Within herd/, nothing is included or named beforehand that ARCHITECTURE.md does not allow."""
    own = room_of(path)
    if own not in plan:
        yield 1, f'{own} is no room in the table of ARCHITECTURE.md'
        return
    allowed = plan[own] | {own}
    for number, line in enumerate(text.split('\n'), 1):
        found = re.match(r'\s*#\s*include\s*"(herd/[^"]+)"', line)
        if found and room_of(found[1]) not in allowed:
            yield number, f'{own} may not include {room_of(found[1])}: see ARCHITECTURE.md'
        found = re.match(r'namespace herd::(\w+)', line)
        if found and path.count('/') > 1 and found[1] + '/' != own:
            yield number, f'{own} may not open the namespace of {found[1]}/'


def word_rules(path, text, _):
    """Constructs that allocate, throw or hide an owner."""
    code = code_of(text).split('\n')
    for folders, exempt, words in WORDS:
        if not inside(path, folders.split()) or path in exempt:
            continue
        for number, line in enumerate(code, 1):
            for word in words:
                found = re.search(word, line)
                if found:
                    yield number, f'"{found[0].strip()}" is not used here'


def using_rules(path, text, _names):
    """Names that a source file takes from elsewhere, and does not use (tidy.py says why here)."""
    if not path.endswith('.cpp'):
        return
    code = code_of(text)
    for number, line in enumerate(code.split('\n'), 1):
        found = re.match(r'(?:using [\w:]*::(\w+)|namespace (\w+) = [\w:]+);', line)
        name = found and (found[1] or found[2])
        if name and len(re.findall(rf'\b{name}\b', code)) < 2:
            yield number, f'"{name}" is taken from elsewhere, and not used'


def size_rules(_path, text, _names):
    """Files, lines and functions that fit a page or a mind."""
    lines = text.rstrip('\n').split('\n')
    if len(lines) > FILE_LINES_MAX:
        yield len(lines), f'more than {FILE_LINES_MAX} lines in a file'
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f'more than {COLUMNS_MAX} columns'
        if '\t' in line:
            yield number, 'a tab'
    for start, end in functions(code_of(text)):
        if end - start + 1 > FUNCTION_LINES_MAX:
            yield start, f'{end - start + 1} lines in a function, {FUNCTION_LINES_MAX} is the most'


def functions(code):
    """(first line, last line) of each pair of braces that may be a function's, signature and all.

    What stands between the last `;`, `{` or `}` and a brace tells what the brace opens. Braces
    within it, as of `a_{a}` in front of a constructor's body, belong to it.
    """
    scope = re.compile(r'\s*(template\s*<.*?>\s*|inline\s+)*'
                       r'(namespace|class|struct|union|enum|extern)\b', re.DOTALL)
    opened, begin, line = [], 0, 1
    for at, sign in enumerate(code):
        line += sign == '\n'
        if sign == '{':
            head = re.sub(r'^\s*(public|private|protected):', '', code[begin:at]).lstrip()
            body = not scope.match(head) and re.search(r'[)\]]', head) and \
                not re.search(r'(=|return|,|\()\s*$', head)
            opened.append((begin, line - head.count('\n'), body))
        if sign in '{};':
            begin = at + 1
        if sign == '}' and opened:
            outer, start, body = opened.pop()
            if body:
                yield start, line
            if re.match(r'\s*[,{]', code[at + 1:at + 80]):
                begin = outer


def first_include(text):
    """The first #include of a text, and what it includes, as it stands there."""
    found = re.search(r'^[ \t]*#[ \t]*include[ \t]*(\S+)', text, re.MULTILINE)
    return found, found[1] if found else ''


def header_rules(path, text, names):
    """Headers are guarded; x.cpp includes x.hpp first, which proves that it stands alone."""
    if path.endswith('.hpp'):
        if not re.search(r'^#pragma once$', text, re.MULTILINE):
            yield 1, 'a header without #pragma once'
        return
    own = path[:-len('.cpp')] + '.hpp'
    first, name = first_include(text)
    if own in names and name != f'"{own}"':
        yield (text.count('\n', 0, first.start()) if first else 0) + 1, \
            f'"{own}" is not the first include'


def text_rules(path, text):
    """What no file of the tree may say."""
    for number, line in enumerate(text.split('\n'), 1):
        for pattern, rule in TEXT:
            if pattern.search(line):
                yield number, rule
        if not line.isascii() and not inside(path, ASCII_EXEMPT):
            yield number, 'other than ASCII'


def subject_rules(log):
    """Yields (commit, rule) for a log of lines `commit subject`."""
    for line in log.splitlines():
        commit, _, subject = line.partition(' ')
        if not SUBJECT.fullmatch(subject):
            yield commit, f'"{subject}" is not "area: what it does" without a full stop'
        if len(subject) > SUBJECT_COLUMNS_MAX:
            yield commit, f'"{subject}" has more than {SUBJECT_COLUMNS_MAX} columns'


# Running ---------------------------------------------------------------------------------------

def unproven(root, names):
    """The headers that no source file of the build includes first, before it defines anything."""
    built = set()
    for name in names:
        if name.endswith('meson.build'):
            built.update(re.findall(r'\w+\.cpp', read(root / name) or ''))
    proven = set()
    for name in names:
        if name.endswith('.cpp') and name.rsplit('/', 1)[-1] in built:
            text = read(root / name) or ''
            first, included = first_include(text)
            if first and not re.search(r'^[ \t]*#', text[:first.start()], re.MULTILINE):
                proven.add(included.strip('"'))
    return [name for name in names if name.endswith('.hpp') and name not in proven]


def compile_rules(root, headers, command):
    """Each header alone, as many at a time as there are processors."""
    def compile_alone(name):
        run = subprocess.run(
            [*command, '-I', root, '-fsyntax-only', '-x', 'c++', '-'], check=False, text=True,
            input=f'#include "{name}"\n', capture_output=True)
        errors = re.findall(r'.*error.*', run.stderr) or [run.stderr.strip()]
        return (name, 1, f'does not compile alone: {errors[0]}') if run.returncode else None
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [breach for breach in pool.map(compile_alone, headers) if breach]


def check(root, command):
    """Every breach in the tree as (file, line, rule)."""
    names = files_of(root)
    breaches = [(name, 1, 'is missing') for name in REQUIRED if name not in names]
    plan = plan_of(read(root / 'ARCHITECTURE.md') or '') if 'ARCHITECTURE.md' in names else {}
    breaches += [('ARCHITECTURE.md', 1, f'{room} is built on itself')
                 for room, allowed in plan.items() if room in allowed]
    for name in names:
        text = read(root / name)
        if text is None:
            continue
        found = list(text_rules(name, text))
        if name.endswith(('.hpp', '.cpp')) and name.split('/')[0] in FOLDERS:
            for rules in (include_rules, word_rules, using_rules, size_rules, header_rules):
                found += rules(name, text, names)
            if name.startswith('herd/'):
                found += plan_rules(name, text, plan)
        breaches += [(name, line, rule) for line, rule in found]
    log = git(root, 'log', '--no-merges', '--format=%h %s')
    breaches += [('commit', commit, rule) for commit, rule in subject_rules(log)]
    if command:
        breaches += compile_rules(root, unproven(root, names), command)
    return breaches


# A rule that cannot fail is worth nothing -------------------------------------------------------

def long_function(lines):
    """A function of that many lines behind a constructor that tries to confuse the braces."""
    body = '    call("{", \'{\');  // {\n' * (lines - 3)
    return f'Thing::Thing(int a)\n    : a_{{a}} {{\n{body}}}\n'


ROOMS = '| `main` | top | `high/` |\n| `b` | a file | |\n| `high/` | built on | `low/` |\n'
GOOD = {
    'README.md': 'A herd.\n', 'ARCHITECTURE.md': ROOMS + '| `low/` | below | |\n',
    'herd/high/a.cpp': '#include "herd/low/a.hpp"\n\nnamespace herd::high {\n}\n',
    'herd/low/a.hpp': '#pragma once\n',
    'reactor/a.hpp': '#pragma once\n\n#include <cstdint>\n\ninline int one() { return 1; }\n',
    'reactor/a.cpp': '#include "reactor/a.hpp"\n\n// try, throw, a new std::string\n'
                     'void* f(void* p) { return new (p) int{1}; }\nstd::string_view g;\n'
                     + 'namespace x {\nclass A {\n' + '    int a();\n' * 90 + '};\n}\n'
                     + long_function(FUNCTION_LINES_MAX),
    'herd/main.cpp': '#include <CLI/CLI.hpp>\n#include <iostream>\n\n#include "reactor/a.hpp"\n',
    'tests/a_test.cpp': '#include <unistd.h>\n\nauto text = "\u00e9";\n',
}
BAD = [  # path, its text, the words of the one breach to be found
    ('reactor/b.cpp', '#include "protocol/a.hpp"\n', 'reactor/b.cpp:1: reactor/ may not include'),
    ('herd/b.cpp', '\n#include "bench/a.hpp"\n', 'herd/b.cpp:2: herd/ may not include bench/'),
    ('bench/b.cpp', '#include "herd/low/a.hpp"\n', 'bench/b.cpp:1: bench/ may not include herd/'),
    ('herd/b.cpp', '#include "b.hpp"\n', 'not a path from the top'),
    ('reactor/b.cpp', '#include <sys/epoll.h>\n', '<sys/epoll.h> may not'),
    ('herd/b.cpp', '#include <curl/curl.h>\n', '<curl/curl.h> may not'),
    ('herd/b.cpp', '#include <rapidjson/document.h>\n', '<rapidjson/document.h> may not'),
    ('herd/b.cpp', '#include <boost/json.hpp>\n', '<boost/json.hpp> may not'),
    ('herd/b.cpp', '#include <openssl/ssl.h>\n', '<openssl/ssl.h> may not'),
    ('bench/b.cpp', '#include <CLI/CLI.hpp>\n', '<CLI/CLI.hpp> may not'),
    ('herd/b.cpp', '#include <catch2/catch.hpp>\n', '<catch2/catch.hpp> may not'),
    ('protocol/b.cpp', '#include <chrono>\n', '<chrono> may not'),
    ('reactor/b.cpp', '#include <map>\n', '<map> may not'),
    ('herd/b.cpp', '#include <iostream>\n', '<iostream> may not'),
    ('protocol/b.cpp', 'std::string s;\n', '"std::string" is not used'),
    ('reactor/b.cpp', 'int* p = new int;\n', '"new" is not used'),
    ('reactor/b.cpp', 'void* p = malloc(1);\n', '"malloc(" is not used'),
    ('herd/b.cpp', '/* */ void f() { throw 1; }\n', '"throw" is not used'),
    ('herd/b.cpp', 'using std::a;\n', '"a" is taken'),
    ('herd/b.cpp', 'int a;\nnamespace b = a::c;\n', 'herd/b.cpp:2: "b" is taken'),
    ('herd/b.cpp', 'int a;\n' * (FILE_LINES_MAX + 1), 'lines in a file'),
    ('herd/b.cpp', f'// {"a" * COLUMNS_MAX}\n', 'columns'),
    ('herd/b.cpp', '\tint a;\n', 'a tab'),
    ('herd/b.cpp', long_function(FUNCTION_LINES_MAX + 1), 'herd/b.cpp:1: 71 lines in a function'),
    ('herd/b.hpp', 'int a();\n', '#pragma once'),
    ('reactor/a.cpp', '#include <cstdint>\n#include "reactor/a.hpp"\n', 'not the first include'),
    ('herd/b.cpp', '// TO' 'DO: all of it\n', 'unfinished work'),
    ('docs/b.md', 'see /wo' 'rk/here\n', 'somebody\'s machine'),
    ('docs/b.md', 'from registry.' 'example.org\n', 'package registry\'s'),
    ('docs/b.md', 'caf\u00e9\n', 'other than ASCII'),
    ('README.md', None, 'README.md:1: is missing'),
    ('herd/low/b.cpp', '#include "herd/high/a.hpp"\n', 'herd/low/b.cpp:1: low/ may not include'),
    ('herd/b.cpp', '#include "herd/low/a.hpp"\n', 'herd/b.cpp:1: b may not include low/'),
    ('herd/else/a.cpp', 'int a;\n', 'else/ is no room'),
    ('herd/low/b.hpp', '#pragma once\nnamespace herd::high {\nclass A;\n}\n',
     'herd/low/b.hpp:2: low/ may not open the namespace of high/'),
]


def breaches_of(files, command):
    """What is found in a tree of these files alone."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            if text is not None:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding='utf-8')
        return ['{}:{}: {}'.format(*breach) for breach in check(root, command)]


def self_test(command):
    """Prints what a rule missed, or found where there is nothing."""
    wrong = [f'found in the good tree: {breach}' for breach in breaches_of(GOOD, command)]
    for path, text, expected in BAD:
        found = breaches_of({**GOOD, path: text}, [])
        if len(found) != 1 or expected not in found[0]:
            wrong.append(f'{path}: expected "{expected}", found {found}')
    circle = {**GOOD, 'ARCHITECTURE.md': ROOMS + '| `low/` | below | `main` |\n'}
    if not any('low/ is built on itself' in breach for breach in breaches_of(circle, [])):
        wrong.append('rooms that are built on each other')
    log = f'1 herd: drop it\n2 Drop it\n3 herd: a stop.\n4 herd: {"a" * SUBJECT_COLUMNS_MAX}\n5 \n' \
          '6 ops: drop it\n7 kitchen: drop it\n'
    if [commit for commit, _ in subject_rules(log)] != ['2', '3', '4', '5', '7']:
        wrong.append('commit subjects')
    # Compiled here, unless it is the first thing that some file of the build includes.
    bad, build = {'herd/b.hpp': '#pragma once\nUnknown a;\n'}, {'herd/meson.build': "'b.cpp'\n"}
    first = {'herd/b.cpp': '#include "herd/b.hpp"\n'}
    for why, files, expected in [
            ('alone', bad, True),
            ('included first, but not built', {**bad, **first}, True),
            ('included first behind a macro',
             {**bad, **build, 'herd/b.cpp': '#define A\n#include "herd/b.hpp"\n'}, True),
            ('included second by another file',
             {**bad, **build, 'bench/b.cpp': '#include <map>\n#include "herd/b.hpp"\n'}, True),
            ('proven by the build', {**bad, **build, **first}, False)]:
        found = ''.join(breaches_of({**GOOD, **files}, command))
        if command and ('does not compile alone' in found) != expected:
            wrong.append(f'a header that does not compile alone, {why}')
    print('\n'.join(wrong) or f'{len(BAD) + 3} bad examples, each found')
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--self-test', action='store_true')
    parser.add_argument('--compile', nargs=argparse.REMAINDER, default=[], metavar='CXX FLAG')
    options = parser.parse_args()
    if options.self_test:
        return self_test(options.compile)
    breaches = check(pathlib.Path(__file__).resolve().parent.parent, options.compile)
    for breach in breaches:
        print('{}:{}: {}'.format(*breach))
    return 1 if breaches else 0


if __name__ == '__main__':
    sys.exit(main())
