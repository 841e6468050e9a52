//! A small sketch of what each screen of a wall shows: the board's grid, each panel marked with how it stands now.
//!
//! Must never be a picture of the screen: whether the screen draws is said beside it. Must never show a colour without its
//! shape.

use crate::{
    app::use_speech,
    browser,
    centre::Centre,
    locale::{wall_words, words},
    panels::{Look, marks, severity, use_look},
    store::{Interest, Key},
};
use std::rc::Rc;
use taydo_model::{
    Quality, Status,
    api::{BoardPage, WallPage},
    board::{Content, Panel},
    wall::{
        Display,
        page::{ScreenState, WallStatus},
        plan::Shown,
    },
};
use yew::prelude::*;

#[derive(Clone, PartialEq, Properties)]
pub(super) struct PreviewProps {
    pub status: Rc<WallStatus>,
    /// The wall's boards, once they are here.
    pub page: Option<Rc<WallPage>>,
}

/// How a panel stands: the worst of what it shows, and whether all of it is current.
type Standing = (Status, Quality);

fn standing(panel: &Panel, page: &BoardPage, centre: &Centre) -> Option<Standing> {
    let kpis = page.kpis.iter().filter(|kpi| panel.content.kpis().contains(&kpi.id));
    centre.read(|store| {
        let mut worst: Option<Standing> = None;
        for kpi in kpis {
            let scoped =
                panel.content.scopes().iter().filter_map(|scope| store.reading(&Key { kpi: kpi.id.clone(), scope: scope.clone() }));
            let ranked = panel.content.dimension().into_iter().flat_map(|by| store.ranked(&kpi.id, by));
            for reading in scoped.chain(ranked) {
                let status = reading.value.map_or(Status::Normal, |value| kpi.status(&reading.scope, value));
                let (worst_status, worst_quality) = worst.unwrap_or((status, reading.quality));
                worst = Some((worst_status.max(status), if worst_quality == Quality::Good { reading.quality } else { worst_quality }));
            }
        }
        worst
    })
}

#[derive(Clone, PartialEq, Properties)]
struct SketchProps {
    page: Rc<BoardPage>,
}

/// A board's grid.
#[component]
fn Sketch(props: &SketchProps) -> Html {
    let language = use_speech().language;
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let page = props.page.clone();
    let make = || -> Look<Vec<Option<Standing>>> {
        let page = page.clone();
        Box::new(move |centre: &Centre, _| (page.board.panels.iter().map(|panel| standing(panel, &page, centre)).collect(), None))
    };
    let standings = use_look(&centre, page.clone(), Vec::<Interest>::new, make).unwrap_or_default();
    let words = words(language);
    let (columns, rows) = (page.board.columns.max(1), page.board.rows.max(1));
    let cell = |(panel, standing): (&Panel, Option<&Option<Standing>>)| {
        let (x, y) = (f64::from(panel.column.saturating_sub(1)) * 16.0, f64::from(panel.row.saturating_sub(1)) * 9.0);
        let (width, height) = (f64::from(panel.width) * 16.0 - 1.0, f64::from(panel.height) * 9.0 - 1.0);
        let (status, quality) = standing.copied().flatten().unwrap_or((Status::Normal, Quality::Good));
        let code =
            if status == Status::Normal && quality != Quality::Good { marks::quality_code(quality) } else { marks::status_code(status) };
        let at = format!("translate({:.1} {:.1}) scale(.3)", x + width / 2.0 - 2.4, y + height / 2.0 - 2.4);
        let mark = match status {
            Status::Attention => html! { <g transform={at} class="mark"><circle cx="8" cy="8" r="6.5" /></g> },
            Status::Critical => html! { <g transform={at} class="mark"><path d="M8 1 15.5 14.5H.5Z" /></g> },
            Status::Normal => Html::default(),
        };
        let is_list = matches!(panel.content, Content::Alerts { .. });
        html! { <g class={classes!("cell", code, is_list.then_some("list"))}><rect x={x.to_string()} y={y.to_string()} width={width.to_string()} height={height.to_string()} rx="1" />{ mark }</g> }
    };
    let count = |wanted: Status| standings.iter().flatten().filter(|(status, _)| *status == wanted).count();
    let label = format!(
        "{}: {} {}, {} {}",
        page.board.title.get(language),
        count(Status::Critical),
        words.critical,
        count(Status::Attention),
        words.attention
    );
    let view_box = format!("0 0 {} {}", u32::from(columns) * 16, u32::from(rows) * 9);
    html! {
        <svg class="sketch" viewBox={view_box} role="img" aria-label={label} preserveAspectRatio="none">
            { for page.board.panels.iter().enumerate().map(|(n, panel)| cell((panel, standings.get(n)))) }
        </svg>
    }
}

