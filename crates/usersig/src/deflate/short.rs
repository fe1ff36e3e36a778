//! Deflate (RFC 1951) for short texts: a single block with the fixed code or a code made for the text.
//!
//! A stream of zlib has 380 KB of tables. Clearing them takes longer than compressing the 200 bytes of a
//! signature.

use super::huffman::Code;
use crate::generated::params::{VERSION, field};
use std::sync::LazyLock;

/// The longest text compressed here. A longer one could need codes of more than 15 bits.
pub(super) const MOST: usize = 1024;

/// The shortest and the longest repetition.
const REPEATS: (usize, usize) = (3, 258);
/// A repetition of at least this length is taken without looking for a longer one at the next byte.
const GOOD: usize = 16;
const HASH_BITS: u32 = 10;

/// The header of the last block, with the fixed code and with its own.
const FIXED_BLOCK: (u32, u32) = (0b011, 3);
const OWN_BLOCK: (u32, u32) = (0b101, 3);

/// The approximate number of bits that describe a code, for signatures.
const HEADER: u32 = 320;
/// How long a block with the fixed code may be, as a percentage of the estimate for a block with its own code. A
/// signature with its own code takes 3.3 times as long to make, and inflating it takes 24,000 instructions instead of
/// 7,000.
const WORTH: u32 = 105;

/// Literals, the end of the block, lengths of repetitions, and two symbols that never occur.
const LITERALS: usize = 288;
const END: usize = 256;
const LONGEST: usize = 285;
const DISTANCES: usize = 30;
/// Lengths of codes, and runs of equal lengths.
const RUNS: usize = 19;
const SAME: u8 = 16;
const ZEROS: u8 = 17;
const MORE_ZEROS: u8 = 18;
/// The order in which the lengths of the code for [`RUNS`] are written.
const ORDER: [usize; RUNS] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

static FIXED: Codes = Codes {
    literals: Code::of(fixed_lengths()),
    distances: Code::of([5; DISTANCES]),
};

const fn fixed_lengths() -> [u8; LITERALS] {
    let mut lengths = [8; LITERALS];
    let mut symbol = 144;
    while symbol < 280 {
        lengths[symbol] = if symbol < END { 9 } else { 7 };
        symbol += 1;
    }
    lengths
}

struct Codes {
    literals: Code<LITERALS>,
    distances: Code<DISTANCES>,
}

/// Receives a text as single bytes and repetitions of earlier ones.
trait Sink {
    fn literal(&mut self, byte: u8);
    fn repetition(&mut self, length: u32, distance: u32);
}

/// The last position of three bytes in a text, plus one, by a hash of the bytes.
type Index = [u16; 1 << HASH_BITS];

const NOTHING: Index = [0; 1 << HASH_BITS];

/// The beginning of a text, already read and written.
struct Head {
    text: String,
    index: Index,
    counts: Counts,
    /// The complete bytes of a block with the fixed code, and the bits that follow them.
    fixed: Vec<u8>,
    held: u64,
    count: u32,
}

