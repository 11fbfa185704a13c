//! What the builtin operators need, in tables; [`super::rules`] reads them.

/// What an operator computes, as far as shapes and types follow from it.
#[derive(Clone, Copy, PartialEq)]
pub enum Family {
    /// One tensor, value by value.
    Each,
    /// Two tensors, value by value, the smaller one repeated.
    Both,
    /// As `Both`, but truth values come out.
    Compared,
    /// Value by value into another type.
    Converted,
    /// The same values in another shape or order.
    Moved,
    /// Several tensors in a row.
    Joined,
    /// A part of a tensor, or sums over parts.
    Fewer,
    /// A tensor and something around it.
    More,
    Dense,
    Convolution,
    Depthwise,
    Variable,
    Any,
}
use Family::*;

/// Name; least and most inputs; least and most outputs; number of the options, and whether they must be there.
pub type Rule = (&'static str, [usize; 2], [usize; 2], u8, bool, Family);

/// As many as there are.
const MANY: usize = usize::MAX;

/// All rules.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    ("ADD", [2, 2], [1, 1], 11, false, Both),
    ("SUB", [2, 2], [1, 1], 28, false, Both),
    ("MUL", [2, 2], [1, 1], 21, false, Both),
    ("DIV", [2, 2], [1, 1], 29, false, Both),
    ("MAXIMUM", [2, 2], [1, 1], 39, false, Both),
    ("MINIMUM", [2, 2], [1, 1], 39, false, Both),
    ("SQUARED_DIFFERENCE", [2, 2], [1, 1], 76, false, Both),
    ("POW", [2, 2], [1, 1], 56, false, Both),
    ("FLOOR_DIV", [2, 2], [1, 1], 65, false, Both),
    ("FLOOR_MOD", [2, 2], [1, 1], 72, false, Both),
    ("LOGICAL_AND", [2, 2], [1, 1], 62, false, Both),
    ("LOGICAL_OR", [2, 2], [1, 1], 60, false, Both),
    ("EQUAL", [2, 2], [1, 1], 53, false, Compared),
    ("NOT_EQUAL", [2, 2], [1, 1], 54, false, Compared),
    ("LESS", [2, 2], [1, 1], 41, false, Compared),
    ("LESS_EQUAL", [2, 2], [1, 1], 46, false, Compared),
    ("GREATER", [2, 2], [1, 1], 44, false, Compared),
    ("GREATER_EQUAL", [2, 2], [1, 1], 45, false, Compared),
    ("LOGISTIC", [1, 1], [1, 1], 0, false, Each),
    ("TANH", [1, 1], [1, 1], 0, false, Each),
    ("RELU", [1, 1], [1, 1], 0, false, Each),
    ("RELU6", [1, 1], [1, 1], 0, false, Each),
    ("RELU_N1_TO_1", [1, 1], [1, 1], 0, false, Each),
    ("RELU_0_TO_1", [1, 1], [1, 1], 0, false, Each),
    ("ABS", [1, 1], [1, 1], 78, false, Each),
    ("NEG", [1, 1], [1, 1], 42, false, Each),
    ("EXP", [1, 1], [1, 1], 33, false, Each),
    ("LOG", [1, 1], [1, 1], 0, false, Each),
    ("SQRT", [1, 1], [1, 1], 0, false, Each),
    ("RSQRT", [1, 1], [1, 1], 0, false, Each),
    ("SQUARE", [1, 1], [1, 1], 66, false, Each),
    ("SIN", [1, 1], [1, 1], 0, false, Each),
    ("COS", [1, 1], [1, 1], 84, false, Each),
    ("FLOOR", [1, 1], [1, 1], 0, false, Each),
    ("CEIL", [1, 1], [1, 1], 0, false, Each),
    ("ROUND", [1, 1], [1, 1], 0, false, Each),
    ("ELU", [1, 1], [1, 1], 0, false, Each),
    ("HARD_SWISH", [1, 1], [1, 1], 91, false, Each),
    ("LEAKY_RELU", [1, 1], [1, 1], 75, false, Each),
    ("GELU", [1, 1], [1, 1], 116, false, Each),
    ("SOFTMAX", [1, 1], [1, 1], 9, true, Each),
    ("LOG_SOFTMAX", [1, 1], [1, 1], 36, false, Each),
    ("L2_NORMALIZATION", [1, 1], [1, 1], 12, false, Each),
    ("LOGICAL_NOT", [1, 1], [1, 1], 63, false, Each),
    ("ZEROS_LIKE", [1, 1], [1, 1], 67, false, Each),
    ("CUMSUM", [2, 2], [1, 1], 102, true, Each),
    ("CAST", [1, 1], [1, 1], 37, false, Converted),
    ("QUANTIZE", [1, 1], [1, 1], 89, false, Converted),
    ("DEQUANTIZE", [1, 1], [1, 1], 38, false, Converted),
    ("RESHAPE", [1, 2], [1, 1], 17, false, Moved),
    ("SQUEEZE", [1, 1], [1, 1], 30, false, Moved),
    ("EXPAND_DIMS", [2, 2], [1, 1], 52, false, Moved),
    ("TRANSPOSE", [2, 2], [1, 1], 26, false, Moved),
    ("REVERSE_V2", [2, 2], [1, 1], 81, false, Moved),
    ("SPLIT", [2, 2], [1, MANY], 35, true, Any),
    ("SPLIT_V", [3, 3], [1, MANY], 79, true, Any),
    ("UNPACK", [1, 1], [1, MANY], 64, true, Joined),
    ("PACK", [1, MANY], [1, 1], 59, true, Joined),
    ("CONCATENATION", [1, MANY], [1, 1], 10, true, Joined),
    ("STRIDED_SLICE", [4, 4], [1, 1], 32, true, Fewer),
    ("SLICE", [3, 3], [1, 1], 48, false, Fewer),
    ("MEAN", [2, 2], [1, 1], 27, true, Fewer),
    ("SUM", [2, 2], [1, 1], 27, true, Fewer),
    ("REDUCE_MAX", [2, 2], [1, 1], 27, true, Fewer),
    ("REDUCE_MIN", [2, 2], [1, 1], 27, true, Fewer),
    ("REDUCE_PROD", [2, 2], [1, 1], 27, true, Fewer),
    ("AVERAGE_POOL_2D", [1, 1], [1, 1], 5, true, Any),
    ("MAX_POOL_2D", [1, 1], [1, 1], 5, true, Any),
    ("PAD", [2, 2], [1, 1], 22, false, More),
    ("PADV2", [3, 3], [1, 1], 43, false, More),
    ("FULLY_CONNECTED", [2, 3], [1, 1], 8, true, Dense),
    ("CONV_2D", [2, 3], [1, 1], 1, true, Convolution),
    ("DEPTHWISE_CONV_2D", [2, 3], [1, 1], 2, true, Depthwise),
    ("TRANSPOSE_CONV", [3, 4], [1, 1], 49, true, Any),
    ("SVDF", [4, 5], [1, 1], 6, true, Any),
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", [20, 24], [1, 1], 71, true, Any),
    ("GATHER", [2, 2], [1, 1], 23, false, Any),
    ("BATCH_MATMUL", [2, 2], [1, 1], 101, true, Any),
    ("CALL_ONCE", [0, 0], [0, 0], 103, true, Any),
    ("VAR_HANDLE", [0, 0], [1, 1], 111, true, Variable),
    ("READ_VARIABLE", [1, 1], [1, 1], 112, false, Variable),
    ("ASSIGN_VARIABLE", [2, 2], [0, 0], 113, false, Variable),
];

