//! FlatBuffers, read without generated code and without trust: <https://flatbuffers.dev/internals>.
//!
//! Every access is checked against the file. A table may be reached by many ways, so a small file can describe a huge
//! model: how much is read in all is limited too.
use super::super::read::Damage;
use std::cell::Cell;

/// A file, and how much may still be read of it.
pub struct File<'a> {
    bytes: &'a [u8],
    budget: Cell<u64>,
}

/// A table, by its place.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    file: &'a File<'a>,
    at: usize,
}

impl<'a> File<'a> {
    /// Lets every byte be read some times over.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, budget: Cell::new((1_000_000 + 32 * bytes.len() as u64).min(1 << 30)) }
    }

    /// The table that the file begins with.
    pub fn root(&'a self) -> Result<Table<'a>, Damage> {
        Ok(Table { file: self, at: self.follow(0)? })
    }

    fn spend(&self, bytes: usize) -> Result<(), Damage> {
        let left = self.budget.get().checked_sub(bytes as u64);
        self.budget.set(left.ok_or_else(|| Damage("its tables refer to each other without end".into()))?);
        Ok(())
    }

    fn at<const N: usize>(&self, place: usize) -> Result<[u8; N], Damage> {
        self.spend(N)?;
        let found = self.bytes.get(place..).and_then(|rest| rest.first_chunk());
        found.copied().ok_or_else(|| Damage(format!("something refers to byte {place}, which is not there")))
    }

    fn u32(&self, place: usize) -> Result<u32, Damage> {
        self.at(place).map(u32::from_le_bytes)
    }

    /// Where an offset leads.
    fn follow(&self, place: usize) -> Result<usize, Damage> {
        let to = place.checked_add(self.u32(place)? as usize);
        to.ok_or_else(|| Damage("an offset leads out of it".into()))
    }
}

impl<'a> Table<'a> {
    /// Where field number `field` is, if the table has it.
    fn field(self, field: usize) -> Result<Option<usize>, Damage> {
        let back = i32::from_le_bytes(self.file.at(self.at)?);
        let vtable = (self.at as i64).checked_sub(i64::from(back)).and_then(|place| usize::try_from(place).ok());
        let vtable = vtable.ok_or_else(|| Damage("a table of it has no list of its fields".into()))?;
        let size = u16::from_le_bytes(self.file.at(vtable)?) as usize;
        let entry = 4 + 2 * field;
        if entry + 2 > size {
            return Ok(None);
        }
        let offset = u16::from_le_bytes(self.file.at(vtable + entry)?) as usize;
        Ok((offset > 0).then_some(self.at + offset))
    }

    /// Says that what is made of it takes so many bytes of memory.
    ///
    /// # Errors
    /// It is more than such a file should take.
    pub fn spend(self, bytes: usize) -> Result<(), Damage> {
        self.file.spend(bytes)
    }

    /// A byte, signed as all of the schema's are.
    pub fn i8(self, field: usize) -> Result<i8, Damage> {
        self.field(field)?.map_or(Ok(0), |place| self.file.at(place).map(i8::from_le_bytes))
    }

    /// A number.
    pub fn i32(self, field: usize) -> Result<i32, Damage> {
        self.field(field)?.map_or(Ok(0), |place| self.file.at(place).map(i32::from_le_bytes))
    }

    /// A large number.
    pub fn u64(self, field: usize) -> Result<u64, Damage> {
        self.field(field)?.map_or(Ok(0), |place| self.file.at(place).map(u64::from_le_bytes))
    }

    /// A table.
    pub fn table(self, field: usize) -> Result<Option<Table<'a>>, Damage> {
        let to = |place| Ok(Some(Table { file: self.file, at: self.file.follow(place)? }));
        self.field(field)?.map_or(Ok(None), to)
    }

    /// Where a list begins, and how many it has, each of so many bytes.
    fn list(self, field: usize, each: usize) -> Result<Option<(usize, usize)>, Damage> {
        let Some(place) = self.field(field)? else { return Ok(None) };
        let at = self.file.follow(place)?;
        let count = self.file.u32(at)? as usize;
        let end = count.checked_mul(each).and_then(|length| length.checked_add(at + 4));
        match end.is_some_and(|end| end <= self.file.bytes.len()) {
            true => Ok(Some((at + 4, count))),
            false => Err(Damage(format!("it ends within a list of {count} at byte {at}"))),
        }
    }

    /// Bytes, which are not read.
    pub fn bytes(self, field: usize) -> Result<&'a [u8], Damage> {
        let found = self.list(field, 1)?;
        Ok(found.map_or(&[], |(at, count)| &self.file.bytes[at..at + count]))
    }

    /// A text; what is not UTF-8 in it is replaced.
    pub fn text(self, field: usize) -> Result<String, Damage> {
        let bytes = self.bytes(field)?;
        self.file.spend(bytes.len())?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Numbers of 4 bytes; `None` if the list is not there.
    pub fn i32s(self, field: usize) -> Result<Option<Vec<i32>>, Damage> {
        let Some((at, count)) = self.list(field, 4)? else { return Ok(None) };
        self.file.spend(4 * count)?;
        let bytes = &self.file.bytes[at..at + 4 * count];
        Ok(Some(bytes.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()))
    }

    /// The first of a list of numbers of 4 bytes, as bits, and how many there are.
    pub fn first_u32(self, field: usize) -> Result<Option<(u32, usize)>, Damage> {
        match self.list(field, 4)? {
            Some((at, count)) if count > 0 => Ok(Some((self.file.u32(at)?, count))),
            _ => Ok(None),
        }
    }

    /// The first of a list of numbers of 8 bytes.
    pub fn first_i64(self, field: usize) -> Result<Option<i64>, Damage> {
        match self.list(field, 8)? {
            Some((at, count)) if count > 0 => Ok(Some(i64::from_le_bytes(self.file.at(at)?))),
            _ => Ok(None),
        }
    }

    /// Tables.
    pub fn tables(self, field: usize) -> Result<Vec<Table<'a>>, Damage> {
        let Some((at, count)) = self.list(field, 4)? else { return Ok(vec![]) };
        self.file.spend(32 * count)?; // of memory
        (0..count).map(|i| Ok(Table { file: self.file, at: self.file.follow(at + 4 * i)? })).collect()
    }
}
