//! Word vectors from GloVe text files.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::corpus::Corpus;
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
    /// many values there are. So does a leading line of two whole numbers, words and values (the header of word2vec's text
    /// format), and the word vectors begin after it. Of a word that occurs twice the first vector counts.
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
        let words = corpus.utterances().flat_map(|(_, u)| &u.words);
        Self::read_words(path, words.map(String::as_str))
    }

    /// As [`WordVectors::read_for`], from the words themselves.
    ///
    /// # Errors
    ///
    /// As [`WordVectors::read`].
    pub fn read_words<'w>(
        path: &Path,
        words: impl IntoIterator<Item = &'w str>,
    ) -> Result<Self, Error> {
        let mut wanted = HashSet::new();
        for word in words {
            if !wanted.contains(word) {
                wanted.insert(word.to_owned());
                wanted.insert(word.to_lowercase());
            }
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
            if number == 1
                && let Some(dim) = header(text)
            {
                vectors = Some(Self::new(dim));
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

    /// The vectors as [`WordVectors::read`] takes them, words in the order in which they came. The first line is that of
    /// word2vec's text format: without it, a number with a vector of one value could be taken for such a line.
    ///
    /// ```
    /// use mdm_data::glove::WordVectors;
    ///
    /// let mut vectors = WordVectors::new(2);
    /// vectors.insert("good", &[0.1, -2.0]);
    /// assert_eq!(vectors.to_text(), "1 2\ngood 0.1 -2\n");
    /// ```
    pub fn to_text(&self) -> String {
        let mut words: Vec<(&str, usize)> = self
            .index
            .iter()
            .map(|(word, &place)| (word.as_str(), place))
            .collect();
        words.sort_by_key(|&(_, place)| place);
        let mut text = format!("{} {}\n", self.len(), self.dim);
        for ((word, _), vector) in words.into_iter().zip(self.data.chunks_exact(self.dim)) {
            text.push_str(word);
            // The shortest decimal that is this `f32` and no other.
            for value in vector {
                text.push_str(&format!(" {value}"));
            }
            text.push('\n');
        }
        text
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

/// The number of values from the first line of word2vec's text format, which holds nothing but two whole numbers.
fn header(line: &str) -> Option<usize> {
    let (words, dim) = line.split_once(' ')?;
    words.parse::<u64>().ok()?;
    let dim = dim.parse().ok()?;
    // No line could hold more.
    (1..LONGEST_LINE as usize / 2).contains(&dim).then_some(dim)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

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
    fn what_is_written_is_read_again_to_the_bit() {
        let mut vectors = WordVectors::new(1);
        for (word, value) in [
            ("7", 3.0),
            (". .", f32::MIN_POSITIVE / 3.0),
            ("é", -0.1),
            ("x", 3e38),
        ] {
            vectors.insert(word, &[value]);
        }
        assert_eq!(read(vectors.to_text().as_bytes()).unwrap(), vectors);
        let empty = WordVectors::new(300);
        assert_eq!(read(empty.to_text().as_bytes()).unwrap(), empty);
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
}
