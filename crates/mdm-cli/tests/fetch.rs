//! `mdm data fetch` and `mdm model fetch`, from a server inside the test and from folders. Nothing outside is contacted.

mod common;
#[path = "common/server.rs"]
mod server;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{data_dir, fails, stderr, stdout, succeeds};
use server::{Reply, Server, dead_url};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const TAG: &str = "\"first\"";

fn content() -> Vec<u8> {
    (0..300_000u64).map(|i| (i * i % 251) as u8).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A manifest, and the folder to fetch into.
struct Case {
    folder: TempDir,
}

impl Case {
    /// One file, `mine/a.bin`, with these lines of the manifest.
    fn new(lines: &str) -> Self {
        let text = format!(
            "name = \"mine\"\nkind = \"dataset\"\ntitle = \"My corpus\"\nlicence = \"My own\"\n\
             by_hand = \"Ask me.\"\n\n[[files]]\npath = \"mine/a.bin\"\n\
             verified = false\nnote = \"My word for it.\"\n{lines}\n"
        );
        Self::of(&text)
    }

    /// As `new`, with everything known about `content`.
    fn known(content: &[u8], urls: &[String]) -> Self {
        Self::new(&format!(
            "bytes = {}\nsha256 = \"{}\"\nurls = {urls:?}",
            content.len(),
            sha256(content)
        ))
    }

    fn of(manifest: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("manifest.toml"), manifest).unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    fn fetch(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = command(["data", "fetch", "--timeout", "1", "--attempts", "2"]);
        command
            .arg("--manifest")
            .arg(self.folder.path().join("manifest.toml"))
            .arg("--dir")
            .arg(self.path(""))
            .args(args)
            .current_dir(self.folder.path());
        command
    }

    /// The folder `mine` below the data folder, in alphabetical order.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("mine")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[track_caller]
    fn holds_only(&self, content: &[u8]) {
        assert_eq!(self.files(), ["a.bin"]);
        assert!(fs::read(self.path("mine/a.bin")).unwrap() == content);
    }
}

/// `mdm` without the settings of whoever runs the test.
fn command<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mdm"));
    command
        .args(args)
        .env("NO_PROXY", "127.0.0.1")
        .env_remove("MDM_DATA_DIR")
        .env_remove("MDM_MODELS_DIR");
    command
}

#[test]
fn a_file_is_fetched_once() {
    let server = Server::new(|_, request| Reply::ranged(&content(), TAG, request));
    let case = Case::known(&content(), &[server.url("/a")]);
    let output = case.fetch(&[]);
    succeeds(&output);
    assert!(
        stdout(&output).contains("its SHA-256 is right"),
        "{}",
        stdout(&output)
    );
    assert!(
        stderr(&output).contains("licence: My own"),
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("My word for it."),
        "{}",
        stderr(&output)
    );
    case.holds_only(&content());

    let output = case.fetch(&[]);
    succeeds(&output);
    assert_eq!(stdout(&output), "mine/a.bin: already there\n");
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].range, None);
    assert_eq!(requests[0].accept_encoding.as_deref(), Some("identity"));
}

#[test]
fn a_broken_connection_is_taken_up_again() {
    for stalls in [false, true] {
        let server = Server::new(move |number, request| {
            let reply = Reply::ranged(&content(), TAG, request);
            match (number, stalls) {
                (0, false) => reply.cut_after(100_000),
                (0, true) => reply.stall_after(100_000),
                _ => reply,
            }
        });
        let case = Case::known(&content(), &[server.url("/a")]);
        let output = case.fetch(&[]);
        succeeds(&output);
        let reason = if stalls {
            "silent for 1 s"
        } else {
            "100000 bytes are there"
        };
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
        case.holds_only(&content());
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert_eq!(requests[1].range, Some(100_000));
        assert_eq!(requests[1].if_range.as_deref(), Some(TAG));
    }
}

