//! What the pages ask of the browser: its clocks, its address, what it remembers, the root element, the city's zone.
//!
//! Must never fail: where the browser refuses (a private window, an old engine) the page does without.

use crate::{calendar::Calendar, locale};
use jiff::Timestamp;
use taydo_model::{text::Language, wall::Profile};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{Element, HtmlElement, Location, Storage, UrlSearchParams, Window};

/// Where the language is remembered.
const LANGUAGE: &str = "taydo.language";
/// Where the theme is remembered.
const THEME: &str = "taydo.theme";
/// Where it is remembered when the page last reloaded itself.
const RELOADED: &str = "taydo.reloaded";
/// A page that reloads itself rests this long before it does so again, in milliseconds.
const RELOAD_REST_MS: f64 = 60_000.0;

/// The root's attribute while the page shows the past, and what its title begins with then.
const PAST: &str = "data-past";
const PAST_TITLE: &str = "PHÁT LẠI · ";

fn window() -> Option<Window> {
    web_sys::window()
}

fn location() -> Option<Location> {
    window().map(|window| window.location())
}

fn storage() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// Milliseconds since the page was opened; only ever counts on.
#[must_use]
pub fn monotonic_ms() -> f64 {
    window().and_then(|window| window.performance()).map_or_else(js_sys::Date::now, |performance| performance.now())
}

/// The browser's own idea of the time: a guess until the server has told.
#[must_use]
pub fn guessed_time() -> Timestamp {
    #[allow(clippy::cast_possible_truncation)]
    Timestamp::from_millisecond(js_sys::Date::now() as i64).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The address's path.
#[must_use]
pub fn path() -> String {
    location().and_then(|location| location.pathname().ok()).unwrap_or_default()
}

/// Puts another path into the address, as a page that can be gone back from.
pub fn push_path(path: &str) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(path));
    }
}

/// A value of the address's query, such as `en` of `?lang=en`.
#[must_use]
pub fn query(name: &str) -> Option<String> {
    UrlSearchParams::new_with_str(&location()?.search().ok()?).ok()?.get(name)
}

/// Puts values into the address's query, or takes them out, without another page to go back from.
pub fn put_query(values: &[(&str, Option<String>)]) {
    let (Some(location), Some(history)) = (location(), window().and_then(|window| window.history().ok())) else { return };
    let Ok(query) = UrlSearchParams::new_with_str(&location.search().unwrap_or_default()) else { return };
    for (name, value) in values {
        match value {
            Some(value) => query.set(name, value),
            None => query.delete(name),
        }
    }
    let text = String::from(query.to_string());
    let address = if text.is_empty() { path() } else { format!("{}?{text}", path()) };
    let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
}

/// The address of the WebSocket at `path` on the page's own server.
#[must_use]
pub fn socket_address(path: &str) -> Option<String> {
    let location = location()?;
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    Some(format!("{scheme}://{}{path}", location.host().ok()?))
}

/// The language that the address asks for, else the one that was chosen last, else Vietnamese.
#[must_use]
pub fn language() -> Language {
    let remembered = || storage()?.get_item(LANGUAGE).ok()?;
    query("lang").or_else(remembered).and_then(|code| locale::language(&code)).unwrap_or_default()
}

/// Remembers the language for the next visit.
pub fn remember_language(language: Language) {
    if let Some(storage) = storage() {
        // A full or forbidden store only means that the choice is forgotten.
        let _ = storage.set_item(LANGUAGE, locale::code(language));
    }
}

/// Light on dark, or dark on light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Theme {
    Dark,
    Light,
}

impl Theme {
    /// Its name for the style sheet and for the address.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
        }
    }

    /// A wall's: the room's light decides, not taste.
    #[must_use]
    pub fn of_wall(profile: &Profile) -> Self {
        if profile.is_bright() { Self::Light } else { Self::Dark }
    }

    fn named(code: &str) -> Option<Self> {
        [Self::Dark, Self::Light].into_iter().find(|theme| theme.code() == code)
    }
}

/// The theme that the address asks for, if it does.
#[must_use]
pub fn asked_theme() -> Option<Theme> {
    query("theme").and_then(|code| Theme::named(&code))
}

/// The theme that the address asks for, else the one that was chosen last, else light on dark.
#[must_use]
pub fn theme() -> Theme {
    asked_theme().or_else(|| remembered(THEME).and_then(|code| Theme::named(&code))).unwrap_or(Theme::Dark)
}

