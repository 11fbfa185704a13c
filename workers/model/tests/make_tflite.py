#!/usr/bin/env python3
"""Makes the small TensorFlow Lite models of these tests, and what the Python interpreter of LiteRT answers for them.

    pip install ai-edge-litert==2.3.0 flatbuffers numpy
    python3 make_tflite.py            # writes models/*.tflite and goldens_tflite.json

TensorFlow is not needed: models are written as the tables of the schema. A golden has the frames that the graph feeds and
those that come out, one after the other; quantisation, states and windows are written out here in plain numpy around the
interpreter, whose reference kernels answer (no XNNPACK).
"""
import json
import pathlib

import flatbuffers
import numpy as np
from ai_edge_litert import interpreter as litert
from ai_edge_litert import schema_py_generated as schema

HERE = pathlib.Path(__file__).parent
MODELS = HERE / "models"
OP, TYPE = schema.BuiltinOperator, schema.TensorType
NUMPY = {TYPE.FLOAT32: np.float32, TYPE.INT8: np.int8, TYPE.UINT8: np.uint8, TYPE.INT16: np.int16, TYPE.INT32: np.int32,
         TYPE.INT64: np.int64, TYPE.BOOL: np.bool_, TYPE.FLOAT16: np.float16}
rng = np.random.default_rng(11)


class Model:
    """A model with one graph, tensor by tensor and operator by operator."""

    def __init__(self, name):
        self.name = name
        self.it = schema.ModelT()
        self.it.version = 3
        self.it.description = "aw"
        self.it.operatorCodes, self.it.buffers, self.codes = [], [schema.BufferT()], {}
        self.it.subgraphs = []
        self.another_graph("main")

    def another_graph(self, name):
        """From here on tensors and operators go into a graph of this name."""
        self.graph = schema.SubGraphT()
        self.graph.name = name
        self.graph.tensors, self.graph.operators, self.graph.inputs, self.graph.outputs = [], [], [], []
        self.it.subgraphs.append(self.graph)

    def tensor(self, name, shape, kind=TYPE.FLOAT32, scale=None, zero=0, data=None, signature=None, axis=0):
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, 0
        if signature:
            tensor.shapeSignature = list(signature)
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            scales = np.atleast_1d(scale).astype(np.float32)
            tensor.quantization.scale, tensor.quantization.zeroPoint = scales, np.full(scales.shape, zero, np.int64)
            tensor.quantization.quantizedDimension = axis
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, NUMPY[kind]).tobytes(), np.uint8)
            self.it.buffers.append(buffer)
            tensor.buffer = len(self.it.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def const(self, name, data, kind=TYPE.FLOAT32, **more):
        data = np.asarray(data)
        return self.tensor(name, data.shape, kind, data=data, **more)

    def input(self, *args, **more):
        self.graph.inputs.append(self.tensor(*args, **more))
        return self.graph.inputs[-1]

    def output(self, *args, **more):
        self.graph.outputs.append(self.tensor(*args, **more))
        return self.graph.outputs[-1]

    def op(self, code, inputs, outputs, options=None, kind=0, custom=None, version=1):
        key = (code, custom, version)
        if key not in self.codes:
            entry = schema.OperatorCodeT()
            entry.builtinCode, entry.deprecatedBuiltinCode = code, min(code, 127)
            entry.customCode, entry.version = custom, version
            self.codes[key] = len(self.it.operatorCodes)
            self.it.operatorCodes.append(entry)
        node = schema.OperatorT()
        node.opcodeIndex, node.inputs, node.outputs = self.codes[key], inputs, outputs
        if options is not None:
            node.builtinOptions, node.builtinOptionsType = options, kind
        self.graph.operators.append(node)

    def dense(self, x, weights, bias, y, version=1):
        options = schema.FullyConnectedOptionsT()
        options.keepNumDims = True
        self.op(OP.FULLY_CONNECTED, [x, weights, bias], [y], options, schema.BuiltinOptions.FullyConnectedOptions, version=version)

    def add(self, a, b, y, **more):
        self.op(OP.ADD, [a, b], [y], schema.AddOptionsT(), schema.BuiltinOptions.AddOptions, **more)

    def mul(self, a, b, y):
        self.op(OP.MUL, [a, b], [y], schema.MulOptionsT(), schema.BuiltinOptions.MulOptions)

    def cast(self, a, b, kinds):
        options = schema.CastOptionsT()
        options.inDataType, options.outDataType = kinds
        self.op(OP.CAST, [a], [b], options, schema.BuiltinOptions.CastOptions)

    def handle(self):
        """A handle of the one variable."""
        handle = self.tensor("handle", [], TYPE.RESOURCE)
        options = schema.VarHandleOptionsT()
        options.container, options.sharedName = "", "total"
        self.op(OP.VAR_HANDLE, [], [handle], options, schema.BuiltinOptions.VarHandleOptions)
        return handle

    def signature(self, inputs, outputs):
        def maps(names):
            result = []
            for name, tensor in names:
                entry = schema.TensorMapT()
                entry.name, entry.tensorIndex = name, tensor
                result.append(entry)
            return result

        entry = schema.SignatureDefT()
        entry.inputs, entry.outputs, entry.signatureKey, entry.subgraphIndex = maps(inputs), maps(outputs), "serving", 0
        self.it.signatureDefs = [entry]

    def save(self):
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.it.Pack(builder), b"TFL3")
        (MODELS / f"{self.name}.tflite").write_bytes(builder.Output())


