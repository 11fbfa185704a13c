//! A TOML table that is read key by key; what is left over is a mistake.
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::item::{Entry, Item, Span, Spanned};
use std::ops::RangeInclusive;

/// A table, its place, and where mistakes go.
pub struct Table<'d> {
    what: String,
    entries: Vec<Entry>,
    seen: Vec<String>,
    span: Span,
    diags: &'d mut Diags,
}

impl<'d> Table<'d> {
    /// `what` it is called in messages, `span` where its name is.
    pub fn new(what: impl Into<String>, entries: Vec<Entry>, span: Span, diags: &'d mut Diags) -> Self {
        Self { what: what.into(), entries, seen: vec![], span, diags }
    }
    /// Where mistakes go.
    pub fn diags(&mut self) -> &mut Diags {
        self.diags
    }
    /// Notes a mistake.
    pub fn push(&mut self, diag: Diag) {
        self.diags.push(diag);
    }
    /// Whether the table has, or had, a key.
    pub fn seen(&self, key: &str) -> bool {
        self.seen.iter().any(|seen| seen == key)
    }
    /// Takes a key out.
    pub fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key.value == key)?;
        self.seen.push(key.into());
        Some(self.entries.remove(at))
    }
    /// Everything that is left.
    pub fn left(self) -> Vec<Entry> {
        self.entries
    }
    /// Refuses everything that is left.
    pub fn rest(self, known: &[&str]) {
        for entry in self.entries {
            let key = &entry.key.value;
            let diag = Diag::new(Code::Key, entry.key.span, format!("{} has no key `{key}`", self.what));
            let diag = diag.label(format!("known are {}", known.join(", ")));
            self.diags.push(diag.suggest(key, known.iter().copied()));
        }
    }
    /// Notes that a key is missing.
    pub fn missing(&mut self, key: &str, title: impl Into<String>, help: &str) {
        let mut diag = Diag::new(Code::Missing, self.span.clone(), title);
        let near = |entry: &&Entry| super::diag::nearest(&entry.key.value, [key]).is_some();
        if let Some(entry) = self.entries.iter().find(near) {
            diag = diag.mark(entry.key.span.clone(), format!("is this meant to be `{key}`?"));
        }
        self.diags.push(diag.help(help));
    }
    /// Notes that a value is of another type.
    pub fn wrong_type(&mut self, key: &str, found: &Item, span: Span, wanted: &str) {
        let diag = Diag::new(Code::Type, span, format!("`{key}` takes {wanted}, not {}", found.what()));
        self.diags.push(match (found, wanted) {
            (Item::Text(text), "a number" | "a whole number") if text.parse::<f64>().is_ok() => {
                diag.help("leave the quotes out")
            }
            _ => diag,
        });
    }
    /// A text.
    pub fn text(&mut self, key: &str) -> Option<Spanned<String>> {
        let Entry { item, .. } = self.take(key)?;
        match item.value {
            Item::Text(text) if text.contains('\0') => {
                self.push(Diag::new(Code::Value, item.span, format!("`{key}` has a null byte in it")));
                None
            }
            Item::Text(text) => Some(Spanned::new(text, item.span)),
            other => {
                self.wrong_type(key, &other, item.span, "a text");
                None
            }
        }
    }
    /// A whole number in a range.
    pub fn int(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<Spanned<i64>> {
        let Entry { item, .. } = self.take(key)?;
        match item.value {
            Item::Int(n) if range.contains(&n) => Some(Spanned::new(n, item.span)),
            Item::Int(n) => {
                self.outside(key, n, item.span, range.start(), range.end());
                None
            }
            other => {
                self.wrong_type(key, &other, item.span, "a whole number");
                None
            }
        }
    }
    /// A number in a range.
    pub fn float(&mut self, key: &str, range: RangeInclusive<f64>) -> Option<Spanned<f64>> {
        let Entry { item, .. } = self.take(key)?;
        let number = match item.value {
            Item::Int(n) => n as f64,
            Item::Float(x) => x,
            other => {
                self.wrong_type(key, &other, item.span, "a number");
                return None;
            }
        };
        if !range.contains(&number) {
            self.outside(key, number, item.span, range.start(), range.end());
            return None;
        }
        Some(Spanned::new(number, item.span))
    }
    fn outside<T: std::fmt::Display>(&mut self, key: &str, value: T, span: Span, least: &T, most: &T) {
        let title = format!("`{key}` cannot be {value}");
        self.push(Diag::new(Code::Value, span, title).label(format!("{least} to {most} are allowed")));
    }
    /// A list.
    pub fn list(&mut self, key: &str) -> Option<Vec<Spanned<Item>>> {
        let Entry { item, .. } = self.take(key)?;
        match item.value {
            Item::List(list) => Some(list),
            other => {
                self.wrong_type(key, &other, item.span, "a list");
                None
            }
        }
    }
    /// A table, and the place of its name.
    pub fn table(&mut self, key: &str) -> Option<(Span, Vec<Entry>)> {
        let Entry { key: name, item } = self.take(key)?;
        match item.value {
            Item::Table(entries) => Some((name.span, entries)),
            other => {
                self.wrong_type(key, &other, item.span, "a table");
                None
            }
        }
    }
    /// The tables `[key.NAME]`.
    pub fn named(&mut self, key: &str) -> Vec<(Spanned<String>, Vec<Entry>)> {
        let mut tables = vec![];
        for Entry { key: name, item } in self.table(key).map(|(_, entries)| entries).unwrap_or_default() {
            match item.value {
                Item::Table(entries) => tables.push((name, entries)),
                _ => {
                    let title = format!("`{key}.{}` is a value where a table belongs", name.value);
                    let help = format!("write `[{key}.NAME]` and put `{}` in it", name.value);
                    self.push(Diag::new(Code::Type, name.span, title).help(help));
                }
            }
        }
        tables
    }
    /// The tables `[[key]]`.
    pub fn tables(&mut self, key: &str) -> Vec<(Span, Vec<Entry>)> {
        let mut tables = vec![];
        for item in self.list(key).unwrap_or_default() {
            match item.value {
                Item::Table(entries) => tables.push((item.span, entries)),
                other => self.wrong_type(key, &other, item.span, "tables, written `[[test]]`"),
            }
        }
        tables
    }
    /// Notes that two keys exclude each other.
    pub fn either<A, B>(&mut self, one: &Option<Spanned<A>>, other: &Option<Spanned<B>>) {
        if let (Some(one), Some(other)) = (one, other) {
            let title = format!("{} has two values that exclude each other", self.what);
            let diag = Diag::new(Code::Value, other.span.clone(), title).label("either this");
            self.push(diag.mark(one.span.clone(), "or this").help("remove one of them"));
        }
    }
}
