//! Whether a KPI's window and its grid go together: panes lie on the grid, a period's readings reach its end, and long windows
//! are kept as hourly panes.
//!
//! Must never refuse what the engine computes well.

use super::{DAY_S, duration};
use crate::files::section::Section;
use crate::kpi::{From, Period, Window};

const HOUR_S: u32 = 3600;
const QUARTER_S: u32 = HOUR_S / 4;

/// Names what doesn't go together.
pub(super) fn check(section: &Section<'_>, from: &From, every_s: u32) {
    let (From::Observations { window, .. } | From::Cases { window, .. }) = from else { return };
    let every = duration::show(every_s);
    let wrong = match *window {
        // Levels, such as open cases, have no window.
        Window::Sliding(0) => None,
        Window::Sliding(window_s) if !window_s.is_multiple_of(every_s) && !every_s.is_multiple_of(window_s) => Some((
            format!("neither of the window {} and the grid {every} is a multiple of the other", duration::show(window_s)),
            "change `window` or `every`",
        )),
        Window::Sliding(window_s) if is_observed(from) && window_s > DAY_S && !every_s.is_multiple_of(HOUR_S) => Some((
            format!("a window of {} needs a grid of whole hours, not {every}", duration::show(window_s)),
            "write every = \"1h\", or a window of a day at most",
        )),
        Window::Calendar(_) if !HOUR_S.is_multiple_of(every_s) => Some((
            format!("no reading would come at the end of a period: an hour is not a whole number of {every}"),
            "write every = \"1h\", or less that divides an hour",
        )),
        Window::Calendar(Period::Week | Period::Month | Period::Year) if is_observed(from) && every_s < QUARTER_S => Some((
            format!("a week, a month or a year to date needs a grid of an hour, not {every}"),
            "write every = \"1h\"; where clocks differ from others by half or quarter hours, \"30m\" or \"15m\"",
        )),
        Window::Sliding(_) | Window::Calendar(_) => None,
    };
    if let Some((message, hint)) = wrong {
        section.problem(format!("{}: {message}", section.what), hint);
    }
}

fn is_observed(from: &From) -> bool {
    matches!(from, From::Observations { .. })
}
