//! The few words about addresses that are needed: RFC 3986, as far as package indexes use it.

/// What an address reads to people, without name, password and query, in which there may be secrets, too. Where an `@`
/// may be part of either a password or a path, it is taken for a password.
pub fn shown(url: &str) -> String {
    let (scheme, rest) = url.find("://").map_or(("", url), |at| url.split_at(at + 3));
    let user = parts(url).1.is_some() || scheme.is_empty();
    let (dots, rest) = match rest.rfind('@') {
        Some(at) => (if user { "" } else { "…@" }, &rest[at + 1..]),
        None => ("", rest),
    };
    match rest.find('?') {
        Some(at) => format!("{scheme}{dots}{}?…", &rest[..at]),
        None => format!("{scheme}{dots}{rest}"),
    }
}

/// What somebody said, without names and passwords in addresses.
pub fn veiled(said: &str) -> String {
    let word = |word: &str| word.rfind('@').map_or(word.to_string(), |at| format!("…{}", &word[at..]));
    said.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// `https://`, `user:password`, and the rest.
pub fn parts(url: &str) -> (&str, Option<&str>, &str) {
    let Some(at) = url.find("://") else { return ("", None, url) };
    let (scheme, rest) = url.split_at(at + 3);
    let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..host].rfind('@') {
        Some(at) => (scheme, Some(&rest[..at]), &rest[at + 1..]),
        None => (scheme, None, rest),
    }
}

/// Host and port, as written.
pub fn authority(url: &str) -> &str {
    let (_, _, rest) = parts(url);
    &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]
}

/// The host alone.
pub fn host(url: &str) -> &str {
    let authority = authority(url);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|c| c.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// A link on a page, as an address of its own.
pub fn join(page: &str, link: &str) -> String {
    let scheme_end = page.find("://").map_or(0, |at| at + 1);
    let path_at = page[scheme_end..].find("//").map_or(0, |at| scheme_end + at + 2);
    let path_at = page[path_at..].find(['/', '?', '#']).map_or(page.len(), |at| path_at + at);
    let has_scheme = link
        .find(':')
        .is_some_and(|at| at > 0 && link[..at].bytes().all(|c| c.is_ascii_alphanumeric() || b"+-.".contains(&c)));
    if has_scheme {
        return link.into();
    }
    if link.starts_with("//") {
        return format!("{}{link}", &page[..scheme_end]);
    }
    let path = page[path_at..].split(['?', '#']).next().unwrap_or_default();
    let folder = if link.starts_with('/') { "" } else { path.rsplit_once('/').map_or("", |(folder, _)| folder) };
    let (link, query) = link.split_at(link.find(['?', '#']).unwrap_or(link.len()));
    let mut steps: Vec<&str> = folder.split('/').skip(1).collect();
    for step in link.strip_prefix('/').unwrap_or(link).split('/') {
        match step {
            ".." => drop(steps.pop()),
            "." => {}
            step => steps.push(step),
        }
    }
    format!("{}/{}{query}", &page[..path_at], steps.join("/"))
}

/// Without `%20` and the like.
pub fn decode(text: &str) -> String {
    let (bytes, mut plain) = (text.as_bytes(), vec![]);
    let mut at = 0;
    while at < bytes.len() {
        let coded = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match coded.filter(|_| bytes[at] == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => (plain.push(byte), at += 3).1,
            None => (plain.push(bytes[at]), at += 1).1,
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_to_their_page() {
        let page = "https://ada:pw@index.test:8443/simple/numpy/?format=json";
        for (link, whole) in [
            ("https://files.test/a.whl", "https://files.test/a.whl"),
            ("//files.test/a.whl", "https://files.test/a.whl"),
            ("/files/a.whl#sha256=1", "https://ada:pw@index.test:8443/files/a.whl#sha256=1"),
            ("a.whl", "https://ada:pw@index.test:8443/simple/numpy/a.whl"),
            ("../../files/./a.whl?x=1/2", "https://ada:pw@index.test:8443/files/a.whl?x=1/2"),
            ("../../../../a.whl", "https://ada:pw@index.test:8443/a.whl"),
        ] {
            assert_eq!(join(page, link), whole);
        }
        assert_eq!(join("http://index.test", "a.whl"), "http://index.test/a.whl");
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("https://ada:p@ss@index.test/simple/"), "https://index.test/simple/");
        assert_eq!(shown("https://index.test/simple/"), "https://index.test/simple/");
        assert_eq!(shown("https://ada:se/cret@index.test/simple"), "https://…@index.test/simple");
        assert_eq!(shown("https://index.test/a.whl?signature=secret"), "https://index.test/a.whl?…");
        assert_eq!(shown("ada:secret@proxy:3128"), "proxy:3128");
        assert_eq!(
            veiled("no section in 'https://ada:secret@index.test/simple' at all"),
            "no section in …@index.test/simple' at all"
        );
        assert_eq!(parts("https://ada:p%40ss@index.test/").1, Some("ada:p%40ss"));
        assert_eq!((host("http://a.test:81/x"), authority("http://a.test:81/x")), ("a.test", "a.test:81"));
        assert_eq!(decode("a%2Bb%zz%4"), "a+b%zz%4");
    }
}
