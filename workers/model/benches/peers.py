"""Times `aw replay graphs/dtln.toml` beside the frame loop in Python that users of DTLN run, with the same engine, one
thread, and the same sound: CPU seconds of the whole command against those of the loop alone, imports and loading not
counted.

    pip install numpy onnxruntime==1.31.1 ai-edge-litert==2.3.0
    aw install dtln onnxruntime
    python3 workers/model/benches/peers.py [SECONDS] [TFLITE_MODEL_1 TFLITE_MODEL_2]

Builds need `--release`: cargo build --release -p aw-host -p aw-spectral -p aw-basics -p aw-model
"""
import os, pathlib, re, resource, subprocess, sys, tempfile, time, wave

import numpy as np

ROOT = pathlib.Path(__file__).parents[3]
AW = pathlib.Path(os.environ.get("AW", ROOT / "target/release/aw"))
HOME = pathlib.Path(os.environ.get("AW_HOME", pathlib.Path.home() / ".local/share/aw"))
SIZE, HOP = 512, 128


def write(path, samples):
    with wave.open(str(path), "w") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
        file.writeframes((samples * 32767).astype(np.int16).tobytes())


def loop(sound, first, second):
    """The loop of the DTLN repository: `first` and `second` run a model on a frame and carry its state."""
    heard, made, out = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32), np.zeros(len(sound), np.float32)
    for at in range(0, len(sound) - HOP + 1, HOP):
        heard[:-HOP] = heard[HOP:]
        heard[-HOP:] = sound[at : at + HOP]
        spectrum = np.fft.rfft(heard)
        magnitude, phase = np.abs(spectrum), np.angle(spectrum)
        mask = first(magnitude.reshape(1, 1, -1).astype(np.float32))
        frame = np.fft.irfft(magnitude * mask.reshape(-1) * np.exp(1j * phase))
        voice = second(frame.reshape(1, 1, -1).astype(np.float32))
        made[:-HOP] = made[HOP:]
        made[-HOP:] = 0
        made += voice.reshape(-1)
        out[at : at + HOP] = made[:HOP]
    return out


def onnx_model(path, frame, state):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    past = np.zeros((1, 2, 128, 2), np.float32)

    def run(values):
        nonlocal past
        out, past = session.run(None, {frame: values, state: past})
        return out

    return run


def tflite_model(path):
    from ai_edge_litert.interpreter import Interpreter

    model = Interpreter(model_path=str(path), num_threads=1)
    model.allocate_tensors()
    ins, outs = model.get_input_details(), model.get_output_details()
    past = np.zeros((1, 2, 128, 2), np.float32)

    def run(values):
        nonlocal past
        model.set_tensor(ins[0]["index"], values)
        model.set_tensor(ins[1]["index"], past)
        model.invoke()
        past = model.get_tensor(outs[1]["index"])
        return model.get_tensor(outs[0]["index"])

    return run


def ours(graph, sound, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = folder / "out.wav"
    subprocess.run([AW, "replay", graph, "--in", sound, "--out", out, "--quiet"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(times):
    return sorted(times)[len(times) // 2]


def compare(name, graph, first, second, sound, samples, folder):
    of_python, of_aw = [], []
    for _ in range(3):
        start = time.process_time()
        loop(samples, first(), second())
        of_python.append(time.process_time() - start)
        of_aw.append(ours(graph, sound, folder))
    peer, own = median(of_python), median(of_aw)
    print(f"{name}: Python loop {peer:.2f} s of CPU, aw replay {own:.2f} s: {peer / own:.2f} times as fast")


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    noisy = read(ROOT / "tests/wav/noisy.wav")
    samples = np.resize(noisy, int(seconds * 16000)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write(folder / "in.wav", samples)
        text = (ROOT / "graphs/dtln.toml").read_text().replace("@dtln", str(HOME / "models/dtln"))
        onnx = [HOME / "models/dtln/model_1.onnx", HOME / "models/dtln/model_2.onnx"]
        pairs = [lambda: onnx_model(onnx[0], "input_2", "input_3"), lambda: onnx_model(onnx[1], "input_4", "input_5")]
        for engine in ["onnxruntime", "tract"]:
            graph = folder / f"{engine}.toml"
            graph.write_text(text.replace('worker = "onnx"', f'worker = "onnx"\nengine = "{engine}"'))
            compare(f"DTLN, {engine} against onnxruntime", graph, *pairs, folder / "in.wav", samples, folder)
        if len(sys.argv) > 3:
            models = [pathlib.Path(path).resolve() for path in sys.argv[2:4]]
            names = {"activation_2": "Identity", "tf_op_layer_stack_2": "Identity_1", "conv1d_3": "Identity", "tf_op_layer_stack_5": "Identity_1"}
            for engine in ["tflite", "litert"]:
                graph = folder / f"{engine}.toml"
                other = text.replace('worker = "onnx"', f'worker = "tflite"\nengine = "{engine}"')
                for old, new in [*names.items(), *zip(map(str, onnx), map(str, models))]:
                    other = re.sub(rf'"{re.escape(old)}"', f'"{new}"', other)
                graph.write_text(other)
                pairs = [lambda: tflite_model(models[0]), lambda: tflite_model(models[1])]
                compare(f"DTLN, {engine} against LiteRT in Python", graph, *pairs, folder / "in.wav", samples, folder)


def read(path):
    """A WAV of 32-bit floats or 16-bit numbers, which `wave` reads only in part."""
    data = path.read_bytes()
    at = data.index(b"data") + 8
    code = int.from_bytes(data[20:22], "little")
    return np.frombuffer(data[at:], np.float32 if code == 3 else np.int16).astype(np.float32) / (1 if code == 3 else 32768)


main()
