//! A preparation in the folder of its run: `preparation.json` and, where words have vectors, `word_vectors.txt`, or where
//! they are cut into pieces, the folder `tokenizer`.

use std::fs;
use std::io::Write;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{LanguageSource, Preparation};
use crate::atomic::NewFile;
use crate::corpus::{Modality, ModalityInfo};
use crate::error::Error;
use crate::glove::WordVectors;
use crate::hash;
use crate::normalise::{Affine, Normalisation, Normaliser};
use crate::pieces::Tokenizer;

const FORMAT: &str = "mdm preparation";
const VERSION: u32 = 1;

/// What tells a preparation of this form from other files.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

/// The content of `preparation.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    version: u32,
    max_steps: usize,
    alignment: Alignment,
    word_vectors: Option<Words>,
    /// Whether the language is word pieces; their tokeniser is in the folder `tokenizer`.
    word_pieces: bool,
    modalities: Vec<Scaled>,
}

/// Whose steps the others are brought to.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Alignment {
    FirstModality,
}

/// What stands in `word_vectors.txt`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    sha256: String,
    unknown: Unknown,
}

/// What a word without a vector gets.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unknown {
    Zeros,
}

/// A modality and how it is scaled: `(x − shift) · scale` for each value of a frame, or not at all.
///
/// In `f64`, which every `f32` is exactly: a parser that is off by the last bit still gives the same `f32`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scaled {
    modality: Modality,
    dim: usize,
    normalisation: Normalisation,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shift: Vec<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scale: Vec<f64>,
}

impl Preparation {
    /// The names of the files that [`save`](Self::save) may write.
    pub const FILES: [&'static str; 2] = ["word_vectors.txt", "preparation.json"];

    /// The name of the folder that [`save`](Self::save) may write.
    pub const TOKENIZER: &'static str = "tokenizer";

    /// Writes the files of the preparation to a folder, each whole or not at all. Equal preparations give equal bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn save(&self, folder: &Path) -> Result<(), Error> {
        let [vectors_name, name] = Self::FILES;
        let word_vectors = match &self.language {
            LanguageSource::Features => None,
            LanguageSource::Pieces(tokenizer) => {
                tokenizer.save(&folder.join(Self::TOKENIZER))?;
                None
            }
            LanguageSource::Words(vectors) => {
                let text = vectors.to_text();
                write(&folder.join(vectors_name), text.as_bytes())?;
                Some(Words {
                    sha256: hash::sha256(text.as_bytes()),
                    unknown: Unknown::Zeros,
                })
            }
        };
        let exact = |values: &[f32]| values.iter().copied().map(f64::from).collect();
        let scaled = self.modalities.iter().zip(&self.normaliser.modalities);
        let written = Written {
            format: FORMAT.to_owned(),
            version: VERSION,
            max_steps: self.max_steps,
            alignment: Alignment::FirstModality,
            word_vectors,
            word_pieces: matches!(self.language, LanguageSource::Pieces(_)),
            modalities: scaled
                .map(|(info, affine)| Scaled {
                    modality: info.modality,
                    dim: info.dim,
                    normalisation: affine.normalisation,
                    shift: exact(&affine.shift),
                    scale: exact(&affine.scale),
                })
                .collect(),
        };
        let path = folder.join(name);
        let text = serde_json::to_string_pretty(&written)
            .map_err(|error| Error::io("write", &path)(error.into()))?;
        // Last, so that a folder with it has the vectors too.
        write(&path, format!("{text}\n").as_bytes())
    }

    /// Reads what [`save`](Self::save) has written.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] for a file that cannot be read, [`Error::Preparation`] for one that is damaged, with the field.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let [vectors_name, name] = Self::FILES;
        let path = folder.join(name);
        let text = fs::read(&path).map_err(Error::io("read", &path))?;
        let wrong = |field: &str, reason: String| Error::preparation(&path, field, reason);
        // The head first: a later version may have other fields, and that is what the message should say.
        let head: Head = parse(&text, &path)?;
        if head.format != FORMAT {
            let reason = format!("expected {FORMAT:?}, found {:?}", head.format);
            return Err(wrong("format", reason));
        }
        if head.version != VERSION {
            let reason = format!("expected {VERSION}, found {}", head.version);
            return Err(wrong("version", reason));
        }
        let written: Written = parse(&text, &path)?;
        if written.max_steps == 0 {
            return Err(wrong("max_steps", "expected at least 1, found 0".into()));
        }
        let in_order = written
            .modalities
            .windows(2)
            .all(|pair| pair[0].modality < pair[1].modality);
        if !in_order || written.modalities.is_empty() {
            let reason = "expected at least one, each once, in the order of a corpus";
            return Err(wrong("modalities", reason.into()));
        }
        let language = match written.word_vectors {
            None if written.word_pieces => {
                LanguageSource::Pieces(Tokenizer::open(&folder.join(Self::TOKENIZER))?)
            }
            None => LanguageSource::Features,
            Some(words) => {
                let path = folder.join(vectors_name);
                let (_, found) = hash::sha256_file(&path)?;
                if found != words.sha256 {
                    let reason = format!("expected {}, found {found}", words.sha256);
                    return Err(Error::preparation(&path, "SHA-256", reason));
                }
                LanguageSource::Words(WordVectors::read(&path)?)
            }
        };
        if let LanguageSource::Words(vectors) = &language {
            let first = &written.modalities[0];
            if (first.modality, first.dim) != (Modality::Language, vectors.dim()) {
                let reason = format!(
                    "expected the {} of language in {vectors_name}, found the {} of {}",
                    vectors.dim(),
                    first.dim,
                    first.modality
                );
                return Err(wrong("modalities[0].dim", reason));
            }
        }
        let mut modalities = Vec::new();
        let mut scalings = Vec::new();
        for (index, scaled) in written.modalities.into_iter().enumerate() {
            let field = |name: &str| format!("modalities[{index}].{name}");
            if scaled.dim == 0 {
                return Err(wrong(&field("dim"), "expected at least 1, found 0".into()));
            }
            let (modality, dim) = (scaled.modality, scaled.dim);
            scalings.push(
                scaled
                    .affine()
                    .map_err(|(name, reason)| wrong(&field(name), reason))?,
            );
            modalities.push(ModalityInfo { modality, dim });
        }
        Ok(Self {
            language,
            max_steps: written.max_steps,
            modalities,
            normaliser: Normaliser {
                modalities: scalings,
            },
        })
    }
}

impl Scaled {
    /// The scaling; the field and what is wrong with it where there are not as many finite numbers as values.
    fn affine(self) -> Result<Affine, (&'static str, String)> {
        let length = match self.normalisation {
            Normalisation::None => 0,
            _ => self.dim,
        };
        let numbers = |name, values: Vec<f64>| {
            let numbers: Vec<f32> = values.iter().map(|&value| value as f32).collect();
            if numbers.len() != length || !numbers.iter().all(|number| number.is_finite()) {
                let found = values.len();
                return Err((
                    name,
                    format!("expected {length} finite numbers in the range of f32, found {found}"),
                ));
            }
            Ok(numbers)
        };
        Ok(Affine {
            normalisation: self.normalisation,
            shift: numbers("shift", self.shift)?,
            scale: numbers("scale", self.scale)?,
        })
    }
}

fn parse<T: DeserializeOwned>(text: &[u8], path: &Path) -> Result<T, Error> {
    let json = &mut serde_json::Deserializer::from_slice(text);
    serde_path_to_error::deserialize(json).map_err(|error| {
        let field = error.path().to_string();
        Error::preparation(path, &field, error.into_inner().to_string())
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = NewFile::beside(path)?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.finish()
}
