#!/usr/bin/env python3
"""Makes the models that `aw model` and `mos` are tested on: pip install onnx==1.23.2 tflite==2.18.0 flatbuffers==25.12.19

Those of `aw model` do not run: they have every tensor, operator and setting of a real model, but no weights. ds_cnn is the
keyword spotter of MLPerf Tiny (C. Banbury et al., "MLPerf Tiny Benchmark", NeurIPS 2021), once as ONNX, once as TFLite.
judge_*.onnx have the shapes of models that judge sound, and opinions that anybody can work out.
"""
from pathlib import Path

import flatbuffers
import numpy as np
import onnx
import tflite
from onnx import TensorProto, helper

HERE = Path(__file__).parent
F32, I64 = TensorProto.FLOAT, TensorProto.INT64
BUILTIN, TYPE = tflite.BuiltinOperator, tflite.TensorType


def ds_cnn_onnx():
    nodes, weights = [], []

    def conv(x, name, shape, **settings):
        # Weights of this shape without their values: only the shape is in the file.
        weights.append(helper.make_tensor(f"{name}.shape", I64, [4], shape))
        nodes.append(helper.make_node("ConstantOfShape", [f"{name}.shape"], [f"{name}.w"]))
        nodes.append(helper.make_node("Conv", [x, f"{name}.w"], [f"{name}.y"], **settings))
        nodes.append(helper.make_node("Relu", [f"{name}.y"], [name]))
        return name

    x = conv("mfcc", "first", [64, 1, 10, 4], strides=[2, 2], auto_pad="SAME_UPPER")
    for i in range(4):
        x = conv(x, f"depth{i}", [64, 1, 3, 3], group=64, pads=[1, 1, 1, 1])
        x = conv(x, f"point{i}", [64, 64, 1, 1])
    weights.append(helper.make_tensor("dense.shape", I64, [2], [64, 12]))
    nodes.append(helper.make_node("AveragePool", [x], ["mean"], kernel_shape=[25, 5]))
    nodes.append(helper.make_node("Flatten", ["mean"], ["flat"]))
    nodes.append(helper.make_node("ConstantOfShape", ["dense.shape"], ["dense"]))
    nodes.append(helper.make_node("MatMul", ["flat", "dense"], ["sums"]))
    nodes.append(helper.make_node("Softmax", ["sums"], ["words"]))
    ins = [helper.make_tensor_value_info("mfcc", F32, ["batch", 1, 49, 10])]
    outs = [helper.make_tensor_value_info("words", F32, ["batch", 12])]
    graph = helper.make_graph(nodes, "ds_cnn", ins, outs, weights)
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="make.py", producer_version="1")
    model.doc_string = "The keyword spotter of MLPerf Tiny, without its weights"
    helper.set_model_props(model, {"sample_rate": "16000"})
    onnx.checker.check_model(model)
    onnx.save(model, HERE / "ds_cnn.onnx")


