#!/usr/bin/env python3
"""Writes tests/more: short recordings, what the libraries compute from them, and cases.json with the keys that are to agree.
Made with librosa 0.11.0, torch and torchaudio 2.11.0, kaldi-native-fbank 1.23.0, python_speech_features 0.6, scipy, numpy."""
import json, os, wave
import numpy as np, librosa, scipy.signal, torch, torchaudio
import kaldi_native_fbank as knf, python_speech_features as psf

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "more")
os.makedirs(here, exist_ok=True)
cases = []
LN = 1.0
DB = 10 / np.log(10)


def signal(name, rate, n, seed):
    """A gliding voice with a pause, over a little noise; 16 bits."""
    r, t = np.random.default_rng(seed), np.arange(n) / rate
    pitch = 2 * np.pi * np.cumsum(110 + 60 * np.sin(9 * t)) / rate
    x = sum(np.cos(k * pitch + k) / k for k in range(1, 40) if k * 170 < rate / 2)
    x *= 0.12 * (np.sin(2 * np.pi * 4.3 * t + 0.6) > -0.5)
    x += 0.003 * r.standard_normal(n) + 0.1
    x = np.clip(np.round(x * 32768), -32768, 32767).astype("<i2")
    with wave.open(os.path.join(here, name + ".wav"), "wb") as f:
        f.setparams((1, 2, rate, 0, "NONE", ""))
        f.writeframes(x.tobytes())
    return x.astype(np.float32) / 32768


def case(name, library, source, out, compare, rate=16000, **params):
    out = np.ascontiguousarray(out, dtype=np.float32)
    np.save(os.path.join(here, name + ".npy"), out)
    cases.append({"name": name, "library": library, "worker_params": {"sample_rate": rate, **params},
                  "input": {"file": source}, "output": {"file": name + ".npy"}, "compare": compare})


def log(unit=LN, atol=2e-4, amp=False):
    return {"metric": "log", "unit": unit, "atol": atol, "c": 16.0, "amp_domain": amp}


def frame(rel=3e-6, axes=1):
    return {"metric": "frame", "atol": 1e-9, "rel": rel, "frame_axes": axes}


def absolute(atol):
    return {"metric": "abs", "atol": atol}


def kaldi(options, online, rate, x):
    f = online(options)
    f.accept_waveform(rate, x.tolist())
    f.input_finished()
    return np.stack([f.get_frame(i) for i in range(f.num_frames_ready)])


def kaldi_frame(n_fft, win, hop, window, **more):
    return {"n_fft": n_fft, "win_length": win, "hop": hop, "window": window, "window_periodic": False, "window_place": "start",
            "edges": "snip", "remove_dc": True, "preemphasis": 0.97, **more}


def kaldi_mel(bands, **more):
    return {"bands": bands, "fmin": 20.0, "scale": "htk", "slope": "mel", "edge_bins": "kaldi", **more}


v8, v16 = signal("voice8", 8000, 3201, 1), signal("voice16", 16000, 5001, 2)
v22, v44, tiny = signal("voice22", 22050, 6700, 3), signal("voice44", 44100, 13300, 4), signal("tiny16", 16000, 100, 5)
EPS = 1.1920929e-07

# librosa
out = librosa.stft(v8, n_fft=255, hop_length=170, window="blackman", pad_mode="reflect").T
case("stft_odd", "librosa", "voice8.wav", np.stack([out.real, out.imag], -1), frame(axes=2), 8000, type="stft",
     frame={"n_fft": 255, "win_length": 255, "hop": 170, "window": "blackman", "edges": "center", "pad": "reflect"})

S = librosa.feature.melspectrogram(y=v8, sr=8000, n_fft=512, win_length=301, hop_length=100, window=("kaiser", 12.0), power=1.0,
                                   n_mels=30, fmin=50, fmax=3500, htk=True, norm="slaney")
case("mel_kaiser_top60", "librosa", "voice8.wav", librosa.amplitude_to_db(S, ref=1.0, amin=1e-5, top_db=60).T, log(2 * DB, 1e-3, True),
     8000, type="mel", frame={"n_fft": 512, "win_length": 301, "hop": 100, "window": "kaiser", "window_param": 12.0},
     spectrum={"power": 1.0}, mel={"bands": 30, "fmin": 50.0, "fmax": 3500.0, "scale": "htk", "norm": "slaney"},
     log={"kind": "db", "floor": 1e-5, "range": 60.0})