#[test]
fn a_second_run_goes_on_where_the_first_one_stopped() {
    // Without a hash, so that only the tag tells that it is still the same file.
    let server = Server::new(|number, request| {
        let reply = Reply::ranged(&content(), TAG, request);
        if number == 0 {
            reply.cut_after(200_000)
        } else {
            reply
        }
    });
    let case = Case::new(&format!("urls = [\"{}\"]", server.url("/a")));
    fails(
        &case.fetch(&["--attempts", "1"]),
        1,
        &["mine/a.bin", "200000 of 300000"],
    );
    assert_eq!(case.files(), ["a.bin.part", "a.bin.part.origin"]);
    let output = case.fetch(&[]);
    succeeds(&output);
    assert!(
        stdout(&output).contains(&sha256(&content())),
        "{}",
        stdout(&output)
    );
    assert_eq!(server.requests()[1].range, Some(200_000));
    case.holds_only(&content());
}

#[test]
fn a_fetch_that_is_killed_leaves_its_part() {
    let server = Server::new(|number, request| {
        let reply = Reply::ranged(&content(), TAG, request);
        if number == 0 {
            reply.stall_after(200_000)
        } else {
            reply
        }
    });
    let case = Case::known(&content(), &[server.url("/a")]);
    let part = case.path("mine/a.bin.part");
    let mut fetch = case.command(&["--timeout", "60"]);
    let mut fetch = fetch.stderr(Stdio::null()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while fs::metadata(&part).map_or(0, |part| part.len()) < 200_000 {
        assert!(Instant::now() < deadline, "the first bytes do not arrive");
        thread::sleep(Duration::from_millis(20));
    }
    fetch.kill().unwrap();
    fetch.wait().unwrap();
    assert_eq!(
        case.files(),
        ["a.bin.part", "a.bin.part.lock", "a.bin.part.origin"]
    );
    succeeds(&case.fetch(&[]));
    assert_eq!(server.requests()[1].range, Some(200_000));
    case.holds_only(&content());
}

#[test]
fn a_server_without_ranges_sends_everything_again() {
    let server = Server::new(|number, _| {
        let reply = Reply::whole(&content());
        if number == 0 {
            reply.cut_after(100_000)
        } else {
            reply
        }
    });
    let case = Case::known(&content(), &[server.url("/a")]);
    succeeds(&case.fetch(&[]));
    assert_eq!(server.requests()[1].range, Some(100_000));
    case.holds_only(&content());
}

#[test]
fn a_file_that_changed_meanwhile_is_not_mixed_with_the_old_one() {
    let new = vec![7; 300_000];
    // It says so, by its tag; and it does not, and the hash tells.
    for tags in [[TAG, "\"second\""], [TAG, TAG]] {
        let served = new.clone();
        let server = Server::new(move |number, request| match number {
            0 => Reply::ranged(&content(), tags[0], request).cut_after(100_000),
            _ => Reply::ranged(&served, tags[1], request),
        });
        let case = Case::known(&new, &[server.url("/a")]);
        succeeds(&case.fetch(&[]));
        case.holds_only(&new);
    }
}

#[test]
fn an_alternative_takes_over() {
    let server = Server::new(|_, request| match request.path.as_str() {
        "/page" => {
            Reply::whole(b"<html>Sign in</html>").with("Content-Type: text/html; charset=utf-8")
        }
        "/short" => Reply::whole(b"too short"),
        "/good" => Reply::ranged(&content(), TAG, request),
        _ => Reply::status("404 Not Found"),
    });
    let urls = ["/gone", "/page", "/short", "/good"].map(|path| server.url(path));
    let case = Case::known(&content(), &urls);
    let output = case.fetch(&[]);
    succeeds(&output);
    for part in [
        "HTTP 404 Not Found",
        "a web page",
        "expected 300000 bytes, it has 9",
    ] {
        assert!(
            stderr(&output).contains(part),
            "{part}: {}",
            stderr(&output)
        );
    }
    assert!(stdout(&output).contains(&urls[3]), "{}", stdout(&output));
    case.holds_only(&content());
    assert_eq!(server.requests().len(), 4, "nothing is asked twice");
}

#[test]
fn what_no_address_gives_is_named_with_all_of_them() {
    let server = Server::new(|_, _| Reply::status("503 Service Unavailable"));
    let urls = [server.url("/busy"), dead_url()];
    let case = Case::known(&content(), &urls);
    let parts = [
        "mine/a.bin",
        &urls[0],
        "HTTP 503",
        &urls[1],
        "Ask me.",
        "--from",
    ];
    fails(&case.fetch(&[]), 1, &parts);
    assert_eq!(server.requests().len(), 2, "one try and one more");
    assert!(case.files().is_empty());

    let case = Case::known(&content(), &[]);
    fails(
        &case.fetch(&[]),
        1,
        &["no address is known", "Ask me.", "--from"],
    );
}

#[test]
fn wrong_bytes_never_get_the_name() {
    let wrong = vec![1; 300_000];
    let served = wrong.clone();
    let server = Server::new(move |_, request| Reply::ranged(&served, TAG, request));
    let case = Case::known(&content(), &[server.url("/a")]);
    let (expected, found) = (sha256(&content()), sha256(&wrong));
    fails(
        &case.fetch(&[]),
        1,
        &[&expected, &found, "a.bin.wrong", "--from"],
    );
    assert_eq!(case.files(), ["a.bin.wrong"]);
    assert_eq!(server.requests().len(), 1);

    // Longer than it should be, and nothing said beforehand.
    let server = Server::new(|_, request| Reply::ranged(&content(), TAG, request));
    let case = Case::new(&format!("bytes = 10\nurls = [\"{}\"]", server.url("/a")));
    fails(&case.fetch(&[]), 1, &["expected 10 bytes, it has 300000"]);
    assert!(case.files().is_empty());
}

#[test]
fn another_file_under_the_name_is_left_alone() {
    let server = Server::new(|_, request| Reply::ranged(&content(), TAG, request));
    let case = Case::known(&content(), &[server.url("/a")]);
    fs::create_dir(case.path("mine")).unwrap();
    fs::write(case.path("mine/a.bin"), "my own work").unwrap();
    fails(&case.fetch(&[]), 1, &["a.bin", "300000", "move it away"]);
    case.holds_only(b"my own work");
    assert!(server.requests().is_empty());
}

#[test]
fn a_complete_part_is_only_checked() {
    let case = Case::known(&content(), &[dead_url()]);
    fs::create_dir(case.path("mine")).unwrap();
    fs::write(case.path("mine/a.bin.part"), content()).unwrap();
    succeeds(&case.fetch(&[]));
    case.holds_only(&content());
}

#[test]
fn a_folder_in_place_of_the_web() {
    let case = Case::known(&content(), &[dead_url()]);
    let from = tempfile::tempdir().unwrap();
    let at = from.path().join("a.bin");
    let folder = from.path().to_str().unwrap();
    let fetch = || case.fetch(&["--from", folder]);

    fails(&fetch(), 1, &[folder, "mine/a.bin", "no such file"]);
    fs::write(&at, vec![1; 300_000]).unwrap();
    fails(&fetch(), 1, &["a.bin", "SHA-256", &sha256(&content())]);
    fs::write(&at, "short").unwrap();
    fails(&fetch(), 1, &["a.bin", "expected 300000 bytes, found 5"]);
    assert!(case.files().is_empty());
    fs::write(&at, content()).unwrap();
    let mut permissions = fs::metadata(&at).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&at, permissions).unwrap();
    let output = fetch();
    succeeds(&output);
    assert!(
        stdout(&output).contains("copied; its SHA-256 is right"),
        "{}",
        stdout(&output)
    );
    case.holds_only(&content());
    assert!(fs::read(&at).unwrap() == content(), "the original stays");
    let copy = fs::metadata(case.path("mine/a.bin")).unwrap();
    assert!(!copy.permissions().readonly());
}

