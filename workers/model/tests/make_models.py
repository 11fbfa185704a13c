#!/usr/bin/env python3
"""Makes the small models of these tests, and what ONNX Runtime answers for them.

    pip install onnx==1.23.2 onnxruntime==1.23.2 numpy
    python3 make_models.py            # writes models/*.onnx and goldens.json

A golden has the frames that the graph feeds, `in`, and those that come out, `out`, one after the other. What the worker
does between runs (state, context, the sliding window) is written out here in plain numpy around ONNX Runtime.
"""
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
MODELS = HERE / "models"
F32, I64 = TensorProto.FLOAT, TensorProto.INT64
rng = np.random.default_rng(7)


def weights(*shape):
    return rng.normal(0, 0.5, shape).astype(np.float32)


def tensor(name, shape, kind=F32):
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def save(name, nodes, inputs, outputs, constants=None, check=True):
    given = [numpy_helper.from_array(np.asarray(value), key) for key, value in (constants or {}).items()]
    graph = helper.make_graph(nodes, name, inputs, outputs, given)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="aw")
    if check:
        onnx.checker.check_model(model, full_check=True)
    onnx.save(model, MODELS / f"{name}.onnx")


def session(name):
    return onnxruntime.InferenceSession(MODELS / f"{name}.onnx", providers=["CPUExecutionProvider"])


