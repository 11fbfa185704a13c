//! Sums over frames.

/// Sums and sums of squares over frames: what Kaldi's `compute-cmvn-stats` writes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    sums: Vec<f64>,
    squares: Vec<f64>,
    count: f64,
}

impl Stats {
    /// No frame yet of features of `width` numbers.
    pub fn new(width: usize) -> Self {
        Self { sums: vec![0.0; width], squares: vec![0.0; width], count: 0.0 }
    }

    /// Numbers of a frame.
    pub fn width(&self) -> usize {
        self.sums.len()
    }

    /// How many frames were added.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// Adds a frame, or takes it away with a weight of −1.
    pub fn add(&mut self, frame: &[f32], weight: f64) {
        for ((sum, square), x) in self.sums.iter_mut().zip(&mut self.squares).zip(frame) {
            let x = f64::from(*x);
            *sum += weight * x;
            *square += weight * x * x;
        }
        self.count += weight;
    }

    /// Forgets all frames.
    pub fn reset(&mut self) {
        self.sums.fill(0.0);
        self.squares.fill(0.0);
        self.count = 0.0;
    }

    /// The mean and the variance of number i.
    pub fn mean_and_variance(&self, i: usize) -> (f64, f64) {
        let mean = self.sums[i] / self.count;
        (mean, self.squares[i] / self.count - mean * mean)
    }

    /// Reads a matrix \[2, D + 1\]: sums and, in the last column, how many frames; sums of squares and anything. It is
    /// text of Kaldi (`copy-matrix --binary=false`) or an array of numpy (`.npy`).
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let rows = if let Some(rest) = bytes.strip_prefix(b"\x93NUMPY") { npy(rest)? } else { text(bytes)? };
        let [first, second] = &rows[..] else {
            return Err(format!("`cmvn.file` has {} rows, not 2: sums, and sums of squares", rows.len()));
        };
        let [sums @ .., count] = &first[..] else { return Err("`cmvn.file` is empty".into()) };
        if first.len() != second.len() || sums.is_empty() {
            return Err(format!("rows of `cmvn.file` have {} and {} numbers, not D + 1", first.len(), second.len()));
        }
        if *count <= 0.0 || first.iter().chain(second).any(|x| !x.is_finite()) {
            return Err(format!("`cmvn.file` counts {count} frames: the last number of its first row is over 0"));
        }
        Ok(Self { sums: sums.to_vec(), squares: second[..sums.len()].to_vec(), count: *count })
    }
}

/// Rows between brackets, one a line, with or without a key before them.
fn text(bytes: &[u8]) -> Result<Vec<Vec<f64>>, String> {
    let wrong = || "`cmvn.file` is no text: write it with `copy-matrix --binary=false`, or as .npy".to_string();
    let text = str::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or_else(wrong)?;
    let inner = text.split_once('[').and_then(|(_, rest)| rest.split_once(']')).ok_or_else(wrong)?.0;
    let number = |word: &str| word.parse::<f64>().map_err(|_| format!("`cmvn.file` has `{word}`, not a number"));
    let lines = inner.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| line.split_whitespace().map(number).collect()).collect()
}

/// An array of numpy behind its magic word: version, length of the header, header, numbers.
fn npy(rest: &[u8]) -> Result<Vec<Vec<f64>>, String> {
    let wrong = |what: &str| format!("`cmvn.file` is {what}: save float32 or float64 of shape (2, D + 1), in C order");
    let short = || wrong("cut short");
    let (version, rest) = rest.split_at_checked(2).ok_or_else(short)?;
    let (length, rest) = rest.split_at_checked(if version[0] == 1 { 2 } else { 4 }).ok_or_else(short)?;
    let length = length.iter().rev().fold(0, |length, byte| length * 256 + usize::from(*byte));
    let (header, data) = rest.split_at_checked(length).ok_or_else(short)?;
    let header = String::from_utf8_lossy(header);
    if !header.contains("'fortran_order': False") {
        return Err(wrong("in Fortran order"));
    }
    let columns = header.split_once("'shape': (2,").and_then(|(_, rest)| rest.split_once(')'));
    let columns: usize = columns.and_then(|(n, _)| n.trim().parse().ok()).ok_or_else(|| wrong("of another shape"))?;
    let numbers: Vec<f64> = if header.contains("'<f8'") {
        data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
    } else if header.contains("'<f4'") {
        data.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect()
    } else {
        return Err(wrong("of another type"));
    };
    if columns == 0 || numbers.len() != columns.saturating_mul(2) {
        return Err(short());
    }
    Ok(numbers.chunks(columns).map(<[f64]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy_of(header: &str, numbers: &[f64]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(numbers.iter().flat_map(|x| x.to_le_bytes()));
        bytes
    }

    #[test]
    fn stats_of_kaldi_are_read_as_text_and_as_numpy() {
        let text = Stats::parse(b"global  [\n  10 20 4 \n  30 120 0 ]\n").unwrap();
        assert_eq!((text.width(), text.count()), (2, 4.0));
        assert_eq!((text.mean_and_variance(0), text.mean_and_variance(1)), ((2.5, 1.25), (5.0, 5.0)));
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n";
        assert_eq!(Stats::parse(&npy_of(header, &[10.0, 20.0, 4.0, 30.0, 120.0, 0.0])), Ok(text));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let refused = |bytes: &[u8], why: &str| {
            let error = Stats::parse(bytes).unwrap_err();
            assert!(error.contains("`cmvn.file`") && error.contains(why), "{error}");
        };
        refused(b"\0BDM \x04", "copy-matrix --binary=false");
        refused(b"[ 1 2 3 ]", "1 rows, not 2");
        refused(b"[ 1 2 3\n 1 2 ]", "3 and 2 numbers");
        refused(b"[ 1 2 0\n 1 2 0 ]", "counts 0 frames");
        refused(b"[ 1 x 1\n 1 2 0 ]", "`x`, not a number");
        refused(&npy_of("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", &[1.0]), "cut short");
        refused(&npy_of("{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }", &[1.0]), "of another type");
        refused(b"\x93NUMPY\x01", "cut short");
    }
}