/// A zip archive with one packed file.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = rawzip::ZipArchiveWriter::new(&mut bytes);
    let file = writer.new_file(name);
    let file = file.compression_method(rawzip::CompressionMethod::DEFLATE);
    let (mut entry, config) = file.start().unwrap();
    let packer = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default());
    let mut writer_of_entry = config.wrap(packer);
    writer_of_entry.write_all(content).unwrap();
    let (packer, descriptor) = writer_of_entry.finish().unwrap();
    packer.finish().unwrap();
    entry.finish(descriptor).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn an_archive_is_unpacked_and_goes() {
    let archive = zip("a.bin", &content());
    let served = archive.clone();
    let server = Server::new(move |_, request| Reply::ranged(&served, TAG, request));
    let manifest = |url: &str| {
        format!(
            "name = \"mine\"\nkind = \"word-vectors\"\ntitle = \"t\"\nlicence = \"l\"\n\n[[files]]\n\
             path = \"mine/all.zip\"\nbytes = {}\nsha256 = \"{}\"\nurls = [\"{url}\"]\nverified = true\n\
             unpack = [{{ name = \"a.bin\", bytes = 300000, sha256 = \"{}\" }}]\n",
            archive.len(),
            sha256(&archive),
            sha256(&content())
        )
    };
    let case = Case::of(&manifest(&server.url("/all.zip")));
    succeeds(&case.fetch(&[]));
    case.holds_only(&content());
    let output = case.fetch(&[]);
    assert_eq!(stdout(&output), "mine/a.bin: already there\n");
    assert_eq!(server.requests().len(), 1);

    // From a folder, the archive or what is in it.
    for (name, bytes) in [("all.zip", &archive), ("a.bin", &content())] {
        let case = Case::of(&manifest(&dead_url()));
        let from = tempfile::tempdir().unwrap();
        fs::write(from.path().join(name), bytes).unwrap();
        succeeds(&case.fetch(&["--from", from.path().to_str().unwrap()]));
        case.holds_only(&content());
    }
}

