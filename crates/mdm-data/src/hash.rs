//! SHA-256 of files and bytes, as lower-case hexadecimal.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::Error;

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of a slice.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Length and SHA-256 of a file, read in pieces so that its size does not matter.
///
/// # Errors
///
/// [`Error::Io`].
pub fn sha256_file(path: &Path) -> Result<(u64, String), Error> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        let read = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if read == 0 {
            return Ok((total, hex(&hasher.finalize())));
        }
        hasher.update(&buffer[..read]);
        total += read as u64;
    }
}

/// Length and SHA-256 of a file; of a folder, the length of all files in it and the SHA-256 of the list of theirs, as
/// `LC_ALL=C sha256sum * | sha256sum` gives. Folders within and hidden files do not count.
pub(crate) fn sha256_source(path: &Path) -> Result<(u64, String), Error> {
    if !path.is_dir() {
        return sha256_file(path);
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
        let entry = entry.map_err(Error::io("read", path))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    let (mut total, mut list) = (0, String::new());
    for name in names {
        let (bytes, sha256) = sha256_file(&path.join(&name))?;
        total += bytes;
        list.push_str(&format!("{sha256}  {name}\n"));
    }
    Ok((total, sha256(list.as_bytes())))
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn a_folder_has_the_digest_that_sha256sum_gives() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("b", "2"), ("C", "11"), (".hidden", "3"), ("é", "")] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        fs::create_dir(folder.path().join("a")).unwrap();
        let expected = "1940414858bae209a59609fe0e51dc743c5985400a072afed2d7ccdf22709c65";
        let found = super::sha256_source(folder.path()).unwrap();
        assert_eq!(found, (3, expected.to_owned()));
    }

    #[test]
    fn empty_input_has_the_published_digest() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::sha256(b""), expected);
    }
}
