//! Corpora of one to four modalities, and the choice of some of them.

mod common;

use std::path::Path;

use common::{corpus, fails, mdm, stderr, stdout, succeeds, train, write_store};
use mdm_data::Corpus;
use mdm_data::corpus::{Features, Modality};
use mdm_data::synthetic::{SyntheticConfig, generate};

/// `mdm train` into a folder of its own, with these settings.
fn run(folder: &Path, dataset: &str, settings: &[&str]) -> std::process::Output {
    let out = folder.join("run");
    let _ = std::fs::remove_dir_all(&out);
    let settings = settings.iter().flat_map(|setting| ["--set", *setting]);
    let args = ["--dataset", dataset, "--out", out.to_str().unwrap()];
    train(&args.into_iter().chain(settings).collect::<Vec<_>>())
}

fn stored(corpus: &Corpus, folder: &Path) -> String {
    let store = folder.join("store");
    write_store(corpus, &store);
    store.to_str().unwrap().to_owned()
}

#[test]
fn models_train_on_two_and_four_modalities() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    for (dims, hidden, total_correlation) in [
        ("[6, 4]", "[4, 4]", "0.3645"),
        ("[6, 4, 4, 3]", "[4, 4, 4, 2]", "1.4354"),
    ] {
        for model in ["ef-lstm", "late-lstm"] {
            let output = run(
                folder.path(),
                "synthetic",
                &[
                    &format!("data.synthetic.dims={dims}"),
                    &format!("model.late_lstm.hidden={hidden}"),
                    &format!("model.name={model}"),
                ],
            );
            succeeds(&output);
            let note = format!("total correlation {total_correlation} nats");
            assert!(stderr(&output).contains(&note), "{}", stderr(&output));
        }
        let output = mdm(["evaluate", out.to_str().unwrap(), "--json"]);
        succeeds(&output);
    }
    // The last run has four.
    let output = mdm(["evaluate", out.to_str().unwrap(), "--drop", "physiology"]);
    succeeds(&output);
    let kept = "kept: language, audio, vision; dropped: physiology, of every utterance";
    assert!(stdout(&output).contains(kept), "{}", stdout(&output));
}

#[test]
fn a_store_of_four_modalities_is_normalised_inspected_and_trained() {
    let folder = tempfile::tempdir().unwrap();
    let config = SyntheticConfig {
        train: 20,
        valid: 8,
        test: 8,
        dims: vec![4, 3, 2, 3],
        ..Default::default()
    };
    let store = stored(&generate(&config).unwrap().corpus, folder.path());
    let page = folder.path().join("page.html");
    let output = mdm(["data", "inspect", &store, "--html", page.to_str().unwrap()]);
    succeeds(&output);
    let printed = stdout(&output);
    let dims = "language 4, audio 3, vision 2, physiology 3";
    assert!(printed.contains(dims), "{printed}");
    let page = std::fs::read_to_string(page).unwrap();
    for part in ["Lengths in physiology", "The features of physiology"] {
        assert!(page.contains(part), "{part}");
    }
    let mean = |normalise: &str| {
        let settings = [&*format!("data.normalise.physiology={normalise}")];
        let output = run(folder.path(), &store, &settings);
        succeeds(&output);
        let metrics = std::fs::read_to_string(folder.path().join("run/metrics.json"));
        metrics.unwrap()
    };
    assert_ne!(mean("none"), mean("standard"));
}

#[test]
fn some_modalities_are_chosen_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut corpus = corpus();
    // Audio has twice the frames, so that it alone is longer than language.
    for utterance in corpus
        .train
        .iter_mut()
        .chain(&mut corpus.valid)
        .chain(&mut corpus.test)
    {
        let audio = &mut utterance.features[1];
        *audio = Features::new(2, [audio.data(), audio.data()].concat());
    }
    let store = stored(&corpus, folder.path());
    let with = |settings: &[&str]| run(folder.path(), &store, settings);
    let late = "model.name=late-lstm";
    succeeds(&with(&[
        r#"data.modalities=["vision", "language"]"#,
        late,
        "model.late_lstm.hidden=[4, 4]",
    ]));
    let run = folder.path().join("run");
    let output = mdm(["evaluate", run.to_str().unwrap(), "--keep", "vision"]);
    succeeds(&output);
    assert!(stdout(&output).contains("kept: vision; dropped: language"));
    let output = mdm(["evaluate", run.to_str().unwrap(), "--keep", "audio"]);
    fails(&output, 2, &["--keep", "audio", "it has language, vision"]);

    // The steps are those of the first modality that is kept.
    let four = "data.max_steps=4";
    let text = r#"data.modalities=["language"]"#;
    let output = with(&[text, four, "penalty.measure=none"]);
    succeeds(&output);
    assert!(!stderr(&output).contains("are cut"), "{}", stderr(&output));
    let output = with(&[r#"data.modalities=["audio", "vision"]"#, four]);
    succeeds(&output);
    assert!(
        stderr(&output).contains("are cut to their first 4 steps"),
        "{}",
        stderr(&output)
    );
    fails(&with(&[text]), 2, &["penalty.measure", "single modality"]);
}

#[test]
fn modalities_that_are_not_there_are_usage_errors() {
    let folder = tempfile::tempdir().unwrap();
    let store = stored(&corpus(), folder.path());
    let with = |list: &str| run(folder.path(), &store, &[&format!("data.modalities={list}")]);
    let has = "language, audio, vision";
    fails(
        &with(r#"["audio", "physiology"]"#),
        2,
        &["data.modalities", has, "small"],
    );
    fails(
        &with(r#"["audio", "audio"]"#),
        2,
        &["data.modalities", has, "each once"],
    );
    fails(
        &with(r#"["audio", "text"]"#),
        2,
        &[
            "data.modalities",
            "text",
            "language",
            "audio",
            "vision",
            "physiology",
        ],
    );
    assert!(!folder.path().join("run").exists());
}

#[test]
fn without_language_no_word_vectors_are_needed() {
    let folder = tempfile::tempdir().unwrap();
    let mut words = corpus();
    words.keep(&[Modality::Audio, Modality::Vision]).unwrap();
    let store = stored(&words, folder.path());
    fails(&run(folder.path(), &store, &[]), 2, &["data.word_vectors"]);
    let audio = r#"data.modalities=["audio"]"#;
    let missing = "data.word_vectors=no/such/file";
    succeeds(&run(
        folder.path(),
        &store,
        &[audio, missing, "penalty.measure=none"],
    ));
    let both = r#"data.modalities=["vision", "audio"]"#;
    succeeds(&run(folder.path(), &store, &[both]));
}

#[test]
fn absurd_sizes_of_the_synthetic_corpus_are_usage_errors() {
    let folder = tempfile::tempdir().unwrap();
    for (setting, parts) in [
        (
            "dims=[9223372036854775807, 8]",
            ["data.synthetic.dims", "1048576"],
        ),
        ("dims=[8]", ["data.synthetic.dims", "2 to 4 widths"]),
        (
            "steps=[1, 9223372036854775807]",
            ["data.synthetic.steps", "1048576"],
        ),
        (
            "train=9223372036854775807",
            ["data.synthetic.{train", "8 GiB"],
        ),
    ] {
        let setting = format!("data.synthetic.{setting}");
        fails(&run(folder.path(), "synthetic", &[&setting]), 2, &parts);
    }
}
