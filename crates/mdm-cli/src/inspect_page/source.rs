//! Where a store comes from.

use mdm_data::store::Manifest;

/// Names, sizes and hashes of the source and of the parts of the store.
pub fn facts(manifest: &Manifest) -> Vec<(String, String)> {
    let source = &manifest.source;
    let mut facts = vec![
        ("layout".to_owned(), source.layout.to_string()),
        (
            "source file".into(),
            file(&source.file_name, source.bytes, &source.sha256),
        ),
    ];
    if let Some(vectors) = &source.vectors {
        let about = file(&vectors.file_name, vectors.bytes, &vectors.sha256);
        facts.push(("word vectors".into(), about));
        facts.push(("covered words".into(), vectors.coverage.to_string()));
    }
    for (name, part) in &manifest.parts {
        let about = format!("{} bytes, SHA-256 {}", part.bytes, part.sha256);
        facts.push((name.clone(), about));
    }
    facts
}

fn file(name: &str, bytes: u64, sha256: &str) -> String {
    format!("{name}, {bytes} bytes, SHA-256 {sha256}")
}
