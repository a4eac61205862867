#!/usr/bin/env python3
# Two telephones of examples/embed.c call each other on this machine, and both users say yes.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import re
import socket
import subprocess
import sys
import threading


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def talk(telephone, heard, answer):
    """Reads what the telephone says, answers its question, hangs up when the partner is verified or the line is closed."""
    for line in telephone.stdout:
        heard.append(line.strip())
        if 'y: yes' in line:
            telephone.stdin.write(answer + '\n')
            telephone.stdin.flush()
        if 'verified your partner' in line or 'codes differed' in line:
            answered.wait(30)
            telephone.stdin.write('q\n')
            telephone.stdin.flush()


answered = threading.Barrier(2)
ports = free_port(), free_port()
environment = dict(os.environ, ZRTP_CACHE='memory', AUDIO_SINK='fakesink', AUDIO_SOURCE='audiotestsrc is-live=true')
phones = [subprocess.Popen([sys.argv[1], '127.0.0.1', str(ports[1 - i]), str(ports[i])], text=True, env=environment,
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE) for i in range(2)]
heard = [], []
threads = [threading.Thread(target=talk, args=(phone, lines, 'y'), daemon=True) for phone, lines in zip(phones, heard)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(40)
for phone in phones:
    phone.kill()
codes = [re.findall(r'see "([^"]+)" as well', '\n'.join(lines)) for lines in heard]
verified = [any('verified your partner' in line for line in lines) for lines in heard]
print(codes, verified)
if not (codes[0] and codes[0] == codes[1] and all(verified)):
    print('\n'.join(heard[0]), '\n'.join(heard[1]), sep='\n---\n')
    sys.exit(1)
