//! Random sampling: decides which calls are timed if `time = 1 in N` is set. The choice is random because choosing each
//! sixteenth call of a thread would always choose the same one of sixteen functions that call each other in turn.
//!
//! The method is a Poisson process: events are random points on a line, on average one per unit of length. Each call
//! covers a piece of the line whose length gives the requested probability of an event. So one subtraction decides for
//! nearly every call, and a random number is needed only once per timed call.

use std::cell::Cell;
use std::hash::BuildHasher as _;

/// The unit of length, which makes lengths integers.
const UNIT: f64 = 4_294_967_296.0;

/// The length that a call covers, so it contains an event with the probability `1 / one_in`: `-ln(1 - 1/n)`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and less than the unit for two")]
pub(crate) const fn weight(one_in: u32) -> u64 {
    if one_in < 2 {
        return u64::MAX >> 1;
    }
    let chance = 1.0 / one_in as f64;
    // The power series of the logarithm, because constants have no function for it. For one in two, it converges by one
    // bit per term.
    let (mut sum, mut power, mut term) = (0.0, chance, 1.0);
    while term < 64.0 {
        sum += power / term;
        power *= chance;
        term += 1.0;
    }
    (sum * UNIT) as u64
}

thread_local! {
    /// The distance to the next event.
    static LEFT: Cell<u64> = const { Cell::new(0) };
    /// The distance from that event to the following one, if it is known; otherwise 0.
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Whether there is an event in the piece of this call. If so, the caller must call [`renew`]. It is separate, so the
/// caller needs no stack for it.
#[inline]
pub(crate) fn is_sampled(weight: u64) -> bool {
    LEFT.with(|left| {
        let rest = left.get().checked_sub(weight);
        if let Some(rest) = rest {
            left.set(rest);
        }
        rest.is_none()
    })
}

/// Chooses the next event. The current position has no influence: the distance to the next event has the same
/// distribution everywhere.
pub(crate) fn renew() {
    LEFT.set(match NEXT.replace(0) {
        0 => distance(),
        next => next,
    });
}

/// Makes the next call a sample, at any rate.
pub(crate) fn sample_next() {
    LEFT.set(0);
}

/// Computes the next event in advance, at a time when no measurement runs: it takes as long as reading the clock.
pub(crate) fn prepare() {
    if NEXT.get() == 0 {
        NEXT.set(distance());
    }
}

/// A random distance to the next event.
#[inline(never)]
fn distance() -> u64 {
    thread_local! {
        static RANDOM: Cell<u64> = const { Cell::new(0) };
    }
    RANDOM.with(|random| {
        let seed = match random.get() {
            // Each thread has another sequence.
            0 => foldhash::fast::RandomState::default().hash_one(std::ptr::from_ref(random).addr()),
            seed => seed,
        };
        // Knuth's linear congruential generator; the high bits of its numbers are good.
        let next = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random.set(next.max(1));
        exponential(next)
    })
}

/// The negative logarithm of `random / 2^64`, in units.
///
/// The power of two is exact, and a polynomial handles the rest: the logarithm of the standard library would cost half
/// as much as reading the clock.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "32 bits are enough, and it is positive")]
fn exponential(random: u64) -> u64 {
    let halvings = random.leading_zeros().min(40);
    // The bits behind the first set bit, as a number from one to two, minus one.
    let rest = f64::from((random << halvings >> 31) as u32) / UNIT;
    // ln(1 + x) by Abramowitz and Stegun, 4.1.43, with an error of at most 0.00001.
    let coefficients = [-0.136_062_75, 0.289_474_78, -0.491_908_96, 0.999_495_56];
    let logarithm = coefficients.iter().fold(0.032_158_45, |sum, it| sum * rest + it) * rest;
    // Through a signed number, because the processor has an instruction for that conversion.
    ((f64::from(halvings + 1) * std::f64::consts::LN_2 - logarithm).max(0.0) * UNIT) as i64 as u64
}

#[cfg(test)]
mod tests {
    #![expect(clippy::cast_precision_loss, reason = "the comparison is approximate")]
    use super::*;

    fn hit(weight: u64) -> bool {
        let hit = is_sampled(weight);
        if hit {
            renew();
        }
        hit
    }

    #[test]
    fn weights_match_their_probabilities() {
        for one_in in [2_u32, 3, 16, 100, 10_000] {
            let chance = 1.0 - (-(weight(one_in) as f64) / UNIT).exp();
            assert!((chance * f64::from(one_in) - 1.0).abs() < 1e-4, "1 in {one_in}: {chance}");
        }
        assert!((0..1000).all(|_| hit(weight(1))));
    }

    #[test]
    fn distances_are_logarithms() {
        for random in [1 << 40, 1 << 50, u64::MAX / 3, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX - 5, u64::MAX] {
            let expected = -(random as f64 / 2.0_f64.powi(64)).ln() * UNIT;
            let found = exponential(random) as f64;
            assert!((found - expected).abs() < 2e-5 * UNIT, "{random}: {found} {expected}");
        }
    }

    /// Functions with different rates take turns; none of them affects the share of another.
    #[test]
    fn each_function_gets_its_share() {
        let mut found = [0_u32; 3];
        let rates = [4, 16, 16];
        for call in 0..600_000_usize {
            found[call % 3] += u32::from(hit(weight(rates[call % 3])));
        }
        for (found, rate) in found.into_iter().zip(rates) {
            let (expected, chance) = (200_000.0 / f64::from(rate), 1.0 / f64::from(rate));
            let deviation = (expected * (1.0 - chance)).sqrt();
            assert!((f64::from(found) - expected).abs() < 6.0 * deviation, "1 in {rate}: {found}");
        }
    }
}
