//! Answers that a page asks for again and again while it is open, and at once when it has changed something.
//!
//! Must never let an old answer pass for a new one: whoever shows it is told since when
//! the server has not answered.

use crate::{asker::Asker, centre::Centre, client::ClientError, tree};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::rc::Rc;
use taydo_model::console::IncidentsNotes;
use yew::prelude::*;

/// What is known of an answer.
#[derive(Debug)]
pub struct Asked<T> {
    /// The newest answer.
    pub answer: Option<Rc<T>>,
    /// Why there is no newer one, and since when, by the server's time.
    pub broken: Option<(ClientError, Timestamp)>,
    /// Asks at once.
    pub again: Callback<()>,
}

impl<T> Asked<T> {
    /// Why there is no newer answer.
    #[must_use]
    pub fn error(&self) -> Option<ClientError> {
        self.broken.as_ref().map(|(error, _)| error.clone())
    }
}

struct Known<T> {
    answer: Option<Rc<T>>,
    broken: Option<(ClientError, Timestamp)>,
}

/// The newest answer to `GET` of the address that `path` gives, asked for every so many milliseconds, and anew whenever
/// `key` changes. What came before stays until the new answer is here.
#[hook]
pub fn use_asked<T: DeserializeOwned + 'static>(key: String, every_ms: u32, path: impl Fn() -> String + 'static) -> Asked<T> {
    let round = use_state_eq(|| 0_u32);
    let known = use_mut_ref(|| Known::<T> { answer: None, broken: None });
    let update = use_force_update();
    let centre = use_context::<Centre>();
    let newest = known.clone();
    use_effect_with((key, *round), move |_| {
        let take = move |text: Result<String, ClientError>| {
            let parsed = text.and_then(|text| tree::parse(&text).ok_or_else(|| ClientError::Unreachable("JSON".to_owned())));
            let mut known = newest.borrow_mut();
            match parsed {
                Ok(answer) => *known = Known { answer: Some(Rc::new(answer)), broken: None },
                Err(error) => {
                    let since = known.broken.take().map(|(_, since)| since).or_else(|| centre.as_ref().map(|centre| centre.now().time));
                    known.broken = since.map(|since| (error, since));
                }
            }
            drop(known);
            // Ages are told anew with each answer, and while there is none.
            update.force_update();
        };
        let asker = Asker::start(Box::new(path), every_ms, Box::new(take));
        move || drop(asker)
    });
    let rounds = use_mut_ref(|| 0_u32);
    let again = {
        let setter = round.setter();
        Callback::from(move |()| {
            let mut rounds = rounds.borrow_mut();
            *rounds = rounds.wrapping_add(1);
            setter.set(*rounds);
        })
    };
    let known = known.borrow();
    Asked { answer: known.answer.clone(), broken: known.broken.clone(), again }
}

/// The incidents that an address answers; one for all who list them, as each of its own would weigh two kilobytes.
#[hook]
pub fn use_incidents(key: String, every_ms: u32, path: Rc<dyn Fn() -> String>) -> Asked<IncidentsNotes> {
    use_asked(key, every_ms, move || path())
}
