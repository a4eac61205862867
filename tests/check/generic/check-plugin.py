#!/usr/bin/env python3
# The plugin as GStreamer's tools see it: inspected, loaded again, at every debug level, and with nothing left of a call.
#
# check-plugin.py PLUGIN-FOLDER CALL-TEST: CALL-TEST is test-generic-traffic, with calls in its test_call.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import re
import socket
import subprocess
import sys
import tempfile

plugin_folder, call_test = sys.argv[1:3]
folder = tempfile.TemporaryDirectory(prefix='zrtp-plugin-')
environment = dict(os.environ, GST_REGISTRY=os.path.join(folder.name, 'registry'), G_DEBUG='fatal-warnings',
                   GST_DEBUG_NO_COLOR='1', XDG_DATA_HOME=folder.name)
environment.pop('GST_PLUGIN_PATH', None)
# As if no other plugins were installed.
alone = dict(environment, GST_PLUGIN_SYSTEM_PATH_1_0=folder.name, GST_REGISTRY=os.path.join(folder.name, 'alone'))


def fail(text):
    sys.exit(f'check-plugin.py: {text}')


def run(*command, env=environment, quiet=True):
    """What the command prints. It has to succeed, and complain of nothing."""
    done = subprocess.run(command, env=env, text=True, errors='replace', stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120)
    if done.returncode != 0:
        fail(f'{" ".join(command)} ended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}')
    if quiet and re.search('WARN|CRITICAL|ERROR', done.stderr):
        fail(f'{" ".join(command)} complains:\n{done.stderr}')
    return done.stdout


def inspect(*arguments, **options):
    return run('gst-inspect-1.0', '--no-colors', f'--gst-plugin-path={plugin_folder}', *arguments, **options)


def check_inspection():
    """The plugin's own details, and those of each of its elements."""
    text = inspect('zrtp')
    for name, value in (('Name', 'zrtp'), ('License', 'LGPL'), ('Source module', 'gst-zrtp'), ('Version', r'0\.1\.\d+'),
                        ('Binary package', 'gst-zrtp'), ('Origin URL', r'https://\S+'), ('Description', r'\w.{10,}')):
        if not re.search(fr'^ +{name} +{value}$', text, re.M):
            fail(f'gst-inspect-1.0 zrtp shows no {name} {value}:\n{text}')
    elements = re.findall(r'^  (\w+): .', text, re.M)
    if not {'zrtpenc', 'zrtpdec'} <= set(elements):
        fail(f'its elements are {elements}')
    everything = inspect('--print-all', env=alone)
    for element in elements:
        text = inspect(element)
        if 'Pad Templates:' not in text or 'Element Properties:' not in text:
            fail(f'gst-inspect-1.0 {element} shows no pads or properties:\n{text}')
        for name in re.findall(r'^  ([a-z][a-z0-9-]+) +: ', text, re.M):
            if not re.search(fr'^{element}: +{name} +: ', everything, re.M):
                fail(f'--print-all does not show {name} of {element}')
    inspect('--exists', '--atleast-version=0.1', 'zrtpenc')
    for info in inspect('--print-plugin-auto-install-info', env=alone), everything:
        if 'zrtp' not in info:
            fail(f'nothing of zrtp: {info}')
    return elements


def check_loading(elements):
    """From its file, with a registry that is there, is not, or is made anew; what it says at all levels hurts nobody."""
    for extra in {}, {}, {'GST_REGISTRY_UPDATE': 'yes'}, {'GST_REGISTRY_FORK': 'no'}:
        inspect(os.path.join(plugin_folder, 'libgstzrtp.so'), env=dict(alone, **extra))
        inspect(*elements[:1], env=dict(alone, **extra))
    inspect(os.path.join(plugin_folder, 'libgstzrtp.so'), env=dict(alone, GST_REGISTRY_DISABLE='yes'))
    os.remove(alone['GST_REGISTRY'])
    for level in 7, 9:
        log = os.path.join(folder.name, f'load-{level}')
        inspect(elements[0], env=dict(alone, GST_DEBUG=f'*:{level}', GST_DEBUG_FILE=log))
        if os.path.getsize(log) < 10000:
            fail(f'GST_DEBUG=*:{level} says nothing')


def check_levels():
    """A whole call with everything said. The log goes with the folder."""
    for level in 7, 9:
        log = os.path.join(folder.name, f'call-{level}')
        run(call_test, quiet=False, env=dict(environment, GST_PLUGIN_PATH=plugin_folder, GST_DEBUG=f'*:{level}',
                                             GST_DEBUG_FILE=log, GST_CHECKS='test_call', GST_TRACERS='leaks',
                                             ZRTP_GENERIC_LIGHT='1'))
        with open(log, errors='replace') as lines:
            ours = sum(1 for line in lines if re.search(r' zrtp\w* +\S+\.c:', line))
        if ours < 50:
            fail(f'GST_DEBUG=*:{level} has {ours} lines of ours')
        os.remove(log)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def check_leaks():
    """A call of gst-launch-1.0, both ends of it, stopped in the midst of it: of no object is anything left."""
    ports = free_port(), free_port()
    caps = 'application/x-rtp,media=audio,clock-rate=8000,encoding-name=PCMU'
    ends = ' '.join(f'''audiotestsrc is-live=true samplesperbuffer=160 ! audio/x-raw,rate=8000 ! mulawenc
        ! rtppcmupay ! zrtpenc session-id=end{i} cache=memory ! udpsink host=127.0.0.1 port={ports[i]} async=false
        udpsrc port={ports[1 - i]} caps={caps} ! zrtpdec session-id=end{i} ! rtppcmudepay ! mulawdec
        ! fakesink async=false''' for i in range(2))
    log = os.path.join(folder.name, 'leaks')
    env = dict(environment, GST_PLUGIN_PATH=plugin_folder, GST_TRACERS='leaks', GST_DEBUG='GST_TRACER:7',
               GST_DEBUG_FILE=log, GST_REGISTRY=os.path.join(folder.name, 'leaks.registry'))
    text = launch(ends, env)
    if len(re.findall(r'state=\(string\)secure', text)) < 2:
        fail(f'the call did not become secure:\n{text}')
    with open(log) as lines:
        alive = [line for line in lines if re.search(r'object-alive, type-name=\(string\)Gst', line)]
    if alive:
        fail('left after a call:\n' + ''.join(alive))


def launch(pipeline, env):
    """Stopped, as by Ctrl-C, once both ends have been secure."""
    phone = subprocess.Popen(['gst-launch-1.0', '-m', *pipeline.split()], env=env, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    text = ''
    for line in phone.stdout:
        text += line
        if len(re.findall(r'state=\(string\)secure', text)) == 2 and 'state=(string)secure' in line:
            phone.send_signal(2)
    if phone.wait(60) != 0:
        fail(f'gst-launch-1.0 ended with {phone.returncode}\n{text}')
    return text


elements = check_inspection()
check_loading(elements)
check_levels()
check_leaks()
print('ok:', ' '.join(elements))
