#!/usr/bin/env python3
"""Makes figures.json: what published implementations say of sounds that the test of `aw_host::metrics` makes again.

    pip install numpy==2.4.6 scipy==1.17.1 pesq==0.0.4 pystoi==0.4.1 fast-bss-eval==0.1.4 librosa==0.11.0 mir-eval==0.8.2 \
        pyloudnorm==0.2.0 numba git+https://github.com/schmiph2/pysepm@7ef88af

pysepm's package asks for more than its segmental SNR needs: its folder in PYTHONPATH will do.
"""
import importlib.util
import json
import math
import sys
from importlib.metadata import version
from pathlib import Path

import fast_bss_eval.numpy as fast_bss_eval
import librosa
import mir_eval
import numpy as np
import pyloudnorm
import pystoi
import scipy
from pesq import NoUtterancesError, pesq

HERE = Path(__file__).parent
WAV = HERE.parent / "wav"


def segmental_snr():
    """pysepm's, without what its package imports for other measures."""
    folder = Path(importlib.util.find_spec("pysepm").submodule_search_locations[0])
    util = importlib.util.spec_from_file_location("util", folder / "util.py")
    source = (folder / "qualityMeasures.py").read_text().replace("from .util", "from util")
    sys.modules["util"] = importlib.util.module_from_spec(util)
    util.loader.exec_module(sys.modules["util"])
    names = {}
    exec(source, names)
    return names["SNRseg"]


SEGMENTAL_SNR = segmental_snr()


def log_spectral_distance(reference, signal, rate):
    """As the URGENT challenge defines it (evaluation_metrics/calculate_intrusive_se_metrics.py, `lsd_metric`), in dB."""
    eps, size, hop = 1e-8, int(rate * 0.032), int(rate * 0.016)
    signal = signal * (np.sum(reference * signal) / (np.sum(signal**2) + eps))
    s, y = (np.abs(librosa.stft(x, n_fft=size, hop_length=hop)) for x in (reference, signal))
    ratio = np.log(s**2 / (y + eps) ** 2 + eps)
    return 10 / math.log(10) * np.mean(np.sqrt(np.mean(ratio**2, axis=0)))


def read(name):
    raw = (WAV / name).read_bytes()
    at = raw.index(b"data") + 8
    return np.frombuffer(raw[at : at + int.from_bytes(raw[at - 4 : at], "little")], "<i2") / 32768


def bits16(x):
    return np.clip(np.floor(x * 32768 + 0.5), -32768, 32767) / 32768


def noise(count):
    """In ±1, always the same."""
    state, out = 1, np.empty(count)
    for at in range(count):
        state = (state * 1664525 + 1013904223) % 2**32
        out[at] = state / 2**31 - 1
    return out


def low_pass(x):
    y, out = 0.0, np.empty(len(x))
    for at, sample in enumerate(x):
        y += 0.2 * (sample - y)
        out[at] = y
    return out


SPOIL = {
    "clip": lambda x: bits16(np.clip(x, -0.05, 0.05)),
    "noise": lambda x: bits16(x + 0.02 * noise(len(x))),
    "delay": lambda x: np.concatenate([np.zeros(37), x[:-37]]),
    "low_pass": lambda x: bits16(low_pass(x)),
    "quiet": lambda x: bits16(-0.01 * x),
}


def halved(x):
    """At half the rate, roughly."""
    return bits16((x[0 : len(x) // 2 * 2 : 2] + x[1::2]) / 2)


def figures(reference, signal, rate):
    def of_pesq(mode):
        try:
            return pesq(rate, reference, signal, mode)
        except NoUtterancesError:
            return None

    found = {
        "si_sdr": fast_bss_eval.si_sdr(reference[None], signal[None], zero_mean=False)[0],
        "seg_snr": SEGMENTAL_SNR(reference, signal, rate),
        "stoi": pystoi.stoi(reference, signal, rate),
        "estoi": pystoi.stoi(reference, signal, rate, extended=True),
        "lsd": log_spectral_distance(reference, signal, rate),
    }
    if rate == 16000:
        found["pesq_wb"] = of_pesq("wb")
    if rate == 8000:
        found["pesq_nb"] = of_pesq("nb")
    # What pystoi answers when there is too little speech.
    return {key: None if value is None or value == 1e-5 else float(value) for key, value in found.items()}


def quality():
    clean, noisy = read("clean.wav"), read("noisy.wav")
    yield "clean", "noisy", 16000, clean, noisy
    yield "clean", "noisy", 8000, halved(clean), halved(noisy)
    for rate in [10000, 22050, 44100, 48000]:  # the same samples, as if they were at another rate
        yield "clean", "noisy", rate, clean, noisy
    for name in ["good_morning", "okay_nabu", "yes", "no"]:
        speech = read(f"speech/{name}.wav")
        for spoil, how in SPOIL.items():
            yield name, spoil, 16000, speech, how(speech)
            yield name, spoil, 8000, halved(speech), how(halved(speech))
    for spoil, how in SPOIL.items():
        yield "clean", spoil, 16000, clean, how(clean)


def loudness():
    for name in ["clean.wav", "noisy.wav"]:
        for rate in [16000, 44100, 48000]:
            meter = pyloudnorm.Meter(rate, filter_class="DeMan")
            yield {"file": name, "rate": rate, "lufs": float(meter.integrated_loudness(read(name)))}


def bands():
    sound = read("noisy.wav")[: 2048 * 40]
    hz, density = scipy.signal.welch(sound, 16000, "hann", 2048, detrend=False)
    width = hz[1]
    for low, high in [(0, 100), (300, 3400), (1000, 1010), (4000, 8000)]:
        # The part of each bin's own frequencies that is in the band.
        edges = np.clip(np.stack([hz - width / 2, hz + width / 2]), 0, 8000)
        part = np.clip(np.minimum(edges[1], high) - np.maximum(edges[0], low), 0, None) / (edges[1] - edges[0])
        yield {"low": low, "high": high, "db": float(10 * np.log10(np.sum(density * width * part)))}


def onsets():
    rng = np.random.default_rng(5)
    for count in [1, 3, 10, 30, 100]:
        # Times have two decimals: none is at the end of a tolerance, where rounding would decide.
        for tolerance in [0.0123, 0.0523, 0.5023]:
            expected = np.sort(rng.uniform(0, 10, count).round(2))
            heard = np.sort(np.concatenate([expected + rng.normal(0, 0.05, count), rng.uniform(0, 10, count // 3)]).round(2))
            heard = np.abs(heard[rng.random(len(heard)) < 0.8])
            f1, precision, recall = mir_eval.onset.f_measure(expected, np.sort(heard), window=tolerance)
            one = {"expected": expected.tolist(), "heard": heard.tolist(), "tolerance": tolerance}
            yield one | {"f1": f1, "precision": precision, "recall": recall}


made = ["numpy", "scipy", "pesq", "pystoi", "fast-bss-eval", "librosa", "mir-eval", "pyloudnorm"]
all_of_it = {
    "made_with": {name: version(name) for name in made} | {"pysepm": "7ef88af"},
    "quality": [
        {"reference": reference, "signal": signal, "rate": rate} | figures(s, y, rate)
        for reference, signal, rate, s, y in quality()
    ],
    "loudness": list(loudness()),
    "bands": list(bands()),
    "onsets": list(onsets()),
}
lines = []
for key, value in all_of_it.items():
    rows = value if isinstance(value, list) else None
    text = json.dumps(value) if rows is None else "[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]"
    lines.append(f"{json.dumps(key)}: {text}")
(HERE / "figures.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
