//! One file out of a zip archive, without holding either in memory.

use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipArchive};

/// Writes the file `member` of an archive to `target`. Its folder in the archive does not matter.
///
/// # Errors
///
/// No archive, no such member, a member that is packed in a way unknown here or damaged (its length and checksum are in
/// the archive), or a target that cannot be written.
pub fn unpack(archive: &Path, member: &str, target: &Path) -> anyhow::Result<()> {
    unpack_to(archive, member, target)
        .with_context(|| format!("cannot unpack {member} from {}", archive.display()))
}

fn unpack_to(archive: &Path, member: &str, target: &Path) -> anyhow::Result<()> {
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let zip = ZipArchive::from_file(File::open(archive)?, &mut buffer)?;
    let mut entries = zip.entries(&mut buffer);
    let (place, method) = loop {
        let entry = entries
            .next_entry()?
            .ok_or_else(|| anyhow!("it has no such file"))?;
        let name = entry.file_path();
        let name = String::from_utf8_lossy(name.as_ref());
        if name.rsplit('/').next() == Some(member) {
            break (entry.wayfinder(), entry.compression_method());
        }
    };
    let packed = zip.get_entry(place)?;
    let bytes = BufReader::with_capacity(1 << 16, packed.reader());
    let unpacked: Box<dyn Read> = match method {
        CompressionMethod::STORE => Box::new(bytes),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(bytes)),
        other => bail!("zip method {} is not known here", other.as_u16()),
    };
    let mut unpacked = packed.verifying_reader(unpacked);
    let mut file = File::create(target)?;
    std::io::copy(&mut unpacked, &mut file)?;
    file.flush()?;
    Ok(file.sync_all()?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// An archive with one file, packed.
    fn archive(path: &Path, name: &str, content: &[u8]) {
        let mut bytes = Vec::new();
        let mut writer = rawzip::ZipArchiveWriter::new(&mut bytes);
        let file = writer.new_file(name);
        let file = file.compression_method(CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().unwrap();
        let packer = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
        let mut writer_of_entry = config.wrap(packer);
        writer_of_entry.write_all(content).unwrap();
        let (packer, descriptor) = writer_of_entry.finish().unwrap();
        packer.finish().unwrap();
        entry.finish(descriptor).unwrap();
        writer.finish().unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_member_comes_out_as_it_went_in() {
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join("a.zip");
        let target = folder.path().join("words.txt");
        let content: Vec<u8> = (0..200_000u64).map(|i| (i * i % 251) as u8).collect();
        archive(&zip, "deep/words.txt", &content);
        unpack(&zip, "words.txt", &target).unwrap();
        assert!(fs::read(&target).unwrap() == content);

        let message = format!("{:#}", unpack(&zip, "other.txt", &target).unwrap_err());
        assert!(
            message.contains("other.txt") && message.contains("no such file"),
            "{message}"
        );
    }

    #[test]
    fn damage_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join("a.zip");
        archive(
            &zip,
            "words.txt",
            b"the same words again and again and again",
        );
        let mut bytes = fs::read(&zip).unwrap();
        bytes[45] ^= 0x10; // In the packed content: the local header takes 30 bytes and the name.
        fs::write(&zip, &bytes).unwrap();
        unpack(&zip, "words.txt", &folder.path().join("words.txt")).unwrap_err();
        fs::write(&zip, b"no archive").unwrap();
        unpack(&zip, "words.txt", &folder.path().join("words.txt")).unwrap_err();
    }
}
