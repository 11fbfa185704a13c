//! A report as one HTML page.
use super::Report;

/// A report as one HTML page.
pub fn page(report: &Report, title: &str) -> String {
    format!("<!doctype html><title>{title}</title><pre>{}</pre>", super::table(report))
}
