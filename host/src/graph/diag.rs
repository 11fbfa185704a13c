//! What is wrong with a graph file, said with the author's line and the way out. The only user of the renderer crate.
use super::codes::Code;
use super::item::Span;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// One mistake, or one thing worth knowing.
#[derive(Clone, Debug, PartialEq)]
pub struct Diag {
    /// What sort of mistake.
    pub code: Code,
    /// It does not keep the graph from running.
    pub is_warning: bool,
    /// What is wrong, in one sentence.
    pub title: String,
    /// Where; the first is the one to look at.
    pub marks: Vec<Mark>,
    /// What else helps to understand it.
    pub notes: Vec<String>,
    /// The way out.
    pub help: Vec<String>,
}

/// A place in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Bytes of the file.
    pub span: Span,
    /// What is there.
    pub label: String,
}

impl Diag {
    /// An error at a place.
    pub fn new(code: Code, span: Span, title: impl Into<String>) -> Self {
        let marks = vec![Mark { span, label: String::new() }];
        Self { code, is_warning: false, title: title.into(), marks, notes: vec![], help: vec![] }
    }
    /// A warning at a place.
    pub fn warning(code: Code, span: Span, title: impl Into<String>) -> Self {
        Self { is_warning: true, ..Self::new(code, span, title) }
    }
    /// Says what is at the first place.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.marks[0].label = label.into();
        self
    }
    /// Points at another place.
    pub fn mark(mut self, span: Span, label: impl Into<String>) -> Self {
        self.marks.push(Mark { span, label: label.into() });
        self
    }
    /// Adds background.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
    /// Adds a way out.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
    /// Adds "did you mean", if a known word is near.
    pub fn suggest<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(word, known) {
            Some(known) => self.help(format!("did you mean `{known}`?")),
            None => self,
        }
    }
    /// What is wrong and the way out, for where there is no place to show.
    pub fn in_a_line(&self) -> String {
        let labels = self.marks.iter().map(|mark| mark.label.as_str()).filter(|label| !label.is_empty());
        let parts: Vec<&str> = std::iter::once(self.title.as_str())
            .chain(labels)
            .chain(self.notes.iter().chain(&self.help).map(String::as_str))
            .collect();
        parts.join("; ")
    }
}

/// The known word that `word` is most likely a misspelling of.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&lower, &known.to_lowercase());
    let far = |known: &str| 1 + known.chars().count().min(word.chars().count()) / 4;
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|k| (distance(k), *k)).filter(|(d, k)| *d <= far(k));
    let begins = |k: &&&str| word.len() > 2 && k.len() > 2 && (k.starts_with(word) || word.starts_with(**k));
    near.min().map(|(_, k)| k).or_else(|| known.iter().find(begins).copied())
}

/// All diagnostics of a file, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diags {
    list: Vec<Diag>,
    said: BTreeSet<(Code, usize, String)>,
}

impl FromIterator<Diag> for Diags {
    fn from_iter<T: IntoIterator<Item = Diag>>(iter: T) -> Self {
        let mut diags = Self::default();
        iter.into_iter().for_each(|diag| diags.push(diag));
        diags
    }
}

impl Diags {
    /// Adds one; the same one is not said twice.
    pub fn push(&mut self, diag: Diag) {
        if self.said.insert((diag.code, diag.marks[0].span.start, diag.title.clone())) {
            self.list.push(diag);
        }
    }
    /// Adds all of another list.
    pub fn extend(&mut self, other: Diags) {
        other.list.into_iter().for_each(|diag| self.push(diag));
    }
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Diag> {
        self.list.iter()
    }
    /// Those that keep the graph from running.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|diag| !diag.is_warning).count()
    }
    /// Those that do not.
    pub fn warnings(&self) -> usize {
        self.list.len() - self.errors()
    }
    /// Sorts by place in the file, so that the author can walk down.
    pub fn sort(&mut self) {
        self.list.sort_by_key(|diag| (diag.is_warning, diag.marks[0].span.start));
    }

    /// As text for people, `colour` for a terminal.
    pub fn render(&self, path: &Path, source: &str, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let path = path.display().to_string();
        let one = |diag: &Diag| renderer.render(&[group(diag, &path, source)]).to_string() + "\n\n";
        self.list.iter().map(one).collect()
    }

    /// As data for editors and scripts.
    pub fn to_json(&self, path: &Path, source: &str) -> serde_json::Value {
        let lines = Lines::of(source);
        let file = path.display().to_string();
        let list = self.list.iter().map(|diag| JsonDiag {
            severity: if diag.is_warning { "warning" } else { "error" },
            code: diag.code.name(),
            message: &diag.title,
            file: &file,
            marks: diag.marks.iter().map(|mark| lines.mark(mark)).collect(),
            notes: &diag.notes,
            help: &diag.help,
        });
        serde_json::Value::Array(list.filter_map(|diag| serde_json::to_value(diag).ok()).collect())
    }
}

/// The lines that a diagnostic points at and those between them, and the number of the first.
fn window(diag: &Diag, source: &str) -> (Span, usize) {
    let from = diag.marks.iter().map(|mark| mark.span.start).min().unwrap_or(0);
    let to = diag.marks.iter().map(|mark| mark.span.end).max().unwrap_or(0);
    let start = source[..from].rfind('\n').map_or(0, |at| at + 1);
    let end = source[to..].find('\n').map_or(source.len(), |at| to + at + 1);
    (start..end, 1 + source[..start].matches('\n').count())
}

fn group<'a>(diag: &'a Diag, path: &'a str, source: &'a str) -> Group<'a> {
    let level = if diag.is_warning { Level::WARNING } else { Level::ERROR };
    let (window, line) = window(diag, source);
    let mut snippet = Snippet::source(&source[window.clone()]).line_start(line).path(path).fold(true);
    for (i, mark) in diag.marks.iter().enumerate() {
        let kind = if i == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(mark.span.start - window.start..mark.span.end - window.start);
        let label = (!mark.label.is_empty()).then_some(mark.label.as_str());
        snippet = snippet.annotation(annotation.label(label));
    }
    let mut group = level.primary_title(diag.title.as_str()).id(diag.code.name()).element(snippet);
    for note in &diag.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for help in &diag.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

#[derive(Serialize)]
struct JsonDiag<'a> {
    severity: &'a str,
    code: &'a str,
    message: &'a str,
    file: &'a str,
    marks: Vec<JsonMark<'a>>,
    notes: &'a [String],
    help: &'a [String],
}

#[derive(Serialize)]
struct JsonMark<'a> {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    label: &'a str,
}

/// Where each line starts.
struct Lines<'a> {
    source: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(source: &'a str) -> Self {
        let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { source, starts }
    }
    /// Line and column of a byte, both from 1; the column counts characters.
    fn place(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.source.len());
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts[line - 1];
        (line, self.source.get(start..byte).map_or(0, |text| text.chars().count()) + 1)
    }
    fn mark<'m>(&self, mark: &'m Mark) -> JsonMark<'m> {
        let ((line, column), (end_line, end_column)) = (self.place(mark.span.start), self.place(mark.span.end));
        JsonMark { line, column, end_line, end_column, label: &mark.label }
    }
}
