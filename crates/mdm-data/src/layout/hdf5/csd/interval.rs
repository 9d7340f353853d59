//! Stretches of time.

/// From `start` to `end`, in seconds of the video.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) start: f64,
    pub(super) end: f64,
}

impl Interval {
    pub(super) fn length(self) -> f64 {
        self.end - self.start
    }

    /// How long both last; negative by the gap between them if they do not meet.
    pub(super) fn overlap(self, other: Self) -> f64 {
        self.end.min(other.end) - self.start.max(other.start)
    }

    /// The share of this interval that lies in `whole`. All or nothing for an interval without length.
    pub(super) fn share_in(self, whole: Self) -> f64 {
        if self.length() > 0.0 {
            (self.overlap(whole) / self.length()).max(0.0)
        } else {
            f64::from(whole.start <= self.start && self.start < whole.end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_time() {
        let interval = |start, end| Interval { start, end };
        let segment = interval(2.0, 4.0);
        assert_eq!(interval(3.0, 4.0).share_in(segment), 1.0);
        assert_eq!(interval(3.5, 4.5).share_in(segment), 0.5);
        assert_eq!(interval(4.0, 5.0).share_in(segment), 0.0);
        assert_eq!(interval(6.0, 7.0).share_in(segment), 0.0);
        assert_eq!(interval(2.0, 2.0).share_in(segment), 1.0);
        assert_eq!(interval(4.0, 4.0).share_in(segment), 0.0);
        assert_eq!(interval(5.0, 6.0).overlap(segment), -1.0);
    }
}