/// All screens of a wall, each at its place.
#[component]
pub(super) fn Preview(props: &PreviewProps) -> Html {
    let language = use_speech().language;
    let words = wall_words(language);
    let place = use_node_ref();
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let wall = &props.status.wall;
    let boards = use_memo(props.page.clone(), |page| {
        page.iter().flat_map(|page| page.boards.iter().cloned().map(Rc::new)).collect::<Vec<Rc<BoardPage>>>()
    });
    let shown = props.status.state.plan.shown(&wall.scenes, centre.now().time);
    let screen = |(n, display): (usize, &Display)| {
        let states: Vec<ScreenState> =
            props.status.screens.iter().filter(|screen| screen.display == display.name).map(|screen| screen.state).collect();
        let is_dead = states.contains(&ScreenState::Dead);
        let (title, content) = match shown {
            Shown::Blank => (words.blank.to_owned(), html! { <div class="sketch black"></div> }),
            Shown::Nothing => (words.nothing.to_owned(), html! { <div class="sketch black"></div> }),
            Shown::Takeover => {
                let takeover = props.status.state.plan.takeover.as_ref();
                let mark = takeover.map(|one| severity::severity(one.severity, false, crate::locale::console_words(language)));
                let title = takeover.map(|one| one.title.get(language).to_owned()).unwrap_or_default();
                (title, html! { <div class="sketch taken">{ mark }</div> })
            }
            Shown::Scene { scene, .. } => {
                let id = wall.scenes.get(scene).and_then(|scene| scene.board(n));
                let page = id.and_then(|id| boards.iter().find(|page| page.board.id == *id)).cloned();
                let title = page.as_ref().map(|page| page.board.title.get(language).to_owned());
                let sketch = page.map_or_else(|| html! { <div class="sketch"></div> }, |page| html! { <Sketch {page} /> });
                (title.unwrap_or_else(|| id.map(ToString::to_string).unwrap_or_default()), sketch)
            }
        };
        html! { <Spot key={display.name.clone()} display={display.clone()} whole={(wall.profile.width_px, wall.profile.height_px)} {is_dead}
        title={format!("{} · {title}", display.name)} is_enrolled={!states.is_empty()}>{ content }</Spot> }
    };
    let whole = (wall.profile.width_px, wall.profile.height_px);
    let node = place.clone();
    use_effect_with(whole, move |(width, height)| {
        if let Some(element) = node.cast::<web_sys::Element>() {
            browser::set_style(&element, "aspect-ratio", &format!("{width} / {height}"));
        }
    });
    html! { <div class="preview" ref={place} role="group" aria-label={words.preview}>{ for wall.displays.iter().enumerate().map(screen) }</div> }
}

#[derive(Clone, PartialEq, Properties)]
struct SpotProps {
    display: Display,
    /// The whole wall's width and height, in pixels.
    whole: (u32, u32),
    title: AttrValue,
    is_dead: bool,
    is_enrolled: bool,
    children: Html,
}

/// One screen at its place.
#[component]
fn Spot(props: &SpotProps) -> Html {
    let language = use_speech().language;
    let place = use_node_ref();
    let node = place.clone();
    use_effect_with((props.display.clone(), props.whole), move |(display, (width, height))| {
        if let Some(element) = node.cast::<web_sys::Element>() {
            let share = |part: u32, whole: u32| format!("{:.3}%", f64::from(part) * 100.0 / f64::from(whole.max(1)));
            for (name, value) in [
                ("left", share(display.at_px.0, *width)),
                ("top", share(display.at_px.1, *height)),
                ("width", share(display.size_px.0, *width)),
                ("height", share(display.size_px.1, *height)),
            ] {
                browser::set_style(&element, name, &value);
            }
        }
    });
    let words = wall_words(language);
    html! {
        <figure ref={place} class={classes!("spot", props.is_dead.then_some("dead"), props.is_enrolled.then_some("enrolled"))}>
            { props.children.clone() }
            <figcaption>{ &props.title }{ props.is_dead.then(|| html! { <b class="problem">{ " – " }{ words.dead }</b> }) }</figcaption>
        </figure>
    }
}