class Lite:
    """A TFLite file, built from the inside out as FlatBuffers want it."""

    def __init__(self):
        self.b = flatbuffers.Builder(4096)
        self.tensors, self.ops, self.codes = [], [], []
        self.buffers = [b""]

    def ints(self, values):
        return self.b.CreateNumpyVector(np.array(values, "int32"))

    def table(self, kind, fields):
        """A table `kind` from texts, numbers, and offsets that are made already."""
        made = {k: self.b.CreateString(v) if isinstance(v, str) else v for k, v in fields.items()}
        getattr(tflite, f"{kind}Start")(self.b)
        for key, value in made.items():
            getattr(tflite, f"{kind}Add{key}")(self.b, value)
        return getattr(tflite, f"{kind}End")(self.b)

    def tables(self, offsets):
        self.b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.b.PrependUOffsetTRelative(offset)
        return self.b.EndVector()

    def tensor(self, name, shape, ty=TYPE.INT8, scale=None, zero=0, data=b"", signature=None):
        fields = {"Name": name, "Shape": self.ints(shape), "Type": ty}
        if scale is not None:
            scales = self.b.CreateNumpyVector(np.array(scale if isinstance(scale, list) else [scale], "float32"))
            zeros = self.b.CreateNumpyVector(np.array([zero] * (len(scale) if isinstance(scale, list) else 1), "int64"))
            fields["Quantization"] = self.table("QuantizationParameters", {"Scale": scales, "ZeroPoint": zeros})
        if signature:
            fields["ShapeSignature"] = self.ints(signature)
        if data:
            self.buffers.append(data)
            fields["Buffer"] = len(self.buffers) - 1
        self.tensors.append(self.table("Tensor", fields))
        return len(self.tensors) - 1

    def op(self, code, inputs, outputs, options=None):
        if code not in self.codes:
            self.codes.append(code)
        fields = {"OpcodeIndex": self.codes.index(code), "Inputs": self.ints(inputs), "Outputs": self.ints(outputs)}
        if options:
            fields["BuiltinOptionsType"], fields["BuiltinOptions"] = options
        self.ops.append(self.table("Operator", fields))

    def save(self, name, inputs, outputs, names):
        def code(code):
            if isinstance(code, str):
                return {"CustomCode": code, "BuiltinCode": BUILTIN.CUSTOM, "DeprecatedBuiltinCode": BUILTIN.CUSTOM}
            return {"BuiltinCode": code, "DeprecatedBuiltinCode": min(code, 127), "Version": 2}

        def mapped(pairs):
            return self.tables([self.table("TensorMap", {"Name": n, "TensorIndex": t}) for n, t in pairs])

        graph = {"Tensors": self.tables(self.tensors), "Inputs": self.ints(inputs), "Outputs": self.ints(outputs)}
        graph |= {"Operators": self.tables(self.ops), "Name": "main"}
        graphs = self.tables([self.table("SubGraph", graph)])
        codes = self.tables([self.table("OperatorCode", code(c)) for c in self.codes])
        data = [{"Data": self.b.CreateByteVector(bytes)} if bytes else {} for bytes in self.buffers]
        buffers = self.tables([self.table("Buffer", fields) for fields in data])
        signature = {"Inputs": mapped(names[0]), "Outputs": mapped(names[1]), "SignatureKey": "serving_default"}
        signatures = self.tables([self.table("SignatureDef", signature)])
        model = {"Version": 3, "Description": "Made without weights.", "Buffers": buffers, "OperatorCodes": codes}
        model |= {"Subgraphs": graphs, "SignatureDefs": signatures}
        self.b.Finish(self.table("Model", model), b"TFL3")
        (HERE / name).write_bytes(self.b.Output())


def ds_cnn_tflite():
    m = Lite()
    first = x = m.tensor("input_1", [1, 49, 10, 1], scale=0.58, zero=83, signature=[-1, 49, 10, 1])

    def conv(x, code, name, shape):
        w = m.tensor(f"{name}.w", shape, scale=[0.01] * 64)
        y = m.tensor(name, [1, 25, 5, 64], scale=0.1, zero=-128)
        m.op(code, [x, w, -1], [y])
        return y

    x = conv(x, BUILTIN.CONV_2D, "first", [64, 10, 4, 1])
    for i in range(4):
        x = conv(x, BUILTIN.DEPTHWISE_CONV_2D, f"depth{i}", [1, 3, 3, 64])
        x = conv(x, BUILTIN.CONV_2D, f"point{i}", [64, 1, 1, 64])
    mean, flat = m.tensor("mean", [1, 1, 1, 64]), m.tensor("flat", [1, 64])
    m.op(BUILTIN.AVERAGE_POOL_2D, [x], [mean])
    m.op(BUILTIN.RESHAPE, [mean], [flat])
    dense = m.tensor("dense", [12, 64], scale=0.02)
    sums, words = m.tensor("sums", [1, 12]), m.tensor("Identity", [1, 12], scale=0.00390625, zero=-128)
    m.op(BUILTIN.FULLY_CONNECTED, [flat, dense, -1], [sums])
    m.op(BUILTIN.SOFTMAX, [sums], [words])
    m.save("ds_cnn.tflite", [first], [words], ([("mfcc", first)], [("words", words)]))


