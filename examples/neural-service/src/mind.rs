//! The confidence in each pattern, in memory. Feedback changes it many times per second; the feedback cycle writes it
//! to the database.

use measurand::{PatternType, neural_op, pattern_confidence};
use std::sync::atomic::{AtomicU64, Ordering};

/// Number of confidences in memory; a power of two.
pub(crate) const SLOTS: usize = 1024;

/// Weight of new feedback in the moving average.
const RATE: f64 = 0.05;

/// The confidences of all patterns.
#[derive(Debug)]
pub(crate) struct Mind {
    /// The bits of an `f64`, by the pattern's number modulo [`SLOTS`].
    confidences: Vec<AtomicU64>,
}

impl Mind {
    pub(crate) fn new() -> Self {
        Self { confidences: (0..SLOTS).map(|_| AtomicU64::new(0.9_f64.to_bits())).collect() }
    }

    fn slot(&self, pattern: i64) -> &AtomicU64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "only the low bits count")]
        let index = pattern as usize % SLOTS;
        &self.confidences[index]
    }

    /// Sets the confidence stored in the database.
    pub(crate) fn recall(&self, pattern: i64, confidence: f64) {
        self.slot(pattern).store(confidence.to_bits(), Ordering::Relaxed);
    }

    /// Learns from one reward, from 0 to 1, and returns the new confidence.
    ///
    /// # Runbook
    /// Send `POST /faults {"stalled-loop": "off"}`; then check that the feedback loop runs.
    #[neural_op("learning", owner = "learning")]
    pub(crate) fn learn(&self, pattern: i64, reward: f64) -> f64 {
        self.adjust(pattern, reward)
    }

    /// The work of [`Mind::learn`] without metrics, as a baseline for the benchmark.
    ///
    /// If two threads update one pattern at the same time, one update may be lost; a moving average tolerates that.
    #[inline]
    pub(crate) fn adjust(&self, pattern: i64, reward: f64) -> f64 {
        let slot = self.slot(pattern);
        let before = f64::from_bits(slot.load(Ordering::Relaxed));
        let after = before + RATE * (reward.clamp(0.0, 1.0) - before);
        slot.store(after.to_bits(), Ordering::Relaxed);
        after
    }

    /// The confidence in a pattern, from 0 to 1.
    #[pattern_confidence(pattern_type = kind, owner = "learning")]
    pub(crate) fn confidence(&self, kind: PatternType, pattern: i64) -> f64 {
        f64::from_bits(self.slot(pattern).load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::Mind;
    use measurand::PatternType;

    #[test]
    fn feedback_moves_confidence_and_stays_within_bounds() {
        let mind = Mind::new();
        mind.recall(7, 0.5);
        let up = mind.learn(7, 1.0);
        assert!(up > 0.5 && up < 1.0, "{up}");
        for _ in 0..1000 {
            mind.learn(7, -3.0);
        }
        let down = mind.confidence(PatternType::Prediction, 7);
        assert!((0.0..0.01).contains(&down), "{down}");
    }
}
