//! What the HTML pages of reports have in common: one file that needs nothing else, in the colours that the reader's system
//! has. Pages are well-formed XML as well, so that scripts can read them.

/// Colours by what they are for, and what both themes share.
const STYLE: &str = "
:root { color-scheme: light dark; --ink: #222; --paper: #fff; --line: #ddd; --dim: #666; --ok: #17692b; --bad: #b3201c; --plot: #f6f6f6;
--edge: #ccc }
@media (prefers-color-scheme: dark) { :root { --ink: #ddd; --paper: #16181b; --line: #3a3d42; --dim: #9a9fa6; --ok: #6fcf83;
--bad: #ff8078; --plot: #202327; --edge: #444 } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem; padding: 0 1rem; color: var(--ink); background: var(--paper) }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem } table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top } .n { text-align: right }
.ok { color: var(--ok) } .bad { color: var(--bad); font-weight: 600 } .dim { color: var(--dim); font-size: .9em } code { font-size: .9em }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; padding: .4rem .8rem } summary { cursor: pointer }
img, svg { max-width: 100% } svg text { font-size: 12px; fill: var(--dim) } svg .plot { fill: var(--plot); stroke: var(--edge) }
";

/// The beginning of a page, until its body goes on; `style` is its own, beside what all share.
pub(crate) fn opened(title: &str, style: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"/>\
         <meta name=\"viewport\" content=\"width=device-width\"/><title>{}</title><style>{STYLE}{style}</style></head>\n<body>\n",
        escaped(title)
    )
}

/// The end of a page.
pub(crate) const CLOSED: &str = "</body>\n</html>\n";

/// As XML and HTML take it, in texts and in attributes; characters that XML cannot hold are left out.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// As a shell takes it.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=,:@%+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_calls_things_is_text_and_never_markup() {
        assert_eq!(
            escaped("<b>\"R&D\"</b> 'x'\u{0}\u{1b}\u{ffff}"),
            "&lt;b&gt;&quot;R&amp;D&quot;&lt;/b&gt; &#39;x&#39;"
        );
    }

    #[test]
    fn a_shell_reads_back_each_word_as_it_was() {
        assert_eq!(quoted("jitter,us=50"), "jitter,us=50");
        assert_eq!(quoted("my graph's.toml"), "'my graph'\\''s.toml'");
        assert_eq!(quoted(""), "''");
    }
}
