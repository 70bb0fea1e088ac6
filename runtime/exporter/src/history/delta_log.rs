//! The recent numbers of one series in few bytes: only changes are stored.
//!
//! A sample is a row of columns: a counter or a gauge has one number; a histogram has one number for each bucket, and
//! the sum. Samples are counted in ticks. Between two entries all numbers stay the same, so a series at rest takes no
//! memory and a busy one a few bytes per tick. This module knows neither times nor names.

use std::collections::VecDeque;

/// The numbers from one tick to the newest.
#[derive(Debug)]
pub(crate) struct DeltaLog {
    /// The first tick that is kept.
    begin: u32,
    /// The numbers at that tick. `base_tick` is the tick of the entry that they come from.
    base: Box<[u64]>,
    base_tick: u32,
    /// The entries: the ticks since the previous entry, one bit for each column that changes, and these changes.
    bytes: VecDeque<u8>,
    last: Box<[u64]>,
    last_tick: u32,
    /// Whether the last column holds the bits of a floating-point number; all others are integers.
    is_float: bool,
}

/// Typical size of an entry, in bytes.
const ROOM: usize = 16;

/// Reads entries from the front.
struct Reader<'a> {
    bytes: &'a VecDeque<u8>,
    at: usize,
}

impl DeltaLog {
    pub(crate) fn new(tick: u32, values: &[u64], is_float: bool) -> Self {
        let (base, last) = (values.into(), values.into());
        Self { begin: tick, base, base_tick: tick, bytes: VecDeque::new(), last, last_tick: tick, is_float }
    }

    /// Appends the numbers of a later tick.
    pub(crate) fn push(&mut self, tick: u32, values: &[u64]) {
        if *self.last == *values {
            return;
        }
        if self.bytes.capacity() - self.bytes.len() < ROOM {
            // Doubling the capacity would waste half of a bounded memory.
            self.bytes.reserve_exact(self.bytes.len() / 4 + ROOM);
        }
        put(&mut self.bytes, u64::from(tick.saturating_sub(self.last_tick)));
        for (before, after) in self.last.chunks(8).zip(values.chunks(8)) {
            let bits = before.iter().zip(after).rev().fold(0, |bits, (a, b)| bits << 1 | u8::from(a != b));
            self.bytes.push_back(bits);
        }
        let last = values.len().saturating_sub(1);
        for (place, (before, after)) in self.last.iter().zip(values).enumerate().filter(|(_, it)| it.0 != it.1) {
            // Floating-point numbers mostly differ in their upper bits, counts in their lower bits.
            let change =
                if self.is_float && place == last { (before ^ after).reverse_bits() } else { zigzag(*before, *after) };
            put(&mut self.bytes, change);
        }
        self.last.copy_from_slice(values);
        self.last_tick = tick;
    }

    /// Drops everything before this tick.
    pub(crate) fn trim(&mut self, tick: u32) {
        loop {
            let next = Reader { bytes: &self.bytes, at: 0 }.ticks().map(|it| self.base_tick.saturating_add(it));
            let Some(next) = next.filter(|it| *it <= tick) else { break };
            let mut reader = Reader { bytes: &self.bytes, at: 0 };
            reader.apply(&mut self.base, self.is_float);
            let length = reader.at;
            self.base_tick = next;
            self.bytes.drain(..length);
        }
        self.begin = self.begin.max(tick);
        if self.bytes.capacity() > 64 && self.bytes.len() * 4 < self.bytes.capacity() {
            self.bytes.shrink_to(self.bytes.len() * 2);
        }
    }

    /// Calls `each` with every row and the tick from which on it holds, starting with the first tick that is kept.
    pub(crate) fn replay(&self, mut each: impl FnMut(u32, &[u64])) {
        let mut values = self.base.clone();
        let mut tick = self.base_tick;
        each(self.begin, &values);
        let mut reader = Reader { bytes: &self.bytes, at: 0 };
        while let Some(ticks) = reader.apply(&mut values, self.is_float) {
            tick = tick.saturating_add(ticks);
            each(tick, &values);
        }
    }

