//! Text → TOML. A syntax error is said once, in words of a graph file, and what stands around it is read all the same.
//!
//! The parser goes on past an error, but may take all that follows for a part of it: an open `{` swallows the tables
//! below. So a text with errors is read again, table by table.
use super::codes::Code;
use super::diag::{Diag, Diags};
use super::item::{Entry, Item, Reader, Span};
use std::collections::{BTreeMap, HashMap};
use toml::de::DeTable;

/// Reads a text as TOML. Syntax errors become diagnostics, and what could be read is there all the same.
pub fn parse(text: &str, diags: &mut Diags) -> Vec<Entry> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Reader { text, offset: 0, unread: &[], diags }.table(root.get_ref());
    }
    let mut entries = vec![];
    let mut headers = BTreeMap::new();
    let before = diags.errors();
    for section in sections(text) {
        let slice = &text[section.clone()];
        if let Some((name, span)) = header(slice, section.start)
            && let Some(first) = headers.insert(name, span.clone())
        {
            let diag = Diag::new(Code::Toml, span, format!("`[{name}]` is there twice")).label("again here");
            diags.push(diag.mark(first, "first here").help("rename one of them, or make one table of both"));
            continue;
        }
        let (root, errors) = DeTable::parse_recoverable(slice);
        let unread: Vec<Span> = errors.iter().map(|error| place(error, slice)).collect();
        let read = Reader { text: slice, offset: section.start, unread: &unread, diags }.table(root.get_ref());
        for mut diag in mistakes(slice, &errors) {
            for mark in &mut diag.marks {
                mark.span = mark.span.start + section.start..mark.span.end + section.start;
            }
            diags.push(diag);
        }
        // Without its header nobody knows where it belongs.
        if !errors.iter().any(|error| error.message().starts_with("unclosed table")) {
            entries.extend(read);
        }
    }
    if diags.errors() == before {
        // Each table is sound, but not all of them together.
        diags.extend(errors.iter().take(1).map(|error| said(error, text)).collect());
    }
    join(entries)
}

/// The parts of a text that begin with a table header at the start of a line, and what stands before the first.
fn sections(text: &str) -> Vec<Span> {
    let mut starts = vec![0];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let name = line.trim_start_matches('[');
        let begins = name.starts_with(|c: char| c.is_alphanumeric() || c == '_') && name.len() < line.len();
        let name = name.split(']').next().unwrap_or_default();
        if begins && !name.contains(',') && at > 0 {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

/// The name between single brackets, and its place in the file.
fn header(section: &str, offset: usize) -> Option<(&str, Span)> {
    let from = section.find('[').filter(|&at| section[..at].trim_start_matches('\u{feff}').is_empty())?;
    let name = section[from + 1..].split(']').next()?;
    let plain = !name.starts_with('[') && !name.contains('\n') && from + 1 + name.len() < section.len();
    plain.then(|| (name, offset + from + 1..offset + from + 1 + name.len()))
}

/// Puts tables, and lists of tables, of the same name together.
fn join(entries: Vec<Entry>) -> Vec<Entry> {
    let (mut joined, mut places): (Vec<Entry>, HashMap<String, usize>) = Default::default();
    for entry in entries {
        let Some(&at) = places.get(&entry.key.value) else {
            places.insert(entry.key.value.clone(), joined.len());
            joined.push(entry);
            continue;
        };
        match (&mut joined[at].item.value, entry.item.value) {
            (Item::Table(old), Item::Table(new)) => old.extend(new),
            (Item::List(old), Item::List(new)) => old.extend(new),
            _ => {}
        }
    }
    for entry in &mut joined {
        if let Item::Table(inner) = &mut entry.item.value {
            *inner = join(std::mem::take(inner));
        }
    }
    joined
}

fn place(error: &toml::de::Error, text: &str) -> Span {
    let span = error.span().unwrap_or(0..0);
    let end = span.end.min(text.len());
    span.start.min(end)..end
}

/// One diagnostic for each mistake: the first error of a line, and nothing behind a bracket that is never closed.
fn mistakes(text: &str, errors: &[toml::de::Error]) -> Vec<Diag> {
    let unclosed = |error: &toml::de::Error| {
        let message = error.message();
        message.starts_with("unclosed inline table") || message.starts_with("unclosed array")
    };
    let open = if errors.iter().any(unclosed) { open_bracket(text) } else { None };
    let mut diags: BTreeMap<usize, Diag> = BTreeMap::new();
    let mut errors: Vec<&toml::de::Error> = errors.iter().collect();
    errors.sort_by_key(|error| place(error, text).start);
    for error in errors {
        let at = place(error, text).start;
        if open.is_none_or(|open| at < open) {
            let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
            diags.entry(line).or_insert_with(|| said(error, text));
        }
    }
    let open = open.map(|at| {
        let closes = if text[at..].starts_with('{') { '}' } else { ']' };
        let title = format!("this `{}` is never closed", &text[at..=at]);
        Diag::new(Code::Toml, at..at + 1, title).help(format!("write `{closes}` where it ends"))
    });
    diags.into_values().chain(open).collect()
}

/// The first bracket behind the header that nothing closes.
fn open_bracket(text: &str) -> Option<usize> {
    let body = if text.starts_with('[') { text.find('\n')? } else { 0 };
    let (mut open, mut quote, mut comment) = (vec![], None, false);
    let mut escaped = false;
    for (at, c) in text.char_indices().skip_while(|(at, _)| *at < body) {
        match (c, quote) {
            ('\n', _) => (quote, comment) = (None, false),
            _ if comment => {}
            (_, Some('"')) if escaped => escaped = false,
            ('\\', Some('"')) => escaped = true,
            (_, Some(q)) if c == q => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('#', None) => comment = true,
            ('{' | '[', None) => open.push(at),
            ('}' | ']', None) => {
                open.pop();
            }
            _ => {}
        }
    }
    open.first().copied()
}

/// An error of the parser in words for people who write graphs.
fn said(error: &toml::de::Error, text: &str) -> Diag {
    let (span, message) = (place(error, text), error.message());
    let here = &text[span.clone()];
    let line = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[line..].lines().next().unwrap_or_default().trim();
    let diag = |title: &str| Diag::new(Code::Toml, span.clone(), title);
    let has = |words: &str| message.contains(words);
    if has("duplicate key") {
        return diag(&format!("`{here}` is set twice")).label("again here").help("remove one of them");
    }
    if has("must be quoted") || has("missing value") {
        return match here.trim() {
            "" => diag("a value is missing").help("write one behind `=`, or remove the key"),
            word if word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) => {
                diag("this is neither a number nor a text in quotes")
            }
            word => diag("a text stands in quotes").help(format!("write \"{word}\"")),
        };
    }
    if has("invalid basic string") || has("invalid literal string") {
        return diag("this text is not closed").label("a quote is missing");
    }
    if has("unclosed table") || has("unclosed array of tables") {
        return diag("this table header is not closed").label("`]` is missing");
    }
    if has("expected `=`") || (has("unquoted key") && line.contains(':')) {
        return diag("a key and its value stand on both sides of `=`").help("write `key = value`");
    }
    if has("expected newline") && here.is_empty() && text[span.start..].starts_with(',') {
        return diag("a comma cannot stand here").help("numbers have a point: 1.5; lists stand in brackets: [1, 5]");
    }
    if has("expected newline") {
        return diag("this does not belong to the value before it").help("write one key and its value a line");
    }
    if has("expected key") {
        return diag("neither a key nor a table begins like this").help("write `key = value` or `[table]`");
    }
    diag(message.lines().next().unwrap_or("this is not TOML"))
}