/// How every document of a signature begins.
static HEAD: LazyLock<Head> = LazyLock::new(|| {
    let (version, identifier) = (field::VERSION, field::IDENTIFIER);
    let text = format!(r#"{{"{version}":"{VERSION}","{identifier}":""#);
    let (mut fixed, mut index) = (Vec::new(), NOTHING);
    let mut sink = Counted::new(&mut fixed);
    read(text.as_bytes(), 0, &mut index, &mut sink);
    let (counts, held, count) = (sink.counts, sink.bits.held, sink.bits.count);
    Head {
        text,
        index,
        counts,
        fixed,
        held,
        count,
    }
});

/// A number as a symbol, and how many of its low bits follow. The larger `kept` is, the fewer follow.
#[inline]
fn symbol(number: u32, kept: u32) -> (usize, u32) {
    let extra = number.checked_ilog2().unwrap_or(0).saturating_sub(kept);
    (((extra << kept) + (number >> extra)) as usize, extra)
}

/// The symbol of a length, and how many bits of the length follow.
#[inline]
fn length_symbol(length: u32) -> (usize, u32) {
    match length {
        258 => (LONGEST, 0),
        _ => {
            let (symbol, extra) = symbol(length - 3, 2);
            (END + 1 + symbol, extra)
        }
    }
}

#[inline]
fn distance_symbol(distance: u32) -> (usize, u32) {
    symbol(distance - 1, 1)
}

/// Splits the text from `at` on into bytes and repetitions.
fn read(text: &[u8], mut at: usize, index: &mut Index, sink: &mut impl Sink) {
    while let Some(byte) = text.get(at) {
        let (mut length, mut distance) = repetition(text, at, index);
        if length == 0 {
            sink.literal(*byte);
            at += 1;
            continue;
        }
        while length < GOOD {
            // A literal before a longer repetition is better.
            let later = repetition(text, at + 1, index);
            if later.0 <= length {
                break;
            }
            sink.literal(text[at]);
            at += 1;
            (length, distance) = later;
        }
        // The bytes inside it are not indexed: their earlier occurrence is.
        sink.repetition(length as u32, distance as u32);
        at += length;
    }
}

/// The length and distance of the repetition at a position; a length of 0 for fewer than three bytes. Adds the position
/// to the index.
#[inline]
fn repetition(text: &[u8], at: usize, index: &mut Index) -> (usize, usize) {
    let Some(word) = three(text, at) else {
        return (0, 0);
    };
    let hash = word.wrapping_mul(0x9E37_79B1) >> (u32::BITS - HASH_BITS);
    let before = std::mem::replace(&mut index[hash as usize], at as u16 + 1);
    match usize::from(before).checked_sub(1) {
        Some(before) if three(text, before) == Some(word) => {
            let most = (text.len() - at).min(REPEATS.1);
            let mut length = REPEATS.0;
            while length < most && text[before + length] == text[at + length] {
                length += 1;
            }
            (length, at - before)
        }
        _ => (0, 0),
    }
}

/// Three bytes, above a zero byte. `None` for the last three positions, since four bytes are read.
#[inline]
fn three(text: &[u8], at: usize) -> Option<u32> {
    let bytes = text.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes) << 8)
}

/// How often the symbols of a text occur.
#[derive(Clone, Copy)]
struct Counts {
    literals: Tally<LITERALS>,
    distances: Tally<DISTANCES>,
    /// The number of bits that follow the symbols, with any code.
    extra_bits: u32,
}

impl Counts {
    fn new() -> Self {
        Self {
            literals: Tally::new(),
            distances: Tally::new(),
            extra_bits: 0,
        }
    }

    /// How many bits they take.
    fn cost(&self, codes: &Codes) -> u32 {
        codes.literals.cost(&self.literals.of)
            + codes.distances.cost(&self.distances.of)
            + self.extra_bits
    }

    /// Estimates how many bits they take in a block with its own code, including the description of that code.
    fn estimate(&self) -> u32 {
        HEADER + self.extra_bits + self.literals.entropy() + self.distances.entropy()
    }
}

#[derive(Clone, Copy)]
struct Tally<const N: usize> {
    of: [u16; N],
    /// The sum of [`LOGS`] of all counts.
    logs: u32,
}

/// One bit.
const LOG_UNIT: u32 = 64;

/// `n * log2(n)` for every count, in units of [`LOG_UNIT`].
const LOGS: [u32; MOST + 2] = {
    let (mut logs, mut number) = ([0; MOST + 2], 1);
    while number < logs.len() {
        let whole = number.ilog2();
        // The number without its whole power of two, from 1 to 2, and the bits of its logarithm.
        let mut mantissa = (number as u64) << (31 - whole);
        let (mut log, mut unit) = (whole * LOG_UNIT, LOG_UNIT / 2);
        while unit > 0 {
            mantissa = (mantissa * mantissa) >> 31;
            if mantissa >= 1 << 32 {
                mantissa >>= 1;
                log += unit;
            }
            unit /= 2;
        }
        logs[number] = log * number as u32;
        number += 1;
    }
    logs
};

