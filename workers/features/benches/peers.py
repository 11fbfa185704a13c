#!/usr/bin/env python3
"""Microseconds a frame of 80-band log-mel (n_fft 400, hop 160, 16 kHz), on one thread, beside the Python libraries that are
installed: librosa, torchaudio, kaldi-native-fbank.

    python3 workers/features/benches/peers.py [SECONDS-OF-SOUND]

Ours comes from `cargo bench -p aw-features`, which also prints the floor: a loop of nothing but window, FFT, power, bands and
logarithm. Each library is given the whole sound at once, which is its best case; the least of several runs counts."""
import os
import re
import subprocess
import sys
import time
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[threads] = "1"

try:
    import numpy as np
except ImportError:
    sys.exit("numpy is needed, and what is to be compared: pip install numpy librosa torchaudio kaldi-native-fbank")

seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
sound = np.random.default_rng(1).uniform(-1, 1, int(16000 * seconds)).astype(np.float32)


def librosa():
    import librosa

    basis = dict(sr=16000, n_fft=400, hop_length=160, n_mels=80, pad_mode="reflect")
    return librosa.__version__, lambda: np.log(np.maximum(librosa.feature.melspectrogram(y=sound, **basis), 1e-10)).shape[-1]


def torchaudio():
    import torch
    import torchaudio

    torch.set_num_threads(1)
    mel = torchaudio.transforms.MelSpectrogram(16000, 400, hop_length=160, n_mels=80)
    tensor = torch.from_numpy(sound)
    return torchaudio.__version__, lambda: torch.log(mel(tensor) + 1e-6).shape[-1]


def kaldi_native_fbank():
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq, options.mel_opts.num_bins = 0.0, 16000, 80
    samples = (sound * 32768).tolist()

    def run():
        fbank = knf.OnlineFbank(options)
        fbank.accept_waveform(16000, samples)
        fbank.input_finished()
        return fbank.num_frames_ready

    return getattr(knf, "__version__", ""), run


def microseconds(run):
    run()
    best = float("inf")
    for _ in range(7):
        start = time.perf_counter()
        frames = run()
        best = min(best, (time.perf_counter() - start) * 1e6 / frames)
    return best


rows = []
for peer in (librosa, torchaudio, kaldi_native_fbank):
    try:
        version, run = peer()
    except ImportError:
        print(f"{peer.__name__}: not installed")
        continue
    rows.append((f"{peer.__name__} {version}", microseconds(run)))

root = Path(__file__).resolve().parents[3]
bench = subprocess.run(["cargo", "bench", "-p", "aw-features"], cwd=root, capture_output=True, text=True)
ours = re.search(r"log-mel 80, worker\s+([\d.]+) us a frame, [\d.]+ of the bare loop's ([\d.]+)", bench.stdout)
if not ours:
    sys.exit(f"the benchmark did not run:\n{bench.stderr[-2000:]}")
rows += [("aw, the whole worker", float(ours[1])), ("bare loop", float(ours[2]))]
for name, time_ in rows:
    print(f"{name:32} {time_:7.2f} us a frame   {time_ / float(ours[1]):6.2f} x ours")
