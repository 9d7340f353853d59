//! The border to HDF5. Every read passes here: it asks for the type first, keeps to the memory limit, and an error names
//! the file and the object at fault.

use std::ops::Range;
use std::path::{Path, PathBuf};

use hdf5_reader::error::Error as Hdf5Error;
use hdf5_reader::{
    DEFAULT_MAX_CHUNK_BYTES, DEFAULT_MAX_OBJECT_HEADER_BYTES, Datatype, H5Type, Hdf5File,
    OpenOptions, SliceInfo, SliceInfoElem, StringSize,
};

use crate::error::Error;
use crate::layout::place::Place;
use crate::pickle::{Limits, shape_text};

/// Rows of a block, more where the file keeps more of them in one piece.
const BLOCK_ROWS: usize = 256;

/// An open HDF5 file. What it holds is read piece by piece, never as a whole.
pub(super) struct File {
    path: PathBuf,
    inner: Hdf5File,
    /// Most bytes that one read may take.
    memory: usize,
}

impl File {
    pub(super) fn open(path: PathBuf, limits: Limits) -> Result<Self, Error> {
        let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        // Each piece is read once, so a cache would only hold memory. Links to other files are not followed.
        let options = OpenOptions::default()
            .with_chunk_cache_bytes(0)
            .with_max_read_bytes(memory)
            .with_max_chunk_bytes(memory.min(DEFAULT_MAX_CHUNK_BYTES))
            .with_max_object_header_bytes(memory.min(DEFAULT_MAX_OBJECT_HEADER_BYTES));
        match Hdf5File::open_with_options(&path, options) {
            Ok(inner) => Ok(Self {
                path,
                inner,
                memory,
            }),
            Err(Hdf5Error::Io(source)) => Err(Error::io("read", &path)(source)),
            Err(error) => Err(Place::new(&path).error("an HDF5 file", error.to_string())),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the groups in a group, sorted. The path of an object is `/a/b`, that of the root is empty.
    pub(super) fn groups(&self, object: &str) -> Result<Vec<String>, Error> {
        Ok(self.members(object)?.0)
    }

    /// Names of the datasets in a group, sorted.
    pub(super) fn datasets(&self, object: &str) -> Result<Vec<String>, Error> {
        Ok(self.members(object)?.1)
    }

    fn members(&self, object: &str) -> Result<(Vec<String>, Vec<String>), Error> {
        let members = self.inner.group(object).and_then(|g| g.member_names());
        let (mut groups, mut datasets) =
            members.map_err(|e| failure(&self.path, object, "a group", e))?;
        groups.sort_unstable();
        datasets.sort_unstable();
        Ok((groups, datasets))
    }

    pub(super) fn dataset(&self, object: String) -> Result<Dataset<'_>, Error> {
        let dataset = self.inner.dataset(&object);
        let inner = dataset.map_err(|e| failure(&self.path, &object, "a dataset", e))?;
        let lengths = inner.shape().iter().map(|&n| usize::try_from(n));
        let shape: Vec<usize> = lengths.collect::<Result<_, _>>().map_err(|_| {
            let found = format!("shape {:?}", inner.shape());
            place(&self.path, &object).error("lengths that this machine can count", found)
        })?;
        Ok(Dataset {
            file: self,
            object,
            inner,
            shape,
        })
    }
}

/// A dataset of an open file: its shape is known, its values are still there.
pub(super) struct Dataset<'f> {
    file: &'f File,
    object: String,
    inner: hdf5_reader::Dataset,
    shape: Vec<usize>,
}

