//! The graph file's values, as a worker reads them in `create`.

/// One value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Of a bool (0 or 1), an int or a float.
    Num(f64),
    /// Of a text or a path.
    Text(String),
    /// Of a list of numbers.
    List(Vec<f64>),
    /// Of a table.
    Table(Vec<(String, String)>),
}

impl From<f64> for Given {
    fn from(num: f64) -> Self {
        Self::Num(num)
    }
}

impl From<bool> for Given {
    fn from(yes: bool) -> Self {
        Self::Num(f64::from(u8::from(yes)))
    }
}

impl From<&str> for Given {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<&[f64]> for Given {
    fn from(list: &[f64]) -> Self {
        Self::List(list.into())
    }
}

impl From<&[(&str, &str)]> for Given {
    fn from(table: &[(&str, &str)]) -> Self {
        Self::Table(table.iter().map(|(key, text)| (key.to_string(), text.to_string())).collect())
    }
}

/// The graph file's values: one a declared parameter, checked against its type and range.
///
/// Asking for a parameter that the worker does not declare, or for another type, is a mistake in the worker and panics.
pub struct Values {
    /// In the order of `SPEC.params`.
    pub(crate) values: Vec<(String, Given)>,
}

impl Values {
    fn get(&self, name: &str) -> &Given {
        let found = self.values.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("`create` asks for the parameter `{name}`, which SPEC does not declare")).1
    }
    /// A float.
    pub fn float(&self, name: &str) -> f64 {
        match self.get(name) {
            Given::Num(num) => *num,
            _ => panic!("the parameter `{name}` is no number"),
        }
    }
    /// A whole number.
    pub fn int(&self, name: &str) -> i64 {
        self.float(name) as i64
    }
    /// A whole number that the declared range keeps from being negative.
    pub fn size(&self, name: &str) -> usize {
        self.float(name) as usize
    }
    /// A bool.
    pub fn bool(&self, name: &str) -> bool {
        self.float(name) != 0.0
    }
    /// A text, or a path, empty if the graph gives none.
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Given::Text(text) => text,
            _ => panic!("the parameter `{name}` is no text"),
        }
    }
    /// A list of numbers.
    pub fn floats(&self, name: &str) -> &[f64] {
        match self.get(name) {
            Given::List(list) => list,
            _ => panic!("the parameter `{name}` is no list"),
        }
    }
    /// A table, in the order of the graph file.
    pub fn table(&self, name: &str) -> &[(String, String)] {
        match self.get(name) {
            Given::Table(table) => table,
            _ => panic!("the parameter `{name}` is no table"),
        }
    }
}
