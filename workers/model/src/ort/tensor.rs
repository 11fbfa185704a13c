//! A tensor in ONNX Runtime's memory, of any type of number, written and read as `f32`.
use half::{bf16, f16};
use ort::memory::Allocator;
use ort::value::{Tensor, TensorElementType};
use ort::{AsPointer, sys};

/// A number that a tensor holds.
trait Number: Copy {
    fn of(value: f64) -> Self;
    fn of_f32(value: f32) -> Self;
    fn f32(self) -> f32;
}

macro_rules! number {
    ($($ty:ty),+) => {$(
        impl Number for $ty {
            fn of(value: f64) -> Self {
                value as Self
            }
            fn of_f32(value: f32) -> Self {
                value as Self
            }
            fn f32(self) -> f32 {
                self as f32
            }
        }
    )+};
}
number!(f32, f64, i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! short_float {
    ($($ty:ty),+) => {$(
        impl Number for $ty {
            fn of(value: f64) -> Self {
                Self::from_f64(value)
            }
            fn of_f32(value: f32) -> Self {
                Self::from_f32(value)
            }
            fn f32(self) -> f32 {
                self.to_f32()
            }
        }
    )+};
}
short_float!(f16, bf16);

impl Number for bool {
    fn of(value: f64) -> Self {
        value != 0.0
    }
    fn of_f32(value: f32) -> Self {
        value != 0.0
    }
    fn f32(self) -> f32 {
        f32::from(u8::from(self))
    }
}

/// One type of number has as many bytes in every state that is saved.
trait Bytes: Sized {
    fn append(&self, out: &mut Vec<u8>);
    fn take(data: &mut &[u8]) -> Option<Self>;
}

macro_rules! bytes {
    ($($ty:ty),+) => {$(
        impl Bytes for $ty {
            fn append(&self, out: &mut Vec<u8>) {
                out.extend(self.to_le_bytes());
            }
            fn take(data: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = data.split_first_chunk()?;
                *data = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        }
    )+};
}
bytes!(f32, f64, i8, i16, i32, i64, u8, u16, u32, u64, f16, bf16);

impl Bytes for bool {
    fn append(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn take(data: &mut &[u8]) -> Option<Self> {
        u8::take(data).map(|byte| byte != 0)
    }
}

macro_rules! numbers {
    ($($name:ident $ty:ident),+) => {
        /// A tensor of numbers that stays in its place.
        pub enum Numbers {
            $(
                #[doc = concat!("Of `", stringify!($ty), "`.")]
                $name(Tensor<$ty>),
            )+
        }

        impl Numbers {
            /// A tensor of zeros.
            ///
            /// # Errors
            /// Types that are no numbers, and what ONNX Runtime says, which is short of memory.
            pub fn zeros(ty: TensorElementType, shape: &[usize]) -> ort::Result<Self> {
                let memory = Allocator::default();
                match ty {
                    $(TensorElementType::$name => {
                        let mut tensor = Tensor::<$ty>::new(&memory, shape)?;
                        tensor.extract_tensor_mut().1.fill(Number::of(0.0));
                        Ok(Self::$name(tensor))
                    })+
                    other => Err(ort::Error::new(format!("tensors of {other} cannot be bound"))),
                }
            }

            /// Whether tensors of this type can be bound.
            pub fn knows(ty: TensorElementType) -> bool {
                matches!(ty, $(TensorElementType::$name)|+)
            }

            /// Sets every value to zero.
            pub fn clear(&mut self) {
                match self {
                    $(Self::$name(tensor) => tensor.extract_tensor_mut().1.fill(Number::of(0.0)),)+
                }
            }

            /// Repeats `values` until it is full.
            pub fn fill(&mut self, values: &[f64]) {
                match self {
                    $(Self::$name(tensor) => {
                        let cells = tensor.extract_tensor_mut().1.iter_mut();
                        cells.zip(values.iter().cycle()).for_each(|(cell, value)| *cell = Number::of(*value));
                    })+
                }
            }

            /// Takes as many values as it holds.
            pub fn write(&mut self, values: &[f32]) {
                match self {
                    $(Self::$name(tensor) => {
                        let cells = tensor.extract_tensor_mut().1.iter_mut();
                        cells.zip(values).for_each(|(cell, value)| *cell = Number::of_f32(*value));
                    })+
                }
            }

            /// Gives as many values as it holds.
            pub fn read(&self, values: &mut [f32]) {
                match self {
                    $(Self::$name(tensor) => {
                        let cells = tensor.extract_tensor().1.iter();
                        values.iter_mut().zip(cells).for_each(|(value, cell)| *value = Number::f32(*cell));
                    })+
                }
            }

            /// Appends its values.
            pub fn save(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$name(tensor) => tensor.extract_tensor().1.iter().for_each(|cell| cell.append(out)),)+
                }
            }

            /// Takes its values from the front of `data`.
            pub fn load(&mut self, data: &mut &[u8]) -> Option<()> {
                match self {
                    $(Self::$name(tensor) => {
                        for cell in tensor.extract_tensor_mut().1 {
                            *cell = Bytes::take(data)?;
                        }
                    })+
                }
                Some(())
            }

            /// For ONNX Runtime.
            pub fn ptr(&self) -> *mut sys::OrtValue {
                match self {
                    $(Self::$name(tensor) => tensor.ptr().cast_mut(),)+
                }
            }

            /// For a run through the crate.
            pub fn value(&self) -> ort::session::SessionInputValue<'_> {
                match self {
                    $(Self::$name(tensor) => tensor.into(),)+
                }
            }
        }
    };
}
numbers!(
    Float32 f32, Float64 f64, Float16 f16, Bfloat16 bf16, Int8 i8, Int16 i16, Int32 i32, Int64 i64,
    Uint8 u8, Uint16 u16, Uint32 u32, Uint64 u64, Bool bool
);

impl Numbers {
    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.value().shape().num_elements()
    }

    /// Its values, if they are `f32` already.
    pub fn floats(&mut self) -> Option<&mut [f32]> {
        match self {
            Self::Float32(tensor) => Some(tensor.extract_tensor_mut().1),
            _ => None,
        }
    }
}