impl Dataset<'_> {
    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The dataset, for an error.
    pub(super) fn place(&self) -> Place<'_> {
        place(&self.file.path, &self.object)
    }

    /// An error about the shape.
    pub(super) fn misshapen(&self, expected: impl Into<String>) -> Error {
        let found = format!("shape {}", shape_text(&self.shape));
        self.place().error(expected, found)
    }

    /// All numbers, row-major.
    pub(super) fn numbers<T>(&self, convert: impl Fn(f64) -> T) -> Result<Vec<T>, Error> {
        self.select(SliceInfo::all(self.shape.len()), &self.shape, convert)
    }

    /// The numbers of some rows, row-major. A row is what the first axis counts.
    pub(super) fn rows(&self, rows: Range<usize>) -> Result<Vec<f32>, Error> {
        let mut slice = SliceInfo::all(self.shape.len());
        let mut shape = self.shape.clone();
        if let (Some(axis), Some(length)) = (slice.selections.first_mut(), shape.first_mut()) {
            *length = rows.len();
            *axis = SliceInfoElem::Slice {
                start: rows.start as u64,
                end: rows.end as u64,
                step: 1,
            };
        }
        self.select(slice, &shape, |x| x as f32)
    }

    /// The rows in blocks of moderate size, so that no piece of the file has to be read twice.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.shape.first().copied().unwrap_or(0);
        let piece = self
            .inner
            .chunks()
            .and_then(|lengths| lengths.first().copied());
        let block = BLOCK_ROWS.next_multiple_of(piece.map_or(1, |n| n.max(1) as usize));
        (0..rows)
            .step_by(block)
            .map(move |start| start..rows.min(start.saturating_add(block)))
    }

    /// All texts of a dataset of fixed-length strings.
    pub(super) fn texts(&self) -> Result<Vec<String>, Error> {
        const STRING: usize = size_of::<String>() + 2 * size_of::<usize>();
        let &Datatype::String {
            size: StringSize::Fixed(width),
            ..
        } = self.inner.dtype()
        else {
            return Err(self.wrong_type("texts of a fixed length"));
        };
        let width = width as usize;
        self.check_memory(&self.shape, 2 * width.max(1) + STRING)?;
        let raw = self.inner.read_raw_bytes();
        let raw = raw.map_err(|e| self.failure("texts", e))?;
        if width == 0 {
            return Ok(vec![String::new(); self.shape.iter().product()]);
        }
        let text = |(row, bytes): (usize, &[u8])| {
            let end = bytes.iter().position(|&b| b == 0).unwrap_or(width);
            let text = std::str::from_utf8(&bytes[..end]);
            text.map(|text| text.trim().to_owned()).map_err(|_| {
                let found = String::from_utf8_lossy(&bytes[..end]).into_owned();
                self.place().record(row).error("a text in UTF-8", found)
            })
        };
        raw.chunks_exact(width).enumerate().map(text).collect()
    }

    /// The one place that reads numbers: of every integer and float type, through `f64`, which holds them all but the
    /// largest integers exactly.
    fn select<T>(
        &self,
        slice: SliceInfo,
        shape: &[usize],
        convert: impl Fn(f64) -> T,
    ) -> Result<Vec<T>, Error> {
        macro_rules! read {
            ($element:ty) => {{
                let values = self.read::<$element>(&slice, shape, size_of::<T>())?;
                Ok(values.into_iter().map(|x| convert(x as f64)).collect())
            }};
        }
        match *self.inner.dtype() {
            Datatype::FloatingPoint { size: 4, .. } => read!(f32),
            Datatype::FloatingPoint { size: 8, .. } => read!(f64),
            Datatype::FixedPoint { size, signed, .. } => match (size, signed) {
                (1, true) => read!(i8),
                (1, false) => read!(u8),
                (2, true) => read!(i16),
                (2, false) => read!(u16),
                (4, true) => read!(i32),
                (4, false) => read!(u32),
                (8, true) => read!(i64),
                (8, false) => read!(u64),
                _ => Err(self.wrong_type(NUMBERS)),
            },
            _ => Err(self.wrong_type(NUMBERS)),
        }
    }

    fn read<E: H5Type>(
        &self,
        slice: &SliceInfo,
        shape: &[usize],
        target: usize,
    ) -> Result<Vec<E>, Error> {
        // As stored, decoded, and converted.
        self.check_memory(shape, 2 * size_of::<E>() + target)?;
        let array = self.inner.read_slice(slice);
        let array = array.map_err(|e| self.failure(NUMBERS, e))?;
        Ok(array.into_iter().collect())
    }

    fn check_memory(&self, shape: &[usize], bytes_each: usize) -> Result<(), Error> {
        let bytes = shape
            .iter()
            .try_fold(bytes_each, |n, &length| n.checked_mul(length));
        if bytes.is_some_and(|bytes| bytes <= self.file.memory) {
            return Ok(());
        }
        Err(self.misshapen(format!("at most {} bytes of memory", self.file.memory)))
    }

    fn failure(&self, expected: &str, error: Hdf5Error) -> Error {
        failure(&self.file.path, &self.object, expected, error)
    }

    fn wrong_type(&self, expected: &str) -> Error {
        let found = format!("{:?}", self.inner.dtype());
        self.place().error(expected, found)
    }
}

const NUMBERS: &str = "numbers";

fn place<'p>(path: &'p Path, object: &'p str) -> Place<'p> {
    Place::new(path).field(if object.is_empty() { "/" } else { object })
}

fn failure(path: &Path, object: &str, expected: &str, error: Hdf5Error) -> Error {
    match error {
        Hdf5Error::Io(source) => Error::io("read", path)(source),
        error => place(path, object).error(expected, error.to_string()),
    }
}
