//! Word vectors from GloVe text files, and language features made of them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::corpus::{Corpus, Features, Modality, ModalityInfo, Split};
use crate::error::Error;

/// A vector of the same length for each of many words.
#[derive(Clone, Debug, PartialEq)]
pub struct WordVectors {
    dim: usize,
    index: HashMap<String, usize>,
    data: Vec<f32>,
}

/// Longest line that is read. GloVe's longest are under 10 kB.
const LONGEST_LINE: u64 = 1 << 20;

impl WordVectors {
    /// An empty vocabulary.
    ///
    /// # Panics
    ///
    /// If `dim` is 0.
    pub fn new(dim: usize) -> Self {
        assert!(dim > 0, "word vectors need at least one dimension");
        Self {
            dim,
            index: HashMap::new(),
            data: Vec::new(),
        }
    }

    /// Reads a GloVe text file: a word and its values per line, with single spaces between. The first line tells how
    /// many values there are. A leading line of two numbers (the header of word2vec's text format) is skipped, and of
    /// a word that occurs twice the first vector counts.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]; [`Error::WordVectors`] with the line, what was expected and what was found.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::read_where(path, |_| true)
    }

    /// As [`WordVectors::read`], but keeps only the words that `corpus` can look up, so that a file of many gigabytes
    /// needs little memory.
    ///
    /// # Errors
    ///
    /// As [`WordVectors::read`].
    pub fn read_for(path: &Path, corpus: &Corpus) -> Result<Self, Error> {
        let mut wanted = HashSet::new();
        for word in corpus.utterances().flat_map(|(_, u)| &u.words) {
            wanted.insert(word.clone());
            wanted.insert(word.to_lowercase());
        }
        Self::read_where(path, |word| wanted.contains(word))
    }

    fn read_where(path: &Path, keep: impl Fn(&str) -> bool) -> Result<Self, Error> {
        let mut reader = BufReader::new(File::open(path).map_err(Error::io("read", path))?);
        let mut vectors: Option<Self> = None;
        let mut line = Vec::new();
        let mut values = Vec::new();
        for number in 1.. {
            line.clear();
            let mut limited = reader.by_ref().take(LONGEST_LINE);
            let length = limited
                .read_until(b'\n', &mut line)
                .map_err(Error::io("read", path))?;
            if length == 0 {
                break;
            }
            let wrong = |expected: String, found: String| Error::WordVectors {
                path: path.to_owned(),
                line: number,
                expected,
                found,
            };
            if length as u64 == LONGEST_LINE {
                return Err(wrong(
                    format!("a line under {LONGEST_LINE} bytes"),
                    "a longer one".into(),
                ));
            }
            let text = std::str::from_utf8(&line)
                .map_err(|_| wrong("UTF-8 text".into(), "other bytes".into()))?
                .trim_end();
            let fields = text.split(' ').count();
            if number == 1 && fields == 2 && text.split(' ').all(|f| f.parse::<u64>().is_ok()) {
                continue;
            }
            if vectors.is_none() && fields < 2 {
                return Err(wrong(
                    "a word and its values".into(),
                    format!("{fields} field"),
                ));
            }
            let vectors = vectors.get_or_insert_with(|| Self::new(fields - 1));
            // From the right, because GloVe 840B has words with spaces in them.
            let mut parts = text.rsplitn(vectors.dim + 1, ' ');
            values.clear();
            for part in parts.by_ref().take(vectors.dim) {
                match part.parse::<f32>() {
                    Ok(value) if value.is_finite() => values.push(value),
                    _ => {
                        return Err(wrong(
                            format!("{} finite numbers", vectors.dim),
                            format!("{part:?}"),
                        ));
                    }
                }
            }
            let Some(word) = parts.next() else {
                let expected = format!("a word and {} values", vectors.dim);
                return Err(wrong(expected, format!("{fields} fields")));
            };
            if keep(word) {
                values.reverse();
                vectors.insert(word, &values);
            }
        }
        vectors.ok_or_else(|| Error::WordVectors {
            path: path.to_owned(),
            line: 1,
            expected: "a word and its values".into(),
            found: "the end of the file".into(),
        })
    }

    /// Adds a word, unless it is there already.
    ///
    /// # Panics
    ///
    /// If `vector` has another length than [`WordVectors::dim`].
    pub fn insert(&mut self, word: &str, vector: &[f32]) {
        assert_eq!(
            vector.len(),
            self.dim,
            "a word vector has another length than the others"
        );
        if !self.index.contains_key(word) {
            self.index.insert(word.to_owned(), self.index.len());
            self.data.extend_from_slice(vector);
        }
    }

    /// The vector of a word: of exactly this word, or else of its lower-case form.
    pub fn get(&self, word: &str) -> Option<&[f32]> {
        let lower = || self.index.get(&word.to_lowercase());
        let &place = self.index.get(word).or_else(lower)?;
        Some(&self.data[place * self.dim..(place + 1) * self.dim])
    }

    /// Values per word.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are no words.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }
}

/// How much of a corpus has a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbedReport {
    /// Words in all utterances.
    pub words: usize,
    /// Those with a vector.
    pub found: usize,
    /// Different words.
    pub distinct: usize,
    /// Those without a vector.
    pub distinct_missing: usize,
}

