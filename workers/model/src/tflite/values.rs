//! The values of tensors: what types they have, and how frames become such values and back.
//!
//! A quantised value q stands for scale · (q − zero point). Frames are quantised as TensorFlow Lite's own `QUANTIZE` does
//! (`AffineQuantize` in `tensorflow/lite/kernels/internal/reference/quantize.h`): divided by the scale as floats, rounded
//! half away from zero, moved by the zero point, and what is out of range becomes the nearest value. Whole numbers
//! without a scale are taken as they are, rounded in the same way.
use half::f16;

/// The type of a tensor that frames, states or constants may cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    F32,
    F16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

/// How a tensor is quantised, as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    pub scale: f32,
    pub zero_point: i32,
}

/// What a tensor holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Values {
    pub ty: Type,
    pub quantization: Option<Quantization>,
}

impl Type {
    /// The type of this number in a file, which TensorFlow Lite (`TensorType`) numbers so.
    pub fn in_file(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::F32,
            1 => Self::F16,
            2 => Self::I32,
            3 => Self::U8,
            4 => Self::I64,
            6 => Self::Bool,
            7 => Self::I16,
            9 => Self::I8,
            _ => return None,
        })
    }

    /// Bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }
}

/// Name and bits of a value of the type of this number in a file; `None` where it has no size of its own.
pub fn type_of(number: u8) -> Option<(&'static str, Option<usize>)> {
    const TYPES: [(&str, Option<usize>); 23] = [
        ("float32", Some(32)),
        ("float16", Some(16)),
        ("int32", Some(32)),
        ("uint8", Some(8)),
        ("int64", Some(64)),
        ("string", None),
        ("bool", Some(8)),
        ("int16", Some(16)),
        ("complex64", Some(64)),
        ("int8", Some(8)),
        ("float64", Some(64)),
        ("complex128", Some(128)),
        ("uint64", Some(64)),
        ("resource", None),
        ("variant", None),
        ("uint32", Some(32)),
        ("uint16", Some(16)),
        ("int4", Some(4)),
        ("bfloat16", Some(16)),
        ("int2", Some(2)),
        ("uint4", Some(4)),
        ("float8_e4m3fn", Some(8)),
        ("float8_e5m2", Some(8)),
    ];
    TYPES.get(usize::from(number)).copied()
}

impl Values {
    /// Writes frames, or any floats, into the memory of a tensor.
    pub fn write(self, from: &[f32], to: &mut [u8]) {
        if self.ty == Type::F32 {
            copy(bytes(from), to);
        } else {
            self.write_numbers(from.iter().map(|x| f64::from(*x)), to);
        }
    }

    /// Writes numbers into the memory of a tensor.
    pub fn write_numbers(self, from: impl Iterator<Item = f64>, to: &mut [u8]) {
        let quantized = from.map(|x| match self.quantization {
            Some(Quantization { zero_point, .. }) if x.is_nan() => zero_point.into(),
            Some(Quantization { scale, zero_point }) => f64::from((x as f32 / scale).round()) + f64::from(zero_point),
            None => x,
        });
        match self.ty {
            Type::F32 => each(quantized, to, |x| (x as f32).to_ne_bytes()),
            Type::F16 => each(quantized, to, |x| f16::from_f32(x as f32).to_ne_bytes()),
            Type::Bool => each(quantized, to, |x| [u8::from(x != 0.0)]),
            // `as` takes the nearest that the type has, and 0 for what is no number.
            Type::I64 => each(quantized, to, |x| (x.round() as i64).to_ne_bytes()),
            Type::I32 => each(quantized, to, |x| (x.round() as i32).to_ne_bytes()),
            Type::I16 => each(quantized, to, |x| (x.round() as i16).to_ne_bytes()),
            Type::I8 => each(quantized, to, |x| (x.round() as i8).to_ne_bytes()),
            Type::U8 => each(quantized, to, |x| (x.round() as u8).to_ne_bytes()),
        }
    }

    /// Reads the memory of a tensor as floats.
    pub fn read(self, from: &[u8], to: &mut [f32]) {
        if self.ty == Type::F32 {
            copy(from, bytes_mut(to));
        } else {
            self.read_numbers(from, |at, x| to[at] = x as f32);
        }
    }

    /// Hands out the numbers in the memory of a tensor.
    fn read_numbers(self, from: &[u8], mut to: impl FnMut(usize, f64)) {
        let mut put = |at: usize, x: f64| match self.quantization {
            Some(Quantization { scale, zero_point }) => to(at, f64::from(scale) * (x - f64::from(zero_point))),
            None => to(at, x),
        };
        match self.ty {
            Type::F32 => chunks(from).enumerate().for_each(|(at, x)| put(at, f32::from_ne_bytes(x).into())),
            Type::F16 => chunks(from).enumerate().for_each(|(at, x)| put(at, f16::from_ne_bytes(x).into())),
            Type::I64 => chunks(from).enumerate().for_each(|(at, x)| put(at, i64::from_ne_bytes(x) as f64)),
            Type::I32 => chunks(from).enumerate().for_each(|(at, x)| put(at, i32::from_ne_bytes(x).into())),
            Type::I16 => chunks(from).enumerate().for_each(|(at, x)| put(at, i16::from_ne_bytes(x).into())),
            Type::I8 => chunks(from).enumerate().for_each(|(at, x)| put(at, i8::from_ne_bytes(x).into())),
            Type::U8 | Type::Bool => from.iter().enumerate().for_each(|(at, x)| put(at, f64::from(*x))),
        }
    }