class Session:
    """The interpreter, fed and read by the names of tensors."""

    def __init__(self, name):
        kind = litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.it = litert.Interpreter(str(MODELS / f"{name}.tflite"), experimental_op_resolver_type=kind, num_threads=1)
        self.it.allocate_tensors()
        self.ins = {detail["name"]: detail for detail in self.it.get_input_details()}
        self.outs = {detail["name"]: detail for detail in self.it.get_output_details()}

    def raw(self, **frames):
        """Runs it on values as the tensors hold them."""
        for name, value in frames.items():
            detail = self.ins[name]
            self.it.set_tensor(detail["index"], np.asarray(value, detail["dtype"]).reshape(detail["shape"]))
        self.it.invoke()
        return {name: self.it.get_tensor(detail["index"]) for name, detail in self.outs.items()}

    def run(self, **frames):
        """Runs it on floats, and gives floats."""
        given = {name: quantized(value, self.ins[name]) for name, value in frames.items()}
        return {name: floats(value, self.outs[name]) for name, value in self.raw(**given).items()}


def quantized(x, detail):
    x, (scale, zero), dtype = np.asarray(x, np.float32), detail["quantization"], np.dtype(detail["dtype"])
    if dtype.kind not in "iu" or dtype == np.bool_:
        return x.astype(dtype)
    x = x / np.float32(scale) if scale else x
    rounded = np.copysign(np.floor(np.abs(x) + np.float32(0.5)), x) + zero
    info = np.iinfo(dtype)
    return np.clip(rounded.astype(np.float64), info.min, info.max).astype(dtype)


def floats(q, detail):
    scale, zero = detail["quantization"]
    return (np.float64(scale) * (q.astype(np.float64) - zero) if scale else q).astype(np.float32)