/// Inputs that some operators may be without, behind the first.
pub const OPTIONAL_WITHIN: [&str; 6] = [
    "LSTM",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    "SVDF",
];

/// Operators that handles of variables and tables pass through.
pub const HANDLES: [&str; 9] = [
    "VAR_HANDLE",
    "READ_VARIABLE",
    "ASSIGN_VARIABLE",
    "HASHTABLE",
    "HASHTABLE_FIND",
    "HASHTABLE_IMPORT",
    "HASHTABLE_SIZE",
    "IF",
    "WHILE",
];

/// Slots of options that count something: strides, and the extents of pools.
pub const COUNTS: [(&str, &[usize]); 5] = [
    ("CONV_2D", &[1, 2]),
    ("DEPTHWISE_CONV_2D", &[1, 2]),
    ("TRANSPOSE_CONV", &[1, 2]),
    ("AVERAGE_POOL_2D", &[1, 2, 3, 4]),
    ("MAX_POOL_2D", &[1, 2, 3, 4]),
];

/// Slots of options that name an axis.
pub const AXES: [(&str, usize); 3] = [("CONCATENATION", 0), ("PACK", 1), ("UNPACK", 1)];

/// More than any stride or pool has.
pub const MOST_STEP: i32 = 1 << 16;
/// More axes than any engine knows.
pub const MOST_AXES: i32 = 8;

/// The highest number of options in the schema.
pub const MOST_OPTIONS: u8 = 126;
