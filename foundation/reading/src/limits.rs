//! How much is read of anything.

/// Limits on what a reader will take, so that no input can exhaust the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest input in bytes.
    pub bytes: u64,
    /// Most pages read; the rest are named in a finding.
    pub pages: u32,
    /// Most characters kept.
    pub characters: usize,
    /// Deepest nesting of elements or objects followed.
    pub depth: u32,
    /// Most bytes any one compressed stream may expand to.
    pub expanded: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 256 << 20, pages: 20_000, characters: 50_000_000, depth: 200, expanded: 128 << 20 }
    }
}
