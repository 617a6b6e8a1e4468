use std::fmt;

/// Whether a protected characteristic was recorded, and if not, why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// A value was recorded.
    Recorded,
    /// The person was asked and did not say.
    NotStated,
    /// Nobody asked, or nothing was written.
    NotRecorded,
    /// The field cannot apply.
    NotApplicable,
}

/// A protected characteristic: it can be counted for completeness, and nothing else can be done with it here.
///
/// The value inside has no accessor, no `Clone`, no `PartialEq`, no `Hash` and no `Serialize`, and its `Debug` never shows
/// it, so linkage, estimation and grouping code cannot reach it even by accident. These do not compile:
///
/// ```compile_fail
/// let ethnicity = candour_record::Protected::recorded("A1".to_owned());
/// let value: &String = ethnicity.value(); // there is no such method
/// ```
/// ```compile_fail
/// let a = candour_record::Protected::recorded(1);
/// let b = candour_record::Protected::recorded(1);
/// assert!(a == b); // two people's characteristics cannot be compared
/// ```
/// ```compile_fail
/// fn write<T: serde::Serialize>(_: T) {}
/// write(candour_record::Protected::recorded(1)); // cannot be serialised
/// ```
///
/// What can be done is to count how complete the field is:
///
/// ```
/// use candour_record::{Presence, Protected};
/// let column = [Protected::recorded("A1"), Protected::missing(Presence::NotStated)];
/// let recorded = column.iter().filter(|p| p.presence() == Presence::Recorded).count();
/// assert_eq!(recorded, 1);
/// ```
pub struct Protected<T> {
    presence: Presence,
    /// Held for the disclosure door; nothing else reads it.
    #[cfg_attr(
        not(feature = "door"),
        expect(dead_code, reason = "read only by the disclosure crate, behind its feature")
    )]
    value: Option<T>,
}

impl<T> Protected<T> {
    /// Wraps a recorded value.
    pub fn recorded(value: T) -> Self {
        Self { presence: Presence::Recorded, value: Some(value) }
    }

    /// A value that is missing; `Recorded` makes no sense here and is kept as `NotRecorded`.
    pub fn missing(why: Presence) -> Self {
        let presence = if why == Presence::Recorded { Presence::NotRecorded } else { why };
        Self { presence, value: None }
    }

    /// The value, for counting into a table at the disclosure door and nowhere else.
    ///
    /// There is no way in Rust to give a method to one other crate, so three things stand around this one: the feature `door`,
    /// which only `candour-disclosure` asks for; `clippy.toml`, which refuses a call to it anywhere; and the one call, in that
    /// crate, which says why it is there and gives back nothing but a count.
    ///
    /// # Errors
    ///
    /// Where there is no value, why not.
    #[cfg(feature = "door")]
    pub fn at_the_door(&self) -> Result<&T, Presence> {
        self.value.as_ref().ok_or(self.presence)
    }

    /// Whether it was recorded.
    pub fn presence(&self) -> Presence {
        self.presence
    }
}

impl<T> fmt::Debug for Protected<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Protected({:?})", self.presence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_value() {
        let shown = format!("{:?}", Protected::recorded("value-in-the-vault"));
        assert_eq!(shown, "Protected(Recorded)");
    }

    #[test]
    fn a_missing_value_is_never_called_recorded() {
        assert_eq!(Protected::<u8>::missing(Presence::Recorded).presence(), Presence::NotRecorded);
    }
}
