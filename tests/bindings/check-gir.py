#!/usr/bin/env python3
"""Looks whether the introspection data covers everything that the headers declare, says who owns what, and documents it.

Usage: check-gir.py GstZrtp-1.0.gir SOURCE_ROOT

Every function and constant of include/gst/zrtp is there and of use to bindings, or stands in NOT_FOR_BINDINGS with a reason.
Every function, signal, property and enumeration has a description; functions and signals also describe their parameters and
tell since when they are there. And what the typelib has can be reached from Python.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import glob
import os
import re
import sys
import xml.etree.ElementTree

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstZrtp', '1.0')
from gi.repository import Gst, GstZrtp  # noqa: E402

NOT_FOR_BINDINGS = {}       # name: why; there is none so far
CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
CALLABLES = {CORE + 'function', CORE + 'method', CORE + 'constructor', GLIB + 'signal'}

results = []


def check_none(offenders, what):
    results.append(not offenders)
    print('\n#   '.join(['%sok %d - %s' % ('not ' if offenders else '', len(results), what)] + sorted(offenders)))


def declared(root):
    """(functions, constants) of the installed headers."""
    functions, constants = set(), set()
    for path in glob.glob(os.path.join(root, 'include', 'gst', 'zrtp', '*.h')):
        with open(path) as file:
            text = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
        functions |= set(re.findall(r'^GST_ZRTP_API\n(?:const )?\w+[ *]+(gst_zrtp_\w+) \(', text, re.M))
        functions |= {name + '_get_type' for name in re.findall(r'G_DECLARE_FINAL_TYPE \(\w+, (\w+)', text)}
        constants |= set(re.findall(r'^#define (GST_ZRTP_\w+) "', text, re.M))
        left = text.count('GST_ZRTP_API\n') - len(re.findall(r'^GST_ZRTP_API\n(?:const )?\w+[ *]+gst_zrtp_\w+ \(|'
                                                               r'^GST_ZRTP_API\nG_DECLARE', text, re.M))
        assert left == 0 or path.endswith('prelude.h'), '%s: %d declarations are not understood' % (path, left)
    return functions, constants


def described(node):
    return node.find(CORE + 'doc') is not None


def name_of(node):
    return node.get(C + 'identifier') or node.get(C + 'type') or node.get('name')


def check_callables(nodes):
    check_none([name_of(x) for x in nodes if not described(x)], 'every function and signal is described')
    check_none([name_of(x) for x in nodes if not x.get('version')], 'every function and signal tells since when it is there')
    parameters = [(node, p) for node in nodes for p in node.iterfind(CORE + 'parameters/' + CORE + 'parameter')]
    check_none(['%s: %s' % (name_of(node), p.get('name')) for node, p in parameters if not described(p)],
               'every parameter is described')
    returned = [(node, node.find(CORE + 'return-value')) for node in nodes]
    check_none([name_of(node) for node, x in returned if c_type(x) != 'void' and not described(x)],
               'every result is described')
    check_none(['%s: %s' % (name_of(node), p.get('name')) for node, p in parameters
                if p.get('direction', 'in') == 'in' and re.fullmatch(r'(g\w+|GstZrtp(State|Security))\*|.*\*\*', c_type(p))
                and not re.fullmatch(r'gchar\*|GPtrArray\*|GBytes\*', c_type(p))], 'every pointer to a result is an output')
    check_none([name_of(node) for node, x in parameters + returned
                if described(x) and '%NULL' in x.find(CORE + 'doc').text and not x.get('nullable')],
               'what may be NULL is nullable')


def c_type(node):
    kind = node.find(CORE + 'type')
    return ((kind if kind is not None else node.find(CORE + 'array')).get(C + 'type') or '').replace('const ', '')


def main():
    tree = xml.etree.ElementTree.parse(sys.argv[1])
    namespace = tree.getroot().find(CORE + 'namespace')
    functions, constants = declared(sys.argv[2])
    assert len(functions) > 40 and len(constants) > 5, (functions, constants)

    parents = {child: parent for parent in tree.iter() for child in parent}
    callables = [x for x in tree.iter() if x.tag in CALLABLES]
    found = {x.get(C + 'identifier'): x for x in callables if x.tag != GLIB + 'signal'}
    types = {x.get(GLIB + 'get-type') for x in tree.iter() if x.get(GLIB + 'get-type')}
    hidden = {name for name, x in found.items() if x.get('introspectable') == '0'}

    check_none(functions - set(found) - types, 'every function of the headers is in the GIR')
    check_none(hidden - set(NOT_FOR_BINDINGS), 'every function can be used by bindings, or is meant not to be')
    check_none(set(NOT_FOR_BINDINGS) - hidden, 'none is said to be of no use that is of use')
    check_none(set(found) - functions, 'nothing else is in the GIR')
    check_none(constants - {x.get(C + 'type') for x in namespace.iterfind(CORE + 'constant')},
               'every constant of the headers is in the GIR')

    check_callables([x for x in callables if name_of(x) not in NOT_FOR_BINDINGS])
    for kind in ('property', 'constant', 'enumeration', 'member', 'class', 'record', 'field'):
        nodes = [x for x in tree.iter(CORE + kind) if not parents[x].get(GLIB + 'is-gtype-struct-for')
                 and not x.get(GLIB + 'is-gtype-struct-for')]
        assert nodes, kind
        check_none([name_of(x) for x in nodes if not described(x)], 'every %s is described' % kind)

    names = {x.get('name').replace('-', '_') for x in tree.iter(CORE + 'property')}
    check_none(names & {x.get('name') for x in tree.iter(CORE + 'method')},
               'no property hides a method, as in JavaScript it would')

    Gst.init(None)
    unreachable = set()
    for name, node in found.items():
        parent = parents[node]
        owner = GstZrtp if parent is namespace else getattr(GstZrtp, parent.get('name'), None)
        if name not in NOT_FOR_BINDINGS and not callable(getattr(owner, node.get('name'), None)):
            unreachable.add(name)
    check_none(unreachable, 'every function can be reached from Python')
    properties = {x.name for x in GstZrtp.Session.list_properties()} - {'name', 'parent'}
    check_none(properties ^ {x.get('name') for x in tree.iter(CORE + 'property')}, 'the GIR has every property')
    print('# %d functions, %d properties' % (len(found), len(properties)))
    print('1..%d' % len(results))
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
