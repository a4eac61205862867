#!/usr/bin/env python3
"""Follows the links of the book that gi-docgen made, and lets it look for what is not documented.

Usage: check-book.py BOOK_DIR GIR-FILE CONFIG

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import glob
import html.parser
import os
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree

sys.dont_write_bytecode = True
import pages  # noqa: E402

BOOK, GIR, CONFIG = sys.argv[1:4]


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.ids, self.text = [], set(), []
        with open(path, encoding='utf-8') as file:
            self.feed(file.read())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ('href', 'src') if attributes.get(name)]
        self.ids |= {attributes[name] for name in ('id', 'name') if attributes.get(name)}

    def handle_data(self, data):
        self.text.append(data)


BOOK_PAGES = {os.path.basename(path): Page(path) for path in glob.glob(os.path.join(BOOK, '*.html'))}


def links():
    broken, seen = [], 0
    for name, page in BOOK_PAGES.items():
        for link in page.links:
            url = urllib.parse.urlsplit(link)
            if url.scheme or url.netloc:
                continue
            seen += 1
            target = urllib.parse.unquote(url.path) or name
            if not os.path.exists(os.path.join(BOOK, target)):
                broken.append('%s: %s' % (name, link))
            elif url.fragment and target in BOOK_PAGES and url.fragment not in BOOK_PAGES[target].ids:
                broken.append('%s: %s' % (name, link))
    assert seen > 500, seen
    assert not broken, '\n'.join(sorted(set(broken)))


def all_pages():
    missing = [name for name in pages.names() if name + '.html' not in BOOK_PAGES]
    assert not missing, 'not in reference.toml: %s' % missing
    for name in pages.names():
        assert name + '.html' in BOOK_PAGES['index.html'].links, name


def filled():
    """Nothing was left to fill in, and no markup of ours shows through."""
    for name in pages.names():
        text = ''.join(BOOK_PAGES[name + '.html'].text)
        for mark in '{{', '}}', '```', '|---':
            assert mark not in text, '%s shows %s' % (name, mark)


def pictures():
    found = glob.glob(os.path.join(BOOK, '*.svg'))
    assert len(found) >= 8, found
    for path in found:
        words = [element.text for element in xml.etree.ElementTree.parse(path).iter('{http://www.w3.org/2000/svg}text')]
        assert len(words) > 2, path
        assert any(os.path.basename(path) in page.links for page in BOOK_PAGES.values()), '%s is on no page' % path


def documented():
    result = subprocess.run(['gi-docgen', 'check', '--fatal-warnings', '--config', CONFIG, GIR], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    complaints = [line for line in result.stdout.splitlines() if 'INFO' not in line]
    assert result.returncode == 0 and not complaints, '\n'.join(complaints)


def threads_and_versions():
    """Whoever reads of a function learns from which threads it may be called, and since when it is there."""
    core, seen = '{http://www.gtk.org/introspection/core/1.0}', 0
    for kind in 'function', 'method', 'constructor':
        for element in xml.etree.ElementTree.parse(GIR).iter(core + kind):
            text = element.findtext(core + 'doc') or ''
            name = element.get('{http://www.gtk.org/introspection/c/1.0}identifier')
            assert 'thread' in text.lower(), '%s does not tell of threads' % name
            assert element.get('version'), '%s has no Since:' % name
            seen += 1
    assert seen > 40, seen


def devhelp():
    book = glob.glob(os.path.join(BOOK, '*.devhelp2'))
    assert len(book) == 1, book
    root = xml.etree.ElementTree.parse(book[0]).getroot()
    targets = [element.get('link') for element in root.iter() if element.get('link')]
    assert len(targets) > 50, targets
    for target in targets:
        assert os.path.exists(os.path.join(BOOK, target.partition('#')[0])), target


if __name__ == '__main__':
    sys.exit(pages.run([('every link and picture is there', links), ('every page is in the book', all_pages),
                        ('pages are filled in', filled), ('pictures', pictures),
                        ('every symbol is documented', documented), ('threads and versions', threads_and_versions),
                        ('the index for Devhelp', devhelp)]))