impl fmt::Display for EmbedReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} words have a vector; {} of {} different words have none and become zeros",
            self.found, self.words, self.distinct_missing, self.distinct
        )
    }
}

/// Gives a corpus language features, one vector per word, and puts them first. Features that are there already are
/// replaced. A word without a vector becomes zeros, and so does the single frame of an utterance without words.
///
/// # Shapes
///
/// `[words, vectors.dim()]` per utterance.
///
/// # Errors
///
/// [`Error::NoWords`] where no utterance has a word; the corpus is unchanged then.
pub fn embed(corpus: &mut Corpus, vectors: &WordVectors) -> Result<EmbedReport, Error> {
    if corpus.utterances().all(|(_, u)| u.words.is_empty()) {
        return Err(Error::NoWords {
            corpus: corpus.name.clone(),
        });
    }
    let mut seen: HashMap<String, bool> = HashMap::new();
    let (mut words, mut found) = (0, 0);
    let dim = vectors.dim();
    let present = corpus.index_of(Modality::Language);
    for split in Split::ALL {
        for utterance in corpus.split_mut(split) {
            let mut data = Vec::with_capacity(utterance.words.len().max(1) * dim);
            for word in &utterance.words {
                let vector = vectors.get(word);
                words += 1;
                found += usize::from(vector.is_some());
                if !seen.contains_key(word) {
                    seen.insert(word.clone(), vector.is_some());
                }
                match vector {
                    Some(vector) => data.extend_from_slice(vector),
                    None => data.resize(data.len() + dim, 0.0),
                }
            }
            data.resize(data.len().max(dim), 0.0);
            let features = Features::new(dim, data);
            match present {
                Some(index) => utterance.features[index] = features,
                None => utterance.features.insert(0, features),
            }
        }
    }
    let info = ModalityInfo {
        modality: Modality::Language,
        dim,
    };
    match present {
        Some(index) => corpus.modalities[index] = info,
        None => corpus.modalities.insert(0, info),
    }
    Ok(EmbedReport {
        words,
        found,
        distinct: seen.len(),
        distinct_missing: seen.values().filter(|&&has| !has).count(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::corpus::Utterance;

    fn read(content: &[u8]) -> Result<WordVectors, Error> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        WordVectors::read(file.path())
    }

    #[test]
    fn lines_with_odd_words_are_read() {
        let vectors = read(b"2 2\nthe 1 2\n. . . 3 4\nthe 9 9\n5 6 7\n").unwrap();
        assert_eq!((vectors.dim(), vectors.len()), (2, 3));
        assert_eq!(vectors.get("The"), Some(&[1.0, 2.0][..]));
        assert_eq!(vectors.get(". . ."), Some(&[3.0, 4.0][..]));
        assert_eq!(vectors.get("5"), Some(&[6.0, 7.0][..]));
        assert_eq!(vectors.get("a"), None);
    }

    #[test]
    fn an_exact_word_comes_before_its_lower_case() {
        let vectors = read(b"US 1\nus 2\n").unwrap();
        assert_eq!(vectors.get("US"), Some(&[1.0][..]));
        assert_eq!(vectors.get("Us"), Some(&[2.0][..]));
    }

    #[test]
    fn errors_name_the_line() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "line 1: expected a word and its values, found the end"),
            (
                b"the\n",
                "line 1: expected a word and its values, found 1 field",
            ),
            (
                b"the 1 2\na 1\n",
                "line 2: expected 2 finite numbers, found \"a\"",
            ),
            (
                b"the 1 2\n1 2\n",
                "line 2: expected a word and 2 values, found 2 fields",
            ),
            (
                b"the 1 x\n",
                "line 1: expected 2 finite numbers, found \"x\"",
            ),
            (b"the 1\n\xff 1\n", "line 2: expected UTF-8 text"),
        ];
        for (content, expected) in cases {
            let message = read(content).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
        assert!(read(b"the nan\n").is_err());
    }

    #[test]
    fn embedding_comes_first_and_counts_what_is_missing() {
        let modality = Modality::Audio;
        let mut corpus = Corpus::new("t", vec![ModalityInfo { modality, dim: 1 }]);
        for words in [vec!["Good", "film", "film"], vec![]] {
            corpus.train.push(Utterance {
                id: "a".into(),
                words: words.into_iter().map(str::to_owned).collect(),
                features: vec![Features::zeros(3, 1)],
                label: 0.0,
                ..Utterance::default()
            });
        }
        let vectors = read(b"good 1 2\n").unwrap();
        let report = embed(&mut corpus, &vectors).unwrap();
        let expected = EmbedReport {
            words: 3,
            found: 1,
            distinct: 2,
            distinct_missing: 1,
        };
        assert_eq!(report, expected);
        assert_eq!(corpus.dims(), [2, 1]);
        assert_eq!(corpus.index_of(Modality::Language), Some(0));
        assert_eq!(
            corpus.train[0].features[0].data(),
            &[1.0, 2.0, 0.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(corpus.train[1].features[0].data(), &[0.0, 0.0]);
        // Again: replaced, not added.
        embed(&mut corpus, &vectors).unwrap();
        assert_eq!(corpus.train[0].features.len(), 2);
        corpus.train.iter_mut().for_each(|u| u.words.clear());
        assert!(matches!(
            embed(&mut corpus, &vectors),
            Err(Error::NoWords { .. })
        ));
    }
}