/// Remembers a theme and loads the page again, because charts take their colours when they are made.
pub fn choose_theme(theme: Theme) {
    remember(THEME, theme.code());
    if let Some(location) = location() {
        let _ = location.reload();
    }
}

/// What was remembered under a name; empty is nothing.
#[must_use]
pub fn remembered(name: &str) -> Option<String> {
    storage()?.get_item(name).ok()?.filter(|text| !text.is_empty())
}

/// Remembers a text for the next visit.
pub fn remember(name: &str, text: &str) {
    if let Some(storage) = storage() {
        // A full or forbidden store only means that it is forgotten.
        let _ = storage.set_item(name, text);
    }
}

/// Gives the focus to the element with an id, where there is one.
pub fn focus(id: &str) {
    let found = window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id(id));
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // Only a browser without focus at all refuses.
        let _ = element.focus();
    }
}

/// Chooses an option of the select with an id.
pub fn choose_option(id: &str, value: &str) {
    let found = window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id(id));
    if let Some(select) = found.and_then(|element| element.dyn_into::<web_sys::HtmlSelectElement>().ok()) {
        select.set_value(value);
    }
}

/// Gives the focus to the first link within the element with an id.
pub fn focus_link(id: &str) {
    let found = window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id(id));
    let link = found.and_then(|element| element.query_selector("a").ok()?);
    if let Some(link) = link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
        let _ = link.focus();
    }
}

/// A property of an object, where it has it.
fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &JsValue::from_str(name)).ok().filter(|one| !one.is_undefined())
}

/// Whether somebody has pressed anything on this page, without which browsers let none sound. One that doesn't tell is trusted.
#[must_use]
pub fn was_touched() -> bool {
    let activation = window().and_then(|window| property(window.navigator().as_ref(), "userActivation"));
    activation.and_then(|activation| property(&activation, "hasBeenActive")?.as_bool()).unwrap_or(true)
}

/// Puts a text on the clipboard; whether the browser has one, which it keeps from pages without TLS.
pub fn copy(text: &str) -> bool {
    let clipboard = window().and_then(|window| property(window.navigator().as_ref(), "clipboard"));
    let write = clipboard.as_ref().and_then(|clipboard| property(clipboard, "writeText")?.dyn_into::<js_sys::Function>().ok());
    clipboard.zip(write).is_some_and(|(clipboard, write)| write.call1(&clipboard, &JsValue::from_str(text)).is_ok())
}

/// The page's own origin, such as `https://ioc.cantho.gov.vn`, for addresses that are used elsewhere.
#[must_use]
pub fn origin() -> String {
    location().and_then(|location| location.origin().ok()).unwrap_or_default()
}

/// The page's whole address, with its query.
#[must_use]
pub fn address() -> String {
    location().and_then(|location| location.href().ok()).unwrap_or_default()
}

/// Opens the browser's dialogue for printing.
pub fn print() {
    if let Some(window) = window() {
        let _ = window.print();
    }
}

/// Loads the page again, unless it did so of itself a moment ago: two replicas of different builds must not make it flap. Then
/// it returns after how many milliseconds it may.
pub fn reload() -> Option<u32> {
    let now = js_sys::Date::now();
    let last = storage().and_then(|storage| storage.get_item(RELOADED).ok()?).and_then(|text| text.parse::<f64>().ok());
    if let Some(since) = last.map(|last| now - last).filter(|since| (0.0..RELOAD_REST_MS).contains(since)) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        return Some((RELOAD_REST_MS - since).ceil() as u32);
    }
    if let Some(storage) = storage() {
        let _ = storage.set_item(RELOADED, &format!("{now:.0}"));
    }
    load_again();
    None
}

/// Calls a function after so many milliseconds, and lets go of it then: a timer that is forgotten stays in the program's table of
/// JavaScript's values for ever.
pub fn after(ms: u32, call: impl FnOnce() + 'static) {
    let function = Closure::once_into_js(call);
    if let Some(window) = window() {
        let ms = i32::try_from(ms).unwrap_or(i32::MAX);
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(function.unchecked_ref(), ms);
    }
}

/// Loads the address again, at once.
pub fn load_again() {
    if let Some(location) = location() {
        let _ = location.reload();
    }
}

/// The root element.
#[must_use]
pub fn root() -> Option<HtmlElement> {
    window()?.document()?.document_element()?.dyn_into().ok()
}

/// Sets an attribute of the root element.
pub fn set_root(name: &str, value: &str) {
    if let Some(root) = root() {
        let _ = root.set_attribute(name, value);
    }
}

