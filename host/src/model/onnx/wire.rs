//! The wire format of Protocol Buffers, read without copying: <https://protobuf.dev/programming-guides/encoding>.

/// What a field holds. Numbers of fixed size are of no interest here.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A number.
    Number(u64),
    /// A number of 4 or 8 bytes.
    Fixed,
    /// A text, a message, a packed list, or plain bytes.
    Bytes(&'a [u8]),
}

/// The bytes do not go on as the format wants: the file is cut or damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

/// The fields of a message, one by one: number and value.
#[derive(Clone)]
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Cut>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or(Cut))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = number(&mut self.0)?;
        let value = match key & 7 {
            0 => Value::Number(number(&mut self.0)?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = number(&mut self.0)?;
                Value::Bytes(self.take(usize::try_from(length).ok()?)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            _ => return None, // groups went out of use before ONNX began
        };
        (key >> 3 > 0).then_some((key >> 3, value))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

/// A number in groups of 7 bits, the lowest first.
pub fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

impl<'a> Value<'a> {
    /// A number, as signed.
    pub fn int(self) -> i64 {
        if let Self::Number(n) = self { n.cast_signed() } else { 0 }
    }

    /// A text; what is not UTF-8 in it is replaced.
    pub fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// A message, or nothing.
    pub fn bytes(self) -> &'a [u8] {
        if let Self::Bytes(bytes) = self { bytes } else { &[] }
    }

    /// Appends numbers, one or a packed list of them, as long as there are no more than `most`.
    pub fn ints(self, into: &mut Vec<i64>, most: usize) -> Result<(), Cut> {
        match self {
            Self::Bytes(mut bytes) => {
                while !bytes.is_empty() {
                    let n = number(&mut bytes).ok_or(Cut)?;
                    if into.len() < most {
                        into.push(n.cast_signed());
                    }
                }
            }
            _ if into.len() < most => into.push(self.int()),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length() {
        assert_eq!(number(&mut &[0x96, 0x01][..]), Some(150)); // the example of the specification
        assert_eq!(number(&mut &[0xff; 9].iter().copied().chain([1]).collect::<Vec<_>>()[..]), Some(u64::MAX));
        assert_eq!(number(&mut &[0x80; 11][..]), None);
        assert_eq!(number(&mut &[0x80][..]), None);
    }

    #[test]
    fn what_ends_too_early_is_cut() {
        let names =
            |bytes: &'static [u8]| Fields(bytes).map(|field| field.map(|(n, v)| (n, v.text()))).collect::<Vec<_>>();
        assert_eq!(names(b"\x0a\x02hi"), [Ok((1, "hi".into()))]);
        assert_eq!(names(b"\x0a\x03hi"), [Err(Cut)]);
        assert_eq!(names(b"\x0a\x02hi\x0b"), [Ok((1, "hi".into())), Err(Cut)]); // a group
        assert_eq!(names(b"\x02\x00"), [Err(Cut)]); // field 0
    }
}