def streaming():
    """A model that remembers by itself, and that uses an operator which is not built in."""
    m = Lite()
    x = m.tensor("serving_default_input_audio:0", [1, 3, 40], scale=0.1, zero=-128)
    handle, old, all_, new = (
        m.tensor("handle", [], TYPE.RESOURCE),
        m.tensor("old", [1, 2, 40], scale=0.1, zero=-128),
        m.tensor("all", [1, 5, 40], scale=0.1, zero=-128),
        m.tensor("new", [1, 2, 40]),
    )
    options = m.table("VarHandleOptions", {"SharedName": "stream/states"})
    m.op(BUILTIN.VAR_HANDLE, [], [handle], (tflite.BuiltinOptions.VarHandleOptions, options))
    m.op(BUILTIN.READ_VARIABLE, [handle], [old])
    m.op(BUILTIN.CONCATENATION, [old, x], [all_])
    m.op("KeepNewest", [all_], [new])
    m.op(BUILTIN.ASSIGN_VARIABLE, [handle, new], [])
    dense = m.tensor("dense", [1, 200], data=bytes(200), scale=0.5)
    y = m.tensor("StatefulPartitionedCall:0", [1, 1], TYPE.UINT8, scale=0.00390625)
    m.op(BUILTIN.FULLY_CONNECTED, [all_, dense, -1], [y])
    m.save("streaming.tflite", [x], [y], ([("input_audio", x)], [("probability", y)]))


def judge(name, input, outputs, nodes, constants=()):
    made = helper.make_tensor_value_info
    constants = [onnx.numpy_helper.from_array(np.array(values), at) for at, values in constants]
    graph = helper.make_graph(nodes, name, [made("sound", F32, input)], [made(n, F32, s) for n, s in outputs], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make.py")
    onnx.checker.check_model(model)
    onnx.save(model, HERE / f"{name}.onnx")


def judges():
    node = helper.make_node
    # Samples in; the mean of their squares and the largest magnitude out, in one output as SIG, BAK and OVRL are, and what
    # the first sample is in another.
    def hears(name, samples):
        nodes = [
            node("Mul", ["sound", "sound"], ["squares"]),
            node("ReduceMean", ["squares"], ["power"], axes=[1]),
            node("Abs", ["sound"], ["magnitudes"]),
            node("ReduceMax", ["magnitudes"], ["peak"], axes=[1]),
            node("Concat", ["power", "peak"], ["levels"], axis=1),
            node("Slice", ["sound", "zero", "one", "one"], ["first"]),  # from, to, axes
        ]
        outputs = [("levels", ["batch", 2]), ("first", ["batch", 1])]
        judge(name, ["batch", samples], outputs, nodes, [("zero", [0]), ("one", [1])])

    hears("judge_samples", 4000)
    hears("judge_whole", "samples")
    # 50 frames of 40 bands; their mean, and the mean weighted by number of frame and band, which a frame or a band off changes.
    weights = np.outer(np.arange(50, dtype="float32"), np.arange(40))[None].astype("float32") / np.float32(49 * 39)
    nodes = [
        node("ReduceMean", ["sound"], ["mean"], axes=[1, 2], keepdims=0),
        node("Mul", ["sound", "weights"], ["weighted"]),
        node("ReduceMean", ["weighted"], ["slope"], axes=[1, 2], keepdims=0),
    ]
    judge("judge_frames", ["batch", 50, 40], [("mean", ["batch"]), ("slope", ["batch"])], nodes, [("weights", weights)])


ds_cnn_onnx()
ds_cnn_tflite()
streaming()
judges()
