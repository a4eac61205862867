#!/usr/bin/env python3
"""Compares the tables of the pages with the program, its build and what it installs.

Usage: check-tables.py BUILD_DIR DESCRIBE PLUGIN FIELDS

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import fnmatch
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import pages  # noqa: E402

BUILD, DESCRIBE, PLUGIN, FIELDS = (os.path.abspath(path) for path in sys.argv[1:5])
os.environ.update(GST_PLUGIN_SYSTEM_PATH_1_0='', GST_PLUGIN_PATH_1_0='', GST_PLUGIN_PATH='',
                  GST_REGISTRY=os.path.join(BUILD, 'tests', 'doc', 'tables.registry'))
DESCRIPTION = pages.lines_of(DESCRIBE, PLUGIN)
MADE = pages.lines_of(FIELDS)
TYPES = {'gboolean': 'boolean', 'guint': 'uint', 'gchararray': 'string', '': ''}


def rows(kind):
    return [line[1:] for line in DESCRIPTION if line[0] == kind]


def made(kind):
    return [line[1:] for line in MADE if line[0] == kind]


def sources(pattern):
    text = ''
    for path in glob.glob(os.path.join(pages.ROOT, 'gst', '*', '*.c')):
        with open(path, encoding='utf-8') as file:
            text += file.read()
    return re.findall(pattern, text, re.S)


def values(prop):
    return next(row[3] for row in rows('property') if row[:2] == ['zrtpenc', prop]).split(', ')


def elements_messages():
    """Those that elements make by themselves: (name, field, type) of each."""
    found = []
    for name, fields in sources(r'gst_structure_new \(GST_ZRTP_MESSAGE_(\w+),(.*?)NULL\)'):
        for field, kind in re.findall(r'"([a-z-]+)", G_TYPE_(\w+)', fields):
            found.append(('zrtp-' + name.lower(), field, kind.lower()))
    return found


def messages():
    common = pages.tables(pages.read('messages').partition('## zrtp-')[0])[0]
    told = []
    for name in re.findall(r'^## (zrtp-\S+)$', pages.read('messages'), re.M):
        table = pages.tables(pages.section('messages', name))[0]
        told += [(name, field, kind) for field, kind, _ in common + table]
    program = made('message') + elements_messages()
    pages.same('fields', told, (tuple(row) for row in program))
    pages.same('messages', (row[0] for row in pages.tables(pages.section('interface', 'Messages'))[0]),
               (row[0] for row in program))


def warnings():
    told = [row[0] for row in pages.tables(pages.section('interface', 'Warnings'))[0]]
    assert len(told) == len(set(told)), 'a warning stands there twice'
    codes = {row[0] for row in made('warning')}
    codes |= set(sources(r'new_warning \([^";]*"([a-z-]+)"')) | set(sources(r'\bcode = "([a-z-]+)"'))
    pages.same('warnings', told, codes - {'unknown'})


def errors():
    table = pages.tables(pages.section('interface', 'Errors'))[0]
    pages.same('errors', ((code.upper().replace('X', 'x'), name) for code, name, _ in table),
               (tuple(row) for row in made('error')))


def enrollment():
    text = pages.section('messages', 'zrtp-enrollment')
    told = re.findall(r'`([a-z]+)`', text.partition('`status`')[2])
    pages.same('statuses', told, (row[0] for row in made('enrollment')))


def states():
    locks, state_rows = pages.tables(pages.section('interface', 'The lock'))
    assert [row[0] for row in locks] == values('security'), locks
    assert [row[0] for row in state_rows] == values('state'), state_rows
    for field in 'state', 'security':
        told = dict((row[0], row[2]) for row in pages.tables(pages.section('messages', 'zrtp-state'))[0])[field]
        assert re.findall(r'[a-z][a-z-]+', told.replace(' or ', ' ')) == values(field), told


def properties():
    """Every property has its place on the page; what nobody has placed yet comes last, without a heading that fits."""
    named = ' '.join(re.findall(r'\{\{properties ([^}]*)\}\}', pages.read('properties'))).split()
    assert len(named) == len(set(named)), 'a property stands there twice'
    have = {element: {row[1] for row in rows('property') if row[0] == element} for element in ('zrtpenc', 'zrtpdec')}
    pages.same('properties', set(named) - {'rest'}, have['zrtpenc'] & have['zrtpdec'])
    filled = open(os.path.join(BUILD, 'gst', 'doc', 'properties.md'), encoding='utf-8').read()
    cells = [row for table in pages.tables(filled.partition('## Action signals')[0]) for row in table]
    pages.same('properties of the built page', (row[0] for row in cells), set(named) - {'rest'})
    for row in cells:
        assert len(row) == 5 and len(row[4]) > 10, row


def actions():
    table = pages.tables(pages.section('properties', 'Action signals'))[0]
    for element in 'zrtpenc', 'zrtpdec':
        program = []
        for owner, name, returns, parameters in rows('action'):
            if owner == element:
                kinds = ', '.join(TYPES.get(kind, kind) for kind in parameters.split(', '))
                program.append((name, kinds, TYPES.get(returns, returns)))
        pages.same('action signals', (tuple(row[:3]) for row in table), program)


def alerts():
    events = next(row[3] for row in rows('property') if row[:2] == ['zrtpalert', 'events']).split(', ')
    pages.same('figures', (row[0] for row in pages.tables(pages.section('zrtpalert', 'The figures'))[0]), events)
    told = re.search(r'^\| `alert` \|(.*)', pages.read('messages'), re.M).group(1)
    pages.same('alerts', re.findall(r'`([a-z-]+)`', told), events)


def categories():
    pages.same('categories', (row[0] for row in pages.tables(pages.section('faults', 'Where to look'))[0]),
               sources(r'DEBUG_CATEGORY_INIT \(\w+, "(\w+)"'))


def validate_actions():
    program = sources(r'"(zrtp-[a-z-]+)", GST_RANK_PRIMARY') + sources(r'register_word \(plugin, "(zrtp-[a-z-]+)"')
    pages.same('actions', (row[0] for row in pages.tables(pages.section('scripting', 'The actions'))[0]), program)


def scenarios():
    files = glob.glob(os.path.join(pages.ROOT, 'gst', 'validate', 'scenarios', '*.scenario'))
    told = (row[0] for row in pages.tables(pages.section('scripting', 'Scenarios for any pipeline'))[0])
    pages.same('scenarios', told, (os.path.basename(path).partition('.')[0] for path in files))


def elements():
    """Each element has a page with its picture, its pads and its own properties."""
    for element in {row[0] for row in rows('element')}:
        text = pages.read(element)
        for need in ('{{figure %s}}', '{{pads %s}}', '{{own properties %s}}'):
            assert need % element in text, '%s.md lacks %s' % (element, need % element)


def readme():
    with open(os.path.join(pages.ROOT, 'README'), encoding='utf-8') as file:
        pages.same('pages in README', re.findall(r'\b(\w+)\.md\b', file.read()), pages.names())


def options():
    with open(os.path.join(pages.ROOT, 'meson_options.txt'), encoding='utf-8') as file:
        program = re.findall(r"option\('([a-z-]+)'.*?value : '?(\w+)'?", file.read(), re.S)
    pages.same('options', (tuple(row[:2]) for row in pages.tables(pages.section('packaging', 'Options'))[0]), program)


def dependencies():
    told = [(module, least) for module, least, _, _ in pages.tables(pages.section('packaging', 'What it stands on'))[0]]
    scanned = subprocess.run(['meson', 'introspect', '--scan-dependencies', os.path.join(pages.ROOT, 'meson.build')],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
    # What only the tests need is in the list of examples/packages.sh.
    named, program = set(), {}
    for path in glob.glob(os.path.join(pages.ROOT, '**', 'meson.build'), recursive=True):
        if os.path.relpath(path, pages.ROOT).split(os.sep)[0] not in ('tests', 'examples'):
            with open(path, encoding='utf-8') as file:
                named |= set(re.findall(r"dependency\('([^']+)'", file.read()))
    for dependency in json.loads(scanned):
        if dependency['name'] in named:
            program.setdefault(dependency['name'], ''.join(dependency['version']).replace('>=', '').strip())
    pages.same('dependencies', told, program.items())


def installed():
    told = [row[0] for row in pages.tables(pages.section('packaging', 'What is installed'))[0]]
    with open(os.path.join(BUILD, 'meson-info', 'intro-buildoptions.json'), encoding='utf-8') as file:
        option = {row['name']: row['value'] for row in json.load(file)}
    with tempfile.TemporaryDirectory(prefix='zrtp-image-') as image:
        result = subprocess.run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', image, '--quiet'],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert result.returncode == 0, result.stdout
        top = image + option['prefix']
        files = [os.path.relpath(os.path.join(folder, name), top) for folder, _, found in os.walk(top) for name in found]
    assert len(files) > 15, files
    files = [re.sub('^%s/' % re.escape(option['libdir']), 'LIBDIR/', name) for name in files]
    lost = [name for name in files if not any(fnmatch.fnmatch(name, pattern) for pattern in told)]
    assert not lost, 'installed, and not on the page: %s' % lost
    parts = {'share/doc': 'doc', 'gir-1.0': 'introspection', 'girepository': 'introspection', 'vapi': 'vapi',
             'validate': 'validate'}
    for pattern in told:
        made_here = any(fnmatch.fnmatch(name, pattern) for name in files)
        part = next((parts[word] for word in parts if word in pattern), None)
        # What this build leaves out is not missing.
        assert made_here or (part and option[part] != 'enabled'), 'on the page, and not installed: %s' % pattern


if __name__ == '__main__':
    sys.exit(pages.run([
        ('messages and their fields', messages), ('warnings', warnings), ('errors', errors), ('enrollment', enrollment),
        ('states and security', states), ('properties', properties), ('action signals', actions), ('elements', elements),
        ('alerts', alerts), ('debug categories', categories), ('actions for gst-validate', validate_actions),
        ('scenarios', scenarios),
        ('README names the pages', readme), ('options', options), ('dependencies', dependencies), ('installed files', installed)]))