def signal(*shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


goldens = {}


def golden(name, **streams):
    flat = {key: np.asarray(value, np.float32).ravel() for key, value in streams.items()}
    goldens[name] = {key: [float(f"{v:.9g}") for v in value] for key, value in flat.items()}


WEIGHTS = rng.normal(0, 0.5, (5, 5)).astype(np.float32)
BIAS = rng.normal(0, 0.2, 5).astype(np.float32)


def dense():
    """A mask for every frame: y = sigmoid(W x + b)."""
    m = Model("dense")
    x, y, z = m.input("x", [1, 1, 5]), m.output("y", [1, 1, 5]), m.tensor("z", [1, 1, 5])
    m.dense(x, m.const("weights", WEIGHTS), m.const("bias", BIAS), z)
    m.op(OP.LOGISTIC, [z], [y])
    m.save()
    frames, session = signal(12, 5), Session("dense")
    golden("dense", x=frames, y=[session.run(x=f)["y"] for f in frames])


def dense_quantized():
    """The same without the sigmoid, in whole numbers; some frames lie out of the range of the input."""
    for name, kind, weights_kind, bias_kind, zero, weights_zero, version in [
        ("dense_int8", TYPE.INT8, TYPE.INT8, TYPE.INT32, 7, 0, 4),
        ("dense_uint8", TYPE.UINT8, TYPE.UINT8, TYPE.INT32, 120, 128, 1),
        ("dense_int16", TYPE.INT16, TYPE.INT8, TYPE.INT64, 0, 0, 7),
    ]:
        m = Model(name)
        step = 1 / 127 if kind != TYPE.INT16 else 1 / 32767
        scales = {"x": 1.0 * step, "weights": np.abs(WEIGHTS).max() / 127, "y": 3.0 * step}
        x = m.input("x", [1, 1, 5], kind, scale=scales["x"], zero=zero)
        y = m.output("y", [1, 1, 5], kind, scale=scales["y"], zero=zero)
        whole = np.round(WEIGHTS / scales["weights"]) + weights_zero
        bias = np.round(BIAS / (scales["x"] * scales["weights"]))
        weights = m.const("weights", whole, weights_kind, scale=scales["weights"], zero=weights_zero)
        m.dense(x, weights, m.const("bias", bias, bias_kind, scale=scales["x"] * scales["weights"]), y, version)
        m.save()
        frames, session = 1.2 * signal(12, 5), Session(name)
        golden(name, x=frames, y=[session.run(x=f)["y"] for f in frames])


def dense_dynamic():
    """Weights of 8 bits, everything else floats (dynamic range)."""
    m = Model("dense_dynamic")
    scale = np.abs(WEIGHTS).max() / 127
    x, y = m.input("x", [1, 1, 5]), m.output("y", [1, 1, 5])
    m.dense(x, m.const("weights", np.round(WEIGHTS / scale), TYPE.INT8, scale=scale), m.const("bias", BIAS), y, 3)
    m.save()
    frames, session = signal(12, 5), Session("dense_dynamic")
    golden("dense_dynamic", x=frames, y=[session.run(x=f)["y"] for f in frames])


def accumulate():
    """Two states, one of them whole numbers: h' = h / 2 + x (1, 2, 3), n' = n + 1, y = sum h' + n'."""
    m = Model("accumulate")
    x, h, n = m.input("x", [1, 1]), m.input("h", [1, 3]), m.input("n", [1], TYPE.INT32)
    y = m.output("y", [1])
    h_next, n_next = m.output("h_next", [1, 3]), m.output("n_next", [1], TYPE.INT32)
    a, b, c, d = m.tensor("a", [1, 3]), m.tensor("b", [1, 3]), m.tensor("c", [1]), m.tensor("d", [1])
    m.mul(h, m.const("half", [[0.5]]), a)
    m.mul(x, m.const("ramp", [[1, 2, 3]]), b)
    m.add(a, b, h_next)
    m.add(n, m.const("one", [1], TYPE.INT32), n_next)
    m.op(OP.SUM, [h_next, m.const("axis", [1], TYPE.INT32)], [c], schema.ReducerOptionsT(), schema.BuiltinOptions.ReducerOptions)
    m.cast(n_next, d, (TYPE.INT32, TYPE.FLOAT32))
    m.add(c, d, y)
    m.save()
    frames, session, states, out = signal(40), Session("accumulate"), {"h": np.zeros(3), "n": 0}, []
    for frame in frames:
        answer = session.raw(x=frame, **states)
        states = {"h": answer["h_next"], "n": answer["n_next"]}
        out.append(answer["y"])
    golden("accumulate", x=frames, y=out)


def requantized():
    """A state that leaves with another scale and zero point than it comes in with: h' = h + x, y = h'."""
    m = Model("requantized")
    x = m.input("x", [1, 4], TYPE.INT8, scale=0.01, zero=0)
    h = m.input("h", [1, 4], TYPE.INT8, scale=0.02, zero=-3)
    y = m.output("y", [1, 4], TYPE.INT8, scale=0.04, zero=5)
    m.add(x, h, y, version=2)
    m.save()
    frames, session, h, out = 0.3 * signal(40, 4), Session("requantized"), np.zeros(4, np.float32), []
    for frame in frames:
        h = session.run(x=frame, h=h)["y"].ravel()
        out.append(h)
    golden("requantized", x=frames, y=out)


def variable():
    """A state that the model keeps to itself, in a variable, zero before the first run: y = total' = total + x."""
    m = Model("variable")
    x, y = m.input("x", [1, 3]), m.output("y", [1, 3])
    once = schema.CallOnceOptionsT()
    once.initSubgraphIndex = 1
    m.op(OP.CALL_ONCE, [], [], once, schema.BuiltinOptions.CallOnceOptions)
    handle, total = m.handle(), m.tensor("total", [1, 3])
    m.op(OP.READ_VARIABLE, [handle], [total], schema.ReadVariableOptionsT(), schema.BuiltinOptions.ReadVariableOptions)
    m.add(x, total, y)
    assign = (schema.AssignVariableOptionsT(), schema.BuiltinOptions.AssignVariableOptions)
    m.op(OP.ASSIGN_VARIABLE, [handle, y], [], *assign)
    m.another_graph("begin")
    m.op(OP.ASSIGN_VARIABLE, [m.handle(), m.const("zeros", np.zeros((1, 3)))], [], *assign)
    m.save()
    frames = signal(20, 3)
    golden("variable", x=frames, y=np.cumsum(frames, axis=0, dtype=np.float32))


def open_extent():
    """Any number of samples: y = 2 x + 1."""
    m = Model("open")
    x, y = m.input("x", [1, 1], signature=[1, -1]), m.output("y", [1, 1], signature=[1, -1])
    z = m.tensor("z", [1, 1], signature=[1, -1])
    m.mul(x, m.const("two", [[2]]), z)
    m.add(z, m.const("one", [[1]]), y)
    m.save()


def named():
    """Names of the author's in a signature, whose order is another than that of the graph: y = a - b."""
    m = Model("named")
    a, b = m.input("serving_default_a:0", [1, 3]), m.input("serving_default_b:0", [1, 3])
    y, z = m.output("PartitionedCall:0", [1, 3]), m.output("PartitionedCall:1", [1, 3])
    m.op(OP.SUB, [a, b], [y], schema.SubOptionsT(), schema.BuiltinOptions.SubOptions)
    m.add(a, b, z)
    m.signature([("b", b), ("a", a)], [("sum", z), ("difference", y)])
    m.save()


def sliced():
    """Every second value of the newest five of six, turned around by a reshape: what constants say decides the shapes."""
    m = Model("sliced")
    x, z, y = m.input("x", [1, 6]), m.tensor("z", [1, 3]), m.output("y", [3, 1])
    ranges = [m.const(name, value, TYPE.INT32) for name, value in [("begin", [0, 1]), ("end", [1, 6]), ("strides", [1, 2])]]
    m.op(OP.STRIDED_SLICE, [x, *ranges], [z], schema.StridedSliceOptionsT(), schema.BuiltinOptions.StridedSliceOptions)
    m.op(OP.RESHAPE, [z, m.const("shape", [3, -1], TYPE.INT32)], [y], schema.ReshapeOptionsT(), schema.BuiltinOptions.ReshapeOptions)
    m.save()


def parts():
    """Two halves, and the second one again in a value and the rest."""
    m = Model("parts")
    x, first, second = m.input("x", [1, 6]), m.output("first", [1, 3]), m.tensor("second", [1, 3])
    one, rest = m.output("one", [1, 1]), m.output("rest", [1, 2])
    halves, sizes = schema.SplitOptionsT(), schema.SplitVOptionsT()
    halves.numSplits, sizes.numSplits = 2, 2
    axis, last = m.const("axis", 1, TYPE.INT32), m.const("last", -1, TYPE.INT32)
    m.op(OP.SPLIT, [axis, x], [first, second], halves, schema.BuiltinOptions.SplitOptions)
    m.op(OP.SPLIT_V, [second, m.const("sizes", [1, 2], TYPE.INT32), last], [one, rest], sizes, schema.BuiltinOptions.SplitVOptions)
    m.save()


def swelling():
    """As many values come back as a state as the frame says: only a run tells."""
    m = Model("swelling")
    x, h = m.input("x", [2]), m.input("h", [1, 1])
    more, size, z = m.tensor("more", [2], TYPE.INT32), m.tensor("size", [2], TYPE.INT32), m.output("z", [1, 1])
    y = m.output("y", [1, 1], signature=[1, -1])
    m.cast(x, more, (TYPE.FLOAT32, TYPE.INT32))
    m.add(more, m.const("one", [1, 1], TYPE.INT32), size)
    begin, values = m.const("begin", [0, 0], TYPE.INT32), m.const("values", [[1, 2, 3]])
    m.op(OP.SLICE, [values, begin, size], [y], schema.SliceOptionsT(), schema.BuiltinOptions.SliceOptions)
    m.add(h, h, z)
    m.save()


def told_shape():
    """What a model remembers comes out in a shape that only a run tells: y = total' = total + x."""
    m = Model("told_shape")
    x, total, total_next = m.input("x", [1, 3]), m.tensor("total", [1, 3]), m.tensor("total_next", [1, 3])
    shape, y = m.tensor("shape", [2], TYPE.INT32), m.output("y", [1, 3], signature=[-1, -1])
    begin = schema.CallOnceOptionsT()
    begin.initSubgraphIndex = 1
    m.op(OP.CALL_ONCE, [], [], begin, schema.BuiltinOptions.CallOnceOptions)
    handle = m.handle()
    m.op(OP.READ_VARIABLE, [handle], [total], schema.ReadVariableOptionsT(), schema.BuiltinOptions.ReadVariableOptions)
    m.add(x, total, total_next)
    assign = (schema.AssignVariableOptionsT(), schema.BuiltinOptions.AssignVariableOptions)
    m.op(OP.ASSIGN_VARIABLE, [handle, total_next], [], *assign)
    m.add(m.const("one", [1, 1], TYPE.INT32), m.const("rest", [0, 2], TYPE.INT32), shape)
    m.op(OP.RESHAPE, [total_next, shape], [y], schema.ReshapeOptionsT(), schema.BuiltinOptions.ReshapeOptions)
    m.another_graph("begin")
    m.op(OP.ASSIGN_VARIABLE, [m.handle(), m.const("zeros", np.zeros((1, 3)))], [], *assign)
    m.save()


def kinds():
    """Every type that frames may become and be made of."""
    types = {"i64": TYPE.INT64, "i32": TYPE.INT32, "i16": TYPE.INT16, "u8": TYPE.UINT8, "bool": TYPE.BOOL, "f16": TYPE.FLOAT16}
    m = Model("kinds")
    for name, kind in types.items():
        x, y, z = m.input(name, [1, 4], kind), m.tensor(f"{name}_float", [1, 4]), m.output(f"{name}_out", [1, 4], kind)
        m.cast(x, y, (kind, TYPE.FLOAT32))
        m.cast(y, z, (TYPE.FLOAT32, kind))
    m.save()


def broken():
    m = Model("told_axis")
    axis, x, parts = m.input("axis", [1], TYPE.INT32), m.input("x", [1, 2]), [m.output(name, [1, 1]) for name in "ab"]
    halves = schema.SplitOptionsT()
    halves.numSplits = 2
    m.op(OP.SPLIT, [axis, x], parts, halves, schema.BuiltinOptions.SplitOptions)
    m.save()
    m = Model("custom_operator")
    m.op(OP.CUSTOM, [m.input("x", [1, 4])], [m.output("y", [1, 4])], custom="Sorcery")
    m.save()
    m = Model("not_a_number")
    x, y = m.input("x", [1, 2]), m.output("y", [1, 2])
    m.add(x, m.const("offset", [[0, np.nan]]), y)
    m.save()
    m = Model("too_large")
    x, y = m.input("x", [1, 2**29]), m.output("y", [1, 2**29])
    m.add(x, m.const("one", [[1]]), y)
    m.save()
    m = Model("per_channel")
    x, y = m.input("x", [1, 2], TYPE.INT8, scale=[0.1, 0.2], axis=1), m.output("y", [1, 2], TYPE.INT8, scale=0.1)
    m.add(x, x, y)
    m.save()
    m = Model("uneven")
    x, h = m.input("x", [1, 2]), m.input("h", [1, 2])
    y = m.output("y", [1, 4])
    options = schema.ConcatenationOptionsT()
    options.axis = 1
    m.op(OP.CONCATENATION, [x, h], [y], options, schema.BuiltinOptions.ConcatenationOptions)
    m.save()


dense()
dense_quantized()
dense_dynamic()
accumulate()
requantized()
variable()
open_extent()
named()
sliced()
parts()
swelling()
told_shape()
kinds()
broken()
lines = [f" {json.dumps(name)}: {json.dumps(streams)}" for name, streams in goldens.items()]
(HERE / "goldens_tflite.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
