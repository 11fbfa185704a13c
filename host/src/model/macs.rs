//! Multiply-accumulates of a run: products that are added to a running sum, in convolutions, matrix products and
//! recurrent layers. Arithmetic on single values, sums, pooling, norms and activations are not among them, as in the
//! counts that papers and benchmarks publish.
use super::infer::{Run, letters};
use super::net::Node;
use serde::Serialize;

/// What operators of a run cost.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Multiply-accumulates by domain and operator.
    pub macs: Vec<((String, String), u64)>,
    /// What could not be counted.
    pub lost: Vec<Lost>,
    /// Operators `If` of which the branch with more work was taken, because nobody knows which one runs.
    pub either: usize,
}

/// Operators that are missing in the count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lost {
    /// Their name.
    pub op: String,
    /// How many.
    pub count: u64,
    /// Why.
    pub why: String,
}

/// What one operator costs.
pub enum Cost {
    /// So many multiply-accumulates.
    Macs(u64),
    /// Nobody knows, for this reason.
    Unknown(&'static str),
}

/// Operators that are missing by name; all more are "others".
const MOST_LOST: usize = 100;

const SHAPE: &str = "a shape is not known before it runs";
const ARITHMETIC: &str = "nothing is known of its arithmetic";

impl Work {
    /// Multiply-accumulates in all.
    pub fn total(&self) -> u64 {
        self.macs.iter().fold(0, |all, (_, macs)| all.saturating_add(*macs))
    }

    /// Notes what an operator costs.
    pub fn add(&mut self, node: &Node, cost: Cost) {
        match cost {
            Cost::Macs(0) => {}
            Cost::Macs(macs) => {
                let name = (node.domain.clone(), node.op.clone());
                match self.macs.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, sum)) => *sum = sum.saturating_add(macs),
                    None => self.macs.push((name, macs)),
                }
            }
            Cost::Unknown(why) => self.lost(why, &node.op),
        }
    }

    /// Notes an operator that could not be counted.
    pub fn lost(&mut self, why: &str, op: &str) {
        self.lose(Lost { op: op.into(), count: 1, why: why.into() });
    }

    fn lose(&mut self, mut new: Lost) {
        if self.lost.len() >= MOST_LOST {
            new.op = "others".into();
        }
        match self.lost.iter_mut().find(|lost| lost.op == new.op && lost.why == new.why) {
            Some(lost) => lost.count += new.count,
            None => self.lost.push(new),
        }
    }

    /// Adds what other operators cost.
    pub fn join(&mut self, other: Self) {
        for (name, macs) in other.macs {
            match self.macs.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum = sum.saturating_add(macs),
                None => self.macs.push((name, macs)),
            }
        }
        other.lost.into_iter().for_each(|lost| self.lose(lost));
        self.either += other.either;
    }
}

/// What an operator costs, once the shapes of its outputs are known.
pub fn of(node: &Node, run: &Run) -> Cost {
    let known = |macs: Option<u64>| macs.map_or(Cost::Unknown(SHAPE), Cost::Macs);
    match (node.domain.as_str(), run.net.about.format) {
        ("", "ONNX") => known(match onnx(node, run) {
            Some(macs) => macs,
            None if is_one_of(&node.op, NONE) => Some(0),
            None => return Cost::Unknown(ARITHMETIC),
        }),
        ("com.microsoft", "ONNX") => match microsoft(node, run) {
            Some(macs) => known(macs),
            None => Cost::Unknown(ARITHMETIC),
        },
        ("", _) => match tflite(node, run) {
            Some(macs) => known(macs),
            None if is_one_of(&node.op, MAYBE) || node.op.starts_with("operator ") => Cost::Unknown(ARITHMETIC),
            None => Cost::Macs(0),
        },
        _ => Cost::Unknown(ARITHMETIC),
    }
}

fn is_one_of(name: &str, list: &str) -> bool {
    list.split_ascii_whitespace().any(|known| known == name)
}

fn product(dims: &[u64]) -> Option<u64> {
    dims.iter().try_fold(1u64, |all, n| all.checked_mul(*n))
}

