//! A web server that does what servers and lines do on bad days.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How one request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should be, ranges included.
    Well,
    /// Only so many bytes, then the connection ends.
    CutOffAfter(usize),
    /// So many bytes, then nothing for a long time.
    StandsStillAfter(usize),
    /// One byte is another one.
    Corrupt,
    /// Ranges are ignored: all of it comes each time.
    WithoutRanges,
    /// Another part than was asked for.
    AnotherPart,
    /// Chunks without a length in front, and twice as many bytes as there should be.
    WithoutEnd,
    /// Somewhere else.
    Redirect,
    /// Somewhere else, which is here again.
    RedirectInACircle,
    /// A page of a hotel instead of the file.
    Page,
    /// This status and nothing more.
    Status(u16),
}

/// A request as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub path: String,
    pub range: Option<String>,
}

#[derive(Default)]
struct State {
    files: HashMap<String, Vec<u8>>,
    /// For the next requests, in this order; all later ones are answered well.
    moods: Vec<Mood>,
    seen: Vec<Seen>,
}

pub struct Server {
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// A server that has these files, and is in these moods one after the other.
    pub fn new(files: &[(&str, &[u8])], moods: &[Mood]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let files = files.iter().map(|(name, bytes)| (format!("/{name}"), bytes.to_vec())).collect();
        let state = Arc::new(Mutex::new(State { files, moods: moods.to_vec(), seen: Vec::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                // A client that has heard enough is no failure of the server.
                std::thread::spawn(move || drop(answer(stream, &shared)));
            }
        });
        Self { address, state }
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }
}

fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("range: ") {
            range = Some(value.to_owned());
        }
    }
    let (mood, found) = {
        let mut state = state.lock().unwrap();
        state.seen.push(Seen { path: path.clone(), range: range.clone() });
        let mood = if state.moods.is_empty() { Mood::Well } else { state.moods.remove(0) };
        (mood, state.files.get(path.trim_start_matches("/moved")).cloned())
    };
    let head = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\nConnection: close\r\n{more}\r\n");
    let Some(mut whole) = found else {
        return stream.write_all(head("404 Not Found", "Content-Length: 0\r\n").as_bytes());
    };
    if mood == Mood::Corrupt {
        let middle = whole.len() / 2;
        whole[middle] ^= 1;
    }
    let start = range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let start: usize = start.filter(|_| !matches!(mood, Mood::WithoutRanges)).unwrap_or(0);
    let length = format!("Content-Length: {}\r\n", whole.len().saturating_sub(start));
    let told = if mood == Mood::AnotherPart { 0 } else { start };
    let good = if start == 0 {
        head("200 OK", &length)
    } else {
        let range = format!("Content-Range: bytes {told}-{}/{}\r\n", whole.len() - 1, whole.len());
        head("206 Partial Content", &(length + &range))
    };
    match mood {
        Mood::Well | Mood::Corrupt | Mood::WithoutRanges | Mood::AnotherPart => {
            stream.write_all(good.as_bytes())?;
            stream.write_all(&whole[start..])
        }
        Mood::CutOffAfter(count) | Mood::StandsStillAfter(count) => {
            stream.write_all(good.as_bytes())?;
            stream.write_all(&whole[start..whole.len().min(start + count)])?;
            if matches!(mood, Mood::StandsStillAfter(_)) {
                std::thread::sleep(Duration::from_secs(20));
            }
            Ok(())
        }
        Mood::WithoutEnd => {
            stream.write_all(head("200 OK", "Transfer-Encoding: chunked\r\n").as_bytes())?;
            for _ in 0..2 {
                stream.write_all(format!("{:x}\r\n", whole.len()).as_bytes())?;
                stream.write_all(&whole)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")
        }
        Mood::Redirect => stream.write_all(head("302 Found", &format!("Location: /moved{path}\r\n")).as_bytes()),
        Mood::RedirectInACircle => stream.write_all(head("302 Found", &format!("Location: {path}\r\n")).as_bytes()),
        Mood::Page => {
            let page = "<html>Please log in</html>";
            stream.write_all(head("200 OK", &format!("Content-Length: {}\r\n", page.len())).as_bytes())?;
            stream.write_all(page.as_bytes())
        }
        Mood::Status(status) => {
            stream.write_all(head(&format!("{status} Whatever"), "Content-Length: 0\r\n").as_bytes())
        }
    }
}
