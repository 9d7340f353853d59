//! One tokeniser of either kind.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Vocabulary;
use super::bert::{self, WordPiece};
use super::files::{Content, SETTINGS, Settings};
use super::xlnet::XlNet;
use crate::atomic::{NewFolder, check_folder, sync};
use crate::error::Error;

/// `tokenizer.json`, of the Hugging Face library.
const TOKENIZER: &str = "tokenizer.json";
/// `vocab.txt`, of BERT: one piece a line.
const VOCABULARY: &str = "vocab.txt";
/// `spiece.model`, of XLNet: a SentencePiece model.
const SENTENCE_PIECE: &str = "spiece.model";

/// Cuts words into pieces.
///
/// # Example
///
/// ```
/// use mdm_data::pieces::Tokenizer;
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\nany\n##how\n,\n")?;
/// let tokenizer = Tokenizer::open(folder.path())?;
/// assert_eq!(tokenizer.pieces_of("Anyhow,"), [4, 5, 6]);
/// assert_eq!(tokenizer.vocabulary().size, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tokenizer {
    kind: Kind,
    /// What it was read from, to save it as it was.
    files: Vec<Content>,
}

/// Tokenisers are equal when they were read from equal files.
impl PartialEq for Tokenizer {
    fn eq(&self, other: &Self) -> bool {
        let files = |tokenizer: &'_ Self| -> Vec<(&'static str, Vec<u8>)> {
            let files = tokenizer.files.iter();
            files.map(|file| (file.name, file.bytes.clone())).collect()
        };
        files(self) == files(other)
    }
}

#[derive(Clone, Debug)]
enum Kind {
    Bert(WordPiece),
    XlNet(XlNet),
}