S = librosa.feature.melspectrogram(y=v22, sr=22050, n_fft=1024, hop_length=512, window="hamming", n_mels=64, norm=None, pad_mode="edge")
case("mel_hamming_ref", "librosa", "voice22.wav", librosa.power_to_db(S, ref=0.5, amin=1e-6, top_db=None).T, log(DB, 1e-3),
     22050, type="mel", frame={"n_fft": 1024, "win_length": 1024, "hop": 512, "window": "hamming", "pad": "edge"},
     mel={"bands": 64}, log={"kind": "db", "floor": 1e-6, "ref": 0.5})

# As DNSMOS P.808 hears: some of the bands lie between two bins.
S = librosa.feature.melspectrogram(y=v16, sr=16000, n_fft=321, hop_length=160, n_mels=120)
case("mel_empty_bands", "librosa", "voice16.wav", (librosa.power_to_db(S, ref=np.max).T + 40) / 40, log(DB / 40, 2.5e-5), type="mel",
     frame={"n_fft": 321, "win_length": 321, "hop": 160}, mel={"bands": 120, "norm": "slaney", "empty": True},
     log={"kind": "db", "floor": 1e-10, "ref": "max", "range": 80.0, "post_scale": 0.025, "post_offset": 1.0})

out = librosa.feature.mfcc(y=v22, sr=22050, n_mfcc=13, norm=None, lifter=10, n_fft=1000, hop_length=333, n_mels=32, htk=True)
case("mfcc_unscaled_lifter", "librosa", "voice22.wav", out.T, absolute(0.02), 22050, type="mfcc",
     frame={"n_fft": 1000, "win_length": 1000, "hop": 333}, mel={"bands": 32, "scale": "htk", "norm": "slaney"},
     log={"kind": "db", "floor": 1e-10, "range": 80.0}, mfcc={"n": 13, "norm": "none", "lifter": 10.0, "lifter_index": "one"})

for pad in ["reflect", "symmetric", "constant"]:
    out = np.abs(librosa.stft(tiny, n_fft=512, hop_length=128, pad_mode=pad)).T ** 2
    case("tiny_" + pad, "librosa", "tiny16.wav", out, frame(), type="spectrogram",
         frame={"n_fft": 512, "win_length": 512, "hop": 128, "pad": {"constant": "zero"}.get(pad, pad)})

# torchaudio
x16, x44 = torch.from_numpy(v16), torch.from_numpy(v44)
out = torchaudio.transforms.Spectrogram(400, 333, 300, power=2.0, normalized="frame_length")(x16).T
case("spectrogram_short_window", "torchaudio", "voice16.wav", out.numpy(), frame(), type="spectrogram",
     frame={"n_fft": 400, "win_length": 333, "hop": 300, "pad": "reflect"}, spectrum={"scale": "frame_length"})

S = torchaudio.transforms.MelSpectrogram(44100, 2048, hop_length=441, power=1.0, normalized=True, n_mels=64, f_min=30.0, f_max=16000.0,
                                         norm="slaney", window_fn=torch.blackman_window)(x44)
case("mel_magnitude_db", "torchaudio", "voice44.wav", torchaudio.transforms.AmplitudeToDB("magnitude", 70.0)(S).T.numpy(),
     log(2 * DB, 1e-3, True), 44100, type="mel",
     frame={"n_fft": 2048, "win_length": 2048, "hop": 441, "window": "blackman", "pad": "reflect"},
     spectrum={"power": 1.0, "scale": "window_rms"}, mel={"bands": 64, "fmin": 30.0, "fmax": 16000.0, "scale": "htk", "norm": "slaney"},
     log={"kind": "db", "floor": 1e-10, "range": 70.0})

