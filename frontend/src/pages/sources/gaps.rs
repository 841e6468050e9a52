//! The reports of the centre's own absences.
//!
//! Must never say that nothing happened while it is not known.

use super::cell;
use crate::{
    app::Link,
    centre::Centre,
    locale::{self, number},
    panels::{again::use_again, marks},
    route::Route,
};
use jiff::Timestamp;
use taydo_model::{
    gap::{Condition, Gap, GapCause},
    text::Language,
};
use yew::prelude::*;

const ASK_MS: u32 = 10_000;
/// Conditions of a report that are shown; the others are counted.
const SHOWN: usize = 8;

/// What the section is shown in.
#[derive(Clone, PartialEq, Properties)]
pub struct GapsProps {
    /// The language.
    pub language: Language,
}

struct Texts {
    title: &'static str,
    none: &'static str,
    stopped: &'static str,
    suspended: &'static str,
    blind: &'static str,
    missing: &'static str,
    all_back: &'static str,
    held: &'static str,
    recomputing: &'static str,
    closed: &'static str,
    open: &'static str,
    more: &'static str,
}

static VI: Texts = Texts {
    title: "Thời gian trung tâm vắng mặt",
    none: "Không có",
    stopped: "máy chủ không chạy",
    suspended: "máy chủ bị treo",
    blind: "Khoảng mù",
    missing: "Nguồn chưa trở lại",
    all_back: "đã trở lại đủ",
    held: "Tình trạng trong khoảng đó",
    recomputing: "đang tính lại",
    closed: "báo cáo cuối",
    open: "đang cập nhật",
    more: "mục khác",
};

static EN: Texts = Texts {
    title: "Absences of the centre",
    none: "None",
    stopped: "the server was not running",
    suspended: "the server stood still",
    blind: "Blind interval",
    missing: "Feeds not back yet",
    all_back: "all are back",
    held: "What held meanwhile",
    recomputing: "being recomputed",
    closed: "final",
    open: "being updated",
    more: "more",
};

/// The section.
#[component]
pub fn Gaps(props: &GapsProps) -> Html {
    let page = use_again(Some(()), ASK_MS, |()| crate::client::gaps());
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let texts = match props.language {
        Language::Vi => &VI,
        Language::En => &EN,
    };
    let Some(page) = page else { return Html::default() };
    let row = |gap: &Gap| report(gap, texts, &centre, props.language);
    html! {
        <section class="gaps">
            <h2>{ texts.title }</h2>
            if page.gaps.is_empty() { <p class="note">{ texts.none }</p> } else {
                <table class="records">
                    <thead><tr><th scope="col">{ texts.blind }</th><th scope="col">{ texts.missing }</th><th scope="col">{ texts.held }</th></tr></thead>
                    <tbody>{ for page.gaps.iter().map(row) }</tbody>
                </table>
            }
        </section>
    }
}

fn report(gap: &Gap, texts: &'static Texts, centre: &Centre, language: Language) -> Html {
    let (calendar, now) = (centre.calendar(), centre.now().time);
    let cause = match gap.cause {
        GapCause::Stopped => texts.stopped,
        GapCause::Suspended => texts.suspended,
    };
    let length = locale::span(gap.to.duration_since(gap.from).as_secs(), language);
    let state = if gap.is_closed { texts.closed } else { texts.open };
    let missing: Vec<String> = gap.missing().map(ToString::to_string).collect();
    let feeds = if missing.is_empty() { texts.all_back.to_owned() } else { missing.join(", ") };
    let more = gap.conditions.len().saturating_sub(SHOWN) as u64 + gap.more_conditions;
    let held = html! { <>
        if gap.is_recomputing { <p class="note">{ texts.recomputing }</p> }
        if gap.conditions.is_empty() && !gap.is_recomputing { <p class="note">{ texts.none }</p> }
        <ul>{ for gap.conditions.iter().take(SHOWN).map(|one| condition(one, &calendar, now, language)) }</ul>
        if more > 0 { <p class="note">{ format!("+{} {}", locale::count(more, language), texts.more) }</p> }
    </> };
    html! {
        <tr key={gap.id} data-gap={gap.id.to_string()} data-closed={gap.is_closed.to_string()}>
            <th scope="row">{ format!("{} – {}", calendar.moment(gap.from, now), calendar.moment(gap.to, now)) }
                <small>{ format!("{length}, {cause}; {state}") }</small></th>
            { cell(texts.missing, Html::from(feeds)) }
            { cell(texts.held, held) }
        </tr>
    }
}

fn condition(one: &Condition, calendar: &crate::calendar::Calendar, now: Timestamp, language: Language) -> Html {
    let words = locale::words(language);
    let to = Route::Kpi(one.kpi.clone(), one.scope.clone());
    html! {
        <li>{ marks::status_shape(one.status) }<span class="hidden">{ marks::status_word(one.status, words) }</span>{ " " }
            <Link {to} text={format!("{} ({})", one.kpi, one.scope)} />
            { format!(" {} – {}, {}", calendar.moment(one.from, now), calendar.moment(one.to, now), number(one.worst, 1, language)) }</li>
    }
}
