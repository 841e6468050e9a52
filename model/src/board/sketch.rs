//! A board's grid as text, for whoever writes its file and has no browser at hand.
//!
//! Must never show more than the file says: no figures, no colours.

use super::{Board, Content, Panel};
use std::fmt::Write;

/// A cell of the grid is so many characters wide, and one line high.
const CELL: usize = 8;

impl Content {
    /// The kind's name, as files write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Value { .. } => "value",
            Self::Trend { .. } => "trend",
            Self::Ranking { .. } => "ranking",
            Self::Bullet { .. } => "bullet",
            Self::Hexmap { .. } => "hexmap",
            Self::Map { .. } => "map",
            Self::Table { .. } => "table",
            Self::Heatmap { .. } => "heatmap",
            Self::Alerts { .. } => "alerts",
            Self::Text { .. } => "text",
            Self::Clock => "clock",
        }
    }
}

impl Board {
    /// The grid, each panel a box with its kind and what it shows. Lines end in a line feed.
    #[must_use]
    pub fn sketch(&self) -> String {
        let (width, height) = (usize::from(self.columns) * CELL + 1, usize::from(self.rows) + 1);
        let mut page = Page { rows: vec![vec![' '; width]; height] };
        for panel in &self.panels {
            page.frame(panel);
        }
        for panel in &self.panels {
            page.label(panel);
        }
        let mut text = String::new();
        for row in &page.rows {
            let _ = writeln!(text, "{}", row.iter().collect::<String>().trim_end());
        }
        text
    }
}

struct Page {
    rows: Vec<Vec<char>>,
}

/// The corners of a panel's box: left, top, right, bottom.
fn corners(panel: &Panel) -> (usize, usize, usize, usize) {
    let (left, top) = (usize::from(panel.column.saturating_sub(1)) * CELL, usize::from(panel.row.saturating_sub(1)));
    (left, top, left + usize::from(panel.width) * CELL, top + usize::from(panel.height))
}

impl Page {
    fn put(&mut self, x: usize, y: usize, letter: char) {
        if let Some(place) = self.rows.get_mut(y).and_then(|row| row.get_mut(x)) {
            // Where the borders of two boxes meet, they cross.
            *place = match (*place, letter) {
                ('-', '|') | ('|', '-') => '+',
                ('+', _) => '+',
                (_, letter) => letter,
            };
        }
    }

    fn frame(&mut self, panel: &Panel) {
        let (left, top, right, bottom) = corners(panel);
        for x in left..=right {
            self.put(x, top, '-');
            self.put(x, bottom, '-');
        }
        for y in top..=bottom {
            self.put(left, y, '|');
            self.put(right, y, '|');
        }
        for (x, y) in [(left, top), (right, top), (left, bottom), (right, bottom)] {
            self.put(x, y, '+');
        }
    }

    /// The kind in the upper border, what it shows below it, or beside it where there is no line below.
    fn label(&mut self, panel: &Panel) {
        let (left, top, right, bottom) = corners(panel);
        let kpis: Vec<&str> = panel.content.kpis().iter().map(crate::KpiId::as_str).collect();
        let room = right.saturating_sub(left + 3);
        let shown = kpis.join(", ");
        let lines = if bottom > top + 1 {
            vec![(top, panel.content.kind().to_owned()), (top + 1, shown)]
        } else {
            vec![(top, format!("{} {shown}", panel.content.kind()))]
        };
        for (y, text) in lines {
            let is_long = text.chars().count() > room;
            let cut = text.chars().take(if is_long { room.saturating_sub(1) } else { room }).chain(is_long.then_some('…'));
            for (n, letter) in cut.enumerate() {
                if let Some(place) = self.rows.get_mut(y).and_then(|row| row.get_mut(left + 2 + n)) {
                    *place = letter;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::board::Board;

    #[test]
    fn a_board_is_sketched_as_it_is_laid_out() {
        let board: Board = serde_json::from_value(serde_json::json!({
            "id": "main", "title": { "vi": "Chính", "en": "Main" }, "columns": 8, "rows": 6, "panels": [
                { "column": 1, "row": 1, "width": 3, "height": 2, "content": { "value": { "kpi": "traffic.speed", "scope": "city" } } },
                { "column": 4, "row": 1, "width": 5, "height": 4, "content": { "hexmap": { "kpi": "traffic.travel_time_index_of_everything" } } },
                { "column": 1, "row": 3, "width": 3, "height": 2, "content": { "bullet": { "kpis": ["a.b", "c.d"], "scope": "city" } } },
                { "column": 1, "row": 5, "width": 7, "height": 1, "content": { "text": { "text": { "vi": "x", "en": "x" } } } },
                { "column": 8, "row": 5, "width": 1, "height": 2, "content": "clock" }
            ]
        }))
        .unwrap();
        let expected = "\
+-value-----------------+-hexmap--------------------------------+
| traffic.speed         | traffic.travel_time_index_of_everyth… |
+-bullet----------------+                                       |
| a.b, c.d              |                                       |
+-text -----------------+-------------------------------+-clock-+
+-------------------------------------------------------+       |
                                                        +-------+
";
        assert_eq!(board.sketch(), expected, "\n{}", board.sketch());
    }
}