/// The difference to the next count.
const GROWTH: [u32; MOST + 1] = {
    let (mut growth, mut number) = ([0; MOST + 1], 0);
    while number < growth.len() {
        growth[number] = LOGS[number + 1] - LOGS[number];
        number += 1;
    }
    growth
};

impl<const N: usize> Tally<N> {
    fn new() -> Self {
        Self {
            of: [0; N],
            logs: 0,
        }
    }

    #[inline]
    fn add(&mut self, symbol: usize) {
        let count = &mut self.of[symbol];
        self.logs += GROWTH[usize::from(*count)];
        *count += 1;
    }

    /// The minimum number of bits that the symbols take with any code.
    fn entropy(&self) -> u32 {
        let all: u16 = self.of.iter().sum();
        (LOGS[usize::from(all)] - self.logs) / LOG_UNIT
    }
}

/// The description of two codes, in runs of equal lengths.
struct Header {
    /// A length, or a run with its extra bits in the upper half.
    runs: Vec<(u8, u8)>,
    code: Code<RUNS>,
    literals: usize,
    distances: usize,
    code_lengths: usize,
}

impl Header {
    fn of(codes: &Codes) -> Self {
        let used = |lengths: &[u8]| lengths.iter().rposition(|length| *length > 0);
        let literals = used(&codes.literals.lengths).map_or(0, |last| last + 1);
        // At least one is always described.
        let distances = used(&codes.distances.lengths).map_or(1, |last| last + 1);
        let described = (codes.literals.lengths[..literals].iter())
            .chain(&codes.distances.lengths[..distances]);
        let mut described = described.copied().peekable();
        let mut runs = Vec::with_capacity(160);
        while let Some(length) = described.next() {
            let mut again = 0_u8;
            let most = if length == 0 { 137 } else { 6 };
            while again < most && described.next_if_eq(&length).is_some() {
                again += 1;
            }
            match (length, again) {
                (0, 2..10) => runs.push((ZEROS, again - 2)),
                (0, 10..) => runs.push((MORE_ZEROS, again - 10)),
                (_, 3..) => runs.extend([(length, 0), (SAME, again - 3)]),
                (_, again) => (0..=again).for_each(|_| runs.push((length, 0))),
            }
        }
        let mut counts = [0; RUNS];
        for (run, _) in &runs {
            counts[usize::from(*run)] += 1;
        }
        let code = Code::shortest(&counts, 7);
        let last = ORDER.iter().rposition(|run| code.lengths[*run] > 0);
        Self {
            runs,
            literals,
            distances,
            // At least four are always written.
            code_lengths: last.map_or(0, |last| last + 1).max(4),
            code,
        }
    }

    /// How many bits follow a run.
    fn extra(run: u8) -> u32 {
        match run {
            SAME => 2,
            ZEROS => 3,
            MORE_ZEROS => 7,
            _ => 0,
        }
    }

    /// How many bits it takes.
    fn cost(&self) -> u32 {
        let run = |(run, _): &(u8, u8)| self.code.get(usize::from(*run)).1 + Self::extra(*run);
        14 + 3 * self.code_lengths as u32 + self.runs.iter().map(run).sum::<u32>()
    }

    fn write(&self, out: &mut Bits<'_>) {
        out.put((self.literals as u32 - 257, 5));
        out.put((self.distances as u32 - 1, 5));
        out.put((self.code_lengths as u32 - 4, 4));
        for run in &ORDER[..self.code_lengths] {
            out.put((u32::from(self.code.lengths[*run]), 3));
        }
        for (run, extra) in &self.runs {
            out.put(self.code.get(usize::from(*run)));
            out.put((u32::from(*extra), Self::extra(*run)));
        }
    }
}