/// The page's title, marked while the page shows the past.
pub fn set_title(title: &str) {
    if let Some(document) = window().and_then(|window| window.document()) {
        let mark = if root().is_some_and(|root| root.has_attribute(PAST)) { PAST_TITLE } else { "" };
        document.set_title(&format!("{mark}{title} · Tây Đô"));
    }
}

/// Marks the whole page as one that shows the past, or takes the mark away.
pub fn mark_past(is_past: bool) {
    let (Some(root), Some(document)) = (root(), window().and_then(|window| window.document())) else { return };
    let title = document.title();
    let bare = title.strip_prefix(PAST_TITLE).unwrap_or(&title);
    if is_past {
        let _ = root.set_attribute(PAST, "");
        document.set_title(&format!("{PAST_TITLE}{bare}"));
    } else {
        let _ = root.remove_attribute(PAST);
        document.set_title(bare);
    }
}

/// Sets a property of an element's own style; the page's policy allows this and forbids `style=`.
pub fn set_style(element: &Element, name: &str, value: &str) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.style().set_property(name, value);
    }
}

/// The value of a custom property of the style sheet, such as `--line-1`, where an element is.
#[must_use]
pub fn custom_property(element: &Element, name: &str) -> Option<String> {
    let style = window()?.get_computed_style(element).ok()??;
    style.get_property_value(name).ok().map(|value| value.trim().to_owned())
}

/// The size of the page's letters, in CSS pixels.
#[must_use]
pub fn letter_px() -> f64 {
    let style = root().and_then(|root| window()?.get_computed_style(root.as_ref()).ok()?);
    let size = style.and_then(|style| style.get_property_value("font-size").ok());
    size.and_then(|size| size.trim_end_matches("px").parse().ok()).unwrap_or(16.0)
}

/// The window's width, in CSS pixels.
#[must_use]
pub fn width_px() -> Option<f64> {
    window()?.inner_width().ok()?.as_f64()
}

/// How many device pixels a CSS pixel has.
#[must_use]
pub fn pixel_ratio() -> f64 {
    window().map_or(1.0, |window| window.device_pixel_ratio())
}

/// The calendar of a zone, whose rules the browser knows; UTC where it doesn't know the zone.
#[must_use]
pub fn calendar(zone: &str) -> Calendar {
    let options = js_sys::Object::new();
    let numeric = JsValue::from_str("2-digit");
    for name in ["month", "day", "hour", "minute", "second"] {
        let _ = js_sys::Reflect::set(&options, &JsValue::from_str(name), &numeric);
    }
    for (name, value) in [("year", "numeric"), ("hourCycle", "h23"), ("timeZone", zone)] {
        let _ = js_sys::Reflect::set(&options, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    // The constructor throws for an unknown zone, which a direct call would pass on as a panic.
    let formatter = js_sys::Reflect::get(&js_sys::global(), &JsValue::from_str("Intl"))
        .and_then(|intl| js_sys::Reflect::get(&intl, &JsValue::from_str("DateTimeFormat")))
        .and_then(|constructor| constructor.dyn_into::<js_sys::Function>())
        .and_then(|constructor| js_sys::Reflect::construct(&constructor, &js_sys::Array::of2(&JsValue::from_str("en-GB"), &options)))
        .ok();
    Calendar::new(move |second| formatter.as_ref().and_then(|formatter| offset_s(formatter, second)).unwrap_or(0))
}

/// The difference between what the formatter writes, read as UTC, and UTC itself.
fn offset_s(formatter: &JsValue, second: i64) -> Option<i32> {
    #[allow(clippy::cast_precision_loss)]
    let date = js_sys::Date::new(&JsValue::from_f64(second as f64 * 1000.0));
    let format = js_sys::Reflect::get(formatter, &JsValue::from_str("format")).ok()?.dyn_into::<js_sys::Function>().ok()?;
    // `22/11/2026, 17:05:09`
    let text = format.call1(formatter, &date).ok()?.as_string()?;
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).map(|part| part.parse::<i16>().ok());
    let mut next = || numbers.next().flatten();
    let (day, month, year) = (next()?, next()?, next()?);
    let (hour, minute, second_of) = (next()?, next()?, next()?);
    let small = |number: i16| i8::try_from(number).ok();
    let civil = jiff::civil::DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, small(second_of)?, 0).ok()?;
    let local = jiff::tz::Offset::UTC.to_timestamp(civil).ok()?.as_second();
    i32::try_from(local - second).ok()
}
