//! A definition in words: what is taken, over which stretch of time, and how it becomes one number.
//!
//! It must never leave out what changes the number: filters, weights and the way that series come together are said.

use crate::kpi::{Across, Aggregate, CaseMeasure, From, Period, Window};
use crate::number::span;
use crate::text::Language;
use crate::{Definitions, Kpi, Labels, MetricId, Text};

impl Kpi {
    /// How it is computed, in words.
    #[must_use]
    pub fn in_words(&self, definitions: &Definitions) -> Text {
        let say = |language| match &self.from {
            From::Observations { metric, aggregate, window, across, only, .. } => {
                let metric = metric_name(definitions, metric, language);
                let (what, over) = (aggregate_in_words(*aggregate, language), window_in_words(*window, language));
                let together = across.map(|across| across_in_words(across, language));
                [Some(format!("{what} {metric} {over}")), together, filter_in_words(only, language)]
            }
            From::Cases { kind, measure, window } => {
                let over = if *window == Window::Sliding(0) { String::new() } else { format!(" {}", window_in_words(*window, language)) };
                let kind = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
                [Some(format!("{}{kind}{over}", measure_in_words(*measure, language))), None, None]
            }
        };
        let join = |language| say(language).into_iter().flatten().collect::<Vec<_>>().join("; ");
        Text { vi: join(Language::Vi), en: join(Language::En) }
    }
}

fn metric_name(definitions: &Definitions, id: &MetricId, language: Language) -> String {
    let title = definitions.metric(id).map(|metric| metric.title.get(language)).filter(|title| !title.is_empty());
    title.map_or_else(|| id.to_string(), |title| format!("“{title}” ({id})"))
}

fn aggregate_in_words(aggregate: Aggregate, language: Language) -> &'static str {
    let (vi, en) = match aggregate {
        Aggregate::Count => ("Số trị đo", "How many samples of"),
        Aggregate::Sum => ("Tổng", "Sum of"),
        Aggregate::Mean => ("Trung bình", "Mean of"),
        Aggregate::Min => ("Nhỏ nhất của", "Least of"),
        Aggregate::Max => ("Lớn nhất của", "Greatest of"),
        Aggregate::Last => ("Trị mới nhất của", "Newest of"),
    };
    pick(language, vi, en)
}

fn across_in_words(across: Across, language: Language) -> String {
    match across {
        Across::Sum => pick(language, "tính riêng từng chuỗi rồi cộng lại", "each series by itself, then the sum").to_owned(),
    }
}

fn measure_in_words(measure: CaseMeasure, language: Language) -> &'static str {
    let (vi, en) = match measure {
        CaseMeasure::Open => ("Số hồ sơ đang mở", "Cases that are open"),
        CaseMeasure::Overdue => ("Số hồ sơ đang mở đã quá hạn", "Open cases past their deadline"),
        CaseMeasure::Opened => ("Số hồ sơ tiếp nhận", "Cases opened"),
        CaseMeasure::Closed => ("Số hồ sơ đã giải quyết", "Cases closed"),
        CaseMeasure::OnTime => (
            "Tỷ lệ giải quyết đúng hạn trong số hồ sơ có hạn đã giải quyết",
            "Share closed by their deadline, of the closed ones that have one",
        ),
    };
    pick(language, vi, en)
}

fn window_in_words(window: Window, language: Language) -> String {
    let period = |period: Period| {
        let (vi, en) = match period {
            Period::Hour => ("từ đầu giờ", "since the hour began"),
            Period::Day => ("từ đầu ngày", "since the day began"),
            Period::Week => ("từ đầu tuần", "since Monday"),
            Period::Month => ("từ đầu tháng", "since the month began"),
            Period::Year => ("từ đầu năm", "since the year began"),
        };
        pick(language, vi, en).to_owned()
    };
    match (window, language) {
        (Window::Calendar(one), _) => period(one),
        (Window::Sliding(seconds), Language::Vi) => format!("trong {} gần nhất", span(seconds.into(), language)),
        (Window::Sliding(seconds), Language::En) => format!("over the last {}", span(seconds.into(), language)),
    }
}

fn filter_in_words(only: &Labels, language: Language) -> Option<String> {
    let labels: Vec<String> = only.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    (!labels.is_empty()).then(|| format!("{} {}", pick(language, "chỉ", "only"), labels.join(", ")))
}

fn pick(language: Language, vi: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}