F = torchaudio.transforms.MFCC(16000, 20, log_mels=True, melkwargs={"n_fft": 512, "hop_length": 200, "n_mels": 40})(x16)
d1 = torchaudio.functional.compute_deltas(F, 7)
d2 = torchaudio.functional.compute_deltas(d1, 7)
case("mfcc_deltas", "torchaudio", "voice16.wav", torch.cat([F, d1, d2]).T.numpy(), absolute(0.01), type="mfcc",
     frame={"n_fft": 512, "win_length": 512, "hop": 200, "pad": "reflect"}, mel={"bands": 40, "scale": "htk"},
     log={"kind": "ln", "floor": 1e-6, "floor_mode": "add"}, mfcc={"n": 20}, deltas={"order": 2, "window": 3, "style": "htk"})

F = np.random.default_rng(6).standard_normal((1, 120, 6)).astype(np.float32) * 3 + np.linspace(0, 5, 120, dtype=np.float32)[None, :, None]
np.save(os.path.join(here, "drifting.npy"), F[0])
np.save(os.path.join(here, "short.npy"), F[0, :20])
for name, source, window, least, center, variance in [("cmvn_live", "drifting", 50, 20, False, False), ("cmvn_live_vars", "drifting", 50, 20, False, True),
                                                      ("cmvn_centre_vars", "drifting", 31, 20, True, True), ("cmvn_short", "short", 50, 30, False, True),
                                                      ("cmvn_centre_short", "short", 50, 30, True, False)]:
    x = torch.from_numpy(np.load(os.path.join(here, source + ".npy")))[None]
    out = torchaudio.functional.sliding_window_cmn(x, window, least, center, variance)[0]
    case(name, "torchaudio", source + ".npy", out.numpy(), absolute(2e-4), type="post",
         cmvn={"mode": "sliding", "window": window, "min_window": least, "center": center, "norm_vars": variance})

out = torchaudio.compliance.kaldi.fbank(x44[None], sample_frequency=44100.0, window_type="hanning", round_to_power_of_two=False, num_mel_bins=40,
                                        frame_length=20.0, preemphasis_coefficient=0.9)
case("kaldi_any_fft", "torchaudio", "voice44.wav", out.numpy(), log(), 44100, type="mel", mel=kaldi_mel(40),
     frame=kaldi_frame(882, 882, 441, "hann", preemphasis=0.9), log={"kind": "ln", "floor": EPS})

# HiFi-GAN: its mel_spectrogram, with torch
x = torch.nn.functional.pad(torch.from_numpy(v22)[None], (384, 384), mode="reflect")
S = torch.stft(x, 1024, 256, 1024, torch.hann_window(1024), center=False, onesided=True, return_complex=True)
S = torch.sqrt(torch.view_as_real(S).pow(2).sum(-1) + 1e-9)
basis = torch.from_numpy(librosa.filters.mel(sr=22050, n_fft=1024, n_mels=80, fmin=0, fmax=8000))
case("hifigan", "torch", "voice22.wav", torch.log(torch.clamp(basis @ S, min=1e-5))[0].T.numpy(), log(amp=True), 22050, type="mel",
     frame={"n_fft": 1024, "win_length": 1024, "hop": 256, "edges": "snip", "pad": "reflect", "pad_left": 384, "pad_right": 384},
     spectrum={"power": 1.0, "eps": 1e-9}, mel={"bands": 80, "fmax": 8000.0, "norm": "slaney"}, log={"kind": "ln", "floor": 1e-5})

# Kaldi
o = knf.FbankOptions()
o.frame_opts.samp_freq, o.frame_opts.dither, o.frame_opts.snip_edges = 8000, 0, False
o.frame_opts.frame_length_ms, o.frame_opts.window_type, o.frame_opts.preemph_coeff = 20, "blackman", 0.9
o.frame_opts.remove_dc_offset, o.mel_opts.num_bins, o.use_power, o.mel_opts.high_freq = False, 24, False, -200
case("kaldi_blackman_magnitude", "knf", "voice8.wav", kaldi(o, knf.OnlineFbank, 8000, v8 * 32768), log(amp=True), 8000, type="mel",
     input_scale=32768.0, spectrum={"power": 1.0}, mel=kaldi_mel(24, fmax=-200.0), log={"kind": "ln", "floor": EPS},
     frame=kaldi_frame(256, 160, 80, "blackman", edges="round", pad="symmetric", remove_dc=False, preemphasis=0.9))