/// Writes bits, lowest first.
struct Bits<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            held: 0,
            count: 0,
        }
    }

    #[inline]
    fn put(&mut self, (bits, count): (u32, u32)) {
        self.held |= u64::from(bits) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.out
                .extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    #[inline]
    fn literal(&mut self, byte: u8, codes: &Codes) {
        self.put(codes.literals.get(usize::from(byte)));
    }

    /// Returns the symbols, and how many bits follow both.
    #[inline]
    fn repetition(&mut self, length: u32, distance: u32, codes: &Codes) -> (usize, usize, u32) {
        let (long, more) = length_symbol(length);
        self.put(codes.literals.get(long));
        self.put(((length - 3) & ((1 << more) - 1), more));
        let (far, extra) = distance_symbol(distance);
        self.put(codes.distances.get(far));
        self.put(((distance - 1) & ((1 << extra) - 1), extra));
        (long, far, more + extra)
    }

    /// Writes the bits that are held.
    fn finish(self) {
        let bytes = self.held.to_le_bytes();
        let left = self.count.div_ceil(8) as usize;
        self.out.extend_from_slice(&bytes[..left]);
    }
}

/// Writes with the fixed code, and counts.
struct Counted<'a> {
    bits: Bits<'a>,
    counts: Counts,
}

impl<'a> Counted<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        let mut bits = Bits::new(out);
        bits.put(FIXED_BLOCK);
        let counts = Counts::new();
        Self { bits, counts }
    }
}

impl Sink for Counted<'_> {
    #[inline]
    fn literal(&mut self, byte: u8) {
        self.bits.literal(byte, &FIXED);
        self.counts.literals.add(usize::from(byte));
    }

    #[inline]
    fn repetition(&mut self, length: u32, distance: u32) {
        let (long, far, extra) = self.bits.repetition(length, distance, &FIXED);
        self.counts.literals.add(long);
        self.counts.distances.add(far);
        self.counts.extra_bits += extra;
    }
}

/// Writes with a code of its own.
struct Own<'a> {
    bits: Bits<'a>,
    codes: Codes,
}

impl Sink for Own<'_> {
    fn literal(&mut self, byte: u8) {
        self.bits.literal(byte, &self.codes);
    }

    fn repetition(&mut self, length: u32, distance: u32) {
        self.bits.repetition(length, distance, &self.codes);
    }
}

/// Appends the block for a text of at most [`MOST`] bytes.
pub(super) fn compress(text: &[u8], out: &mut Vec<u8>) {
    let (start, head) = (out.len(), &*HEAD);
    let begins = text.starts_with(head.text.as_bytes());
    // The output and the counts of the known beginning are copied.
    let (at, mut index, mut counted) = if begins {
        out.extend_from_slice(&head.fixed);
        let (held, count) = (head.held, head.count);
        let bits = Bits { out, held, count };
        let counts = head.counts;
        (head.text.len(), head.index, Counted { bits, counts })
    } else {
        (0, NOTHING, Counted::new(out))
    };
    read(text, at, &mut index, &mut counted);
    counted.counts.literals.add(END);
    counted.bits.put(FIXED.literals.get(END));
    let Counted { bits, counts } = counted;
    let fixed = 8 * (bits.out.len() - start) as u32 + bits.count;
    if fixed * 100 <= counts.estimate() * WORTH {
        return bits.finish();
    }
    let codes = Codes {
        literals: Code::shortest(&counts.literals.of, 15),
        distances: Code::shortest(&counts.distances.of, 15),
    };
    let header = Header::of(&codes);
    if OWN_BLOCK.1 + header.cost() + counts.cost(&codes) >= fixed {
        return bits.finish();
    }
    out.truncate(start);
    let mut bits = Bits::new(out);
    bits.put(OWN_BLOCK);
    header.write(&mut bits);
    let mut own = Own { bits, codes };
    index = NOTHING;
    // Split at the same position as above: a repetition across it would need symbols that were not counted.
    read(&text[..at], 0, &mut index, &mut own);
    read(text, at, &mut index, &mut own);
    let Own { mut bits, codes } = own;
    bits.put(codes.literals.get(END));
    bits.finish();
}

#[cfg(test)]
mod tests;