    /// Returns the heap memory, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.capacity() + (self.base.len() + self.last.len()) * size_of::<u64>()
    }
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn ticks(&mut self) -> Option<u32> {
        self.number().and_then(|it| u32::try_from(it).ok())
    }

    /// Applies one entry to the numbers before it. Returns the number of ticks since the previous entry.
    fn apply(&mut self, values: &mut [u64], is_float: bool) -> Option<u32> {
        let ticks = self.ticks()?;
        // The bits of the changed columns come before the changes.
        let bits = self.at;
        self.at += values.len().div_ceil(8);
        if self.at > self.bytes.len() {
            return None;
        }
        let last = values.len().saturating_sub(1);
        for (place, value) in values.iter_mut().enumerate() {
            if self.bytes.get(bits + place / 8).is_some_and(|it| it >> (place % 8) & 1 == 1) {
                let change = self.number()?;
                *value =
                    if is_float && place == last { *value ^ change.reverse_bits() } else { unzigzag(*value, change) };
            }
        }
        Some(ticks)
    }
}

fn put(out: &mut VecDeque<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push_back(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push_back(number.to_le_bytes()[0]);
}

/// Encodes the difference as a small number, positive or negative.
fn zigzag(before: u64, after: u64) -> u64 {
    let difference = after.wrapping_sub(before).cast_signed();
    ((difference << 1) ^ (difference >> 63)).cast_unsigned()
}

fn unzigzag(before: u64, change: u64) -> u64 {
    let difference = (change >> 1).cast_signed() ^ -(change & 1).cast_signed();
    before.wrapping_add(difference.cast_unsigned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(log: &DeltaLog) -> Vec<(u32, Vec<u64>)> {
        let mut all = Vec::new();
        log.replay(|tick, values| all.push((tick, values.to_vec())));
        all
    }

    #[test]
    fn what_is_written_is_read() {
        let rows: [(u32, [u64; 3]); 6] = [
            (7, [0, 5, 0.25_f64.to_bits()]),
            (8, [1, 5, 0.5_f64.to_bits()]),
            (9, [u64::MAX, 5, f64::NAN.to_bits()]),
            (400, [3, 1 << 40, 1e300_f64.to_bits()]),
            (401, [3, 0, 1e300_f64.to_bits()]),
            (700, [4, 0, (-0.0_f64).to_bits()]),
        ];
        let mut log = DeltaLog::new(rows[0].0, &rows[0].1, true);
        for (tick, values) in &rows[1..] {
            log.push(*tick, values);
        }
        let expected: Vec<_> = rows.iter().map(|(tick, values)| (*tick, values.to_vec())).collect();
        assert_eq!(all(&log), expected);
        log.trim(350);
        assert_eq!(all(&log), [vec![(350, rows[2].1.to_vec())], expected[3..].to_vec()].concat());
        log.trim(1000);
        assert_eq!(all(&log), [(1000, rows[5].1.to_vec())]);
        log.push(1001, &[5, 0, 0]);
        assert_eq!(all(&log)[1], (1001, vec![5, 0, 0]));
    }

    #[test]
    fn columns_beyond_eight_and_none_at_all() {
        let mut values = vec![0; 20];
        let mut log = DeltaLog::new(0, &values, false);
        for tick in 1..100 {
            values[tick as usize % 20] += u64::from(tick);
            log.push(tick, &values);
        }
        assert_eq!(all(&log).last(), Some(&(99, values)));
        let mut log = DeltaLog::new(0, &[], true);
        log.push(1, &[]);
        assert_eq!(all(&log), [(0, vec![])]);
    }

    #[test]
    fn a_series_at_rest_takes_nothing_and_a_busy_counter_three_bytes() {
        let mut log = DeltaLog::new(0, &[5], false);
        (1..720).for_each(|tick| log.push(tick, &[5]));
        assert_eq!(log.size(), 16);
        for tick in 720..1440 {
            log.push(tick, &[5 + u64::from(tick)]);
            log.trim(tick.saturating_sub(719));
        }
        assert!(log.size() < 3 * 1024, "{}", log.size());
    }
}
