//! The application: the way between its pages, its language, and the centre that all pages share.
//!
//! Must never hold live data: only the language and the handle go through Yew's contexts.

use crate::{
    browser,
    centre::{Centre, Notice},
    client::{self, ClientError},
    locale::{self, words},
    pages::{self, Failure},
    route::Route,
};
use gloo_timers::future::TimeoutFuture;
use std::{cell::Cell, future::Future, pin::Pin, rc::Rc};
use taydo_model::text::Language;
use wasm_bindgen::{JsCast, prelude::Closure};
use yew::prelude::*;

/// A page asks again this much later when the server can't be reached, in milliseconds.
const ASK_AGAIN_MS: u32 = 3_000;

/// The page that is open, and how to open another without loading the application again.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// The page that is open.
    pub route: Route,
    /// Opens another.
    pub go: Callback<Route>,
}

/// Where a link leads.
#[derive(Clone, PartialEq, Properties)]
pub struct LinkProps {
    /// The page.
    pub to: Route,
    /// What the link says.
    pub text: AttrValue,
}

/// A link to another page. Keys and other buttons do with it what browsers do with links.
#[component]
pub fn Link(props: &LinkProps) -> Html {
    let way = use_context::<Way>();
    let to = props.to.clone();
    let onclick = Callback::from(move |event: MouseEvent| {
        // A wall is another program, which the browser has to load.
        let is_ours = !matches!(to, Route::Wall(_));
        let is_plain = is_ours && event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        if let Some(way) = way.as_ref().filter(|_| is_plain) {
            event.prevent_default();
            way.go.emit(to.clone());
        }
    });
    html! { <a href={props.to.path()} {onclick}>{ &props.text }</a> }
}

/// The page that the address names, also after going back and forth.
#[hook]
fn use_way() -> Way {
    let route = use_state_eq(|| Route::parse(&browser::path()));
    let setter = route.setter();
    use_effect_with((), move |()| {
        let moved = Closure::<dyn FnMut()>::new(move || setter.set(Route::parse(&browser::path())));
        if let Some(window) = web_sys::window() {
            window.set_onpopstate(Some(moved.as_ref().unchecked_ref()));
        }
        // The application lives as long as its page.
        move || drop(moved)
    });
    let setter = route.setter();
    let go = use_callback((), move |to: Route, ()| {
        browser::push_path(&to.path());
        setter.set(to);
    });
    Way { route: (*route).clone(), go }
}

/// The language that the page speaks, and how to choose another.
#[derive(Debug, Clone, PartialEq)]
pub struct Speech {
    /// The language.
    pub language: Language,
    /// Chooses another.
    pub choose: Callback<Language>,
}

/// The language of the page.
#[hook]
pub fn use_speech() -> Speech {
    use_context::<Speech>().unwrap_or(Speech { language: Language::default(), choose: Callback::noop() })
}

/// What there is to know beside the figures, always the newest.
#[hook]
pub fn use_notice(centre: &Centre) -> Notice {
    let notice = use_state_eq(|| centre.notice());
    let setter = notice.setter();
    use_effect_with(centre.clone(), move |centre| {
        setter.set(centre.notice());
        let watch = centre.watch(Callback::from(move |notice| setter.set(notice)));
        let centre = centre.clone();
        move || centre.unwatch(watch)
    });
    *notice
}

