//! One layer of settings and where its values stand.

use anyhow::anyhow;
use toml::Table;
use toml::de::{DeTable, DeValue};

/// A piece of TOML with the name of where it came from.
#[derive(Debug)]
pub struct Layer {
    origin: String,
    text: String,
    table: Table,
}

impl Layer {
    /// Parses the text of a layer.
    ///
    /// # Errors
    ///
    /// Text that is not TOML, with its line.
    pub fn parse(origin: String, text: String) -> anyhow::Result<Self> {
        match text.parse::<Table>() {
            Ok(table) => Ok(Self {
                origin,
                text,
                table,
            }),
            Err(error) => {
                let line = error.span().map(|span| line_of(&text, span.start));
                let place = place(&origin, &text, line);
                Err(anyhow!("{place}: {}", error.message().replace('\n', ", ")))
            }
        }
    }

    /// The values.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The layer's name and the line of a key, if it stands here.
    pub fn place_of(&self, path: &[&str]) -> String {
        place(&self.origin, &self.text, self.line(path))
    }

    /// Says in words where a value that cannot be read stands.
    pub fn locate(&self, error: &serde_path_to_error::Error<toml::de::Error>) -> anyhow::Error {
        let path = error.path().to_string();
        let parts: Vec<&str> = path
            .split('.')
            .map(|part| part.split('[').next().unwrap_or(part))
            .collect();
        let message = error.inner().message().trim_end().replace('\n', ", ");
        anyhow!("{}: {path}: {message}", self.place_of(&parts))
    }

    fn line(&self, path: &[&str]) -> Option<usize> {
        let document = DeTable::parse(&self.text).ok()?;
        let mut table = document.get_ref();
        let mut start = None;
        for part in path {
            let (key, value) = table.iter().find(|(key, _)| key.get_ref() == part)?;
            start = Some(key.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                _ => break,
            }
        }
        start.map(|start| line_of(&self.text, start))
    }
}

/// A layer of one line (a flag, `--set`) has no line number worth telling.
fn place(origin: &str, text: &str, line: Option<usize>) -> String {
    match line {
        Some(line) if !origin.starts_with("--") && !text.is_empty() => {
            format!("{origin}, line {line}")
        }
        _ => origin.to_owned(),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|&byte| byte == b'\n')
        .count()
}

/// Puts the values of `upper` over those of `lower`, table by table.
pub fn merge(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(toml::Value::Table(lower)), toml::Value::Table(upper)) => merge(lower, upper),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}
