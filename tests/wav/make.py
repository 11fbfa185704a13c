"""Makes the files of other programs in this folder, and beside each the samples that libsndfile reads from it
(interleaved little-endian float32, `.f32`). Needs numpy, soundfile, ffmpeg, sox and flac; run it in this folder."""

import subprocess

import numpy as np
import soundfile

FRAMES = 300
rng = np.random.default_rng(7)
time = np.arange(FRAMES)[:, None] / 48000
tones = 0.8 * np.sin(2 * np.pi * time * np.array([[440, 660, 880, 1100, 1320, 1540]]))
noise = tones + 0.1 * rng.standard_normal(tones.shape)
noise[0], noise[1] = -1, 1  # both ends of the scale


def make(command, source, golden=None):
    name = command.split(" > ")[-1].split()[-1]
    subprocess.run(command.replace("SOURCE", source), shell=True, check=True)
    # What went through a pipe has no length that libsndfile believes; the same file with one has the same samples.
    if golden:
        subprocess.run(golden.replace("SOURCE", source), shell=True, check=True)
    samples, _ = soundfile.read("golden.wav" if golden else name, dtype="float64", always_2d=True)
    samples.astype("<f4").tofile(name + ".f32")


soundfile.write("two.wav", noise[:, :2], 48000, subtype="DOUBLE")
soundfile.write("six.wav", noise, 48000, subtype="DOUBLE")
ffmpeg = "ffmpeg -v error -y -i SOURCE "
make(ffmpeg + "-c:a pcm_s24le ffmpeg_s24_extensible.wav", "six.wav")
make(ffmpeg + "-c:a pcm_s16le -f wav - | cat > ffmpeg_s16_pipe.wav", "two.wav", ffmpeg + "-c:a pcm_s16le golden.wav")
make(ffmpeg + "-c:a pcm_f32le -rf64 always ffmpeg_f32_rf64.wav", "two.wav")
make(ffmpeg + "-c:a pcm_f64le ffmpeg_f64.wav", "two.wav")
make(ffmpeg + "-c:a pcm_alaw ffmpeg_alaw.wav", "two.wav")
make(ffmpeg + "-c:a flac -sample_fmt s16 ffmpeg_s16.flac", "two.wav")
make("sox -D SOURCE -b 8 -e unsigned sox_u8.wav", "two.wav")
make("sox -D SOURCE -b 32 -e signed sox_s32.wav", "two.wav")
make("sox -D SOURCE -e mu-law sox_mulaw.wav", "two.wav")
make("sox -D SOURCE -b 24 -t wav - 2> /dev/null | cat > sox_s24_pipe.wav", "two.wav", "sox -D SOURCE -b 24 golden.wav")
raw = "--force-raw-format --endian=little --sign=signed --channels=6 --bps=24 --sample-rate=48000"
make("sox -D SOURCE -b 24 -t raw - 2> /dev/null | flac -s --no-padding -b 64 " + raw + " - 2> /dev/null > flac_s24_pipe.flac", "six.wav", "sox -D SOURCE -b 24 golden.wav")
subprocess.run("rm two.wav six.wav golden.wav", shell=True, check=True)
