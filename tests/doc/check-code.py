#!/usr/bin/env python3
"""Compiles or runs all code in the pages. Code that it does not know how to check is a failure.

Usage: check-code.py BUILD_DIR [GST-VALIDATE]

The blocks of one language on one page, one after another, are one program. Those in C are compiled and linked, with
use-PAGE.c behind them, if there is one, and then run too; those in Python and JavaScript are run. The two telephones of
the page softphone call each other. Lines of shell are run where "build" is the build directory; pipelines run until all of
their streams are secure.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import glob
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
import pages  # noqa: E402

BUILD = os.path.abspath(sys.argv[1])
VALIDATE = sys.argv[2:]
SESSION = os.path.join(BUILD, 'gst', 'session')
LIMIT = 30
WORK = tempfile.TemporaryDirectory(prefix='zrtp-pages-')
os.environ.update(GST_PLUGIN_PATH=os.path.join(BUILD, 'gst', 'elements'),
                  LD_LIBRARY_PATH=os.pathsep.join([SESSION] + os.environ.get('LD_LIBRARY_PATH', '').split(os.pathsep)),
                  GI_TYPELIB_PATH=SESSION, PYTHONDONTWRITEBYTECODE='1',
                  GST_REGISTRY=os.path.join(BUILD, 'tests', 'doc', 'code.registry'),
                  GST_VALIDATE_SCENARIOS_PATH=os.path.join(pages.ROOT, 'gst', 'validate', 'scenarios'),
                  PKG_CONFIG_PATH=os.path.join(BUILD, 'meson-uninstalled'),
                  PATH=os.path.join(BUILD, 'gst', 'tools') + os.pathsep + os.environ['PATH'])


def program(name, language):
    return '\n'.join(text for kind, text in pages.code(name) if kind == language)


def home():
    """The environment of a user of his own, where the cache is concerned."""
    folder = tempfile.mkdtemp(dir=WORK.name)
    return dict(os.environ, XDG_DATA_HOME=folder, XDG_RUNTIME_DIR=folder)


def must(command, **options):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **options)
    assert result.returncode == 0, '%s\n%s' % (' '.join(command), result.stdout)
    return result.stdout


def without_sound(text):
    return text.replace('autoaudiosrc', 'audiotestsrc is-live=true').replace('autoaudiosink', 'fakesink')


def free_ports(count):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for each in sockets:
        each.bind(('127.0.0.1', 0))
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def python_with_gi():
    for candidate in (sys.executable, '/usr/bin/python3'):
        if subprocess.run([candidate, '-c', 'import gi; gi.require_version("Gst", "1.0")'],
                          stderr=subprocess.DEVNULL).returncode == 0:
            return candidate
    raise pages.Skip('PyGObject is not there')


# C, Python, JavaScript

def compile_c(name):
    text = without_sound(program(name, 'c'))
    path = os.path.join(WORK.name, name)
    use = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'use-%s.c' % name)
    if os.path.exists(use):
        with open(use, encoding='utf-8') as file:
            text += file.read()
    with open(path + '.c', 'w', encoding='utf-8') as file:
        file.write(text)
    flags = must(['pkg-config', '--cflags', '--libs', 'gstzrtp-1.0', 'gstreamer-sdp-1.0']).split()
    must(['cc', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-Wno-unused-function', '-Wno-unused-parameter', '-o', path,
          path + '.c'] + flags)
    if os.path.exists(use):
        must([path], env=home())
    return path


def run_python(name):
    if name != 'softphone':
        path = os.path.join(WORK.name, name + '.py')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(program(name, 'python'))
        must([python_with_gi(), path], env=home())


def run_javascript(name):
    if shutil.which('gjs') is None or not os.path.exists(os.path.join(SESSION, 'GstZrtp-1.0.typelib')):
        raise pages.Skip('gjs or the typelib is not there')
    path = os.path.join(WORK.name, name + '.js')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(program(name, 'js'))
    output = must(['gjs', path], env=home())
    assert 'true' in output, output


def run_validatetest(name):
    if not VALIDATE:
        raise pages.Skip('gst-validate is not there')
    path = os.path.join(WORK.name, name + '.validatetest')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(program(name, 'validatetest'))
    must(VALIDATE + ['--set-test-file', path], env=dict(home(), GST_VALIDATE='fatal-issues'))


# The two telephones

class Phone:
    def __init__(self, command, environment):
        self.lines, self.changed = [], threading.Condition()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, env=environment)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.strip())
                self.changed.notify_all()

    def wait_for(self, *words):
        with self.changed:
            seen = self.changed.wait_for(lambda: any(all(word in line for word in words) for line in self.lines), LIMIT)
        assert seen, 'no "%s" from %s:\n%s' % (' '.join(words), self.process.args[0], '\n'.join(self.lines[-20:]))
        return next(line for line in self.lines if all(word in line for word in words))

    def type(self, text):
        self.process.stdin.write(text + '\n')
        self.process.stdin.flush()

    def hang_up(self):
        self.process.stdin.close()
        assert self.process.wait(LIMIT) == 0, '%s ended with %d' % (self.process.args[0], self.process.returncode)


def call(commands, homes, answer, lock):
    one, two = free_ports(2)
    phones = [Phone(command + ['127.0.0.1', *ports], environment)
              for command, ports, environment in zip(commands, ((one, two), (two, one)), homes)]
    try:
        strings = {phone.wait_for('string:') for phone in phones}
        assert len(strings) == 1, strings
        for phone in phones:
            if answer:
                phone.wait_for('Does your partner see the same?')
                phone.type(answer)
        for phone in phones:
            phone.wait_for('lock: ' + lock)
            assert answer or not any('Does your partner' in line for line in phone.lines), phone.lines
            phone.hang_up()
    finally:
        for phone in phones:
            if phone.process.poll() is None:
                phone.process.kill()
                phone.process.wait()


def thirty_lines():
    count = [len([line for line in text.splitlines() if line.strip()]) for language, text in pages.code('softphone')
             if language == 'c' and 'on_message (' in text][0]
    assert count <= 30, count


def softphones():
    path = os.path.join(WORK.name, 'softphone.py')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(without_sound(program('softphone', 'python')))
    commands = [[compile_c('softphone')], [python_with_gi(), '-u', path]]
    homes = PAST[:] = [home(), home()]
    call(commands, homes, 'y', 'verified')
    # As the page says: no other comparison from then on.
    call(commands, homes, None, 'verified')
    call(commands, [home(), home()], 'n', 'insecure')


# Lines of shell

def look_at(environment, ends):
    """What zrtp-top shows of a pipeline that is running."""
    programs = json.loads(must(['zrtp-top', '--json'], env=environment))
    seen = {'session-id=' + session['session-id'] for program in programs for session in program['sessions']}
    assert ends <= seen, programs


def run_pipeline(line, settings, folder):
    """Until every stream is secure, if more than one end is in it; until it asks for a peer otherwise."""
    ports = sorted(set(re.findall(r'port=(\d+)', line)))
    for old, new in zip(ports, free_ports(len(ports))):
        line = re.sub(r'port=%s\b' % old, 'port=' + new, line)
    words = shlex.split(without_sound(line))
    ends = {word for word in words if word.startswith('session-id=')}
    wanted = words.count('zrtpdec') if len(ends) > 1 else 1
    sign = 'state=(string)' + ('secure' if len(ends) > 1 else 'discovering')
    assert '-m' in words, 'without -m nobody sees what happens: ' + line
    environment = dict(home(), GST_DEBUG_NO_COLOR='1', **settings)
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
                               cwd=folder)
    timer = threading.Timer(LIMIT, process.kill)
    timer.start()
    seen, log = set(), []
    for output in process.stdout:
        log.append(output)
        if 'zrtp-state' in output and re.search(re.escape(sign) + r'\b', output):
            seen.add((re.search(r'session-id=\(string\)([^,;]+)', output).group(1),
                      re.search(r'stream=\(int\)(\d+)', output).group(1)))
        if len(seen) == wanted:
            if 'GST_ZRTP_STATUS' in settings:
                look_at(environment, ends)
            process.send_signal(signal.SIGINT)
            break
    process.stdout.read()
    process.wait()
    timer.cancel()
    assert 'GST_DEBUG' not in settings or any(' zrtpprotocol ' in output for output in log), 'nothing in the debug log'
    assert len(seen) == wanted, '%s of %d:\n%s' % (sorted(seen), wanted, ''.join(log[-15:]))


def run_meson(words, folder):
    """Configuring is done for real, in a directory of its own; what takes long is only looked at."""
    if words[1] == 'setup':
        for need, option in ('gi-docgen', '-Ddoc=enabled'), ('g-ir-scanner', '-Dintrospection=enabled'):
            if option in words and shutil.which(need) is None:
                raise pages.Skip(need + ' is not there')
        must(['meson', 'setup', os.path.join(folder, 'fresh'), pages.ROOT] + words[3:])
    elif words[1] == 'install':
        assert words[2:4] == ['-C', 'build'] and words[4].startswith('--destdir='), words
    elif words[1] == 'test':
        known = {suite.partition(':')[2] for test in json.loads(must(['meson', 'introspect', '--tests', BUILD]))
                 for suite in test['suite']}
        suites = {words[i + 1] for i, word in enumerate(words) if word == '--suite'}
        assert words[2:4] == ['-C', 'build'] and suites and suites <= known, (words, known)
    else:
        raise AssertionError('not known how to check: ' + ' '.join(words))


def run_shell(name):
    folder = tempfile.mkdtemp(dir=WORK.name)
    os.symlink(BUILD, os.path.join(folder, 'build'))
    if os.path.exists(os.path.join(WORK.name, name + '.c')):
        shutil.copy(os.path.join(WORK.name, name + '.c'), folder)
    # Somebody who has called before.
    environment = PAST[0] if PAST else home()
    for line in program(name, 'sh').replace('\\\n', ' ').splitlines():
        if not line.strip():
            continue
        words, settings = shlex.split(line), {}
        while re.match(r'[A-Z_]+=', words[0]):
            variable, _, value = words.pop(0).partition('=')
            assert variable in ('GST_DEBUG', 'GST_VALIDATE', 'GST_ZRTP_STATUS'), 'not known: ' + variable
            settings[variable] = value
        if words[0] == 'gst-launch-1.0':
            run_pipeline(line[line.index('gst-launch'):], settings, folder)
        elif words[0] == 'gst-validate-1.0':
            if not VALIDATE:
                raise pages.Skip('gst-validate is not there')
            must(VALIDATE + words[1:], env=dict(environment, **settings))
        elif words[0] == 'meson':
            run_meson(words, folder)
        elif words[0] == 'ninja':
            must(['ninja', '-C', os.path.join(folder, 'fresh'), '-n'] + words[3:])
        elif words[0] in ('cc', 'zrtp-cache', 'grep', 'readelf', 'gst-inspect-1.0'):
            must(['sh', '-ec', line], cwd=folder, env=environment)
        else:
            raise AssertionError('not known how to check: ' + line)


def launch_lines_of_elements():
    """The examples in the elements' own documentation, one end of a call at a time."""
    count = 0
    for path in sorted(glob.glob(os.path.join(pages.ROOT, 'gst', 'elements', 'gstzrtp*.c'))):
        with open(path, encoding='utf-8') as file:
            section = re.search(r'SECTION:element-.*?\*/', file.read(), re.S).group(0)
        lines = re.findall(r'^ \* (gst-launch-1\.0 .*)$', section, re.M)
        assert lines, path + ' has no example'
        for line in lines:
            run_pipeline(line, {}, WORK.name)
            count += 1
    assert count >= 3, count