/// The standard operators, <https://onnx.ai/onnx/operators>. `None`: it is none of those that count.
fn onnx(node: &Node, run: &Run) -> Option<Option<u64>> {
    Some(match node.op.as_str() {
        "Conv" | "ConvInteger" => convolution(node, run, 1),
        "QLinearConv" => convolution(node, run, 3),
        "ConvTranspose" => spread(node, run),
        "MatMul" | "MatMulInteger" | "QLinearMatMul" => rows_by_columns(node, run),
        // Y is M × N, and A is M × K, or K × M if it is turned.
        "Gemm" => inner(node, run, usize::from(node.int("transA").is_none_or(|n| n == 0))),
        "LSTM" | "GRU" | "RNN" => recurrent(node, run),
        "Einsum" => einsum(node, run),
        _ => return None,
    })
}

/// Operators that ONNX Runtime adds, <https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md>.
fn microsoft(node: &Node, run: &Run) -> Option<Option<u64>> {
    Some(match node.op.as_str() {
        "FusedConv" => convolution(node, run, 1),
        "FusedMatMul" if node.int("transA").is_none_or(|n| n == 0) => rows_by_columns(node, run),
        "QuickGelu"
        | "FastGelu"
        | "BiasGelu"
        | "SkipLayerNormalization"
        | "QLinearAdd"
        | "QLinearMul"
        | "QLinearSigmoid"
        | "QLinearLeakyRelu"
        | "QLinearConcat"
        | "QLinearGlobalAveragePool" => Some(0),
        _ => return None,
    })
}

/// Conv: W is M × C/group × kernel, and every output value is a sum over all but the first axis of it.
fn convolution(node: &Node, run: &Run, weights: usize) -> Option<u64> {
    let weights = run.extents(node, weights)?;
    product(&run.output(node, 0)?)?.checked_mul(product(weights.get(1..)?)?)
}

/// ConvTranspose: W is C × M/group × kernel, and every input value goes into as many sums as all but the first axis has.
fn spread(node: &Node, run: &Run) -> Option<u64> {
    let weights = run.extents(node, 1)?;
    product(&run.extents(node, 0)?)?.checked_mul(product(weights.get(1..)?)?)
}

/// MatMul: every output value is a sum over the last axis of A.
fn rows_by_columns(node: &Node, run: &Run) -> Option<u64> {
    product(&run.output(node, 0)?)?.checked_mul(*run.extents(node, 0)?.last()?)
}

/// Every output value is a sum over axis `at` of the first input.
fn inner(node: &Node, run: &Run, at: usize) -> Option<u64> {
    product(&run.output(node, 0)?)?.checked_mul(*run.extents(node, 0)?.get(at)?)
}

/// LSTM, GRU, RNN: in every step of every sequence each weight of W (directions × gates·hidden × input) and of R
/// (directions × gates·hidden × hidden) is used once. X is steps × batch × input, or batch × steps × input.
fn recurrent(node: &Node, run: &Run) -> Option<u64> {
    let steps = product(run.extents(node, 0)?.get(..2)?)?;
    let weights = product(&run.extents(node, 1)?)?.checked_add(product(&run.extents(node, 2)?)?)?;
    steps.checked_mul(weights)
}

/// Einsum of two terms: one product for every choice of all letters. Of more terms the order is the engine's own.
fn einsum(node: &Node, run: &Run) -> Option<u64> {
    let (known, _) = letters(node, run).filter(|_| node.inputs.len() == 2)?;
    product(&known.iter().map(|(_, n)| *n).collect::<Vec<_>>())
}

/// The built-in operators of TFLite, <https://www.tensorflow.org/mlir/tfl_ops>.
fn tflite(node: &Node, run: &Run) -> Option<Option<u64>> {
    Some(match node.op.as_str() {
        // The filter is outputs × height × width × inputs/groups.
        "CONV_2D" => convolution(node, run, 1),
        // 1 × height × width × outputs: each output value sees its own channel only.
        "DEPTHWISE_CONV_2D" => depthwise(node, run),
        // Depth × height × width × inputs × outputs.
        "CONV_3D" => conv_3d(node, run),
        // The filter, outputs × height × width × inputs, is input 1; what is spread is input 2.
        "TRANSPOSE_CONV" => transposed(node, run),
        // Outputs × inputs.
        "FULLY_CONNECTED" => full(node, run),
        "BATCH_MATMUL" => {
            let rank = run.extents(node, 0).map_or(0, |dims| dims.len());
            let turned = node.int("adj_x").is_some_and(|n| n != 0);
            inner(node, run, rank.wrapping_sub(if turned { 2 } else { 1 }))
        }
        "LSTM"
        | "UNIDIRECTIONAL_SEQUENCE_LSTM"
        | "BIDIRECTIONAL_SEQUENCE_LSTM"
        | "RNN"
        | "UNIDIRECTIONAL_SEQUENCE_RNN"
        | "BIDIRECTIONAL_SEQUENCE_RNN"
        | "SVDF" => matrices(node, run),
        _ => return None,
    })
}