o = knf.MfccOptions()
o.frame_opts.dither, o.frame_opts.window_type, o.frame_opts.preemph_coeff = 0, "sine", 0
o.use_energy, o.htk_compat, o.num_ceps, o.mel_opts.num_bins, o.cepstral_lifter, o.mel_opts.htk_mode = False, True, 12, 24, 0, True
case("kaldi_htk_compat", "knf", "voice16.wav", kaldi(o, knf.OnlineMfcc, 16000, v16 * 32768), absolute(0.005), type="mfcc", input_scale=32768.0,
     frame=kaldi_frame(512, 400, 160, "hann", window_exponent=0.5, preemphasis=0.0), mel=kaldi_mel(24, edge_bins="kaldi_htk"),
     log={"kind": "ln", "floor": 1.0}, mfcc={"n": 12, "c0_position": "last", "c0_scale": "sqrt2"})

o = knf.FbankOptions()
o.frame_opts.dither, o.frame_opts.window_type, o.use_energy, o.raw_energy = 0, "rectangular", True, False
o.frame_opts.frame_shift_ms = 12.5
case("kaldi_windowed_energy", "knf", "voice16.wav", kaldi(o, knf.OnlineFbank, 16000, v16), log(), type="mel",
     frame=kaldi_frame(512, 400, 200, "rect"), mel=kaldi_mel(23), log={"kind": "ln", "floor": EPS},
     energy={"mode": "windowed", "floor": EPS, "position": "first"})

o = knf.FbankOptions()
o.frame_opts.dither, o.frame_opts.snip_edges = 0, False
case("tiny_kaldi", "knf", "tiny16.wav", kaldi(o, knf.OnlineFbank, 16000, tiny), log(), type="mel",
     frame=kaldi_frame(512, 400, 160, "povey", edges="round", pad="symmetric"), mel=kaldi_mel(23), log={"kind": "ln", "floor": EPS})

stats = knf.compute_cmvn_stats(F[0])
np.savetxt(os.path.join(here, "stats.txt"), stats, fmt="%.9g", header="[", footer="]", comments="")
np.save(os.path.join(here, "stats.npy"), np.asarray(stats))
o = knf.CmvnOptions()
o.norm_vars = True
half = knf.apply_cmvn(stats, o, F[0, :20])
for kind in ["txt", "npy"]:
    case("cmvn_file_" + kind, "knf", "short.npy", half, absolute(1e-4), type="post", cmvn={"mode": "file", "file": "stats." + kind, "norm_vars": True})

# python_speech_features: pre-emphasis of the whole recording, corners on whole bins
x = v16[: 400 + 160 * 20]
with wave.open(os.path.join(here, "cut16.wav"), "wb") as f:
    f.setparams((1, 2, 16000, 0, "NONE", ""))
    f.writeframes((x * 32768).astype("<i2").tobytes())
out = psf.mfcc(x.astype(np.float64) * 32768, 16000, appendEnergy=False)
case("psf_mfcc", "python_speech_features", "cut16.wav", out, absolute(0.01), type="mfcc", input_scale=32768.0,
     frame={"n_fft": 512, "win_length": 400, "hop": 160, "window": "rect", "window_place": "start", "edges": "snip", "preemphasis": 0.97,
            "preemphasis_scope": "stream"},
     spectrum={"scale": "frame_length"}, mel={"bands": 26, "scale": "htk", "edge_bins": "floor"},
     log={"kind": "ln", "floor": 2.220446049250313e-16}, mfcc={"n": 13, "lifter": 22.0})

# NeMo
f = knf.OnlineNemoFbank(knf.NemoFbankOptions())
f.accept_waveform(16000, v16.tolist())
f.input_finished()
nemo = np.asarray(f.get_frames(0, f.num_frames_ready, True)[0]).reshape(-1, 80)
case("nemo", "knf", "voice16.wav", nemo, log(), type="mel",
     frame={"n_fft": 512, "win_length": 400, "hop": 160, "window_periodic": False, "preemphasis": 0.97, "preemphasis_scope": "stream",
            "pad": "zero", "drop_last": 1},
     mel={"bands": 80, "norm": "slaney"}, log={"kind": "ln", "floor": 2.0**-24, "floor_mode": "add"})

with open(os.path.join(here, "cases.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print(len(cases), "cases,", sum(os.path.getsize(os.path.join(here, f)) for f in os.listdir(here)), "bytes")
