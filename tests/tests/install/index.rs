//! A package index that misbehaves on demand: HTTP/1.1 on this machine, one request a connection.
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request that came.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub path: String,
    pub range: Option<String>,
    pub authorization: Option<String>,
}

/// What is answered.
pub enum Answer {
    Page(&'static str, String),
    /// A file, of which ranges can be had.
    File(Vec<u8>),
    /// The same, of which no ranges can be had.
    Whole(Vec<u8>),
    /// The same as `File`, but the connection ends after so many bytes of it.
    Cut(Vec<u8>, usize),
    /// The same as `File`, but after so many bytes nothing comes any more.
    Stall(Vec<u8>, usize),
    Redirect(String),
    Status(u16),
}

/// An index, for as long as the test runs.
pub struct Index {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Index {
    /// Answers each request by `answer`, which is told how often that path was asked for before.
    pub fn new(answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/simple/", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, answer) = (asked.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (seen.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Self { address, asked }
    }

    /// The requests for paths that end so.
    pub fn asked(&self, end: &str) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().filter(|asked| asked.path.ends_with(end)).cloned().collect()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked, usize) -> Answer) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let path = lines.next().and_then(|line| line.split(' ').nth(1).map(String::from));
    let mut asked = Asked { path: path.unwrap_or_default(), ..Asked::default() };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_lowercase().as_str() {
            "range" => asked.range = Some(value.into()),
            "authorization" => asked.authorization = Some(value.into()),
            _ => {}
        }
    }
    let before = {
        let mut seen = seen.lock().unwrap();
        seen.push(asked.clone());
        seen.iter().filter(|earlier| earlier.path == asked.path).count() - 1
    };
    // A client that has gone away is what some tests are about.
    drop(reply(&mut stream, &asked, answer(&asked, before)));
}

fn reply(stream: &mut TcpStream, asked: &Asked, answer: Answer) -> std::io::Result<()> {
    let head = |status: u16, more: String| format!("HTTP/1.1 {status} x\r\nConnection: close\r\n{more}\r\n\r\n");
    let (bytes, most, then) = match answer {
        Answer::Status(status) => return stream.write_all(head(status, "Content-Length: 0".into()).as_bytes()),
        Answer::Redirect(to) => {
            return stream.write_all(head(302, format!("Location: {to}\r\nContent-Length: 0")).as_bytes());
        }
        Answer::Page(kind, text) => {
            let more = format!("Content-Type: {kind}\r\nContent-Length: {}", text.len());
            return stream.write_all((head(200, more) + &text).as_bytes());
        }
        Answer::Whole(bytes) => {
            stream.write_all(head(200, format!("Content-Length: {}", bytes.len())).as_bytes())?;
            return stream.write_all(&bytes);
        }
        Answer::File(bytes) => (bytes, usize::MAX, Duration::ZERO),
        Answer::Cut(bytes, most) => (bytes, most, Duration::ZERO),
        Answer::Stall(bytes, most) => (bytes, most, Duration::from_secs(60)),
    };
    let from = asked.range.as_ref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let (status, more) = match from {
        Some(from) => (206, format!("Content-Range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len())),
        None => (200, String::new()),
    };
    let rest = &bytes[from.unwrap_or(0)..];
    stream.write_all(head(status, format!("{more}Content-Length: {}", rest.len())).as_bytes())?;
    stream.write_all(&rest[..most.min(rest.len())])?;
    stream.flush()?;
    std::thread::sleep(then);
    Ok(())
}