#[test]
fn a_corpus_is_prepared_once() {
    let pickle = include_bytes!("samples/mag.pkl");
    let case = Case::of(&format!(
        "name = \"mine\"\nkind = \"dataset\"\ntitle = \"t\"\nlicence = \"l\"\n\n[corpus]\nlayout = \"mag\"\n\
         path = \"mine/mag.pkl\"\nword_vectors = \"mine/words.txt\"\nsplits = {{ train = 2, valid = 2, test = 3 }}\n\n\
         [[files]]\npath = \"mine/mag.pkl\"\nbytes = {}\nsha256 = \"{}\"\nverified = true\n",
        pickle.len(),
        sha256(pickle)
    ));
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
    let output = case.fetch(&["--from", from, "--no-prepare"]);
    succeeds(&output);
    let store = case.folder.path().join("stores/mine");
    assert!(!store.exists());

    let output = case.fetch(&["--from", from]);
    succeeds(&output);
    for part in [
        "mine: train 2",
        "test: the manifest says 3 utterances, there are 2",
        "words.txt",
    ] {
        assert!(
            stdout(&output).contains(part),
            "{part}: {}",
            stdout(&output)
        );
    }
    assert!(store.join("manifest.json").is_file());
    let output = case.fetch(&["--from", from]);
    succeeds(&output);
    assert!(
        stdout(&output).contains("already prepared"),
        "{}",
        stdout(&output)
    );

    // With vectors it is another store.
    fs::write(case.path("mine/words.txt"), "good 1 2\nfilm 3 4\n").unwrap();
    fails(
        &case.fetch(&["--from", from]),
        1,
        &["stores/mine", "already exists"],
    );
    let output = case.fetch(&["--from", from, "--output", "stores/other"]);
    succeeds(&output);
    assert!(
        stdout(&output).contains("language 2"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn wrong_usage() {
    let run = |args: &[&str]| command(args.iter().copied()).output().unwrap();
    fails(
        &run(&["data", "fetch", "mosy"]),
        2,
        &["mosy", "mosi", "glove.6B", "--manifest"],
    );
    fails(
        &run(&["data", "fetch", "mosi"]),
        2,
        &["MDM_DATA_DIR", "--dir"],
    );
    fails(
        &run(&["model", "fetch", "bert-base-uncased"]),
        2,
        &["MDM_MODELS_DIR", "--dir"],
    );
    fails(
        &run(&["data", "fetch", "bert-base-uncased"]),
        2,
        &["is a model", "mdm model fetch bert-base-uncased"],
    );
    fails(
        &run(&["model", "fetch", "mosi"]),
        2,
        &["is a dataset", "mdm data fetch mosi"],
    );
    fails(
        &run(&["data", "fetch", "--manifest", "no.toml"]),
        2,
        &["no.toml"],
    );

    let case = Case::new("sha265 = \"00\"");
    fails(
        &case.fetch(&[]),
        2,
        &["manifest.toml", "files[0]", "unknown field `sha265`"],
    );
    let case = Case::of("name = \n");
    fails(&case.fetch(&[]), 2, &["manifest.toml"]);
    let case = Case::known(&content(), &[dead_url()]);
    fails(&case.fetch(&["--output", "x"]), 2, &["--output", "mine"]);
}

#[test]
fn without_a_name_it_lists_what_is_known() {
    let run = |args: [&'static str; 2]| command(args).output().unwrap();
    let output = run(["data", "fetch"]);
    succeeds(&output);
    let list = stdout(&output);
    for name in [
        "mosi ",
        "mosei ",
        "mosei-mmsa ",
        "mmmo ",
        "glove.6B ",
        "glove.840B ",
    ] {
        assert!(
            list.lines().any(|line| line.starts_with(name)),
            "{name}: {list}"
        );
    }
    assert!(!list.contains("bert-base-uncased"), "{list}");
    let output = run(["model", "fetch"]);
    succeeds(&output);
    assert_eq!(stdout(&output).lines().count(), 3, "{}", stdout(&output));
}

#[test]
fn the_real_corpora_are_those_of_their_manifests() {
    let Some(data) = data_dir() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, line) in [
        ("mosi", "mosi: train 1284, valid 229, test 686"),
        ("mmmo", "mmmo: train 60, valid 20, test 40"),
        ("mmmo-h5", "mmmo-h5: train 0, valid 40, test 80"),
    ] {
        let store = folder.path().join(name);
        let copies = folder.path().join("copies");
        for (dir, from) in [(&data, None), (&copies, Some(&data))] {
            let mut fetch = command(["data", "fetch", name, "--dir"]);
            fetch.arg(dir).arg("--output").arg(&store);
            if let Some(from) = from {
                fetch.arg("--from").arg(from);
            }
            let output = fetch.output().unwrap();
            succeeds(&output);
            let text = stdout(&output);
            assert!(!text.contains("the manifest says"), "{text}");
            match from {
                None => assert!(
                    text.contains("already there") && text.contains(line),
                    "{text}"
                ),
                Some(_) => assert!(text.contains("already prepared"), "{text}"),
            }
        }
    }
}

#[test]
fn a_missing_dataset_names_the_command_that_fetches_it() {
    let empty = tempfile::tempdir().unwrap();
    let train = |dataset| {
        let mut train = command(["train", "--dataset", dataset]);
        train.env("MDM_DATA_DIR", empty.path());
        train.current_dir(empty.path()).output().unwrap()
    };
    fails(
        &train("mosi"),
        1,
        &["mosi_mag_layout.pkl", "`mdm data fetch mosi`"],
    );
    fs::create_dir(empty.path().join("mosi")).unwrap();
    let pickle = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/mag.pkl");
    fs::copy(pickle, empty.path().join("mosi/mosi.pkl")).unwrap();
    fails(
        &train("mosi-mag"),
        1,
        &["glove.840B.300d.txt", "`mdm data fetch glove.840B`"],
    );
}
