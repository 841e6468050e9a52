//! A screen that isn't enrolled: it shows a code until somebody at the desk has used it.
//!
//! Must never show its token, nor a code that no longer counts.

use crate::{
    browser,
    centre::Centre,
    client::{self, ClientError},
    locale::{Language, wall_words},
};
use gloo_timers::future::TimeoutFuture;
use std::{cell::Cell, rc::Rc};
use taydo_model::{
    ErrorCode, WallId,
    wall::page::{ScreenCode, ScreenPlace, ScreenToken},
};
use yew::prelude::*;

/// Where the screen keeps its token. Windows of one browser that show several screens name their outputs in their addresses.
fn token_name() -> String {
    browser::query("output").map_or_else(|| "taydo.screen".to_owned(), |output| format!("taydo.screen.{output}"))
}

/// How often it asks whether it is enrolled, in milliseconds.
const ASK_MS: u32 = 2_000;

/// A screen's place, and its token.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Enrolled {
    /// Its wall.
    pub wall: WallId,
    /// Its display.
    pub display: String,
    /// Its token.
    pub token: String,
}

/// What is known of this screen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Standing {
    /// The server has not answered.
    Asking(Option<ClientError>),
    /// It shows a code.
    Waiting(ScreenCode),
    /// It has a place.
    Enrolled(Enrolled),
}

async fn code() -> Result<ScreenCode, ClientError> {
    client::ask("/api/v1/screens/codes".to_owned(), "{}".to_owned()).await
}

async fn place(token: &str) -> Result<ScreenPlace, ClientError> {
    client::ask("/api/v1/screens/self".to_owned(), client::json(&ScreenToken { token: token.to_owned() })).await
}

fn is_unknown(error: &ClientError) -> bool {
    matches!(error, ClientError::Refused(body) if body.code == ErrorCode::Forbidden)
}

/// Asks until the screen has its place; a code that no longer counts is replaced.
async fn enrol(tell: Callback<Standing>, is_wanted: Rc<Cell<bool>>) {
    let name = token_name();
    let mut token = browser::remembered(&name).filter(|token| !token.is_empty());
    while is_wanted.get() {
        let asked = match &token {
            Some(token) => place(token).await,
            None => code().await.map(|code| {
                browser::remember(&name, &code.token);
                token = Some(code.token.clone());
                tell.emit(Standing::Waiting(code));
                ScreenPlace { place: None }
            }),
        };
        match (asked, &token) {
            (Ok(ScreenPlace { place: Some((wall, display)) }), Some(token)) => {
                return tell.emit(Standing::Enrolled(Enrolled { wall, display, token: token.clone() }));
            }
            (Err(error), _) if is_unknown(&error) => {
                token = None;
                continue;
            }
            (Err(error), _) => tell.emit(Standing::Asking(Some(error))),
            _ => {}
        }
        TimeoutFuture::new(ASK_MS).await;
    }
}

/// Where this screen belongs.
#[hook]
pub(super) fn use_standing() -> Standing {
    let standing = use_state_eq(|| Standing::Asking(None));
    let setter = standing.setter();
    use_effect_with((), move |()| {
        let is_wanted = Rc::new(Cell::new(true));
        wasm_bindgen_futures::spawn_local(enrol(Callback::from(move |standing| setter.set(standing)), is_wanted.clone()));
        move || is_wanted.set(false)
    });
    (*standing).clone()
}

/// The code, readable from the other end of the room.
pub(super) fn view(code: &ScreenCode, centre: Option<&Centre>, language: Language) -> Html {
    let words = wall_words(language);
    let (first, second) = code.code.split_at_checked(3).unwrap_or((&code.code, ""));
    let until = centre.map(|centre| html! { <p class="until">{ words.enrol_until }{ " " }{ centre.calendar().second(code.until) }</p> });
    html! {
        <main class="enrolment">
            <h1>{ words.enrol }</h1><p>{ words.enrol_how }</p>
            <p class="code"><span>{ first }</span>{ " " }<span>{ second }</span></p>{ until }
        </main>
    }
}