impl Tokenizer {
    /// Reads the tokeniser of a pretrained model from its folder or from one of its files.
    ///
    /// | file | kind | settings |
    /// |---|---|---|
    /// | `spiece.model` | XLNet | `tokenizer_config.json` beside it: `do_lower_case`, `keep_accents`, `remove_space` |
    /// | `tokenizer.json` | WordPiece | its own |
    /// | `vocab.txt` | WordPiece | `tokenizer_config.json`: `do_lower_case`, `do_basic_tokenize`, `strip_accents`, `tokenize_chinese_chars` |
    ///
    /// In a folder the first of them that is there counts: XLNet's folders hold a `tokenizer.json` that says the same as
    /// `spiece.model`, and BERT's one that says what `vocab.txt` leaves open. Where nothing says whether a `vocab.txt` is
    /// lower case, it is if no piece has a capital letter. A file may have another name with the same ending.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::Tokenizer`] with the file, the place in it, what was expected and what was found.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let path = &find(path)?;
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("model") => {
                let model = Content::read(path, SENTENCE_PIECE)?;
                let settings = Content::settings_beside(path)?;
                let xlnet = XlNet::new(&model, &Settings::of(settings.as_ref())?)?;
                Ok(Self::new(Kind::XlNet(xlnet), model, settings))
            }
            Some("json") => {
                let content = Content::read(path, TOKENIZER)?;
                let word_piece = bert::read_json(&content)?;
                Ok(Self::new(Kind::Bert(word_piece), content, None))
            }
            Some("txt") => {
                let vocabulary = Content::read(path, VOCABULARY)?;
                let settings = Content::settings_beside(path)?;
                let word_piece =
                    bert::read_vocabulary(&vocabulary, &Settings::of(settings.as_ref())?)?;
                Ok(Self::new(Kind::Bert(word_piece), vocabulary, settings))
            }
            _ => Err(Error::tokenizer(
                path,
                "file name",
                format!("{SENTENCE_PIECE}, {TOKENIZER} or {VOCABULARY}"),
                "another ending",
            )),
        }
    }

    /// A vocabulary of whole words, for a model that starts from random weights: `[PAD] [UNK] [CLS] [SEP] [MASK]`, then
    /// the distinct words, sorted. Give it the words of the training split; any other word becomes `[UNK]`.
    ///
    /// Words count as they are, capitals and punctuation included. What a `vocab.txt` cannot hold as a whole word stays
    /// unknown: a word that is empty, has white space in it, begins with `##`, has more than 100 characters or is the name
    /// of a special piece. So do words beyond the 16 million that ids have room for.
    ///
    /// # Example
    ///
    /// ```
    /// use mdm_data::pieces::Tokenizer;
    ///
    /// let tokenizer = Tokenizer::from_words(["don't", "Go", "don't"]);
    /// assert_eq!(tokenizer.vocabulary().size, 7);
    /// assert_eq!(tokenizer.pieces_of("don't"), [6]);
    /// assert_eq!(tokenizer.pieces_of("go"), [1]);
    /// ```
    pub fn from_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let words: BTreeSet<&str> = words.into_iter().filter(|word| is_whole(word)).collect();
        let room = super::vocabulary::MOST_PIECES - bert::SPECIAL.len() - 1;
        let pieces = bert::SPECIAL.into_iter().chain(words).take(room);
        let text: String = pieces.flat_map(|piece| [piece, "\n"]).collect();
        let content = |name: &'static str, text: String| Content {
            name,
            path: PathBuf::from(name),
            bytes: text.into_bytes(),
        };
        let vocabulary = content(VOCABULARY, text);
        // Under these settings BERT's own tokeniser reads the folder in the same way.
        let settings = "{\"tokenizer_class\": \"BertTokenizer\", \"do_basic_tokenize\": false}\n";
        let settings = content(SETTINGS, settings.to_owned());
        let word_piece = Settings::of(Some(&settings))
            .and_then(|settings| bert::read_vocabulary(&vocabulary, &settings))
            .expect("the vocabulary was made to be read");
        Self::new(Kind::Bert(word_piece), vocabulary, Some(settings))
    }

    fn new(kind: Kind, content: Content, settings: Option<Content>) -> Self {
        Self {
            kind,
            files: std::iter::once(content).chain(settings).collect(),
        }
    }

    /// Saves the files that the tokeniser was read from, so that [`Tokenizer::open`] of the folder gives the same ids. The
    /// folder is there in full or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::OutputExists`] where the folder is there and not empty, [`Error::Io`].
    pub fn save(&self, folder: &Path) -> Result<(), Error> {
        check_folder(folder, false, || false)?;
        let new = NewFolder::beside(folder)?;
        for file in &self.files {
            let path = new.path(file.name);
            fs::write(&path, &file.bytes).map_err(Error::io("write", &path))?;
            sync(&path)?;
        }
        new.finish()
    }

    /// The number of pieces, and the ids of the special ones.
    pub fn vocabulary(&self) -> Vocabulary {
        match &self.kind {
            Kind::Bert(word_piece) => word_piece.vocabulary(),
            Kind::XlNet(xlnet) => xlnet.vocabulary(),
        }
    }

    /// The ids of the pieces of a word: at least one, the unknown piece for a word of which nothing is left.
    pub fn pieces_of(&self, word: &str) -> Vec<u32> {
        let mut pieces = match &self.kind {
            Kind::Bert(word_piece) => word_piece.pieces_of(word),
            Kind::XlNet(xlnet) => xlnet.pieces_of(word),
        };
        if pieces.is_empty() {
            pieces.push(self.vocabulary().unknown as u32);
        }
        pieces
    }
}

/// The file that `path` is, or the one in the folder that it is.
fn find(path: &Path) -> Result<PathBuf, Error> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let names = [SENTENCE_PIECE, TOKENIZER, VOCABULARY];
    let mut files = names.iter().map(|name| path.join(name));
    files.find(|file| file.is_file()).ok_or_else(|| {
        let expected = format!("one of the files {}", names.join(", "));
        Error::tokenizer(path, "folder", expected, "none of them")
    })
}

/// Whether WordPiece finds a word as one piece, if it stands in a `vocab.txt`.
fn is_whole(word: &str) -> bool {
    !word.is_empty()
        && !word.contains(char::is_whitespace)
        && !word.starts_with(bert::CONTINUING)
        && word.chars().count() <= bert::LONGEST_WORD
        && !bert::SPECIAL.contains(&word)
}
