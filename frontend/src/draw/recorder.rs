//! Our own plotters backend: it writes down what is to be drawn, and what is drawn is decided by whoever reads it. On a
//! canvas the record is replayed with each style set once, and nothing is measured by laying out the page.
//!
//! Must never draw by itself, or know what a browser is.

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    text_anchor::{HPos, VPos},
};
use std::{cell::RefCell, convert::Infallible, rc::Rc};

/// A colour: `0xRRGGBBAA`.
pub type Colour = u32;

/// One thing to draw. Coordinates are device pixels.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Command {
    /// An open path through some of the record's points.
    Path { colour: Colour, width: u32, first: usize, count: usize },
    /// A filled polygon through some of the record's points.
    Polygon { colour: Colour, first: usize, count: usize },
    /// A rectangle from its corner.
    Rectangle { colour: Colour, at: BackendCoord, size: (i32, i32), filled: bool },
    /// A circle around its centre.
    Circle { colour: Colour, at: BackendCoord, radius: u32, filled: bool },
    /// A line of text; `align` and `baseline` as a canvas names them.
    Text { colour: Colour, size_px: f64, at: BackendCoord, align: &'static str, baseline: &'static str, text: String },
}

/// What is to be drawn, in order.
#[derive(Debug, Default)]
pub struct Record {
    /// The things.
    pub commands: Vec<Command>,
    /// The points of paths and polygons, one after the other.
    pub points: Vec<BackendCoord>,
}

impl Record {
    /// Forgets what it holds and keeps its memory for the next drawing.
    pub fn clear(&mut self) {
        self.commands.clear();
        self.points.clear();
    }

    fn add_points(&mut self, points: impl IntoIterator<Item = BackendCoord>) -> (usize, usize) {
        let first = self.points.len();
        self.points.extend(points);
        (first, self.points.len() - first)
    }
}

/// The backend. It shares its record with its maker, because plotters takes backends for good.
#[derive(Debug)]
pub struct Recorder {
    size: (u32, u32),
    record: Rc<RefCell<Record>>,
}

impl Recorder {
    /// A backend of this many device pixels that writes to `record`.
    #[must_use]
    pub fn new(size: (u32, u32), record: Rc<RefCell<Record>>) -> Self {
        Self { size, record }
    }

    fn write(&self, colour: BackendColor, add: impl FnOnce(&mut Record, Colour)) -> Drawn {
        if colour.alpha > 0.0 {
            add(&mut self.record.borrow_mut(), pack(colour));
        }
        Ok(())
    }
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

fn pack(colour: BackendColor) -> Colour {
    let (red, green, blue) = colour.rgb;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let alpha = (colour.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    u32::from_be_bytes([red, green, blue, alpha])
}

impl DrawingBackend for Recorder {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, at: BackendCoord, colour: BackendColor) -> Drawn {
        self.write(colour, |record, colour| record.commands.push(Command::Rectangle { colour, at, size: (1, 1), filled: true }))
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.write(style.color(), |record, colour| {
            let (first, count) = record.add_points(path);
            record.commands.push(Command::Path { colour, width: style.stroke_width(), first, count });
        })
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        self.write(style.color(), |record, colour| {
            let (first, count) = record.add_points(corners);
            record.commands.push(Command::Polygon { colour, first, count });
        })
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, filled: bool) -> Drawn {
        let size = (to.0.saturating_sub(from.0), to.1.saturating_sub(from.1));
        self.write(style.color(), |record, colour| record.commands.push(Command::Rectangle { colour, at: from, size, filled }))
    }

    fn draw_circle<S: BackendStyle>(&mut self, at: BackendCoord, radius: u32, style: &S, filled: bool) -> Drawn {
        self.write(style.color(), |record, colour| record.commands.push(Command::Circle { colour, at, radius, filled }))
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let anchor = style.anchor();
        let align = match anchor.h_pos {
            HPos::Left => "left",
            HPos::Center => "center",
            HPos::Right => "right",
        };
        let baseline = match anchor.v_pos {
            VPos::Top => "top",
            VPos::Center => "middle",
            VPos::Bottom => "bottom",
        };
        let text = text.to_owned();
        self.write(style.color(), |record, colour| {
            record.commands.push(Command::Text { colour, size_px: style.size(), at, align, baseline, text });
        })
    }

    /// Our charts place texts by their anchors; a rough size does for whatever plotters asks.
    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        #[allow(clippy::cast_precision_loss)]
        let width = text.chars().count() as f64 * style.size() * 0.6;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok((width.ceil() as u32, (style.size() * 1.2).ceil() as u32))
    }
}
