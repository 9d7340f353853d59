//! `mdm data inspect` and its page.

mod common;

use std::fs;
use std::path::Path;

use common::{corpus, data_dir, fails, mdm, stderr, stdout, succeeds, write_store};
use mdm_data::corpus::Corpus;
use roxmltree::{Document, Node, ParsingOptions};

/// The page of a corpus, and what was printed beside it.
fn inspect(corpus: &Corpus, folder: &Path, args: &[&str]) -> (String, String) {
    let store = folder.join("store");
    if !store.exists() {
        write_store(corpus, &store);
    }
    let page = folder.join("page.html");
    let mut all = vec!["data", "inspect", store.to_str().unwrap()];
    all.extend(["--html", page.to_str().unwrap()]);
    all.extend(args);
    let output = mdm(all);
    succeeds(&output);
    assert_eq!(stderr(&output), "");
    (fs::read_to_string(page).unwrap(), stdout(&output))
}

/// Parses the page strictly: every element closed, every attribute quoted, nothing unescaped.
fn parse(page: &str) -> Document<'_> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(page, options).unwrap_or_else(|error| panic!("{error}"))
}

fn elements<'a>(page: &'a Document, name: &str) -> Vec<Node<'a, 'a>> {
    let nodes = page.descendants().filter(|node| node.has_tag_name(name));
    nodes.collect()
}

fn text(node: &Node) -> String {
    let nodes = node
        .descendants()
        .filter_map(|node| node.text().filter(|_| node.is_text()));
    nodes.collect()
}

#[test]
fn the_page_holds_every_table_and_picture() {
    let folder = tempfile::tempdir().unwrap();
    let (page, printed) = inspect(&corpus(), folder.path(), &[]);
    assert!(printed.contains("page written to"), "{printed}");
    let page = parse(&page);
    assert_eq!(elements(&page, "table").len(), 3);
    // Labels, three lengths, three modalities of features, one utterance; each says what it is.
    let pictures = elements(&page, "svg");
    assert_eq!(pictures.len(), 8);
    for picture in pictures {
        assert!(
            picture
                .attribute("aria-label")
                .is_some_and(|alt| alt.len() > 20)
        );
        let is_axis_name = |node: &Node| node.attribute("class") == Some("axis-name");
        assert!(picture.descendants().any(|node| is_axis_name(&node)));
        assert!(picture.descendants().any(|node| node.has_tag_name("title")));
    }
    let all = text(&page.root_element());
    let hash = "0".repeat(64);
    for part in [
        "Corpus small",
        "train 12, valid 6, test 6",
        "language 3, audio 2, vision 2",
        "small.pkl",
        hash.as_str(),
        "utterances.parquet",
        "label (bins of",
        "language: steps per utterance",
        "the first of median length",
        "train-1",
        "language, step 2: word",
        "train, language: steps per utterance 3: 4 utterances, 33.3 %",
    ] {
        assert!(all.contains(part), "{part} is not in\n{all}");
    }
}

