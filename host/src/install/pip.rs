//! What pip is configured with: the index, folders, certificates, proxy. pip itself is asked, so that every file and
//! variable that it reads counts here too, and so does the index that it takes when nobody said anything.
use super::{InstallError, url};
use serde::Deserialize;
use std::process::{Command, Stdio};

/// Where packages come from, and by what way.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// Addresses of simple indexes, in the order in which they are asked.
    pub indexes: Vec<String>,
    /// Folders, or pages with links, that are looked at before.
    pub find_links: Vec<String>,
    /// No index is to be asked.
    pub no_index: bool,
    /// A file of certificates that are trusted; else those of the system.
    pub cert: Option<String>,
    /// A file with the certificate and key of this user.
    pub client_cert: Option<String>,
    /// A proxy; else `$HTTPS_PROXY` and the like.
    pub proxy: Option<String>,
    /// Hosts, perhaps with a port, whose certificates are not checked.
    pub trusted_hosts: Vec<String>,
    /// Seconds without a byte.
    pub timeout: f64,
    /// How often a request is tried again.
    pub retries: u32,
}

impl Default for Settings {
    /// What pip takes, without an index.
    fn default() -> Self {
        Self {
            indexes: vec![],
            find_links: vec![],
            no_index: false,
            cert: None,
            client_cert: None,
            proxy: None,
            trusted_hosts: vec![],
            timeout: 15.0,
            retries: 5,
        }
    }
}

/// The options that `pip download` would run with. A folder called `pip` in the current one is not the pip meant.
const QUESTION: &str = "\
import sys
sys.path = [p for p in sys.path if p]
import json
from pip._internal.commands import create_command
o, _ = create_command('download').parse_args(['x'])
print(json.dumps(dict(
    indexes=[o.index_url] + o.extra_index_urls, find_links=o.find_links, no_index=bool(o.no_index), cert=o.cert or None,
    client_cert=o.client_cert or None, proxy=o.proxy or None, trusted_hosts=o.trusted_hosts, timeout=float(o.timeout),
    retries=int(o.retries))))";

impl Settings {
    /// Asks the first Python that has a pip.
    ///
    /// # Errors
    /// There is none, or pip cannot read its own settings.
    pub fn ask_pip() -> Result<Self, InstallError> {
        let pythons: &[&[&str]] = &[&["python3"], &["python"], &["py", "-3"]];
        let mut refusal = InstallError::NoPip;
        for python in pythons {
            match ask(python) {
                Ok(settings) => return Ok(settings),
                Err(InstallError::NoPip) => {}
                Err(why) => refusal = why,
            }
        }
        Err(refusal)
    }
}

fn ask(python: &[&str]) -> Result<Settings, InstallError> {
    let mut command = Command::new(python[0]);
    command.args(&python[1..]).args(["-c", QUESTION]).stdin(Stdio::null());
    let output = command.output().map_err(|_| InstallError::NoPip)?;
    let (answer, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let settings = answer.lines().last().and_then(|line| serde_json::from_str(line).ok());
    let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    // A Python without pip, or what stands where a Python could be: a version manager, or a shop window.
    let none = said.is_empty()
        || said.iter().any(|line| line.contains("No module named"))
        || matches!(output.status.code(), Some(127 | 9009));
    match settings.filter(|_| output.status.success()) {
        Some(settings) => Ok(settings),
        None if none => Err(InstallError::NoPip),
        None => Err(InstallError::Pip(url::veiled(&said.join(" ")))),
    }
}
