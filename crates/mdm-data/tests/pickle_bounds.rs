//! What reading costs: arbitrary and damaged pickles give no panic, no second of work and no more memory than the limit,
//! and real files no more than a few times their size.

mod common;

use std::alloc::{GlobalAlloc, Layout as Memory, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use common::{python_pickle, real_file, small_pickle};
use mdm_data::layout::{Layout, Sink};
use mdm_data::pickle::{Limits, Pickle, Value, View, parse};
use mdm_data::{Error, Split, Utterance};
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

const MEMORY: u64 = 1 << 20;
/// What error messages may take beside the limit.
const MESSAGES: usize = 8 << 10;
const LIMITS: Limits = Limits {
    memory: MEMORY,
    depth: 1000,
    stack: 1 << 20,
    memo: 1 << 20,
    string: 1 << 20,
};

/// Reads a pickle and what can be reached in it, holding memory and time to their limits. Whether it is one.
fn read_all(bytes: &[u8]) -> bool {
    let mut values = Vec::with_capacity(100);
    // A busy machine may take a second away from one attempt, but hardly from three.
    let mut attempts = (0..3).map(|_| {
        let start = Instant::now();
        values.clear();
        (read_once(bytes, &mut values), start.elapsed())
    });
    let in_time = attempts.find(|(_, took)| *took < Duration::from_secs(1));
    in_time.expect("less than a second").0
}

fn read_once<'a>(bytes: &'a [u8], values: &mut Vec<Value<'a>>) -> bool {
    let before = HELD.get();
    MOST.set(before);
    let is_read = match parse(bytes, LIMITS) {
        Ok(pickle) => {
            walk(&pickle, values);
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
    is_read
}

/// Reads the first values that a walk comes across, as many as there is room for; it may come across one many times.
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

/// Instructions and pieces of them, in any order.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let values = select(VALUES);
    let actions = select(ACTIONS);
    vec(prop_oneof![2 => values, 1 => actions], 0..40)
        .prop_map(|pieces| [pieces.concat(), b".".to_vec()].concat())
}

/// Each puts one value on the stack.
const VALUES: &[&[u8]] = &[
    b"N",
    b"]",
    b"}",
    b")",
    b"\x88",
    b"\x8f",
    b"K\x00",
    b"K\x01",
    b"M\x00\x01",
    b"J\xff\xff\xff\xff",
    b"\x8a\x06\0\0\0\0\0\x01",
    b"G\x3f\xf0\0\0\0\0\0\0",
    b"L5L\n",
    b"F1.5\n",
    b"S'ab'\n",
    b"V\\u00e9\n",
    b"C\x04\0\0\0\0",
    b"C\x00",
    b"\x8c\x05train",
    b"\x8c\x06latin1",
    b"\x8c\x01K",
    b"\x8c\x01>",
    b"\x8c\x02f4",
    b"cnumpy\ndtype\n",
    b"cnumpy\ndtype\n\x8c\x02f4\x85R",
    b"cnumpy\ndtype\n\x8c\x02>U1\x85R",
    b"cnumpy\ndtype\n\x8c\x02S0\x85R",
    b"cnumpy\ndtype\n\x8c\x01O\x85R",
    b"cnumpy.core.multiarray\n_reconstruct\n)R",
    b"(K\x01K\x01\x85cnumpy\ndtype\n\x8c\x02f4\x85R\x89C\x04\0\0\0\0t",
    b"(K\x03\x8c\x01<NNNt",
];

/// Each does something with the values before it.
const ACTIONS: &[&[u8]] = &[
    b"(", b"t", b"a", b"e", b"s", b"u", b"l", b"d", b"0", b"1", b"2", b"R", b"b", b"o", b"\x81",
    b"\x85", b"\x86", b"\x87", b"\x90", b"\x91", b"\x93", b"\x94", b"q\x00", b"q\x01", b"h\x00",
    b"h\x01", b"p3\n", b"g3\n",
];

/// The names on the allow-list.
const NAMES: &[&str] = &[
    "numpy\ndtype",
    "numpy\nndarray",
    "numpy.core.multiarray\n_reconstruct",
    "numpy._core.multiarray\nscalar",
    "numpy.core.numeric\n_frombuffer",
    "_codecs\nencode",
    "collections\nOrderedDict",
    "builtins\nbytes",
    "builtins\nbytearray",
    "__builtin__\nset",
];

/// Whole values: nested, remembered, called with arguments that may fit, and arrays whose parts may fit.
fn nested() -> impl Strategy<Value = Vec<u8>> {
    let leaf = select(VALUES).prop_map(<[u8]>::to_vec);
    let value = leaf.prop_recursive(5, 60, 6, |inner| {
        let items = || vec(inner.clone(), 0..6);
        let bracketed = |open: &'static [u8], close: &'static [u8]| {
            move |items: Vec<Vec<u8>>| [open, &items.concat(), close].concat()
        };
        let array = |(lengths, dtype, fortran, data): (Vec<u8>, &[u8], bool, Vec<u8>)| {
            let lengths: Vec<u8> = lengths.iter().flat_map(|&n| [b'K', n]).collect();
            let order = if fortran { 0x88 } else { 0x89 };
            let start = b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01(";
            [&start[..], &lengths, b"t", dtype, &[order], &data, b"tb"].concat()
        };
        let dtypes: &[&[u8]] = &[
            b"cnumpy\ndtype\n\x8c\x02f4\x85R",
            b"cnumpy\ndtype\n\x8c\x02i2\x85R",
            b"cnumpy\ndtype\n\x8c\x02U1\x85R",
            b"cnumpy\ndtype\n\x8c\x02S0\x85R",
            b"cnumpy\ndtype\n\x8c\x01O\x85R",
        ];
        let data = vec(prop_oneof![3 => Just(0u8), 1 => any::<u8>()], 0..9);
        let raw = data.prop_map(|data| [&[b'C', data.len() as u8], &data[..]].concat());
        let objects = items().prop_map(bracketed(b"](", b"e"));
        prop_oneof![
            items().prop_map(bracketed(b"](", b"e")),
            items().prop_map(bracketed(b"(", b"t")),
            (inner.clone(), inner.clone())
                .prop_map(|(k, v)| [b"}".to_vec(), k, v, b"s".to_vec()].concat()),
            inner
                .clone()
                .prop_map(|value| [value, b"q\x00h\x00\x86".to_vec()].concat()),
            (select(NAMES), items()).prop_map(|(name, arguments)| {
                [
                    format!("c{name}\n(").into_bytes(),
                    arguments.concat(),
                    b"tR".to_vec(),
                ]
                .concat()
            }),
            (
                vec(0u8..4, 0..4),
                select(dtypes),
                any::<bool>(),
                prop_oneof![raw, objects]
            )
                .prop_map(array),
        ]
    });
    value.prop_map(|value| [value, b".".to_vec()].concat())
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
            8 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Set(at, byte)),
            1 => (place(), any::<u8>()).prop_map(|(at, byte)| Self::Insert(at, byte)),
            1 => (place(), place()).prop_map(|(from, to)| Self::Remove(from, to)),
            1 => (place(), place()).prop_map(|(from, to)| Self::Repeat(from, to)),
        ]
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |index: &Index| index.index(bytes.len());
        let range = |from: &Index, to: &Index| {
            let (from, to) = (at(from), at(to));
            from.min(to)..from.max(to).min(from.min(to) + 16)
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
    assert!(originals.iter().all(|bytes| read_all(bytes)));
    (select(originals), vec(Change::any(), 1..3)).prop_map(|(mut bytes, changes)| {
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
    #![proptest_config(cases(5000))]

    #[test]
    fn arbitrary_bytes(bytes in vec(any::<u8>(), 0..400)) {
        read_all(&bytes);
    }

    #[test]
    fn arbitrary_instructions(bytes in pieces()) {
        read_all(&bytes);
    }

    #[test]
    fn arbitrary_values(bytes in nested()) {
        read_all(&bytes);
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn damaged_values(bytes in damaged(&[
        "numpy2-protocol0.pkl", "numpy2-protocol2.pkl", "numpy2-protocol4.pkl", "numpy2-protocol5.pkl",
        "python2-protocol1.pkl",
    ])) {
        read_all(&bytes);
    }
}

proptest! {
    // Each writes a file.
    #![proptest_config(cases(300))]

    #[test]
    fn damaged_corpora_in_their_layouts(bytes in damaged(&[
        "misa-protocol2.pkl", "misa-protocol4.pkl", "mmim-python2.pkl", "multibench-protocol4.pkl",
    ])) {
        let (_dir, path) = common::file("damaged.pkl", &bytes);
        for layout in [Layout::Misa, Layout::MultiBench] {
            let _ = layout.reader().read(&path, LIMITS);
        }
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
    // Many arguments, of which a message must not show each.
    let bytes = [&b"(cnumpy\nndarray\n"[..], &b"I1\n".repeat(20_000), b"o."].concat();
    assert!(!read_all(&bytes));
}

/// Takes utterances and keeps none.
struct Nothing {
    utterances: usize,
}

impl Sink for Nothing {
    fn push(&mut self, _: Split, _: Utterance) -> Result<(), Error> {
        self.utterances += 1;
        Ok(())
    }
}

#[test]
fn real_files_take_little_more_memory_than_their_size() {
    // The file itself, and beside it the records as objects, or the arrays of one split once more as `f32`. Python 3
    // writes the bytes of protocol 2 as text, which has to be turned back: that is the third file.
    for (name, layout, utterances, times) in [
        ("mosi/mosi_mag_layout.pkl", Layout::Mag, 2199, 2.5),
        ("mosi/mosi_mmsa_layout.pkl", Layout::Mmsa, 420, 2.0),
        ("mmmo/mmmo_mult_layout.pkl", Layout::Mult, 120, 2.75),
        (
            "mosi/mosi_conversations_wild.pkl",
            Layout::Conversations,
            2199,
            2.0,
        ),
    ] {
        let Some(path) = real_file(name) else {
            return;
        };
        let size = std::fs::metadata(&path).unwrap().len() as f64;
        let mut sink = Nothing { utterances: 0 };
        let start = Instant::now();
        let before = HELD.get();
        MOST.set(before);
        let read = layout
            .reader()
            .read_into(&path, Limits::default(), &mut sink);
        let most = (MOST.get() - before) as f64;
        println!(
            "{name}: {:.2} times its size, {:?}",
            most / size,
            start.elapsed()
        );
        read.unwrap();
        assert_eq!(sink.utterances, utterances);
        assert!(most < times * size, "{name}: {most} of {size}");
    }
}
