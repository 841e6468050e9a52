//! Marks: what is known of a sample beside its value, from its sender and from its series' rules.
//!
//! Nothing here may decide which marks a sample gets.

use taydo_model::SampleState;

/// A set of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks(u8);

impl Marks {
    pub(crate) const CALIBRATING: Self = Self(1);
    pub(crate) const FAULT: Self = Self(2);
    pub(crate) const PROVISIONAL: Self = Self(4);
    /// Not physically possible.
    pub(crate) const OUTSIDE: Self = Self(8);
    /// Too far from the sample before.
    pub(crate) const JUMP: Self = Self(16);
    /// The same value for too long.
    pub(crate) const FROZEN: Self = Self(32);

    /// Those of a sample that measures nothing.
    pub(crate) const VOID: Self = Self(1 | 2);
    pub(crate) const SUSPECT: Self = Self(8 | 16 | 32);

    pub(crate) fn of_state(state: SampleState) -> Self {
        match state {
            SampleState::Normal => Self::default(),
            SampleState::Calibrating => Self::CALIBRATING,
            SampleState::Fault => Self::FAULT,
            SampleState::Provisional => Self::PROVISIONAL,
        }
    }

    /// The sender's part of them. One state a sample, so the marks' order is the states'.
    pub(crate) fn sent(self) -> Self {
        Self(self.0 & (1 | 2 | 4))
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    pub(crate) fn is_suspect(self) -> bool {
        self.has_any(Self::SUSPECT)
    }

    pub(crate) fn is_provisional(self) -> bool {
        self.has_any(Self::PROVISIONAL)
    }

    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}
