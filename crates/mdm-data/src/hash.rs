//! SHA-256 of files, folders and bytes, as lower-case hexadecimal.

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
pub(crate) fn sha256_file(path: &Path) -> Result<(u64, String), Error> {
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

/// Length and SHA-256 of the files in a folder: the hash is that of a list with a line `HASH  NAME` for each file, by
/// name, as `sha256sum * | sha256sum` makes it. Folders in it are not looked into.
pub(crate) fn sha256_folder(dir: &Path) -> Result<(u64, String), Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(Error::io("read", dir))? {
        let entry = entry.map_err(Error::io("read", dir))?;
        if entry.path().is_file() {
            names.push(entry.file_name());
        }
    }
    names.sort();
    let mut list = Sha256::new();
    let mut total = 0;
    for name in names {
        let (bytes, sha256) = sha256_file(&dir.join(&name))?;
        list.update(format!("{sha256}  {}\n", name.to_string_lossy()));
        total += bytes;
    }
    Ok((total, hex(&list.finalize())))
}

#[cfg(test)]
mod tests {
    use std::fs;

    /// Made with `printf a > a; printf bb > b; sha256sum * | sha256sum`.
    #[test]
    fn a_folder_has_the_hash_of_its_list() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b"), "bb").unwrap();
        fs::write(folder.path().join("a"), "a").unwrap();
        fs::create_dir(folder.path().join("c")).unwrap();
        let expected = "f773902206a1f6f79c745f395b0c1bc6bc2330a4c0309fffc7cd49be9377a65f";
        let found = super::sha256_folder(folder.path()).unwrap();
        assert_eq!(found, (3, expected.to_owned()));
    }

    #[test]
    fn empty_input_has_the_published_digest() {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::sha256(b""), expected);
    }
}
