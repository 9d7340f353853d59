//! A fault of a published sequence: its rows and its intervals are out of step.

use super::interval::Interval;

/// Root names of sequences in which a row is spoken in the interval of the row before it.
///
/// In the words of CMU-MOSI the first interval is missing and the last is left over. Read as it stands, one of the
/// 2,199 labelled segments has the words of its transcript; with each row moved to the interval before it, 1,955 have, and
/// the length of the words then correlates with the time they take (0.52, and 0.00 as it stands).
const LAGGING: [&str; 1] = ["CMU_MOSI_ModifiedTimestampedWords"];

pub(super) fn lags(root: &str) -> bool {
    LAGGING.contains(&root)
}

/// Moves every row to the interval before its own. The first row gets the time before the first interval.
pub(super) fn undo(intervals: &mut [Interval]) {
    let Some(&first) = intervals.first() else {
        return;
    };
    intervals.rotate_right(1);
    intervals[0] = Interval {
        start: first.start.min(0.0),
        end: first.start,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_move_to_the_interval_before() {
        let interval = |start, end| Interval { start, end };
        let mut intervals = [interval(0.5, 1.0), interval(1.0, 3.0), interval(3.0, 4.0)];
        undo(&mut intervals);
        let expected = [interval(0.0, 0.5), interval(0.5, 1.0), interval(1.0, 3.0)];
        assert_eq!(intervals, expected);
        undo(&mut []);
    }
}