def known_languages():
    """No block escapes: each says its language, there is a check for that, and nothing is indented instead of fenced."""
    count = 0
    for name in pages.names():
        fences = re.findall(r'^ *```', pages.read(name), re.M)
        assert len(fences) == 2 * len(pages.code(name)), '%s: a fence is not at the margin, or not closed' % name
        prose = re.sub(r'^```.*?^```$', '', pages.read(name), flags=re.M | re.S)
        assert not re.search(r'^\n {4,}\S', prose, re.M), '%s has code without a fence' % name
        for language, _ in pages.code(name):
            assert language in CHECKS, '%s: no check for "%s"' % (name, language)
            count += 1
    assert count > 15, count


PAST = []
CHECKS = {'c': ('compiles', compile_c), 'python': ('runs', run_python), 'js': ('runs', run_javascript),
          'validatetest': ('passes', run_validatetest), 'sh': ('runs', run_shell)}


def main():
    began = time.monotonic()
    checks = [('the language of every block', known_languages),
              ("the examples in the elements' documentation", launch_lines_of_elements),
              ('softphone: 30 lines are no more than that', thirty_lines),
              ('softphone: the telephones in C and in Python call each other', softphones)]
    for name in pages.names():
        for language, (title, check) in CHECKS.items():
            if program(name, language):
                checks.append(('%s: %s %s' % (name, language, title), lambda check=check, name=name: check(name)))
    status = pages.run(checks)
    print('# %.1f s' % (time.monotonic() - began))
    return status


if __name__ == '__main__':
    sys.exit(main())