def signal(*shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


def flat(x):
    return [float(f"{v:.8g}") for v in np.asarray(x, np.float32).ravel()]


goldens = {}


def golden(name, **streams):
    goldens[name] = {key: flat(value) for key, value in streams.items()}


def mask():
    """One frame in, one frame out: y = sigmoid(2 x + 1)."""
    nodes = [node("Mul", "x two", "a"), node("Add", "a one", "b"), node("Sigmoid", "b", "y")]
    constants = {"two": np.float32(2), "one": np.float32(1)}
    save("mask", nodes, [tensor("x", [1, 1, 5])], [tensor("y", [1, 1, 5])], constants)
    x = signal(6, 5)
    run = session("mask")
    golden("mask", x=x, y=[run.run(None, {"x": f.reshape(1, 1, 5)})[0] for f in x])


def accumulate():
    """Two states, one of them whole numbers: h' = h / 2 + x (1, 2, 3), n' = n + 1, y = sum h' + n'."""
    nodes = [
        node("Mul", "h half", "a"),
        node("Mul", "x ramp", "b"),
        node("Add", "a b", "h_next"),
        node("Add", "n one", "n_next"),
        node("ReduceSum", "h_next", "c", keepdims=0),
        node("Cast", "n_next", "d", to=F32),
        node("Add", "c d", "y"),
    ]
    constants = {"half": np.float32(0.5), "ramp": np.array([[1, 2, 3]], np.float32), "one": np.array([1], np.int64)}
    inputs = [tensor("x", [1, 1]), tensor("h", [1, 3]), tensor("n", [1], I64)]
    outputs = [tensor("y", [1]), tensor("h_next", [1, 3]), tensor("n_next", [1], I64)]
    save("accumulate", nodes, inputs, outputs, constants)
    x, h, n, y = signal(8), np.zeros((1, 3), np.float32), np.zeros(1, np.int64), []
    run = session("accumulate")
    for value in x:
        one, h, n = run.run(None, {"x": value.reshape(1, 1), "h": h, "n": n})
        y.append(one)
    golden("accumulate", x=x, y=y)


def fir():
    """A convolution over samples, any number of them: taps 5, so 4 samples of the past belong in front."""
    nodes = [node("Conv", "x taps", "y")]
    dims = ["batch", 1, "samples"]
    save("fir", nodes, [tensor("x", dims)], [tensor("y", ["batch", 1, "fewer"])], {"taps": weights(1, 1, 5)})
    x = signal(64)
    # The whole signal in one run: the worker cuts it into pieces.
    y = session("fir").run(None, {"x": np.concatenate([np.zeros(4, np.float32), x]).reshape(1, 1, -1)})[0]
    golden("fir", x=x, y=y)


def recurrent(op, gates, states, name):
    constants = {"w": weights(1, gates * 3, 4), "r": weights(1, gates * 3, 3), "b": weights(1, gates * 6)}
    before = " ".join(states)
    after = " ".join(f"{s}_next" for s in states)
    extra = {"linear_before_reset": 1} if op == "GRU" else {}
    nodes = [
        node(op, f"x w r b {''} {before}", f"all {after}", hidden_size=3, **extra),
        node("ReduceSum", "all axes", "y", keepdims=0),
    ]
    nodes[0].input[:] = ["x", "w", "r", "b", "", *states]
    constants["axes"] = np.array([1], np.int64)
    shape = [1, 1, 3]
    inputs = [tensor("x", [1, 1, 4])] + [tensor(s, shape) for s in states]
    outputs = [tensor("y", [1, 1, 3])] + [tensor(f"{s}_next", shape) for s in states]
    save(name, nodes, inputs, outputs, constants)
    x, y, held = signal(12, 4), [], [np.zeros(shape, np.float32) for _ in states]
    run = session(name)
    for frame in x:
        one, *held = run.run(None, {"x": frame.reshape(1, 1, 4), **dict(zip(states, held))})
        y.append(one)
    golden(name, x=x, y=y)


def gru_fresh():
    """A GRU over 5 frames a run that begins every run at zero: the answer may not depend on earlier runs."""
    constants = {"w": weights(1, 9, 4), "r": weights(1, 9, 3), "axes": np.array([1], np.int64)}
    nodes = [node("GRU", "x w r", "all last", hidden_size=3), node("ReduceSum", "last axes", "y", keepdims=0)]
    save("gru_fresh", nodes, [tensor("x", [5, 1, 4])], [tensor("y", [1, 3])], constants)
    x, run = signal(4, 5, 4), session("gru_fresh")
    golden("gru_fresh", x=x, y=[run.run(None, {"x": part.reshape(5, 1, 4)})[0] for part in x])


def spectra():
    """Turns and scales every complex bin; once with the parts last, once with the parts before the bins."""
    turn, gain = weights(2, 2), weights(5, 1)
    nodes = [node("MatMul", "mix turn", "a"), node("Mul", "a gain", "enh")]
    last = [1, 5, 1, 2]
    save("parts_last", nodes, [tensor("mix", last)], [tensor("enh", last)], {"turn": turn, "gain": gain.reshape(5, 1, 1)})
    nodes = [node("MatMul", "turn mix", "a"), node("Mul", "a gain", "enh")]
    first = [1, 2, 5]
    constants = {"turn": turn.T.copy(), "gain": gain.reshape(1, 5)}
    save("parts_first", nodes, [tensor("mix", first)], [tensor("enh", first)], constants)
    x, run = signal(6, 5, 2), session("parts_last")
    y = [run.run(None, {"mix": frame.reshape(last)})[0] for frame in x]
    golden("parts", mix=x, enh=y)
    run = session("parts_first")
    same = [run.run(None, {"mix": frame.T.reshape(first)})[0].reshape(2, 5).T for frame in x]
    assert np.allclose(np.ravel(same), np.ravel(y), atol=1e-6)


def words():
    """Scores of 3 words from the newest 6 frames of 4 bands; once frames × bands, once bands × frames."""
    dense, bias = weights(24, 3), weights(3)
    nodes = [node("Flatten", "features", "a"), node("Gemm", "a dense bias", "b"), node("Softmax", "b", "scores")]
    shape, turned = [1, 6, 4], [1, 4, 6]
    constants = {"dense": dense, "bias": bias}
    save("words", nodes, [tensor("features", shape)], [tensor("scores", [1, 3])], constants)
    nodes = [node("Transpose", "features", "t", perm=[0, 2, 1]), *nodes]
    nodes[1] = node("Flatten", "t", "a")
    save("words_turned", nodes, [tensor("features", turned)], [tensor("scores", [1, 3])], constants)
    x, run = signal(20, 4), session("words")
    padded = np.concatenate([np.zeros((6, 4), np.float32), x])
    sliding = [run.run(None, {"features": padded[k + 1 : k + 7].reshape(shape)})[0] for k in range(20)]
    golden("words", features=x, scores=sliding)


def vad():
    """The face of a voice detector: samples with context, a state with a batch, the rate as a constant."""
    nodes = [
        node("MatMul", "input dense", "a"),
        node("Slice", "state zero one zero", "h0"),
        node("Squeeze", "h0 zero", "h"),
        node("MatMul", "h back", "b"),
        node("Add", "a b", "c"),
        node("Tanh", "c", "d"),
        node("Unsqueeze", "d zero", "e"),
        node("Concat", "e h0", "stateN", axis=0),
        node("Cast", "sr", "f", to=F32),
        node("Div", "f rate", "g"),
        node("Mul", "d g", "i"),
        node("ReduceSum", "i one", "j", keepdims=1),
        node("Sigmoid", "j", "output"),
    ]
    constants = {
        "dense": weights(20, 3),
        "back": weights(3, 3),
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "rate": np.float32(16000),
    }
    inputs = [tensor("input", [None, None]), tensor("state", [2, None, 3]), tensor("sr", [], I64)]
    outputs = [tensor("output", [None, 1]), tensor("stateN", [None, None, 3])]
    save("vad", nodes, inputs, outputs, constants)
    x, state, probability = signal(160), np.zeros((2, 1, 3), np.float32), []
    past, run = np.zeros(4, np.float32), session("vad")
    for part in x.reshape(10, 16):
        held = np.concatenate([past, part])
        one, state = run.run(None, {"input": held.reshape(1, 20), "state": state, "sr": np.array(8000, np.int64)})
        past = held[-4:]
        probability.append(one)
    golden("vad", input=x, output=probability)


def types():
    """Every type of number: x is f16 audio; states that count (i32), decay (f64) and remember (bool)."""
    f16, i16, u8, i32, f64, flag = (TensorProto.FLOAT16, TensorProto.INT16, TensorProto.UINT8, TensorProto.INT32,
                                    TensorProto.DOUBLE, TensorProto.BOOL)
    nodes = [
        node("Cast", "x", "wide", to=F32),
        node("Mul", "wide two", "twice"),
        node("Cast", "twice", "half", to=f16),
        node("Cast", "wide", "short", to=i16),
        node("Add", "count one", "count_next"),
        node("Cast", "count_next", "bytes", to=u8),
        node("Mul", "decay half64", "less"),
        node("Cast", "x", "wide64", to=f64),
        node("Add", "less wide64", "decay_next"),
        node("Greater", "wide two", "loud"),
        node("Cast", "loud", "loud32", to=F32),
        node("ReduceMax", "loud32", "any32", keepdims=0),
        node("Cast", "any32", "any", to=flag),
        node("Or", "seen any", "seen_next"),
    ]
    constants = {"two": np.float32(2), "one": np.array([1], np.int32), "half64": np.float64(0.5)}
    inputs = [tensor("x", [1, 4], f16), tensor("count", [1], i32), tensor("decay", [1, 4], f64),
              tensor("seen", [1], flag)]
    outputs = [tensor("half", [1, 4], f16), tensor("short", [1, 4], i16), tensor("bytes", [1], u8),
               tensor("count_next", [1], i32), tensor("decay_next", [1, 4], f64), tensor("seen_next", [1], flag)]
    save("types", nodes, inputs, outputs, constants)


def broken():
    save("unknown_operator", [node("Sorcery", "x", "y")], [tensor("x", [1, 4])], [tensor("y", [1, 4])], check=False)


MODELS.mkdir(exist_ok=True)
mask()
accumulate()
fir()
recurrent("GRU", 3, ["h"], "gru")
recurrent("LSTM", 4, ["h", "c"], "lstm")
gru_fresh()
spectra()
words()
vad()
types()
broken()
lines = [f" {json.dumps(name)}: {json.dumps(streams)}" for name, streams in goldens.items()]
(HERE / "goldens.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
