//! A TOML table that is read key by key; what is left over is a mistake.
use super::codes::Code;
use super::diag::{Diag, Diags, nearest};
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
    /// Whether the table still has a key.
    pub fn has(&self, key: &str) -> bool {
        self.place(key).is_some()
    }
    /// Where the value of a key is that was not taken yet.
    pub fn place(&self, key: &str) -> Option<Span> {
        self.entries.iter().find(|entry| entry.key.value == key).map(|entry| entry.item.span.clone())
    }
    /// Takes out all entries that are so.
    pub fn take_all(&mut self, is: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.entries.extract_if(.., |entry| is(entry)).collect()
    }
    /// Takes a key out.
    pub fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key.value == key)?;
        self.seen.push(key.into());
        Some(self.entries.remove(at))
    }
    /// Whether something is left.
    pub fn left_any(&self) -> bool {
        !self.entries.is_empty()
    }
    /// Everything that is left.
    pub fn left(self) -> Vec<Entry> {
        self.entries
    }
    /// Refuses everything that is left.
    pub fn rest(self, known: &[&str]) {
        self.rest_of(known, &format!("known are {}", known.join(", ")));
    }
    /// The same, where more is known than can be said beside a line.
    pub fn rest_of(self, known: &[&str], label: &str) {
        for entry in self.entries {
            let key = &entry.key.value;
            let diag = Diag::new(Code::Key, entry.key.span, format!("{} has no key `{key}`", self.what));
            self.diags.push(diag.label(label).suggest(key, known.iter().copied()));
        }
    }
    /// Notes that a key is missing; one that is misspelt is noted by [`Self::rest`].
    pub fn missing(&mut self, key: &str, title: impl Into<String>, help: &str) {
        if !self.entries.iter().any(|entry| nearest(&entry.key.value, [key]).is_some()) {
            self.diags.push(Diag::new(Code::Missing, self.span.clone(), title).help(help));
        }
    }
    /// Takes a misspelt key for the one that is meant, and says so.
    pub fn misspelt(&mut self, key: &str) {
        let near = |entry: &Entry| nearest(&entry.key.value, [key]).is_some();
        if let Some(at) = self.entries.iter().position(near).filter(|_| !self.seen(key)) {
            let found = &mut self.entries[at].key;
            let title = format!("{} has no key `{}`", self.what, found.value);
            let diag = Diag::new(Code::Key, found.span.clone(), title).suggest(&found.value, [key]);
            found.value = key.into();
            self.diags.push(diag);
        }
    }
    /// Notes that a value is of another type.
    pub fn wrong_type(&mut self, key: &str, found: &Item, span: Span, wanted: &str) {
        if let Some(diag) = wrong_type(key, found, span, wanted, "") {
            self.diags.push(diag);
        }
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
            Item::Unread(word) if !word.is_empty() => Some(Spanned::new(word, item.span)),
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
        let title = format!("`{key}` cannot be {}", value.to_string().to_lowercase());
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
        let mut nameless = false;
        let Some(Entry { item, .. }) = self.take(key) else { return tables };
        let entries = match item.value {
            Item::Table(entries) => entries,
            other => {
                let diag = wrong_type(key, &other, item.span, "tables with a name", "");
                self.diags.extend(diag.map(|diag| diag.help(format!("write `[{key}.NAME]`"))).into_iter().collect());
                return tables;
            }
        };
        for Entry { key: name, item } in entries {
            match item.value {
                Item::Table(entries) => tables.push((name, entries)),
                Item::List(list) if list.iter().all(|item| matches!(item.value, Item::Table(_))) => {
                    let title = format!("`{key}.{}` is a list of tables", name.value);
                    let diag = Diag::new(Code::Type, name.span.clone(), title);
                    self.push(diag.help(format!("write `[{key}.{}]`, with single brackets", name.value)));
                    let first = list.into_iter().next().map(|item| item.value);
                    tables.extend(if let Some(Item::Table(first)) = first { Some((name, first)) } else { None });
                }
                _ if nameless => {}
                _ => {
                    nameless = true;
                    let title = format!("`{}` stands in `[{key}]`, which has no name", name.value);
                    self.push(Diag::new(Code::Type, name.span, title).help(format!("write `[{key}.NAME]` above it")));
                }
            }
        }
        tables
    }
    /// The tables `[[key]]`.
    pub fn tables(&mut self, key: &str) -> Vec<(Span, Vec<Entry>)> {
        let mut tables = vec![];
        let Some(Entry { key: name, item }) = self.take(key) else { return tables };
        let list = match item.value {
            Item::List(list) => list,
            Item::Table(entries) => {
                let title = format!("`{key}` is a list of tables, and this is one table");
                let diag = Diag::new(Code::Type, name.span.clone(), title);
                self.push(diag.help(format!("write `[[{key}]]`, with double brackets")));
                return vec![(name.span, entries)];
            }
            value => vec![Spanned::new(value, item.span)],
        };
        for item in list {
            match item.value {
                Item::Table(entries) => tables.push((item.span, entries)),
                other => self.wrong_type(key, &other, item.span, &format!("tables, written `[[{key}]]`")),
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

/// What to say of a value of another type, unless that has been said; `unit` is that of the number wanted.
pub fn wrong_type(key: &str, found: &Item, span: Span, wanted: &str, unit: &str) -> Option<Diag> {
    let diag = Diag::new(Code::Type, span, format!("`{key}` takes {wanted}, not {}", found.what()));
    let number = |text: &str| text.parse::<f64>().ok().filter(|x| x.is_finite());
    Some(match found {
        Item::Unread(_) => return None,
        Item::Text(text) if wanted.ends_with("number") => {
            // "6 dB", "44.1kHz"
            let end = text.find(|c: char| !"+-.0123456789".contains(c)).unwrap_or(text.len());
            let thousand = if text[end..].trim_start().starts_with('k') { 1000.0 } else { 1.0 };
            match number(&text[..end]).map(|x| x * thousand) {
                Some(_) if end == text.len() => diag.help("leave the quotes out"),
                Some(x) if unit.is_empty() => diag.help(format!("write the number alone, such as {x}")),
                Some(x) => diag.help(format!("write the number alone, such as {x}: its unit is {unit}")),
                None => diag,
            }
        }
        Item::Text(_) if wanted == "true or false" => diag.help("leave the quotes out"),
        Item::Float(x) if x.fract() == 0.0 && wanted == "a whole number" => diag.help(format!("write {x}")),
        Item::Int(_) | Item::Float(_) | Item::Bool(_) if wanted == "a text" => diag.help("put it in quotes"),
        _ => diag,
    })
}
