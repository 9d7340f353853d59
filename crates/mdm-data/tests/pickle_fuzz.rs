//! Arbitrary and damaged pickles: no panic, no second of work, no more memory than the limit.

mod common;

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use common::{python_pickle, small_pickle};
use mdm_data::layout::Layout;
use mdm_data::pickle::{Limits, Pickle, Value, View, parse};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Counts what the current thread holds, so that tests may run side by side.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

#[allow(
    unsafe_code,
    reason = "an allocator cannot be written without; it passes every call on to the system's"
)]
// SAFETY: every call is passed on unchanged; the counters are plain cells, which allocate nothing. `realloc` is the
// default one, which allocates anew, so that old and new memory are both counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, memory: Memory) -> *mut u8 {
        let held = HELD.get().wrapping_add(memory.size());
        HELD.set(held);
        // What was allocated by another thread and freed by this one has taken the count below zero.
        if held <= isize::MAX as usize {
            MOST.set(MOST.get().max(held));
        }
        unsafe { System.alloc(memory) }
    }

    unsafe fn dealloc(&self, start: *mut u8, memory: Memory) {
        HELD.set(HELD.get().wrapping_sub(memory.size()));
        unsafe { System.dealloc(start, memory) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const MEMORY: u64 = 256 << 10;
/// What error messages may take beside the limit.
const MESSAGES: usize = 8 << 10;
const LIMITS: Limits = Limits {
    memory: MEMORY,
    depth: 1000,
    stack: 1 << 20,
    memo: 1 << 20,
    string: 1 << 20,
};

/// Reads a pickle and every value that can be reached in it, holding memory and time to their limits.
fn read_all(bytes: &[u8]) -> bool {
    let start = Instant::now();
    let mut values = Vec::with_capacity(1000);
    let before = HELD.get();
    MOST.set(before);
    let read = parse(bytes, LIMITS);
    let is_read = match &read {
        Ok(pickle) => {
            walk(pickle, &mut values);
            true
        }
        Err(error) => {
            assert!(error.to_string().len() < 1000, "{error}");
            false
        }
    };
    let most = MOST.get() - before;
    assert!(
        most <= MEMORY as usize + MESSAGES,
        "{most} bytes of {MEMORY}"
    );
    assert!(start.elapsed() < Duration::from_secs(1));
    is_read
}

/// Reads the first thousand values that a walk comes across; it may come across one many times.
fn walk<'a>(pickle: &Pickle<'a>, values: &mut Vec<Value<'a>>) {
    values.push(pickle.root());
    let mut next = 0;
    while let Some(&value) = values.get(next) {
        next += 1;
        let _ = pickle.numbers(value);
        let _ = pickle.texts(value);
        let _ = pickle.describe(value);
        let _ = pickle.entry(value, "train");
        let room = values.capacity() - values.len();
        match pickle.view(value) {
            View::List(items) | View::Tuple(items) => values.extend(items.iter().take(room)),
            View::Dict(entries) => {
                values.extend(entries.iter().take(room / 2).flat_map(|&(k, v)| [k, v]));
            }
            _ => {}
        }
    }
}

/// Instructions and pieces of them that are likely to follow one another.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let fixed: Vec<&'static [u8]> = vec![
        b"N", b"(", b"t", b"]", b"}", b")", b"a", b"e", b"s", b"u", b"l", b"d", b"0", b"1", b"2", b"R", b"b",
        b"\x81", b"\x85", b"\x86", b"\x87", b"\x88", b"\x89", b"\x8f", b"\x90", b"\x91", b"\x93", b"\x94", b"o",
        b"K\x01", b"K\x02", b"M\x00\x01", b"J\xff\xff\xff\xff", b"G\x3f\xf0\0\0\0\0\0\0", b"\x8a\x01\x04",
        b"q\x00", b"q\x01", b"h\x00", b"h\x01", b"r\x00\x01\0\0", b"p3\n", b"g3\n", b"I01\n", b"L5L\n", b"F1.5\n",
        b"S'ab'\n", b"V\\u00e9\n", b"U\x02ab", b"C\x04\0\0\0\0", b"C\x00", b"X\x02\0\0\0ab", b"\x8c\x05train",
        b"\x8c\x06latin1", b"\x8c\x01F", b"\x8c\x01<", b"\x8c\x01>", b"\x8c\x02f4", b"\x8c\x02S0", b"\x8c\x02U1",
        b"\x8c\x01O", b"cnumpy\ndtype\n", b"cnumpy\nndarray\n", b"cnumpy.core.multiarray\n_reconstruct\n",
        b"cnumpy.core.multiarray\nscalar\n", b"cnumpy.core.numeric\n_frombuffer\n", b"c_codecs\nencode\n",
        b"ccollections\nOrderedDict\n", b"cbuiltins\nbytearray\n", b"cbuiltins\nset\n",
        // An array without content, dtypes and whole arrays.
        b"cnumpy.core.multiarray\n_reconstruct\n)R", b"cnumpy\ndtype\n\x8c\x02f4\x85R", b"cnumpy\ndtype\n\x8c\x01O\x85R",
        b"(K\x01K\x01\x85cnumpy\ndtype\n\x8c\x02f4\x85R\x89C\x04\0\0\0\0tb", b"(K\x03\x8c\x01<NNNtb",
    ];
    vec(select(fixed), 0..80).prop_map(|pieces| [pieces.concat(), b".".to_vec()].concat())
}

