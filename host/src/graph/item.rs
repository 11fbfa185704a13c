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
            Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// As it would be written in TOML; a text without its quotes.
    pub fn plain(&self) -> String {
        match self {
            Self::Bool(yes) => yes.to_string(),
            Self::Int(n) => n.to_string(),
            Self::Float(x) => x.to_string(),
            Self::Text(text) | Self::Date(text) => text.clone(),
            Self::List(list) => {
                let items: Vec<String> = list.iter().map(|item| item.value.plain()).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(_) => "a table".into(),
        }
    }
}

/// Reads a text as TOML. Syntax errors become diagnostics, and what could be read is there all the same.
pub fn parse(text: &str, diags: &mut Diags) -> Vec<Entry> {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let span = span.start.min(text.len())..span.end.min(text.len());
        let message = error.message().lines().next().unwrap_or("not TOML").to_string();
        diags.push(Diag::new(Code::Toml, span, message));
    }
    table(root.get_ref(), text, diags)
}

fn table(table: &DeTable, text: &str, diags: &mut Diags) -> Vec<Entry> {
    let entry = |(key, value): (&toml::Spanned<std::borrow::Cow<str>>, &toml::Spanned<DeValue>)| Entry {
        key: Spanned::new(key.get_ref().to_string(), key.span()),
        item: item(value, text, diags),
    };
    table.iter().map(entry).collect()
}

fn item(value: &toml::Spanned<DeValue>, text: &str, diags: &mut Diags) -> Spanned<Item> {
    let span = value.span();
    let item_ = match value.get_ref() {
        DeValue::Boolean(yes) => Item::Bool(*yes),
        DeValue::String(s) => Item::Text(s.to_string()),
        DeValue::Integer(n) => {
            let read = i64::from_str_radix(n.as_str(), n.radix());
            read.map(Item::Int).unwrap_or_else(|_| {
                diags.push(
                    Diag::new(Code::Value, span.clone(), "this whole number is too large").label("64 bits are held"),
                );
                Item::Int(0)
            })
        }
        DeValue::Float(x) => Item::Float(x.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Datetime(date) => Item::Date(date.to_string()),
        DeValue::Array(list) => Item::List(list.iter().map(|value| item(value, text, diags)).collect()),
        DeValue::Table(inner) => Item::Table(table(inner, text, diags)),
    };
    Spanned::new(item_, span)
}
