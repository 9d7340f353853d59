//! The features: one tensor for each split and modality, written from pieces on disk and read from a mapped file.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::manifest::Manifest;
use super::map::Map;
use super::table::Place;
use crate::corpus::{Features, ModalityInfo, Split};
use crate::error::Error;

/// Name of the tensor of one modality of one split.
fn name(split: Split, info: &ModalityInfo) -> String {
    format!("{split}.{}", info.modality)
}

/// The frames of one modality of one split as they come, in a file of their own.
pub(super) struct Piece {
    path: PathBuf,
    file: BufWriter<File>,
    steps: usize,
}

impl Piece {
    pub(super) fn create(path: PathBuf) -> Result<Self, Error> {
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        Ok(Self {
            path,
            file: BufWriter::new(file),
            steps: 0,
        })
    }

    /// Adds the frames of an utterance and says where they stand.
    pub(super) fn append(&mut self, features: &Features) -> Result<Place, Error> {
        for value in features.data() {
            self.file
                .write_all(&value.to_le_bytes())
                .map_err(Error::io("write", &self.path))?;
        }
        let place = Place {
            offset: self.steps,
            steps: features.steps(),
        };
        self.steps += place.steps;
        Ok(place)
    }

    /// Copies the frames to the end of `target` and removes the file.
    fn move_into(self, target: &mut impl Write, target_path: &Path) -> Result<(), Error> {
        let path = self.path;
        self.file
            .into_inner()
            .map_err(|error| Error::io("write", &path)(error.into_error()))?;
        let mut file = File::open(&path).map_err(Error::io("read", &path))?;
        io::copy(&mut file, target).map_err(Error::io("write", target_path))?;
        fs::remove_file(&path).map_err(Error::io("remove", &path))
    }
}

/// Joins the pieces of every split and modality to one file. Tensors stand in the order of their names, as the
/// safetensors library itself would write them.
pub(super) fn join(
    mut pieces: Vec<(Split, ModalityInfo, Piece)>,
    path: &Path,
) -> Result<(), Error> {
    let wrong = |source| Error::Tensors {
        action: "write",
        path: path.to_owned(),
        source,
    };
    pieces.sort_by_key(|(split, info, _)| name(*split, info));
    let mut end = 0;
    let tensors = pieces.iter().map(|(split, info, piece)| {
        let start = end;
        end += piece.steps * info.dim * size_of::<f32>();
        let tensor = TensorInfo {
            dtype: Dtype::F32,
            shape: vec![piece.steps, info.dim],
            data_offsets: (start, end),
        };
        (name(*split, info), tensor)
    });
    let metadata = Metadata::new(None, tensors.collect()).map_err(wrong)?;
    let mut header =
        serde_json::to_vec(&metadata).map_err(|error| wrong(SafeTensorError::JsonError(error)))?;
    // The data begins at a multiple of 8 bytes.
    header.resize(header.len().next_multiple_of(8), b' ');

    let mut file = File::create(path).map_err(Error::io("create", path))?;
    file.write_all(&(header.len() as u64).to_le_bytes())
        .and_then(|()| file.write_all(&header))
        .map_err(Error::io("write", path))?;
    for (.., piece) in pieces {
        piece.move_into(&mut file, path)?;
    }
    Ok(())
}

/// The tensors of a store, mapped.
pub(super) struct Tensors {
    map: Map,
    /// For each split in order, each modality in order.
    tensors: [Vec<Tensor>; 3],
}

/// One tensor of type F32 and shape `[steps, dim]`.
struct Tensor {
    bytes: Range<usize>,
    dim: usize,
    steps: usize,
}

impl Tensors {
    /// Opens the file and finds every tensor that the manifest promises, of the type and shape that it should have.
    pub(super) fn open(path: &Path, manifest: &Manifest) -> Result<Self, Error> {
        let map = Map::open(path)?;
        manifest.check_length(path, map.len() as u64)?;
        let (header, metadata) =
            SafeTensors::read_metadata(&map).map_err(|source| Error::Tensors {
                action: "read",
                path: path.to_owned(),
                source,
            })?;
        // After the length of the header, 8 bytes, and the header itself.
        let data = size_of::<u64>() + header;
        let find = |split: Split, info: &ModalityInfo| {
            let name = name(split, info);
            let steps = manifest.steps(path, split, info)?;
            let shape = [steps, info.dim];
            let expected = format!("F32 of shape {shape:?}");
            let Some(tensor) = metadata.info(&name) else {
                return Err(Error::store(path, name, expected, "no such tensor"));
            };
            if tensor.dtype != Dtype::F32 || tensor.shape != shape {
                let found = format!("{} of shape {:?}", tensor.dtype, tensor.shape);
                return Err(Error::store(path, name, expected, found));
            }
            // The library has checked that offsets, type and shape fit each other and the length of the file.
            let (start, end) = tensor.data_offsets;
            Ok(Tensor {
                bytes: data + start..data + end,
                dim: info.dim,
                steps,
            })
        };
        let mut tensors = Split::ALL.map(|_| Vec::new());
        for split in Split::ALL {
            for info in &manifest.modalities {
                tensors[split as usize].push(find(split, info)?);
            }
        }
        Ok(Self { map, tensors })
    }

    /// Whether a tensor has these rows.
    pub(super) fn has(&self, split: Split, index: usize, place: Place) -> bool {
        let end = place.offset.checked_add(place.steps);
        end.is_some_and(|end| end <= self.tensors[split as usize][index].steps)
    }

    /// The bytes of some rows of a tensor: `f32`, little-endian.
    ///
    /// # Panics
    ///
    /// Where [`has`](Self::has) is false.
    pub(super) fn bytes(&self, split: Split, index: usize, place: Place) -> &[u8] {
        let tensor = &self.tensors[split as usize][index];
        let width = tensor.dim * size_of::<f32>();
        let start = place.offset * width;
        &self.map[tensor.bytes.clone()][start..start + place.steps * width]
    }

    /// Some rows of a tensor, copied.
    ///
    /// # Panics
    ///
    /// As [`bytes`](Self::bytes).
    pub(super) fn features(&self, split: Split, index: usize, place: Place) -> Features {
        let (values, _) = self.bytes(split, index, place).as_chunks::<4>();
        let values = values.iter().map(|&value| f32::from_le_bytes(value));
        Features::new(self.tensors[split as usize][index].dim, values.collect())
    }
}
