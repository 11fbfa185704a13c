//! Names and passwords of hosts in `~/.netrc`, which pip reads too.
use std::path::PathBuf;

/// Name and password for a host: from `$NETRC`, `~/.netrc` or `~/_netrc`.
pub fn login(host: &str) -> Option<(String, String)> {
    let file = match std::env::var_os("NETRC") {
        Some(file) => PathBuf::from(file),
        None => {
            let home = std::env::home_dir()?;
            [".netrc", "_netrc"].map(|name| home.join(name)).into_iter().find(|file| file.is_file())?
        }
    };
    find(&std::fs::read_to_string(file).ok()?, host)
}

fn find(text: &str, host: &str) -> Option<(String, String)> {
    let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let (mut here, mut login, mut password) = (false, None, None);
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if here && password.is_some() {
                    break;
                }
                here = word == "default" || words.next() == Some(host);
                (login, password) = (None, None);
            }
            "login" => login = words.next(),
            "password" => password = words.next(),
            "account" => drop(words.next()),
            _ => {}
        }
    }
    here.then_some((login.unwrap_or_default().into(), password?.into()))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn the_first_entry_of_a_host_counts_and_default_is_for_all() {
        let text = "# mine\nmachine a.test login ada password one\nmachine b.test\n  login bob\n  password two\n";
        let pair = |name: &str, password: &str| Some((name.to_string(), password.to_string()));
        assert_eq!(find(text, "a.test"), pair("ada", "one"));
        assert_eq!(find(text, "b.test"), pair("bob", "two"));
        assert_eq!(find(text, "c.test"), None);
        assert_eq!(find(&format!("{text}default login eve password three"), "c.test"), pair("eve", "three"));
    }
}
