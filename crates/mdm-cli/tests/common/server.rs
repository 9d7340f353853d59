//! A web server inside the test, which breaks off, stalls and lies as it is told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    pub path: String,
    /// The first byte wanted.
    pub range: Option<usize>,
    pub if_range: Option<String>,
    pub accept_encoding: Option<String>,
}

/// What is answered.
#[derive(Clone)]
pub struct Reply {
    status: &'static str,
    headers: Vec<String>,
    body: Vec<u8>,
    /// Bytes of the body that are sent.
    sent: usize,
    /// Then nothing more, for this long.
    silence: Duration,
}

impl Reply {
    pub fn status(status: &'static str) -> Self {
        let mut reply = Self::whole(b"");
        reply.status = status;
        reply
    }

    /// The whole file, whatever was asked for.
    pub fn whole(body: &[u8]) -> Self {
        Self {
            status: "200 OK",
            headers: Vec::new(),
            body: body.to_vec(),
            sent: body.len(),
            silence: Duration::ZERO,
        }
    }

    /// What a server does that knows ranges: the rest, or the whole file where nothing is said or its tag is another.
    pub fn ranged(file: &[u8], tag: &str, request: &Request) -> Self {
        let is_same = request.if_range.as_deref().is_none_or(|asked| asked == tag);
        let reply = match request.range.filter(|_| is_same) {
            Some(start) if start >= file.len() => Self::status("416 Range Not Satisfiable"),
            Some(start) => {
                let (last, all) = (file.len() - 1, file.len());
                let mut reply = Self::whole(&file[start..]);
                reply.status = "206 Partial Content";
                reply.with(&format!("Content-Range: bytes {start}-{last}/{all}"))
            }
            None => Self::whole(file),
        };
        reply.with(&format!("ETag: {tag}"))
    }

    pub fn with(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }

    /// Promises everything and closes the connection after so many bytes.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.sent = bytes;
        self
    }

    /// Promises everything and falls silent after so many bytes.
    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.sent = bytes;
        self.silence = Duration::from_secs(5);
        self
    }
}

/// Answers on a free port of this machine until the test ends.
pub struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// `answer` gets the number of the request, from 0, and the request.
    pub fn new(answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (requests.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, answer) = (seen.clone(), answer.clone());
                thread::spawn(move || {
                    let stream = stream.unwrap();
                    let request = read(&stream);
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request.clone());
                        seen.len() - 1
                    };
                    write(stream, answer(number, &request));
                });
            }
        });
        Self { address, requests }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// An address where nobody answers.
pub fn dead_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/file", listener.local_addr().unwrap())
}

fn read(stream: &TcpStream) -> Request {
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    let mut request = Request {
        path: first.split(' ').nth(1).unwrap().to_owned(),
        ..Request::default()
    };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let start = value.strip_prefix("bytes=").unwrap().strip_suffix('-');
                request.range = Some(start.unwrap().parse().unwrap());
            }
            "if-range" => request.if_range = Some(value.to_owned()),
            "accept-encoding" => request.accept_encoding = Some(value.to_owned()),
            _ => {}
        }
    }
    request
}

fn write(mut stream: TcpStream, reply: Reply) {
    let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", reply.status);
    head += &format!("Content-Length: {}\r\n", reply.body.len());
    for header in &reply.headers {
        head += &format!("{header}\r\n");
    }
    head += "\r\n";
    // The client may have gone, which is its right.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&reply.body[..reply.sent]);
    let _ = stream.flush();
    thread::sleep(reply.silence);
}