/// What an address answers: asked for anew whenever `key` changes, and again and again while the server can't be
/// reached. What came before stays until the new answer is here.
#[hook]
pub fn use_answer<K, T, F>(key: K, ask: impl Fn(K) -> F + 'static) -> (Option<Rc<T>>, Option<ClientError>)
where
    K: Clone + PartialEq + 'static,
    T: 'static,
    F: Future<Output = Result<T, ClientError>> + 'static,
{
    let answer = use_state(|| None::<Rc<T>>);
    let error = use_state_eq(|| None::<ClientError>);
    let (set_answer, set_error) = (answer.setter(), error.setter());
    use_effect_with(key, move |key| {
        let key = key.clone();
        let is_wanted = Rc::new(Cell::new(true));
        let wanted = is_wanted.clone();
        let attempt = move || -> Attempt {
            let (asked, wanted) = (ask(key.clone()), wanted.clone());
            let (set_answer, set_error) = (set_answer.clone(), set_error.clone());
            Box::pin(async move {
                let result = asked.await;
                match result {
                    _ if !wanted.get() => true,
                    Ok(page) => {
                        set_answer.set(Some(Rc::new(page)));
                        set_error.set(None);
                        true
                    }
                    Err(problem) => {
                        let is_final = problem.is_final();
                        set_error.set(Some(problem));
                        is_final
                    }
                }
            })
        };
        try_until_done(Box::new(attempt), is_wanted.clone());
        move || is_wanted.set(false)
    });
    ((*answer).clone(), (*error).clone())
}

/// One attempt to have an answer; whether no other is needed.
type Attempt = Pin<Box<dyn Future<Output = bool>>>;

/// One loop for all types: each of its own would weigh some kilobytes.
fn try_until_done(attempt: Box<dyn Fn() -> Attempt>, is_wanted: Rc<Cell<bool>>) {
    wasm_bindgen_futures::spawn_local(async move {
        while is_wanted.get() && !attempt().await {
            TimeoutFuture::new(ASK_AGAIN_MS).await;
        }
    });
}

/// Puts the application into the page.
pub fn start() {
    yew::Renderer::<App>::new().render();
}

/// The application.
#[component]
pub fn App() -> Html {
    let language = use_state_eq(browser::language);
    let speech = Speech {
        language: *language,
        choose: {
            let setter = language.setter();
            Callback::from(move |language| {
                browser::remember_language(language);
                setter.set(language);
            })
        },
    };
    use_effect_with(*language, |language| {
        browser::set_root("lang", locale::code(*language));
        browser::set_root("data-theme", browser::theme().code());
    });
    let way = use_way();
    html! {
        <ContextProvider<Speech> context={speech}>
            <ContextProvider<Way> context={way.clone()}><Shared>{ page(&way.route) }</Shared></ContextProvider<Way>>
        </ContextProvider<Speech>>
    }
}

/// What begins with the city.
#[derive(Clone, PartialEq, Properties)]
pub struct SharedProps {
    /// What is shown once the city is known.
    pub children: Html,
}

/// Waits for the city, which every page begins with, and keeps the centre.
#[component]
pub fn Shared(props: &SharedProps) -> Html {
    let speech = use_speech();
    let centre = use_state(|| None::<Centre>);
    let generation = use_state_eq(|| 0);
    let (city, error) = use_answer(*generation, |_| client::city());
    let (setter, set_generation) = (centre.setter(), generation.setter());
    let known = (*centre).clone();
    use_effect_with(city.clone(), move |city| {
        if let Some(city) = city {
            match known {
                Some(centre) => centre.set_city((**city).clone()),
                None => {
                    let centre = Centre::new((**city).clone());
                    centre.watch(Callback::from(move |notice: Notice| set_generation.set(notice.generation)));
                    setter.set(Some(centre));
                }
            }
        }
    });
    let Some(centre) = (*centre).clone() else {
        return html! { <Failure {error} language={speech.language} /> };
    };
    html! {
        <ContextProvider<Centre> context={centre}>
            { props.children.clone() }
        </ContextProvider<Centre>>
    }
}

fn page(route: &Route) -> Html {
    match route {
        Route::Index => html! { <pages::index::Index /> },
        Route::Wall(_) => html! { <OtherProgram /> },
        Route::Board(id) => html! { <pages::board::BoardView key={id.to_string()} id={id.clone()} /> },
        Route::Kpi(id, scope) => html! { <pages::kpi::KpiView key={format!("{id}/{scope}")} id={id.clone()} scope={scope.clone()} /> },
        Route::Sources => html! { <pages::sources::Sources /> },
        Route::Forms => html! { <pages::forms::Forms /> },
        Route::Console => html! { <pages::console::Console /> },
        Route::Incident(id) => html! { <pages::incident::IncidentView key={id.0} id={*id} /> },
        Route::Log(id) => html! { <pages::shift_log::ShiftLog id={*id} /> },
        Route::OnCall => html! { <pages::on_call::OnCall /> },
        Route::Rota(id) => html! { <pages::rota::RotaView key={id.to_string()} id={id.clone()} /> },
        Route::Shifts(id) => html! { <pages::shifts::Shifts key={id.to_string()} id={id.clone()} /> },
        Route::Design => html! { <pages::design::Design /> },
        Route::Nowhere => html! { <Nowhere /> },
    }
}

/// Going back to a wall leads to another program, which only loading the address brings.
#[component]
fn OtherProgram() -> Html {
    use_effect_with((), |()| browser::load_again());
    Html::default()
}

#[component]
fn Nowhere() -> Html {
    let words = words(use_speech().language);
    html! { <pages::Frame title={words.not_found}><p><Link to={Route::Index} text={words.home} /></p></pages::Frame> }
}
