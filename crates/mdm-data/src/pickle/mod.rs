//! A reader of NumPy pickles that runs nothing.
//!
//! A pickle is a program for a small stack machine, and Python's own reader lets that program call any function it
//! names. This reader knows a fixed list of names (NumPy's array, dtype and scalar constructors, `_codecs.encode`,
//! `OrderedDict`, `bytearray`, `set`, `frozenset`), gives each a meaning of its own, and refuses every other name with
//! [`PickleError::ForbiddenGlobal`]. Protocols 0 to 5 are read, from Python 2 and 3, except what cannot stand in one
//! file: persistent ids, extension codes and out-of-band buffers.
//!
//! Objects live in one arena and refer to each other by number, so a pickle that contains itself, or that nests a
//! million lists, costs no more than its length and is freed in a flat loop. Text and bytes are borrowed from the
//! input. Every allocation, also those made when arrays are turned into numbers, is counted against
//! [`Limits::memory`], and a declared length is compared with the bytes that remain before anything is allocated.
//!
//! ```
//! use mdm_data::pickle::{self, Limits, PickleError, View};
//!
//! // {"a": [1, 2]} in protocol 2
//! let bytes = b"\x80\x02}X\x01\x00\x00\x00a](K\x01K\x02es.";
//! let pickle = pickle::parse(bytes, Limits::default())?;
//! let value = pickle.entry(pickle.root(), "a").expect("the key is there");
//! assert!(matches!(pickle.view(value), View::List(items) if items.len() == 2));
//!
//! // os.system("id")
//! let hostile = b"cos\nsystem\n(S'id'\ntR.";
//! assert!(matches!(
//!     pickle::parse(hostile, Limits::default()),
//!     Err(PickleError::ForbiddenGlobal { .. })
//! ));
//! # Ok::<(), PickleError>(())
//! ```

mod array;
mod call;
mod dtype;
mod error;
mod limits;
mod machine;
mod opcode;
mod primitives;
mod read;
mod text;
mod value;

pub use array::Array;
pub(crate) use array::shape_text;
pub use dtype::{ByteOrder, Dtype, Kind};
pub use error::PickleError;
pub use limits::Limits;
pub use read::{Numbers, Texts};
pub use value::{Handle, Pickle, Value, View};

/// Reads one pickle. Bytes after its end are ignored, as Python does.
///
/// # Errors
///
/// [`PickleError`], with the offset of the instruction at fault.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Pickle<'_>, PickleError> {
    machine::Machine::new(bytes, limits).run()
}