#[test]
fn the_page_needs_nothing_else_and_has_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    let (page, _) = inspect(&corpus(), folder.path(), &[]);
    for outside in [
        "http:", "https:", "//", "<script", "<link", "@import", "url(",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'"));
    let other = tempfile::tempdir().unwrap();
    assert!(page == inspect(&corpus(), other.path(), &[]).0);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn hostile_text_is_text() {
    let hostile = "</title></svg><script>alert('1')</script>&\"\0\u{1b}";
    let mut corpus = corpus();
    corpus.name = hostile.into();
    for utterance in &mut corpus.train {
        utterance.id += hostile;
        utterance.words.fill(hostile.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let (page, _) = inspect(&corpus, folder.path(), &[]);
    assert!(!page.contains("<script"), "{page}");
    let page = parse(&page);
    let shown = "</title></svg><script>alert('1')</script>&\"\u{FFFD}\u{FFFD}";
    let titles = elements(&page, "title");
    assert!(titles.iter().any(|title| text(title).contains(shown)));
    let facts = elements(&page, "dd");
    assert!(
        facts
            .iter()
            .any(|fact| text(fact) == format!("train-1{shown}"))
    );
}

#[test]
fn any_utterance_can_be_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let (page, _) = inspect(&corpus(), folder.path(), &["--utterance", "test-5"]);
    let page = parse(&page);
    let facts: Vec<_> = elements(&page, "dd").iter().map(text).collect();
    assert!(facts.contains(&"test (as asked for)".into()), "{facts:?}");

    let [store, page] = ["store", "page.html"].map(|name| folder.path().join(name));
    let before = fs::read(&page).unwrap();
    let [store, page_name] = [&store, &page].map(|path| path.to_str().unwrap());
    let args = [
        "data",
        "inspect",
        store,
        "--html",
        page_name,
        "--utterance",
        "test-55",
    ];
    fails(&mdm(args), 2, &["no utterance \"test-55\"", "test-5"]);
    assert!(fs::read(&page).unwrap() == before);
    let output = mdm(["data", "inspect", store, "--utterance", "test-5"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--html"), "{}", stderr(&output));
}

#[test]
fn a_page_that_cannot_be_written_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    write_store(&corpus(), &store);
    let page = folder.path().join("nowhere").join("page.html");
    let [store, page] = [&store, &page].map(|path| path.to_str().unwrap());
    fails(&mdm(["data", "inspect", store, "--html", page]), 1, &[page]);
}

#[test]
fn json_has_the_distributions_beside_the_summary() {
    let folder = tempfile::tempdir().unwrap();
    let (_, printed) = inspect(&corpus(), folder.path(), &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(json["splits"][0]["utterances"], 12);
    assert_eq!(json["label_histograms"][1]["split"], "valid");
    assert_eq!(
        json["length_histograms"][0]["counts"],
        serde_json::json!([4, 4, 4])
    );
    assert_eq!(json["features"][6]["modality"], "vision");
    assert!(json["features"][6]["range"]["median"].is_number());
    assert_eq!(json["emotions"], serde_json::json!([]));
}

#[test]
fn a_corpus_without_utterances_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let empty = Corpus::new("empty", corpus().modalities);
    let (page, _) = inspect(&empty, folder.path(), &[]);
    let page = parse(&page);
    assert_eq!(elements(&page, "svg").len(), 7);
    assert!(text(&page.root_element()).contains("test: no utterances"));
}

#[test]
fn real_corpora_have_pages_prepared_or_not() {
    let Some(data) = data_dir() else {
        return;
    };
    for (file, value, missing) in [
        // The one infinite value of the file, in one of 420 frames; preparation replaces it.
        ("mosi/mosi_mmsa_layout.pkl", "audio 7: ", "missing 0.2 %"),
        ("mmmo/mmmo_mult_layout.pkl", "language 299: ", "missing 0 %"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let [store, page] = ["store", "page.html"].map(|name| folder.path().join(name));
        let [store, page_name] = [&store, &page].map(|path| path.to_str().unwrap());
        let input = data.join(file);
        let input = input.to_str().unwrap();
        succeeds(&mdm([
            "data", "prepare", "--input", input, "--output", store,
        ]));
        for (corpus, has_source) in [(store, true), (input, false)] {
            succeeds(&mdm(["data", "inspect", corpus, "--html", page_name]));
            let page = fs::read_to_string(&page).unwrap();
            let page = parse(&page);
            let titles: Vec<_> = elements(&page, "title").iter().map(text).collect();
            let of_value = titles.iter().find(|title| title.starts_with(value));
            assert!(of_value.unwrap().ends_with(missing), "{of_value:?}");
            let headings: Vec<_> = elements(&page, "h2").iter().map(text).collect();
            let is_source = |heading: &String| heading == "Source";
            assert_eq!(headings.iter().any(is_source), has_source, "{corpus}");
        }
    }
}
