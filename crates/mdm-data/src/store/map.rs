//! A file mapped into memory: the one place in the workspace with `unsafe` code.

use std::fs::File;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use crate::error::Error;

/// The bytes of a file, which the system fetches when they are looked at and may drop again.
pub(super) struct Map(Mmap);

impl Map {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        // SAFETY: a map is sound as long as nobody changes the file beneath it. No code of ours does: a store is
        // written to a folder of its own and renamed into place, so replacing one leaves the old file, and every map of
        // it, as it was. Another program that writes into the file all the same changes numbers that we copy out as
        // plain bytes, of which every pattern is an `f32`; where tensors begin and end was read once, checked against
        // the length of the map, and is not read again. One that cuts the file short ends this process with SIGBUS, as
        // it does for every program that maps a file.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) };
        map.map(Self).map_err(Error::io("map", path))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
