//! Every condition of an alert can be used in a family that a user declares.

use measurand::DeclaredFamily;
use measurand::tables::Signal;

measurand::family! {
    /// Reviews by team.
    pub Review = "review", "Reviews" {
        labels {
            team: "red", "blue";
        }
        metrics {
            calls "reviews_total": "Reviews that ended.";
            errors "review_errors_total": "Reviews that ended in an error.";
            duration "review_duration_seconds": "Time of a review.", [0.25, 1.0, 5.0];
            score "review_score": "The score of the review.", [0.5, 0.7, 0.9, 1.0];
            last_score "review_last_score": "The latest score.";
            successes "review_successes_total": "Reviews that passed.";
            failures "review_failures_total": "Reviews that failed.";
            rollbacks "review_rollbacks_total": "Changes rolled back.";
        }
        alerts {
            A P0: error_ratio > 0.02, for 120 s, "A.", "A.";
            B P0: failure_ratio > 0.02, for 120 s, "A.", "A.";
            C P1: duration quantile 0.95 > 1.0, for 120 s, "A.", "A.";
            D P1: score quantile 0.05 < 0.7, for 120 s, "A.", "A.";
            E P2: last_score < 0.85, for 120 s, "A.", "A.";
            F P2: rollbacks > 5, for 120 s, "A.", "A.";
            G P3: failures > 3, for 120 s, "A.", "A.";
            H P3: calls < 1000, for 120 s, "A.", "A.";
            I P3: stalled 300 s, for 120 s, "A.", "A.";
        }
    }
}

measurand::family! {
    /// Jobs of the night.
    pub Nightly = "nightly", "Nightly jobs" {
        metrics {
            completions "nightly_jobs_total": "Jobs that ended.";
            level "nightly_queue_length": "Jobs that wait.";
        }
        alerts {
            J P1: completion_failures > 0.1, for 120 s, "A.", "A.";
            K P1: level > 100, for 120 s, "A.", "A.";
            L P1: level < 0.9, for 120 s, "A.", "A.";
            M P1: level growth > 1_048_576, for 120 s, "A.", "A.";
        }
    }
}

measurand::family! {
    /// Look-ups in the index.
    pub Index = "index", "Index" {
        metrics {
            hits "index_hits_total": "Look-ups that found something.";
            misses "index_misses_total": "Look-ups that found nothing.";
        }
        alerts {
            N P1: hit_ratio < 0.8, for 120 s, "A.", "A.";
        }
    }
}

#[test]
fn each_condition_can_be_declared() {
    let families = [Review::FAMILY, Nightly::FAMILY, Index::FAMILY];
    let conditions = families.iter().flat_map(|it| it.alerts).map(|it| it.condition);
    let declared: Vec<_> = conditions.map(|it| (it.signal, it.quantile, it.threshold)).collect();
    let expected = [
        (Signal::ErrorRatio, None, 0.02),
        (Signal::FailureRatio, None, 0.02),
        (Signal::DurationQuantile, Some(0.95), 1.0),
        (Signal::ScoreQuantile, Some(0.05), 0.7),
        (Signal::LastScore, None, 0.85),
        (Signal::Rollbacks, None, 5.0),
        (Signal::Failures, None, 3.0),
        (Signal::CallRate, None, 1000.0),
        (Signal::Stalled, None, 300.0),
        (Signal::CompletionFailureRatio, None, 0.1),
        (Signal::LevelAbove, None, 100.0),
        (Signal::LevelBelow, None, 0.9),
        (Signal::LevelGrowth, None, 1_048_576.0),
        (Signal::HitRatio, None, 0.8),
    ];
    assert_eq!(declared, expected);
}
