#!/usr/bin/env python3
"""Makes a speech-like sound: nonsense syllables by formant synthesis, in one of two voices.

Usage: voice.py NAME SECONDS FILE.wav        NAME is alice or bob

A buzzing or hissing source runs through three resonators that glide from vowel to vowel, with words, pauses and the
melody of a sentence. The first second is silent, as people are when a call begins. The same name and length always make
the same file.

SPDX-License-Identifier: LGPL-2.1-or-later
"""
import array
import math
import random
import sys
import wave

RATE = 16000
LEAD_IN = 1.0         # seconds of silence at the start

# Frequencies of the first three formants in Hz.
VOWELS = {'a': (730, 1090, 2440), 'e': (530, 1840, 2480), 'i': (270, 2290, 3010), 'o': (570, 840, 2410),
          'u': (300, 870, 2240), 'y': (390, 1990, 2550)}
BANDWIDTHS = (80, 110, 160)

# The pitch in Hz, what the vocal tract's length does to the formants, syllables per second, and the seed.
VOICES = {'alice': (205, 1.15, 4.6, 11), 'bob': (112, 0.97, 3.7, 29)}


def syllables(name, seconds, rng):
    """Yields (start, end, vowel before, vowel, consonant) in seconds."""
    pace = VOICES[name][2]
    now, before = LEAD_IN + rng.uniform(0.0, 0.6), 'e'
    while now < seconds - 0.5:
        for _ in range(rng.randint(1, 4)):
            length = rng.uniform(0.75, 1.3) / pace
            vowel = rng.choice(sorted(VOWELS))
            yield now, now + length, before, vowel, rng.choice(('hiss', 'stop', 'hum', 'none'))
            now, before = now + length, vowel
        now += rng.choice((0.06, 0.1, 0.1, 0.45))


class Resonator:
    def __init__(self):
        self.y1 = self.y2 = self.a = self.b = self.c = 0.0

    def tune(self, frequency, bandwidth):
        r = math.exp(-math.pi * bandwidth / RATE)
        self.b = 2 * r * math.cos(2 * math.pi * frequency / RATE)
        self.c = -r * r
        self.a = 1 - self.b - self.c

    def run(self, x):
        y = self.a * x + self.b * self.y1 + self.c * self.y2
        self.y2, self.y1 = self.y1, y
        return y


def speak(name, seconds):
    pitch, tract, _, seed = VOICES[name]
    rng = random.Random(seed)
    samples = [0.0] * int(seconds * RATE)
    resonators = [Resonator() for _ in BANDWIDTHS]
    phase = tilt = 0.0
    for start, end, before, vowel, consonant in syllables(name, seconds, rng):
        first, last = int(start * RATE), min(int(end * RATE), len(samples))
        accent = rng.uniform(0.88, 1.16)
        for i in range(first, last):
            along = (i - first) / (last - first)
            if (i - first) % 80 == 0:         # every 5 ms
                glide = min(1.0, along / 0.4)
                for k, resonator in enumerate(resonators):
                    low, high = VOWELS[before][k], VOWELS[vowel][k]
                    resonator.tune(tract * (low + (high - low) * glide), BANDWIDTHS[k])
                melody = pitch * accent * (1.06 - 0.12 * along) * (1 + 0.015 * math.sin(2 * math.pi * 5.1 * i / RATE))
                melody *= 1 + rng.uniform(-0.008, 0.008)
                loudness = math.sin(math.pi * min(1.0, along * 1.1 + 0.02)) ** 0.6 if along < 0.89 else 0.08
            phase += melody / RATE
            if phase >= 1.0:
                phase -= 1.0
            buzz = 1.0 - phase * phase * 1.5 if phase < 0.6 else -0.4
            tilt += 0.35 * (buzz - tilt)
            source = tilt * loudness
            if along < 0.22 and consonant != 'none':
                if consonant == 'hiss':
                    source = rng.uniform(-0.5, 0.5)
                elif consonant == 'stop':
                    source = rng.uniform(-0.9, 0.9) if 0.15 < along < 0.2 else 0.0
                else:
                    source *= 0.35
            for resonator in resonators:
                source = resonator.run(source)
            samples[i] = source
    peak = max(max(samples), -min(samples)) or 1.0
    return array.array('h', (int(20000 * x / peak) for x in samples))


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in VOICES:
        print(__doc__, file=sys.stderr)
        return 2
    samples = speak(sys.argv[1], float(sys.argv[2]))
    if sys.byteorder == 'big':
        samples.byteswap()
    with wave.open(sys.argv[3], 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return 0


if __name__ == '__main__':
    sys.exit(main())
