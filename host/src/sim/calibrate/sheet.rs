//! A CSV file of measurements: comments that carry the source, a header, rows of cells.
use super::CalibrateError;
use crate::graph::{nearest, text_of};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::path::{Path, PathBuf};

/// No count of cycles is higher; beyond, it is a slip of the pen.
const MOST: f64 = 1e18;

/// A file as read: every row has as many cells as the header.
pub(super) struct Sheet {
    file: PathBuf,
    /// What the lines that begin with # say.
    pub comments: Vec<String>,
    header: StringRecord,
    header_line: usize,
    pub rows: Vec<Row>,
}

pub(super) struct Row {
    /// From 1.
    pub line: usize,
    cells: StringRecord,
}

impl Sheet {
    /// Reads a file whose header has some of `known`, in any order, and nothing else.
    pub fn read(file: &Path, known: &[&str]) -> Result<Self, CalibrateError> {
        let bytes = std::fs::read(file).map_err(|source| CalibrateError::Read { file: file.into(), source })?;
        let text = text_of(file, bytes).map_err(CalibrateError::Text)?;
        let mut sheet =
            Self { file: file.into(), comments: vec![], header: StringRecord::new(), header_line: 1, rows: vec![] };
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            sheet.take(at + 1, line)?;
        }
        if sheet.header.is_empty() {
            let way_out = format!("begin with a header, such as `{}`", known.join(","));
            return Err(sheet.lacks(format!("there is nothing in it; {way_out}")));
        }
        sheet.check_header(known)?;
        match sheet.rows.is_empty() {
            true => Err(sheet.lacks("it has a header and no data; add a row for each measurement".into())),
            false => Ok(sheet),
        }
    }

    /// One line. Each is read by itself, so that errors name the right one; no cell goes on in the next line.
    fn take(&mut self, line: usize, text: &str) -> Result<(), CalibrateError> {
        if let Some(comment) = text.strip_prefix('#') {
            self.comments.push(comment.trim().into());
            return Ok(());
        }
        let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(text.as_bytes());
        let mut cells = StringRecord::new();
        let found = reader.read_record(&mut cells);
        found.map_err(|why| self.wrong(line, format!("it cannot be read: {why}")))?;
        if cells.iter().all(str::is_empty) {
            return Ok(());
        }
        if self.header.is_empty() {
            (self.header, self.header_line) = (cells, line);
            return Ok(());
        }
        if cells.len() != self.header.len() {
            let (has, wants) = (cells.len(), self.header.len());
            let why =
                format!("the line has {has} cells and the header {wants}; a cell with a comma in it needs quotes");
            return Err(self.wrong(line, why));
        }
        self.rows.push(Row { line, cells });
        Ok(())
    }

    /// A column that nobody knows may be one that is misspelt, and would be missed.
    fn check_header(&self, known: &[&str]) -> Result<(), CalibrateError> {
        for (at, name) in self.header.iter().enumerate() {
            if self.header.iter().take(at).any(|before| before == name) {
                return Err(self.wrong(self.header_line, format!("the header has `{name}` twice; keep one")));
            }
            if known.contains(&name) {
                continue;
            }
            let hint = match nearest(name, known.iter().copied()) {
                _ if name.contains(';') => "; write commas between columns".into(),
                Some(near) => format!("; did you mean `{near}`?"),
                None => "; leave it out, or write it in a line that begins with #".into(),
            };
            let why = format!("there is no use for a column `{name}`, only for {}{hint}", list(known));
            return Err(self.wrong(self.header_line, why));
        }
        Ok(())
    }

    /// Whether the header has this column.
    pub fn has(&self, column: &str) -> bool {
        self.header.iter().any(|name| name == column)
    }

    /// Refuses a header without this column.
    pub fn need(&self, column: &str, what: &str) -> Result<(), CalibrateError> {
        match self.has(column) {
            true => Ok(()),
            false => Err(self.wrong(self.header_line, format!("the header has no column `{column}`: {what}"))),
        }
    }

    /// Refuses a header with this column.
    pub fn refuse(&self, column: &str, why: &str) -> Result<(), CalibrateError> {
        match self.has(column) {
            true => Err(self.wrong(self.header_line, format!("the header has `{column}` {why}"))),
            false => Ok(()),
        }
    }

    /// Of columns that say the same, the one that the header has.
    pub fn only<'a>(&self, columns: &[&'a str], what: &str) -> Result<&'a str, CalibrateError> {
        let mut found = columns.iter().filter(|column| self.has(column));
        match (found.next(), found.next()) {
            (Some(column), None) => Ok(column),
            (None, _) => {
                let why = format!("the header has no column for {what}; write one of {}", list(columns));
                Err(self.wrong(self.header_line, why))
            }
            (Some(one), Some(other)) => {
                let why = format!("the header has `{one}` and `{other}`, which both say {what}; keep one");
                Err(self.wrong(self.header_line, why))
            }
        }
    }

    fn cell<'a>(&self, row: &'a Row, column: &str) -> &'a str {
        let at = self.header.iter().position(|name| name == column);
        at.and_then(|at| row.cells.get(at)).unwrap_or_default()
    }

    /// A name, which no row may lack.
    pub fn name(&self, row: &Row, column: &str) -> Result<String, CalibrateError> {
        let name = self.cell(row, column);
        match name.is_empty() {
            true => Err(self.wrong(row.line, format!("`{column}` is empty; say what was measured"))),
            false => Ok(name.into()),
        }
    }

    /// A number above zero, or nothing where the cell is empty or the column is not there.
    pub fn number(&self, row: &Row, column: &str) -> Result<Option<f64>, CalibrateError> {
        let text = self.cell(row, column);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |why: &str| self.wrong(row.line, format!("`{column}` is {text}: {why}"));
        match text.parse::<f64>() {
            Err(_) if text.contains([',', '_', '\'', ' ']) => Err(wrong("write digits and a point, nothing between")),
            Err(_) => Err(wrong("that is no number")),
            Ok(number) if !number.is_finite() => Err(wrong("that is no number")),
            Ok(0.0) => {
                Err(wrong("it must be above zero; leave the cell empty, or the row out, where nothing is known"))
            }
            Ok(number) if number < 0.0 => Err(wrong("it cannot be negative; measure again")),
            Ok(number) if number <= MOST => Ok(Some(number)),
            Ok(_) => Err(wrong("no board counts so far; measure again")),
        }
    }

    /// A number that every row must have.
    pub fn needed(&self, row: &Row, column: &str) -> Result<f64, CalibrateError> {
        let why = || self.wrong(row.line, format!("`{column}` is empty; measure it, or leave the row out"));
        self.number(row, column)?.ok_or_else(why)
    }

    pub fn wrong(&self, line: usize, why: String) -> CalibrateError {
        CalibrateError::Wrong { file: self.file.clone(), line, why }
    }

    pub fn lacks(&self, why: String) -> CalibrateError {
        CalibrateError::Lacks { file: self.file.clone(), why }
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
