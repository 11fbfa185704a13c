//! One file over HTTP: into `NAME.part`, continued where it broke off, also by a later call; checked as a whole.
use super::http::{self, Client};
use super::{Archive, InstallError, News, Watch, hash, index, url};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::http::StatusCode;
use ureq::{Body, http::Response};

/// Pages of indexes are smaller than that.
const MOST_OF_A_PAGE: u64 = 256 << 20;

/// Why a try failed.
enum Trial {
    /// It may go well the next time.
    Passing(String),
    /// It will not.
    Final(InstallError),
}

impl From<InstallError> for Trial {
    fn from(why: InstallError) -> Self {
        Self::Final(why)
    }
}

/// Tries until it goes well, at most `retries` times more in a row without any gain.
fn patiently<T>(
    address: &str,
    retries: u32,
    watch: &Watch,
    mut attempt: impl FnMut() -> Result<T, (Trial, bool)>,
) -> Result<T, InstallError> {
    let mut tries = 0;
    loop {
        watch.go_on()?;
        let why = match attempt() {
            Ok(done) => return Ok(done),
            Err((Trial::Final(why), _)) => return Err(why),
            Err((Trial::Passing(why), gained)) => {
                tries = if gained { 0 } else { tries + 1 };
                why
            }
        };
        if tries > retries {
            return Err(InstallError::Http { url: url::shown(address), why });
        }
        (watch.tell)(News::Again(&why));
        // A quarter of a second, twice that, and so on up to 8 s, with an eye on Ctrl-C.
        for _ in 0..5 << tries.saturating_sub(1).min(5) {
            watch.go_on()?;
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The files on a page of an index.
pub fn page(client: &Client, address: &str, retries: u32, watch: &Watch) -> Result<Vec<index::Link>, InstallError> {
    let (kind, text) = patiently(address, retries, watch, || {
        let answer = client.get(address, index::ACCEPT, 0).map_err(|why| (unanswered(address, &why), false))?;
        let answer = granted(address, answer).map_err(|why| (why, false))?;
        let kind = answer.body().mime_type().unwrap_or("text/html").to_string();
        let text = answer.into_body().into_with_config().limit(MOST_OF_A_PAGE).lossy_utf8(true).read_to_string();
        text.map(|text| (kind, text)).map_err(|why| (Trial::Passing(http::failure(&why)), false))
    })?;
    index::links(address, &kind, &text)
}

/// Fetches an archive into `folder`, and answers where it is.
pub fn file(
    client: &Client,
    address: &str,
    wanted: &Archive,
    folder: &Path,
    retries: u32,
    watch: &Watch,
) -> Result<PathBuf, InstallError> {
    let part = folder.join(format!("{}.part", wanted.archive));
    std::fs::create_dir_all(folder).map_err(|why| InstallError::write(folder, why))?;
    // What is there already may have come from elsewhere: if the whole is wrong, it is fetched anew.
    let mut begun = length(&part) > 0;
    loop {
        (watch.tell)(News::Fetching { file: &wanted.archive, size: wanted.size, kept: length(&part) });
        patiently(address, retries, watch, || {
            let before = length(&part);
            rest(client, address, wanted, &part, watch).map_err(|why| (why, length(&part) > before))
        })?;
        (watch.tell)(News::Fetched);
        let got = hash::of_file(&part).map_err(|why| InstallError::read(&part, why))?;
        if got == wanted.sha256 {
            break;
        }
        drop(std::fs::remove_file(&part));
        if !std::mem::take(&mut begun) {
            return Err(InstallError::Hash {
                what: format!("{} from {}", wanted.archive, url::shown(address)),
                expected: wanted.sha256.clone(),
                got,
                help: "what came has been deleted; try again, and ask whoever runs that index if it stays so".into(),
            });
        }
    }
    let whole = folder.join(&wanted.archive);
    std::fs::rename(&part, &whole).map_err(|why| InstallError::write(&whole, why))?;
    Ok(whole)
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |about| about.len())
}

/// Fetches what is missing of a file.
fn rest(client: &Client, address: &str, wanted: &Archive, part: &Path, watch: &Watch) -> Result<(), Trial> {
    let have = length(part);
    if have == wanted.size {
        return Ok(());
    }
    let have = if have > wanted.size { 0 } else { have };
    let answer = client.get(address, "*/*", have).map_err(|why| unanswered(address, &why))?;
    let continues = answer.status() == StatusCode::PARTIAL_CONTENT && begins_at(&answer, have);
    if have > 0 && answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        // The server has a shorter file: begin anew, and let the sum judge.
        drop(std::fs::remove_file(part));
        return Err(Trial::Passing("the server cannot continue the file".into()));
    }
    let answer = granted(address, answer)?;
    let unwritable = |why: io::Error| InstallError::write(part, why);
    let mut file: File = match continues {
        true => OpenOptions::new().append(true).open(part).map_err(unwritable)?,
        false => File::create(part).map_err(unwritable)?,
    };
    let mut here = if continues { have } else { 0 };
    let promised = answer.body().content_length().map(|length| here + length);
    let (mut body, mut chunk) = (answer.into_body().into_reader(), vec![0; hash::CHUNK]);
    loop {
        watch.go_on()?;
        (watch.tell)(News::Here(here));
        match body.read(&mut chunk) {
            Ok(0) if promised.is_some_and(|promised| here < promised) || here < wanted.size && promised.is_none() => {
                return Err(Trial::Passing(format!("the connection ended after {here} bytes of {}", wanted.size)));
            }
            Ok(0) => return Ok(()),
            // Whatever it is, it is not what is wanted: the sum will say so.
            Ok(_) if here > wanted.size => return Ok(()),
            Ok(read) => {
                file.write_all(&chunk[..read]).map_err(unwritable)?;
                here += read as u64;
            }
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(Trial::Passing(format!("the connection broke: {why}"))),
        }
    }
}

fn unanswered(address: &str, why: &ureq::Error) -> Trial {
    use ureq::Error::{BadUri, Http, InvalidProxyUrl, Pem, RequireHttpsOnly, Rustls, Tls, TooManyRedirects};
    let words = http::failure(why);
    match why {
        BadUri(_) | Http(_) | InvalidProxyUrl | Pem(_) | RequireHttpsOnly(_) | Rustls(_) | Tls(_)
        | TooManyRedirects => Trial::Final(InstallError::Http { url: url::shown(address), why: words }),
        _ if words.contains("certificate") => Trial::Final(InstallError::Http { url: url::shown(address), why: words }),
        _ => Trial::Passing(words),
    }
}

/// The answer, if it brings something.
fn granted(address: &str, answer: Response<Body>) -> Result<Response<Body>, Trial> {
    let status = answer.status();
    match status.is_success() {
        true => Ok(answer),
        false if http::passes(status) => Err(Trial::Passing(http::refusal(status))),
        false => Err(InstallError::Http { url: url::shown(address), why: http::refusal(status) }.into()),
    }
}

/// Whether a partial answer begins where it was asked to.
fn begins_at(answer: &Response<Body>, from: u64) -> bool {
    let range = answer.headers().get("Content-Range").and_then(|range| range.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next()?.trim().parse::<u64>().ok());
    first == Some(from)
}
