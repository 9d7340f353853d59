//! WordPiece from `vocab.txt` and from `tokenizer.json`.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::super::Vocabulary;
use super::super::files::{Content, Settings};
use super::basic::Basic;
use super::word_piece::WordPiece;
use super::{CONTINUING, LONGEST_WORD};
use crate::error::Error;

/// Reads a `vocab.txt`: one piece a line, whose id is the number of the line from 0.
pub(in super::super) fn read_vocabulary(
    content: &Content,
    settings: &Settings,
) -> Result<WordPiece, Error> {
    let path = &content.path;
    let text = std::str::from_utf8(&content.bytes).map_err(|error| {
        let before = &content.bytes[..error.valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Error::tokenizer(path, format!("line {line}"), "UTF-8 text", "other bytes")
    })?;
    let mut ids = HashMap::new();
    let mut size = 0;
    for line in text.lines() {
        ids.insert(line.to_owned(), size);
        size += 1;
    }
    let basic = settings.do_basic_tokenize.unwrap_or(true).then(|| {
        let lower_case = settings
            .do_lower_case
            .unwrap_or_else(|| !ids.keys().any(|piece| has_capitals(piece)));
        Basic {
            clean: true,
            chinese: settings.tokenize_chinese_chars.unwrap_or(true),
            strip_accents: settings.strip_accents.unwrap_or(lower_case),
            lower_case,
        }
    });
    let source = Source {
        ids,
        size: size as usize,
        unknown: "[UNK]",
        continuing: CONTINUING,
        longest_word: LONGEST_WORD,
        basic,
    };
    source.word_piece(path)
}

/// Whether lower case would change a piece; special ones, in brackets, are always in capitals.
fn has_capitals(piece: &str) -> bool {
    let is_special = piece.starts_with('[') && piece.ends_with(']');
    !is_special && piece.chars().any(|c| !c.to_lowercase().eq([c]))
}

/// A `tokenizer.json`, as far as WordPiece needs it.
#[derive(Deserialize)]
struct TokenizerJson {
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    model: Value,
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
}

#[derive(Deserialize)]
struct AddedToken {
    id: u32,
    content: String,
}

#[derive(Deserialize)]
struct Model {
    vocab: HashMap<String, u32>,
    #[serde(default = "unknown")]
    unk_token: String,
    #[serde(default = "continuing")]
    continuing_subword_prefix: String,
    #[serde(default = "longest_word")]
    max_input_chars_per_word: usize,
}

fn unknown() -> String {
    "[UNK]".to_owned()
}

fn continuing() -> String {
    CONTINUING.to_owned()
}

fn longest_word() -> usize {
    LONGEST_WORD
}

#[derive(Deserialize)]
struct Normalizer {
    clean_text: bool,
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    lowercase: bool,
}

/// Reads a `tokenizer.json` of the Hugging Face library whose parts are those of BERT.
pub(in super::super) fn read_json(content: &Content) -> Result<WordPiece, Error> {
    let path = &content.path;
    let json: TokenizerJson = content.json("a tokeniser of the Hugging Face library")?;
    check_type(path, "model", &json.model, "WordPiece")?;
    check_type(path, "normalizer", &json.normalizer, "BertNormalizer")?;
    check_type(
        path,
        "pre_tokenizer",
        &json.pre_tokenizer,
        "BertPreTokenizer",
    )?;
    let model: Model = part(path, "model", json.model)?;
    let normalizer: Normalizer = part(path, "normalizer", json.normalizer)?;
    let mut ids = model.vocab;
    for token in json.added_tokens {
        ids.insert(token.content, token.id);
    }
    let source = Source {
        size: ids.values().max().map_or(0, |&id| id as usize + 1),
        ids,
        unknown: &model.unk_token,
        continuing: &model.continuing_subword_prefix,
        longest_word: model.max_input_chars_per_word,
        basic: Some(Basic {
            clean: normalizer.clean_text,
            chinese: normalizer.handle_chinese_chars,
            strip_accents: normalizer.strip_accents.unwrap_or(normalizer.lowercase),
            lower_case: normalizer.lowercase,
        }),
    };
    source.word_piece(path)
}

/// Holds a part to its type, which the model of old files does not name.
fn check_type(path: &Path, name: &str, part: &Value, expected: &str) -> Result<(), Error> {
    let is_old = name == "model" && part["vocab"].is_object() && part["merges"].is_null();
    let found = match &part["type"] {
        Value::String(found) if found == expected => return Ok(()),
        Value::Null if is_old => return Ok(()),
        Value::String(found) if found == "Unigram" => {
            "Unigram (for XLNet there should be a spiece.model)".to_owned()
        }
        Value::String(found) => found.clone(),
        _ => "none".to_owned(),
    };
    let place = format!("{name}.type");
    Err(Error::tokenizer(path, place, expected, found))
}

fn part<T: for<'de> Deserialize<'de>>(path: &Path, name: &str, part: Value) -> Result<T, Error> {
    serde_json::from_value(part)
        .map_err(|error| Error::tokenizer(path, name, "the fields of BERT", error.to_string()))
}

/// What both files say.
struct Source<'s> {
    /// All pieces, special ones too.
    ids: HashMap<String, u32>,
    size: usize,
    unknown: &'s str,
    continuing: &'s str,
    longest_word: usize,
    basic: Option<Basic>,
}

impl Source<'_> {
    fn word_piece(mut self, path: &Path) -> Result<WordPiece, Error> {
        let special = [self.unknown, "[MASK]", "[CLS]", "[SEP]", "[PAD]"];
        let id = |name: &str| self.ids.get(name).copied();
        let vocabulary = Vocabulary::find(path, self.size, special, id)?;
        for name in special {
            self.ids.remove(name);
        }
        Ok(WordPiece {
            longest_piece: self.ids.keys().map(String::len).max().unwrap_or(0),
            ids: self.ids,
            continuing: self.continuing.to_owned(),
            longest_word: self.longest_word,
            basic: self.basic,
            vocabulary,
        })
    }
}