fn depthwise(node: &Node, run: &Run) -> Option<u64> {
    let filter = run.extents(node, 1)?;
    product(&run.output(node, 0)?)?.checked_mul(product(filter.get(1..3)?)?)
}

fn conv_3d(node: &Node, run: &Run) -> Option<u64> {
    let filter = run.extents(node, 1)?;
    product(&run.output(node, 0)?)?.checked_mul(product(filter.get(..4)?)?)
}

fn transposed(node: &Node, run: &Run) -> Option<u64> {
    let filter = run.extents(node, 1)?;
    product(&run.extents(node, 2)?)?.checked_mul(product(filter.get(..3)?)?)
}

fn full(node: &Node, run: &Run) -> Option<u64> {
    product(&run.output(node, 0)?)?.checked_mul(*run.extents(node, 1)?.get(1)?)
}

/// Recurrent operators: in every step each weight of each matrix is used once. The last axis of the input is no step.
fn matrices(node: &Node, run: &Run) -> Option<u64> {
    let input = run.extents(node, 0)?;
    let steps = product(input.split_last()?.1)?;
    let matrix = |at: usize| {
        let tensor = &run.net.tensors[node.input(at)?];
        let dims = tensor.constant.as_ref().and(run.extents(node, at)).filter(|dims| dims.len() == 2)?;
        product(&dims)
    };
    let weights = (1..node.inputs.len()).filter_map(matrix).try_fold(0u64, u64::checked_add)?;
    steps.checked_mul(weights).filter(|_| weights > 0)
}

/// Built-in operators of TFLite that may hold products, and that are not counted.
const MAYBE: &str = "\
    CONV_3D_TRANSPOSE RFFT2D DELEGATE CALL CUSTOM STABLEHLO_CONVOLUTION STABLEHLO_DOT_GENERAL STABLEHLO_CUSTOM_CALL \
    STABLEHLO_COMPOSITE STABLEHLO_WHILE STABLEHLO_REDUCE_WINDOW REDUCE_WINDOW STABLEHLO_REDUCE STABLEHLO_SCATTER";

/// Standard operators of ONNX without products that are summed up over an axis of the weights.
const NONE: &str = "\
    Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Bernoulli BitCast \
    BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor BlackmanWindow Cast CastLike Ceil Celu CenterCropPad Clip \
    Compress Concat ConcatFromSequence Constant ConstantOfShape Cos Cosh CumProd CumSum DepthToSpace \
    DequantizeLinear Div Dropout DynamicQuantizeLinear Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather \
    GatherElements GatherND Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual \
    GroupNormalization HammingWindow HannWindow HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf \
    IsNaN LRN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool Max MaxPool \
    MaxUnpool Mean MeanVarianceNormalization MelWeightMatrix Min Mish Mod Mul Multinomial Neg \
    NegativeLogLikelihoodLoss NonMaxSuppression NonZero Not OneHot Optional OptionalGetElement OptionalHasElement Or \
    PRelu Pad Pow QuantizeLinear RMSNormalization RandomNormal RandomNormalLike RandomUniform RandomUniformLike \
    Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd \
    ReduceSum ReduceSumSquare RegexFullMatch Relu Reshape Resize ReverseSequence RotaryEmbedding Round Scatter \
    ScatterElements ScatterND Selu SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert \
    SequenceLength Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax SoftmaxCrossEntropyLoss Softplus Softsign \
    SpaceToDepth Split SplitToSequence Sqrt Squeeze StringConcat StringNormalizer StringSplit Sub Sum SwiGLU Swish \
    Tan Tanh TensorScatter TfIdfVectorizer ThresholdedRelu Tile TopK Transpose Trilu Unique Unsqueeze Upsample Where \
    Xor";
