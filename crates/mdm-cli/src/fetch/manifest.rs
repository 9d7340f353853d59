//! `datasets/NAME/manifest.toml`: the files of a corpus or a model, where they come from and how to tell that they are
//! right. Loading by name and fetching read the same manifest.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, anyhow, bail, ensure};
use mdm_data::corpus::Split;
use mdm_data::layout::Layout;
use serde::Deserialize;

use super::expected::Expected;

/// A manifest. Every path in it is relative to the folder of its [`Kind`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its name, that of its folder in `datasets/`.
    pub name: String,
    /// What it describes.
    pub kind: Kind,
    /// What it is, in a line.
    pub title: String,
    /// Under what terms the files may be used.
    pub licence: String,
    /// How to come by the files where no address gives them.
    pub by_hand: Option<String>,
    /// How to load it; only where `mdm` can, and only for a dataset.
    pub corpus: Option<CorpusSource>,
    /// The files.
    pub files: Vec<FileSource>,
}

/// What a manifest describes, which decides below which folder its files lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A corpus.
    Dataset,
    /// A GloVe text file.
    WordVectors,
    /// A pretrained encoder with its tokeniser.
    Model,
}

/// What loading reads.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorpusSource {
    /// The layout.
    pub layout: Layout,
    /// The file or folder, one of the manifest's.
    pub path: PathBuf,
    /// The vectors of the words, for a layout without language features; may be a file of another manifest.
    pub word_vectors: Option<PathBuf>,
    /// Utterances in each split.
    pub splits: BTreeMap<Split, usize>,
}

/// A file to fetch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSource {
    /// Where it goes.
    pub path: PathBuf,
    /// Its length.
    pub bytes: Option<u64>,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: Option<String>,
    /// Where to download it, the best first; none for a file that has to be brought.
    #[serde(default)]
    pub urls: Vec<String>,
    /// For a zip archive: what to take out of it. The archive itself is not kept.
    #[serde(default)]
    pub unpack: Vec<Member>,
    /// Whether length and SHA-256 were computed from a copy of the file, rather than taken from somebody's word.
    pub verified: bool,
    /// Who says so, or what is not known; needed where `verified` is false.
    pub note: Option<String>,
}

/// A file in an archive; it goes where the archive would be.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name in the archive, without folders.
    pub name: String,
    /// Its length.
    pub bytes: Option<u64>,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: Option<String>,
}

/// A file that stands in the data folder in the end: one of the manifest, or a member of one.
pub struct Target<'a> {
    /// Relative to the folder.
    pub path: PathBuf,
    pub expected: Expected<'a>,
}

impl Manifest {
    /// Reads a manifest from a text and checks it; `origin` names it in errors.
    ///
    /// # Errors
    ///
    /// What is wrong, with the field.
    pub fn parse(text: &str, origin: &Path) -> anyhow::Result<Self> {
        let table = toml::Deserializer::parse(text)
            .map_err(|error| anyhow!("{}: {}", origin.display(), one_line(&error)))?;
        let manifest: Self = serde_path_to_error::deserialize(table).map_err(|error| {
            let field = error.path().to_string();
            let message = one_line(error.inner());
            anyhow!("{}, {field}: {message}", origin.display())
        })?;
        manifest
            .check()
            .with_context(|| origin.display().to_string())?;
        Ok(manifest)
    }

    /// The files that stand, or will stand, at this path: one, or those of a folder.
    pub fn targets(&self, path: &Path) -> impl Iterator<Item = Target<'_>> {
        let targets = self.files.iter().flat_map(FileSource::targets);
        targets.filter(move |target| target.path.starts_with(path))
    }

    /// Whether it brings this path.
    pub fn brings(&self, path: &Path) -> bool {
        self.targets(path).next().is_some()
    }

    /// Bytes to download, if they are known.
    pub fn bytes(&self) -> Option<u64> {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn check(&self) -> anyhow::Result<()> {
        check_name("name", &self.name)?;
        ensure!(!self.files.is_empty(), "files: expected at least one");
        for (index, file) in self.files.iter().enumerate() {
            file.check().with_context(|| format!("files[{index}]"))?;
        }
        if let Some(corpus) = &self.corpus {
            ensure!(
                self.kind == Kind::Dataset,
                "corpus: expected only with kind = \"dataset\""
            );
            ensure!(
                self.brings(&corpus.path),
                "corpus.path: expected one of the files or their folder, found {}",
                corpus.path.display()
            );
            if let Some(path) = &corpus.word_vectors {
                check_path("corpus.word_vectors", path)?;
            }
        }
        Ok(())
    }
}

impl Kind {
    /// The variable with the folder of such files.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Dataset | Self::WordVectors => "MDM_DATA_DIR",
            Self::Model => "MDM_MODELS_DIR",
        }
    }

    /// The command that fetches such files.
    pub fn command(self) -> &'static str {
        match self {
            Self::Dataset | Self::WordVectors => "mdm data fetch",
            Self::Model => "mdm model fetch",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dataset => "dataset",
            Self::WordVectors => "word vectors",
            Self::Model => "model",
        })
    }
}

