//! FlatBuffers, read without trusting them.
//!
//! The C++ that runs a model follows every offset in its file. [`verify`] follows them first, as a [`Shape`] says which
//! there are: all that lies outside the file, overlaps its end or nests without end is refused. After that a [`Table`]
//! reads fields; it checks every access again, so that a mistake here gives a wrong value and never a wild read.
//!
//! The format: <https://flatbuffers.dev/internals/>. Numbers are little-endian. A table begins with the distance back to
//! its vtable, which has its own size, the size of the table and, for each slot, the offset of that field in the table.

/// What the fields of a table are that the schema knows. A field that it does not name is a number: it only has to lie
/// inside its table.
pub struct Shape(pub &'static [(usize, Kind)]);

/// What a field is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A number of this many bytes.
    Number(usize),
    /// A text that ends in a zero byte.
    Text,
    /// A list of numbers of this many bytes each.
    Numbers(usize),
    /// Another table.
    Table(&'static Shape),
    /// A list of tables.
    Tables(&'static Shape),
    /// A table of a shape that the number in the slot before says; 0 for none.
    Union(fn(u8) -> &'static Shape),
}

/// Deeper than any table of the schema lies.
const MOST_DEPTH: usize = 16;
/// More tables than any model has; a small file may name the same table over and over.
const MOST_TABLES: usize = 1_000_000;

/// Checks that everything `root` speaks of lies inside `bytes`.
///
/// # Errors
/// What does not.
pub fn verify(bytes: &[u8], root: &Shape) -> Result<(), String> {
    let mut verifier = Verifier { bytes, tables: 0 };
    let at = verifier.target(0)?;
    verifier.table(at, root, 0)
}

struct Verifier<'a> {
    bytes: &'a [u8],
    tables: usize,
}

impl Verifier<'_> {
    fn table(&mut self, at: usize, shape: &Shape, depth: usize) -> Result<(), String> {
        self.tables += 1;
        if depth > MOST_DEPTH || self.tables > MOST_TABLES {
            return Err("its tables nest without end".into());
        }
        let back = self.number(at, 4)? as u32 as i32;
        let vtable = usize::try_from(at as i64 - i64::from(back)).map_err(|_| outside(at))?;
        let (slots, room) = (self.number(vtable, 2)? as usize, self.number(vtable + 2, 2)? as usize);
        let whole = slots >= 4 && slots.is_multiple_of(2) && room >= 4;
        if !whole || vtable + slots > self.bytes.len() || at + room > self.bytes.len() {
            return Err(outside(at));
        }
        let field = |bytes: &[u8], slot: usize| match 4 + 2 * slot {
            entry if entry + 2 > slots => 0,
            entry => usize::from(u16::from_le_bytes([bytes[vtable + entry], bytes[vtable + entry + 1]])),
        };
        for slot in 0..(slots - 4) / 2 {
            if (1..4).contains(&field(self.bytes, slot)) || field(self.bytes, slot) >= room {
                return Err(outside(at));
            }
        }
        for (slot, kind) in shape.0 {
            let offset = field(self.bytes, *slot);
            let size = if let Kind::Number(size) = kind { *size } else { 4 };
            if offset == 0 {
                continue;
            }
            if offset + size > room {
                return Err(outside(at));
            }
            // The number that says which table a union is stands in the slot before.
            let tag = match slot.checked_sub(1).map_or(0, |slot| field(self.bytes, slot)) {
                0 => 0,
                entry => self.bytes[at + entry],
            };
            self.field(at + offset, *kind, tag, depth)?;
        }
        Ok(())
    }

    fn field(&mut self, at: usize, kind: Kind, tag: u8, depth: usize) -> Result<(), String> {
        match kind {
            Kind::Number(size) => self.number(at, size).map(|_| ()),
            Kind::Text => {
                let (begin, count) = self.vector(at, 1)?;
                let end = self.bytes.get(begin + count);
                if end == Some(&0) { Ok(()) } else { Err(format!("the text at byte {begin} does not end")) }
            }
            Kind::Numbers(size) => self.vector(at, size).map(|_| ()),
            Kind::Table(shape) => {
                let at = self.target(at)?;
                self.table(at, shape, depth + 1)
            }
            Kind::Union(_) if tag == 0 => Ok(()),
            Kind::Union(shape) => {
                let at = self.target(at)?;
                self.table(at, shape(tag), depth + 1)
            }
            Kind::Tables(shape) => {
                let (begin, count) = self.vector(at, 4)?;
                for item in 0..count {
                    let at = self.target(begin + 4 * item)?;
                    self.table(at, shape, depth + 1)?;
                }
                Ok(())
            }
        }
    }

    /// Where a list begins, and how many items it has.
    fn vector(&self, at: usize, size: usize) -> Result<(usize, usize), String> {
        let at = self.target(at)?;
        let (begin, count) = (at + 4, self.number(at, 4)? as usize);
        let end = count.checked_mul(size).and_then(|n| n.checked_add(begin));
        if end.is_none_or(|end| end > self.bytes.len()) || !begin.is_multiple_of(size) {
            return Err(format!("a list of {count} items at byte {at} does not lie in the file"));
        }
        Ok((begin, count))
    }

    /// What the offset at `at` points at.
    fn target(&self, at: usize) -> Result<usize, String> {
        let offset = self.number(at, 4)? as usize;
        let there = at + offset;
        if offset == 0 || there + 4 > self.bytes.len() { Err(outside(at)) } else { Ok(there) }
    }

    /// A number, aligned as the C++ wants it.
    fn number(&self, at: usize, size: usize) -> Result<u64, String> {
        let bytes = self.bytes.get(at..at + size).ok_or_else(|| outside(at))?;
        if !at.is_multiple_of(size) {
            return Err(format!("byte {at} is no place for a number of {size} bytes"));
        }
        Ok(bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }
}

fn outside(at: usize) -> String {
    format!("what byte {at} speaks of does not lie in the file")
}

/// A table of a verified file.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    /// The table that the file begins with.
    pub fn root(bytes: &'a [u8]) -> Self {
        Self { bytes, at: number(bytes, 0, 4) as usize }
    }

    /// Where a field lies, if the table has it.
    fn place(&self, slot: usize) -> Option<usize> {
        let vtable = usize::try_from(self.at as i64 - i64::from(number(self.bytes, self.at, 4) as u32 as i32)).ok()?;
        let entry = 4 + 2 * slot;
        if entry + 2 > number(self.bytes, vtable, 2) as usize {
            return None;
        }
        let offset = number(self.bytes, vtable + entry, 2) as usize;
        (offset != 0).then_some(self.at + offset)
    }

    /// A whole number without sign, 0 where it is not there.
    pub fn number(&self, slot: usize, size: usize) -> u64 {
        self.place(slot).map_or(0, |at| number(self.bytes, at, size))
    }

    /// A whole number of 4 bytes.
    pub fn int(&self, slot: usize) -> i32 {
        self.number(slot, 4) as u32 as i32
    }

    /// Where a list begins, and how many items it has.
    fn list(&self, slot: usize) -> Option<(usize, usize)> {
        let at = self.place(slot)?;
        let at = at + number(self.bytes, at, 4) as usize;
        Some((at + 4, number(self.bytes, at, 4) as usize))
    }

    /// A list of numbers of `N` bytes each, empty where it is not there.
    pub fn numbers<const N: usize>(&self, slot: usize) -> Vec<[u8; N]> {
        let list = self.list(slot).and_then(|(begin, count)| self.bytes.get(begin..begin + N * count));
        list.unwrap_or_default().chunks_exact(N).map(|item| item.try_into().unwrap_or([0; N])).collect()
    }

    /// A list of whole numbers, empty where it is not there.
    pub fn ints(&self, slot: usize) -> Vec<i32> {
        self.numbers(slot).into_iter().map(i32::from_le_bytes).collect()
    }

    /// A list of bytes, empty where it is not there.
    pub fn data(&self, slot: usize) -> &'a [u8] {
        let list = self.list(slot).and_then(|(begin, count)| self.bytes.get(begin..begin + count));
        list.unwrap_or_default()
    }

    /// A text, empty where it is not there.
    pub fn text(&self, slot: usize) -> String {
        String::from_utf8_lossy(self.data(slot)).into_owned()
    }

    /// Another table.
    pub fn table(&self, slot: usize) -> Option<Table<'a>> {
        self.place(slot).map(|at| Table { bytes: self.bytes, at: at + number(self.bytes, at, 4) as usize })
    }

    /// A list of tables, empty where it is not there.
    pub fn tables(&self, slot: usize) -> Vec<Table<'a>> {
        let (begin, count) = self.list(slot).unwrap_or_default();
        let table = |item| {
            let at = begin + 4 * item;
            Table { bytes: self.bytes, at: at + number(self.bytes, at, 4) as usize }
        };
        (0..count).map(table).collect()
    }

    /// Whether a field is there.
    pub fn has(&self, slot: usize) -> bool {
        self.place(slot).is_some()
    }
}

fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    let bytes = bytes.get(at..at + size).unwrap_or_default();
    bytes.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte))
}