    /// Carries the values of a tensor over into another one: as they are if both hold the same, else through what they
    /// stand for.
    pub fn carry(self, from: &[u8], into: Self, to: &mut [u8]) {
        if self == into {
            copy(from, to);
            return;
        }
        let size = into.ty.size();
        self.read_numbers(from, |at, x| {
            if let Some(to) = to.get_mut(size * at..size * (at + 1)) {
                into.write_numbers(std::iter::once(x), to);
            }
        });
    }

    /// Fills the memory of a tensor with what stands for 0.
    pub fn clear(self, memory: &mut [u8]) {
        self.write_numbers(std::iter::repeat(0.0), memory);
    }
}

/// Copies what fits.
pub fn copy(from: &[u8], to: &mut [u8]) {
    let n = from.len().min(to.len());
    to[..n].copy_from_slice(&from[..n]);
}

/// Floats as they lie in memory.
fn bytes(floats: &[f32]) -> &[u8] {
    // SAFETY: they are `size_of_val` bytes, and a byte needs no alignment.
    unsafe { std::slice::from_raw_parts(floats.as_ptr().cast(), size_of_val(floats)) }
}

/// As `bytes`, to be written.
fn bytes_mut(floats: &mut [f32]) -> &mut [u8] {
    // SAFETY: as above, and any bytes are a float.
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), size_of_val(floats)) }
}

fn each<T, const N: usize>(from: impl Iterator<Item = T>, to: &mut [u8], bytes: impl Fn(T) -> [u8; N]) {
    for (to, x) in to.chunks_exact_mut(N).zip(from) {
        to.copy_from_slice(&bytes(x));
    }
}

fn chunks<const N: usize>(from: &[u8]) -> impl Iterator<Item = [u8; N]> {
    from.chunks_exact(N).map(|bytes| bytes.try_into().unwrap_or([0; N]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantized(ty: Type, scale: f32, zero_point: i32) -> Values {
        Values { ty, quantization: Some(Quantization { scale, zero_point }) }
    }

    fn there_and_back(values: Values, x: &[f32]) -> Vec<f32> {
        let mut memory = vec![0; x.len() * values.ty.size()];
        values.write(x, &mut memory);
        let mut back = vec![f32::NAN; x.len()];
        values.read(&memory, &mut back);
        back
    }

    #[test]
    fn frames_are_quantised_half_away_from_zero_and_kept_in_range() {
        let values = quantized(Type::I8, 0.5, 3);
        let mut memory = [0; 7];
        values.write(&[0.0, 0.25, -0.25, 0.24, 1e9, -1e9, f32::NAN], &mut memory);
        assert_eq!(memory.map(|byte| byte as i8), [3, 4, 2, 3, 127, -128, 3]);
        assert_eq!(there_and_back(values, &[0.5, -7.5, 100.0]), [0.5, -7.5, 62.0]);
        assert_eq!(there_and_back(quantized(Type::U8, 0.25, 128), &[-32.0, 0.25, 40.0]), [-32.0, 0.25, 31.75]);
        assert_eq!(there_and_back(quantized(Type::I16, 2.0, 0), &[-65536.0, 3.0, 65536.0]), [-65536.0, 4.0, 65534.0]);
    }

    #[test]
    fn numbers_without_a_scale_are_themselves() {
        for ty in [Type::F32, Type::F16, Type::I64, Type::I32, Type::I16, Type::I8] {
            let values = Values { ty, quantization: None };
            assert_eq!(there_and_back(values, &[-3.0, 0.0, 100.0]), [-3.0, 0.0, 100.0], "{ty:?}");
        }
        assert_eq!(there_and_back(Values { ty: Type::U8, quantization: None }, &[2.5, 256.0, -1.0]), [3.0, 255.0, 0.0]);
        assert_eq!(there_and_back(Values { ty: Type::Bool, quantization: None }, &[0.0, 0.1, -2.0]), [0.0, 1.0, 1.0]);
    }

    #[test]
    fn a_state_goes_over_as_it_is_or_by_what_it_stands_for() {
        let (from, into) = (quantized(Type::I8, 0.5, 3), quantized(Type::I16, 0.25, 0));
        let mut same = [9; 3];
        from.carry(&[1, 2, 255], from, &mut same);
        assert_eq!(same, [1, 2, 255]);
        let mut wider = [0; 6];
        from.carry(&[3, 4, 255], into, &mut wider);
        let values: Vec<i16> = chunks(&wider).map(i16::from_ne_bytes).collect();
        assert_eq!(values, [0, 2, -8]);
        let mut zero = [9; 3];
        from.clear(&mut zero);
        assert_eq!(zero, [3; 3], "a state begins with what stands for 0");
    }
}
