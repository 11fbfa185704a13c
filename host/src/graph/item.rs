//! TOML with the place of every key and value, owned.
use super::codes::Code;
use super::diag::{Diag, Diags};
use toml::de::{DeTable, DeValue};

/// Bytes of the file.
pub type Span = std::ops::Range<usize>;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A TOML value.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// A text.
    Text(String),
    /// A date or a time: nothing in a graph takes one.
    Date(String),
    /// An array.
    List(Vec<Spanned<Item>>),
    /// A table.
    Table(Vec<Entry>),
    /// What could not be read, as far as it is a word; that has been said.
    Unread(String),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Spanned<String>,
    /// The value.
    pub item: Spanned<Item>,
}

impl Item {
    /// What it is, with an article.
    pub fn what(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a bool",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number with a point",
            Self::Text(_) => "a text",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Unread(_) => "something unreadable",
        }
    }

    /// As it would be written in TOML; a text without its quotes.
    pub fn plain(&self) -> String {
        match self {
            Self::Bool(yes) => yes.to_string(),
            Self::Int(n) => n.to_string(),
            Self::Float(x) => x.to_string(),
            Self::Text(text) | Self::Date(text) | Self::Unread(text) => text.clone(),
            Self::List(list) => {
                let items: Vec<String> = list.iter().map(|item| item.value.plain()).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(_) => "a table".into(),
        }
    }
}

/// Makes owned items of what the parser read.
pub struct Reader<'a> {
    /// What was parsed.
    pub text: &'a str,
    /// Where it begins in the file.
    pub offset: usize,
    /// Places of it with a syntax error.
    pub unread: &'a [Span],
    /// Where mistakes go.
    pub diags: &'a mut Diags,
}

impl Reader<'_> {
    fn span(&self, span: Span) -> Span {
        span.start + self.offset..span.end + self.offset
    }

    /// All entries of a table. Keys become C strings, which end at a null byte: none may have one.
    pub fn table(&mut self, table: &DeTable) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(table.len());
        for (key, value) in table {
            let (name, span) = (key.get_ref().to_string(), self.span(key.span()));
            if !name.contains('\0') {
                entries.push(Entry { key: Spanned::new(name, span), item: self.item(value) });
            } else if self.text.get(key.span()).is_some_and(|text| !text.contains('\0')) {
                let diag = Diag::new(Code::Value, span, "this key has a null byte in it");
                self.diags.push(diag.help("write it without `\\u0000`"));
            } // else the parser has refused it
        }
        entries
    }

    fn item(&mut self, value: &toml::Spanned<DeValue>) -> Spanned<Item> {
        let span = self.span(value.span());
        let item = match value.get_ref() {
            DeValue::Boolean(yes) => Item::Bool(*yes),
            DeValue::String(s) if self.is_unread(value.span()) => Item::Unread(s.to_string()),
            DeValue::String(s) => Item::Text(s.to_string()),
            DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
                Ok(n) => Item::Int(n),
                Err(_) => {
                    let label = "at most 9223372036854775807 is held";
                    let diag = Diag::new(Code::Value, span.clone(), "this whole number is too large").label(label);
                    self.diags.push(diag);
                    Item::Unread(String::new())
                }
            },
            DeValue::Float(x) => Item::Float(x.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Datetime(date) => Item::Date(date.to_string()),
            DeValue::Array(list) => Item::List(list.iter().map(|value| self.item(value)).collect()),
            DeValue::Table(inner) => Item::Table(self.table(inner)),
        };
        Spanned::new(item, span)
    }

    /// Whether a text is what the parser made of something else.
    fn is_unread(&self, span: Span) -> bool {
        let touches = |error: &Span| error.start <= span.end && span.start <= error.end;
        let quoted = self.text.get(span.clone()).is_some_and(|text| text.starts_with(['"', '\'']));
        !quoted && self.unread.iter().any(touches)
    }
}
