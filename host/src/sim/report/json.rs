//! A report as JSON.
use super::Report;
use serde_json::Value;

/// A report as JSON: all that the table has, and more digits.
pub fn to_json(report: &Report) -> Value {
    // Nothing in it can fail to be written: no map has other keys than text.
    serde_json::to_value(report).unwrap_or(Value::Null)
}
