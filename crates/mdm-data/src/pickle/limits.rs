//! How much a pickle may cost.

use std::cell::Cell;

use super::PickleError;

/// How much a pickle may cost. All limits are upper bounds, reached ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes allocated in all, those of the values read out included. Every allocation is charged before it is made and
    /// never given back, so that this bounds the memory in use at any time, and the work. Default 8 GiB.
    pub memory: u64,
    /// Instructions that may be open inside one another (the depth of marks). Default 1,000, Python's own recursion
    /// limit, so every pickle that Python could write fits.
    pub depth: usize,
    /// Values on the stack at one time. Default 16 Mi.
    pub stack: usize,
    /// Entries of the memo. Default 64 Mi.
    pub memo: usize,
    /// Bytes of one text or bytes value. Default 4 GiB.
    pub string: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 8 << 30,
            depth: 1000,
            stack: 16 << 20,
            memo: 64 << 20,
            string: 4 << 30,
        }
    }
}

/// Memory spent so far. A cell, because reading values out of a finished pickle is charged too.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    spent: Cell<u64>,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit,
            spent: Cell::new(0),
        }
    }

    /// Takes `count * size` bytes from the budget.
    pub(super) fn charge(
        &self,
        count: usize,
        size: usize,
        offset: usize,
    ) -> Result<(), PickleError> {
        let spent = (count as u64)
            .checked_mul(size as u64)
            .and_then(|bytes| bytes.checked_add(self.spent.get()))
            .filter(|&spent| spent <= self.limit);
        match spent {
            Some(spent) => {
                self.spent.set(spent);
                Ok(())
            }
            None => Err(PickleError::Limit {
                what: "bytes of memory",
                limit: self.limit,
                offset,
            }),
        }
    }

    /// Makes room for `more` values in a vector that grows, at least doubling it. What is charged is the new memory in
    /// full, since for a moment the old stands beside it.
    pub(super) fn grow<T>(
        &self,
        vector: &mut Vec<T>,
        more: usize,
        offset: usize,
    ) -> Result<(), PickleError> {
        if vector.capacity() - vector.len() >= more {
            return Ok(());
        }
        let capacity = (vector.len() + more).max(2 * vector.capacity()).max(4);
        self.charge(capacity, size_of::<T>(), offset)?;
        vector.reserve_exact(capacity - vector.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_is_never_exceeded_or_wrapped() {
        let budget = Budget::new(100);
        assert!(budget.charge(10, 10, 0).is_ok());
        assert!(budget.charge(0, 8, 0).is_ok());
        assert!(budget.charge(1, 1, 0).is_err());
        assert!(budget.charge(usize::MAX, usize::MAX, 0).is_err());
    }

    #[test]
    fn a_vector_that_grows_is_paid_for_each_time() {
        let budget = Budget::new(4 + 8);
        let mut vector = Vec::new();
        for byte in 0..8u8 {
            budget.grow(&mut vector, 1, 0).unwrap();
            vector.push(byte);
        }
        assert_eq!((vector.capacity(), budget.spent.get()), (8, 12));
        assert!(budget.grow(&mut vector, 1, 0).is_err());
    }
}