/// One change to some bytes.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index, Index),
    Repeat(Index, Index),
}

impl Change {
    fn any() -> impl Strategy<Value = Self> {
        let place = any::<Index>;
        prop_oneof![
            4 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Set(at, byte)),
            1 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Insert(at, byte)),
            1 => (place(), place()).prop_map(|(from, to)| Self::Remove(from, to)),
            1 => (place(), place()).prop_map(|(from, to)| Self::Repeat(from, to)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |index: &Index| index.index(bytes.len());
        let range = |from, to| {
            let (from, to) = (at(from), at(to));
            from.min(to)..from.max(to).min(from.min(to) + 64)
        };
        match self {
            _ if bytes.is_empty() => {}
            Self::Set(place, byte) => {
                let place = at(place);
                bytes[place] = *byte;
            }
            Self::Insert(place, byte) => {
                let place = at(place);
                bytes.insert(place, *byte);
            }
            Self::Remove(from, to) => {
                let range = range(from, to);
                bytes.drain(range);
            }
            Self::Repeat(from, to) => {
                let range = range(from, to);
                let copy = bytes[range.clone()].to_vec();
                bytes.splice(range.end..range.end, copy);
            }
        }
    }
}

/// A pickle that Python wrote, by the names given, with a few changes.
fn damaged(files: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let originals: Vec<Vec<u8>> = files.iter().map(|file| python_pickle(file)).collect();
    (select(originals), vec(Change::any(), 1..6)).prop_map(|(mut bytes, changes)| {
        for change in changes {
            change.apply(&mut bytes);
        }
        bytes
    })
}

/// No file of failures: the seeds are fixed, so that a failure comes again by itself.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn arbitrary_bytes(bytes in vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn arbitrary_instructions(bytes in pieces()) {
        read_all(&bytes);
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn damaged_values(bytes in damaged(&[
        "numpy2-protocol0.pkl", "numpy2-protocol2.pkl", "numpy2-protocol4.pkl", "numpy2-protocol5.pkl",
        "python2-protocol1.pkl",
    ])) {
        read_all(&bytes);
    }

    #[test]
    fn damaged_corpora(bytes in damaged(&[
        "misa-protocol2.pkl", "misa-protocol4.pkl", "mmim-python2.pkl", "multibench-protocol4.pkl",
    ])) {
        let (_dir, path) = common::file("damaged.pkl", &bytes);
        let start = Instant::now();
        for layout in [Layout::Misa, Layout::MultiBench] {
            let _ = layout.reader().read(&path, LIMITS);
        }
        prop_assert!(start.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn every_other_byte_at_every_place() {
    let bytes = small_pickle();
    let mut read = 0;
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        for value in 0..=255 {
            damaged[place] = value;
            read += usize::from(read_all(&damaged));
        }
    }
    // Most of the bytes are data, so that much of it is still a pickle.
    assert!(read > bytes.len(), "{read}");
}

#[test]
fn the_memory_of_what_is_read_is_near_what_is_charged() {
    // The counter counts: numbers read out are there.
    let bytes = small_pickle();
    let before = HELD.get();
    let pickle = parse(&bytes, LIMITS).unwrap();
    assert!(HELD.get() > before);
    drop(pickle);
    assert_eq!(HELD.get(), before);
    // Lists, dicts, memo and stack that grow one by one, until the limit stops them.
    for piece in [&b"]N"[..], b"Na", b"N\x94", b"}K\x01K\x02s", b"N", b")"] {
        let bytes = [&b"\x80\x04]"[..], &piece.repeat(100_000), b"."].concat();
        assert!(!read_all(&bytes), "{piece:?}");
    }

}
