#!/usr/bin/env python3
"""Runs what README tells people to paste: its gst-launch-1.0 lines, its Python program, and its C program through the
compiler. Looks whether its tables are complete.

Usage: check-readme.py BUILD_DIR

The line for two machines is run twice on this one, with a tone for the microphone, and so is the example with a picture. A
pipeline is good when all of its streams get secure, and both ends of a call show the same authentication string.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import glob
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading

LIMIT = 20.0
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def blocks():
    """The indented blocks of README."""
    with open(os.path.join(ROOT, 'README')) as file:
        text = file.read()
    return [textwrap.dedent(block) for block in re.findall(r'(?:^    .*\n|^[ \t]*\n(?=    ))+', text, re.M)]


class Pipeline:
    def __init__(self, command, sessions, streams, changed):
        self.sas, self.secure, self.changed, self.log = {}, set(), changed, []
        self.sessions, self.streams = sessions, streams
        # As if on a machine of its own, where the cache is concerned.
        self.home = tempfile.TemporaryDirectory(prefix='zrtp-readme-')
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        stdin=subprocess.DEVNULL, env=dict(os.environ, XDG_DATA_HOME=self.home.name))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.stdout:
            session = re.search(r'session-id=\(string\)([^,;]+)', line)
            sas = re.search(r'zrtp-sas,.*[ ,]sas=\(string\)([^,;]+)', line)
            with self.changed:
                self.log.append(line)
                if session and sas:
                    self.sas[session.group(1)] = sas.group(1)
                if session and re.search(r'zrtp-state,.*[ ,]state=\(string\)secure', line):
                    stream = re.search(r'stream=\(int\)(\d+)', line)
                    self.secure.add((session.group(1), stream and stream.group(1)))
                self.changed.notify_all()

    def done(self):
        return len(self.sas) >= self.sessions and len(self.secure) >= self.sessions * self.streams

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.thread.join(5)
        self.home.cleanup()


def call(name, commands, sessions, streams=1):
    changed = threading.Condition()
    pipelines = []
    try:
        for command in commands:
            pipelines.append(Pipeline(command, sessions, streams, changed))
        with changed:
            changed.wait_for(lambda: all(p.done() or p.process.poll() is not None for p in pipelines), LIMIT)
    finally:
        for pipeline in pipelines:
            pipeline.stop()
    strings = [sas for pipeline in pipelines for sas in pipeline.sas.values()]
    good = all(p.done() for p in pipelines) and len(strings) == 2 and len(set(strings)) == 1
    print('%s: %s: %s' % ('ok' if good else 'FAILED', name, ', '.join(strings) or 'not secure'))
    if not good:
        for pipeline in pipelines:
            print(''.join(x for x in pipeline.log if 'state-changed' not in x)[-3000:])
    return good


def compile_c(source):
    flags = subprocess.run(['pkg-config', '--cflags', 'gstreamer-1.0'], check=True, capture_output=True,
                           text=True).stdout.split()
    prologue = '''#include <gst/gst.h>
void ask_the_user (const gchar * sas, void (*answer) (GstElement *, gboolean), GstElement * zrtpenc);
'''
    epilogue = '\nGstBusFunc callback = on_message;\n'
    result = subprocess.run(['cc', '-x', 'c', '-fsyntax-only', '-Wall', '-Werror', '-I', os.path.join(ROOT, 'include')]
                            + flags + ['-'], input=prologue + source + epilogue, text=True)
    print('%s: the C program compiles' % ('ok' if result.returncode == 0 else 'FAILED'))
    return result.returncode == 0


def python_with_gi():
    """PyGObject belongs to the system's Python, which need not be the first one."""
    for python in (sys.executable, 'python3', '/usr/bin/python3'):
        if subprocess.run([python, '-c', 'import gi'], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    sys.exit('PyGObject is missing (Debian: python3-gi)')


def run_python(source, build):
    """Two of the program call each other, with the ports of one the other way round."""
    library = os.path.join(build, 'gst', 'session')
    os.environ.update({'GI_TYPELIB_PATH': library, 'LD_LIBRARY_PATH': library})
    source = source.replace('host=OTHER-ADDRESS', 'host=127.0.0.1')
    sides = [source.replace('port=5000 async', 'port=%d async' % other).replace('udpsrc port=5000', 'udpsrc port=%d' % mine)
             for mine, other in ((5016, 5018), (5018, 5016))]
    python, phones, strings = python_with_gi(), [], []
    for side in sides:
        home = tempfile.TemporaryDirectory(prefix='zrtp-readme-')
        phones.append((home, subprocess.Popen([python, '-u', '-c', side], stdout=subprocess.PIPE, text=True,
                                              env=dict(os.environ, XDG_DATA_HOME=home.name))))
    for home, phone in phones:
        timer = threading.Timer(LIMIT, phone.kill)
        timer.start()
        strings += next((re.findall(r'^Compare with the other side: (.*) \(unverified\)$', line)
                         for line in phone.stdout if line.startswith('Compare')), [])
        timer.cancel()
    for home, phone in phones:
        phone.kill()
        phone.wait()
        home.cleanup()
    good = len(strings) == 2 and len(set(strings)) == 1
    print('%s: two of the Python program: %s' % ('ok' if good else 'FAILED', ', '.join(strings) or 'not secure'))
    return good


def properties_are_told():
    """Every property of the elements, and every action signal, has a word in README."""
    with open(os.path.join(ROOT, 'README')) as file:
        words = set(re.findall(r'[a-z][a-z0-9-]+', file.read()))
    lacking = set()
    for element in ('zrtpenc', 'zrtpdec', 'zrtpalert'):
        text = subprocess.run(['gst-inspect-1.0', element], check=True, capture_output=True, text=True).stdout
        properties, _, signals = text.partition('Element Properties:')[2].partition('Element Signals:')
        names = re.findall(r'^  ([a-z][a-z0-9-]*) +:', properties, re.M)
        names += re.findall(r'"([a-z-]+)"', signals.partition('Element Actions:')[2])
        assert len(names) > (5 if element == 'zrtpalert' else 20), names
        lacking |= {name for name in names if name not in words | {'name', 'parent', 'qos'}}
    print('%s: README tells of every property and action signal %s' % ('FAILED' if lacking else 'ok', sorted(lacking)))
    return not lacking


def warning_codes():
    """Every code of the message zrtp-warning, as the sources have them."""
    codes = set()
    for path in glob.glob(os.path.join(ROOT, 'gst', 'session', '*.c')):
        with open(path) as file:
            text = file.read()
        codes |= set(re.findall(r'\[ZRTP_WARNING_\w+\] = \{ "([a-z-]+)"', text))
        codes |= set(re.findall(r'new_warning \([^";]*"([a-z-]+)"', text))
        codes |= set(re.findall(r'\bcode = "([a-z-]+)"', text))
    codes.discard('unknown')
    assert len(codes) > 20, codes
    return codes


def warnings_are_told():
    """Every code of the message zrtp-warning is in README's table, and no other."""
    with open(os.path.join(ROOT, 'README')) as file:
        table = file.read().partition('The codes of `zrtp-warning`')[2].partition('Properties\n---')[0]
    told = {code for line in re.findall(r'^    ([a-z][a-z, -]+?)  ', table, re.M) for code in line.split(', ')}
    codes = warning_codes()
    print('%s: README tells of every warning %s' % ('ok' if codes == told else 'FAILED', sorted(codes ^ told)))
    return codes == told


def main():
    build = os.path.abspath(sys.argv[1])
    os.environ['GST_PLUGIN_PATH'] = os.path.join(build, 'gst', 'elements')
    os.environ['GST_REGISTRY'] = os.path.join(build, 'readme-registry.bin')
    subprocess.run(['gst-inspect-1.0', '--exists', '--atleast-version=0.1', 'zrtpenc'], check=True)
    good, seen = all([properties_are_told(), warnings_are_told()]), set()
    for block in blocks():
        if block.lstrip().startswith('gst-launch-1.0'):
            command = shlex.split(block.replace('\\\n', ' '))
            if 'OTHER-ADDRESS' in block:
                seen.add('two machines')
                sides = []
                for mine, other in (('5004', '5006'), ('5006', '5004')):
                    side, source = [], None
                    for word in command:
                        source = word if word in ('udpsrc', 'udpsink') else source
                        if word == 'port=5000':
                            word = 'port=' + (mine if source == 'udpsrc' else other)
                        side += {'autoaudiosrc': ['audiotestsrc', 'is-live=true'], 'autoaudiosink': ['fakesink'],
                                 'host=OTHER-ADDRESS': ['host=127.0.0.1']}.get(word, [word])
                    sides.append(side)
                good = call('two machines', sides, 1) and good
            else:
                seen.add('one machine')
                good = call('one machine', [command], 2) and good
        elif '#include <gst/zrtp/' in block:
            seen.add('C')
            good = compile_c(block) and good
        elif block.lstrip().startswith('import gi'):
            seen.add('Python')
            good = run_python(block, build) and good
    os.environ.update({'AUDIO_SOURCE': 'audiotestsrc is-live=true', 'VIDEO_SOURCE': 'videotestsrc is-live=true',
                       'AUDIO_SINK': 'fakesink', 'VIDEO_SINK': 'fakesink'})
    script = ['sh', os.path.join(ROOT, 'examples', 'pipelines', 'audio-video.sh'), '127.0.0.1']
    good = call('sound and picture', [script + ['5008', '5012'], script + ['5012', '5008']], 1, 2) and good
    if seen != {'one machine', 'two machines', 'C', 'Python'}:
        print('FAILED: found only %s in README' % sorted(seen))
        good = False
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
