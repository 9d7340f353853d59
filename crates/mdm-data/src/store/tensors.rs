//! The features, written and read as safetensors.

use std::borrow::Cow;
use std::path::Path;

use safetensors::tensor::View;
use safetensors::{Dtype, SafeTensors};

use crate::corpus::{Corpus, Features, ModalityInfo, Split};
use crate::error::Error;

/// Name of the tensor of one modality of one split.
pub(super) fn name(split: Split, info: &ModalityInfo) -> String {
    format!("{split}.{}", info.modality)
}

/// All frames of one modality of one split. The bytes are made when they are written, one tensor at a time.
struct Joined<'c> {
    parts: Vec<&'c Features>,
    shape: [usize; 2],
}

impl View for Joined<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(self.data_len());
        for value in self.parts.iter().flat_map(|features| features.data()) {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        self.shape[0] * self.shape[1] * size_of::<f32>()
    }
}

/// Writes the features of all splits.
pub(super) fn write(corpus: &Corpus, path: &Path) -> Result<(), Error> {
    let mut tensors = Vec::new();
    for split in Split::ALL {
        for (index, info) in corpus.modalities.iter().enumerate() {
            let parts: Vec<&Features> = corpus
                .split(split)
                .iter()
                .map(|u| &u.features[index])
                .collect();
            let steps = parts.iter().map(|features| features.steps()).sum();
            let shape = [steps, info.dim];
            tensors.push((name(split, info), Joined { parts, shape }));
        }
    }
    safetensors::serialize_to_file(tensors, None, path).map_err(|source| Error::Tensors {
        action: "write",
        path: path.to_owned(),
        source,
    })
}

/// The tensors of a store, opened.
pub(super) struct Tensors<'b> {
    tensors: SafeTensors<'b>,
    path: &'b Path,
}

impl<'b> Tensors<'b> {
    pub(super) fn open(bytes: &'b [u8], path: &'b Path) -> Result<Self, Error> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|source| Error::Tensors {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self { tensors, path })
    }

    /// The bytes of one tensor, whose type and shape are as promised.
    pub(super) fn get(
        &self,
        split: Split,
        info: &ModalityInfo,
        steps: usize,
    ) -> Result<Rows<'b>, Error> {
        let name = name(split, info);
        let view = self
            .tensors
            .tensor(&name)
            .map_err(|source| Error::Tensors {
                action: "read",
                path: self.path.to_owned(),
                source,
            })?;
        let shape = [steps, info.dim];
        if view.dtype() != Dtype::F32 || view.shape() != shape {
            let expected = format!("F32 of shape {shape:?}");
            let found = format!("{} of shape {:?}", view.dtype(), view.shape());
            return Err(Error::store(self.path, name, expected, found));
        }
        // The library has checked that the data has the length that type and shape ask for.
        Ok(Rows {
            bytes: view.data(),
            dim: info.dim,
            steps,
        })
    }
}

/// The rows of one tensor.
pub(super) struct Rows<'b> {
    bytes: &'b [u8],
    dim: usize,
    steps: usize,
}

impl Rows<'_> {
    /// Rows `offset .. offset + steps`, or `None` if the tensor does not have them.
    pub(super) fn cut(&self, offset: usize, steps: usize) -> Option<Features> {
        let end = offset.checked_add(steps).filter(|&end| end <= self.steps)?;
        let width = self.dim * size_of::<f32>();
        let (values, _) = self.bytes[offset * width..end * width].as_chunks::<4>();
        Some(Features::new(
            self.dim,
            values.iter().map(|&v| f32::from_le_bytes(v)).collect(),
        ))
    }
}
