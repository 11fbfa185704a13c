//! The schema of TensorFlow Lite files, as far as its tables hold offsets.
//!
//! Slots are counted as in `tensorflow/compiler/mlir/lite/schema/schema.fbs` of TensorFlow, version 3 of the schema.
use super::flatbuffer::Kind::{Number, Numbers, Table, Tables, Text, Union};
use super::flatbuffer::{Kind, Shape};

/// Slots of the root table.
pub mod model {
    pub const VERSION: usize = 0;
    pub const OPERATOR_CODES: usize = 1;
    pub const SUBGRAPHS: usize = 2;
    pub const BUFFERS: usize = 4;
    pub const METADATA: usize = 6;
    pub const SIGNATURES: usize = 7;
    pub const EXTERNAL_BUFFERS: usize = 9;
}

/// Slots of a graph in the model.
pub mod subgraph {
    pub const TENSORS: usize = 0;
    pub const INPUTS: usize = 1;
    pub const OUTPUTS: usize = 2;
    pub const OPERATORS: usize = 3;
}

/// Slots of a tensor.
pub mod tensor {
    pub const SHAPE: usize = 0;
    pub const TYPE: usize = 1;
    pub const BUFFER: usize = 2;
    pub const NAME: usize = 3;
    pub const QUANTIZATION: usize = 4;
    pub const IS_VARIABLE: usize = 5;
    pub const SPARSITY: usize = 6;
    pub const SHAPE_SIGNATURE: usize = 7;
}

/// Slots of a tensor's quantisation.
pub mod quantization {
    pub const SCALE: usize = 2;
    pub const ZERO_POINT: usize = 3;
    pub const DIMENSION: usize = 6;
}

/// Slots of an operator.
pub mod operator {
    pub const CODE: usize = 0;
    pub const INPUTS: usize = 1;
    pub const OUTPUTS: usize = 2;
    pub const OPTIONS_TYPE: usize = 3;
    pub const OPTIONS: usize = 4;
    pub const INTERMEDIATES: usize = 8;
    pub const LARGE_OPTIONS_OFFSET: usize = 9;
    pub const LARGE_OPTIONS_SIZE: usize = 10;
    pub const OPTIONS_2_TYPE: usize = 11;
    pub const OPTIONS_2: usize = 12;
}

/// Slots of an operator code.
pub mod code {
    pub const OLD_BUILTIN: usize = 0;
    pub const CUSTOM: usize = 1;
    pub const BUILTIN: usize = 3;
}

/// Slots of a signature, and of the names in it.
pub mod signature {
    pub const INPUTS: usize = 0;
    pub const OUTPUTS: usize = 1;
    pub const SUBGRAPH: usize = 4;
    pub const NAME: usize = 0;
    pub const TENSOR: usize = 1;
}

/// Slots of a buffer.
pub mod buffer {
    pub const DATA: usize = 0;
    pub const OFFSET: usize = 1;
    pub const SIZE: usize = 2;
}

/// The root table.
pub static MODEL: Shape = Shape(&[
    (0, Number(4)),
    (1, Tables(&OPERATOR_CODE)),
    (2, Tables(&SUBGRAPH)),
    (3, Text),
    (4, Tables(&BUFFER)),
    (5, Numbers(4)),
    (6, Tables(&METADATA)),
    (7, Tables(&SIGNATURE)),
    (8, Tables(&EXTERNAL_GROUP)),
    (9, Tables(&EXTERNAL_BUFFER)),
]);

static OPERATOR_CODE: Shape = Shape(&[(0, Number(1)), (1, Text), (2, Number(4)), (3, Number(4))]);

static SUBGRAPH: Shape =
    Shape(&[(0, Tables(&TENSOR)), (1, Numbers(4)), (2, Numbers(4)), (3, Tables(&OPERATOR)), (4, Text), (5, Number(4))]);

static TENSOR: Shape = Shape(&[
    (0, Numbers(4)),
    (1, Number(1)),
    (2, Number(4)),
    (3, Text),
    (4, Table(&QUANTIZATION)),
    (5, Number(1)),
    (6, Table(&SPARSITY)),
    (7, Numbers(4)),
    (8, Number(1)),
    (9, Tables(&VARIANT)),
    (10, Number(4)),
]);

static VARIANT: Shape = Shape(&[(0, Numbers(4)), (1, Number(1)), (2, Number(1))]);

static QUANTIZATION: Shape = Shape(&[
    (0, Numbers(4)),
    (1, Numbers(4)),
    (2, Numbers(4)),
    (3, Numbers(8)),
    (4, Number(1)),
    (5, Union(quantization_details)),
    (6, Number(4)),
]);

fn quantization_details(tag: u8) -> &'static Shape {
    static CUSTOM: Shape = Shape(&[(0, Numbers(1))]);
    static BLOCKWISE: Shape = Shape(&[(0, Number(4)), (1, Number(4)), (2, Number(4)), (3, Numbers(4))]);
    match tag {
        1 => &CUSTOM,
        2 => &BLOCKWISE,
        _ => &PLAIN,
    }
}

