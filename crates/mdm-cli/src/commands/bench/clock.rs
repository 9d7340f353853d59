//! Warm-up, repeats, a budget.

use std::time::{Duration, Instant};

use super::job::Job;

/// How long a step is watched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// Steps before the clock.
    warm: usize,
    /// Most timed steps.
    repeats: usize,
    /// No more steps once so much time has passed.
    budget: Duration,
}

impl Effort {
    /// As on the PyTorch side.
    pub fn of(name: &str, job: Job, quick: bool) -> Self {
        let heavy = name == "mag_bert";
        let slow = matches!(job, Job::Algorithm1 | Job::Epoch);
        let (warm, repeats, budget) = match (job, quick) {
            (Job::Estimator, true) => (20, 200, 2.0),
            (Job::Estimator, false) => (20, 2000, 10.0),
            (_, true) => (
                usize::from(!(heavy && slow)),
                if slow { 3 } else { 9 },
                if heavy { 2.0 } else { 0.8 },
            ),
            (_, false) => (
                if slow { 1 } else { 3 },
                if slow { 9 } else { 30 },
                if heavy { 30.0 } else { 10.0 },
            ),
        };
        Self {
            warm,
            repeats,
            budget: Duration::from_secs_f64(budget),
        }
    }
}

/// What was measured, in seconds.
pub struct Times {
    pub median: f64,
    pub min: f64,
    pub count: usize,
}

/// Times a step, at least once.
pub fn measure(
    effort: Effort,
    mut step: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Times> {
    for _ in 0..effort.warm {
        step()?;
    }
    let start = Instant::now();
    let mut times = Vec::with_capacity(effort.repeats);
    while times.len() < effort.repeats {
        let before = Instant::now();
        step()?;
        times.push(before.elapsed().as_secs_f64());
        if start.elapsed() > effort.budget {
            break;
        }
    }
    Ok(Times {
        min: times.iter().copied().fold(f64::INFINITY, f64::min),
        count: times.len(),
        median: median(times),
    })
}

/// The middle of some numbers, at least one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => (values[middle - 1] + values[middle]) / 2.0,
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_timed_at_least_once_and_no_more_than_asked() {
        let mut steps = 0;
        let mut count = |warm, repeats, budget| {
            steps = 0;
            let effort = Effort {
                warm,
                repeats,
                budget,
            };
            let times = measure(effort, || {
                steps += 1;
                Ok(())
            });
            let times = times.unwrap();
            assert!(times.min <= times.median);
            (steps, times.count)
        };
        assert_eq!(count(2, 4, Duration::from_secs(60)), (6, 4));
        assert_eq!(count(0, 4, Duration::ZERO), (1, 1));
    }
}
