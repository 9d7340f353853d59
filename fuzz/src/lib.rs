//! What the targets share: files in memory, limits, and a small corpus.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use mdm_data::clean::CleanReport;
use mdm_data::corpus::{Corpus, Features, Modality, ModalityInfo, Utterance};
use mdm_data::layout::Layout;
use mdm_data::pickle::Limits;
use mdm_data::store::{self, SourceInfo};

/// What a target may use: far below the `-rss_limit_mb` of the fuzzer, so that passing it is a finding.
pub fn limits() -> Limits {
    Limits {
        memory: 64 << 20,
        ..Limits::default()
    }
}

/// A folder of this process, in memory where the system has such a place.
pub fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let shared = Path::new("/dev/shm");
        let parent = if shared.is_dir() {
            shared.to_owned()
        } else {
            std::env::temp_dir()
        };
        let folder = parent.join(format!("mdm-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the inputs");
        folder
    });
    &FOLDER
}

/// Writes a file below [`folder`], with the folders above it.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().join(name);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("a folder for the file");
    fs::write(&path, bytes).expect("a file of the input");
    path
}

/// A corpus of three utterances with words, audio and vision.
pub fn corpus() -> Corpus {
    let info = |modality, dim| ModalityInfo { modality, dim };
    let modalities = vec![info(Modality::Audio, 2), info(Modality::Vision, 3)];
    let mut corpus = Corpus::new("tiny", modalities);
    let utterance = |id: &str, words: &[&str], label| Utterance {
        id: id.into(),
        words: words.iter().map(|word| word.to_string()).collect(),
        features: vec![
            Features::new(2, vec![0.5; 2 * words.len()]),
            Features::new(3, vec![-1.5; 3 * words.len()]),
        ],
        label,
        ..Utterance::default()
    };
    corpus
        .train
        .push(utterance("a[0]", &["a", "good", "film"], 1.5));
    corpus.valid.push(utterance("b[0]", &["bad"], -3.0));
    corpus.test.push(utterance("c[0]", &["so", "so"], 0.0));
    corpus
}

/// Writes the corpus as a prepared store, unless it is there.
pub fn write_store(corpus: &Corpus, folder: &Path) {
    if folder.is_dir() {
        return;
    }
    let source = SourceInfo {
        layout: Layout::Mag,
        file_name: "tiny.pkl".into(),
        sha256: String::new(),
        bytes: 0,
        vectors: None,
    };
    store::write(corpus, &source, &CleanReport::default(), folder, false)
        .expect("a store of the corpus");
}
