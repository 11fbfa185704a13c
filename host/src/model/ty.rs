//! Types of tensors.

/// Type of a tensor's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Type(pub &'static str);

impl Type {
    /// A number of `TensorProto.DataType`, in onnx.proto.
    pub fn onnx(number: i64) -> Self {
        const NAMES: [&str; 27] = [
            "",
            "float32",
            "uint8",
            "int8",
            "uint16",
            "int16",
            "int32",
            "int64",
            "string",
            "bool",
            "float16",
            "float64",
            "uint32",
            "uint64",
            "complex64",
            "complex128",
            "bfloat16",
            "float8e4m3fn",
            "float8e4m3fnuz",
            "float8e5m2",
            "float8e5m2fnuz",
            "uint4",
            "int4",
            "float4e2m1",
            "float8e8m0",
            "uint2",
            "int2",
        ];
        Self(usize::try_from(number).ok().and_then(|at| NAMES.get(at)).copied().unwrap_or_default())
    }

    /// A number of `TensorType`, in the schema of TFLite.
    pub fn tflite(number: i64) -> Self {
        const NAMES: [&str; 19] = [
            "float32",
            "float16",
            "int32",
            "uint8",
            "int64",
            "string",
            "bool",
            "int16",
            "complex64",
            "int8",
            "float64",
            "complex128",
            "uint64",
            "resource",
            "variant",
            "uint32",
            "uint16",
            "int4",
            "bfloat16",
        ];
        Self(usize::try_from(number).ok().and_then(|at| NAMES.get(at)).copied().unwrap_or_default())
    }

    /// Bits of a value; `None` for texts and what is no number.
    pub fn bits(self) -> Option<u64> {
        match self.0 {
            "bool" => Some(8),
            "" | "string" | "resource" | "variant" => None,
            name if name.starts_with("float8") => Some(8),
            name if name.starts_with("float4") => Some(4),
            name => name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok(),
        }
    }

    /// Whether values are whole numbers.
    pub fn is_whole(self) -> bool {
        self.0.starts_with("int") || self.0.starts_with("uint") || self.0 == "bool"
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(if self.0.is_empty() { "unknown" } else { self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_follow_from_names() {
        let bits = |name| Type(name).bits();
        assert_eq!(
            (bits("float32"), bits("bfloat16"), bits("complex64"), bits("int4")),
            (Some(32), Some(16), Some(64), Some(4))
        );
        assert_eq!(
            (bits("float8e4m3fn"), bits("float4e2m1"), bits("bool"), bits("string")),
            (Some(8), Some(4), Some(8), None)
        );
    }
}
