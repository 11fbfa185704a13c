//! The pages of a package index: PEP 503 as HTML, PEP 691 as JSON.
use super::{InstallError, url};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is asked for: JSON if it has it.
pub const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

/// A file that an index offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The name of the file.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// What the index says that its sum is.
    pub sha256: Option<String>,
}

/// The address of a project's page.
pub fn page(index: &str, project: &str) -> String {
    format!("{}/{}/", index.trim_end_matches('/'), normal(project))
}

/// The one way to write a project's name, by PEP 503.
pub fn normal(project: &str) -> String {
    let words = project.split(['-', '_', '.']).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

/// The files on a page that was got from `page`.
///
/// # Errors
/// It is no such page.
pub fn links(page: &str, content_type: &str, text: &str) -> Result<Vec<Link>, InstallError> {
    if content_type.to_lowercase().contains("json") {
        let no_page = |why: serde_json::Error| InstallError::Http {
            url: url::shown(page),
            why: format!("no page of an index: {why}"),
        };
        return Ok(json(page, &serde_json::from_str(text).map_err(no_page)?));
    }
    Ok(html(page, text))
}

#[derive(Deserialize)]
struct Page {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

fn json(page: &str, files: &Page) -> Vec<Link> {
    let link = |file: &File| Link {
        name: file.filename.clone(),
        url: url::join(page, &file.url),
        sha256: file.hashes.get("sha256").cloned(),
    };
    files.files.iter().map(link).collect()
}

fn html(page: &str, text: &str) -> Vec<Link> {
    let base = tags(text, "base").find_map(|tag| attribute(tag, "href"));
    let page = base.map_or(page.to_string(), |base| url::join(page, &base));
    let link = |href: String| {
        let whole = url::join(&page, &href);
        let (file, fragment) = whole.split_once('#').unwrap_or((&whole, ""));
        let name = file.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let sha256 = fragment.split('&').find_map(|part| part.strip_prefix("sha256=")).map(String::from);
        Link { name: url::decode(name), url: file.into(), sha256 }
    };
    tags(text, "a").filter_map(|tag| attribute(tag, "href")).map(link).collect()
}

/// The insides of all tags of a name; comments are stepped over.
fn tags<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let mut rest = text;
    let next = move || {
        let from = &rest[rest.find('<')?..];
        let (tag, after) = match from.strip_prefix("<!--") {
            Some(comment) => ("", comment.split_once("-->").map_or("", |(_, after)| after)),
            None => from[1..].split_once('>').unwrap_or((&from[1..], "")),
        };
        rest = after;
        Some(tag)
    };
    std::iter::from_fn(next).filter_map(move |tag| {
        let inside = tag.get(name.len()..)?;
        let named =
            tag.get(..name.len())?.eq_ignore_ascii_case(name) && inside.starts_with(|c: char| c.is_whitespace());
        named.then_some(inside)
    })
}

/// The value of an attribute in a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_whitespace())?;
        let (key, after) = rest.split_at(end);
        let after = after.trim_start();
        let Some(after) = after.strip_prefix('=').map(str::trim_start) else {
            rest = after;
            continue;
        };
        let (value, left) = match after.chars().next()? {
            quote @ ('"' | '\'') => after[1..].split_once(quote)?,
            _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(unescape(value));
        }
        rest = left;
    }
}

fn unescape(text: &str) -> String {
    let known = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    known.iter().fold(text.to_string(), |text, (code, plain)| text.replace(code, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUM: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn both_forms_of_a_page_say_the_same() {
        let page = page("https://index.test/simple/", "My_Models..pkg");
        assert_eq!(page, "https://index.test/simple/my-models-pkg/");
        let html = format!(
            "<!DOCTYPE html><html><head><meta name='pypi:repository-version' content=\"1.0\"></head><body>\n\
             <!-- <a href=\"old.whl\">old.whl</a> -->\n\
             <a href=\"../../files/m-1+a-py3-none-any.whl#sha256={SUM}\" data-requires-python=\"&gt;=3.8\">m</a><br/>\n\
             <A data-yanked  HREF='https://files.test/m-2%2Ba-py3-none-any.whl?a=1&amp;b=2'>m-2</A>\n</body></html>"
        );
        let json = format!(
            r#"{{"meta": {{"api-version": "1.1"}}, "name": "my-models-pkg", "files": [
               {{"filename": "m-1+a-py3-none-any.whl", "url": "../../files/m-1+a-py3-none-any.whl", "hashes": {{"sha256": "{SUM}"}}}},
               {{"filename": "m-2+a-py3-none-any.whl", "url": "https://files.test/m-2%2Ba-py3-none-any.whl?a=1&b=2", "hashes": {{}}}}]}}"#
        );
        let expected = [
            ("m-1+a-py3-none-any.whl", "https://index.test/files/m-1+a-py3-none-any.whl", Some(SUM)),
            ("m-2+a-py3-none-any.whl", "https://files.test/m-2%2Ba-py3-none-any.whl?a=1&b=2", None),
        ];
        let expected =
            expected.map(|(name, url, sum)| Link { name: name.into(), url: url.into(), sha256: sum.map(String::from) });
        assert_eq!(links(&page, "text/html; charset=utf-8", &html).unwrap(), expected);
        assert_eq!(links(&page, "application/vnd.pypi.simple.v1+json", &json).unwrap(), expected);
    }

    #[test]
    fn a_broken_page_is_no_panic() {
        for text in ["<a", "<a href", "<a href=", "<a href=\"x", "<!-- <a href=x>", "<é>", "<a =>", "<a href=é>", "<"]
        {
            links("http://i.test/p/", "text/html", text).unwrap();
        }
        assert!(links("http://i.test/p/", "application/json", "{}").is_err());
    }
}
