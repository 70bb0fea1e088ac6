//! Where to look first when the condition of a family holds; what is special about a function, it says itself.

use measurand_catalog::Condition;

/// In order, and as short as somebody wants it at night.
pub(super) fn of(condition: &Condition) -> &'static [&'static str] {
    match condition {
        Condition::ErrorRatioAbove(_) => &[
            "The labels tell which calls; the panel of errors by outcome tells whether they return errors, panic, or are cancelled.",
            "The log of that time has the first error; later ones often follow from it.",
            "If a release came just before, take it back.",
        ],
        Condition::FailureRatioAbove(_) | Condition::CompletionFailuresAbove(_) => &[
            "The labels tell whose work fails: if it is one, stop it; if it is all, look at what they share.",
            "Compare with the score and the duration of the same time.",
        ],
        Condition::DurationAbove { .. } => &[
            "The heatmap tells whether all calls are slower, or some: two bands are two kinds of calls.",
            "If there are more calls than usual, the load is the cause: see calls per second.",
            "Look at CPU, memory and Tokio lag: when all is slow, it is not this family.",
        ],
        Condition::ScoreBelow { .. } | Condition::LastScoreBelow(_) => &[
            "The heatmap tells whether all scores fell, or a second band came up: then one kind of work fails.",
            "Look at the newest work of whoever the labels name, and stop it if it does harm.",
        ],
        Condition::RollbacksAbove(_) => &[
            "Stop whatever the labels name: it fails, is undone, and begins again.",
            "Find what it tries in the log, and let it try something else.",
        ],
        Condition::FailuresAbove(_) => &[
            "Ask the other side whether it is up, from the machine of the program.",
            "Look for what ran out: connections, file descriptors, disk.",
        ],
        Condition::HitRatioBelow(_) => &[
            "A cache that was just emptied or resized fills again by itself: see since when.",
            "If more different things are asked for than fit, make it larger.",
        ],
        Condition::LevelAbove(_) | Condition::LevelBelow(_) | Condition::LevelGrowthAbove(_) => &[
            "The panel tells whether it came at once or slowly: at once is an event, slowly is a leak or growth.",
            "Compare with calls per second of the same time: more to do explains much.",
        ],
        Condition::CallsBelow(_) => &[
            "If the load is less than usual, nothing is wrong: ask who sends it.",
            "If durations are up, something is slow; if errors are up, something fails: look there.",
        ],
        Condition::Stalled(_) => &[
            "See whether calls are in flight: then they hang, and a stack trace of the process tells where.",
            "If none is in flight, nobody calls: look at who should.",
            "If nothing tells, restart the program, and keep its log.",
        ],
    }
}