impl FileSource {
    /// What is known of the file as it is downloaded.
    pub fn expected(&self) -> Expected<'_> {
        Expected {
            bytes: self.bytes,
            sha256: self.sha256.as_deref(),
        }
    }

    /// The files that stand in the data folder in the end.
    pub fn targets(&self) -> Vec<Target<'_>> {
        if self.unpack.is_empty() {
            return vec![Target {
                path: self.path.clone(),
                expected: self.expected(),
            }];
        }
        let members = self.unpack.iter().map(|member| Target {
            path: self.path.with_file_name(&member.name),
            expected: Expected {
                bytes: member.bytes,
                sha256: member.sha256.as_deref(),
            },
        });
        members.collect()
    }

    fn check(&self) -> anyhow::Result<()> {
        check_path("path", &self.path)?;
        check_sha256("sha256", self.sha256.as_deref())?;
        for url in &self.urls {
            let is_web = url.starts_with("https://") || url.starts_with("http://");
            ensure!(is_web, "urls: expected http:// or https://, found {url:?}");
        }
        for member in &self.unpack {
            check_name("unpack.name", &member.name)?;
            ensure!(
                self.path.file_name() != Some(member.name.as_ref()),
                "unpack.name: expected another name than the archive's"
            );
            check_sha256("unpack.sha256", member.sha256.as_deref())?;
        }
        if self.verified {
            let is_known = self.bytes.is_some() && self.sha256.is_some();
            ensure!(is_known, "verified: expected bytes and sha256 beside it");
        } else {
            ensure!(
                self.note.is_some(),
                "note: expected who vouches for the file, since it is not verified"
            );
        }
        Ok(())
    }
}

/// A name that stays in its folder on every system.
fn check_name(field: &str, name: &str) -> anyhow::Result<()> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
        bail!("{field}: expected a name of letters, digits, `.`, `_` and `-`, found {name:?}");
    }
    Ok(())
}

fn check_path(field: &str, path: &Path) -> anyhow::Result<()> {
    let stays_inside = |part: Component<'_>| matches!(part, Component::Normal(_));
    let is_inside = path.components().count() > 0 && path.components().all(stays_inside);
    ensure!(
        is_inside,
        "{field}: expected a path below the data folder, found {:?}",
        path.display().to_string()
    );
    Ok(())
}

fn check_sha256(field: &str, sha256: Option<&str>) -> anyhow::Result<()> {
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if let Some(text) = sha256.filter(|text| text.len() != 64 || !text.chars().all(is_digit)) {
        bail!("{field}: expected 64 lower-case hexadecimal digits, found {text:?}");
    }
    Ok(())
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().trim_end().replace('\n', ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn text(file: &str) -> String {
        format!(
            "name = \"mine\"\nkind = \"dataset\"\ntitle = \"Mine\"\nlicence = \"Mine\"\n\n\
             [corpus]\nlayout = \"mag\"\npath = \"mine/a.pkl\"\nsplits = {{ train = 2 }}\n\n[[files]]\n{file}\n"
        )
    }

    #[test]
    fn a_manifest_names_its_targets() {
        let file = format!(
            "path = \"mine/all.zip\"\nverified = true\nbytes = 0\nsha256 = \"{SHA256}\"\n\
             unpack = [{{ name = \"a.pkl\", bytes = 3 }}]"
        );
        let manifest = Manifest::parse(&text(&file), Path::new("m.toml")).unwrap();
        let target = manifest.targets(Path::new("mine/a.pkl")).next().unwrap();
        assert_eq!(target.expected.bytes, Some(3));
        assert!(!manifest.brings(Path::new("mine/all.zip")));
        assert!(manifest.brings(Path::new("mine")) && !manifest.brings(Path::new("min")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let right = "path = \"mine/a.pkl\"\nverified = false\nnote = \"n\"\n";
        Manifest::parse(&text(right), Path::new("m.toml")).unwrap();
        for (file, parts) in [
            (
                "path = \"mine/a.pkl\"\nverified = false",
                ["files[0]", "note: expected"],
            ),
            (
                "path = \"mine/a.pkl\"\nverified = true",
                ["files[0]", "verified: expected bytes and sha256"],
            ),
            (
                &format!("{right}sha256 = \"abc\""),
                [
                    "files[0]",
                    "64 lower-case hexadecimal digits, found \"abc\"",
                ],
            ),
            (
                &format!("{right}urls = [\"ftp://x/a\"]"),
                ["files[0]", "expected http:// or https://"],
            ),
            (
                &format!("{right}sha265 = \"{SHA256}\""),
                ["files[0]", "unknown field `sha265`"],
            ),
            (
                &right.replace("mine/a", "../a"),
                ["files[0]", "path: expected a path below the data folder"],
            ),
            (
                &right.replace("mine/a", "/etc/a"),
                ["files[0]", "path: expected a path below the data folder"],
            ),
            (
                &right.replace("mine/a", "mine/b"),
                ["corpus.path", "found mine/a.pkl"],
            ),
            (
                &format!("{right}unpack = [{{ name = \"../x\" }}]"),
                ["files[0]", "unpack.name: expected a name"],
            ),
        ] {
            let error = Manifest::parse(&text(file), Path::new("m.toml")).unwrap_err();
            let message = format!("{error:#}");
            for part in parts.iter().chain(&["m.toml"]) {
                assert!(message.contains(part), "`{part}` is not in: {message}");
            }
        }
    }
}
