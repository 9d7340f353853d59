//! Reading a store: every part is held against the manifest and against the others.

use std::fs;
use std::path::Path;

use super::manifest::{self, Manifest};
use super::table;
use super::tensors::Tensors;
use super::{FEATURES, UTTERANCES};
use crate::corpus::{Corpus, Split, Utterance};
use crate::error::Error;
use crate::hash;

/// Opens a prepared store.
///
/// The length of every part, the hash of the table, all types, shapes, offsets and counts are checked. The hash of the
/// features is not, because that takes as long as everything else together; [`verify`] does it.
///
/// # Errors
///
/// [`Error::Io`] for a missing part; [`Error::Manifest`], [`Error::Table`], [`Error::Tensors`] for one that cannot be
/// read; [`Error::Store`] for parts that contradict each other, with the part and the field.
pub fn read(dir: &Path) -> Result<(Corpus, Manifest), Error> {
    let manifest = manifest::read(dir)?;
    let table_path = dir.join(UTTERANCES);
    let bytes = part(&manifest, dir, UTTERANCES)?;
    // Checked before it is parsed: the table is small, and Polars makes no promise about damaged files.
    let expected = &manifest.parts[UTTERANCES].sha256;
    let found = hash::sha256(&bytes);
    if *expected != found {
        return Err(Error::store(&table_path, "SHA-256", expected, found));
    }
    let rows = table::read(bytes, &manifest.modalities, &table_path)?;

    let features_path = dir.join(FEATURES);
    let bytes = part(&manifest, dir, FEATURES)?;
    let tensors = Tensors::open(&bytes, &features_path)?;
    let mut corpus = Corpus::new(&manifest.name, manifest.modalities.clone());
    for split in Split::ALL {
        let steps = |modality| {
            let counts = manifest.splits.get(&split)?;
            counts.steps.get(&modality).copied()
        };
        let mut streams = Vec::new();
        for info in &manifest.modalities {
            let field = format!("splits.{split}.steps.{}", info.modality);
            let total = steps(info.modality)
                .ok_or_else(|| Error::store(dir, &field, "a number", "nothing"))?;
            // With the place where the next utterance has to begin.
            streams.push((tensors.get(split, info, total)?, 0));
        }
        for row in rows.iter().filter(|row| row.split == split) {
            let mut features = Vec::new();
            for ((stream, next), (info, &(offset, steps))) in streams
                .iter_mut()
                .zip(manifest.modalities.iter().zip(&row.places))
            {
                let cut = stream
                    .cut(offset, steps)
                    .filter(|_| steps > 0 && offset == *next);
                let cut = cut.ok_or_else(|| {
                    let field = format!("{split}, {}, {}", row.id, info.modality);
                    let expected = format!("steps from {next} within the tensor");
                    Error::store(
                        &table_path,
                        field,
                        expected,
                        format!("{steps} steps from {offset}"),
                    )
                })?;
                *next += steps;
                features.push(cut);
            }
            if !row.label.is_finite() {
                let field = format!("{split}, {}, label", row.id);
                return Err(Error::store(
                    &table_path,
                    field,
                    "a finite number",
                    row.label,
                ));
            }
            corpus.split_mut(split).push(Utterance {
                id: row.id.clone(),
                words: row.words.clone(),
                features,
                label: row.label,
                ..Utterance::default()
            });
        }
    }
    let found = manifest::counts(&corpus);
    if found != manifest.splits {
        let expected = format!("{:?}", manifest.splits);
        return Err(Error::store(
            &table_path,
            "sizes of the splits",
            expected,
            format!("{found:?}"),
        ));
    }
    Ok((corpus, manifest))
}

/// Opens a prepared store and also checks the hash of every part.
///
/// # Errors
///
/// As [`read`], and [`Error::Store`] for a hash that differs.
pub fn verify(dir: &Path) -> Result<Manifest, Error> {
    let manifest = manifest::read(dir)?;
    for (name, part) in &manifest.parts {
        if ![UTTERANCES, FEATURES].contains(&name.as_str()) {
            return Err(Error::store(
                dir,
                "parts",
                format!("{UTTERANCES} and {FEATURES}"),
                name,
            ));
        }
        let path = dir.join(name);
        let (bytes, sha256) = hash::sha256_file(&path)?;
        if bytes != part.bytes {
            return Err(Error::store(&path, "length", part.bytes, bytes));
        }
        if sha256 != part.sha256 {
            return Err(Error::store(&path, "SHA-256", &part.sha256, sha256));
        }
    }
    read(dir)?;
    Ok(manifest)
}

/// The bytes of a part, of the length that the manifest gives.
fn part(manifest: &Manifest, dir: &Path, name: &str) -> Result<Vec<u8>, Error> {
    let path = dir.join(name);
    let Some(part) = manifest.parts.get(name) else {
        return Err(Error::store(dir, "parts", name, "no such entry"));
    };
    let found = fs::metadata(&path).map_err(Error::io("read", &path))?.len();
    if found != part.bytes {
        return Err(Error::store(&path, "length", part.bytes, found));
    }
    fs::read(&path).map_err(Error::io("read", &path))
}
