//! A file over HTTP: resumed where it broke off, tried again within limits, from one address after the other.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use indicatif::HumanBytes;
use ureq::Agent;

use super::expected::{Check, Expected};
use super::part::{Origin, Part};
use super::response::{self, Answer};
use crate::progress;

/// How long to put up with a server.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection, an answer, or the next bytes of one.
    pub timeout: Duration,
    /// Tries in a row that bring the file no further, at least 1.
    pub attempts: u32,
}

/// Downloads files.
pub struct Client {
    agent: Agent,
    patience: Patience,
}

/// A file that was fetched.
pub struct Downloaded {
    pub url: String,
    pub sha256: String,
}

/// Why there is no file.
pub enum Failure {
    /// This address will not give it.
    Dead(String),
    /// This address may give it on another try.
    Broken(String),
    /// It cannot be stored.
    Local(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Local(error)
    }
}

impl Client {
    pub fn new(patience: Patience) -> Self {
        let timeout = Some(patience.timeout);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // The bytes as they are stored: packed on the way, they could not be resumed.
            .accept_encoding("identity")
            .user_agent(concat!("mdm/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(timeout)
            .timeout_connect(timeout)
            .timeout_recv_response(timeout)
            .timeout_per_read(timeout)
            .build();
        Self {
            agent: Agent::new_with_config(config),
            patience,
        }
    }

    /// Downloads a file from the first address that gives it. What is not right never gets its name.
    ///
    /// # Errors
    ///
    /// [`Failure::Dead`] with every address and what was wrong with it, or [`Failure::Local`].
    pub fn download(
        &self,
        urls: &[String],
        expected: Expected<'_>,
        target: &Path,
    ) -> Result<Downloaded, Failure> {
        let part = Part::of(target);
        let _lock = part.lock()?;
        let mut failures = Vec::new();
        for url in urls {
            match self.fetch(url, &part, &expected) {
                Ok(sha256) => {
                    part.finish()?;
                    let url = url.clone();
                    return Ok(Downloaded { url, sha256 });
                }
                Err(Failure::Dead(reason) | Failure::Broken(reason)) => {
                    eprintln!("{url}: {reason}");
                    failures.push(format!("{url} ({reason})"));
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::Dead(match failures.as_slice() {
            [] => "no address is known".into(),
            _ => format!("no address gave it: {}", failures.join("; ")),
        }))
    }

    /// Completes the part from one address and checks it.
    fn fetch(&self, url: &str, part: &Part, expected: &Expected<'_>) -> Result<String, Failure> {
        let mut restarted = false;
        loop {
            let was_resumed = self.complete(url, part, expected)?;
            match expected.check(&part.path)? {
                Check::Right(sha256) => return Ok(sha256),
                // Its beginning may have been another file's.
                Check::Wrong(reason) if was_resumed && !restarted => {
                    restarted = true;
                    eprintln!("{url}: {reason}; from the start again");
                    part.discard()?;
                }
                Check::Wrong(reason) => {
                    let aside = part.keep_aside()?;
                    let reason = format!("{reason}; kept as {}", aside.display());
                    return Err(Failure::Dead(reason));
                }
            }
        }
    }

    /// Fills the part, trying again while that helps. Tells whether it was put together from several answers.
    fn complete(&self, url: &str, part: &Part, expected: &Expected<'_>) -> Result<bool, Failure> {
        let mut furthest = part.len();
        let mut was_resumed = furthest > 0;
        if expected.bytes == Some(furthest) {
            return Ok(was_resumed);
        }
        let mut failed = 0;
        loop {
            match self.attempt(url, part, expected) {
                Ok(start) => return Ok(was_resumed && start > 0),
                Err(Failure::Broken(reason)) => {
                    let there = part.len();
                    if there > furthest {
                        (furthest, failed) = (there, 0);
                    }
                    failed += 1;
                    if failed >= self.patience.attempts {
                        return Err(Failure::Broken(reason));
                    }
                    let wait = backoff(failed);
                    eprintln!(
                        "{url}: {reason}; {there} bytes are there, trying again in {} s",
                        wait.as_secs()
                    );
                    std::thread::sleep(wait);
                    was_resumed = true;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// One request. Tells from which byte on the answer was.
    fn attempt(&self, url: &str, part: &Part, expected: &Expected<'_>) -> Result<u64, Failure> {
        let resume = part.resume(url, expected);
        let mut request = self.agent.get(url);
        if let Some(resume) = &resume {
            request = request.header("Range", format!("bytes={}-", resume.from));
            if let Some(validator) = &resume.validator {
                request = request.header("If-Range", validator);
            }
        }
        let response = request.call().map_err(|error| self.failure(error))?;
        let asked = resume.as_ref().map_or(0, |resume| resume.from);
        let Answer {
            start,
            total,
            validator,
        } = match response::judge(&response, asked) {
            Ok(answer) => answer,
            Err(failure) => {
                if matches!(response.status().as_u16(), 206 | 416) {
                    part.discard()?; // It is longer than the file, or cannot be continued here.
                }
                return Err(failure);
            }
        };
        let before = resume.and_then(|resume| resume.validator);
        if start > 0 && is_another(before.as_deref(), validator.as_deref()) {
            // Whoever stands between has not looked at `If-Range`.
            part.discard()?;
            return Err(Failure::Broken("the file changed meanwhile".into()));
        }
        if let (Some(bytes), Some(total)) = (expected.bytes, total)
            && bytes != total
        {
            let reason = format!("expected {bytes} bytes, it has {total}");
            return Err(Failure::Dead(reason));
        }
        let file = if start == 0 {
            let url = url.to_owned();
            part.restart(&Origin { url, validator })?
        } else {
            part.open()?
        };
        let limit = total.or(expected.bytes);
        let size = limit.map_or("unknown size".to_owned(), |n| HumanBytes(n).to_string());
        eprintln!("{url}: {size}, from byte {start} on");
        let mut body = response.into_body().into_reader();
        self.copy(&mut body, file, part, start, limit)?;
        Ok(start)
    }

    /// Writes the body to the part until it ends, which must be at `limit` where that is known.
    fn copy(
        &self,
        body: &mut impl Read,
        mut file: std::fs::File,
        part: &Part,
        start: u64,
        limit: Option<u64>,
    ) -> Result<(), Failure> {
        let cannot_write = || format!("cannot write {}", part.path.display());
        let bar = progress::bytes(start, limit);
        let mut buffer = vec![0; 1 << 16];
        let mut there = start;
        let result = loop {
            match body.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(read) => {
                    file.write_all(&buffer[..read]).with_context(cannot_write)?;
                    there += read as u64;
                    bar.set_position(there);
                    if limit.is_some_and(|limit| there > limit) {
                        break Err(Failure::Dead(format!(
                            "more than {} bytes",
                            limit.unwrap_or(0)
                        )));
                    }
                }
                // Told below, by the bytes that are missing.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof && limit.is_some() => {
                    break Ok(());
                }
                Err(error) => break Err(self.failure(error.into())),
            }
        };
        bar.finish_and_clear();
        file.sync_all().with_context(cannot_write)?;
        result?;
        match limit {
            Some(limit) if there < limit => Err(Failure::Broken(format!(
                "closed the connection after {there} of {limit} bytes"
            ))),
            _ => Ok(()),
        }
    }

    fn failure(&self, error: ureq::Error) -> Failure {
        match error {
            ureq::Error::Timeout(_) => {
                let seconds = self.patience.timeout.as_secs_f64();
                Failure::Broken(format!("silent for {seconds} s"))
            }
            ureq::Error::Io(error) => Failure::Broken(error.to_string()),
            ureq::Error::Protocol(_) | ureq::Error::ConnectionFailed => {
                Failure::Broken(error.to_string())
            }
            error => Failure::Dead(error.to_string()),
        }
    }
}

/// Whether two validators of the same kind, both entity tags or both dates, differ.
fn is_another(before: Option<&str>, now: Option<&str>) -> bool {
    let is_tag = |validator: &str| validator.starts_with('"');
    match (before, now) {
        (Some(before), Some(now)) => is_tag(before) == is_tag(now) && before != now,
        _ => false,
    }
}

/// 1, 2, 4, … seconds, at most 30.
fn backoff(failed: u32) -> Duration {
    Duration::from_secs(1 << (failed - 1).min(5)).min(Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    #[test]
    fn waits_double_up_to_half_a_minute() {
        let waits: Vec<u64> = (1..=8).map(|n| super::backoff(n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    }
}