static SPARSITY: Shape = Shape(&[(0, Numbers(4)), (1, Numbers(4)), (2, Tables(&DIMENSION))]);

static DIMENSION: Shape =
    Shape(&[(0, Number(1)), (1, Number(4)), (2, Number(1)), (3, Union(indices)), (4, Number(1)), (5, Union(indices))]);

fn indices(tag: u8) -> &'static Shape {
    static INTS: Shape = Shape(&[(0, Numbers(4))]);
    static SHORTS: Shape = Shape(&[(0, Numbers(2))]);
    static BYTES: Shape = Shape(&[(0, Numbers(1))]);
    match tag {
        1 => &INTS,
        2 => &SHORTS,
        3 => &BYTES,
        _ => &PLAIN,
    }
}

static OPERATOR: Shape = Shape(&[
    (0, Number(4)),
    (1, Numbers(4)),
    (2, Numbers(4)),
    (3, Number(1)),
    (4, Union(options)),
    (5, Numbers(1)),
    (6, Number(1)),
    (7, Numbers(1)),
    (8, Numbers(4)),
    (9, Number(8)),
    (10, Number(8)),
    (11, Number(1)),
    (12, Union(options_2)),
    (13, Number(4)),
]);

static BUFFER: Shape = Shape(&[(0, Numbers(1)), (1, Number(8)), (2, Number(8))]);
static METADATA: Shape = Shape(&[(0, Text), (1, Number(4))]);
static SIGNATURE: Shape = Shape(&[(0, Tables(&NAMED)), (1, Tables(&NAMED)), (2, Text), (4, Number(4))]);
static NAMED: Shape = Shape(&[(0, Text), (1, Number(4))]);
static EXTERNAL_GROUP: Shape = Shape(&[(0, Text)]);
static EXTERNAL_BUFFER: Shape = Shape(&[(0, Number(4)), (1, Number(4)), (2, Number(8)), (3, Number(8)), (4, Text)]);

/// Numbers only.
static PLAIN: Shape = Shape(&[]);

/// The options of a builtin operator, by the number of their type; those that are missing here hold numbers only.
fn options(tag: u8) -> &'static Shape {
    static CONCAT_EMBEDDINGS: Shape = Shape(&[(1, Numbers(4)), (2, Numbers(4))]);
    static RESHAPE: Shape = Shape(&[(0, Numbers(4))]);
    static FULLY_CONNECTED: Shape = Shape(&[(5, Numbers(1))]);
    static VAR_HANDLE: Shape = Shape(&[(0, Text), (1, Text)]);
    match tag {
        3 => &CONCAT_EMBEDDINGS,
        8 => &FULLY_CONNECTED,
        17 | 30 | 115 => &RESHAPE, // also squeeze and bucketize
        111 => &VAR_HANDLE,
        _ => &PLAIN,
    }
}

/// The options of the operators that came later, those of StableHLO.
fn options_2(tag: u8) -> &'static Shape {
    const LONGS: Kind = Numbers(8);
    static FIRST: Shape = Shape(&[(0, LONGS)]);
    static THREE: Shape = Shape(&[(0, LONGS), (1, LONGS), (2, LONGS)]);
    static CONVOLUTION: Shape = Shape(&[
        (0, LONGS),
        (1, LONGS),
        (2, LONGS),
        (3, LONGS),
        (4, Numbers(1)),
        (7, LONGS),
        (10, LONGS),
        (13, LONGS),
        (16, Numbers(4)),
    ]);
    static CUSTOM_CALL: Shape = Shape(&[(0, Text), (2, Text), (4, Numbers(4)), (5, Numbers(1))]);
    static SCATTER: Shape = Shape(&[(1, LONGS), (2, LONGS), (3, LONGS)]);
    static DOT: Shape = Shape(&[(0, LONGS), (1, LONGS), (2, LONGS), (3, LONGS), (4, Numbers(4))]);
    static WINDOW: Shape = Shape(&[(0, LONGS), (1, LONGS), (2, LONGS), (3, LONGS), (4, LONGS)]);
    static GATHER: Shape = Shape(&[(0, LONGS), (1, LONGS), (2, LONGS), (4, LONGS)]);
    static COMPOSITE: Shape = Shape(&[(0, Text), (2, Numbers(1))]);
    static CASE: Shape = Shape(&[(0, Numbers(4))]);
    match tag {
        2 | 6 | 9 | 17 => &FIRST, // broadcast in dim, reduce, dynamic slice, transpose
        3 | 10 => &THREE,         // slice, pad
        4 => &CONVOLUTION,
        5 => &CUSTOM_CALL,
        7 => &SCATTER,
        12 => &DOT,
        13 => &WINDOW,
        16 => &GATHER,
        21 => &COMPOSITE,
        23 => &CASE,
        _ => &PLAIN,
    }
}
