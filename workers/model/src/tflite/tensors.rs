//! Whether single tensors mean something: shapes, sizes, scales, and the weights themselves.
use super::check::{Checked, Graph, damaged};
use super::flatbuffer::Table;
use super::schema::{quantization, tensor};
use super::values::type_of;

/// More values than any tensor of an audio model has.
const MOST_VALUES: u64 = 1 << 28;
/// More axes than any engine knows.
const MOST_AXES: usize = 8;

impl Graph<'_, '_> {
    /// Whether a tensor is part of the file, and its size where it has one.
    pub fn tensor(&self, at: usize) -> Checked<(bool, Option<u64>)> {
        let table = &self.tensors[at];
        let name = table.text(tensor::NAME);
        let Some((kind, bits)) = type_of(table.number(tensor::TYPE, 1) as u8) else {
            return damaged(format!("`{name}` is of an unknown type"));
        };
        let shape = table.ints(tensor::SHAPE);
        let signature = table.ints(tensor::SHAPE_SIGNATURE);
        let wrong = |dims: &[i32], least: i32| dims.len() > MOST_AXES || dims.iter().any(|n| *n < least);
        if wrong(&shape, 0) || wrong(&signature, -1) || !(signature.is_empty() || signature.len() == shape.len()) {
            return damaged(format!("the shape of `{name}` is none"));
        }
        let values = shape.iter().try_fold(1u64, |all, n| all.checked_mul(*n as u64));
        let Some(values) = values.filter(|values| *values <= MOST_VALUES) else {
            let dims: Vec<usize> = shape.iter().map(|n| *n as usize).collect();
            return Err(format!("has `{name}` of {}, more than {MOST_VALUES} values", crate::words::shape_text(&dims)));
        };
        if table.has(tensor::SPARSITY) {
            return Err(format!("has `{name}` with sparse weights, which no engine here reads"));
        }
        self.quantized(table, &name, &shape)?;
        let data = self.model.buffer(table.number(tensor::BUFFER, 4))?;
        let bytes = bits.map(|bits| (values * bits as u64).div_ceil(8));
        if data.is_empty() {
            return Ok((false, bytes));
        }
        match bytes {
            Some(0) => damaged(format!("`{name}` has weights, but no room for them")),
            Some(bytes) if (data.len() as u64) < bytes => {
                damaged(format!("`{name}` needs {bytes} bytes, but its weights are {}", data.len()))
            }
            Some(_) if no_numbers(kind, data) => Err(format!("has weights in `{name}` that are no numbers (NaN)")),
            None if kind == "string" && !strings(data) => damaged(format!("the texts of `{name}` do not lie in it")),
            _ => Ok((true, bytes)),
        }
    }

    /// Scales and zero points: as many as there should be, and numbers to divide by.
    fn quantized(&self, table: &Table, name: &str, shape: &[i32]) -> Checked {
        let Some(q) = table.table(tensor::QUANTIZATION) else { return Ok(()) };
        let scales: Vec<f32> = q.numbers(quantization::SCALE).into_iter().map(f32::from_le_bytes).collect();
        let zeros: Vec<i64> = q.numbers(quantization::ZERO_POINT).into_iter().map(i64::from_le_bytes).collect();
        let blocks = q.number(4, 1) == 2;
        if let Some(details) = q.table(5).filter(|_| blocks) {
            let there = |slot| usize::try_from(details.int(slot)).is_ok_and(|at| at < self.tensors.len());
            if !there(0) || (details.has(1) && details.int(1) != -1 && !there(1)) || details.int(2) <= 0 {
                return damaged(format!("the scales of the blocks of `{name}` are not there"));
            }
        }
        let dimension = q.int(quantization::DIMENSION);
        let channels = usize::try_from(dimension).ok().and_then(|at| shape.get(at)).map_or(1, |n| *n as usize);
        let as_many = |n: usize| n <= 1 || n == channels;
        if !as_many(scales.len()) || !as_many(zeros.len()) || (zeros.len() > 1 && zeros.len() != scales.len()) {
            let given = scales.len().max(zeros.len());
            return damaged(format!("`{name}` has {given} scales or zero points for {channels} channels"));
        }
        if scales.iter().any(|scale| *scale != 0.0 && !(1e-20..1e20).contains(scale)) {
            return Err(format!("has a scale of `{name}` that is no number to divide by"));
        }
        let range = match type_of(table.number(tensor::TYPE, 1) as u8) {
            Some(("int8", _)) => -128..128,
            Some(("uint8", _)) => 0..256,
            _ => i64::from(i32::MIN)..i64::from(i32::MAX),
        };
        if zeros.iter().any(|zero| !range.contains(zero)) {
            return damaged(format!("a zero point of `{name}` is out of range"));
        }
        Ok(())
    }
}

/// Whether weights are not all numbers. Infinity is one: models mask with it.
fn no_numbers(kind: &str, data: &[u8]) -> bool {
    match kind {
        "float32" => data.chunks_exact(4).any(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]]).is_nan()),
        "float16" => data.chunks_exact(2).any(|x| half::f16::from_le_bytes([x[0], x[1]]).is_nan()),
        "bfloat16" => data.chunks_exact(2).any(|x| half::bf16::from_le_bytes([x[0], x[1]]).is_nan()),
        "float64" => data.chunks_exact(8).any(|x| x.try_into().is_ok_and(|x| f64::from_le_bytes(x).is_nan())),
        _ => false,
    }
}

/// Whether a list of texts lies in its buffer: their number, where each begins, and where the last ends.
fn strings(data: &[u8]) -> bool {
    let int = |at: usize| data.get(4 * at..4 * at + 4).map(|x| i32::from_le_bytes([x[0], x[1], x[2], x[3]]));
    let Some(count) = int(0).and_then(|n| usize::try_from(n).ok()).filter(|n| *n < data.len() / 4) else {
        return false;
    };
    let starts: Option<Vec<i32>> = (1..=count + 1).map(int).collect();
    let within = |starts: Vec<i32>| {
        starts.is_sorted() && starts.iter().all(|at| usize::try_from(*at).is_ok_and(|at| at <= data.len()))
    };
    starts.is_some_and(within)
}
