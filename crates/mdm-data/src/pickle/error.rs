//! Why a pickle is refused.

/// Why a pickle is refused, or why a value in it is not what the caller wants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PickleError {
    /// The input ends too early.
    #[error("pickle is cut off: byte {offset} needs {needed} more bytes, {remaining} remain")]
    Truncated {
        /// Where the missing bytes should begin.
        offset: usize,
        /// How many are needed.
        needed: u64,
        /// How many are left.
        remaining: usize,
    },
    /// The pickle names something outside the allow-list. Nothing has been called.
    #[error(
        "pickle asks for {}.{} at byte {offset}, which is not allowed; nothing was run",
        module.escape_debug(), name.escape_debug()
    )]
    ForbiddenGlobal {
        /// Python module.
        module: String,
        /// Name in the module.
        name: String,
        /// Offset of the instruction.
        offset: usize,
    },
    /// A byte that is no instruction of any protocol.
    #[error("pickle has the unknown instruction {opcode:#04x} at byte {offset}")]
    UnknownOpcode {
        /// The byte.
        opcode: u8,
        /// Its offset.
        offset: usize,
    },
    /// Valid, but outside what this reader does.
    #[error("pickle uses {what} at byte {offset}, which is not supported")]
    Unsupported {
        /// What is used.
        what: String,
        /// Offset of the instruction.
        offset: usize,
    },
    /// An instruction that does not fit what came before it.
    #[error("pickle is damaged at byte {offset}: expected {expected}, found {found}")]
    Malformed {
        /// What the instruction needs.
        expected: String,
        /// What it has.
        found: String,
        /// Offset of the instruction.
        offset: usize,
    },
    /// A limit of [`super::Limits`] is passed.
    #[error("pickle needs more than the limit of {limit} {what} (at byte {offset})")]
    Limit {
        /// The limit's unit: `bytes of memory`, `memo entries`.
        what: &'static str,
        /// Its value.
        limit: u64,
        /// Offset of the instruction, or the end of the input where a value was being read out.
        offset: usize,
    },
    /// A value of another kind than the caller asked for.
    #[error("expected {expected}, found {found}")]
    Type {
        /// What was asked for.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl PickleError {
    pub(super) fn ty(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Type {
            expected: expected.into(),
            found: found.into(),
        }
    }
}
