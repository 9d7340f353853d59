use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// Where, when and with what numbers were made.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// Name of the processor, or its architecture where the system does not tell.
    pub cpu: String,
    /// Cores that the program may use.
    pub cores: usize,
    /// Operating system.
    pub os: &'static str,
    /// Day in UTC, `YYYY-MM-DD`.
    pub date: String,
    /// Version of `mdm`.
    pub version: &'static str,
    /// The command line, without the program, as a shell takes it.
    pub command: String,
}

impl Machine {
    /// This machine, now.
    pub fn new() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
        let arguments: Vec<String> = std::env::args().skip(1).map(quoted).collect();
        Self {
            cpu: cpu().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            os: std::env::consts::OS,
            date: date(seconds.map_or(0, |time| time.as_secs()) / 86_400),
            version: env!("CARGO_PKG_VERSION"),
            command: arguments.join(" "),
        }
    }

    /// One sentence about it.
    pub fn sentence(&self) -> String {
        let cores = match self.cores {
            1 => "1 core".to_owned(),
            cores => format!("{cores} cores"),
        };
        format!(
            "`mdm {}`, version {}, {cores} of {} ({}), {}",
            self.command, self.version, self.cpu, self.os, self.date
        )
    }
}

/// An argument in quotes, where a shell would change it without.
fn quoted(argument: String) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=+@%".contains(c);
    match !argument.is_empty() && argument.chars().all(plain) {
        true => argument,
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

/// The processor's name as Linux gives it.
fn cpu() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// A day after 1970-01-01 in the Gregorian calendar.
fn date(days: u64) -> String {
    // Years are taken from March on, so that the leap day is the last of a year; the 400 years of an era have 146,097
    // days, and 0000-03-01 is 719,468 days before 1970.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_the_command_as_it_was() {
        for (argument, expected) in [
            ("train.epochs=2", "train.epochs=2"),
            ("model.mfn.hidden=[4, 4]", "'model.mfn.hidden=[4, 4]'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(argument.to_owned()), expected);
        }
    }

    #[test]
    fn days_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_088, "2024-12-31"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }
}
