//! Embeddings of situations: similar goals and starts have similar vectors.

use crate::world::State;

pub(crate) const DIMENSIONS: usize = 32;

/// A vector of length one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Embedding(pub(crate) [f32; DIMENSIONS]);

impl Embedding {
    /// The embedding of a task with this goal and this state at its start.
    pub(crate) fn of_situation(goal: State, start: State) -> Self {
        let facts =
            |state: State, weight| (0..32).filter(move |it| state.0 & (1 << it) != 0).map(move |it| (it, weight));
        Self::of(facts(goal, 2.0).chain(facts(start, 1.0).map(|(it, weight)| (it + 32, weight))))
    }

    /// The normalized sum of one pseudo-random direction per feature, scaled by its weight.
    fn of(features: impl Iterator<Item = (u64, f32)>) -> Self {
        let mut sum = [0.0; DIMENSIONS];
        for (feature, weight) in features {
            let mut random = (feature + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            for cell in &mut sum {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                *cell += if random & 1 == 0 { weight } else { -weight };
            }
        }
        let length = sum.iter().map(|it| it * it).sum::<f32>().sqrt();
        Self(if length > 0.0 { sum.map(|it| it / length) } else { sum })
    }

    /// Cosine similarity, from -1 to 1.
    pub(crate) fn cosine(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|it| it.to_le_bytes()).collect()
    }

    /// Reads the bytes of [`Self::to_bytes`]; `None` if their number is wrong.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut values = [0.0; DIMENSIONS];
        let (words, rest) = bytes.as_chunks::<4>();
        if words.len() != DIMENSIONS || !rest.is_empty() {
            return None;
        }
        for (value, word) in values.iter_mut().zip(words) {
            *value = f32::from_le_bytes(*word);
        }
        Some(Self(values))
    }
}

#[cfg(test)]
mod tests {
    use super::Embedding;
    use crate::world::{STARTS, goal_of};
    use measurand::TaskType;

    #[test]
    fn a_situation_is_nearest_to_itself() {
        let goals = [TaskType::Feature, TaskType::Bugfix, TaskType::Refactor].map(|it| goal_of(it).facts);
        let all: Vec<_> =
            goals.iter().flat_map(|goal| STARTS.map(|start| Embedding::of_situation(*goal, start))).collect();
        for (index, one) in all.iter().enumerate() {
            assert!((one.cosine(one) - 1.0).abs() < 1e-4);
            for other in all.iter().enumerate().filter(|it| it.0 != index).map(|it| it.1) {
                assert!(one.cosine(other) < 0.99, "{one:?} and {other:?}");
            }
            assert_eq!(Embedding::from_bytes(&one.to_bytes()).as_ref(), Some(one));
        }
        assert_eq!(Embedding::from_bytes(&[0; 5]), None);
    }
}
