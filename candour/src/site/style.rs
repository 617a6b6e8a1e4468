//! The one style sheet: system type, calm colours that pass WCAG 2.2 AA, print and dark settings, nothing fetched.

pub(crate) const CSS: &str = include_str!("../../templates/style.css");
